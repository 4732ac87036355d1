//! `trialog call`, and links of pages and mails: what calls, what only asks, and what is left of what a stranger wrote.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::Stage;
use std::process::Output;

const QUIET: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";

fn trialog(stage: &Stage, arguments: &[&str]) -> Output {
    stage
        .command()
        .args(arguments)
        .env("XDG_DATA_HOME", stage.path("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_call_is_placed_by_the_phone_that_runs_and_a_link_alone_calls_nothing() {
    let stage = Stage::new();
    let alone = trialog(&stage, &["call", "tel:+4930123"]);
    assert_eq!(alone.status.code(), Some(3), "{}", said(&alone));
    assert!(said(&alone).contains("no phone"), "{}", said(&alone));
    let odd = trialog(&stage, &["call", "http://evil.example"]);
    assert_eq!(odd.status.code(), Some(2));
    assert!(said(&odd).contains("expected tel:"), "{}", said(&odd));

    let customer = stage.phone("customer", QUIET);
    let agent = stage.phone("agent", QUIET);
    let to = agent.aor();
    let by_customer = |more: &[&str]| {
        let mut arguments = vec!["call", "--phone", "customer"];
        arguments.extend(more);
        trialog(&stage, &arguments)
    };
    // A link, without a screen or terminal to ask on.
    let link = by_customer(&["--link", "--", &to]);
    assert_eq!(link.status.code(), Some(1), "{}", said(&link));
    assert!(
        said(&link).contains("a link asks to call"),
        "{}",
        said(&link)
    );
    assert!(customer.status()["calls"].as_array().unwrap().is_empty());
    // What could set something at the PBX is asked about also where links call at once.
    let code = by_customer(&["--link", "--at-once", "--", "tel:*21*0900123%23"]);
    assert_eq!(code.status.code(), Some(1), "{}", said(&code));
    assert!(customer.status()["calls"].as_array().unwrap().is_empty());
    // Headers and parameters of the link are gone.
    let hostile = format!("{to};method=BYE?Replaces=1%3Bto-tag%3D2");
    let at_once = by_customer(&["--link", "--at-once", "--", &hostile]);
    assert!(at_once.status.success(), "{}", said(&at_once));
    agent.stage("offered");
    let trace = std::fs::read_to_string(stage.path("customer.trace")).unwrap();
    assert!(
        trace.contains("INVITE sip:")
            && !trace.contains("method=BYE")
            && !trace.contains("Replaces: 1")
    );
    agent.act("reject");
    agent.stage("none");
    let plain = by_customer(&[&to]);
    assert!(plain.status.success(), "{}", said(&plain));
    agent.stage("offered");
}

#[cfg(not(target_os = "macos"))]
#[test]
fn the_desktop_is_told_by_a_file_that_gives_the_link_as_one_argument() {
    let stage = Stage::new();
    let installed = trialog(&stage, &["desktop", "install", "--phone", "anna"]);
    assert!(installed.status.success(), "{}", said(&installed));
    let file = stage.path("data/applications/trialog-call.desktop");
    let text = std::fs::read_to_string(&file).unwrap();
    let exec = text.lines().find(|line| line.starts_with("Exec=")).unwrap();
    assert!(exec.ends_with(" call --link --phone anna -- %u"), "{exec}");
    assert!(text.contains("x-scheme-handler/tel;") && text.contains("x-scheme-handler/callto;"));
    let removed = trialog(&stage, &["desktop", "remove"]);
    assert!(removed.status.success() && !file.exists());
    let again = trialog(&stage, &["desktop", "remove"]);
    assert!(again.status.success());
}

/// What a desktop does with a click on a link, by its own programs.
#[cfg(not(target_os = "macos"))]
#[test]
fn a_click_on_a_link_calls_by_the_phone_that_runs() {
    let stage = Stage::new();
    let _customer = stage.phone("customer", QUIET);
    let agent = stage.phone("agent", QUIET);
    let by_desktop = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            std::fs::create_dir_all(stage.path(folder)).unwrap();
            command.env(name, stage.path(folder));
        }
        // With a display, xdg-open asks the table of MIME types; no desktop of its own kind is here.
        for name in ["XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "KDE_FULL_SESSION"] {
            command.env_remove(name);
        }
        let output = command.args(arguments).env("DISPLAY", ":0").output();
        let output = output.expect("it is there: run `cargo xtask setup`");
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {out}{err}");
        out
    };
    let program = env!("CARGO_BIN_EXE_trialog");
    let install = ["desktop", "install", "--phone", "customer", "--at-once"];
    let said = by_desktop(program, &install);
    assert!(said.contains("links call by Trialog"), "{said}");
    let file = stage.path("data/applications/trialog-call.desktop");
    let faults = by_desktop("desktop-file-validate", &[file.to_str().unwrap()]);
    assert_eq!(faults, "");
    for scheme in ["tel", "sip", "sips", "callto"] {
        let handler = format!("x-scheme-handler/{scheme}");
        let asked = by_desktop("xdg-mime", &["query", "default", &handler]);
        assert_eq!(asked.trim(), "trialog-call.desktop", "{scheme}");
    }
    by_desktop("xdg-open", &[&agent.aor()]);
    agent.stage("offered");
    agent.act("reject");
    agent.stage("none");
}
