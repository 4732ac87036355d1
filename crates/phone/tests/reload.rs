//! The configuration is read again while the phone runs: what can change does, and no call is touched.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
#![cfg(unix)]
mod common;

use common::{Phone, Stage, wait};
use serde_json::{Value, json};

const CUSTOMER: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";

/// The agent's configuration with these idle reasons.
fn agent_with(reasons: &[&str]) -> String {
    let list: Vec<String> = reasons
        .iter()
        .map(|code| format!("{{ code = \"{code}\", en = \"{code}\", de = \"{code}\" }}"))
        .collect();
    format!(
        "[audio]\nend = \"none\"\n[idle]\nreasons = [{}]\n",
        list.join(", ")
    )
}

fn codes(agent: &Phone) -> Vec<String> {
    let status = agent.status();
    let reasons = status["idle_reasons"].as_array().cloned();
    let code = |reason: &Value| reason["code"].as_str().unwrap().to_owned();
    reasons.unwrap_or_default().iter().map(code).collect()
}

fn rewrite(stage: &Stage, change: impl Fn(String) -> String) {
    let file = stage.path("agent.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(text)).unwrap();
}

fn logged(stage: &Stage, words: &str) {
    wait(words, || {
        let log = std::fs::read_to_string(stage.path("agent.log")).ok()?;
        log.contains(words).then_some(())
    });
}

#[test]
fn a_reload_changes_what_can_change_names_the_rest_and_touches_no_call() {
    let stage = Stage::new();
    let customer = stage.phone("customer", CUSTOMER);
    let mut agent = stage.phone("agent", &agent_with(&["break"]));
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    agent.stage("connected");
    let call = agent.status()["calls"][0]["id"].clone();
    assert_eq!(codes(&agent), ["break"]);

    stage.write("people.csv", "name,number\nAnna,101\n");
    rewrite(&stage, |text| {
        text.replace(&agent_with(&["break"]), &agent_with(&["break", "lunch"]))
            + "[directory]\nfile = \"people.csv\"\n[tls]\nwildcards = true\n"
    });
    agent.signal("HUP");
    wait("the new reason", || {
        (codes(&agent) == ["break", "lunch"]).then_some(())
    });
    logged(&stage, "this takes effect at the next start");
    logged(&stage, "[tls]");
    let (_, directory) = agent.text("/api/directory");
    assert!(directory.contains("Anna"), "{directory}");

    rewrite(&stage, |text| text + "[no-such-section]\n");
    agent.signal("HUP");
    logged(&stage, "is not good, and stays as it was");
    assert_eq!(codes(&agent), ["break", "lunch"]);
    assert!(agent.runs());
    assert_eq!(agent.status()["calls"][0]["id"], call);
    agent.act("hold");
    agent.stage("held");
    agent.act("end");
    agent.stage("none");
}
