//! What is kept: nothing is answered “done” that is not on the disk, and what is there is there again after any end of the phone.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Phone, Stage, wait};
use serde_json::{Value, json};
use trialog_store::{Filter, HistoryCall};

const REASONS: &str = "[audio]\nend = \"none\"\n[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";
const CUSTOMER: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";

/// A call of the customer's from its beginning to its end.
fn call(customer: &Phone, agent: &Phone) {
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    up(agent);
    agent.act("end");
    agent.stage("none");
}

/// Sound is agreed: a call that ends before that owes no wrap-up.
fn up(agent: &Phone) {
    wait("the ACK", || {
        agent.status()["calls"][0]["answered_ms"].as_u64()
    });
}

fn wrap_up(agent: &Phone) -> Option<Value> {
    agent.status()["wrap_ups"]
        .as_array()
        .unwrap()
        .first()
        .cloned()
}

/// The one that is due, or what the phone has instead.
fn owed(agent: &Phone) -> Value {
    wrap_up(agent).unwrap_or_else(|| panic!("none is due: {}", agent.status()))
}

/// Ends a phone in a way that it can't do anything about.
fn kill(stage: &Stage, agent: Phone) {
    agent.signal("KILL");
    agent.end();
    // What it leaves behind would be taken for the address of the next one.
    std::fs::remove_file(stage.path("run/trialog/agent/api.json")).unwrap();
}

fn path(wrap_up: &Value, act: &str) -> String {
    format!("/api/wrap-ups/{}/{act}", wrap_up["id"])
}

fn kept(stage: &Stage) -> Vec<HistoryCall> {
    let file = trialog_store::open_to_read(&stage.path("agent.records")).unwrap();
    file.read(&Filter::default(), 100).unwrap().calls
}

#[test]
fn a_wrap_up_its_draft_and_the_presence_are_there_after_a_kill() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", REASONS);
    call(&customer, &agent);
    let due = owed(&agent);
    let draft = json!({"reason": "sale", "note": "calls back on"});
    agent.post(&path(&due, "draft"), &draft, 200);
    agent.post("/api/presence", &json!({"presence": "idle"}), 200);
    let drafted = owed(&agent);
    // The presence is answered before it is on the disk: what is answered later than that holds it as well.
    agent.post(&path(&due, "draft"), &json!({}), 200);
    kill(&stage, agent);

    let agent = stage.phone("agent", REASONS);
    assert_eq!(wrap_up(&agent), Some(drafted));
    assert_eq!(agent.status()["presence"], "idle");
    agent.post("/api/presence", &json!({"presence": "available"}), 200);
    agent.post(&path(&due, "submit"), &json!({"reason": "sale"}), 200);
    assert_eq!(wrap_up(&agent), None);
    call(&customer, &agent);
    let second = owed(&agent);
    assert_ne!(second["id"], due["id"], "no number is used again");
    assert_ne!(second["call"], due["call"]);
    let calls = kept(&stage);
    let submitted = &calls[1].wrap_ups[0];
    assert_eq!(submitted.note.as_deref(), Some("calls back on"));
    assert_eq!(calls[1].outcome.as_deref(), Some("ended"));
}

/// A call that is up when the agent's phone dies.
fn dies_in_a_call(stage: &Stage, customer: &Phone) -> Value {
    let agent = stage.phone("agent", REASONS);
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    up(&agent);
    wait("the record", || kept(stage).first()?.connected_us);
    let call = agent.status()["calls"][0].clone();
    kill(stage, agent);
    call
}

#[test]
fn a_call_in_which_the_phone_dies_goes_on_and_is_one_call_in_the_records() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let before = dies_in_a_call(&stage, &customer);
    let agent = stage.phone("agent", REASONS);
    agent.stage("connected");
    let status = agent.status();
    let call = &status["calls"][0];
    for same in ["/id", "/role", "/legs/0/id", "/legs/0/uri"] {
        assert_eq!(call.pointer(same), before.pointer(same), "{same}");
    }
    let answered = |call: &Value| call["answered_ms"].as_i64().unwrap();
    assert!((answered(call) - answered(&before)).abs() < 1_000, "{call}");
    assert_eq!(status["unread"][0]["kind"], "taken-up", "{status}");
    // Requests of both sides in the saved dialog are in order.
    agent.act("hold");
    agent.stage("held");
    agent.act("resume");
    agent.stage("connected");
    let calls = customer.status()["calls"].clone();
    customer.post(
        &format!("/api/calls/{}/end", calls[0]["id"]),
        &json!({}),
        200,
    );
    agent.stage("none");
    assert!(owed(&agent)["due"].as_bool().unwrap());
    let ended = || kept(&stage)[0].outcome.clone();
    assert_eq!(wait("the record", ended), "far-ended");
    let calls = kept(&stage);
    assert_eq!((calls.len(), calls[0].legs.len()), (1, 1), "{calls:?}");
}

#[test]
fn a_call_that_can_not_be_read_is_lost_and_told_and_the_phone_starts() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    dies_in_a_call(&stage, &customer);
    let file = trialog_store::open(&stage.path("agent.records"), |_| Ok(())).unwrap();
    let options = trialog_store::Options {
        phone: "agent".to_owned(),
        ..Default::default()
    };
    let (store, mut restored) = trialog_store::Store::start(file, options, |_| {}).unwrap();
    let mut row = restored.journal.remove(0);
    row.text.truncate(row.text.len() / 2);
    store.keep(trialog_store::Entry::Journal(Box::new(row)));
    drop(store);
    let agent = stage.phone("agent", REASONS);
    agent.stage("none");
    assert_eq!(agent.status()["unread"][0]["kind"], "call-lost");
    wait("the record", || {
        kept(&stage)[0]
            .outcome
            .clone()
            .filter(|word| word == "lost")
    });
}

#[test]
fn a_broken_file_is_set_aside_and_told() {
    let stage = Stage::new();
    let broken = stage.write("agent.records", "no database".repeat(1000).into_bytes());
    let agent = stage.phone("agent", REASONS);
    let aside = agent.status()["records"]["set_aside"].clone();
    let text = std::fs::read_to_string(aside.as_str().unwrap()).unwrap();
    assert!(text.starts_with("no database"));
    assert!(trialog_store::open_to_read(&broken).is_ok());
}

fn text(output: std::process::Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn calls_that_were_are_told_by_api_ctl_and_export() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", REASONS);
    call(&customer, &agent);
    let due = owed(&agent);
    let submit = json!({"reason": "sale", "note": "=1+1, \"x\""});
    agent.post(&path(&due, "submit"), &submit, 200);
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    customer.act("cancel");
    agent.stage("none");
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("reject");
    customer.stage("none");

    let ask = |more: &[&str]| {
        let usual = ["--phone", "agent", "--json", "history"];
        let text = text(stage.ctl(&[&usual, more].concat()));
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let kinds = |page: &Value| -> Vec<String> {
        let calls = page["calls"].as_array().unwrap().iter();
        calls
            .map(|call| call["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ask(&[]);
    assert_eq!(kinds(&all), ["rejected", "missed", "answered"]);
    let first = &all["calls"][2];
    assert_eq!(first["wrap_ups"][0]["note"], "=1+1, \"x\"");
    assert_eq!(first["legs"][0]["role"], "customer");
    let acts = first["events"].as_array().unwrap().iter();
    let acts: Vec<_> = acts.map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(acts, ["answer", "end"]);
    assert_eq!(kinds(&ask(&["--kind", "missed"])), ["missed"]);
    assert_eq!(kinds(&ask(&["--party", "nobody & none"])), [""; 0]);
    assert_eq!(kinds(&ask(&["--party", "CUSTOMER"])).len(), 3);
    let page = ask(&["--limit", "2"]);
    assert_eq!(kinds(&page), ["rejected", "missed"]);
    let next = page["next"].to_string();
    assert_eq!(kinds(&ask(&["--before", &next])), ["answered"]);
    let lines = text(stage.ctl(&["--phone", "agent", "history", "--kind", "answered"]));
    assert!(
        lines.contains(": answered, ") && lines.ends_with(", sale\n"),
        "{lines}"
    );
    assert_eq!(agent.get("/api/history?kind=unheard-of"), 400);
    assert_eq!(agent.get("/api/history?limit=501"), 400);

    let config = stage.path("agent.toml");
    let export = |how: &str| {
        let mut command = stage.command();
        command
            .args(["records", "export", how, "--config"])
            .arg(&config);
        text(command.output().unwrap())
    };
    let lines = export("--json");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(
        lines.collect::<Vec<Value>>(),
        *all["calls"].as_array().unwrap()
    );
    let table = export("--csv");
    assert_eq!(table.lines().count(), 4, "{table}");
    let row = table.lines().last().unwrap();
    assert!(
        row.contains(",answered,") && row.contains("\"'=1+1, \"\"x\"\"\""),
        "{row}"
    );
}

/// The system lets the phone write no file beyond so many octets: a disk that is full, for this process alone.
#[cfg(target_os = "linux")]
mod full {
    use super::*;
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    fn limit(phone: &Phone, octets: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(phone.child.id()).unwrap());
        let limit = Rlimit {
            current: octets,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    fn failing(agent: &Phone) -> Option<String> {
        let failing = &agent.status()["records"]["failing"];
        failing.as_str().map(str::to_owned)
    }

    #[test]
    fn a_wrap_up_that_a_full_disk_refuses_is_refused_with_507_and_stays_due() {
        let stage = Stage::new();
        let customer = stage.phone("customer", CUSTOMER);
        // Without this the system would end the process instead of refusing the write.
        let agent = stage.phone_ignoring("agent", REASONS, "XFSZ");
        call(&customer, &agent);
        let due = owed(&agent);
        limit(&agent, Some(4096));
        let submit = json!({"reason": "sale", "note": "calls back"});
        for _ in 0..5 {
            let problem = agent.post(&path(&due, "submit"), &submit, 507);
            assert_eq!(problem["refused"], "not-kept", "{problem}");
        }
        agent.post(&path(&due, "draft"), &json!({"note": "else"}), 507);
        assert!(failing(&agent).is_some());
        let still = owed(&agent);
        assert_eq!((&still["id"], &still["due"]), (&due["id"], &json!(true)));
        // Calls go on, and are written down when there is room.
        agent.post(&path(&due, "submit"), &submit, 507);
        customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
        customer.stage("none");
        assert_eq!(kept(&stage).len(), 1);
        limit(&agent, None);
        agent.post(&path(&due, "submit"), &submit, 200);
        assert_eq!(wrap_up(&agent), None);
        wait("the end of it", || failing(&agent).is_none().then_some(()));
        let calls = kept(&stage);
        assert_eq!(calls.len(), 2, "the caller that was turned away is there");
        assert_eq!(calls[0].outcome.as_deref(), Some("turned-away"));
        let kept = &calls[1].wrap_ups[..];
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].note.as_deref(), Some("calls back"));
        assert!(kept[0].submitted_us.is_some());
    }
}

#[cfg(target_os = "linux")]
mod by_a_keeper {
    use super::*;

    /// The phone of this keeper.
    fn kept_by(keeper: u32) -> Option<u32> {
        let children = std::fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
        children.ok()?.trim().parse().ok()
    }

    /// A keeper that is told to end when the test does, however that is.
    struct Kept(Option<Phone>);

    impl Drop for Kept {
        fn drop(&mut self) {
            if let Some(phone) = self.0.take() {
                phone.signal("TERM");
                phone.end();
            }
        }
    }

    #[test]
    fn a_kept_phone_that_dies_is_there_again_by_itself_and_ends_when_it_is_told_to() {
        let stage = Stage::new();
        let customer = stage.phone("customer", CUSTOMER);
        let mut kept = Kept(Some(stage.phone_with("agent", REASONS, &["--keep"])));
        let agent = kept.0.as_mut().unwrap();
        customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
        agent.stage("offered");
        agent.act("answer");
        up(agent);
        wait("the record", || super::kept(&stage).first()?.connected_us);
        let keeper = agent.id();
        let first = kept_by(keeper).expect("a phone");
        let file = stage.path("run/trialog/agent/api.json");
        std::fs::remove_file(&file).unwrap();
        let kill = ["-s", "KILL", &first.to_string()].map(str::to_owned);
        assert!(
            std::process::Command::new("kill")
                .args(kill)
                .status()
                .unwrap()
                .success()
        );
        let api: Value = wait("another phone", || {
            serde_json::from_str(&std::fs::read_to_string(&file).ok()?).ok()
        });
        agent.is_at(&api);
        assert_ne!(kept_by(keeper), Some(first));
        agent.stage("connected");
        assert_eq!(agent.status()["unread"][0]["kind"], "taken-up");
        let agent = kept.0.take().unwrap();
        agent.signal("TERM");
        let (status, _) = agent.end();
        assert_eq!(status.code(), Some(0));
        wait("the customer's end", || {
            customer.status()["calls"]
                .as_array()
                .unwrap()
                .is_empty()
                .then_some(())
        });
    }
}
