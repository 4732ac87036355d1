//! A day of 300 calls, one after the other and sped up: what is kept of them is whole, and the phone is as large as before.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Phone, Stage, wait};
use serde_json::json;
use std::collections::BTreeSet;
use trialog_store::Filter;

const CALLS: usize = 300;

const CUSTOMER: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";
const AGENT: &str = "[audio]\nend = \"none\"\n[agent]\nauto_answer = true\n[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";

/// The most that the phone may have grown by in 200 calls, in kB.
const GROWTH: u64 = 4_000;

/// What the phone has in memory, in kB.
fn resident(phone: &Phone) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", phone.child.id())).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn one(customer: &Phone, agent: &Phone, number: usize) {
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    wait("the ACK", || {
        agent.status()["calls"][0]["answered_ms"].as_u64()
    });
    // Each side hangs up now and then.
    if number.is_multiple_of(3) {
        customer.act("end")
    } else {
        agent.act("end")
    }
    let due = wait("the wrap-up", || {
        let status = agent.status();
        let is_over = status["calls"].as_array().unwrap().is_empty();
        status["wrap_ups"][0]["id"].as_u64().filter(|_| is_over)
    });
    let body = json!({"reason": "sale", "note": format!("call {number}")});
    agent.post(&format!("/api/wrap-ups/{due}/submit"), &body, 200);
    customer.stage("none");
}

#[test]
fn a_day_of_300_calls_is_recorded_whole_and_leaves_the_phone_as_it_was() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", AGENT);
    let mut early = 0;
    for number in 0..CALLS {
        one(&customer, &agent, number);
        if number == 99 {
            early = resident(&agent);
        }
    }
    let late = resident(&agent);
    assert!(
        late < early + GROWTH,
        "{early} kB after 100 calls, {late} kB after {CALLS}"
    );
    assert!(agent.status()["wrap_ups"].as_array().unwrap().is_empty());
    agent.signal("TERM");
    assert!(agent.end().0.success());
    let file = trialog_store::open_to_read(&stage.path("agent.records")).unwrap();
    let calls = file.read(&Filter::default(), 500).unwrap().calls;
    assert_eq!(calls.len(), CALLS);
    let mut notes = BTreeSet::new();
    for call in calls {
        assert!(
            matches!(call.outcome.as_deref(), Some("ended" | "far-ended")),
            "{call:?}"
        );
        assert!(
            call.connected_us.is_some() && call.ended_us >= call.connected_us,
            "{call:?}"
        );
        assert!(
            call.legs.iter().all(|leg| leg.ended_us.is_some()),
            "{call:?}"
        );
        let [wrap_up] = &call.wrap_ups[..] else {
            panic!("{call:?}");
        };
        assert!(wrap_up.submitted_us.is_some() && !wrap_up.timed);
        notes.insert(wrap_up.note.clone().unwrap());
    }
    assert_eq!(notes.len(), CALLS, "each has its own");
}
