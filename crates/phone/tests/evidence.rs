//! What is kept of a call can be looked into: its messages, its sound, and a report of all of it.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Phone, Stage, tone, wait};
use pcap_parser::{Block, parse_block_le};
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Output;

const FILE_END: &str =
    "[audio]\nend = \"file\"\nplay = \"NAME-in.wav\"\nrepeat = true\nrecord = \"NAME-ear.wav\"\n";
const CUSTOMER: &str = "[agent]\nagent = false\n";
const SECRET: &str = "Zauberwort-4711";

/// A customer that has called an agent and talks with it.
fn talking(stage: &Stage) -> (Phone, Phone) {
    stage.write("customer-in.wav", tone(997.0));
    stage.write("agent-in.wav", tone(433.0));
    let end = |name: &str| FILE_END.replace("NAME", name);
    let customer = stage.phone("customer", &format!("{}{CUSTOMER}", end("customer")));
    let account = format!(
        "[[account]]\naor = \"sip:agent@127.0.0.1\"\nusername = \"agent\"\npassword = \"{SECRET}\"\n"
    );
    let agent = stage.phone("agent", &format!("{}{account}", end("agent")));
    let port = agent_port(stage);
    let to = format!("sip:agent@127.0.0.1:{port}");
    customer.post("/api/calls", &json!({"to": to}), 201);
    agent.act("answer");
    agent.stage("connected");
    customer.stage("connected");
    (customer, agent)
}

/// Where the agent's phone listens, as its log says.
fn agent_port(stage: &Stage) -> u16 {
    wait("the port", || {
        let log = std::fs::read_to_string(stage.path("agent.log")).ok()?;
        let plain: String = log.chars().filter(|c| *c != '\u{1b}').collect();
        let (_, rest) = plain.split_once("127.0.0.1:")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}

fn trialog(stage: &Stage, arguments: &[&str]) -> String {
    said(&stage.command().args(arguments).output().unwrap())
}

#[cfg(unix)]
fn is_ours_alone(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).unwrap().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_ours_alone(_: &Path) -> bool {
    true
}

/// The payloads of a capture, as another reader finds them.
fn payloads(mut bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (rest, block) = parse_block_le(bytes).unwrap();
        bytes = rest;
        if let Block::EnhancedPacket(packet) = block {
            let packet = etherparse::SlicedPacket::from_ip(&packet.data[..packet.caplen as usize]);
            let Some(etherparse::TransportSlice::Udp(udp)) = packet.unwrap().transport else {
                panic!("no UDP");
            };
            all.push(String::from_utf8_lossy(udp.payload()).into_owned());
        }
    }
    all
}

#[test]
fn a_calls_messages_are_shown_as_a_ladder_as_text_and_to_wireshark_whatever_strangers_send() {
    let stage = Stage::new();
    let (customer, agent) = talking(&stage);
    // More than is kept of any call, from a sender that is in none.
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (own, port) = (stranger.local_addr().unwrap(), agent_port(&stage));
    for number in 0..600 {
        let options = format!(
            "OPTIONS sip:agent@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKf{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:x@{own}>;tag=f\r\nTo: <sip:agent@127.0.0.1>\r\nCall-ID: flood-{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        stranger
            .send_to(options.as_bytes(), ("127.0.0.1", port))
            .unwrap();
    }
    agent.act("hold");
    agent.stage("held");
    customer.act("end");
    agent.stage("none");

    let ladder = trialog(&stage, &["trace", "--phone", "agent"]);
    for message in [
        "INVITE (",
        " SDP ",
        "180 Ringing (",
        "200 OK (",
        "ACK (",
        "SDP sendonly",
        "BYE (",
        "◀─",
        "─▶",
    ] {
        assert!(ladder.contains(message), "{message}: {ladder}");
    }
    assert!(
        !ladder.contains("OPTIONS") && !ladder.contains("ausgelassen"),
        "{ladder}"
    );
    let trace: Value = serde_json::from_str(&trialog(
        &stage,
        &["trace", "1", "--phone", "agent", "--json"],
    ))
    .unwrap();
    let messages = trace["messages"].as_array().unwrap();
    assert_eq!(messages[0]["way"], "in");
    assert_eq!(messages[0]["transport"], "udp");
    assert!(
        messages[0]["first_line"]
            .as_str()
            .unwrap()
            .starts_with("INVITE sip:agent@")
    );
    assert_eq!(trace["left_out"], 0);
    let german = said(&stage.ctl(&[
        "--phone",
        "customer",
        "--lang",
        "de",
        "sip-verlauf",
        "--text",
    ]));
    assert!(
        german.contains("Call-ID: ") && german.contains("m=audio "),
        "{german}"
    );

    let file = stage.path("call.pcapng");
    let to = file.to_str().unwrap();
    trialog(&stage, &["trace", "--phone", "agent", "--pcapng", to]);
    assert!(is_ours_alone(&file));
    let read = payloads(&std::fs::read(&file).unwrap());
    let shown = messages
        .iter()
        .map(|message| message["text"].as_str().unwrap());
    assert_eq!(read, shown.collect::<Vec<_>>());

    let unknown = stage.ctl(&["--phone", "agent", "--call", "99", "trace"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[test]
fn it_is_said_where_sound_stops_and_a_report_has_all_of_a_call_but_secrets() {
    let stage = Stage::new();
    let (customer, agent) = talking(&stage);
    let verdicts = |phone: &Phone| {
        let (_, text) = phone.text("/api/calls/1/trace");
        let trace: Value = serde_json::from_str(&text).unwrap();
        let leg = trace["sound"][0].clone();
        let of = |way: &str| leg[way]["verdict"].as_str().unwrap_or_default().to_owned();
        (of("from_party"), of("to_party"), leg)
    };
    let fine = ("fine".to_owned(), "fine".to_owned());
    let leg = wait("sound both ways", || {
        let (from, to, leg) = verdicts(&agent);
        ((from, to) == fine).then_some(leg)
    });
    for counter in ["received", "decoded"] {
        assert!(leg["from_party"][counter].as_u64().unwrap() > 0, "{leg}");
    }
    agent.act("mute");
    wait("the muted microphone", || {
        (verdicts(&agent).1 == "muted").then_some(())
    });
    agent.act("unmute");
    agent.act("hold");
    agent.stage("held");
    wait("the hold", || (verdicts(&agent).0 == "held").then_some(()));
    let far_held = wait("the hold at the customer", || {
        let (from, _, leg) = verdicts(&customer);
        (from == "far-held").then_some(leg)
    });
    assert_eq!(far_held["from_party"]["verdict"], "far-held");
    let why = said(&stage.ctl(&["--phone", "agent", "--lang", "de", "warum"]));
    assert!(why.contains("Sie halten die Gegenseite"), "{why}");
    agent.act("resume");
    agent.stage("connected");
    customer.act("end");
    agent.stage("none");

    let folder = stage.path("report");
    let to = folder.to_str().unwrap();
    trialog(&stage, &["report", "1", "--phone", "agent", "--to", to]);
    assert!(is_ours_alone(&folder));
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    assert!(text("about.txt").contains(env!("CARGO_PKG_VERSION")));
    assert!(text("ladder.txt").contains("BYE ("));
    assert!(text("messages.txt").contains("m=audio "));
    let sound = text("sound.txt");
    assert!(
        sound.contains("received ") && !sound.contains("received 0"),
        "{sound}"
    );
    assert!(text("configuration.toml").contains("sip:agent@127.0.0.1"));
    assert!(text("call.json").contains("\"answered\""));
    assert!(!payloads(&read("call.pcapng")).is_empty());
    let log = text("log.txt");
    let own = std::fs::read_to_string(stage.path("agent.log")).unwrap();
    for step in [
        "a call from ",
        "Connected",
        "the agent: mute",
        "On hold",
        "over: far-ended",
    ] {
        assert!(log.contains(&format!("call=1 {step}")), "{step}: {log}");
        let in_log = |line: &str| line.contains(step) && line.contains("call");
        assert!(own.lines().any(in_log), "{step}: {own}");
    }
    let mut files = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        assert!(is_ours_alone(&path), "{}", path.display());
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(
            !text.contains(SECRET),
            "the password is in {}",
            path.display()
        );
        files += 1;
    }
    assert_eq!(files, 10);
}
