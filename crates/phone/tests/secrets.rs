//! A password is nowhere to be read: not in the log at its loudest, not in the trace, not in the API.
mod common;

use common::{Stage, rows, wait};
use std::fs::File;
use std::net::UdpSocket;
use std::process::Stdio;
use std::time::Duration;

const PASSWORD: &str = "Zauberwort-4711";

#[test]
fn a_password_and_what_it_becomes_are_nowhere_to_be_read() {
    let stage = Stage::new();
    // A registrar that challenges once and then is content.
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let at = registrar.local_addr().unwrap();
    stage.write("alice.password", format!("{PASSWORD}\n"));
    let account = format!(
        "[audio]\nend = \"none\"\n[[account]]\naor = \"sip:alice@{at}\"\nregistrar = \"sip:{at}\"\npassword_file = \"alice.password\"\n"
    );
    let asking = std::thread::spawn(move || {
        let mut seen = String::new();
        loop {
            let mut buffer = [0; 4_096];
            let (length, from) = registrar.recv_from(&mut buffer).unwrap();
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let answered = request.contains("\r\nAuthorization:");
            let mut answer = if answered {
                "SIP/2.0 200 OK\r\n".to_owned()
            } else {
                "SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n".to_owned()
            };
            for line in request.lines() {
                let name = line.split(':').next().unwrap_or_default();
                if ["Via", "From", "Call-ID", "CSeq", "Contact"].contains(&name) {
                    answer += &format!("{line}\r\n");
                } else if name == "To" {
                    answer += &format!("{line};tag=x\r\n");
                }
            }
            answer += "Content-Length: 0\r\n\r\n";
            registrar.send_to(answer.as_bytes(), from).unwrap();
            if answered {
                seen.clone_from(&request);
            }
            if request.contains("\r\nExpires: 0\r\n") || request.contains(";expires=0") {
                return seen;
            }
        }
    });
    let phone = stage.phone_with("alice", &account, &["--log", "trace"]);
    wait("the registration", || {
        (phone.status()["accounts"][0]["state"] == "registered").then_some(())
    });
    let status = phone.status().to_string();
    phone.signal("TERM");
    assert!(phone.end().0.success());
    let request = asking.join().unwrap();
    let (_, response) = request.split_once("response=\"").unwrap();
    let response = response.split('"').next().unwrap();
    let trace = std::fs::read_to_string(stage.path("alice.trace")).unwrap();
    let log = std::fs::read_to_string(stage.path("alice.log")).unwrap();
    assert!(trace.contains("Authorization: Digest"), "{trace}");
    for (name, text) in [("trace", &trace), ("log", &log), ("status", &status)] {
        assert!(!text.contains(PASSWORD), "the password is in the {name}");
        assert!(
            !text.contains(response),
            "the digest's response is in the {name}"
        );
    }
}

#[test]
fn the_token_is_in_no_log_however_loud() {
    let stage = Stage::new();
    let silent = "[audio]\nend = \"none\"\n";
    let phone = stage.phone_with("alice", silent, &["--log", "trace"]);
    let token = phone.token().to_owned();
    let (said, heard) = (stage.path("watch.log"), stage.path("watch.out"));
    let mut watch = stage
        .command()
        .args(["ctl", "--log", "trace", "--phone", "alice", "watch"])
        .stdin(Stdio::null())
        .stderr(File::create(&said).unwrap())
        .stdout(File::create(&heard).unwrap())
        .spawn()
        .unwrap();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    wait("the first event", || {
        read(&heard).contains("alice").then_some(())
    });
    // A client that shows it where it is not asked for.
    assert_eq!(phone.get(&format!("/api/events?token={token}")), 400);
    assert_eq!(phone.get("/api/nothing"), 404);
    let asked = stage.ctl(&["--log", "trace", "--phone", "alice", "status"]);
    assert!(asked.status.success());
    let asked = String::from_utf8(asked.stderr).unwrap();
    phone.signal("TERM");
    assert!(phone.end().0.success());
    wait("the end of watch", || watch.try_wait().unwrap());
    let log = read(&stage.path("alice.log"));
    assert!(log.contains("the phone is ready"), "{log}");
    for (name, text) in [
        ("phone's log", &log),
        ("watch's log", &read(&said)),
        ("log of status", &asked),
    ] {
        assert!(!text.contains(&token), "the token is in the {name}");
        assert!(!rows(text).contains(&token), "it is in the {name}'s rows");
    }
}
