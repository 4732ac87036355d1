//! An account that is not registered says why, by the registrar's name, and what to do about it: in the status and at the
//! command line.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

fn account(registrar: &str) -> String {
    format!(
        "[audio]\nend = \"none\"\n[[account]]\naor = \"sip:alice@127.0.0.1\"\nregistrar = \"sip:{registrar}\"\n"
    )
}

/// The account when its registration has failed.
fn failed(stage: &Stage, registrar: &str) -> (Value, String, String) {
    let phone = stage.phone("alice", &account(registrar));
    let account = wait("the failure", || {
        let account = phone.status()["accounts"][0].clone();
        (account["state"] == "failed").then_some(account)
    });
    assert!(
        account["again_ms"]
            .as_u64()
            .is_some_and(|at| at > 1_700_000_000_000)
    );
    assert!(account["hint"].is_string() && account["hint_de"].is_string());
    let said = |language: &str| {
        let output = stage.ctl(&["--phone", "alice", "--lang", language, "status"]);
        String::from_utf8(output.stdout).unwrap()
    };
    (account, said("en"), said("de"))
}

#[test]
fn a_registrar_whose_name_is_not_found_is_named() {
    let (account, en, de) = failed(&Stage::new(), "pbx.trialog.invalid");
    let why = "registrar pbx.trialog.invalid: name not found";
    assert_eq!(account["detail"], why);
    assert_eq!(account.get("status"), None);
    assert!(en.contains(why), "{en}");
    assert!(
        de.contains("Registrar pbx.trialog.invalid: Name nicht gefunden"),
        "{de}"
    );
}

#[test]
fn a_registrar_that_takes_no_connection_is_named() {
    // A port that is taken and not listened at: no other test is handed it meanwhile.
    let taken = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&taken, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = SocketAddrV4::try_from(getsockname(&taken).unwrap()).unwrap();
    let (account, ..) = failed(&Stage::new(), &format!("{at};transport=tcp"));
    assert_eq!(account["detail"], format!("registrar {at}: not reached"));
}

#[test]
fn a_registrar_that_forbids_it_is_named_with_its_words() {
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let at = registrar.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        let mut buffer = [0; 4_096];
        let (length, from) = registrar.recv_from(&mut buffer).unwrap();
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let mut answer = "SIP/2.0 403 Not From There\r\n".to_owned();
        for line in request.lines() {
            match line.split(':').next().unwrap_or_default() {
                "Via" | "From" | "Call-ID" | "CSeq" => answer += &format!("{line}\r\n"),
                "To" => answer += &format!("{line};tag=x\r\n"),
                _ => {}
            }
        }
        answer += "Content-Length: 0\r\n\r\n";
        registrar.send_to(answer.as_bytes(), from).unwrap();
    });
    let (account, en, _) = failed(&Stage::new(), &at.to_string());
    assert_eq!(
        account["detail"],
        format!("registrar {at}: forbids it (403 Not From There)")
    );
    assert_eq!(account["status"], 403);
    assert!(en.contains("username and password_file"), "{en}");
    answering.join().unwrap();
}
