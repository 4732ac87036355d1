//! The command line: exit statuses and what is said.
mod common;

use common::Stage;
use serde_json::{Value, json};

const NO_SOUND: &str = "[audio]\nend = \"none\"\n";

#[test]
fn a_wrong_configuration_is_named_and_a_right_one_is_good() {
    let stage = Stage::new();
    let check = |file: &str, text: &str| {
        let file = stage.write(file, text);
        let output = stage
            .command()
            .args(["phone", "--check", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(
        check("good.toml", "name = \"a\"\n"),
        (Some(0), String::new())
    );
    let (status, said) = check("bad.toml", "name = \"a\"\n\n[sip]\ntcp = 1\n");
    assert_eq!(status, Some(2));
    assert!(
        said.contains("bad.toml:4: key sip.tcp: expected true or false, found 1"),
        "{said}"
    );
    let missing = stage
        .command()
        .args(["phone", "--config", "/nowhere/at/all.toml"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn exit_statuses_are_0_done_1_refused_2_usage_3_no_phone() {
    let stage = Stage::new();
    let said = |arguments: &[&str]| {
        let output = stage.ctl(arguments);
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), out, err)
    };
    let (status, _, err) = said(&["status"]);
    assert_eq!(
        (status, err.as_str()),
        (3, "trialog: no phone is running\n")
    );
    let phone = stage.phone("alice", NO_SOUND);
    let (status, out, _) = said(&["status"]);
    assert_eq!(status, 0);
    assert!(out.starts_with("alice: Available\n"), "{out}");
    assert_eq!(said(&["--phone", "bob", "status"]).0, 3);
    let (status, _, err) = said(&["hold"]);
    let no_call = "There is no such call.\n  trialog ctl status\n";
    assert_eq!((status, err.as_str()), (1, no_call));
    let (status, out, _) = said(&["--json", "hold", "--call", "9"]);
    assert_eq!(status, 1);
    let problem = serde_json::from_str::<Value>(&out).unwrap();
    assert_eq!(problem["type"], "urn:trialog:problem:no-such-call");
    assert_eq!(problem["status"], 404);
    assert_eq!(problem["instance"], "/api/calls/9/hold");
    assert_eq!(
        said(&["--lang", "de", "hold"]).2,
        "Diesen Anruf gibt es nicht.\n  trialog ctl status\n"
    );
    assert_eq!(said(&["explode"]).0, 2);
    let (status, _, err) = said(&["call", "12345"]);
    assert_eq!(status, 2);
    assert!(err.starts_with("This is no address to call.\n"), "{err}");
    assert!(err.contains("sip:user@host"), "{err}");
    let (status, out, _) = said(&["--json", "--phone", "bob", "status"]);
    assert_eq!(status, 3);
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap()["refused"],
        "no-phone"
    );
    assert_eq!(said(&["presence", "idle"]).0, 0);
    assert_eq!(phone.status()["presence"], "idle");
    let (status, out, _) = said(&["--json", "status"]);
    assert_eq!(status, 0);
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap()["name"],
        "alice"
    );
    assert_eq!(said(&["say", "x.wav"]).0, 1);
    assert_eq!(said(&["shutdown"]).0, 0);
    assert!(phone.end().0.success());
    assert_eq!(said(&["status"]).0, 3);
}

/// Whether a browser is paired by this code.
fn paired(code: &str, url: &str) -> bool {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let body = json!({"code": code}).to_string();
    let request = agent.post(format!("{url}/api/page/pair"));
    let answer = request
        .header("Content-Type", "application/json")
        .send(&body);
    answer.is_ok_and(|answer| answer.status() == 200)
}

#[test]
fn a_page_is_opened_by_an_address_that_pairs_one_browser_and_is_the_same_after_a_start() {
    let stage = Stage::new();
    let print = || {
        let output = stage.command().args(["page", "--print"]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let (url, code) = said.trim().split_once("/#pair=").unwrap_or_default();
        (output.status.code(), url.to_owned(), code.to_owned())
    };
    assert_eq!(print().0, Some(3), "no phone is running");
    let phone = stage.phone("alice", NO_SOUND);
    let (status, url, code) = print();
    assert_eq!(status, Some(0));
    assert!(paired(&code, &url));
    assert!(!paired(&code, &url), "it is good once");
    assert!(stage.ctl(&["shutdown"]).status.success());
    assert!(phone.end().0.success());
    let _again = stage.phone("alice", NO_SOUND);
    assert_eq!(print().1, url, "an open page finds the phone again");
}

#[test]
fn a_name_or_a_port_that_is_taken_is_named_with_the_key_that_mends_it() {
    let stage = Stage::new();
    let phone = stage.phone("alice", NO_SOUND);
    let start = |text: String| {
        let config = stage.write("second.toml", text);
        let output = stage
            .command()
            .args(["phone", "--config"])
            .arg(config)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = start("name = \"alice\"\n[audio]\nend = \"none\"\n".to_owned());
    assert!(
        said.contains("a phone named “alice” is running already"),
        "{said}"
    );
    let aor = phone.aor();
    let (_, address) = aor.split_once('@').unwrap();
    let said = start(format!(
        "name = \"bob\"\n[sip]\nlisten = \"{address}\"\n[audio]\nend = \"none\"\n"
    ));
    assert!(said.contains("another program has it"), "{said}");
    assert!(said.contains("sip.listen"), "{said}");
}

#[test]
fn several_calls_are_told_apart_by_their_numbers() {
    let stage = Stage::new();
    let agent = stage.phone("agent", NO_SOUND);
    let callers = ["one", "two"]
        .map(|name| stage.phone(name, &format!("{NO_SOUND}[agent]\nagent = false\n")));
    for caller in &callers {
        caller.post("/api/calls", &json!({"to": agent.aor()}), 201);
    }
    common::wait("two calls", || {
        (agent.status()["calls"].as_array()?.len() == 2).then_some(())
    });
    let ctl = |arguments: &[&str]| stage.ctl(&[&["--phone", "agent"], arguments].concat());
    let unclear = ctl(&["answer"]);
    assert_eq!(unclear.status.code(), Some(2));
    let said = String::from_utf8(unclear.stderr).unwrap();
    assert!(said.contains("which call? --call 1 | 2"), "{said}");
    assert!(ctl(&["answer", "--call", "1"]).status.success());
    agent.stage("connected");
    // Only one can still be answered.
    assert!(ctl(&["answer"]).status.success());
    agent.stage("held");
    assert!(ctl(&["end", "--call", "2"]).status.success());
}

#[test]
fn what_ctl_says_itself_it_says_in_german_too_and_history_is_asked_for_by_times() {
    let stage = Stage::new();
    let said = |output: &std::process::Output| String::from_utf8(output.stderr.clone()).unwrap();
    let alone = stage.ctl(&["--lang", "de", "status"]);
    assert_eq!(alone.status.code(), Some(3));
    assert!(
        said(&alone).contains("es läuft kein Telefon"),
        "{}",
        said(&alone)
    );
    let _agent = stage.phone("agent", "[audio]\nend = \"none\"\n");
    let soon = stage.ctl(&["--lang", "de", "history", "--from", "bald"]);
    assert_eq!(soon.status.code(), Some(2));
    let words = said(&soon);
    assert!(
        words.contains("--from: erwartet 27.11.2026") && words.contains("„bald“"),
        "{words}"
    );
    let turned = stage.ctl(&["history", "--from", "today", "--to", "yesterday"]);
    assert_eq!(turned.status.code(), Some(2));
    assert!(
        said(&turned).contains("--from and --to: expected"),
        "{}",
        said(&turned)
    );
    let good = stage.ctl(&["history", "--from", "yesterday", "--to", "today"]);
    assert!(good.status.success(), "{}", said(&good));
}
