//! `trialog doctor` on this machine: what it finds right, what is wrong, and what it says to do.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

/// What a registrar of these tests states besides.
#[derive(Clone)]
struct States {
    status: &'static str,
    /// `received` and `rport`, where they are not what it sees.
    seen: Option<SocketAddr>,
    /// Seconds that its clock is ahead of ours.
    ahead: i64,
}

const GOOD: States = States {
    status: "200 OK",
    seen: None,
    ahead: 0,
};

/// A registrar by UDP that answers each request, until the test ends: where it is.
fn registrar(states: States) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let answer = answer(&request, from, &states);
            let _ = socket.send_to(answer.as_bytes(), from);
        }
    });
    at
}

fn answer(request: &str, from: SocketAddr, states: &States) -> String {
    let seen = states.seen.unwrap_or(from);
    let mut answer = format!("SIP/2.0 {}\r\n", states.status);
    for line in request.lines() {
        match line.split(':').next().unwrap_or_default() {
            "Via" => {
                let told = format!(";received={};rport={}", seen.ip(), seen.port());
                answer += &format!("{}{told}\r\n", line.replace(";rport", ""));
            }
            "From" | "Call-ID" | "CSeq" => answer += &format!("{line}\r\n"),
            "To" => answer += &format!("{line};tag=x\r\n"),
            "Contact" => answer += &format!("{line};expires=600\r\n"),
            _ => {}
        }
    }
    let clock = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(states.ahead);
    let date = clock.strftime("%a, %d %b %Y %H:%M:%S GMT");
    answer + &format!("Date: {date}\r\nContent-Length: 0\r\n\r\n")
}

/// A configuration of a phone in this folder, whose account has this registrar.
fn config(registrar: &str, rest: &str) -> String {
    let account = format!(
        "[[account]]\naor = \"sip:alice@127.0.0.1\"\nregistrar = \"sip:{registrar}\"\npassword = \"Pst-9917\"\n"
    );
    phone(&format!("{account}{rest}"))
}

fn phone(rest: &str) -> String {
    format!(
        "name = \"alice\"\n[sip]\nlisten = \"127.0.0.1:0\"\n[records]\nfile = \"records.db\"\n\
         [audio]\nend = \"none\"\n[media]\nrtp_ports = \"0\"\n{rest}"
    )
}

/// What the doctor finds: its exit status and its document.
fn examined(stage: &Stage, config: &str) -> (i32, Value) {
    stage.write("alice.toml", config);
    let (status, out) = said(stage, &["--json"]);
    (status, serde_json::from_str(&out).unwrap())
}

fn said(stage: &Stage, arguments: &[&str]) -> (i32, String) {
    let start = Instant::now();
    let mut command = stage.command();
    let file = stage.path("alice.toml");
    let command = command.args(["doctor", "--config"]).arg(file);
    let output = command.args(arguments).output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(12), "it takes long");
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!format!("{out}{err}").contains("Pst-9917"), "{out}{err}");
    (output.status.code().unwrap(), out)
}

/// All findings of a check: verdict, text, hint.
fn of(document: &Value, check: &str) -> Vec<(String, String, String)> {
    let all = document["findings"].as_array().unwrap().iter();
    let of_check = all.filter(|finding| finding["check"] == check);
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    of_check
        .map(|finding| {
            assert!(finding["text_de"].is_string(), "{finding}");
            assert_eq!(finding["hint"].is_null(), finding["hint_de"].is_null());
            (
                text(finding, "verdict"),
                text(finding, "text"),
                text(finding, "hint"),
            )
        })
        .collect()
}

/// The only finding of a check, which has this verdict: its text and its hint.
fn one(document: &Value, check: &str, verdict: &str) -> (String, String) {
    let mut found = of(document, check);
    assert_eq!(found.len(), 1, "{check}: {document:#}");
    let (own, text, hint) = found.remove(0);
    assert_eq!(own, verdict, "{check}: {text}");
    (text, hint)
}

#[test]
fn all_is_well_where_the_registrar_answers() {
    let (stage, at) = (Stage::new(), registrar(GOOD));
    let (status, found) = examined(&stage, &config(&at.to_string(), ""));
    assert_eq!(
        (status, &found["wrong"], &found["watch"]),
        (0, &0.into(), &0.into()),
        "{found:#}"
    );
    for check in [
        "configuration",
        "dns",
        "nat",
        "time",
        "sip-port",
        "rtp-ports",
        "sound",
        "phone",
    ] {
        one(&found, check, "good");
    }
    let (text, _) = one(&found, "reach", "good");
    assert!(
        text.starts_with(&format!("{at} (UDP) answers 200 OK to OPTIONS after ")),
        "{text}"
    );
    let (text, _) = one(&found, "nat", "good");
    assert!(text.contains("no translator"), "{text}");
    let records = of(&found, "records");
    assert!(
        records
            .iter()
            .any(|(_, text, _)| text.ends_with("records.db is made at the first start"))
    );
    assert!(!stage.path("records.db").exists(), "it changes nothing");
    let (status, text) = said(&stage, &[]);
    assert_eq!(status, 0);
    assert!(text.contains("✔ server sip:alice@127.0.0.1: "), "{text}");
    assert!(text.ends_with("Nothing is wrong.\n"), "{text}");
    let (status, text) = said(&stage, &["--lang", "de"]);
    assert_eq!(status, 0);
    assert!(
        text.contains("✔ Zeit sip:alice@127.0.0.1: die Uhr dieses Rechners stimmt"),
        "{text}"
    );
    assert!(text.ends_with("Alles in Ordnung.\n"), "{text}");
}

#[test]
fn a_translator_another_clock_and_a_busy_server_are_told() {
    let stage = Stage::new();
    let states = States {
        status: "503 Service Unavailable",
        seen: Some(([203, 0, 113, 7], 61_000).into()),
        ahead: -7_200,
    };
    let at = registrar(states).to_string();
    let (status, found) = examined(&stage, &config(&at, ""));
    assert_eq!((status, &found["wrong"]), (0, &0.into()), "{found:#}");
    let (text, hint) = one(&found, "reach", "watch");
    assert!(
        text.contains("503 Service Unavailable") && hint.contains("operator"),
        "{text}"
    );
    let (text, _) = one(&found, "nat", "good");
    assert!(text.contains("is seen as 203.0.113.7:61000"), "{text}");
    let (text, hint) = one(&found, "time", "watch");
    let seconds: i64 = text.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(
        (7_195..7_260).contains(&seconds) && text.contains("ahead"),
        "{text}"
    );
    assert!(hint.contains("NTP"));
    let (_, found) = examined(&stage, &config(&at, "nat = \"off\"\n"));
    let (_, hint) = one(&found, "nat", "watch");
    assert!(hint.contains("nat = \"auto\""), "{hint}");
}

#[test]
fn a_server_that_nothing_listens_at_is_named_and_one_that_only_takes_tcp() {
    let stage = Stage::new();
    // Port 1 is not given to programs.
    let (status, found) = examined(&stage, &config("127.0.0.1:1", ""));
    assert_eq!(status, 1);
    let (text, hint) = one(&found, "reach", "wrong");
    assert!(text.contains("127.0.0.1:1 (UDP): not reached"), "{text}");
    assert!(hint.contains("transport"), "{hint}");
    assert!(of(&found, "nat").is_empty() && of(&found, "time").is_empty());
    let (status, text) = said(&stage, &["--lang", "de"]);
    assert_eq!(status, 1);
    assert!(
        text.contains("✖ Server sip:alice@127.0.0.1: Registrar"),
        "{text}"
    );
    assert!(text.contains("  → Prüfen Sie"), "{text}");
    assert!(text.ends_with("1 falsch, 0 zu beachten.\n"), "{text}");

    let (_silent, _tcp, at) = wait("a port by both", || {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = tcp.local_addr().unwrap();
        Some((UdpSocket::bind(at).ok()?, tcp, at))
    });
    let (status, found) = examined(&stage, &config(&at.to_string(), ""));
    assert_eq!(status, 1);
    let (text, hint) = one(&found, "reach", "wrong");
    assert!(
        text.contains("no answer") && hint.contains("transport = \"tcp\""),
        "{text} {hint}"
    );
}

#[test]
fn a_name_that_has_no_address_is_named() {
    let stage = Stage::new();
    let (status, found) = examined(&stage, &config("pbx.trialog.invalid", ""));
    assert_eq!(status, 1);
    let (text, hint) = one(&found, "dns", "wrong");
    assert_eq!(text, "registrar pbx.trialog.invalid: name not found");
    assert!(hint.contains("name server"), "{hint}");
    assert!(of(&found, "reach").is_empty());
}

/// Certificate and key for this name, for so many days, of an issuer whose certificate lies in `ca.pem`.
fn certificate(stage: &Stage, name: &str, days: i64) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    stage.write("ca.pem", params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    // Midnight of the day after: between so many days and one more.
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * (days + 1));
    let until = jiff::tz::TimeZone::UTC.to_datetime(until).date();
    let day = |number: i8| u8::try_from(number).unwrap();
    params.not_after = date_time_ymd(until.year().into(), day(until.month()), day(until.day()));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    stage.write("pbx.crt", certificate.pem());
    stage.write("pbx.key", key.serialize_pem());
}

/// Where a phone takes TLS, as its log says.
fn tls_port(stage: &Stage, name: &str) -> u16 {
    wait("the port for TLS", || {
        let log = std::fs::read_to_string(stage.path(&format!("{name}.log"))).ok()?;
        let plain: String = log.split('\u{1b}').collect();
        let (_, rest) = plain.split_once("tls_port")?;
        let digits = rest
            .split(' ')
            .next()?
            .rsplit(|c: char| !c.is_ascii_digit());
        digits
            .into_iter()
            .find(|part| !part.is_empty())?
            .parse()
            .ok()
    })
}

#[test]
fn a_certificate_that_ends_in_three_days_is_told_and_one_for_another_name_refused() {
    let stage = Stage::new();
    certificate(&stage, "localhost", 3);
    let tls = "[tls]\nport = 0\ncertificate = \"pbx.crt\"\nkey = \"pbx.key\"\n";
    let _pbx = stage.phone("pbx", &format!("[audio]\nend = \"none\"\n{tls}"));
    let port = tls_port(&stage, "pbx");
    let believes = "[tls]\nca = \"ca.pem\"\n";
    let by_tls = |host: &str| config(&format!("{host}:{port};transport=tls"), believes);
    let (status, found) = examined(&stage, &by_tls("localhost"));
    assert_eq!(status, 0, "{found:#}");
    let (text, hint) = one(&found, "certificate", "watch");
    assert!(
        text.contains("for localhost, of an issuer that is believed"),
        "{text}"
    );
    assert!(text.ends_with("(3 days)"), "{text}");
    assert!(hint.contains("renewed"), "{hint}");
    let (text, _) = one(&found, "reach", "good");
    assert!(text.contains("(TLS) answers"), "{text}");
    let (status, found) = examined(&stage, &by_tls("127.0.0.1"));
    assert_eq!(status, 1);
    let (text, _) = one(&found, "certificate", "wrong");
    assert!(text.contains("for another name (localhost)"), "{text}");
    // What this phone shows itself.
    let (_, found) = examined(&stage, &phone(tls));
    let (text, _) = one(&found, "certificate", "watch");
    assert!(
        text.starts_with("tls.certificate, which this phone shows"),
        "{text}"
    );
}

#[test]
fn ports_that_others_have_are_told() {
    let stage = Stage::new();
    let (_one, _other, port) = wait("a free pair", || {
        let port = UdpSocket::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port()
            & !1;
        let bind = |port| UdpSocket::bind(("127.0.0.1", port)).ok();
        Some((bind(port)?, bind(port + 1)?, port))
    });
    let text = phone("");
    let range = format!("rtp_ports = \"{port}-{}\"", port + 1);
    let text = text.replace("rtp_ports = \"0\"", &range);
    let text = text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"));
    let (status, found) = examined(&stage, &text);
    assert_eq!(status, 1);
    let rtp = of(&found, "rtp-ports");
    assert_eq!(rtp[0].0, "wrong");
    assert!(rtp[0].1.starts_with("none of the 1 pairs in"), "{rtp:?}");
    assert!(rtp[0].2.contains("media.rtp_ports"), "{rtp:?}");
    let (text, hint) = one(&found, "sip-port", "wrong");
    assert_eq!(
        text,
        format!("127.0.0.1:{port} by UDP: another program has it")
    );
    assert!(hint.contains("sip.listen"), "{hint}");
}

#[test]
fn records_that_can_t_be_kept_are_told() {
    let stage = Stage::new();
    stage.write("plain", "a file, and no folder");
    let below = phone("").replace("records.db", "plain/deep/records.db");
    let (status, found) = examined(&stage, &below);
    assert_eq!(status, 1);
    let (text, hint) = one(&found, "records", "wrong");
    assert!(text.contains("plain takes no file"), "{text}");
    assert!(hint.contains("records.file"), "{hint}");
    let file = stage.write(
        "records.db",
        "this is no database, and long enough to be read as one",
    );
    let (_, found) = examined(&stage, &phone(""));
    let records = of(&found, "records");
    assert_eq!(records[0].0, "wrong", "{records:?}");
    assert!(
        records
            .iter()
            .any(|(verdict, text, hint)| verdict == "watch"
                && text.contains("other users may read it")
                && hint.starts_with("chmod 600 ")),
        "{records:?}"
    );
    let untouched = std::fs::read_to_string(file).unwrap();
    assert!(untouched.starts_with("this is no database"));
}

#[test]
fn a_faulty_configuration_is_told_as_check_tells_it() {
    let stage = Stage::new();
    let (status, found) = examined(&stage, "name = \"alice\"\n[sip]\ntcp = 1\nlisen = 2\n");
    assert_eq!((status, &found["wrong"]), (1, &1.into()));
    let (text, _) = one(&found, "configuration", "wrong");
    assert!(
        text.contains("alice.toml:3: key sip.tcp: expected true or false, found 1\n"),
        "{text}"
    );
    assert!(text.contains("alice.toml:4: key sip.lisen"), "{text}");
    let (_, text) = said(&stage, &[]);
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn a_running_phone_is_asked_and_its_own_ports_are_no_fault() {
    let (stage, at) = (Stage::new(), registrar(GOOD));
    let port = wait("a port by both", || {
        let udp = UdpSocket::bind("127.0.0.1:0").ok()?;
        let at = udp.local_addr().ok()?;
        TcpListener::bind(at).ok().map(|_| at.port())
    });
    let rest = format!(
        "[audio]\nend = \"none\"\n[[account]]\naor = \"sip:alice@127.0.0.1\"\nregistrar = \"sip:{at}\"\n"
    );
    let alice = stage.phone_at("alice", &format!("127.0.0.1:{port}"), &rest, &[]);
    wait("the registration", || {
        (alice.status()["accounts"][0]["state"] == "registered").then_some(())
    });
    let (status, out) = said(&stage, &["--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0, "{found:#}");
    let (text, _) = one(&found, "sip-port", "good");
    assert_eq!(
        text,
        format!("127.0.0.1:{port}: the running phone “alice” has it")
    );
    let (text, _) = one(&found, "phone", "good");
    assert!(text.starts_with("“alice” runs (process "), "{text}");
    one(&found, "registration", "good");
    let records = of(&found, "records");
    assert!(
        records[0].1.ends_with("opens, its folder takes files"),
        "{records:?}"
    );
    assert_eq!(alice.status()["accounts"][0]["state"], "registered");
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let stage = Stage::new();
    let text = phone("").replace(
        "\"none\"",
        "\"device\"\ninput = \"no such microphone 4711\"",
    );
    let (status, found) = examined(&stage, &text);
    assert_eq!(status, 1);
    let sound = of(&found, "sound");
    assert_eq!(sound[0].0, "wrong", "{sound:?}");
    assert!(
        sound[0].1.starts_with("microphone: not there ("),
        "{sound:?}"
    );
    assert!(sound[0].2.contains("audio.input"), "{sound:?}");
    let (_, text) = said(&stage, &["--lang", "de"]);
    assert!(text.contains("✖ Ton: Mikrofon: nicht da ("), "{text}");
}
