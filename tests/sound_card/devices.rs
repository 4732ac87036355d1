//! Devices that are not there yet, go, come back, or are chosen anew, while the phone runs.
use crate::conference::{CUSTOMER, GUEST, LEVEL, OWNER, Phones, alone, before_the_end, tone_file};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use trialog_tests::program::{PhoneProcess, Running, folder, trialog};
use trialog_tests::pulse::SoundCard;
use trialog_tests::tone::{self, RATE};

/// The headset of these tests: a sink to speak into and one to hear by.
const HEADSET: &str = "input = \"voice.monitor\"\noutput = \"headset\"\n";

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Waits until the status is so, and says how long that took.
fn until(phone: &PhoneProcess, what: &str, within: f64, is: impl Fn(&Value) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        let status = phone.status();
        if is(&status) {
            return started.elapsed();
        }
        assert!(
            started.elapsed() < seconds(within),
            "{what}: not in {within} s: {:#} {:#}",
            status["presence"],
            status["audio"]
        );
        sleep(seconds(0.01));
    }
}

fn is_available(status: &Value) -> bool {
    status["presence"] == "available" && status["audio"]["microphone"].is_string()
}

fn has_no_device(status: &Value) -> bool {
    status["presence"] == "no-device" && status["callers_get"] == 480
}

/// What this sink has played in the last so many seconds, at this tone.
fn heard(raw: &Path, frequency: f64, seconds: f64) -> f64 {
    let all = tone::read_raw(raw);
    let from = all
        .len()
        .saturating_sub((seconds * f64::from(RATE)) as usize);
    tone::level(&all[from..], frequency)
}

/// How many of the phone's streams are open: those that play, and those that capture.
fn streams(card: &SoundCard) -> (usize, usize) {
    let of = |kind: &str| {
        let all = card.ask(&["list", kind]);
        all.matches("application.name = \"Trialog\"").count()
    };
    (of("sink-inputs"), of("source-outputs"))
}

/// A headset that is plugged in.
struct Headset {
    voice: String,
    ear: String,
    speaks: Running,
}

impl Headset {
    fn plug(card: &SoundCard, folder: &Path) -> Self {
        let voice = card.plug("voice", 48_000, 1);
        let ear = card.plug("headset", 48_000, 1);
        let speaks = card.speak_to("voice", &tone_file(folder, "owner", OWNER));
        Self { voice, ear, speaks }
    }

    fn pull(mut self, card: &SoundCard) {
        card.pull(&self.ear);
        card.pull(&self.voice);
        self.speaks.end(seconds(2.0));
    }
}

#[test]
fn a_phone_that_is_started_before_its_headset_and_before_the_sound_server_finds_them() {
    let _alone = alone();
    let folder = folder("devices-late");
    let place = SoundCard::at(&folder.join("card"));
    let phones = Phones::start_in(folder.clone(), HEADSET, &place.environment());
    until(&phones.owner, "without a server", 2.0, has_no_device);
    let audio = phones.owner.status()["audio"].clone();
    assert_eq!(audio["end"], "device");
    assert_eq!(audio["asked"]["microphone"], "voice.monitor");
    assert!(audio["no_microphone"].is_string() && audio["no_ear"].is_string());
    phones.customer.ctl(&["call", &phones.owner.uri()]);
    sleep(seconds(0.5));
    assert_eq!(phones.owner.stage(), "", "a caller is turned away");

    let card = place.serve("", "no");
    card.plug("office", 48_000, 2);
    sleep(seconds(1.5));
    assert!(
        has_no_device(&phones.owner.status()),
        "another device is none"
    );
    let headset = Headset::plug(&card, &folder);
    let took = until(&phones.owner, "with the headset", 2.0, is_available);
    println!("found after {took:?}");
    let audio = phones.owner.status()["audio"].clone();
    assert_eq!(audio["microphone"], "Monitor of voice");
    assert_eq!(audio["ear"], "headset");
    assert!(audio.get("no_ear").is_none(), "{audio:#}");
    assert_eq!(audio["known"]["ears"].as_array().map(Vec::len), Some(3));
    phones.connect();
    until(&phones.owner, "in a call", 2.0, |status| {
        status["audio"]["open"] == true
    });
    phones.owner.ctl(&["end"]);
    headset.pull(&card);
    let took = until(&phones.owner, "pulled while idle", 1.0, has_no_device);
    println!("missed after {took:?}");
}

#[test]
fn a_headset_that_is_pulled_out_in_a_call_is_silent_until_it_is_back_and_nobody_else_hears_the_call()
 {
    let _alone = alone();
    let folder = folder("devices-pulled");
    let card = SoundCard::start_bare(&folder.join("card"));
    card.plug("office", 48_000, 2);
    card.plug("radio", 44_100, 2);
    let _music = card.speak_to("radio", &tone_file(&folder, "radio", 2_500.0));
    card.ask(&["set-default-source", "radio.monitor"]);
    let headset = Headset::plug(&card, &folder);
    let mut phones = Phones::start_in(folder.clone(), HEADSET, &card.environment());
    let office = folder.join("office.raw");
    let _office = card.listen_at("office", &office);
    until(&phones.owner, "at the start", 2.0, is_available);
    phones.bring_together();
    sleep(seconds(2.0));
    headset.pull(&card);
    let took = until(&phones.owner, "pulled", 1.0, |status| {
        status["audio"]["no_microphone"].is_string() && status["audio"]["no_ear"].is_string()
    });
    println!("noticed after {took:?}");
    sleep(seconds(2.0));
    assert_eq!(phones.owner.stage(), "conference");
    assert_eq!(streams(&card), (0, 0), "nothing was moved elsewhere");
    for party in [CUSTOMER, GUEST] {
        let level = heard(&office, party, 3.0);
        assert!(
            level < -60.0,
            "the office hears {party} Hz at {level:.1} dB"
        );
    }

    let headset = Headset::plug(&card, &folder);
    let ear = folder.join("headset.raw");
    let _ear = card.listen_at("headset", &ear);
    let took = until(&phones.owner, "plugged in again", 0.5, |status| {
        is_available_again(status) && streams(&card) == (1, 1)
    });
    println!("back after {took:?}");
    sleep(seconds(2.5));
    let level = heard(&ear, CUSTOMER, 1.0);
    assert!(
        (level - LEVEL).abs() < 1.0,
        "the owner hears at {level:.1} dB"
    );
    let [customer, guest] = phones.recordings();
    drop(headset);
    let last = &before_the_end(&customer, 1);
    let level = tone::level(last, OWNER);
    assert!(
        (level - LEVEL).abs() < 1.0,
        "the customer hears the owner at {level:.1} dB"
    );
    let (customer, guest) = (before_the_end(&customer, 5), before_the_end(&guest, 5));
    assert!(tone::level(customer, 2_500.0) < -55.0, "the radio is sent");
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
    ];
    println!("gaps {gaps:?} ms");
    assert!(gaps.iter().all(|gap| *gap <= 20), "{gaps:?} ms");
}

fn is_available_again(status: &Value) -> bool {
    let audio = &status["audio"];
    audio["microphone"].is_string() && audio["ear"].is_string()
}

#[test]
fn the_systems_default_is_followed_in_a_call_without_a_gap() {
    let _alone = alone();
    let folder = folder("devices-default");
    let card = SoundCard::start(&folder.join("card"));
    card.plug("second", 44_100, 2);
    card.plug("voice", 16_000, 1);
    let owner = tone_file(&folder, "owner", OWNER);
    let _speaks = [card.speak(&owner), card.speak_to("voice", &owner)];
    let mut phones = Phones::start_in(folder.clone(), "", &card.environment());
    let ear = folder.join("second.raw");
    let _ear = card.listen_at("second", &ear);
    phones.bring_together();
    sleep(seconds(2.0));
    card.ask(&["set-default-sink", "second"]);
    sleep(seconds(1.0));
    card.ask(&["set-default-source", "voice.monitor"]);
    until(&phones.owner, "the new default", 1.0, |status| {
        status["audio"]["ear"] == "second" && status["audio"]["microphone"] == "Monitor of voice"
    });
    sleep(seconds(3.0));
    assert_eq!(streams(&card), (1, 1));
    let level = heard(&ear, CUSTOMER, 1.5);
    assert!(
        (level - LEVEL).abs() < 1.0,
        "the owner hears at {level:.1} dB"
    );
    let [customer, guest] = phones.recordings();
    let (customer, guest) = (before_the_end(&customer, 5), before_the_end(&guest, 5));
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
        tone::longest_gap(customer, OWNER),
        tone::longest_gap(guest, OWNER),
    ];
    println!("gaps {gaps:?} ms");
    assert!(gaps.iter().all(|gap| *gap <= 20), "{gaps:?} ms");
}

#[test]
fn devices_are_open_while_there_is_a_call_and_the_first_word_is_heard() {
    let _alone = alone();
    let folder = folder("devices-open");
    let card = SoundCard::start(&folder.join("card"));
    let mut phones = Phones::start_in(folder.clone(), "", &card.environment());
    sleep(seconds(1.0));
    assert_eq!(streams(&card), (0, 0), "open without a call");
    let idle = processor_share(&phones.owner, 3.0);
    println!("idle: {:.2} % of a processor", 100.0 * idle);
    assert!(idle < 0.01, "{:.2} %", 100.0 * idle);
    phones.customer.ctl(&["call", &phones.owner.uri()]);
    phones.owner.wait_for("offered");
    until(&phones.owner, "ringing", 1.0, |_| streams(&card) == (1, 1));
    let _speaks = card.speak(&tone_file(&folder, "owner", OWNER));
    sleep(seconds(0.5));
    phones.owner.ctl(&["answer"]);
    phones.owner.wait_for("connected");
    let answered = phones.owner.status()["calls"][0]["answered_ms"].as_f64();
    let recorded = phones.customer.status()["audio"]["started_unix_us"].as_f64();
    let busy = processor_share(&phones.owner, 3.0);
    println!("in a call: {:.2} % of a processor", 100.0 * busy);
    phones.owner.ctl(&["end"]);
    until(&phones.owner, "after the call", 2.0, |_| {
        streams(&card) == (0, 0)
    });
    let [customer, _] = phones.recordings();
    let piece = RATE as usize / 10;
    let first = (0..customer.len() - piece)
        .step_by(480)
        .find(|from| tone::level(&customer[*from..][..piece], OWNER) > LEVEL - 2.0)
        .expect("the customer hears the owner");
    let at = recorded.expect("it records") / 1e3 + first as f64 / 48.0;
    let late = at - answered.expect("it was answered");
    println!("the first word is heard {late:.0} ms after the answer");
    assert!(late < 150.0, "{late:.0} ms");
}

#[test]
fn devices_are_chosen_in_a_call_without_a_gap_and_the_choice_is_kept() {
    let _alone = alone();
    let folder = folder("devices-chosen");
    let card = SoundCard::start(&folder.join("card"));
    card.plug("wide", 44_100, 2);
    card.plug("narrow", 16_000, 1);
    card.plug("bell", 44_100, 2);
    let owner = tone_file(&folder, "owner", OWNER);
    let _speaks = [card.speak(&owner), card.speak_to("narrow", &owner)];
    let mut phones = Phones::start_in(folder.clone(), "", &card.environment());
    phones.owner.ctl(&["devices", "--ring", "bell"]);
    let bell = folder.join("bell.raw");
    let spk = folder.join("spk.raw");
    let listens = [card.listen_at("bell", &bell), card.listen_at("spk", &spk)];
    phones.customer.ctl(&["call", &phones.owner.uri()]);
    phones.owner.wait_for("offered");
    sleep(seconds(1.5));
    let level = |raw: &Path| {
        let all = tone::read_raw(raw);
        all.iter()
            .fold(0.0_f64, |most, sample| most.max(sample.abs()))
    };
    assert!(level(&bell) > 0.01, "the bell rings");
    assert!(level(&spk) < 0.001, "the ear does not");
    drop(listens);
    phones.owner.ctl(&["reject"]);
    sleep(seconds(0.5));

    phones.bring_together();
    sleep(seconds(2.0));
    phones
        .owner
        .ctl(&["devices", "--ear", "wide", "--microphone", "narrow.monitor"]);
    let chosen = |status: &Value| {
        let audio = &status["audio"];
        audio["ear"] == "wide"
            && audio["microphone"] == "Monitor of narrow"
            && audio["ring"] == "bell"
    };
    until(&phones.owner, "chosen", 1.0, chosen);
    let wide = folder.join("wide.raw");
    let _wide = card.listen_at("wide", &wide);
    sleep(seconds(3.0));
    assert_eq!(streams(&card), (1, 1));
    let level = heard(&wide, CUSTOMER, 1.5);
    assert!(
        (level - LEVEL).abs() < 1.0,
        "the owner hears at {level:.1} dB"
    );
    let [customer, guest] = phones.recordings();
    let (customer, guest) = (before_the_end(&customer, 4), before_the_end(&guest, 4));
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
        tone::longest_gap(customer, OWNER),
        tone::longest_gap(guest, OWNER),
    ];
    println!("gaps {gaps:?} ms");
    assert!(gaps.iter().all(|gap| *gap <= 20), "{gaps:?} ms");
    drop(phones);
    let again = Phones::again(&folder, &card.environment());
    until(&again, "after a new start", 2.0, chosen);
    again.ctl(&["devices", "--configured"]);
    until(&again, "as configured", 1.0, |status| {
        status["audio"]["ear"] == "spk" && status["audio"].get("ring").is_none()
    });
}

/// What `trialog audio` says, and whether it is content.
fn audio(card: &SoundCard, arguments: &[&str]) -> (Value, bool) {
    let mut command = Command::new(trialog());
    command.args(["audio", "--json"]).args(arguments);
    // A user with no cookie of a sound server, as on a new machine.
    command.env("HOME", "/nonexistent");
    let output = command.envs(card.environment()).output();
    let output = output.expect("trialog can be started");
    let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    (said, output.status.success())
}

#[test]
fn microphone_and_ear_are_listed_and_tried() {
    let _alone = alone();
    let folder = folder("devices-tried");
    let card = SoundCard::start(&folder.join("card"));
    let (all, _) = audio(&card, &["list"]);
    let ids = |of: &str| -> Vec<&str> {
        let all = all[of].as_array().into_iter().flatten();
        all.filter_map(|device| device["id"].as_str()).collect()
    };
    assert_eq!(ids("ears"), ["spk", "mic"]);
    assert_eq!(ids("microphones"), ["spk.monitor", "mic.monitor"]);

    // The microphone hears the ear, and nobody speaks.
    let (said, content) = audio(&card, &["test", "--input", "spk.monitor"]);
    println!("{said}");
    assert!(!content && said["silent"] == true, "{said}");
    let latency = said["latency_ms"].as_u64();
    assert!(latency.is_some_and(|ms| (20..200).contains(&ms)), "{said}");

    let _speaks = card.speak(&tone_file(&folder, "owner", CUSTOMER));
    let (said, content) = audio(&card, &["test", "--input", "mic.monitor"]);
    println!("{said}");
    assert!(content && said["silent"] == false, "{said}");
    assert!(said["latency_ms"].is_null(), "{said}");
    let loud = said["microphone_db"].as_f64().expect("it was measured");
    // A sine's RMS is 3 dB below its amplitude.
    assert!((loud - (LEVEL - 3.0)).abs() < 2.0, "{said}");

    let missing = Command::new(trialog())
        .args(["audio", "test", "--input", "nowhere"])
        .envs(card.environment())
        .output()
        .expect("trialog can be started");
    let said = String::from_utf8_lossy(&missing.stderr);
    assert!(
        !missing.status.success() && said.contains("nowhere"),
        "{said}"
    );
}

/// What part of a processor this phone takes, over so many seconds.
fn processor_share(phone: &PhoneProcess, over: f64) -> f64 {
    let ticks = || -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", phone.running.id()));
        let stat = stat.expect("the phone runs");
        let (_, after) = stat.rsplit_once(") ").expect("the name is in brackets");
        let fields: Vec<&str> = after.split(' ').collect();
        [11, 12]
            .into_iter()
            .map(|field| fields[field].parse::<f64>().expect("a number"))
            .sum()
    };
    let before = ticks();
    sleep(seconds(over));
    // A hundred a second.
    (ticks() - before) / 100.0 / over
}

#[test]
fn a_microphone_that_stops_without_an_error_is_noticed_and_taken_again() {
    let _alone = alone();
    let folder = folder("devices-stopped");
    let card = SoundCard::start(&folder.join("card"));
    let phones = Phones::start_in(folder.clone(), "", &card.environment());
    phones.connect();
    until(&phones.owner, "in a call", 2.0, |status| {
        status["audio"]["open"] == true && is_available_again(status)
    });
    sleep(seconds(1.0));
    card.ask(&["suspend-sink", "mic", "1"]);
    let took = until(&phones.owner, "stopped", 1.5, |status| {
        status["audio"]["no_microphone"].is_string()
    });
    println!("noticed after {took:?}");
    card.ask(&["suspend-sink", "mic", "0"]);
    let took = until(&phones.owner, "goes on", 2.0, is_available_again);
    println!("taken again after {took:?}");
}
