//! One phone in the middle of a story, for the document's examples: Carla has called, and the agent consults Gus. They are made
//! as real answers are, so they can't be wrong about their shape.
mod traced;

use crate::command::{DigitFault, Wrong};
use crate::feed::{Feed, example_events};
use crate::messages::{self, RegistrarFault};
use crate::problem::{Failure, Kind};
use crate::table::Method;
use crate::view::{Identity, Look, UnixTime, account};
use crate::{guard, members, names, routes, socket, wrong};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
pub(super) use traced::trace;
use trialog_api as api;
use trialog_api::request::Dial;
use trialog_api::{AudioEnd, RegistrationState, Status};
use trialog_call::{
    AccountId, Act, ActView, CallId, CallOrigin, CallView, LegId, LegView, Notice, PartyIdentity,
    Presence, Refusal, Role, Snapshot, Stage, Target, Time, WrapUpId, WrapUpView,
};

/// By the schema's name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let status = status();
    let one = |value: Value| json!([value]);
    let party = status.calls[0].diverted_from[0].clone();
    let secured = api::Secured {
        signalling: true,
        media: true,
    };
    let transfer = api::TransferRequest {
        by: party.clone(),
        party,
        attended: true,
        elsewhere: false,
        outside: false,
    };
    let elsewhere = api::EndReason {
        protocol: "SIP".into(),
        not_secured: None,
        cause: Some(200),
        text: Some("Call completed elsewhere".into()),
        text_de: None,
    };
    let expired = api::EndReason {
        protocol: "TLS".into(),
        not_secured: Some(api::NotSecured::Expired),
        cause: None,
        text: Some("its certificate has expired".into()),
        text_de: Some("sein Zertifikat ist abgelaufen".into()),
    };
    vec![
        ("Call", one(json!(status.calls[0]))),
        ("CallLeg", one(json!(status.calls[0].legs[0]))),
        ("Quality", one(json!(status.calls[0].legs[0].quality))),
        ("Unread", json!(status.unread)),
        ("Levels", one(json!(levels()))),
        ("LegLevel", json!(levels().legs)),
        ("Party", json!(status.calls[0].diverted_from)),
        ("TransferRequest", one(json!(transfer))),
        ("Secured", one(json!(secured))),
        ("EndReason", json!([elsewhere, expired])),
        (
            "Act",
            json!([status.calls[0].acts[0], status.calls[0].acts[1]]),
        ),
        ("WrapUp", one(json!(status.wrap_ups[0]))),
        ("Account", json!(status.accounts)),
        ("Voicemail", one(json!(status.accounts[0].voicemail))),
        ("Lamp", json!(status.lamps)),
        ("IdleReason", json!(status.idle_reasons)),
        ("WrapUpReason", json!(status.reasons)),
        ("Audio", one(json!(status.audio))),
        ("AskedDevices", one(json!(status.audio.asked))),
        ("KnownDevices", one(json!(status.audio.known))),
        ("SoundDevice", json!(status.audio.known.ears)),
        ("Records", one(json!({"failing": "the disk is full"}))),
        ("History", one(json!(history()))),
        ("HistoryCall", json!(history().calls)),
        ("HistoryLeg", json!(history().calls[0].legs)),
        ("HistoryEvent", json!(history().calls[0].events)),
        ("HistoryWrapUp", json!(history().calls[0].wrap_ups)),
        ("WebhookMessage", one(webhook())),
        ("CallTrace", one(json!(trace()))),
        ("TraceLeg", json!(trace().legs)),
        ("TraceMessage", json!(trace().messages)),
        ("TraceStep", json!(trace().steps)),
        ("LegSound", json!(trace().sound)),
        ("SoundFrom", one(json!(trace().sound[0].from_party))),
        ("SoundTo", one(json!(trace().sound[0].to_party))),
        ("Status", one(json!(status))),
        ("Event", json!(example_events(&before(), &now(), status))),
        (
            "Done",
            json!([{"done": true}, {"done": true, "digit": "event"}]),
        ),
        (
            "Invitation",
            one(json!({"code": "9f0c0c3d5a1e4b7f", "seconds": 300})),
        ),
        ("Directory", one(directory())),
        ("Contact", one(directory()["contacts"][0].clone())),
        ("Paired", one(paired())),
        ("Ticket", one(ticket())),
        ("Placed", one(json!({"call": 1}))),
        (
            "Problem",
            json!([
                problem(Kind::Refused(Refusal::NoHoldInConference)),
                problem(Kind::BadField)
            ]),
        ),
    ]
}

pub(super) fn webhook() -> Value {
    let call = history().calls.remove(0);
    let wrap_up = call.wrap_ups.first().map(|wrap_up| wrap_up.wrap_up);
    json!(api::WebhookMessage {
        id: "msg_0f1c7c2f6f0b4a0e8f9f4f6d2f1c3b5a".to_owned(),
        event: api::WebhookEvent::WrapUpSubmitted,
        at_ms: 1_795_340_718_123,
        call,
        wrap_up,
    })
}

pub(super) fn directory() -> Value {
    json!({"contacts": [{"name": "Gus", "number": "202"}]})
}

pub(super) fn paired() -> Value {
    json!({"proof": "5be1".repeat(16)})
}

pub(super) fn ticket() -> Value {
    json!({"ticket": "0d7c".repeat(16), "role": "agent"})
}

pub(super) fn status() -> Status {
    now().status()
}

/// A problem of a kind, as a client gets it.
pub(super) fn problem(kind: Kind) -> api::Problem {
    let calls = "/api/calls";
    let (instance, failure) = match kind {
        Kind::BadRequest => (calls, guard::not_one_host()),
        Kind::BadQuery => ("/api/events", routes::no_query()),
        Kind::BadJson => (calls, wrong_body("{\"to\": sip:bob@example.com}")),
        Kind::BadField => (calls, wrong_body("{\"too\": \"sip:bob@example.com\"}")),
        Kind::BadAddress => (calls, wrong::failure(Wrong::BadAddress)),
        Kind::UnsupportedTransport => (calls, wrong::failure(Wrong::UnsupportedTransport)),
        Kind::NoToken => (calls, guard::no_token()),
        Kind::WrongToken => (calls, guard::wrong_token()),
        Kind::WrongRole => {
            let role = api::AccessRole::Supervisor;
            (calls, guard::wrong_role(role, api::AccessRole::Agent))
        }
        Kind::WrongCode => ("/api/page/pair", routes::wrong_code()),
        Kind::ForeignHost => (calls, guard::foreign_host()),
        Kind::ForeignOrigin => (calls, guard::foreign_origin()),
        Kind::NoSuchPath => ("/api/call", routes::nothing_at("/api/call")),
        Kind::NoSuchAct => ("/api/calls/1/halt", routes::nothing_at("/api/calls/1/halt")),
        Kind::WrongMethod => (calls, routes::wrong_method(Method::Post)),
        Kind::TooSlow => (calls, routes::too_slow()),
        Kind::NoRegistrar => ("/api/register", wrong::failure(Wrong::NoRegistrar)),
        Kind::NothingRings => ("/api/pickup", wrong::failure(Wrong::NothingRings)),
        Kind::NoDeviceEnd => ("/api/audio/devices", wrong::failure(Wrong::NoDeviceEnd)),
        Kind::NoFileEnd => ("/api/audio/say", wrong::failure(Wrong::NoFileEnd)),
        Kind::TooLong => (calls, routes::too_long()),
        Kind::NotJson => (calls, routes::not_json()),
        Kind::Unplayable => {
            let why = "No such file or directory (os error 2)".to_owned();
            ("/api/audio/say", wrong::failure(Wrong::Unplayable(why)))
        }
        Kind::DigitNotSent => {
            let fault = DigitFault::Refused { status: 415 };
            ("/api/calls/1/dtmf", wrong::failure(Wrong::NotSent(fault)))
        }
        Kind::NoWebSocket => ("/api/events", routes::no_websocket()),
        Kind::TooManyReaders => ("/api/events", socket::too_many()),
        Kind::NoAnswer => ("/api/hook", routes::no_answer()),
        Kind::Ended => ("/api/hook", routes::ended()),
        Kind::NotRead => (
            "/api/history",
            routes::not_read("database disk image is malformed"),
        ),
        Kind::NotKept => (
            "/api/wrap-ups/1/submit",
            routes::not_kept("the disk is full"),
        ),
        Kind::Refused(refusal) => {
            let allowed = [Act::Mute, Act::Transfer(None), Act::End];
            let instance = match refusal {
                Refusal::NoSuchWrapUp | Refusal::NoSuchReason | Refusal::StillTalking => {
                    "/api/wrap-ups/1/submit"
                }
                Refusal::NoSuchAccount
                | Refusal::TooManyCalls
                | Refusal::NoRtpPort
                | Refusal::Terminating => calls,
                _ => "/api/calls/1/hold",
            };
            let allowed = if instance.ends_with("hold") {
                &allowed[..]
            } else {
                &[]
            };
            (instance, Failure::refused(refusal, allowed))
        }
    };
    debug_assert_eq!(failure.kind, kind);
    failure.document(instance)
}

/// A page with the call of the story, which Gus has taken over in the end.
pub(super) fn history() -> api::History {
    let Look { snapshot, identity } = now();
    let (view, start) = (&snapshot.calls[0], identity.start.0);
    let [carla, gus] = [0, 1].map(|place| names::party(&view.legs[place].party));
    let leg = |leg: usize, party: &api::Party, began_ms, answered_ms| api::HistoryLeg {
        leg: names::leg(view.legs[leg].id),
        role: names::role(view.legs[leg].role).to_string(),
        party: party.clone(),
        began_ms,
        answered_ms: Some(answered_ms),
        ended_ms: Some(start + 90_000),
    };
    let call = api::HistoryCall {
        id: 4711,
        phone: identity.name.clone(),
        call: Some(view.id.0),
        kind: api::HistoryKind::Answered,
        incoming: true,
        role: names::role(view.role).to_string(),
        peer: carla.clone(),
        called: view.origin.called.as_ref().map(names::party),
        diverted_from: view.origin.diverted_from.iter().map(names::party).collect(),
        referred_by: None,
        began_ms: start,
        connected_ms: Some(start + 4_000),
        ended_ms: Some(start + 90_000),
        outcome: Some(api::Outcome::Transferred.to_string()),
        status: None,
        why: None,
        calls: 1,
        transferred_to: Some(gus.clone()),
        legs: vec![
            leg(0, &carla, start, start + 4_000),
            leg(1, &gus, start + 60_000, start + 66_000),
        ],
        events: vec![api::HistoryEvent {
            at_ms: start + 88_000,
            kind: api::ActName::Transfer.to_string(),
            party: Some(gus.clone()),
            detail: None,
        }],
        wrap_ups: vec![api::HistoryWrapUp {
            wrap_up: 1,
            opened_ms: start + 88_000,
            due_ms: Some(start + 90_000),
            reason: Some("sale".to_owned()),
            note: Some("Calls back on Monday.".to_owned()),
            timed: false,
            submitted_ms: Some(start + 95_000),
        }],
    };
    api::History {
        calls: vec![call],
        next: Some(4711),
    }
}

/// What is wrong with this body of a call's placing.
fn wrong_body(body: &str) -> Failure {
    members::of_body::<Dial>(body.as_bytes()).expect_err("these bodies are wrong on purpose")
}

fn party(name: &str, number: &str) -> PartyIdentity {
    PartyIdentity {
        name: Some(name.to_owned()),
        asserted: true,
        ..PartyIdentity::called(&Target(format!("sip:{number}@example.com")))
    }
}

fn look(stage: Stage) -> Look {
    let carla = party("Carla", "+4930123456");
    let origin = CallOrigin {
        called: Some(party("Support", "800")),
        diverted_from: vec![party("Sales", "810")],
        referred_by: None,
    };
    let leg = |id, role, party: PartyIdentity, held| LegView {
        id,
        role,
        party: party.into(),
        up: true,
        up_since: Some(Time(Duration::from_secs(5))),
        held,
        held_since: held.then_some(Time(Duration::from_secs(50))),
        far_held: false,
        silent: false,
        secured: trialog_call::Secured::default(),
        redirected_to: None,
    };
    let act = |act, refusal| ActView { act, refusal };
    let call = CallView {
        id: CallId(1),
        account: AccountId(0),
        role: Role::Owner,
        stage,
        muted: false,
        origin: origin.into(),
        legs: vec![
            leg(
                LegId::Received(1),
                Role::Customer,
                carla.clone(),
                stage != Stage::Connected,
            ),
            leg(LegId::Placed(2), Role::Guest, party("Gus", "202"), false),
        ],
        referral: None,
        acts: vec![
            act(Act::Conference, None),
            act(Act::End, Some(Refusal::EndConsultFirst)),
            act(Act::Transfer(Some(Target(String::new()))), None),
        ],
        since: Time(Duration::from_secs(61)),
        answered: Some(Time(Duration::from_secs(5))),
    };
    let wrap_up = WrapUpView {
        id: WrapUpId(1),
        call: CallId(1),
        peer: carla.into(),
        due: stage == Stage::Ending,
        reason: Some("sale".to_owned()),
        note: Some("Calls back on Monday.".to_owned()),
        deadline: None,
    };
    let snapshot = Snapshot {
        presence: Presence::Available,
        presence_since: Time::ZERO,
        turns_away: None,
        calls: vec![call],
        wrap_ups: vec![wrap_up],
        terminating: false,
    };
    Look {
        snapshot,
        identity: Arc::new(identity()),
    }
}

fn before() -> Look {
    look(Stage::ConsultRequested)
}

fn now() -> Look {
    let mut look = look(Stage::Consulting);
    let identity = Arc::make_mut(&mut look.identity);
    identity.quality.insert(LegId::Received(1), quality());
    identity.unread.extend(unread());
    look
}

fn unread() -> Option<api::Unread> {
    let status = 486;
    let guest = PartyIdentity::named("Gus").into();
    let call = CallId(1);
    let notice = Notice::GuestRefused {
        call,
        guest,
        status,
    };
    Some(api::Unread {
        id: 1_795_340_748_123_457,
        at_ms: 1_795_340_748_123,
        notice: Feed::grave(&notice)?,
    })
}

fn levels() -> api::Levels {
    let leg = names::leg(LegId::Received(1));
    api::Levels {
        microphone_db: -90,
        ear_db: -24,
        legs: vec![api::LegLevel { leg, db: -24 }],
    }
}

fn quality() -> api::Quality {
    let words = messages::verdict(api::Verdict::Good);
    api::Quality {
        lost_percent: 0.7,
        late_percent: 0.0,
        jitter_ms: 2.5,
        target_ms: 11.0,
        delay_ms: 12.0,
        round_trip_ms: Some(38.0),
        far_lost_percent: Some(0.0),
        mos_estimate: 4.3,
        verdict: api::Verdict::Good,
        verdict_text: words.en,
        verdict_text_de: words.de,
        recent: vec![4.4, 4.4, 4.3],
    }
}

fn identity() -> Identity {
    let (why, hint) = messages::registrar("pbx.example.org", RegistrarFault::NoAddress);
    Identity {
        name: "anna".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        accounts: vec![
            api::Account {
                voicemail: Some(api::Voicemail {
                    waiting: true,
                    new: 2,
                    old: 5,
                    urgent: 0,
                }),
                ..account(
                    0,
                    "sip:anna@example.com".to_owned(),
                    RegistrationState::Registered,
                )
            },
            api::Account {
                detail: Some(why.en),
                detail_de: Some(why.de),
                hint: Some(hint.en),
                hint_de: Some(hint.de),
                again_ms: Some(1_795_340_748_123),
                ..account(
                    1,
                    "sip:anna@example.org".to_owned(),
                    RegistrationState::Failed,
                )
            },
        ],
        lamps: vec![api::Lamp {
            id: 0,
            uri: "sip:bob@example.com".to_owned(),
            name: Some("Bob".to_owned()),
            state: api::LampState::Ringing,
        }],
        reasons: vec![api::WrapUpReason {
            code: "sale".to_owned(),
            en: "Sale".to_owned(),
            de: "Verkauf".to_owned(),
        }],
        idle_reasons: vec![api::IdleReason {
            code: "lunch".to_owned(),
            en: "Lunch".to_owned(),
            de: "Mittagspause".to_owned(),
        }],
        idle: None,
        audio: api::Audio {
            end: AudioEnd::Device,
            started_unix_us: None,
            microphone: Some("Headset Mono".to_owned()),
            ear: Some("Headset Stereo".to_owned()),
            asked: api::AskedDevices {
                microphone: Some("Headset".to_owned()),
                ..api::AskedDevices::default()
            },
            known: api::KnownDevices {
                microphones: vec![device("headset.mono", "Headset Mono")],
                ears: vec![device("headset.stereo", "Headset Stereo")],
            },
            ..api::Audio::default()
        },
        records: api::Records::default(),
        unread: Vec::new(),
        quality: Default::default(),
        start: UnixTime(1_795_340_718_123),
    }
}

fn device(id: &str, name: &str) -> api::SoundDevice {
    api::SoundDevice {
        id: id.to_owned(),
        name: name.to_owned(),
        is_default: true,
        is_monitor: false,
    }
}
