//! SIPp without a script of ours: the first thing that anybody tries.
use crate::by_hand::{has_no_call, phone};
use crate::script::Way;
use crate::sipp::{free_port, is_bound};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trialog_tests::program::PhoneProcess;

/// One of the scenarios that SIPp has in itself.
fn plays_its_own(scenario: &str, transport: &str, port: u16, phone: &PhoneProcess) -> Child {
    Command::new("sipp")
        .args([
            "-sn", scenario, "-t", transport, "-m", "1", "-d", "200", "-nostdin",
        ])
        .args([
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ])
        .args([
            "-mp",
            &free_port().to_string(),
            "-timeout",
            "20s",
            "-timeout_error",
        ])
        .arg(format!("127.0.0.1:{}", phone.port))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("SIPp (package sip-tester) is installed: cargo xtask setup")
}

#[test]
fn sipp_as_it_comes_calls_us_and_is_called() {
    for transport in ["u1", "t1"] {
        let phone = phone(&format!("as-it-comes-{transport}"), "auto_answer = true");
        let mut caller = plays_its_own("uac", transport, free_port(), &phone);
        assert!(caller.wait().is_ok_and(|status| status.success()));
        has_no_call(&phone);
        let port = free_port();
        let mut callee = plays_its_own("uas", transport, port, &phone);
        let way = if transport == "t1" {
            Way::Tcp
        } else {
            Way::Udp
        };
        wait_until(|| is_bound(way, port));
        let more = if way == Way::Tcp {
            ";transport=tcp"
        } else {
            ""
        };
        phone.ctl(&["call", &format!("sip:service@127.0.0.1:{port}{more}")]);
        phone.wait_for("connected");
        phone.ctl(&["end"]);
        has_no_call(&phone);
        let _ = callee.kill();
        let _ = callee.wait();
    }
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < Duration::from_secs(10), "it never was");
        std::thread::sleep(Duration::from_millis(10));
    }
}
