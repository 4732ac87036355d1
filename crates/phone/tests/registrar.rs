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

/// A response of the registrar's, without a body.
fn answer(request: &str, status: &str) -> String {
    let mut answer = format!("SIP/2.0 {status}\r\n");
    for line in request.lines() {
        match line.split(':').next().unwrap_or_default() {
            "Via" | "From" | "Call-ID" | "CSeq" => answer += &format!("{line}\r\n"),
            "To" => answer += &format!("{line};tag=x\r\n"),
            _ => {}
        }
    }
    answer + "Content-Length: 0\r\n\r\n"
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
        let answer = answer(&request, "403 Not From There");
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

#[test]
fn an_account_whose_registrar_is_a_name_is_reached_by_the_way_to_it() {
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let port = registrar.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let mut buffer = [0; 4_096];
        // The first one is from the way to somewhere outside, where this machine has one.
        loop {
            let (length, from) = registrar.recv_from(&mut buffer).unwrap();
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let answer = answer(&request, "200 OK");
            registrar.send_to(answer.as_bytes(), from).unwrap();
            let contact = request.lines().find(|line| line.starts_with("Contact:"));
            if contact.unwrap().contains("@127.0.0.1:") {
                return;
            }
        }
    });
    let registrar = format!("localhost:{port}");
    let stage = Stage::new();
    let phone = stage.phone_at("alice", "0.0.0.0:0", &account(&registrar), &[]);
    answering.join().unwrap();
    drop(phone);
}

#[test]
fn an_account_is_taken_back_and_registered_again_by_ctl() {
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let at = registrar.local_addr().unwrap();
    let stage = Stage::new();
    let phone = stage.phone("alice", &account(&at.to_string()));
    let next_expires = || {
        let mut buffer = [0; 4_096];
        let (length, from) = registrar.recv_from(&mut buffer).unwrap();
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let answer = answer(&request, "200 OK");
        registrar.send_to(answer.as_bytes(), from).unwrap();
        let expires = request
            .lines()
            .find_map(|line| line.strip_prefix("Expires: "));
        expires.unwrap().to_owned()
    };
    let is = |state: &str| {
        wait(state, || {
            (phone.status()["accounts"][0]["state"] == state).then_some(())
        });
    };
    let ctl = |arguments: &[&str]| {
        let output = stage.ctl(&[&["--phone", "alice"], arguments].concat());
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    };
    assert_eq!(next_expires(), "600");
    is("registered");
    assert_eq!(ctl(&["unregister", "0"]).0, 0);
    assert_eq!(next_expires(), "0");
    is("unregistered");
    let (_, shown) = ctl(&["--lang", "de", "status"]);
    assert!(shown.contains("sip:alice@127.0.0.1 abgemeldet"), "{shown}");
    assert_eq!(ctl(&["register"]).0, 0);
    assert_eq!(next_expires(), "600");
    is("registered");
    let (status, why) = ctl(&["unregister", "1"]);
    assert_eq!(status, 1, "{why}");
    assert!(why.contains("lists the accounts"), "{why}");
}

#[test]
fn an_account_without_a_registrar_can_not_be_registered() {
    let stage = Stage::new();
    let _phone = stage.phone("alice", "[audio]\nend = \"none\"\n");
    let output = stage.ctl(&["--phone", "alice", "register"]);
    assert_eq!(output.status.code(), Some(1));
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(why.contains("no registrar"), "{why}");
}
