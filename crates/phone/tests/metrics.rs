//! What Prometheus reads is in its format, and counts what was.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use serde_json::json;
use std::collections::BTreeMap;

const CUSTOMER: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";
const AGENT: &str =
    "[audio]\nend = \"none\"\n[[webhook]]\nname = \"crm\"\nurl = \"http://127.0.0.1:9/\"\n";

/// A series' name with its labels, and its value.
type Series = BTreeMap<String, f64>;

fn is_name(name: &str) -> bool {
    let mut all = name.chars();
    all.next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && all.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads labels up to the bracket that closes them: the rest.
fn labels(mut text: &str) -> &str {
    loop {
        let (name, rest) = text.split_once("=\"").expect("a label has a value");
        assert!(is_name(name), "{name}");
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let rest = &rest[end.expect("a value ends") + 1..];
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return rest.strip_prefix('}').expect("labels end"),
        }
    }
}

/// Reads the text format 0.0.4, and is content with nothing that it does not allow.
fn parsed(text: &str) -> Series {
    let (mut series, mut typed, mut current) = (Series::new(), BTreeMap::new(), String::new());
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !words.is_empty(), "{line}");
            name.clone_into(&mut current);
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, current);
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(typed.insert(name.to_owned(), ()).is_none(), "{name} twice");
            continue;
        }
        let name = &line[..line.find(['{', ' ']).unwrap()];
        assert!(
            is_name(name) && name == current && typed.contains_key(name),
            "{line}"
        );
        let rest = &line[name.len()..];
        let rest = rest.strip_prefix('{').map_or(rest, labels);
        let key = &line[..line.len() - rest.len()];
        let value = rest.strip_prefix(' ').unwrap().parse().unwrap();
        assert!(
            series.insert(key.to_owned(), value).is_none(),
            "{key} twice"
        );
    }
    series
}

#[test]
fn calls_sound_and_what_waits_are_counted_in_prometheus_s_format() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", AGENT);
    let metrics = || {
        let (kind, text) = agent.text("/metrics");
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        parsed(&text)
    };
    let before = metrics();
    assert_eq!(before["trialog_calls"], 0.0);
    assert_eq!(before["trialog_account_up{account=\"0\"}"], 1.0);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        before[&format!("trialog_build_info{{version=\"{version}\"}}")],
        1.0
    );
    assert!(!before.contains_key("trialog_calls_turned_away_total{reason=\"idle\"}"));

    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    wait("sound", || {
        (metrics()["trialog_rtp_packets_received_total"] > 20.0).then_some(())
    });
    assert_eq!(metrics()["trialog_calls"], 1.0);
    agent.act("end");
    agent.stage("none");
    agent.post("/api/presence", &json!({"presence": "idle"}), 200);
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    let after = wait("the refusal", || {
        let after = metrics();
        after
            .contains_key("trialog_calls_turned_away_total{reason=\"idle\"}")
            .then_some(after)
    });
    let ended = "trialog_calls_ended_total{direction=\"incoming\",outcome=\"ended\"}";
    assert_eq!((after[ended], after["trialog_calls"]), (1.0, 0.0));
    assert!(
        after["trialog_rtp_packets_received_total"] > 20.0,
        "over, and counted still"
    );
    assert!(after["trialog_rtp_packets_sent_total"] > 20.0);
    assert!(after["trialog_audio_ticks_total"] > before["trialog_audio_ticks_total"]);
    wait("the outbox", || {
        (metrics()["trialog_webhook_waiting{webhook=\"crm\"}"] == 2.0).then_some(())
    });
    for (name, value) in before.iter().filter(|(name, _)| name.contains("_total")) {
        assert!(after[name] >= *value, "{name} went back");
    }
    let (_, text) = agent.text("/metrics");
    assert!(!text.contains("customer"), "a party's name: {text}");
}
