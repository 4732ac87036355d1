//! The events on a real WebSocket, in front of a scripted phone: that each change has one, that none is lost, and what becomes of
//! a client that is slow, comes back or never reads.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::{Phone, phone};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::Duration;
use trialog_call::{
    AccountId, Act, ActView, AwayReason, CallId, CallRecord, CallView, EndReason, Input, LegId,
    LegView, Notice, PartyIdentity, Presence, Refusal, Role, Snapshot, Stage, Time, TurnedAway,
    WrapUpId, WrapUpView,
};
use trialog_desk::{Command, Reply};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(20);

struct Client(WebSocket<MaybeTlsStream<TcpStream>>);

impl Client {
    fn new(phone: &Phone, query: &str) -> Self {
        let query = query.trim_start_matches('&');
        let (socket, _) = tungstenite::connect(scripted::events(phone, query)).unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        Self(socket)
    }

    fn message(&mut self) -> Message {
        loop {
            match self.0.read().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(self.message().to_text().unwrap()).unwrap()
    }

    /// The next events up to the first of this name.
    fn until(&mut self, name: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if events.last().unwrap()["event"] == name {
                return events;
            }
        }
    }
}

fn leg(name: &str) -> LegView {
    LegView {
        id: LegId::Received(1),
        role: Role::Customer,
        party: PartyIdentity::named(name).into(),
        up: false,
        up_since: None,
        held: false,
        held_since: None,
        far_held: false,
        silent: false,
        secured: trialog_call::Secured::default(),
        redirected_to: None,
    }
}

fn call(id: u32, stage: Stage) -> CallView {
    CallView {
        id: CallId(id),
        account: AccountId(0),
        role: Role::Owner,
        stage,
        muted: false,
        origin: Default::default(),
        legs: vec![leg("Carla")],
        referral: None,
        acts: vec![ActView {
            act: Act::Answer,
            refusal: None,
        }],
        since: Time::ZERO,
        answered: None,
    }
}

fn wrap_up(id: u32) -> WrapUpView {
    WrapUpView {
        id: WrapUpId(id),
        call: CallId(1),
        peer: PartyIdentity::named("Carla").into(),
        due: true,
        reason: None,
        note: None,
        deadline: None,
    }
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect()
}

/// A turn that ends with a mark that the test can wait for.
fn mark(phone: &Phone, at: u32) {
    phone.feed.notice(&Notice::Transferred { call: CallId(at) });
    phone.turn(|_| {});
}

fn out_of_order() -> EndReason {
    EndReason {
        protocol: "Q.850".to_owned(),
        not_secured: None,
        cause: Some(38),
        text: Some("Network out of order".to_owned()),
    }
}

fn began(call: CallId) -> CallRecord {
    CallRecord::Began {
        call,
        role: Role::Owner,
        peer: PartyIdentity::named("Carla").into(),
        origin: Default::default(),
        incoming: true,
        at: Time::ZERO,
    }
}

#[test]
fn the_status_is_first_and_each_change_has_its_event_and_its_number() {
    let phone = phone(|_| Reply::Done);
    assert!(!phone.feed.is_watched());
    let mut client = Client::new(&phone, "");
    let first = client.next();
    assert_eq!(first["event"], "status");
    assert_eq!(first["why"], "connected");
    assert_eq!(first["status"]["name"], "desk-test");
    assert!(phone.feed.is_watched());
    let mut seq = first["seq"].as_u64().unwrap();

    let (id, at) = (CallId(1), Time::ZERO);
    phone.feed.record(&began(id));
    phone.turn(|now| now.calls.push(call(1, Stage::Offered)));
    phone.feed.record(&CallRecord::Connected { call: id, at });
    phone.turn(|now| {
        now.calls[0].stage = Stage::Connected;
        now.calls[0].legs[0].up = true;
    });
    phone.turn(|now| now.calls[0].legs[0].silent = true);
    // The same again is no event.
    phone.turn(|_| {});
    phone.feed.notice(&Notice::Dtmf {
        call: id,
        digit: b'7',
    });
    phone.turn(|_| {});
    let hold = Input::Act {
        call: id,
        act: Act::Hold,
    };
    phone.feed.refused(&hold, Refusal::NoHoldInConference);
    phone.turn(|_| {});
    phone.turn(|now| now.presence = Presence::Idle);
    phone.feed.record(&CallRecord::Finished {
        call: id,
        outcome: trialog_call::Outcome::FarEnded,
        reason: Some(out_of_order().into()),
        at,
    });
    phone.feed.record(&CallRecord::WrapUpOpened {
        id: WrapUpId(1),
        call: id,
        due: true,
        at,
    });
    phone.turn(|now| {
        now.calls[0].stage = Stage::Ending;
        now.wrap_ups.push(wrap_up(1));
    });
    phone.turn(|now| now.calls.clear());
    phone.feed.record(&CallRecord::WrapUpSubmitted {
        id: WrapUpId(1),
        call: id,
        reason: "sale".to_owned(),
        note: None,
        timed: false,
        at,
    });
    phone.turn(|now| now.wrap_ups.clear());
    phone.turn(|now| now.terminating = true);

    let events = client.until("ending");
    for event in &events {
        seq += 1;
        assert_eq!(event["seq"], seq, "{event}");
    }
    let expected = [
        "call-offered",
        "call-changed",
        "call-answered",
        "call-changed",
        "notice",
        "refused",
        "presence",
        "call-changed",
        "wrap-up-changed",
        "call-ended",
        "wrap-up-due",
        "call-gone",
        "wrap-up-submitted",
        "ending",
    ];
    assert_eq!(names(&events), expected);
    assert_eq!(events[0]["peer"]["name"], "Carla");
    assert_eq!(events[0]["view"]["stage"], "offered");
    assert_eq!(events[1]["was"], "offered");
    assert_eq!(events[1]["changed"], json!(["stage", "legs"]));
    assert_eq!(events[1]["view"]["stage"], "connected");
    assert_eq!(events[3]["changed"], json!(["legs"]));
    assert!(events[3].get("was").is_none());
    assert_eq!(events[4]["notice"]["digit"], "7");
    assert_eq!(events[5]["act"], "hold");
    assert_eq!(events[5]["call"], 1);
    assert_eq!(events[5]["refused"], "no-hold-in-conference");
    assert_eq!(events[9]["outcome"], "far-ended");
    assert_eq!(events[9]["reason"]["cause"], 38);
    assert_eq!(events[12]["reason"], "sale");
}

/// What a client knows that applies each event to what it knew.
fn apply(known: &mut Value, event: &Value) {
    let place = |list: &mut Value, view: &Value| {
        let list = list.as_array_mut().unwrap();
        match list.iter_mut().find(|old| old["id"] == view["id"]) {
            Some(old) => *old = view.clone(),
            None => list.push(view.clone()),
        }
    };
    match event["event"].as_str().unwrap() {
        "call-offered" | "call-placed" if event.get("view").is_none() => {}
        "call-offered" | "call-placed" | "call-changed" => {
            place(&mut known["calls"], &event["view"]);
        }
        "call-gone" => {
            let calls = known["calls"].as_array_mut().unwrap();
            calls.retain(|call| call["id"] != event["call"]);
        }
        "wrap-up-changed" => place(&mut known["wrap_ups"], &event["view"]),
        "wrap-up-submitted" => {
            let wrap_ups = known["wrap_ups"].as_array_mut().unwrap();
            wrap_ups.retain(|wrap_up| wrap_up["id"] != event["wrap_up"]);
        }
        "registration" => place(&mut known["accounts"], &event["account"]),
        "lamp" => place(&mut known["lamps"], &event["lamp"]),
        "voicemail" => {
            let accounts = known["accounts"].as_array_mut().expect("a list");
            let own = accounts
                .iter_mut()
                .find(|one| one["id"] == event["account"]);
            let own = own.and_then(Value::as_object_mut).expect("an account");
            match event.get("voicemail") {
                Some(state) => own.insert("voicemail".to_owned(), state.clone()),
                None => own.remove("voicemail"),
            };
        }
        "presence" => {
            known["presence"] = event["presence"].clone();
            known["presence_since_ms"] = event["since_ms"].clone();
            let known = known.as_object_mut().unwrap();
            match event.get("callers_get") {
                Some(status) => known.insert("callers_get".to_owned(), status.clone()),
                None => known.remove("callers_get"),
            };
        }
        "audio" => known["audio"] = event["audio"].clone(),
        "ending" => known["terminating"] = json!(true),
        "status" => *known = event["status"].clone(),
        _ => {}
    }
}

/// A small generator of its own: a test must fail the same way again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's constants for a linear congruential generator of 64 bits.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Something that can happen to a phone, together with what its core would say of it.
fn happen(phone: &Phone, now: &mut Snapshot, chance: &mut Chance, next: &mut u32) {
    let at = Time::ZERO;
    let some = usize::try_from(chance.below(8)).unwrap();
    match chance.below(9) {
        0 | 1 => {
            *next += 1;
            phone.feed.record(&CallRecord::Began {
                call: CallId(*next),
                role: Role::Owner,
                peer: PartyIdentity::named("Carla").into(),
                origin: Default::default(),
                incoming: chance.below(2) == 0,
                at,
            });
            // One in four is over before the turn is.
            if chance.below(4) > 0 {
                now.calls.push(call(*next, Stage::Offered));
            }
        }
        2 if !now.calls.is_empty() => {
            let place = some % now.calls.len();
            now.calls.remove(place);
        }
        3 if !now.calls.is_empty() => {
            let place = some % now.calls.len();
            let stages = [Stage::Connected, Stage::Held, Stage::Conference];
            now.calls[place].stage = stages[some % 3];
        }
        4 if !now.calls.is_empty() => {
            let place = some % now.calls.len();
            now.calls[place].muted ^= true;
            now.calls[place].legs.push(leg("Gus"));
        }
        5 => {
            *next += 1;
            now.wrap_ups.push(wrap_up(*next));
        }
        6 if !now.wrap_ups.is_empty() => {
            now.wrap_ups[0].reason = Some(format!("reason {some}"));
        }
        7 if !now.wrap_ups.is_empty() => {
            let WrapUpView { id, call, .. } = now.wrap_ups.remove(0);
            phone.feed.record(&CallRecord::WrapUpSubmitted {
                id,
                call,
                reason: "sale".to_owned(),
                note: None,
                timed: true,
                at,
            });
        }
        _ => {
            let idle = now.presence == Presence::Available;
            now.presence = if idle {
                Presence::Idle
            } else {
                Presence::Available
            };
            now.turns_away = idle.then_some(TurnedAway {
                status: 480,
                why: AwayReason::Idle,
            });
        }
    }
}

#[test]
fn whoever_applies_the_events_knows_the_status() {
    let phone = phone(|_| Reply::Done);
    for seed in 0..20 {
        let mut client = Client::new(&phone, "");
        let mut known = client.next()["status"].clone();
        let (mut chance, mut next) = (Chance(seed), 1_000 * u32::try_from(seed).unwrap());
        for turn in 0..20 {
            phone.turn(|now| {
                for _ in 0..=chance.below(3) {
                    happen(&phone, now, &mut chance, &mut next);
                }
            });
            mark(&phone, turn);
        }
        mark(&phone, 99);
        loop {
            let event = client.next();
            apply(&mut known, &event);
            if event["notice"]["call"] == 99 {
                break;
            }
        }
        assert_eq!(known, phone.get("/api/status").1, "seed {seed}");
        phone.turn(|now| {
            now.calls.clear();
            now.wrap_ups.clear();
        });
    }
}

#[test]
fn who_comes_back_gets_what_it_missed_and_else_the_whole_status() {
    let phone = phone(|_| Reply::Done);
    let mut client = Client::new(&phone, "");
    let seq = client.next()["seq"].as_u64().unwrap();
    mark(&phone, 1);
    assert_eq!(client.next()["seq"], seq + 1);
    drop(client);
    mark(&phone, 2);
    mark(&phone, 3);
    let mut back = Client::new(&phone, &format!("&since={}", seq + 1));
    assert_eq!(back.next()["notice"]["call"], 2);
    assert_eq!(back.next()["notice"]["call"], 3);
    mark(&phone, 4);
    let last = back.next();
    assert_eq!(last["notice"]["call"], 4);
    assert_eq!(last["seq"], seq + 4);
    for unknown in [seq.saturating_sub(1), seq + 1_000] {
        let mut late = Client::new(&phone, &format!("&since={unknown}"));
        let first = late.next();
        assert_eq!(first["event"], "status");
        assert_eq!(first["why"], "too-old");
        assert_eq!(first["seq"], seq + 4);
    }
}

#[test]
fn a_client_that_reads_nothing_keeps_neither_the_phone_nor_fifty_others_waiting() {
    let phone = phone(|_| Reply::Done);
    let mut stuck = Client::new(&phone, "");
    let mut others: Vec<_> = (0..50).map(|_| Client::new(&phone, "")).collect();
    for client in &mut others {
        client.next();
    }
    // Far more than the sockets between us hold, and than is kept.
    const TURNS: u32 = 6_000;
    let long = "x".repeat(4_000);
    phone.turn(|now| now.calls.push(call(1, Stage::Connected)));
    std::thread::scope(|scope| {
        for client in &mut others {
            scope.spawn(|| {
                let mut seq = None;
                loop {
                    let event = client.next();
                    let this = event["seq"].as_u64().unwrap();
                    if event["event"] == "status" {
                        assert_eq!(event["why"], "too-slow");
                    } else {
                        assert!(seq.is_none_or(|before| this == before + 1), "{this}");
                    }
                    seq = Some(this);
                    if event["notice"]["call"] == 7 || event["status"]["presence"] == "idle" {
                        return;
                    }
                }
            });
        }
        for turn in 0..TURNS {
            let party = PartyIdentity::named(&format!("{turn} {long}"));
            phone.turn(|now| now.calls[0].legs[0].party = party.into());
        }
        phone.turn(|now| now.presence = Presence::Idle);
        mark(&phone, 7);
    });
    // Now it reads after all: what it had got, and wherever events are missing, how many, with all that there was then.
    let mut known = Value::Null;
    let (mut seq, mut jumps) = (None::<u64>, 0);
    while known["presence"] != "idle" {
        let event = stuck.next();
        let this = event["seq"].as_u64().unwrap();
        match (seq, event["event"].as_str().unwrap()) {
            (None, _) => assert_eq!(event["why"], "connected"),
            (Some(before), "status") => {
                jumps += 1;
                assert_eq!(event["why"], "too-slow");
                assert_eq!(event["missed"].as_u64().unwrap(), this - before);
            }
            (Some(before), _) => assert_eq!(this, before + 1),
        }
        seq = Some(this);
        apply(&mut known, &event);
    }
    assert!(jumps > 0);
}

#[test]
fn the_whole_status_follows_each_change_for_who_asks() {
    let phone = phone(|_| Reply::Done);
    let mut client = Client::new(&phone, "&status=true");
    client.next();
    phone.turn(|now| now.presence = Presence::Idle);
    let change = client.next();
    assert_eq!(change["event"], "presence");
    let status = client.next();
    assert_eq!(status["why"], "asked");
    assert_eq!(status["seq"], change["seq"]);
    assert_eq!(status["status"]["presence"], "idle");
}

#[test]
fn the_end_of_the_phone_is_told_by_the_close_code() {
    let phone = phone(|_| Reply::Done);
    let mut client = Client::new(&phone, "");
    client.next();
    phone.turn(|now| now.terminating = true);
    phone.feed.end();
    assert_eq!(client.next()["event"], "ending");
    let Message::Close(Some(frame)) = client.message() else {
        panic!("no farewell");
    };
    assert_eq!(u16::from(frame.code), 1001);
    assert_eq!(frame.reason, "the phone has ended");
}

#[test]
fn what_a_client_says_is_not_heard_and_too_much_of_it_ends_the_connection() {
    let phone = phone(|_| Reply::Done);
    let mut client = Client::new(&phone, "");
    client.next();
    client.0.send(Message::text("hello")).unwrap();
    mark(&phone, 1);
    assert_eq!(client.next()["notice"]["call"], 1);
    client.0.send(Message::text("x".repeat(2_000))).unwrap();
    let ended = loop {
        match client.0.read() {
            Ok(Message::Close(_)) | Err(_) => break true,
            Ok(_) => {}
        }
    };
    assert!(ended);
}

#[test]
fn the_first_page_and_the_last_are_told_to_the_core() {
    let phone = phone(|_| Reply::Done);
    let wait = || {
        phone
            .asked
            .recv_timeout(std::time::Duration::from_secs(5))
            .unwrap()
    };
    let watcher = Client::new(&phone, "");
    let one = Client::new(&phone, "&page=true");
    assert_eq!(wait(), Command::Core(Input::PageOpen(true)));
    drop(watcher);
    drop(one);
    assert_eq!(wait(), Command::Core(Input::PageOpen(false)));
    assert!(tungstenite::connect(format!("ws://{}/api/events", phone.address)).is_err());
}

#[test]
fn what_changes_beside_the_calls_has_its_event_too() {
    use std::sync::Arc;
    use trialog_desk::{IdleFor, UnixTime};
    let phone = phone(|_| Reply::Done);
    let mut client = Client::new(&phone, "");
    client.next();
    phone.turn(|now| now.calls.push(call(1, Stage::Connected)));
    let shown = phone.shown.lock().unwrap().clone();
    let mut identity = Arc::clone(&phone.identity);
    let publish = |identity: &Arc<_>, idle: bool| {
        let mut shown = shown.clone();
        if idle {
            shown.presence = Presence::Idle;
        }
        phone.feed.publish(UnixTime(3), shown, identity);
    };
    Arc::make_mut(&mut identity)
        .quality
        .insert(LegId::Received(1), quality());
    publish(&identity, false);
    let event = client.next();
    assert_eq!(
        (&event["event"], &event["leg"]),
        (&json!("quality"), &json!("r1"))
    );
    assert_eq!(event["quality"]["verdict"], "good");
    // The same again is no event; nothing at all is one.
    publish(&identity, false);
    Arc::make_mut(&mut identity).quality.clear();
    publish(&identity, false);
    let event = client.next();
    assert_eq!(
        (&event["event"], &event["quality"]),
        (&json!("quality"), &Value::Null)
    );
    let since = Time(Duration::from_secs(9));
    let reason = "lunch".to_owned();
    Arc::make_mut(&mut identity).idle = Some(IdleFor { reason, since });
    publish(&identity, true);
    let event = client.next();
    assert_eq!(event["idle_reason"], "lunch");
    assert_eq!(event["since_ms"], 9_000, "the reason's own time");
    let guest = PartyIdentity::named("Gus").into();
    let notice = Notice::GuestRefused {
        call: CallId(1),
        guest,
        status: 486,
    };
    let notice = trialog_desk::Feed::grave(&notice).unwrap();
    let (id, at_ms) = (1, 5);
    Arc::make_mut(&mut identity)
        .unread
        .push(trialog_api::Unread { id, at_ms, notice });
    publish(&identity, true);
    let event = client.next();
    assert_eq!(event["event"], "unread");
    assert_eq!(event["unread"][0]["kind"], "guest-refused");
    assert_eq!(event["unread"][0]["grave"], true);
    let passing = Notice::Transferred { call: CallId(1) };
    assert_eq!(trialog_desk::Feed::grave(&passing), None);
}

fn quality() -> trialog_api::Quality {
    trialog_api::Quality {
        lost_percent: 0.7,
        late_percent: 0.0,
        jitter_ms: 2.5,
        target_ms: 11.0,
        delay_ms: 12.0,
        round_trip_ms: None,
        far_lost_percent: None,
        mos_estimate: 4.3,
        verdict: trialog_api::Verdict::Good,
        verdict_text: "Good".to_owned(),
        verdict_text_de: "Gut".to_owned(),
        recent: vec![4.3],
    }
}
