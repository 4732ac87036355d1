//! Real phones by TLS: a call, and registrars whose certificates are not to be believed.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Phone, Stage, loudest, tone, wait};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use std::time::Duration;

const NO_SOUND: &str = "[audio]\nend = \"none\"\n";

/// An issuer, whose own certificate lies in the stage's `ca.pem`.
struct Ca(Issuer<'static, KeyPair>);

impl Ca {
    fn new(stage: &Stage) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        stage.write("ca.pem", certificate.pem());
        Self(Issuer::new(params, key))
    }

    /// The section [tls] of a phone with a certificate for these names, until this year.
    fn tls(&self, stage: &Stage, file: &str, names: &[&str], until: i32) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        stage.write(&format!("{file}.crt"), certificate.pem());
        stage.write(&format!("{file}.key"), key.serialize_pem());
        format!(
            "[tls]\nport = 0\ncertificate = \"{file}.crt\"\nkey = \"{file}.key\"\nca = \"ca.pem\"\n"
        )
    }
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

/// A phone that says this tone without end, with this much protection of its sound, and reached by TLS.
fn saying(stage: &Stage, ca: &Ca, name: &str, hertz: f64, srtp: &str) -> Phone {
    stage.write(&format!("{name}-in.wav"), tone(hertz));
    let tls = ca.tls(stage, name, &["localhost", "127.0.0.1"], 2090);
    let rest = format!(
        "[media]\nrtp_ports = \"0\"\nsrtp = \"{srtp}\"\n[audio]\nend = \"file\"\nplay = \"{name}-in.wav\"\n\
         repeat = true\nrecord = \"{name}-ear.wav\"\n{tls}"
    );
    stage.start(name, "127.0.0.1:0", &rest, &[])
}

/// How this phone is called by TLS.
fn by_tls(stage: &Stage, name: &str) -> String {
    let port = tls_port(stage, name);
    format!("sip:{name}@localhost:{port};transport=tls")
}

/// Whether a padlock may be shown for the first call, and each leg's signalling and sound.
fn padlock(phone: &Phone) -> (bool, Vec<(bool, bool)>) {
    let call = phone.status()["calls"][0].clone();
    let legs = call["legs"].as_array().unwrap().iter();
    let legs = legs.map(|leg| {
        let secured = &leg["secured"];
        (secured["signalling"] == true, secured["media"] == true)
    });
    (call["secured"] == true, legs.collect())
}

fn trace(stage: &Stage, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(stage.path(&format!("{name}.trace"))).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn two_phones_call_each_other_by_tls_and_nothing_of_the_call_goes_another_way() {
    let stage = Stage::new();
    let ca = Ca::new(&stage);
    let phone = |name: &str| -> Phone {
        let tls = ca.tls(&stage, name, &["localhost", "127.0.0.1"], 2090);
        stage.phone(name, &format!("{NO_SOUND}{tls}"))
    };
    let (customer, agent) = (phone("customer"), phone("agent"));
    let port = tls_port(&stage, "agent");
    let to = format!("sip:agent@localhost:{port};transport=tls");
    customer.post("/api/calls", &json!({"to": to}), 201);
    agent.stage("offered");
    agent.act("answer");
    customer.stage("connected");
    for phone in [&customer, &agent] {
        assert_eq!(padlock(phone), (false, vec![(true, false)]), "no SRTP");
    }
    agent.act("hold");
    agent.stage("held");
    agent.act("resume");
    agent.stage("connected");
    agent.act("end");
    customer.stage("none");
    agent.stage("none");
    for name in ["customer", "agent"] {
        let trace = trace(&stage, name);
        assert!(trace.len() > 8, "{trace:?}");
        for message in trace {
            assert_eq!(message["transport"], "tls", "{message}");
            let text = message["message"].as_str().unwrap();
            assert!(text.contains("Via: SIP/2.0/TLS "), "{text}");
        }
    }
}

#[test]
fn what_went_by_tls_is_shown_in_the_clear_and_without_its_keys() {
    let stage = Stage::new();
    let ca = Ca::new(&stage);
    let customer = saying(&stage, &ca, "customer", 997.0, "require");
    let agent = saying(&stage, &ca, "agent", 433.0, "require");
    customer.post("/api/calls", &json!({"to": by_tls(&stage, "agent")}), 201);
    agent.act("answer");
    customer.stage("connected");
    let (_, text) = agent.text("/api/calls/1/trace");
    let trace: Value = serde_json::from_str(&text).unwrap();
    let messages = trace["messages"].as_array().unwrap();
    let described = messages.iter().filter(|message| {
        assert_eq!(message["transport"], "tls", "{message}");
        let text = message["text"].as_str().unwrap();
        let keys: Vec<_> = text.matches("inline:").collect();
        let struck: Vec<_> = text.matches("inline:[struck out]").collect();
        assert_eq!(keys, vec!["inline:"; struck.len()], "{text}");
        text.contains("a=crypto:")
    });
    assert!(described.count() >= 2, "{text}");
}

#[test]
fn a_registrar_that_is_not_to_be_believed_is_named_with_what_is_wrong() {
    let stage = Stage::new();
    let (ca, foreign_stage) = (Ca::new(&stage), Stage::new());
    let foreign = Ca::new(&foreign_stage);
    for (name, tls, why, german) in [
        (
            "other",
            ca.tls(&stage, "other", &["pbx.example", "mail.example"], 2090),
            "its certificate is for another name (pbx.example, mail.example)",
            "sein Zertifikat gilt für einen anderen Namen (pbx.example, mail.example)",
        ),
        (
            "old",
            ca.tls(&stage, "old", &["localhost"], 2020),
            "its certificate has expired",
            "sein Zertifikat ist abgelaufen",
        ),
        (
            "foreign",
            foreign.tls(&stage, "foreign", &["localhost"], 2090),
            "its certificate is of an issuer that is not believed here",
            "sein Zertifikat stammt von einem Aussteller, dem hier nicht geglaubt wird",
        ),
    ] {
        let _registrar = stage.phone(name, &format!("{NO_SOUND}{tls}"));
        let at = format!("localhost:{}", tls_port(&stage, name));
        let caller = format!("alice-{name}");
        let alice = stage.phone(
            &caller,
            &format!(
                "{NO_SOUND}[tls]\nca = \"ca.pem\"\n[[account]]\naor = \"sip:alice@localhost\"\n\
                 registrar = \"sip:{at};transport=tls\"\n"
            ),
        );
        let account = wait("the failure", || {
            let account = alice.status()["accounts"][0].clone();
            (account["state"] == "failed").then_some(account)
        });
        let said = format!("registrar {at}: {why}");
        assert_eq!(account["detail"], said);
        assert!(account["hint"].is_string() && account["hint_de"].is_string());
        for (lang, said) in [("en", &said), ("de", &format!("Registrar {at}: {german}"))] {
            let output = stage.ctl(&["--phone", &caller, "--lang", lang, "status"]);
            let shown = String::from_utf8(output.stdout).unwrap();
            assert!(shown.contains(said), "{shown}");
        }
        let log = std::fs::read_to_string(stage.path(&format!("{caller}.log"))).unwrap();
        assert!(log.contains("no TLS connection"), "{log}");
    }
}

#[test]
fn two_phones_hear_each_other_by_srtp_and_their_keys_are_in_no_file() {
    let stage = Stage::new();
    let ca = Ca::new(&stage);
    let customer = saying(&stage, &ca, "customer", 997.0, "offer");
    let agent = saying(&stage, &ca, "agent", 433.0, "require");
    customer.post("/api/calls", &json!({"to": by_tls(&stage, "agent")}), 201);
    agent.stage("offered");
    agent.act("answer");
    customer.stage("connected");
    for phone in [&customer, &agent] {
        assert_eq!(padlock(phone), (true, vec![(true, true)]));
    }
    let told = stage.ctl(&["--phone", "agent", "status"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains(" secured\n"), "{told}");
    std::thread::sleep(Duration::from_millis(1_200));
    agent.act("hold");
    agent.stage("held");
    agent.act("resume");
    agent.stage("connected");
    std::thread::sleep(Duration::from_millis(1_200));
    customer.act("end");
    agent.stage("none");
    for phone in [customer, agent] {
        phone.signal("TERM");
        assert!(phone.end().0.success());
    }
    for (ear, other, own) in [("customer", 433.0, 997.0), ("agent", 997.0, 433.0)] {
        let recording = stage.path(&format!("{ear}-ear.wav"));
        let heard = loudest(&recording, other);
        assert!((-12.5..-11.5).contains(&heard), "{ear} hears {heard} dB");
        let echo = loudest(&recording, own);
        assert!(echo < -60.0, "{ear} hears himself at {echo} dB");
        let messages = trace(&stage, ear);
        let messages = messages.iter().filter_map(|one| one["message"].as_str());
        let with_keys: Vec<&str> = messages.filter(|text| text.contains("a=crypto:")).collect();
        assert!(with_keys.len() >= 6, "offer and answer, three times");
        for text in with_keys {
            let keys = text.matches("inline:").count();
            assert_eq!(text.matches("inline:[struck out]").count(), keys, "{text}");
        }
        let log = std::fs::read_to_string(stage.path(&format!("{ear}.log"))).unwrap();
        assert!(!log.contains("inline:"), "{log}");
    }
}

/// The customer's leg is plain, the guest's is not.
#[test]
fn a_conference_and_a_transfer_go_over_mixed_legs() {
    let stage = Stage::new();
    let ca = Ca::new(&stage);
    let customer = saying(&stage, &ca, "customer", 997.0, "off");
    let owner = saying(&stage, &ca, "owner", 433.0, "offer");
    let guest = saying(&stage, &ca, "guest", 1511.0, "offer");
    customer.post("/api/calls", &json!({"to": owner.aor()}), 201);
    owner.stage("offered");
    owner.act("answer");
    owner.stage("connected");
    let to = json!({"to": by_tls(&stage, "guest")});
    owner.post("/api/calls/1/consult", &to, 200);
    guest.stage("offered");
    guest.act("answer");
    owner.stage("consulting");
    owner.act("conference");
    owner.stage("conference");
    let legs = vec![(false, false), (true, true)];
    assert_eq!(padlock(&owner), (false, legs), "one leg is in the clear");
    assert_eq!(padlock(&guest), (true, vec![(true, true)]));
    std::thread::sleep(Duration::from_millis(1_500));
    owner.act("transfer");
    guest.act("accept");
    owner.stage("none");
    guest.stage("connected");
    std::thread::sleep(Duration::from_millis(1_200));
    customer.act("end");
    guest.stage("none");
    for phone in [customer, owner, guest] {
        phone.signal("TERM");
        assert!(phone.end().0.success());
    }
    for (ear, others) in [
        ("customer", [433.0, 1511.0]),
        ("owner", [997.0, 1511.0]),
        ("guest", [997.0, 433.0]),
    ] {
        let recording = stage.path(&format!("{ear}-ear.wav"));
        for other in others {
            let heard = loudest(&recording, other);
            assert!(
                (-13.5..-11.0).contains(&heard),
                "{ear}, {other}: {heard} dB"
            );
        }
    }
    let crypto = |name: &str| {
        let messages = trace(&stage, name);
        let texts = messages.iter().filter_map(|one| one["message"].as_str());
        texts.filter(|text| text.contains("a=crypto:")).count()
    };
    assert!(crypto("guest") >= 2 && crypto("customer") == 0);
}

/// RFC 5922: a call goes to no far end whose certificate is not to be believed, and its end tells why.
#[test]
fn a_call_that_fails_for_a_certificate_says_so_in_words() {
    let stage = Stage::new();
    let ca = Ca::new(&stage);
    let other = ca.tls(&stage, "agent", &["mail.example"], 2090);
    let _agent = stage.phone("agent", &format!("{NO_SOUND}{other}"));
    let own = ca.tls(&stage, "customer", &["localhost"], 2090);
    let customer = stage.phone("customer", &format!("{NO_SOUND}{own}"));
    let mut follows = customer.follow(customer.token());
    customer.post("/api/calls", &json!({"to": by_tls(&stage, "agent")}), 201);
    let words = "its certificate is for another name (mail.example)";
    let past = wait("a record of why", || {
        let past = stage.ctl(&["--phone", "customer", "--json", "history"]);
        let past = String::from_utf8(past.stdout).unwrap();
        past.contains(words).then_some(past)
    });
    assert!(past.contains("503"), "{past}");
    let german =
        "keine gesicherte Verbindung, sein Zertifikat gilt für einen anderen Namen (mail.example)";
    wait("an event that says it in German", || {
        let event = follows.read().unwrap().to_string();
        event.contains(german).then_some(())
    });
    customer.stage("none");
}
