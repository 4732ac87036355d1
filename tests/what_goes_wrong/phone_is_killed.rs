//! The owner's phone, a real process, is killed in a conference and started again: the three hear each other again, and it is said how
//! long they did not.
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trialog_tests::program::{PhoneProcess, folder};
use trialog_tests::tone::{self, RATE};

const NAMES: [&str; 3] = ["customer", "owner", "guest"];
const TONES: [f64; 3] = [433.0, 997.0, 1511.0];
const LEVEL: f64 = -20.0;

/// A start, a re-INVITE and a jitter buffer take some hundred milliseconds; a machine that does other work is given more.
const LONGEST_GAP: u32 = 6_000;

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs_f64()
}

fn phone(party: usize, folder: &Path, runtime: &Path) -> PhoneProcess {
    let name = NAMES[party];
    let play = folder.join(format!("{name}-speaks.wav"));
    tone::write(&play, TONES[party], LEVEL, 60);
    let settings = format!(
        "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[agent]\nagent = {}\n\n[audio]\nend = \"file\"\nplay = {play:?}\nrepeat = true\nrecord = \"{name}.wav\"\n",
        party != 0
    );
    PhoneProcess::start(name, folder, runtime, &settings, &[])
}

/// What an ear heard between two times.
fn heard(folder: &Path, name: &str, began: f64, from: f64, to: f64) -> Vec<f64> {
    let samples = tone::read(&folder.join(format!("{name}.wav")));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a recording is a minute long, and begins before"
    )]
    let place =
        |time: f64| (((time - began).max(0.0) * f64::from(RATE)) as usize).min(samples.len());
    samples[place(from)..place(to)].to_vec()
}

#[test]
fn a_conference_whose_phone_is_killed_and_started_again_goes_on() {
    let folder = folder("phone-is-killed");
    let runtime = folder.join("run");
    std::fs::create_dir_all(&runtime).expect("the folder can be made");
    let [mut customer, mut owner, mut guest] =
        [0, 1, 2].map(|party| phone(party, &folder, &runtime));
    customer.ctl(&["call", &owner.uri()]);
    owner.wait_for("offered");
    owner.ctl(&["answer"]);
    owner.wait_for("connected");
    owner.ctl_when_free(&["consult", &guest.uri()]);
    guest.wait_for("offered");
    guest.ctl(&["answer"]);
    owner.wait_for("consulting");
    owner.ctl_when_free(&["conference"]);
    owner.wait_for("conference");
    guest.wait_for("conference");
    std::thread::sleep(Duration::from_secs(1));
    let before = owner.status()["calls"][0].clone();

    let from = now();
    std::thread::sleep(Duration::from_millis(500));
    owner.crash_and_start_again();
    owner.wait_for("conference");
    std::thread::sleep(Duration::from_secs(3));
    let to = now();

    let after = owner.status()["calls"][0].clone();
    for same in [
        "/id",
        "/role",
        "/stage",
        "/legs/0/id",
        "/legs/0/uri",
        "/legs/1/id",
        "/legs/1/uri",
    ] {
        assert_eq!(after.pointer(same), before.pointer(same), "{same}");
    }
    let owners_began = owner.status()["audio"]["started_unix_us"].as_f64();
    let owners_began = owners_began.expect("it records") / 1e6;
    // Acts go on as if nothing had been.
    let last = now();
    owner.ctl_when_free(&["end"]);
    for phone in [&customer, &owner, &guest] {
        phone.wait_for("");
    }
    let history = owner.ctl(&["history"]);
    let calls = history["calls"].as_array().expect("there is a history");
    assert_eq!(calls.len(), 1, "{history:#}");
    assert_eq!(calls[0]["outcome"], "ended", "{history:#}");

    let began = [&customer, &guest].map(|phone| {
        let began = phone.status()["audio"]["started_unix_us"].as_f64();
        began.expect("it records") / 1e6
    });
    for phone in [&mut customer, &mut owner, &mut guest] {
        assert!(phone.running.end(Duration::from_secs(5)), "{}", phone.name);
    }
    for (ear, began, others) in [(0, began[0], [1, 2]), (2, began[1], [0, 1])] {
        let whole = heard(&folder, NAMES[ear], began, from, to);
        let end = heard(&folder, NAMES[ear], began, to - 1.0, to);
        for party in others {
            let gap = tone::longest_gap(&whole, TONES[party]);
            let level = tone::level(&end, TONES[party]);
            println!(
                "{} does not hear {} for {gap} ms, and then at {level:.1} dB",
                NAMES[ear], NAMES[party]
            );
            assert!(gap <= LONGEST_GAP, "{gap} ms");
            assert!((level - LEVEL).abs() <= 1.0, "{level:.1} dB");
        }
        assert!(tone::level(&end, TONES[ear]) < -60.0, "it hears itself");
    }
    let end = heard(&folder, NAMES[1], owners_began, last - 1.0, last);
    for party in [0, 2] {
        let level = tone::level(&end, TONES[party]);
        assert!((level - LEVEL).abs() <= 1.0, "the owner: {level:.1} dB");
    }
}
