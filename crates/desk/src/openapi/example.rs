//! One phone in the middle of a story, for the document's examples: Carla has called, and the agent consults Gus. They are made
//! as real answers are, so they can't be wrong about their shape.
use crate::command::Wrong;
use crate::feed::example_events;
use crate::messages::{self, RegistrarFault};
use crate::problem::{Failure, Kind};
use crate::table::Method;
use crate::view::{Identity, Look, UnixTime};
use crate::{guard, members, routes, socket};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use trialog_api as api;
use trialog_api::request::Dial;
use trialog_api::{AudioEnd, RegistrationState, Status};
use trialog_call::{
    Act, ActView, CallId, CallView, LegId, LegView, Presence, Refusal, Role, Snapshot, Stage,
    Target, Time, WrapUpId, WrapUpView,
};

/// By the schema's name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let status = status();
    let one = |value: Value| json!([value]);
    vec![
        ("Call", one(json!(status.calls[0]))),
        ("CallLeg", one(json!(status.calls[0].legs[0]))),
        (
            "Act",
            json!([status.calls[0].acts[0], status.calls[0].acts[1]]),
        ),
        ("WrapUp", one(json!(status.wrap_ups[0]))),
        ("Account", json!(status.accounts)),
        ("WrapUpReason", json!(status.reasons)),
        ("Audio", one(json!(status.audio))),
        ("Status", one(json!(status))),
        ("Event", json!(example_events(&before(), &now(), status))),
        ("Done", one(json!({"done": true}))),
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

pub(super) fn status() -> Status {
    now().status()
}

/// A problem of a kind, as it is really told.
pub(super) fn problem(kind: Kind) -> api::Problem {
    let calls = "/api/calls";
    let (instance, failure) = match kind {
        Kind::BadRequest => (calls, guard::not_one_host()),
        Kind::BadQuery => ("/api/events", routes::no_query()),
        Kind::BadJson => (calls, wrong_body("{\"to\": sip:bob@example.com}")),
        Kind::BadField => (calls, wrong_body("{\"too\": \"sip:bob@example.com\"}")),
        Kind::BadAddress => (calls, routes::wrong(Wrong::BadAddress)),
        Kind::NoToken => (calls, guard::no_token()),
        Kind::WrongToken => (calls, guard::wrong_token()),
        Kind::ForeignHost => (calls, guard::foreign_host()),
        Kind::ForeignOrigin => (calls, guard::foreign_origin()),
        Kind::NoSuchPath => ("/api/call", routes::nothing_at("/api/call")),
        Kind::NoSuchAct => ("/api/calls/1/halt", routes::nothing_at("/api/calls/1/halt")),
        Kind::WrongMethod => (calls, routes::wrong_method(Method::Post)),
        Kind::TooSlow => (calls, routes::too_slow()),
        Kind::NoFileEnd => ("/api/audio/say", routes::wrong(Wrong::NoFileEnd)),
        Kind::TooLong => (calls, routes::too_long()),
        Kind::NotJson => (calls, routes::not_json()),
        Kind::Unplayable => {
            let why = "No such file or directory (os error 2)".to_owned();
            ("/api/audio/say", routes::wrong(Wrong::Unplayable(why)))
        }
        Kind::NoWebSocket => ("/api/events", routes::no_websocket()),
        Kind::TooManyReaders => ("/api/events", socket::too_many()),
        Kind::NoAnswer => ("/api/hook", routes::no_answer()),
        Kind::Ended => ("/api/hook", routes::ended()),
        Kind::Refused(refusal) => {
            let allowed = [Act::Mute, Act::Transfer(None), Act::End];
            let instance = match refusal {
                Refusal::NoSuchWrapUp | Refusal::NoSuchReason | Refusal::StillTalking => {
                    "/api/wrap-ups/1/submit"
                }
                Refusal::NoSuchAccount | Refusal::TooManyCalls | Refusal::Terminating => calls,
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

/// What is wrong with this body of a call's placing.
fn wrong_body(body: &str) -> Failure {
    members::of_body::<Dial>(body.as_bytes()).expect_err("these bodies are wrong on purpose")
}

fn look(stage: Stage) -> Look {
    let leg = |id, role, name: &str, held| LegView {
        id,
        role,
        name: name.to_owned(),
        up: true,
        held,
        far_held: false,
        silent: false,
    };
    let act = |act, refusal| ActView { act, refusal };
    let call = CallView {
        id: CallId(1),
        role: Role::Owner,
        stage,
        muted: false,
        legs: vec![
            leg(
                LegId::Received(1),
                Role::Customer,
                "Carla",
                stage != Stage::Connected,
            ),
            leg(LegId::Placed(2), Role::Guest, "Gus", false),
        ],
        acts: vec![
            act(Act::Conference, None),
            act(Act::End, Some(Refusal::EndConsultFirst)),
            act(Act::Transfer(Some(Target(String::new()))), None),
        ],
        since: Time(Duration::from_secs(61)),
    };
    let wrap_up = WrapUpView {
        id: WrapUpId(1),
        call: CallId(1),
        peer: "Carla".to_owned(),
        due: stage == Stage::Ending,
        reason: Some("sale".to_owned()),
        deadline: None,
    };
    let snapshot = Snapshot {
        presence: Presence::Available,
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
    look(Stage::Consulting)
}

fn identity() -> Identity {
    let (why, hint) = messages::registrar("pbx.example.org", RegistrarFault::NoAddress);
    Identity {
        name: "anna".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        accounts: vec![
            api::Account::new(
                0,
                "sip:anna@example.com".to_owned(),
                RegistrationState::Registered,
            ),
            api::Account {
                detail: Some(why.en),
                detail_de: Some(why.de),
                hint: Some(hint.en),
                hint_de: Some(hint.de),
                again_ms: Some(1_795_340_748_123),
                ..api::Account::new(
                    1,
                    "sip:anna@example.org".to_owned(),
                    RegistrationState::Failed,
                )
            },
        ],
        reasons: vec![api::WrapUpReason {
            code: "sale".to_owned(),
            en: "Sale".to_owned(),
            de: "Verkauf".to_owned(),
        }],
        audio: api::Audio {
            end: AudioEnd::Device,
            started_unix_us: None,
        },
        start: UnixTime(1_795_340_718_123),
    }
}
