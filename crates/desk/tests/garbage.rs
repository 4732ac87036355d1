//! Whatever is sent, the API answers as its document says, asks the phone for nothing that is not right, and lives on. The
//! garbage is made from right requests by a seed, so that a failure comes again.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod judge;
mod scripted;

use judge::{Answer, Judge};
use scripted::{Phone, phone};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use trialog_call::CallId;
use trialog_desk::{Command, Reply};

/// Knuth's linear congruential generator of 64 bits.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Pieces that have broken parsers before.
const PIECES: &[&[u8]] = &[
    b"",
    b"{}",
    b"null",
    b"[[[[[[[[[[[[[[[[",
    b"{\"to\":{\"to\":{\"to\":",
    b"\"\\ud800\"",
    b"\xff\xfe",
    b"\0",
    b"1e999",
    b"-0",
    b"99999999999999999999999999",
    b"{\"to\":\"sip:a@b\",\"to\":\"sip:c@d\"}",
    b"{\"__proto__\":{}}",
    b"\xef\xbb\xbf{}",
    b"%00%0d%0a",
    b"../../etc/passwd",
    b"\r\nX: y\r\n",
];

fn spoilt(body: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(body.len() + 1);
        match chance.below(5) {
            0 => body.truncate(at),
            1 if at < body.len() => body[at] = u8::try_from(chance.below(256)).unwrap(),
            2 if at < body.len() => {
                body.remove(at);
            }
            3 => {
                let piece = chance.one(PIECES).iter().copied();
                body.splice(at..at, piece);
            }
            _ => body = chance.one(PIECES).to_vec(),
        }
    }
    body
}

/// An answer, byte by byte; `None` where the connection ended without one.
fn ask(phone: &Phone, line: &str, kind: &str, body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(phone.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{kind}Connection: close\r\nContent-Length: {}\r\n\r\n",
        phone.address,
        phone.token,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // It may have answered and gone already.
    let _ = stream.write_all(body);
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).ok()?;
    let status = status.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = String::new();
    let _ = reader.read_to_string(&mut body);
    Some(Answer {
        status,
        headers,
        body,
    })
}

#[test]
fn garbage_is_answered_as_described_and_asks_for_nothing() {
    let judge = Judge::new(trialog_desk::document().clone());
    let phone = phone(|command| match command {
        Command::Core(trialog_call::Input::Dial { .. }) => Reply::Began(CallId(1)),
        _ => Reply::Done,
    });
    let operations = judge.operations();
    let mut done = 0;
    for seed in 0..3_000 {
        let mut chance = Chance(seed);
        let (method, path, operation) = chance.one(&operations);
        // It would end the phone rightly, or asks the phone for nothing.
        if [
            "/api/shutdown",
            "/api/events",
            "/api/page/code",
            "/api/page/ticket",
        ]
        .contains(&path.as_str())
        {
            continue;
        }
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        let good = match example {
            Value::Null => String::new(),
            example => example.to_string(),
        };
        let body = spoilt(good.as_bytes(), &mut chance);
        let number = *chance.one(&[
            "1",
            "0",
            "-1",
            "4294967296",
            "%31",
            "%00",
            "1.0",
            "..",
            "%2e%2e",
            "\u{fc}",
        ]);
        let target = path.replace("{call}", number).replace("{wrap_up}", number);
        let query = *chance.one(&[
            "", "", "", "?", "?a", "?%ff", "?since=1", "?&&=", "?token=x",
        ]);
        let kind = *chance.one(&[
            "Content-Type: application/json\r\n",
            "Content-Type: application/json\r\n",
            "",
            "Content-Type: text/plain\r\n",
            "Content-Type: \u{fc}\r\n",
        ]);
        let line = format!("{method} {target}{query}");
        let Some(answer) = ask(&phone, &line, kind, &body) else {
            panic!("{seed}: {line} {kind:?} {body:?} got no answer");
        };
        let about = || {
            format!(
                "{seed}: {line} {kind:?} {:?}: {answer:?}",
                String::from_utf8_lossy(&body)
            )
        };
        assert!(answer.status < 500, "{}", about());
        assert!(!answer.body.contains(&phone.token));
        // What hyper refuses before it is a request has no body (a request target that is none).
        if answer.status == 400 && answer.body.is_empty() {
            continue;
        }
        let mut faults = judge.faults(method, path, &answer);
        if answer.status == 404 {
            faults = judge.faults_of_shared("Problem404", &answer);
        }
        assert!(faults.is_empty(), "{}: {faults:#?}", about());
        let asked = phone.asked.try_iter().count();
        let is_order = method != "GET" && answer.status < 300;
        assert_eq!(asked, usize::from(is_order), "{}", about());
        done += usize::from(is_order);
    }
    assert!(done > 20, "some were right after all: {done}");
    assert_eq!(phone.get("/api/status").0, 200);
}
