//! A conference on sound devices: customer and guest are phones that speak a file and record their ears.
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use trialog_tests::program::{PhoneProcess, Running, folder};
use trialog_tests::pulse::SoundCard;
use trialog_tests::tone::{self, RATE};

/// Three tones that no codec folds onto each other.
pub(crate) const CUSTOMER: f64 = 433.0;
pub(crate) const OWNER: f64 = 997.0;
pub(crate) const GUEST: f64 = 1511.0;
/// How loud each speaks, in dB below full scale.
pub(crate) const LEVEL: f64 = -20.0;

/// One at a time also where all tests share a process: they keep real time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sixty seconds of a tone, whole periods.
pub(crate) fn tone_file(folder: &Path, name: &str, frequency: f64) -> PathBuf {
    let path = folder.join(format!("{name}-speaks.wav"));
    tone::write(&path, frequency, LEVEL, 60);
    path
}

/// The three phones.
pub(crate) struct Phones {
    pub(crate) folder: PathBuf,
    pub(crate) customer: PhoneProcess,
    pub(crate) owner: PhoneProcess,
    pub(crate) guest: PhoneProcess,
}

impl Phones {
    /// `audio`: the owner's section of that name, with `end = "device"`. `environment`: of the sound server.
    pub(crate) fn start_in(folder: PathBuf, audio: &str, environment: &[(String, String)]) -> Self {
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
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let settings = format!(
            "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[audio]\nend = \"device\"\necho = \"off\"\nnoise = \"off\"\ngain = \"off\"\n{audio}"
        );
        let owner = PhoneProcess::start("owner", &folder, &runtime, &settings, &environment);
        Self {
            folder,
            customer,
            owner,
            guest,
        }
    }

    /// The owner's phone alone, started anew with what it has kept.
    pub(crate) fn again(folder: &Path, environment: &[(String, String)]) -> PhoneProcess {
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let settings = "[media]\nrtp_ports = \"0\"\n\n[audio]\nend = \"device\"\n";
        PhoneProcess::start("owner", folder, &folder.join("run"), settings, &environment)
    }

    /// The customer's call is answered.
    pub(crate) fn connect(&self) {
        self.customer.ctl(&["call", &self.owner.uri()]);
        self.owner.wait_for("offered");
        self.owner.ctl(&["answer"]);
        self.owner.wait_for("connected");
    }

    pub(crate) fn bring_together(&self) {
        self.connect();
        self.owner.ctl(&["consult", &self.guest.uri()]);
        self.guest.wait_for("offered");
        self.guest.ctl(&["answer"]);
        self.owner.wait_for("consulting");
        self.owner.ctl(&["conference"]);
        self.owner.wait_for("conference");
        self.guest.wait_for("conference");
    }

    /// Ends the phones in order and gives back the recordings: the customer's ear and the guest's.
    pub(crate) fn recordings(&mut self) -> [Vec<f64>; 2] {
        for phone in [&mut self.customer, &mut self.guest, &mut self.owner] {
            // The first waits for a conference to end, the second ends it.
            phone.running.terminate();
            assert!(
                phone.running.end(Duration::from_secs(5)),
                "{} does not end",
                phone.name
            );
        }
        ["customer.wav", "guest.wav"].map(|name| tone::read(&self.folder.join(name)))
    }
}

/// A running conference on a microphone and a loudspeaker.
pub(crate) struct Conference {
    pub(crate) card: SoundCard,
    pub(crate) phones: Phones,
    _speaks: Running,
    listens: Running,
}

impl Conference {
    pub(crate) fn start(name: &str) -> Self {
        let folder = folder(name);
        let card = SoundCard::start(&folder.join("card"));
        let phones = Phones::start_in(folder, "", &card.environment());
        let speaks = card.speak(&tone_file(&phones.folder, "owner", OWNER));
        let listens = card.listen(&phones.folder.join("owner.raw"));
        phones.bring_together();
        Self {
            card,
            phones,
            _speaks: speaks,
            listens,
        }
    }

    /// Ends everything in order and gives back the recordings: customer's, owner's and guest's ear.
    pub(crate) fn recordings(mut self) -> [Vec<f64>; 3] {
        let [customer, guest] = self.phones.recordings();
        self.listens.end(Duration::from_secs(2));
        self.card.stop();
        let owner = tone::read_raw(&self.phones.folder.join("owner.raw"));
        [customer, owner, guest]
    }
}

/// The last so many seconds but one: what came before the phones were told to end.
pub(crate) fn before_the_end(samples: &[f64], seconds: usize) -> &[f64] {
    let end = samples.len().saturating_sub(RATE as usize);
    &samples[end.saturating_sub(seconds * RATE as usize)..end]
}
