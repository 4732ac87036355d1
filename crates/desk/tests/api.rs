//! The API on a real loopback port, in front of a scripted phone: each request and each kind of error.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::{agent, phone};
use serde_json::json;
use trialog_call::{
    AccountId, Act, CallId, Input, Presence, Refusal, Stage, Target, WrapUpAct, WrapUpId,
};
use trialog_desk::{Command, Outcome, Problem};

#[test]
fn each_act_reaches_the_core_as_it_was_meant() {
    let phone = phone(|command| match command {
        Command::Core(Input::Dial { .. }) => Outcome::Began(CallId(3)),
        _ => Outcome::Done,
    });
    let target = || Target("sip:bob@127.0.0.1".to_owned());
    let to = r#"{"to":"sip:bob@127.0.0.1"}"#;
    assert_eq!(phone.post("/api/calls", to), (201, json!({"call": 3})));
    let dial = Input::Dial {
        account: AccountId(0),
        target: target(),
    };
    assert_eq!(phone.asked(), dial);
    for (name, body, act) in [
        ("answer", "", Act::Answer),
        ("reject", "{}", Act::Reject),
        ("forward", to, Act::Forward(target())),
        ("cancel", "{}", Act::Cancel),
        ("hold", "{}", Act::Hold),
        ("resume", "{}", Act::Resume),
        ("mute", "{}", Act::Mute),
        ("unmute", "{}", Act::Unmute),
        ("consult", to, Act::Consult(target())),
        ("end-consult", "{}", Act::EndConsult),
        ("swap", "{}", Act::Swap),
        ("conference", "{}", Act::Conference),
        ("transfer", "{}", Act::Transfer(None)),
        ("transfer", to, Act::Transfer(Some(target()))),
        ("withdraw", "{}", Act::Withdraw),
        ("accept", "{}", Act::Accept),
        ("decline", "{}", Act::Decline),
        ("exit", "{}", Act::Exit),
        ("end", "{}", Act::End),
        ("stay", "{}", Act::Stay),
        ("dtmf", r#"{"digit":"a"}"#, Act::Dtmf(b'A')),
    ] {
        let answer = phone.post(&format!("/api/calls/9/{name}"), body);
        assert_eq!(answer, (200, json!({"done": true})), "{name}");
        let call = CallId(9);
        assert_eq!(phone.asked(), Input::Act { call, act }, "{name}");
    }
    let wrap_up = |act| Input::WrapUp {
        id: WrapUpId(2),
        act,
    };
    let sale = || "sale".to_owned();
    for (path, body, input) in [
        ("/api/hook", "", Input::Hook),
        (
            "/api/presence",
            r#"{"presence":"idle"}"#,
            Input::Presence(Presence::Idle),
        ),
        (
            "/api/wrap-ups/2/submit",
            r#"{"reason":"sale"}"#,
            wrap_up(WrapUpAct::Submit(sale())),
        ),
        (
            "/api/wrap-ups/2/draft",
            r#"{"reason":"sale"}"#,
            wrap_up(WrapUpAct::Draft(sale())),
        ),
        ("/api/wrap-ups/2/extend", "", wrap_up(WrapUpAct::Extend)),
    ] {
        assert_eq!(phone.post(path, body).0, 200, "{path}");
        assert_eq!(phone.asked(), input, "{path}");
    }
    assert_eq!(phone.post("/api/audio/say", r#"{"file":"/a.wav"}"#).0, 200);
    assert_eq!(
        phone.asked.try_recv().unwrap(),
        Command::Say("/a.wav".into())
    );
    assert_eq!(phone.post("/api/shutdown", "").0, 200);
    assert_eq!(phone.asked.try_recv().unwrap(), Command::Shutdown);
}

#[test]
fn a_refusal_is_409_with_its_code_and_words_and_an_unknown_call_404() {
    let phone = phone(|command| match command {
        Command::Core(Input::Act { call, .. }) if call.0 != 1 => {
            Outcome::Refused(Refusal::NoSuchCall)
        }
        Command::Core(Input::Act { act: Act::Swap, .. }) => {
            Outcome::Refused(Refusal::NotHere(Stage::Held))
        }
        Command::Core(_) => Outcome::Refused(Refusal::NoHoldInConference),
        _ => Outcome::Wrong(Problem::NoFileEnd),
    });
    let (status, body) = phone.post("/api/calls/1/hold", "{}");
    assert_eq!(status, 409);
    assert_eq!(body["refused"], "no-hold-in-conference");
    assert_eq!(body["reason"], "Nobody is put on hold in a conference.");
    assert_eq!(
        body["reason_de"],
        "In einer Konferenz wird niemand gehalten."
    );
    let (status, body) = phone.post("/api/calls/1/swap", "{}");
    assert_eq!(status, 409);
    assert_eq!(body["refused"], "not-here");
    assert!(body["reason_de"].as_str().unwrap().contains("Gehalten"));
    assert_eq!(phone.post("/api/calls/2/hold", "{}").0, 404);
    assert_eq!(phone.post("/api/calls/x/hold", "{}").0, 404);
    assert_eq!(phone.post("/api/calls/1/explode", "{}").0, 404);
    assert_eq!(phone.post("/api/nothing", "{}").0, 404);
    assert_eq!(phone.post("/api/audio/say", r#"{"file":"/a"}"#).0, 400);
}

#[test]
fn a_bad_body_is_400_and_says_what_is_wrong() {
    let phone = phone(|_| Outcome::Done);
    for (path, body, culprit) in [
        ("/api/calls", "{}", "to"),
        ("/api/calls", "not json", "expected"),
        ("/api/calls", r#"{"too":"sip:a@b"}"#, "too"),
        ("/api/calls/1/consult", "{}", "to"),
        ("/api/calls/1/hold", r#"{"to":"sip:a@b"}"#, "to"),
        ("/api/calls/1/dtmf", "{}", "digit"),
        ("/api/presence", r#"{"presence":"gone"}"#, "gone"),
        ("/api/wrap-ups/1/submit", "{}", "reason"),
    ] {
        let (status, answer) = phone.post(path, body);
        assert_eq!(status, 400, "{path} {body}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(culprit), "{error}");
    }
    let long = format!(r#"{{"to":"{}"}}"#, "a".repeat(20_000));
    assert_eq!(phone.post("/api/calls", &long).0, 413);
    assert!(phone.asked.try_recv().is_err());
}

#[test]
fn without_the_token_or_from_a_foreign_page_nothing_is_done() {
    let phone = phone(|_| Outcome::Done);
    let url = format!("http://{}/api/shutdown", phone.address);
    let send = |name: &str, value: &str| {
        let request = agent().post(&url).header(name, value);
        request.send_empty().unwrap().status().as_u16()
    };
    assert_eq!(send("X-Nothing", "x"), 401);
    assert_eq!(send("Authorization", "Bearer 00"), 401);
    assert_eq!(
        send("Authorization", &format!("Basic {}", phone.token)),
        401
    );
    assert_eq!(send("Host", "evil.example"), 403);
    assert_eq!(send("Origin", "http://evil.example"), 403);
    let in_query = format!("{url}?token={}", phone.token);
    assert_eq!(agent().post(&in_query).send_empty().unwrap().status(), 401);
    assert!(phone.asked.try_recv().is_err());
    let unknown = agent()
        .get(format!("http://{}/nothing", phone.address))
        .call()
        .unwrap();
    assert_eq!(unknown.status(), 401);
}
