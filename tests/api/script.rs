//! An agent that is a program in another language, with nothing but its standard library.
use crate::phone::{Phone, SILENT};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use trialog_client::api::request::Follow;
use trialog_tests::program::{Running, folder};

#[test]
fn a_script_answers_consults_confers_and_hands_its_wrap_up_in() {
    let folder = folder("api-script");
    let reasons = "[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";
    let customer = Phone::start(
        &folder,
        "customer",
        &format!("{SILENT}\n[agent]\nagent = false\n"),
    );
    let agent = Phone::start(&folder, "anna", &format!("{SILENT}\n{reasons}"));
    let guest = Phone::start(
        &folder,
        "gus",
        &format!("{SILENT}\n[agent]\nauto_answer = true\n"),
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/agent.py");
    let api = folder.join("run/trialog/anna/api.json");
    let mut command = Command::new("python3");
    command
        .arg(script)
        .arg(api)
        .arg(guest.process.uri())
        .arg("sale");
    let mut running = Running::start(&mut command, &folder.join("script.log"));
    let wait = |running: &mut Running, what: &str| {
        let started = std::time::Instant::now();
        while !running.said().contains(what) {
            assert!(
                !running.has_ended(),
                "ended before {what:?}: {}",
                running.said()
            );
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{what:?}: {}",
                running.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait(&mut running, "ready");
    let mut own = customer.follow(&Follow::default());
    let to = json!({"to": agent.process.uri()}).to_string();
    assert_eq!(customer.ask("POST", "/api/calls", &to).status, 201);
    let call = own.stage("connected");
    wait(&mut running, "all three hear each other");
    let end = format!("/api/calls/{call}/end");
    assert_eq!(customer.ask("POST", &end, "").status, 200);
    wait(&mut running, "wrap-up 1 is handed in: sale");
    let started = std::time::Instant::now();
    while !running.has_ended() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{}",
            running.said()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!running.said().contains("Traceback"), "{}", running.said());
    assert_eq!(agent.status()["wrap_ups"], json!([]));
}
