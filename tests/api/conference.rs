//! A conference with a transfer, three phones by their API alone; every answer and every event is held against the document.
use crate::judge::{Answer, Judge};
use crate::phone::{Events, Phone, SILENT};
use serde_json::Value;
use std::time::Duration;
use trialog_client::api::request::Follow;
use trialog_tests::program::folder;

/// A phone, who follows it, and the document that it gave itself.
struct Party {
    phone: Phone,
    events: Events,
    judge: Judge,
}

impl Party {
    fn new(folder: &std::path::Path, name: &str, settings: &str) -> Self {
        let phone = Phone::start(folder, name, &format!("{SILENT}\n{settings}"));
        let document = phone.ask("GET", "/api/openapi.json", "").json();
        let mut events = phone.follow(&Follow::default());
        assert_eq!(events.next().expect("a status")["why"], "connected");
        Self {
            phone,
            events,
            judge: Judge::new(document),
        }
    }

    /// Asks, and holds the answer against what the document says of the operation at `template`.
    fn ask(&self, method: &str, template: &str, number: u64, body: &str) -> Answer {
        let number = number.to_string();
        let path = template
            .replace("{call}", &number)
            .replace("{wrap_up}", &number);
        let answer = self.phone.ask(method, &path, body);
        let faults = self.judge.faults(method, template, &answer);
        assert!(
            faults.is_empty(),
            "{method} {path} {body}: {answer:?}: {faults:#?}"
        );
        answer
    }

    fn act(&self, act: &str, call: u64, body: &str) {
        let answer = self.ask("POST", &format!("/api/calls/{{call}}/{act}"), call, body);
        assert_eq!(answer.status, 200, "{act}: {}", answer.body);
    }

    /// The act is refused with this code.
    fn refused(&self, act: &str, call: u64, code: &str) -> Value {
        let answer = self.ask("POST", &format!("/api/calls/{{call}}/{act}"), call, "");
        let problem = answer.json();
        assert_eq!(problem["refused"], code, "{act}: {problem}");
        problem
    }

    /// Who applied all events knows what the phone says of itself.
    fn knows_all(&mut self) {
        // What was asked for is refused, which is an event to read up to.
        let _ = self.ask("POST", "/api/calls/{call}/hold", 4_000_000_000, "");
        let status = self.ask("GET", "/api/status", 0, "").json();
        self.events
            .until("the refusal", |event| event["call"] == 4_000_000_000_u64);
        assert_eq!(self.events.known, status, "{}", self.phone.process.name);
    }

    /// Every event until now was as described, and numbered without a gap.
    fn events_were_as_described(&self) {
        for event in &self.events.seen {
            let faults = self.judge.check_event(event);
            assert!(faults.is_empty(), "{event}: {faults:#?}");
        }
        for pair in self.events.seen.windows(2) {
            let seq = |event: &Value| event["seq"].as_u64().expect("a number");
            assert_eq!(seq(&pair[1]), seq(&pair[0]) + 1, "{pair:#?}");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn a_conference_by_the_api_alone_is_told_by_events_and_as_the_document_says() {
    let folder = folder("api-conference");
    let reasons = "[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";
    let mut customer = Party::new(&folder, "customer", "[agent]\nagent = false\n");
    let mut owner = Party::new(&folder, "owner", reasons);
    let mut guest = Party::new(&folder, "guest", reasons);
    let to = |party: &Party| format!("{{\"to\":\"{}\"}}", party.phone.process.uri());

    let placed = customer.ask("POST", "/api/calls", 0, &to(&owner));
    assert_eq!(placed.status, 201);
    let outer = placed.json()["call"].as_u64().expect("a number");
    let call = owner.events.stage("offered");
    assert_eq!(
        owner.events.seen.last().expect("it")["event"],
        "call-offered"
    );
    owner.act("answer", call, "");
    owner.events.stage("connected");
    customer.events.stage("connected");
    owner.act("hold", call, "");
    owner.events.stage("held");
    let far_held = |event: &Value| event["view"]["legs"][0]["far_held"] == true;
    customer.events.until("the hold", far_held);
    assert_eq!(owner.refused("mute", call, "muted-by-hold")["status"], 409);
    customer.knows_all();
    owner.act("consult", call, &to(&guest));
    let inner = guest.events.stage("offered");
    guest.act("answer", inner, "");
    owner.events.stage("consulting");
    owner.act("conference", call, "");
    owner.events.stage("conference");
    guest.events.stage("conference");
    let problem = owner.refused("hold", call, "no-hold-in-conference");
    let allowed = problem["allowed"].as_array().expect("a list");
    assert!(allowed.contains(&"transfer".into()) && allowed.contains(&"end".into()));
    guest.refused("end", inner, "guest-cannot-end");
    owner.knows_all();
    guest.knows_all();
    owner.act("transfer", call, "");
    guest.events.stage("transfer-pending");
    guest.act("accept", inner, "");
    guest
        .events
        .until("the call", |event| event["event"] == "call-owned");
    let due = owner
        .events
        .until("the wrap-up", |event| event["event"] == "wrap-up-due");
    let wrap_up = due["wrap_up"].as_u64().expect("a number");
    let submit = "/api/wrap-ups/{wrap_up}/submit";
    assert_eq!(
        owner
            .ask("POST", submit, wrap_up, r#"{"reason":"no"}"#)
            .status,
        409
    );
    assert_eq!(
        owner
            .ask("POST", submit, wrap_up, r#"{"reason":"sale"}"#)
            .status,
        200
    );
    assert_eq!(
        owner
            .ask("POST", submit, wrap_up, r#"{"reason":"sale"}"#)
            .status,
        404
    );
    owner
        .events
        .until("the end", |event| event["event"] == "call-gone");
    customer.act("end", outer, "");
    let ended = guest
        .events
        .until("the end", |event| event["event"] == "call-ended");
    assert_eq!(ended["outcome"], "far-ended");
    assert_eq!(ended["reason"]["text"], "Call ended");
    guest
        .events
        .until("the end", |event| event["event"] == "call-gone");

    for party in [&mut customer, &mut owner, &mut guest] {
        assert_eq!(
            party
                .ask("POST", "/api/presence", 0, r#"{"presence":"idle"}"#)
                .status,
            200
        );
        assert_eq!(
            party
                .ask("POST", "/api/calls", 0, r#"{"to":"sip:"}"#)
                .status,
            400
        );
        assert_eq!(
            party
                .ask("POST", "/api/calls", 0, r#"{"to":"a@b","account":9}"#)
                .status,
            409
        );
        assert_eq!(
            party
                .ask("POST", "/api/audio/say", 0, r#"{"file":"/a.wav"}"#)
                .status,
            409
        );
        assert_eq!(party.ask("POST", "/api/hook", 0, "").status, 404);
        party.knows_all();
        assert_eq!(party.ask("POST", "/api/shutdown", 0, "").status, 200);
        // A phone says that it ends, and that it has ended.
        party
            .events
            .until("the end", |event| event["event"] == "ending");
        while party.events.next().is_some() {}
        party.events_were_as_described();
        assert!(party.phone.process.running.end(Duration::from_secs(5)));
    }
}
