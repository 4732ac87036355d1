//! What a phone that was killed has left, put together with what it left in its second life: one recording of its ear, one of its
//! microphone and one trace, as of a phone that was silent in between. It judges nothing.
use crate::cast::Party;
use crate::{Fault, make_folder};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Samples a second of the recordings.
const RATE: u32 = 48_000;

/// The files of a phone's first life, set aside before the second begins anew with each.
#[derive(Debug)]
pub(crate) struct FirstLife {
    party: Party,
    /// When its recordings began, in µs since 1970.
    pub(crate) started_unix_us: u64,
}

impl FirstLife {
    /// Sets them aside in the story's folder; the phone is dead.
    pub(crate) fn set_aside(
        folder: &Path,
        party: Party,
        started_unix_us: u64,
    ) -> Result<Self, Fault> {
        make_folder(&folder.join("first-life/spoken"))?;
        make_folder(&folder.join("first-life/trace"))?;
        let life = Self {
            party,
            started_unix_us,
        };
        let [ear, mouth, trace] = life.files();
        for file in [ear, mouth, trace] {
            let (from, to) = (folder.join(&file), folder.join("first-life").join(&file));
            std::fs::rename(&from, &to).map_err(|e| fault(&from, e))?;
        }
        Ok(life)
    }

    /// Joins the second life's files to them, when that has ended too; its recordings began at this time.
    pub(crate) fn join(self, folder: &Path, again_unix_us: u64) -> Result<(), Fault> {
        let [ear, mouth, trace] = self.files();
        let pause =
            again_unix_us.saturating_sub(self.started_unix_us) * u64::from(RATE) / 1_000_000;
        for file in [ear, mouth] {
            let second = folder.join(&file);
            join_recordings(&folder.join("first-life").join(&file), &second, pause)?;
        }
        let first = folder.join("first-life").join(&trace);
        let second = folder.join(&trace);
        let read = |file: &Path| std::fs::read_to_string(file).map_err(|e| fault(file, e));
        let mut text = read(&first)?;
        // What it died of writing is no line.
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        text.push_str(&read(&second)?);
        std::fs::write(&second, text).map_err(|e| fault(&second, e))
    }

    fn files(&self) -> [PathBuf; 3] {
        let name = self.party.name();
        [
            format!("{name}.wav"),
            format!("spoken/{name}.wav"),
            format!("trace/{name}.jsonl"),
        ]
        .map(PathBuf::from)
    }
}

/// The second recording becomes both, of which it began so many samples after the first.
fn join_recordings(first: &Path, second: &Path, pause: u64) -> Result<(), Fault> {
    let mut samples = samples_of(first)?;
    samples.resize(usize::try_from(pause).unwrap_or(usize::MAX), 0);
    samples.extend(samples_of(second)?);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(second, spec).map_err(|e| fault(second, e))?;
    for sample in samples {
        wav.write_sample(sample).map_err(|e| fault(second, e))?;
    }
    wav.finalize().map_err(|e| fault(second, e))
}

fn samples_of(file: &Path) -> Result<Vec<i16>, Fault> {
    let wav = hound::WavReader::open(file).map_err(|e| fault(file, e))?;
    let samples = wav.into_samples().collect::<Result<_, _>>();
    samples.map_err(|e| fault(file, e))
}

fn fault(file: &Path, error: impl Display) -> Fault {
    Fault::File(file.to_owned(), error.to_string())
}
