//! Two real phones call each other: sound, hold, records, the trace, and the way out.
mod common;
#[allow(dead_code, reason = "a test has a main of its own")]
#[path = "../../client/examples/agent.rs"]
mod example;

use common::{Stage, loudest, tone, wait};
use serde_json::{Value, json};
use std::time::Duration;
use trialog_store::Filter;

const FILE_END: &str =
    "[audio]\nend = \"file\"\nplay = \"NAME-in.wav\"\nrepeat = true\nrecord = \"NAME-ear.wav\"\n";
const CUSTOMER: &str = "[agent]\nagent = false\n";
const AGENT: &str = "[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";
const NO_SOUND: &str = "[audio]\nend = \"none\"\n";

#[test]
fn the_scripted_agent_of_the_examples_answers_ends_and_hands_the_wrap_up_in() {
    let stage = Stage::new();
    let customer = stage.phone("customer", &format!("{NO_SOUND}{CUSTOMER}"));
    let agent = stage.phone("agent", &format!("{NO_SOUND}{AGENT}"));
    let client = agent.client();
    let script = std::thread::spawn(move || example::serve(&client));

    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    customer.stage("connected");
    customer.stage("none");
    wait("the wrap-up", || {
        agent.status()["wrap_ups"]
            .as_array()
            .unwrap()
            .is_empty()
            .then_some(())
    });
    let records = trialog_store::open_to_read(&stage.path("agent.records")).unwrap();
    let call = records.read(&Filter::default(), 1).unwrap().calls.remove(0);
    assert_eq!(call.wrap_ups[0].reason.as_deref(), Some("sale"), "{call:?}");

    agent.signal("TERM");
    assert!(agent.end().0.success());
    // The events end with the phone.
    let _ = script.join().expect("the script does not panic");
}

#[test]
fn two_phones_talk_hold_and_end_and_are_gone_within_two_seconds() {
    let stage = Stage::new();
    stage.write("customer-in.wav", tone(997.0));
    stage.write("agent-in.wav", tone(433.0));
    let end = |name: &str| FILE_END.replace("NAME", name);
    let customer = stage.phone("customer", &format!("{}{CUSTOMER}", end("customer")));
    let agent = stage.phone("agent", &format!("{}{AGENT}", end("agent")));

    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    agent.stage("connected");
    customer.stage("connected");
    std::thread::sleep(Duration::from_millis(1_500));
    agent.act("hold");
    agent.stage("held");
    let refused = agent.post("/api/calls/1/mute", &json!({}), 409);
    assert_eq!(refused["refused"], "muted-by-hold");
    let held = wait("the customer's hold", || {
        let status = customer.status();
        (status["calls"][0]["legs"][0]["far_held"] == true).then_some(status)
    });
    assert_eq!(held["calls"][0]["stage"], "connected");
    agent.act("resume");
    agent.stage("connected");
    customer.act("end");
    agent.stage("none");
    customer.stage("none");
    agent.post("/api/wrap-ups/1/submit", &json!({"reason": "sale"}), 200);

    // A second call is still up when the phones are told to end.
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.act("answer");
    customer.stage("connected");
    agent.signal("TERM");
    let (status, took) = agent.end();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    customer.stage("none");
    customer.signal("INT");
    let (status, took) = customer.end();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(2), "{took:?}");

    for (ear, other, own) in [("customer", 433.0, 997.0), ("agent", 997.0, 433.0)] {
        let recording = stage.path(&format!("{ear}-ear.wav"));
        let heard = loudest(&recording, other);
        assert!(
            (-12.5..-11.5).contains(&heard),
            "{ear} hears the other at {heard} dB"
        );
        let echo = loudest(&recording, own);
        assert!(echo < -60.0, "{ear} hears himself at {echo} dB");
    }
    let records = trialog_store::open_to_read(&stage.path("agent.records")).unwrap();
    let calls = records.read(&Filter::default(), 10).unwrap().calls;
    let first = calls.last().unwrap();
    assert!(
        first.connected_us.is_some() && first.ended_us.is_some(),
        "{first:?}"
    );
    assert_eq!(first.legs.len(), 1, "{first:?}");
    assert!(first.legs[0].answered_us.is_some() && first.legs[0].ended_us.is_some());
    assert_eq!(first.wrap_ups.len(), 1, "{first:?}");
    assert!(first.wrap_ups[0].submitted_us.is_some(), "{first:?}");
    let trace = std::fs::read_to_string(stage.path("agent.trace")).unwrap();
    let first: Value = serde_json::from_str(trace.lines().next().unwrap()).unwrap();
    assert_eq!(first["dir"], "in");
    assert_eq!(first["transport"], "udp");
    assert!(
        first["message"]
            .as_str()
            .unwrap()
            .starts_with("INVITE sip:")
    );
    assert!(trace.lines().any(|line| line.contains("BYE sip:")));
}

#[test]
fn a_phone_with_nothing_to_do_sleeps() {
    let stage = Stage::new();
    stage.write("agent-in.wav", tone(433.0));
    // It speaks from a file and records nothing.
    let end = "[audio]\nend = \"file\"\nplay = \"agent-in.wav\"\nrepeat = true\n";
    let agent = stage.phone("agent", end);
    let woken = || {
        let main_thread = format!("/proc/{}/status", agent.child.id());
        let status = std::fs::read_to_string(main_thread).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u32>().unwrap()
    };
    // What is left to do from the start and from the last question for its status is done.
    std::thread::sleep(Duration::from_millis(300));
    let before = woken();
    std::thread::sleep(Duration::from_millis(1_000));
    let wakes = woken() - before;
    assert!(wakes < 10, "{wakes} times a second");
}

#[test]
fn a_call_over_tcp_is_a_call() {
    let stage = Stage::new();
    let customer = stage.phone("customer", &format!("{NO_SOUND}{CUSTOMER}"));
    let agent = stage.phone("agent", NO_SOUND);
    let to = format!("{};transport=tcp", agent.aor());
    customer.post("/api/calls", &json!({ "to": to }), 201);
    agent.act("answer");
    customer.stage("connected");
    agent.act("hold");
    agent.stage("held");
    agent.act("end");
    customer.stage("none");
    let trace = std::fs::read_to_string(stage.path("agent.trace")).unwrap();
    assert!(
        trace
            .lines()
            .all(|line| line.contains("\"transport\":\"tcp\"")),
        "{trace}"
    );
}

#[test]
fn a_call_over_ipv6_is_a_call() {
    let stage = Stage::new();
    let six = |name: &str, rest: &str| {
        let phone = stage.phone_at(name, "[::1]:0", rest, &[]);
        assert!(phone.aor().contains("@[::1]:"), "{}", phone.aor());
        phone
    };
    stage.write("customer-in.wav", tone(997.0));
    stage.write("agent-in.wav", tone(433.0));
    let customer = six(
        "customer",
        &format!("{}{CUSTOMER}", FILE_END.replace("NAME", "customer")),
    );
    let agent = six("agent", &FILE_END.replace("NAME", "agent"));
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.act("answer");
    customer.stage("connected");
    std::thread::sleep(Duration::from_millis(1_500));
    agent.act("end");
    customer.stage("none");
    agent.signal("TERM");
    assert!(agent.end().0.success());
    let heard = loudest(&stage.path("agent-ear.wav"), 997.0);
    assert!((-12.5..-11.5).contains(&heard), "{heard} dB");
}

#[test]
fn a_far_side_that_is_gone_does_not_delay_the_end() {
    let stage = Stage::new();
    let mut customer = stage.phone("customer", &format!("{NO_SOUND}{CUSTOMER}"));
    let agent = stage.phone("agent", NO_SOUND);
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.act("answer");
    customer.stage("connected");
    customer.child.kill().unwrap();
    agent.signal("TERM");
    let (status, took) = agent.end();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn the_first_sigterm_of_a_phone_with_a_conference_waits_and_the_second_ends_it() {
    let stage = Stage::new();
    let customer = stage.phone("customer", &format!("{NO_SOUND}{CUSTOMER}"));
    let mut owner = stage.phone("owner", NO_SOUND);
    let guest = stage.phone("guest", NO_SOUND);
    customer.post("/api/calls", &json!({"to": owner.aor()}), 201);
    owner.act("answer");
    owner.stage("connected");
    owner.post("/api/calls/1/consult", &json!({"to": guest.aor()}), 200);
    guest.act("answer");
    owner.stage("consulting");
    owner.act("conference");
    owner.stage("conference");
    guest.stage("conference");
    owner.signal("TERM");
    wait("the wish to end", || {
        (owner.status()["terminating"] == true).then_some(())
    });
    assert!(owner.runs());
    owner.stage("conference");
    owner.signal("TERM");
    let (status, took) = owner.end();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    customer.stage("none");
    guest.stage("none");
}
