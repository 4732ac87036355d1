//! Whole phones, `trialog` processes with file ends, in a call or a conference.
use crate::chance::sleep_a_phase;
use crate::clicks::Recording;
use std::path::{Path, PathBuf};
use trialog_tests::program::PhoneProcess;

/// What Opus is set to: a phone's own defaults.
pub const OPUS_COMPLEXITY: u8 = 5;
/// In bits a second.
pub const OPUS_BITRATE: u32 = 32_000;

/// What the phones of a call share.
pub struct Testbed {
    folder: PathBuf,
    codec: &'static str,
    srtp: &'static str,
}

impl Testbed {
    /// In a folder of this name, which is emptied.
    #[must_use]
    pub fn new(name: &str, codec: &'static str) -> Self {
        let folder = trialog_tests::program::folder(name);
        std::fs::create_dir(folder.join("run")).expect("the folder is new");
        let srtp = "off";
        Self {
            folder,
            codec,
            srtp,
        }
    }

    /// The same, whose sound goes by SRTP alone.
    #[must_use]
    pub fn protected(self) -> Self {
        Self {
            srtp: "require",
            ..self
        }
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A phone that answers at once, with a file end: `audio` are its further keys.
    #[must_use]
    pub fn phone(&self, name: &str, audio: &str) -> PhoneProcess {
        self.start(name, &format!("end = \"file\"\n{audio}"))
    }

    /// A phone that answers at once and has no local party.
    #[must_use]
    pub fn bridge(&self, name: &str) -> PhoneProcess {
        self.start(name, "end = \"none\"\n")
    }

    fn start(&self, name: &str, audio: &str) -> PhoneProcess {
        sleep_a_phase();
        let settings = format!(
            "[media]\nrtp_ports = \"0\"\ncodecs = [\"{}\"]\nsrtp = \"{}\"\nopus_complexity = {OPUS_COMPLEXITY}\nopus_bitrate = {OPUS_BITRATE}\n\n\
             [agent]\nauto_answer = true\n\n[audio]\n{audio}",
            self.codec, self.srtp
        );
        PhoneProcess::start(name, &self.folder, &self.folder.join("run"), &settings, &[])
    }

    /// What one of its phones recorded in this file so far.
    #[must_use]
    pub fn recording(&self, phone: &PhoneProcess, file: &str) -> Recording {
        let status = phone.status();
        let began = status["audio"]["started_unix_us"]
            .as_f64()
            .expect("a phone says when its recording began");
        let path = self.folder.join(file);
        let mut reader = hound::WavReader::open(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // The phone writes on: what its header counts is whole.
        let samples = reader.samples::<i16>().map_while(Result::ok);
        Recording {
            samples: samples.map(|sample| f32::from(sample) / 32_768.0).collect(),
            rate: 48_000.0,
            began: began / 1e3,
        }
    }
}

/// Joins three phones: the customer calls the owner, who consults the guest and makes it a conference.
pub fn confer(customer: &PhoneProcess, owner: &PhoneProcess, guest: &PhoneProcess) {
    customer.ctl(&["call", &owner.uri()]);
    owner.wait_for("connected");
    owner.ctl(&["consult", &guest.uri()]);
    owner.wait_for("consulting");
    owner.ctl(&["conference"]);
    owner.wait_for("conference");
    guest.wait_for("conference");
}
