//! An agent who speaks into a stopped microphone is told so.
use crate::phone::{Phone, SILENT};
use serde_json::json;
use trialog_client::api::request::Follow;
use trialog_tests::program::folder;
use trialog_tests::tone;

#[test]
fn an_agent_who_speaks_while_muted_is_told_once_and_not_while_heard() {
    let folder = folder("api-muted");
    let word = folder.join("word.wav");
    tone::write(&word, 311.0, -20.0, 1);
    let settings = SILENT.replace("\"none\"", "\"file\"");
    let agent = Phone::start(&folder, "agent", &settings);
    let customer = Phone::start(
        &folder,
        "customer",
        &format!("{SILENT}\n[agent]\nagent = false\n"),
    );
    let mut events = agent.follow(&Follow::default());
    let mut at_customer = customer.follow(&Follow::default());
    let to = json!({ "to": customer.process.uri() }).to_string();
    assert_eq!(agent.ask("POST", "/api/calls", &to).status, 201);
    let call = at_customer.stage("offered");
    let act = |phone: &Phone, call: u64, act: &str| {
        let answer = phone.ask("POST", &format!("/api/calls/{call}/{act}"), "");
        assert_eq!(answer.status, 200, "{act}: {}", answer.body);
    };
    act(&customer, call, "answer");
    let call = events.stage("connected");
    let say = || {
        let file = json!({ "file": word }).to_string();
        let answer = agent.ask("POST", "/api/audio/say", &file);
        assert!(answer.status < 300, "{}", answer.body);
    };
    say();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    act(&agent, call, "mute");
    // Speech has pauses, and what is there in them is what it is held against; a tone without one begins after them.
    std::thread::sleep(std::time::Duration::from_millis(300));
    say();
    let told = events.until("the notice", |event| event["event"] == "notice");
    assert_eq!(told["notice"]["kind"], "speaks-muted", "{told}");
    assert_eq!(told["notice"]["call"], call, "{told}");
    let before = events
        .seen
        .iter()
        .position(|event| event["event"] == "notice");
    let muted = events
        .seen
        .iter()
        .position(|event| event["view"]["muted"] == true);
    assert!(muted.is_some() && muted < before, "{:#?}", events.seen);
}
