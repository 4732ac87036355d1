//! Actions on events: what is asked for and started, with callers' names that were made to do harm.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

/// A server that answers each request with the next of these statuses, the last one from then on: the first lines of what came.
fn server(statuses: &'static [u16]) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, got) = mpsc::channel();
    std::thread::spawn(move || {
        let statuses = statuses
            .iter()
            .chain(std::iter::repeat(&statuses[statuses.len() - 1]));
        for (stream, status) in listener.incoming().zip(statuses) {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut line)
                .unwrap();
            let answer =
                format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
            if told.send(line.trim().to_owned()).is_err() {
                return;
            }
        }
    });
    (port, got)
}

/// A customer's phone whose display name is this one.
fn customer(name: &str) -> String {
    format!(
        "[audio]\nend = \"none\"\n[agent]\nagent = false\n[[account]]\naor = \"sip:cust@127.0.0.1\"\ndisplay = '{name}'\n"
    )
}

#[test]
fn a_url_is_asked_for_with_the_caller_s_name_as_a_value_and_again_where_it_failed() {
    let (port, got) = server(&[503, 200]);
    let stage = Stage::new();
    let customer = stage.phone("customer", &customer("Carla&admin=1#?/../ x"));
    let agent = stage.phone(
        "agent",
        &format!(
            "[audio]\nend = \"none\"\n[[action]]\non = [\"call-offered\", \"call-ended\"]\n\
             get = \"http://127.0.0.1:{port}/pop?event={{event}}&name={{name}}&call={{call}}\"\n"
        ),
    );
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    let next = || got.recv_timeout(Duration::from_secs(20)).unwrap();
    let first = next();
    let expected =
        "GET /pop?event=call-offered&name=Carla%26admin%3D1%23%3F%2F..%2F%20x&call=1 HTTP/1.1";
    assert_eq!(first, expected);
    assert_eq!(next(), expected, "again after 503");
    agent.act("reject");
    assert!(next().starts_with("GET /pop?event=call-ended&"));
    let log = std::fs::read_to_string(stage.path("agent.log")).unwrap();
    assert!(
        !log.contains("/pop?"),
        "the URL is none of the log's business"
    );
}

#[test]
fn a_program_gets_the_caller_s_name_as_one_argument_and_no_shell_reads_it() {
    let stage = Stage::new();
    let hostile = "--x $(touch owned) `touch owned`; touch owned";
    let customer = stage.phone("customer", &customer(hostile));
    let script = stage.write(
        "script",
        "#!/bin/sh\nfor word in \"$@\"; do printf '<%s>' \"$word\"; done > \"$0.out.new\"\nmv \"$0.out.new\" \"$0.out\"\n",
    );
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    let agent = stage.phone(
        "agent",
        &format!(
            "[audio]\nend = \"none\"\n[[action]]\non = [\"call-offered\"]\nrun = [\"{}\", \"{{name}}\", \"-n\", \"n={{name}}\"]\n",
            script.display()
        ),
    );
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    let text = wait("the program", || {
        std::fs::read_to_string(stage.path("script.out")).ok()
    });
    let name = hostile.trim_start_matches('-');
    assert_eq!(text, format!("<{name}><-n><n={hostile}>"));
    assert!(!stage.path("owned").exists() && !std::path::Path::new("owned").exists());
}
