//! The API on a real loopback port, in front of a scripted phone: each request and each kind of error.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::{Phone, agent, phone};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use trialog_api::DigitWay;
use trialog_api::request::SetDevices;
use trialog_call::{
    AccountId, Act, CallId, Input, Presence, Refusal, Rejection, Stage, Target, WrapUpAct, WrapUpId,
};
use trialog_desk::{Command, DigitFault, Reply, Wrong};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn each_act_reaches_the_core_as_it_was_meant() {
    let phone = phone(|command| match command {
        Command::Core(Input::Dial { .. }) => Reply::Began(CallId(3)),
        _ => Reply::Done,
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
        ("reject", "{}", Act::Reject(None)),
        (
            "reject",
            r#"{"everywhere":true}"#,
            Act::Reject(Some(Rejection::Everywhere)),
        ),
        (
            "reject",
            r#"{"everywhere":false}"#,
            Act::Reject(Some(Rejection::Here)),
        ),
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
    for (path, body, input) in [
        ("/api/hook", "", Input::Hook),
        (
            "/api/presence",
            r#"{"presence":"idle"}"#,
            Input::Presence(Presence::Idle),
        ),
    ] {
        assert_eq!(phone.post(path, body).0, 200, "{path}");
        assert_eq!(phone.asked(), input, "{path}");
    }
    assert_eq!(phone.post("/api/audio/say", r#"{"file":"/a.wav"}"#).0, 200);
    assert_eq!(
        phone.asked.try_recv().unwrap(),
        Command::Say("/a.wav".into())
    );
    for (path, body, command) in [
        ("/api/register", "", Command::Register(None)),
        ("/api/pickup", r#"{"lamp":2}"#, Command::Pickup(2)),
        (
            "/api/unregister",
            r#"{"account":1}"#,
            Command::Unregister(Some(AccountId(1))),
        ),
    ] {
        assert_eq!(phone.post(path, body).0, 200, "{path}");
        assert_eq!(phone.asked.try_recv().unwrap(), command);
    }
    assert_eq!(phone.post("/api/shutdown", "").0, 200);
    assert_eq!(phone.asked.try_recv().unwrap(), Command::Shutdown);
}

#[test]
fn sound_devices_are_chosen_by_a_put_and_what_is_left_out_is_not_chosen() {
    let phone = phone(|_| Reply::Done);
    let url = format!("http://{}/api/audio/devices", phone.address);
    let put = |body: &str| {
        let token = format!("Bearer {}", phone.token);
        let request = agent().put(&url).header("Authorization", token);
        let answer = request.content_type("application/json").send(body);
        answer.unwrap().status().as_u16()
    };
    assert_eq!(
        put(r#"{"microphone":"Headset Mono","ring":"Speakers"}"#),
        200
    );
    let chosen = SetDevices {
        microphone: Some("Headset Mono".to_owned()),
        ear: None,
        ring: Some("Speakers".to_owned()),
    };
    assert_eq!(phone.asked.try_recv().unwrap(), Command::Devices(chosen));
    assert_eq!(put("{}"), 200);
    let none = Command::Devices(SetDevices::default());
    assert_eq!(phone.asked.try_recv().unwrap(), none);
    for wrong in [r#"{"ear":null}"#, r#"{"ear":""}"#, r#"{"speaker":"x"}"#] {
        assert_eq!(put(wrong), 400, "{wrong}");
    }
}

#[test]
fn what_is_entered_of_a_wrap_up_reaches_the_core_as_it_was_meant() {
    let phone = phone(|_| Reply::Done);
    let some = |text: &str| Some(text.to_owned());
    let submit = |note| WrapUpAct::Submit {
        reason: "sale".to_owned(),
        note,
    };
    let draft = |reason, note| WrapUpAct::Draft { reason, note };
    for (name, body, act) in [
        ("submit", r#"{"reason":"sale"}"#, submit(None)),
        (
            "submit",
            r#"{"reason":"sale","note":"x"}"#,
            submit(some("x")),
        ),
        ("draft", r#"{"reason":"sale"}"#, draft(some("sale"), None)),
        ("draft", r#"{"note":""}"#, draft(None, some(""))),
        ("draft", "", draft(None, None)),
        ("extend", "", WrapUpAct::Extend),
    ] {
        let path = format!("/api/wrap-ups/2/{name}");
        assert_eq!(phone.post(&path, body).0, 200, "{path} {body}");
        let id = WrapUpId(2);
        assert_eq!(phone.asked(), Input::WrapUp { id, act }, "{path} {body}");
    }
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(4_001));
    let (status, problem) = phone.post("/api/wrap-ups/2/draft", &long);
    assert_eq!((status, &problem["field"]), (400, &json!("note")));
}

#[test]
fn an_act_reaches_the_core_with_the_account_that_was_named() {
    let phone = phone(|_| Reply::Done);
    let target = || Target("sip:bob@127.0.0.1".to_owned());
    let by = r#"{"to":"sip:bob@127.0.0.1","account":1}"#;
    for (name, act) in [
        ("forward", Act::Forward(target())),
        ("consult", Act::Consult(target())),
        ("transfer", Act::Transfer(Some(target()))),
    ] {
        let answer = phone.post(&format!("/api/calls/9/{name}"), by);
        assert_eq!(answer, (200, json!({"done": true})), "{name}");
        let call = CallId(9);
        let asked = Command::CoreBy {
            account: AccountId(1),
            input: Input::Act { call, act },
        };
        assert_eq!(phone.asked.try_recv().unwrap(), asked);
    }
}

fn refused(refusal: Refusal) -> Reply {
    Reply::Refused {
        refusal,
        allowed: vec![Act::Mute, Act::Transfer(None), Act::End],
    }
}

#[test]
fn a_refusal_is_409_and_says_why_and_what_is_allowed_and_an_unknown_call_is_404() {
    let phone = phone(|command| match command {
        Command::Core(Input::Act { call, .. }) if call.0 != 1 => refused(Refusal::NoSuchCall),
        Command::Core(Input::Act { act: Act::Swap, .. }) => refused(Refusal::NotHere(Stage::Held)),
        Command::Core(Input::WrapUp { .. }) => refused(Refusal::NoSuchWrapUp),
        Command::Core(_) => refused(Refusal::NoHoldInConference),
        Command::Say(_) => Reply::Wrong(Wrong::Unplayable("no RIFF tag found".to_owned())),
        _ => Reply::Wrong(Wrong::NoFileEnd),
    });
    let (status, body) = phone.post("/api/calls/1/hold", "{}");
    assert_eq!(status, 409);
    assert_eq!(body["type"], "urn:trialog:problem:no-hold-in-conference");
    assert_eq!(body["title"], "The act is refused");
    assert_eq!(body["status"], 409);
    assert_eq!(body["instance"], "/api/calls/1/hold");
    assert_eq!(
        body["detail"],
        "/api/calls/1/hold: Nobody is put on hold in a conference."
    );
    assert_eq!(body["refused"], "no-hold-in-conference");
    assert_eq!(body["reason"], "Nobody is put on hold in a conference.");
    assert_eq!(
        body["reason_de"],
        "In einer Konferenz wird niemand gehalten."
    );
    assert_eq!(body["allowed"], json!(["mute", "transfer", "end"]));
    let hint = body["hint"].as_str().unwrap();
    assert!(
        hint.ends_with("Allowed now: mute, transfer, end."),
        "{hint}"
    );
    let (status, body) = phone.post("/api/calls/1/swap", "{}");
    assert_eq!(status, 409);
    assert_eq!(body["refused"], "not-here");
    assert!(body["reason_de"].as_str().unwrap().contains("Gehalten"));
    for (path, code) in [
        ("/api/calls/2/hold", "no-such-call"),
        ("/api/calls/x/hold", "no-such-call"),
        ("/api/calls/+1/hold", "no-such-call"),
        ("/api/calls/-1/hold", "no-such-call"),
        ("/api/calls/4294967296/hold", "no-such-call"),
        ("/api/calls/%ff/hold", "no-such-call"),
        ("/api/calls/1/explode", "no-such-act"),
        ("/api/wrap-ups/1/explode", "no-such-act"),
        ("/api/nothing", "no-such-path"),
        ("/api/status/", "no-such-path"),
        ("/api/calls/1/hold/2", "no-such-path"),
        ("/api/calls/1/hold/", "no-such-path"),
        ("/api", "no-such-path"),
        ("/api/wrap-ups/1/extend", "no-such-wrap-up"),
    ] {
        let (status, body) = phone.post(path, "{}");
        assert_eq!(
            (status, body["refused"].as_str()),
            (404, Some(code)),
            "{path}"
        );
    }
    let known = &phone.post("/api/calls/1/explode", "{}").1["known"];
    assert!(known.as_array().unwrap().contains(&json!("end-consult")));
    let (status, body) = phone.post("/api/audio/say", r#"{"file":"/a"}"#);
    assert_eq!(
        (status, body["refused"].as_str()),
        (422, Some("unplayable"))
    );
}

#[test]
fn how_a_digit_went_is_the_answer_and_one_that_did_not_go_is_a_problem() {
    let phone = phone(|command| {
        let Command::Core(Input::Act {
            act: Act::Dtmf(digit),
            ..
        }) = command
        else {
            return Reply::Done;
        };
        let fault = match digit {
            b'1' => return Reply::Sent(DigitWay::Event),
            b'2' => return Reply::Sent(DigitWay::Info),
            b'3' => return Reply::Sent(DigitWay::InBand),
            b'4' => DigitFault::NotAgreed,
            b'5' => DigitFault::Refused { status: 415 },
            b'6' => DigitFault::NoAnswer,
            b'7' => DigitFault::NoSound,
            _ => DigitFault::Over,
        };
        Reply::Wrong(Wrong::NotSent(fault))
    });
    let send = |digit: u8| phone.post("/api/calls/1/dtmf", &format!("{{\"digit\":\"{digit}\"}}"));
    for (digit, way) in (1..).zip(["event", "info", "in-band"]) {
        assert_eq!(send(digit), (200, json!({"done": true, "digit": way})));
    }
    let words = ["telephone-event", "415", "answered", "no sound", "over"];
    for (digit, word) in (4..).zip(words) {
        let (status, problem) = send(digit);
        assert_eq!(
            (status, problem["refused"].as_str()),
            (409, Some("digit-not-sent"))
        );
        let reason = problem["reason"].as_str().unwrap();
        assert!(reason.contains(word), "{reason}");
    }
}

#[test]
fn a_bad_body_is_400_and_says_what_is_wrong_and_where() {
    let phone = phone(|_| Reply::Done);
    for (path, body, code, field) in [
        ("/api/calls", "{}", "bad-field", "to"),
        ("/api/calls", r#"{"too":"sip:a@b"}"#, "bad-field", "too"),
        (
            "/api/calls",
            r#"{"to":"a@b","account":"x"}"#,
            "bad-field",
            "account",
        ),
        ("/api/calls/1/consult", "", "bad-field", "to"),
        (
            "/api/calls/1/hold",
            r#"{"to":"sip:a@b"}"#,
            "bad-field",
            "to",
        ),
        ("/api/calls/1/dtmf", "{}", "bad-field", "digit"),
        (
            "/api/calls/1/dtmf",
            r#"{"digit":"55"}"#,
            "bad-field",
            "digit",
        ),
        (
            "/api/presence",
            r#"{"presence":"gone"}"#,
            "bad-field",
            "presence",
        ),
        ("/api/wrap-ups/1/submit", "{}", "bad-field", "reason"),
        (
            "/api/audio/say",
            r#"{"file":"relative.wav"}"#,
            "bad-field",
            "file",
        ),
        ("/api/shutdown?now=true", "", "bad-query", "now"),
    ] {
        let (status, answer) = phone.post(path, body);
        assert_eq!(status, 400, "{path} {body}");
        assert_eq!(answer["refused"], code, "{path} {body}");
        assert_eq!(answer["field"], field, "{path} {body}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(field), "{reason}");
    }
    let (_, answer) = phone.post("/api/calls", r#"{"too":"sip:a@b"}"#);
    assert_eq!(answer["known"], json!(["to", "account"]));
    let (status, answer) = phone.post("/api/calls", "{\n\"to\": sip:a@b}");
    assert_eq!(
        (status, answer["refused"].as_str()),
        (400, Some("bad-json"))
    );
    assert_eq!((&answer["line"], &answer["column"]), (&json!(2), &json!(7)));
    let long = format!(r#"{{"to":"{}"}}"#, "a".repeat(20_000));
    let (status, answer) = phone.post("/api/calls", &long);
    assert_eq!(
        (status, answer["refused"].as_str()),
        (413, Some("too-long"))
    );
    assert!(phone.asked.try_recv().is_err());
}

/// An answer to a request that is written byte by byte as it stands here: head and body.
fn raw(phone: &Phone, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(phone.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that closes while we still write resets; what it said before stands.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_ascii_lowercase(), body.to_owned())
}

fn request(phone: &Phone, line: &str, rest: &str) -> String {
    let (address, token) = (phone.address, &phone.token);
    format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{rest}"
    )
}

#[test]
fn a_wrong_method_is_405_with_the_right_one_and_other_types_are_415() {
    let phone = phone(|_| Reply::Done);
    for (line, allow) in [
        ("GET /api/calls/1/hold", "post"),
        ("DELETE /api/calls", "post"),
        ("POST /api/audio/devices", "put"),
        ("POST /api/status", "get, head"),
        ("OPTIONS /api/shutdown", "post"),
        ("PUT /api/openapi.json", "get, head"),
    ] {
        let (head, body) = raw(&phone, &request(&phone, line, "\r\n"));
        assert!(head.starts_with("http/1.1 405"), "{line}: {head}");
        assert!(head.contains(&format!("allow: {allow}")), "{line}: {head}");
        assert!(body.contains("wrong-method"), "{line}: {body}");
    }
    let typed = |kind: &str, body: &str| {
        let rest = format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len());
        raw(&phone, &request(&phone, "POST /api/hook", &rest)).0
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert!(typed(form, "{}").starts_with("http/1.1 415"));
    assert!(typed(form, "").starts_with("http/1.1 200"));
    assert!(typed("", "{}").starts_with("http/1.1 200"));
    let json = "Content-Type: Application/JSON; charset=utf-8\r\n";
    assert!(typed(json, "{}").starts_with("http/1.1 200"));
}

#[test]
fn what_could_be_read_in_two_ways_is_not_done() {
    let phone = phone(|_| Reply::Done);
    let hook = |rest: &str| raw(&phone, &request(&phone, "POST /api/hook", rest)).0;
    // RFC 9112 §6.3: different lengths, or a length that is none.
    for rest in [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        "Content-Length: +2\r\n\r\n{}",
        "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "X-Folded: a\r\n b: c\r\n: no name\r\n\r\n",
    ] {
        let head = hook(rest);
        assert!(head.starts_with("http/1.1 400"), "{rest:?}: {head}");
    }
    assert!(phone.asked.try_recv().is_err());
    let many = "X-Filler: x\r\n".repeat(100);
    let head = hook(&format!("{many}\r\n"));
    assert!(head.starts_with("http/1.1 431"), "{head}");
    let long = format!("X-Filler: {}\r\n\r\n", "x".repeat(40_000));
    let head = hook(&long);
    assert!(head.starts_with("http/1.1 431"), "{head}");
    assert!(phone.asked.try_recv().is_err());
    // One request a body: what follows the length is no second request that slips past the guard.
    let smuggled = "POST /api/shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let rest = format!("Content-Length: 0\r\n\r\n{smuggled}");
    assert!(hook(&rest).starts_with("http/1.1 200"));
    assert_eq!(phone.asked(), Input::Hook);
    assert!(phone.asked.try_recv().is_err());
}

#[test]
fn a_client_that_dawdles_keeps_nobody_else_waiting() {
    let phone = phone(|_| Reply::Done);
    let mut slow: Vec<_> = (0..40)
        .map(|_| TcpStream::connect(phone.address).unwrap())
        .collect();
    for (place, stream) in slow.iter_mut().enumerate() {
        let half = if place % 2 == 0 {
            "POST /api/hook HTTP/1.1\r\nHos".to_owned()
        } else {
            request(&phone, "POST /api/hook", "Content-Length: 2\r\n\r\n{")
        };
        stream.write_all(half.as_bytes()).unwrap();
    }
    assert_eq!(phone.get("/api/status").0, 200);
    // The one with half a body is told, the one with half a head is cut off.
    let body = &mut slow[1];
    body.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    body.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let head = &mut slow[0];
    head.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    let ended = head.read_to_end(&mut answer);
    assert!(ended.is_ok() || !answer.is_empty(), "{ended:?}");
}

#[test]
fn without_the_token_or_from_a_foreign_page_nothing_is_done() {
    let phone = phone(|_| Reply::Done);
    let url = format!("http://{}/api/shutdown", phone.address);
    let send = |headers: &[(&str, &str)]| {
        let mut request = agent().post(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send_empty().unwrap();
        let shown = response.headers().get("WWW-Authenticate").cloned();
        let shown = shown.map(|value| value.to_str().unwrap().to_owned());
        let problem: Value =
            serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!(problem["status"], response.status().as_u16());
        assert!(!problem.to_string().contains(&phone.token));
        (problem["refused"].as_str().unwrap().to_owned(), shown)
    };
    let realm = "Bearer realm=\"trialog\"".to_owned();
    let invalid = format!("{realm}, error=\"invalid_token\"");
    assert_eq!(send(&[]), ("no-token".to_owned(), Some(realm.clone())));
    let wrong = ("wrong-token".to_owned(), Some(invalid));
    assert_eq!(send(&[("Authorization", "Bearer 00")]), wrong);
    let longer = format!("Bearer {}0", phone.token);
    assert_eq!(send(&[("Authorization", &longer)]), wrong);
    let basic = format!("Basic {}", phone.token);
    assert_eq!(send(&[("Authorization", &basic)]).0, "no-token");
    let right = format!("Bearer {}", phone.token);
    let with = |name, value| send(&[("Authorization", &right), (name, value)]).0;
    assert_eq!(with("Host", "evil.example"), "foreign-host");
    assert_eq!(with("Origin", "http://evil.example"), "foreign-origin");
    assert_eq!(with("Origin", "null"), "foreign-origin");
    let in_query = format!("{url}?token={}", phone.token);
    assert_eq!(agent().post(&in_query).send_empty().unwrap().status(), 401);
    assert!(phone.asked.try_recv().is_err());
    let there = |path: &str| {
        let url = format!("http://{}{path}", phone.address);
        agent().get(url).call().unwrap().status().as_u16()
    };
    // Whether a path is there is told to no stranger.
    assert_eq!(there("/nothing"), 401);
    assert_eq!(there("/api/events"), 401);
    assert_eq!(there("/api/openapi.json"), 200);
}

#[test]
fn the_events_ask_for_the_same_and_the_refusal_does_not_show_the_token() {
    let phone = phone(|_| Reply::Done);
    let ask = |target: &str, headers: &str| {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n",
            phone.address
        );
        let mut stream = TcpStream::connect(phone.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = vec![0; 4_096];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let right = "/api/events";
    let token = format!("Authorization: Bearer {}\r\n", phone.token);
    assert!(ask(right, &token).starts_with("HTTP/1.1 101"));
    let evil = ask(right, &format!("{token}Origin: http://evil.example\r\n"));
    assert!(evil.starts_with("HTTP/1.1 403"), "{evil}");
    assert!(!evil.contains(&phone.token));
    assert!(ask("/api/events", "").starts_with("HTTP/1.1 401"));
    // No URL is a place for a token.
    let in_query = format!("{right}?token={}", phone.token);
    let refused = ask(&in_query, "");
    assert!(refused.starts_with("HTTP/1.1 401") && !refused.contains(&phone.token));
    let misspelt = ask(&format!("{right}?sinse=1"), &token);
    assert!(misspelt.starts_with("HTTP/1.1 400"), "{misspelt}");
    assert!(misspelt.contains("sinse") && !misspelt.contains(&phone.token));
    let (status, problem) = phone.get("/api/events");
    assert_eq!(
        (status, problem["refused"].as_str()),
        (426, Some("no-websocket"))
    );
}

#[test]
fn a_phone_that_has_ended_is_503() {
    let phone = phone(|_| Reply::Done);
    assert_eq!(phone.post("/api/shutdown", "").0, 200);
    let (status, problem) = phone.post("/api/hook", "");
    assert_eq!((status, problem["refused"].as_str()), (503, Some("ended")));
}
