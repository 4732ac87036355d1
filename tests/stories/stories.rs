//! One run for each codec, several stories at once in it. Every story is told in Opus, and in G.711 µ-law, which every peer has.
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use trialog_tests::program::{checker, folder, trialog};
use trialog_tests::standstill::measured;

/// So many stories are played at once, three phones each. Two runs of this kind beside each other take the time of less than one
/// processor core: measured.
const AT_ONCE: &str = "5";

/// The stories that the issue of the demo names.
const STORIES: [&str; 11] = [
    "anchored",
    "blind",
    "busy",
    "conference",
    "consult-transfer",
    "crash",
    "customer-leaves",
    "decline",
    "end",
    "exit",
    "refused",
];

/// Those in which every act is, and every way a transfer goes: what a codec can spoil that another one has not shown.
const ACTS: [&str; 5] = [
    "anchored",
    "blind",
    "busy",
    "conference",
    "consult-transfer",
];

fn stories_hold_with(codec: &str, names: &str, stories: &[&str]) {
    measured(|| stories_hold(codec, names, stories));
}

fn stories_hold(codec: &str, names: &str, stories: &[&str]) {
    let out = folder(&format!("stories-{codec}"));
    let output = Command::new(trialog())
        .args([
            "demo", "--story", names, "--codec", codec, "--jobs", AT_ONCE, "--out",
        ])
        .arg(&out)
        .stdin(Stdio::null())
        .output()
        .expect("trialog can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let faults: Vec<String> = stories
        .iter()
        .flat_map(|story| faults(&out.join(story), story))
        .collect();
    assert_eq!(faults, [""; 0], "{said}");
    assert!(output.status.success(), "{said}");
}

/// What the story's report says against it.
fn faults(folder: &Path, story: &str) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(folder.join("report.json")) else {
        return vec![format!("{story}: no report")];
    };
    let report: Value = serde_json::from_str(&text).expect("a report is JSON");
    assert_eq!(report["story"], story);
    let claims = report["claims"].as_array().expect("a report has claims");
    let mut faults: Vec<String> = claims
        .iter()
        .filter(|claim| claim["holds"] != true)
        .map(|claim| {
            format!(
                "{story}, {}: {}: {}",
                claim["rule"], claim["claim"], claim["measured"]
            )
        })
        .collect();
    if claims.is_empty() || report["holds"] != faults.is_empty() {
        faults.push(format!("{story}: the report contradicts itself"));
    }
    for file in [
        "customer.wav",
        "agent-1.wav",
        "agent-2.wav",
        "ladder.svg",
        "timeline.svg",
    ] {
        if !folder.join(file).is_file() {
            faults.push(format!("{story}: no {file}"));
        }
    }
    faults
}

#[test]
fn all_stories_hold_with_opus() {
    stories_hold_with("opus", "all", &STORIES);
}

#[test]
fn all_acts_hold_with_g722() {
    stories_hold_with("g722", &ACTS.join(","), &ACTS);
}

#[test]
fn all_acts_hold_with_pcma() {
    stories_hold_with("pcma", &ACTS.join(","), &ACTS);
}

#[test]
fn all_stories_hold_with_pcmu() {
    stories_hold_with("pcmu", "all", &STORIES);
}

/// Every message goes by TLS and each call has its padlock at both ends (the director waits for it), and what is heard is as in the clear.
#[test]
fn the_conference_holds_by_tls_and_srtp() {
    holds_secured("conference");
}

/// The phone that was killed opens its connections anew, and no message and no offer of its second life is in the clear.
#[test]
fn a_crash_is_outlived_by_tls_and_srtp() {
    holds_secured("crash");
}

/// Plays one story with these further words, and everything holds.
fn story_holds(out: &Path, story: &str, words: &[&str]) {
    let output = Command::new(trialog())
        .args(["demo", "--story", story, "--out"])
        .arg(out)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("trialog can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(faults(out, story), [""; 0], "{said}");
    assert!(output.status.success(), "{said}");
}

fn holds_secured(story: &str) {
    let out = folder(&format!("stories-secure-{story}"));
    story_holds(&out, story, &["--secure"]);
    for party in ["customer", "agent-1", "agent-2"] {
        let file = out.join(format!("trace/{party}.jsonl"));
        let trace = std::fs::read_to_string(file).expect("there is a trace");
        let (mut offers, mut plain) = (0, Vec::new());
        for line in trace.lines() {
            let message: Value = serde_json::from_str(line).expect("a line is JSON");
            let text = message["message"].as_str().expect("a message is text");
            offers += usize::from(text.contains("m=audio ") && text.contains(" RTP/SAVP "));
            if message["transport"] != "tls" || text.contains(" RTP/AVP ") {
                plain.push(text.to_owned());
            }
        }
        assert_eq!(plain, [""; 0], "{party}");
        assert!(offers >= 2, "{party}: {offers} with SDP");
    }
}

/// The phones are behind routers that lose 5 % of the sound on each way and delay the rest by up to 40 ms: all hear each other, nobody hears who
/// must not be heard, and the call goes its way.
#[test]
fn the_conference_holds_on_a_lossy_network() {
    let out = folder("stories-lossy");
    story_holds(&out, "conference", &["--network", "lossy"]);
    for phone in ["customer", "agent-1", "agent-2"] {
        let file = out.join(format!("trace/{phone}.jsonl"));
        let trace = std::fs::read_to_string(file).expect("there is a trace");
        assert!(trace.contains("127.0.102."), "{phone} is behind its router");
    }
}

#[test]
fn a_phone_whose_routing_is_broken_on_purpose_makes_the_demo_fail() {
    let out = folder("stories-misrouted");
    let output = Command::new(env!("CARGO_BIN_EXE_trialog-misrouted"))
        .args(["demo", "--story", "busy", "--codec", "pcmu", "--out"])
        .arg(&out)
        .stdin(Stdio::null())
        .output()
        .expect("trialog can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let faults = faults(&out, "busy");
    // Who is held hears the one that he is kept from.
    assert!(
        faults.iter().any(|fault| fault.contains("hold")),
        "{faults:?}\n{said}"
    );
}

#[test]
fn the_checkers_readme_lists_the_claims_that_are_checked() {
    let claims = Command::new(checker())
        .arg("--claims")
        .output()
        .expect("the checker can be started");
    let claims = String::from_utf8(claims.stdout).expect("text");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .join("crates/checker/README.md");
    let readme = std::fs::read_to_string(readme).expect("the checker has a README.md");
    let missing: Vec<&str> = claims
        .lines()
        .filter(|line| !readme.contains(line.trim()))
        .collect();
    assert_eq!(
        missing, [""; 0],
        "crates/checker/README.md lacks these lines of `trialog-checker --claims`"
    );
}

#[test]
fn the_stories_are_those_that_the_checker_judges() {
    let claims = Command::new(checker())
        .arg("--claims")
        .output()
        .expect("the checker can be started");
    let text = String::from_utf8(claims.stdout).expect("text");
    let missing: BTreeSet<_> = STORIES
        .iter()
        .filter(|story| !text.contains(*story))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_unknown_story_is_a_usage_error_that_names_the_known() {
    let output = Command::new(trialog())
        .args(["demo", "--story", "nonsense"])
        .output()
        .expect("trialog can be started");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("consult-transfer"), "{said}");
}
