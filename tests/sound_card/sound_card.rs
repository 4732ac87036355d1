//! The owner's phone runs on the sound card's clock; customer and guest are phones that speak a file and record their ears.
//! Three tones that no codec folds onto each other: the customer's 433 Hz, the owner's 997 Hz, the guest's 1511 Hz.
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use trialog_tests::program::{PhoneProcess, Running, folder};
use trialog_tests::pulse::SoundCard;
use trialog_tests::tone::{self, RATE};

const CUSTOMER: f64 = 433.0;
const OWNER: f64 = 997.0;
const GUEST: f64 = 1511.0;
/// How loud each speaks, in dB below full scale.
const LEVEL: f64 = -20.0;

/// One conference at a time also where all tests share a process: they keep real time.
static ALONE: Mutex<()> = Mutex::new(());

/// A running conference.
struct Conference {
    folder: PathBuf,
    card: SoundCard,
    customer: PhoneProcess,
    owner: PhoneProcess,
    guest: PhoneProcess,
    _speaks: Running,
    listens: Running,
}

fn tone_file(folder: &Path, name: &str, frequency: f64) -> PathBuf {
    let path = folder.join(format!("{name}-speaks.wav"));
    // Short enough to be made fast, long enough to be repeated without a click: whole periods.
    tone::write(&path, frequency, LEVEL, 60);
    path
}

impl Conference {
    fn start(name: &str) -> Self {
        let folder = folder(name);
        let card = SoundCard::start(&folder.join("card"));
        let runtime = folder.join("run");
        std::fs::create_dir_all(&runtime).expect("the folder can be made");
        let by_file = |name: &str, frequency| {
            let play = tone_file(&folder, name, frequency);
            let settings = format!(
                "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[agent]\nagent = {}\n\n[audio]\nend = \"file\"\nplay = {play:?}\nrepeat = true\nrecord = \"{name}.wav\"\n",
                name == "guest"
            );
            PhoneProcess::start(name, &folder, &runtime, &settings, &[])
        };
        let customer = by_file("customer", CUSTOMER);
        let guest = by_file("guest", GUEST);
        let environment = card.environment();
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let settings =
            "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[audio]\nend = \"device\"\n";
        let owner = PhoneProcess::start("owner", &folder, &runtime, settings, &environment);
        let speaks = card.speak(&tone_file(&folder, "owner", OWNER));
        let listens = card.listen(&folder.join("owner.raw"));
        let conference = Self {
            folder,
            card,
            customer,
            owner,
            guest,
            _speaks: speaks,
            listens,
        };
        conference.bring_together();
        conference
    }

    fn bring_together(&self) {
        self.customer.ctl(&["call", &self.owner.uri()]);
        self.owner.wait_for("offered");
        self.owner.ctl(&["answer"]);
        self.owner.wait_for("connected");
        self.owner.ctl(&["consult", &self.guest.uri()]);
        self.guest.wait_for("offered");
        self.guest.ctl(&["answer"]);
        self.owner.wait_for("consulting");
        self.owner.ctl(&["conference"]);
        self.owner.wait_for("conference");
        self.guest.wait_for("conference");
    }

    /// Ends everything in order and gives back the recordings: customer's, owner's and guest's ear.
    fn recordings(mut self) -> [Vec<f64>; 3] {
        for phone in [&mut self.customer, &mut self.guest, &mut self.owner] {
            // The first waits for a conference to end, the second ends it.
            phone.running.terminate();
            assert!(
                phone.running.end(Duration::from_secs(5)),
                "{} does not end",
                phone.name
            );
        }
        self.listens.end(Duration::from_secs(2));
        self.card.stop();
        [
            tone::read(&self.folder.join("customer.wav")),
            tone::read_raw(&self.folder.join("owner.raw")),
            tone::read(&self.folder.join("guest.wav")),
        ]
    }
}

/// The last so many seconds but one: what came before the phones were told to end.
fn before_the_end(samples: &[f64], seconds: usize) -> &[f64] {
    let end = samples.len().saturating_sub(RATE as usize);
    &samples[end.saturating_sub(seconds * RATE as usize)..end]
}

#[test]
fn each_of_three_hears_the_two_others_at_their_level_and_not_himself() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let conference = Conference::start("sound-card-levels");
    sleep(Duration::from_secs(6));
    let [customer, owner, guest] = conference.recordings();
    let ears = [
        ("customer", customer, CUSTOMER),
        ("owner", owner, OWNER),
        ("guest", guest, GUEST),
    ];
    for (name, ear, own) in &ears {
        let ear = before_the_end(ear, 3);
        for tone in [CUSTOMER, OWNER, GUEST] {
            let level = tone::level(ear, tone);
            if tone == *own {
                assert!(
                    level < LEVEL - 50.0,
                    "{name} hears himself at {level:.1} dB"
                );
            } else {
                assert!(
                    (level - LEVEL).abs() < 1.0,
                    "{name} hears {tone} Hz at {level:.1} dB"
                );
            }
        }
    }
}

#[test]
fn when_the_headset_is_pulled_out_customer_and_guest_hear_no_gap_over_20_ms() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let conference = Conference::start("sound-card-pulled");
    sleep(Duration::from_secs(3));
    conference.card.unplug();
    sleep(Duration::from_secs(5));
    assert_eq!(
        conference.owner.stage(),
        "conference",
        "the conference goes on"
    );
    let [customer, _, guest] = conference.recordings();
    let (customer, guest) = (before_the_end(&customer, 7), before_the_end(&guest, 7));
    assert!(
        tone::level(&customer[customer.len() - RATE as usize..], OWNER) < -60.0,
        "the microphone is gone"
    );
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
    ];
    assert!(
        gaps.iter().all(|gap| *gap <= 20),
        "customer and guest miss each other for {gaps:?} ms"
    );
}

#[test]
fn when_the_sound_server_dies_customer_and_guest_hear_no_gap_over_20_ms() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut conference = Conference::start("sound-card-dies");
    sleep(Duration::from_secs(3));
    conference.card.stop();
    sleep(Duration::from_secs(5));
    assert_eq!(
        conference.owner.stage(),
        "conference",
        "the conference goes on"
    );
    let [customer, _, guest] = conference.recordings();
    let (customer, guest) = (before_the_end(&customer, 7), before_the_end(&guest, 7));
    let gaps = [
        tone::longest_gap(customer, GUEST),
        tone::longest_gap(guest, CUSTOMER),
    ];
    assert!(
        gaps.iter().all(|gap| *gap <= 20),
        "customer and guest miss each other for {gaps:?} ms"
    );
}
