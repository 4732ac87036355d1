//! The API's document is whole and true: every operation, called with good and bad input, answers as described, and every
//! example is one.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod judge;
mod scripted;

use judge::{Answer, Judge};
use scripted::{Phone, agent, phone};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use trialog_call::{Act, CallId, Input, Refusal};
use trialog_desk::{Command, Reply, Wrong};

fn judge() -> Judge {
    Judge::new(trialog_desk::document().clone())
}

/// The answer to a request with these headers beside the usual ones.
fn ask(phone: &Phone, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", phone.address));
    let token = format!("Bearer {}", phone.token);
    let usual = [
        ("Authorization", token.as_str()),
        ("Content-Type", "application/json"),
    ];
    let replaced = |name: &str| headers.iter().any(|(other, _)| *other == name);
    let usual = usual.into_iter().filter(|(name, _)| !replaced(name));
    for (name, value) in usual.chain(headers.iter().copied()) {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    let mut response = agent().run(request.body(body).unwrap()).unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: response.body_mut().read_to_string().unwrap(),
    }
}

/// The path with a number in it.
fn filled(path: &str) -> String {
    path.replace("{call}", "1").replace("{wrap_up}", "1")
}

#[test]
fn every_operation_answers_as_described_whatever_it_is_sent() {
    let judge = judge();
    let mut seen = BTreeSet::new();
    // The same requests meet a phone that does all, ones that refuse, each for another reason, and one that is over.
    let does = phone(|command| match command {
        Command::Core(Input::Dial { .. }) | Command::Pickup(_) => Reply::Began(CallId(3)),
        _ => Reply::Done,
    });
    let refuses = phone(|command| match command {
        Command::Say(_) => Reply::Wrong(Wrong::NoFileEnd),
        Command::Devices(_) => Reply::Wrong(Wrong::NoDeviceEnd),
        Command::Register(_) | Command::Unregister(_) => Reply::Wrong(Wrong::NoRegistrar),
        Command::Core(Input::Dial { .. }) => Reply::Wrong(Wrong::BadAddress),
        Command::Pickup(_) => Reply::Wrong(Wrong::NothingRings),
        // Nobody refuses that.
        Command::Core(Input::Presence(_)) => Reply::Done,
        Command::Core(_) | Command::CoreBy { .. } => Reply::Refused {
            refusal: Refusal::Busy,
            allowed: vec![Act::Mute],
        },
        _ => Reply::Done,
    });
    let knows_none = phone(|command| match command {
        Command::Say(_) => Reply::Wrong(Wrong::Unplayable("no WAV".to_owned())),
        Command::Core(Input::WrapUp { .. }) => refused(Refusal::NoSuchWrapUp),
        Command::Core(Input::Act { .. } | Input::Hook)
        | Command::CoreBy { .. }
        | Command::Trace(_) => refused(Refusal::NoSuchCall),
        Command::Core(Input::Dial { .. }) | Command::Pickup(_) => refused(Refusal::TooManyCalls),
        _ => Reply::Done,
    });
    let is_full = phone(|command| match command {
        Command::Core(Input::WrapUp { .. }) => Reply::NotKept("the disk is full".to_owned()),
        Command::Core(Input::Dial { .. }) | Command::Pickup(_) => Reply::Began(CallId(3)),
        Command::Past(_) => Reply::NotRead("disk I/O error".to_owned()),
        _ => Reply::Done,
    });
    let over = phone(|_| Reply::Done);
    assert_eq!(over.post("/api/shutdown", "").0, 200);
    let long = format!("{{\"to\":\"{}\"}}", "x".repeat(20_000));
    for (method, path, operation) in judge.operations() {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        let good = match example {
            Value::Null => String::new(),
            example => example.to_string(),
        };
        let mut requests: Vec<(&[(&str, &str)], &str)> = vec![
            (&[], &good),
            (&[("Authorization", "")], &good),
            (&[("Authorization", "Bearer 00")], &good),
            (&[("Origin", "http://evil.example")], &good),
            (&[("Host", "evil.example")], &good),
        ];
        if method != "GET" {
            requests.extend([
                (&[][..], "{"),
                (&[], "[]"),
                (&[], r#"{"too":1}"#),
                (&[], &long),
                (&[("Content-Type", "text/plain")], "{}"),
                (&[("Content-Type", "")], &good),
            ]);
        }
        for phone in [&does, &refuses, &knows_none, &is_full, &over] {
            for (headers, body) in &requests {
                for query in ["", "?unknown=1"] {
                    let target = format!("{}{query}", filled(&path));
                    let is_right = query.is_empty() && good == **body;
                    let is_let_in = headers.iter().all(|header| *header == ("Content-Type", ""));
                    if path == "/api/shutdown" && is_right && is_let_in {
                        // The phones must live on.
                        continue;
                    }
                    let answer = ask(phone, &method, &target, headers, body.as_bytes());
                    let faults = judge.faults(&method, &path, &answer);
                    assert!(
                        faults.is_empty(),
                        "{method} {target} {headers:?} {body}: {answer:?}: {faults:#?}"
                    );
                    assert!(!answer.body.contains(&phone.token));
                    seen.insert((method.clone(), path.clone(), answer.status.to_string()));
                }
            }
        }
    }
    for expected in [200, 503] {
        let shutdown = ask(&does, "POST", "/api/shutdown", &[], b"");
        assert_eq!(shutdown.status, expected);
        assert_eq!(judge.faults("POST", "/api/shutdown", &shutdown), [""; 0]);
        seen.insert(("POST".into(), "/api/shutdown".into(), expected.to_string()));
    }
    // What is described was seen, but for what takes its time (408), WebSockets (101, 503) and a code that is good once, which have tests of their own.
    for (method, path, operation) in judge.operations() {
        for status in operation["responses"].as_object().unwrap().keys() {
            let is_seen = seen.contains(&(method.clone(), path.clone(), status.clone()));
            let elsewhere = matches!(
                (path.as_str(), status.as_str()),
                ("/api/events", "101" | "503") | ("/api/page/pair", "200") | (_, "408")
            );
            assert!(
                is_seen || elsewhere,
                "{method} {path} never answered {status}"
            );
        }
    }
}

fn refused(refusal: Refusal) -> Reply {
    Reply::Refused {
        refusal,
        allowed: Vec::new(),
    }
}

#[test]
fn the_document_has_every_path_that_there_is_and_no_other_method() {
    let judge = judge();
    let phone = phone(|_| Reply::Done);
    for (method, path, _) in judge.operations() {
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if other == method {
                continue;
            }
            let answer = ask(&phone, other, &filled(&path), &[], b"");
            assert_eq!(answer.status, 405, "{other} {path}");
            let faults = judge.faults_of_shared("Problem405", &answer);
            assert!(faults.is_empty(), "{other} {path}: {faults:#?}");
            assert!(answer.header("allow").unwrap().contains(&method));
        }
        if method == "GET" && path != "/api/events" {
            let head = ask(&phone, "HEAD", &filled(&path), &[], b"");
            assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        }
    }
    let nothing = ask(&phone, "GET", "/api/nothing", &[], b"");
    assert_eq!(judge.faults_of_shared("Problem404", &nothing), [""; 0]);
}

#[test]
fn so_many_clients_may_follow_and_one_more_is_told() {
    let judge = judge();
    let phone = phone(|_| Reply::Done);
    let follow = || tungstenite::connect(scripted::events(&phone, "")).unwrap();
    let (mut first, opened) = follow();
    assert_eq!(opened.status(), 101);
    let mut others: Vec<_> = (1..128).map(|_| follow().0).collect();
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let one_more = ask(&phone, "GET", "/api/events", &upgrade, b"");
    assert_eq!(one_more.status, 503);
    assert_eq!(one_more.json()["refused"], "too-many-readers");
    let faults = judge.faults("GET", "/api/events", &one_more);
    assert!(faults.is_empty(), "{faults:#?}");
    let status = first.read().unwrap();
    let event = serde_json::from_str(status.to_text().unwrap()).unwrap();
    let faults = judge.check_event(&event);
    assert!(faults.is_empty(), "{event}: {faults:#?}");
    // The one that leaves makes room.
    drop(others.pop());
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while tungstenite::connect(scripted::events(&phone, "")).is_err() {
        assert!(std::time::Instant::now() < limit, "no room again");
        std::thread::yield_now();
    }
}

#[test]
fn the_document_comes_as_it_is_without_a_token() {
    let phone = phone(|_| Reply::Done);
    let answer = ask(
        &phone,
        "GET",
        "/api/openapi.json",
        &[("Authorization", "")],
        b"",
    );
    assert_eq!(answer.json(), *trialog_desk::document());
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

/// Each value in the document at such a key, with the object that it stands in.
fn each<'a>(value: &'a Value, key: &str, found: &mut Vec<(&'a Value, &'a Value)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| each(value, key, found)),
        Value::Object(members) => {
            if let Some(there) = members.get(key) {
                found.push((value, there));
            }
            for (name, value) in members {
                if !matches!(name.as_str(), "example" | "examples") {
                    each(value, key, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_example_is_as_its_schema_says_and_every_reference_leads_somewhere() {
    let judge = judge();
    let mut found = Vec::new();
    each(&judge.document, "$ref", &mut found);
    assert!(found.len() > 200);
    for (holder, _) in &found {
        judge.resolved(holder);
    }
    let mut count = 0;
    let mut check = |schema: &Value, example: &Value| {
        count += 1;
        let faults = judge.check(schema, example);
        assert!(faults.is_empty(), "{example}: {faults:#?}");
    };
    let mut found = Vec::new();
    each(&judge.document, "example", &mut found);
    for (holder, example) in found {
        check(&holder["schema"], example);
    }
    let mut found = Vec::new();
    each(&judge.document, "examples", &mut found);
    for (holder, examples) in found {
        match examples {
            // Of a schema, and of a response's content.
            Value::Array(examples) => {
                let mut schema = holder.clone();
                schema.as_object_mut().unwrap().remove("examples");
                examples.iter().for_each(|example| check(&schema, example));
            }
            Value::Object(examples) => {
                let examples = examples.values();
                examples.for_each(|example| check(&holder["schema"], &example["value"]));
            }
            _ => panic!("{examples}"),
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn everything_is_described_and_every_operation_has_a_name_of_its_own() {
    let judge = judge();
    let mut names = BTreeSet::new();
    for (method, path, operation) in judge.operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name}");
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        for parameter in operation["parameters"].as_array().unwrap_or(&Vec::new()) {
            assert!(
                parameter["description"].is_string(),
                "{method} {path} {parameter}"
            );
        }
        // RFC 9110 §9.3.1: nothing is done by a GET.
        assert_eq!(
            method != "GET",
            operation.get("requestBody").is_some(),
            "{path}"
        );
    }
    for (name, schema) in judge.document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        assert!(
            schema["examples"].is_array()
                || schema["enum"].is_array()
                || ["Began", "Refused", "Notice", "Asked"].contains(&name.as_str()),
            "{name}"
        );
        let mut found = Vec::new();
        each(schema, "properties", &mut found);
        for (_, properties) in found {
            for (member, schema) in properties.as_object().unwrap() {
                let described = schema["description"].is_string() || member == "event";
                assert!(described, "{name}.{member}");
            }
        }
    }
    assert_eq!(
        judge.check(&json!({"type": "integer"}), &json!("x")).len(),
        1,
        "the judge is awake"
    );
    let event = json!({"seq": 1, "at_ms": 1, "event": "ending", "more": 1});
    assert!(
        !judge.check_event(&event).is_empty(),
        "it sees what is too much"
    );
}
