//! A whole phone and an ACD that listens by HTTP: what it is told, and that its token is nowhere to be read.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, rows, wait};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const TOKEN: &str = "Losungswort-der-Warteschlange-0815";
const NO_SOUND: &str = "[audio]\nend = \"none\"\n";
const CUSTOMER: &str = "[agent]\nagent = false\n";
const AGENT: &str = "[agent]\nrona = true\n\
                     [wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";

/// What one POST has told: its head, and its body.
struct Told {
    head: String,
    body: Value,
}

/// An ACD at this address; the far end of the channel gets what it is told.
fn acd() -> (String, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/agents/state", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let tell = tell.clone();
            std::thread::spawn(move || serve(stream.unwrap(), &tell));
        }
    });
    (url, told)
}

/// One connection, with as many requests as the phone sends on it (RFC 9112 §9.3).
fn serve(stream: TcpStream, tell: &Sender<Told>) {
    let mut answers = stream.try_clone().unwrap();
    let mut requests = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if requests.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.parse::<usize>().unwrap())
        });
        let mut body = vec![0; length.unwrap()];
        requests.read_exact(&mut body).unwrap();
        answers
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
        let body = serde_json::from_slice(&body).unwrap();
        if tell.send(Told { head, body }).is_err() {
            return;
        }
    }
}

#[test]
fn an_acd_hears_of_presence_rona_and_wrap_up_and_its_token_is_in_no_log() {
    let stage = Stage::new();
    let (url, told) = acd();
    stage.write("acd.token", format!("{TOKEN}\n"));
    let settings = format!(
        "{NO_SOUND}{AGENT}[acd]\nurl = \"{url}\"\nagent = \"4711\"\ntoken_file = \"acd.token\"\n"
    );
    let agent = stage.phone_with("agent", &settings, &["--log", "trace"]);
    let customer = stage.phone("customer", &format!("{NO_SOUND}{CUSTOMER}"));
    let next = |presence: &str, reason: Option<&str>, wrap_up: bool| {
        let Told { head, body } = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(
            head.starts_with("POST /agents/state HTTP/1.1\r\n"),
            "{head}"
        );
        let bearer = format!("authorization: Bearer {TOKEN}\r\n").to_ascii_lowercase();
        assert!(head.to_ascii_lowercase().contains(&bearer), "{head}");
        assert!(body["since"].as_u64().is_some(), "{body}");
        let expected = json!({"agent": "4711", "presence": presence, "reason": reason,
            "wrap_up": wrap_up, "since": body["since"]});
        assert_eq!(body, expected);
    };
    next("available", None, false);
    agent.post("/api/presence", &json!({"presence": "idle"}), 200);
    next("idle", Some("idle"), false);
    agent.post("/api/presence", &json!({"presence": "available"}), 200);
    next("available", None, false);

    // A call that the agent lets ring.
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    customer.act("cancel");
    next("not-answered", Some("not-answered"), false);
    agent.stage("none");
    customer.stage("none");
    agent.post("/api/presence", &json!({"presence": "available"}), 200);
    next("available", None, false);

    // One that is answered, and wrapped up.
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    agent.stage("connected");
    customer.act("end");
    next("wrap-up", Some("wrap-up"), true);
    agent.stage("none");
    let owed = wait("the wrap-up", || {
        agent.status()["wrap_ups"][0]["id"].as_u64()
    });
    let submit = format!("/api/wrap-ups/{owed}/submit");
    agent.post(&submit, &json!({"reason": "sale"}), 200);
    next("available", None, false);

    let status = agent.status().to_string();
    agent.signal("TERM");
    assert!(agent.end().0.success());
    let read = |name: &str| {
        let octets = std::fs::read(stage.path(name)).unwrap();
        String::from_utf8_lossy(&octets).into_owned()
    };
    let log = read("agent.log");
    assert!(log.contains("the phone is ready"), "{log}");
    for (name, text) in [
        ("log", log.as_str()),
        ("log's rows", &rows(&log)),
        ("trace", &read("agent.trace")),
        ("records", &read("agent.records")),
        ("status", &status),
    ] {
        assert!(!text.contains(TOKEN), "the token is in the {name}");
    }
}
