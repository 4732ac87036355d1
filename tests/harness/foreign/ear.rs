//! What a phone heard: places in recordings that are still being written, and what lies between two of them.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the recordings of a phone stand at an instant: for each file the number of its samples.
#[derive(Clone, Debug, Default)]
pub struct Place {
    tracks: BTreeMap<PathBuf, u64>,
}

impl Place {
    /// Now, in files that grow with what is heard (one for each stream, say): their ends.
    #[must_use]
    pub fn grown(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let tracks = files
            .into_iter()
            .map(|file| {
                let samples = Head::of(&file).map_or(0, |head| head.samples(&file));
                (file, samples)
            })
            .collect();
        Self { tracks }
    }

    /// Now, in a file of `rate` samples a second whose first one was heard at `started_us` (µs since 1970), and that has no holes.
    #[must_use]
    pub fn timed(file: &Path, started_us: u64, rate: u32) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_micros());
        let past = now.saturating_sub(u128::from(started_us));
        let samples = past * u128::from(rate) / 1_000_000;
        let samples = u64::try_from(samples).unwrap_or(u64::MAX);
        Self {
            tracks: BTreeMap::from([(file.to_owned(), samples)]),
        }
    }

    /// The recordings.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.tracks.keys().map(PathBuf::as_path)
    }
}

/// A piece of what was heard.
#[derive(Clone, Debug)]
pub struct Sound {
    /// −1.0..=1.0.
    pub samples: Vec<f64>,
    /// Samples a second.
    pub rate: u32,
}

impl Sound {
    /// What was heard between two places of one phone: its streams together. What is not (yet) in a file counts as silence, but for
    /// a file that grows only with what is heard the piece is as long as the longest of them.
    #[must_use]
    pub fn between(from: &Place, to: &Place) -> Self {
        let mut sound = Self {
            samples: Vec::new(),
            rate: 8_000,
        };
        for (file, end) in &to.tracks {
            let start = from.tracks.get(file).copied().unwrap_or(0);
            let Some(head) = Head::of(file) else { continue };
            sound.rate = head.rate;
            let track = head.read(file, start, *end);
            if sound.samples.len() < track.len() {
                sound.samples.resize(track.len(), 0.0);
            }
            for (sum, sample) in sound.samples.iter_mut().zip(track) {
                *sum += sample;
            }
        }
        sound
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "recordings are far shorter")]
        let count = self.samples.len() as f64;
        count / f64::from(self.rate)
    }
}

/// What a WAV file's head says, read also while the file is still being written and its lengths are not yet true.
struct Head {
    data: u64,
    rate: u32,
    channels: u16,
    bits: u16,
    float: bool,
}

impl Head {
    fn of(file: &Path) -> Option<Self> {
        use std::io::Read;
        let mut bytes = Vec::new();
        let mut reader = fs::File::open(file).ok()?.take(4_096);
        reader.read_to_end(&mut bytes).ok()?;
        let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let mut at = 12;
        let mut head = None;
        loop {
            let (id, length) = (bytes.get(at..at + 4)?, u32_at(at + 4)?);
            if id == b"fmt " {
                let format = u16_at(at + 8)?;
                head = Some(Self {
                    data: 0,
                    channels: u16_at(at + 10)?,
                    rate: u32_at(at + 12)?,
                    bits: u16_at(at + 22)?,
                    float: format == 3 || (format == 0xFFFE && u16_at(at + 32)? == 3),
                });
            }
            if id == b"data" {
                let mut head = head?;
                head.data = u64::try_from(at + 8).ok()?;
                return Some(head);
            }
            at += 8 + usize::try_from(length).ok()?;
        }
    }

    fn step(&self) -> u64 {
        u64::from(self.channels) * u64::from(self.bits / 8)
    }

    fn samples(&self, file: &Path) -> u64 {
        let length = fs::metadata(file).map_or(0, |file| file.len());
        length.saturating_sub(self.data) / self.step().max(1)
    }

    /// The samples of the first channel; beyond the file's end there is silence.
    fn read(&self, file: &Path, start: u64, end: u64) -> Vec<f64> {
        use std::io::{Read, Seek, SeekFrom};
        let count = end.saturating_sub(start);
        let mut bytes = Vec::new();
        if let Ok(mut reader) = fs::File::open(file)
            && reader
                .seek(SeekFrom::Start(self.data + start * self.step()))
                .is_ok()
        {
            // What can't be read is silence, and is judged as that.
            let _ = reader.take(count * self.step()).read_to_end(&mut bytes);
        }
        let step = usize::try_from(self.step()).unwrap_or(1).max(1);
        let mut samples: Vec<f64> = bytes
            .chunks_exact(step)
            .map(|frame| self.sample(frame))
            .collect();
        samples.resize(usize::try_from(count).unwrap_or(0), 0.0);
        samples
    }

    fn sample(&self, frame: &[u8]) -> f64 {
        match (self.bits, self.float, frame) {
            (32, true, [a, b, c, d, ..]) => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
            (16, false, [a, b, ..]) => f64::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
            _ => 0.0,
        }
    }
}
