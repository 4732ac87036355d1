//! Fifty follow a phone, and one more that never reads, while calls come and go: nobody misses anything, and the phone answers
//! as if it were alone.
use crate::phone::{Events, PATIENCE, Phone, SILENT};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use trialog_client::api::request::Follow;
use trialog_tests::program::folder;

/// How many calls are made while all follow.
const CALLS: usize = 12;

#[test]
fn fifty_who_follow_miss_nothing_and_one_who_never_reads_delays_nobody() {
    let folder = folder("api-readers");
    let agent = Phone::start(
        &folder,
        "agent",
        &format!("{SILENT}\n[agent]\nauto_answer = true\n"),
    );
    let caller = Phone::start(
        &folder,
        "caller",
        &format!("{SILENT}\n[agent]\nagent = false\n"),
    );
    let stuck: Events = agent.follow(&Follow {
        status: true,
        ..Follow::default()
    });
    let readers: Vec<_> = (0..50).map(|_| agent.follow(&Follow::default())).collect();
    let reading: Vec<_> = readers
        .into_iter()
        .map(|mut events| {
            std::thread::spawn(move || {
                let mut gone = 0;
                while gone < CALLS {
                    let event = events.next().expect("the phone lives on");
                    gone += usize::from(event["event"] == "call-gone");
                }
                events.seen
            })
        })
        .collect();
    let to = json!({"to": agent.process.uri()}).to_string();
    let mut own = caller.follow(&Follow::default());
    let mut longest = Duration::ZERO;
    for _ in 0..CALLS {
        let placed = caller.ask("POST", "/api/calls", &to);
        assert_eq!(placed.status, 201, "{}", placed.body);
        let call = own.stage("connected");
        let asked = Instant::now();
        assert_eq!(agent.ask("GET", "/api/status", "").status, 200);
        longest = longest.max(asked.elapsed());
        let end = format!("/api/calls/{call}/end");
        assert_eq!(caller.ask("POST", &end, "").status, 200);
        own.until("the end", |event| event["event"] == "call-gone");
    }
    println!("longest wait for a status: {longest:?}");
    assert!(longest < PATIENCE / 4, "{longest:?}");
    let mut all = reading
        .into_iter()
        .map(|thread| thread.join().expect("read"));
    let without_status = |seen: Vec<Value>| -> Vec<Value> { seen.into_iter().skip(1).collect() };
    let first = without_status(all.next().expect("fifty"));
    for pair in first.windows(2) {
        let seq = |event: &Value| event["seq"].as_u64().expect("a number");
        assert_eq!(seq(&pair[1]), seq(&pair[0]) + 1);
    }
    let named = |name: &str| first.iter().filter(|event| event["event"] == name).count();
    assert_eq!(named("call-offered"), CALLS);
    assert_eq!(named("call-answered"), CALLS);
    assert_eq!(named("call-ended"), CALLS);
    assert!(
        all.all(|seen| without_status(seen) == first),
        "all have read the same"
    );
    drop(stuck);
}
