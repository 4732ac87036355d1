//! Webhooks: what is recorded is told, once it can be, in its order, and whatever becomes of the phone and the receiver meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Phone, Stage, wait};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

const CUSTOMER: &str = "[audio]\nend = \"none\"\n[agent]\nagent = false\n";
const REASONS: &str = "[audio]\nend = \"none\"\n[wrap_up]\nreasons = [{ code = \"sale\", en = \"Sale\", de = \"Verkauf\" }]\n";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver does with a request.
#[derive(Clone, Copy)]
enum Does {
    Answer(u16),
    /// Nothing, until the connection ends.
    Stall,
    Redirect(u16),
    Retry(&'static str),
}

struct Got {
    head: String,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    fn event(&self) -> &str {
        self.body["event"].as_str().unwrap()
    }
}

struct Receiver {
    port: u16,
    got: mpsc::Receiver<Got>,
}

/// A receiver that treats each request by the next of these, the last one from then on.
fn receiver(does: &'static [Does]) -> Receiver {
    receiver_at(TcpListener::bind("127.0.0.1:0").unwrap(), does)
}

fn receiver_at(listener: TcpListener, does: &'static [Does]) -> Receiver {
    receiver_by(listener, does, |stream| stream)
}

/// The same by TLS, by a certificate for `localhost` that is its own issuer, and lies in the stage's `crm.pem`.
fn secured_receiver(stage: &Stage, does: &'static [Does]) -> Receiver {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    stage.write("crm.pem", made.cert.pem());
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    receiver_by(listener, does, move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        StreamOwned::new(connection, stream)
    })
}

fn receiver_by<S: Read + Write + Send>(
    listener: TcpListener,
    does: &'static [Does],
    over: impl Fn(TcpStream) -> S + Send + 'static,
) -> Receiver {
    let port = listener.local_addr().unwrap().port();
    let (told, got) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stalled = Vec::new();
        let all = does.iter().chain(std::iter::repeat(&does[does.len() - 1]));
        for (stream, does) in listener.incoming().zip(all) {
            let mut stream = over(stream.unwrap());
            let Some(request) = request(&mut stream) else {
                continue;
            };
            let answer = match does {
                Does::Answer(status) => format!("HTTP/1.1 {status} x\r\n"),
                Does::Redirect(port) => {
                    format!("HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:{port}/other\r\n")
                }
                Does::Retry(after) => format!("HTTP/1.1 503 x\r\nRetry-After: {after}\r\n"),
                Does::Stall => String::new(),
            };
            if answer.is_empty() {
                stalled.push(stream);
            } else {
                let answer = format!("{answer}Content-Length: 0\r\nConnection: close\r\n\r\n");
                // A phone that was killed does not take it.
                let _ = stream.write_all(answer.as_bytes());
            }
            if told.send(request).is_err() {
                return;
            }
        }
    });
    Receiver { port, got }
}

/// `None`: the connection ended before a request had come, as one does whose certificate is not believed.
fn request(stream: &mut impl Read) -> Option<Got> {
    let mut text = String::new();
    let mut buffer = [0; 8_192];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_owned();
        let got = Got {
            head,
            body: Value::Null,
        };
        let length: usize = got.header("content-length").unwrap().parse().unwrap();
        if body.len() >= length {
            let body = serde_json::from_str(body).unwrap();
            return Some(Got { body, ..got });
        }
    }
}

impl Receiver {
    fn next(&self) -> Got {
        let got = self.got.recv_timeout(Duration::from_secs(30));
        got.expect("a message comes")
    }

    fn nothing_for(&self, time: Duration) {
        assert!(self.got.recv_timeout(time).is_err(), "a message came");
    }

    fn config(&self, more: &str) -> String {
        self.config_at("http://127.0.0.1", more)
    }

    fn config_at(&self, host: &str, more: &str) -> String {
        format!(
            "{REASONS}[[webhook]]\nname = \"crm\"\nurl = \"{host}:{}/calls?key=geheim\"\n{more}",
            self.port
        )
    }
}

/// A call of the customer's that is answered and ended.
fn call(customer: &Phone, agent: &Phone) {
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    wait("the ACK", || {
        agent.status()["calls"][0]["answered_ms"].as_u64()
    });
    agent.act("end");
    agent.stage("none");
}

fn submit(agent: &Phone, note: &str) {
    let due = agent.status()["wrap_ups"][0]["id"].as_u64().unwrap();
    let body = json!({"reason": "sale", "note": note});
    agent.post(&format!("/api/wrap-ups/{due}/submit"), &body, 200);
}

fn kill(stage: &Stage, agent: Phone) {
    agent.signal("KILL");
    agent.end();
    std::fs::remove_file(stage.path("run/trialog/agent/api.json")).unwrap();
}

fn terminate(agent: Phone) {
    agent.signal("TERM");
    let (status, _) = agent.end();
    assert!(status.success(), "{status}");
}

fn log(stage: &Stage) -> String {
    std::fs::read_to_string(stage.path("agent.log")).unwrap()
}

#[test]
fn calls_and_wrap_ups_are_told_in_order_signed_and_whole() {
    let stage = Stage::new();
    stage.write("secret", SECRET);
    let crm = receiver(&[Does::Answer(204)]);
    let customer = stage.phone("customer", CUSTOMER);
    let events = "secret_file = \"secret\"\nevents = [\"call-began\", \"call-connected\", \"call-ended\", \"wrap-up-submitted\"]\n";
    let agent = stage.phone("agent", &crm.config(events));
    call(&customer, &agent);
    submit(&agent, "calls back");
    let got = [0; 4].map(|_| crm.next());
    let names = [
        "call-began",
        "call-connected",
        "call-ended",
        "wrap-up-submitted",
    ];
    assert_eq!(got.each_ref().map(Got::event), names);
    let ended = &got[2].body["call"];
    assert_eq!(ended["outcome"], "ended");
    assert!(ended["ended_ms"].as_u64() >= ended["connected_ms"].as_u64());
    let leg = &ended["legs"][0];
    assert!(leg["ended_ms"].is_u64(), "the leg is over, too: {ended}");
    let wrap_up = &got[3].body;
    assert_eq!(wrap_up["call"]["id"], ended["id"]);
    let submitted = &wrap_up["call"]["wrap_ups"][0];
    assert_eq!(submitted["wrap_up"], wrap_up["wrap_up"]);
    assert_eq!(submitted["note"], "calls back");
    for message in &got {
        assert_eq!(message.header("webhook-id"), message.body["id"].as_str());
        assert!(
            message
                .header("webhook-signature")
                .unwrap()
                .starts_with("v1,")
        );
        assert!(
            message
                .header("webhook-timestamp")
                .unwrap()
                .parse::<u64>()
                .is_ok()
        );
        assert_eq!(message.header("content-type"), Some("application/json"));
    }
    let log = log(&stage);
    assert!(
        !log.contains("geheim") && !log.contains(&SECRET[6..]),
        "{log}"
    );
}

#[test]
fn a_receiver_by_tls_is_told_where_its_certificate_is_believed_and_nothing_where_it_is_not() {
    let stage = Stage::new();
    let crm = secured_receiver(&stage, &[Does::Answer(200)]);
    let config = crm.config_at("https://localhost", "");
    let customer = stage.phone("customer", CUSTOMER);
    let stranger = stage.phone("stranger", &config);
    call(&customer, &stranger);
    let told = wait("the word of it", || {
        let log = std::fs::read_to_string(stage.path("stranger.log")).ok()?;
        let line = log
            .lines()
            .find(|line| line.contains("“crm” does not take"));
        line.map(str::to_owned)
    });
    assert!(
        told.contains("certificate") && !told.contains("geheim"),
        "{told}"
    );
    crm.nothing_for(Duration::from_millis(500));
    let agent = stage.phone_in("agent", &config, ("SSL_CERT_FILE", &stage.path("crm.pem")));
    call(&customer, &agent);
    assert_eq!(crm.next().event(), "call-ended");
}

#[test]
fn what_a_receiver_does_not_take_comes_again_before_what_came_after_and_its_wish_is_followed() {
    static DOES: [Does; 4] = [
        Does::Answer(500),
        Does::Retry("2"),
        Does::Answer(404),
        Does::Answer(200),
    ];
    let stage = Stage::new();
    let crm = receiver(&DOES);
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", &crm.config(""));
    call(&customer, &agent);
    submit(&agent, "");
    let first = crm.next();
    let begun = std::time::Instant::now();
    let again = [0; 3].map(|_| crm.next());
    assert!(begun.elapsed() >= Duration::from_secs(1 + 2));
    for message in &again {
        assert_eq!(
            message.body, first.body,
            "the same message, with the same id"
        );
    }
    assert_eq!(crm.next().event(), "wrap-up-submitted");
    crm.nothing_for(Duration::from_secs(2));
}

#[test]
fn a_receiver_that_stalls_keeps_no_other_one_waiting() {
    let stage = Stage::new();
    let (slow, quick) = (receiver(&[Does::Stall]), receiver(&[Does::Answer(200)]));
    let customer = stage.phone("customer", CUSTOMER);
    let other = format!(
        "[[webhook]]\nname = \"quick\"\nurl = \"http://127.0.0.1:{}/\"\n",
        quick.port
    );
    let agent = stage.phone("agent", &slow.config(&other));
    call(&customer, &agent);
    slow.next();
    assert_eq!(quick.next().event(), "call-ended");
    submit(&agent, "");
    assert_eq!(quick.next().event(), "wrap-up-submitted");
    // It ends within its time, though the receiver holds a thread.
    terminate(agent);
}

#[test]
fn what_waits_is_told_after_a_kill_and_a_call_in_which_the_phone_died_too() {
    let stage = Stage::new();
    // Nothing listens there yet.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (_, got) = mpsc::channel();
    let config = Receiver { port, got }.config("");
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", &config);
    call(&customer, &agent);
    submit(&agent, "before the kill");
    customer.post("/api/calls", &json!({"to": agent.aor()}), 201);
    agent.stage("offered");
    agent.act("answer");
    wait("the record", || {
        let file = trialog_store::open_to_read(&stage.path("agent.records")).unwrap();
        let calls = file
            .read(&trialog_store::Filter::default(), 9)
            .unwrap()
            .calls;
        calls.first()?.connected_us
    });
    kill(&stage, agent);
    // A call whose customer waits goes on; this one has left meanwhile.
    customer.act("end");
    let crm = receiver_at(
        TcpListener::bind(("127.0.0.1", port)).unwrap(),
        &[Does::Answer(200)],
    );
    let agent = stage.phone("agent", &config);
    let got = [0; 3].map(|_| crm.next());
    let names = ["call-ended", "wrap-up-submitted", "call-ended"];
    assert_eq!(got.each_ref().map(Got::event), names);
    assert_eq!(
        got[1].body["call"]["wrap_ups"][0]["note"],
        "before the kill"
    );
    assert_eq!(got[2].body["call"]["outcome"], "far-ended");
    // A kill before that would have it sent once more, with the same id.
    let outbox = trialog_store::Outbox::open(&stage.path("agent.records"), "agent", "crm").unwrap();
    wait("the outbox to be empty", || {
        (outbox.depth().unwrap() == 0).then_some(())
    });
    kill(&stage, agent);
    let agent = stage.phone("agent", &config);
    crm.nothing_for(Duration::from_secs(1));
    terminate(agent);
}

#[test]
fn a_redirection_is_not_followed() {
    let elsewhere = receiver(&[Does::Answer(200)]);
    let redirects: &'static [Does] = vec![Does::Redirect(elsewhere.port)].leak();
    let stage = Stage::new();
    let crm = receiver(redirects);
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", &crm.config(""));
    call(&customer, &agent);
    let first = crm.next();
    assert_eq!(crm.next().body, first.body);
    elsewhere.nothing_for(Duration::from_millis(100));
}

#[test]
fn a_receiver_that_has_gone_for_good_gets_nothing_more_until_the_next_start() {
    let stage = Stage::new();
    let crm = receiver(&[Does::Answer(410), Does::Answer(200)]);
    let customer = stage.phone("customer", CUSTOMER);
    let agent = stage.phone("agent", &crm.config(""));
    call(&customer, &agent);
    assert_eq!(crm.next().event(), "call-ended");
    submit(&agent, "");
    wait("the notice", || {
        log(&stage)
            .contains("wants no more records (410)")
            .then_some(())
    });
    crm.nothing_for(Duration::from_secs(2));
    terminate(agent);
    let agent = stage.phone("agent", &crm.config(""));
    call(&customer, &agent);
    assert_eq!(crm.next().event(), "call-ended");
}
