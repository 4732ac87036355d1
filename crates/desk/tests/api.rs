//! The API on a real loopback port, in front of a scripted phone: each request, each kind of error, and the order of events.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::mpsc;
use tokio::net::TcpListener;
use trialog_call::{
    AccountId, Act, CallId, Input, Notice, Presence, Refusal, Snapshot, Stage, Target, WrapUpAct,
    WrapUpId,
};
use trialog_desk::model::Audio;
use trialog_desk::{
    Command, Desk, Feed, Identity, Order, Outcome, Problem, Token, UnixTime, serve, status,
};

struct Phone {
    address: SocketAddr,
    token: String,
    feed: Feed,
    asked: mpsc::Receiver<Command>,
}

fn snapshot() -> Snapshot {
    Snapshot {
        presence: Presence::Available,
        calls: Vec::new(),
        wrap_ups: Vec::new(),
        terminating: false,
    }
}

fn identity() -> Identity {
    Identity {
        name: "desk-test".to_owned(),
        version: "1".to_owned(),
        accounts: Vec::new(),
        reasons: Vec::new(),
        audio: Audio {
            end: "none".to_owned(),
            started_unix_us: None,
        },
        start: UnixTime(0),
    }
}

/// A phone that answers every order by `script`.
fn phone(script: fn(&Command) -> Outcome) -> Phone {
    let feed = Feed::new(status(&snapshot(), &identity()));
    let token = Token::new([7; 32]);
    let (orders, mut received) = tokio::sync::mpsc::channel::<Order>(8);
    let (note, asked) = mpsc::channel();
    let (told, address) = mpsc::channel();
    let desk = Desk {
        token: token.clone(),
        orders,
        feed: feed.clone(),
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            tokio::spawn(serve(listener, desk, std::future::pending()));
            while let Some(order) = received.recv().await {
                let outcome = script(&order.command);
                let _ = note.send(order.command);
                let _ = order.reply.send(outcome);
            }
        });
    });
    Phone {
        address: address.recv().unwrap(),
        token: token.reveal().to_owned(),
        feed,
        asked,
    }
}

impl Phone {
    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let mut response = agent()
            .post(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .send(body)
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (response.status().as_u16(), body)
    }

    fn asked(&self) -> Input {
        match self.asked.try_recv() {
            Ok(Command::Core(input)) => input,
            other => panic!("the core was not asked, but {other:?}"),
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

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

#[test]
fn events_begin_with_the_status_and_keep_their_order() {
    let phone = phone(|_| Outcome::Done);
    let url = format!("ws://{}/api/events?token={}", phone.address, phone.token);
    let (mut socket, _) = tungstenite::connect(url).unwrap();
    let mut next = || -> Value {
        let message = socket.read().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    };
    let first = next();
    assert_eq!(first["event"], "status");
    assert_eq!(first["status"]["name"], "desk-test");
    let seq = first["seq"].as_u64().unwrap();

    let same = status(&snapshot(), &identity());
    phone.feed.publish_status(same);
    phone.feed.publish_notice(&Notice::GuestRefused {
        call: CallId(4),
        guest: "Bob".to_owned(),
        status: 486,
    });
    let mut changed = snapshot();
    changed.presence = Presence::Idle;
    phone.feed.publish_status(status(&changed, &identity()));
    phone.feed.publish_notice(&Notice::DeviceGone);

    let notice = next();
    assert_eq!(notice["seq"], seq + 1);
    assert_eq!(notice["event"], "notice");
    assert_eq!(notice["notice"]["kind"], "guest-refused");
    assert_eq!(notice["notice"]["call"], 4);
    let text = notice["notice"]["text"].as_str().unwrap();
    assert_eq!(text, "Bob is busy; the customer is still on hold.");
    let changed = next();
    assert_eq!(changed["seq"], seq + 2);
    assert_eq!(changed["status"]["presence"], "idle");
    let gone = next();
    assert_eq!(gone["seq"], seq + 3);
    assert_eq!(gone["notice"]["kind"], "device-gone");
}

#[test]
fn the_first_page_and_the_last_are_told_to_the_core() {
    let phone = phone(|_| Outcome::Done);
    let base = format!("ws://{}/api/events?token={}", phone.address, phone.token);
    let page = format!("{base}&page=true");
    let wait = || {
        phone
            .asked
            .recv_timeout(std::time::Duration::from_secs(5))
            .unwrap()
    };
    let (watcher, _) = tungstenite::connect(&base).unwrap();
    let (one, _) = tungstenite::connect(&page).unwrap();
    assert_eq!(wait(), Command::Core(Input::PageOpen(true)));
    drop(watcher);
    drop(one);
    assert_eq!(wait(), Command::Core(Input::PageOpen(false)));
    assert!(tungstenite::connect(format!("ws://{}/api/events", phone.address)).is_err());
}
