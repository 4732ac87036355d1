//! What a phone heard: places in recordings that are still being written, and what lies between two of them.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the recordings of a phone stand at an instant: for each file the number of its samples.
#[derive(Clone, Debug, Default)]
pub struct RecordingPosition {
    tracks: BTreeMap<PathBuf, u64>,
}

impl RecordingPosition {
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

    /// No later than so many samples beyond what is in the files: a program that was stalled has lost the time between, and its
    /// recording is shorter by that.
    #[must_use]
    pub fn written(mut self, unwritten: u64) -> Self {
        for (file, place) in &mut self.tracks {
            let samples = Head::of(file).map_or(0, |head| head.samples(file));
            *place = (*place).min(samples + unwritten);
        }
        self
    }

    /// So many samples later: for what is still on its way into the file.
    #[must_use]
    pub fn later(mut self, samples: u64) -> Self {
        for place in self.tracks.values_mut() {
            *place += samples;
        }
        self
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
    pub fn between(from: &RecordingPosition, to: &RecordingPosition) -> Self {
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

/// The head of a WAV file that will grow: mono, 16 bits, its lengths as long as they can be said.
#[must_use]
pub fn head(rate: u32) -> Vec<u8> {
    let mut head = b"RIFF\xFF\xFF\xFF\xFFWAVEfmt ".to_vec();
    head.extend(16_u32.to_le_bytes());
    head.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    head.extend([rate, 2 * rate].map(u32::to_le_bytes).concat());
    head.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    head.extend(b"data\xFF\xFF\xFF\xFF");
    head
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

/// Measures, all in dB below full scale (a sine of amplitude 1 has 0), or in milliseconds.
impl Sound {
    /// The level of a tone: the median of pieces of 100 ms, so that neither a clock that drifts nor a click smears it. For a tone
    /// that is there.
    #[must_use]
    pub fn level(&self, hz: u32) -> f64 {
        self.median(|piece| self.power(piece, hz))
    }

    /// The level of a tone over all of the piece, for a tone that must not be there: by a window (Blackman-Harris) that keeps what
    /// is four of its widths away 90 dB down, so that a note of music beside it does not count.
    #[must_use]
    pub fn trace_of(&self, hz: u32) -> f64 {
        decibel(self.seen_through(&self.samples, hz, |turn| {
            0.358_75 - 0.488_29 * turn.cos() + 0.141_28 * (2.0 * turn).cos()
                - 0.011_68 * (3.0 * turn).cos()
        }))
    }

    /// The level of what is not one of these tones, speech or music: the median of pieces of 100 ms.
    #[must_use]
    pub fn beside(&self, tones: &[u32]) -> f64 {
        self.median(|piece| {
            let energy: f64 = piece.iter().map(|sample| sample * sample).sum();
            let whole = 2.0 * energy / count(piece.len());
            let known: f64 = tones.iter().map(|hz| self.power(piece, *hz)).sum();
            (whole - known).max(0.0)
        })
    }

    fn median(&self, power: impl Fn(&[f64]) -> f64) -> f64 {
        let pieces = self.samples.chunks_exact(self.rate as usize / 10);
        let mut powers: Vec<f64> = pieces.map(power).collect();
        powers.sort_by(f64::total_cmp);
        decibel(powers.get(powers.len() / 2).copied().unwrap_or_default())
    }

    /// The longest time, in ms, for which there was next to nothing (below −50 dB in 8 ms), between two moments with sound.
    #[must_use]
    pub fn longest_silence(&self) -> u32 {
        let (window, step) = (self.rate as usize * 8 / 1000, self.rate as usize / 1000);
        let quiet: Vec<bool> = self
            .samples
            .windows(window)
            .step_by(step)
            .map(|part| {
                let energy: f64 = part.iter().map(|sample| sample * sample).sum();
                decibel(2.0 * energy / count(part.len())) < -50.0
            })
            .collect();
        let (mut longest, mut running, mut heard) = (0, 0, false);
        for quiet in quiet {
            if quiet {
                running += 1;
            } else {
                // A window is quiet when all of it is.
                if heard && running > 0 {
                    longest = longest.max(running + 8);
                }
                (running, heard) = (0, true);
            }
        }
        longest
    }

    fn power(&self, samples: &[f64], hz: u32) -> f64 {
        self.seen_through(samples, hz, |turn| 0.5 - 0.5 * turn.cos())
    }

    fn seen_through(&self, samples: &[f64], hz: u32, window: impl Fn(f64) -> f64) -> f64 {
        let whole = std::f64::consts::TAU;
        let length = count(samples.len().max(1));
        let (mut real, mut imaginary, mut weight) = (0.0, 0.0, 0.0);
        for (place, sample) in samples.iter().enumerate() {
            let window = window(whole * (count(place) + 0.5) / length);
            let phase = whole * f64::from(hz) * count(place) / f64::from(self.rate);
            real += window * sample * phase.cos();
            imaginary += window * sample * phase.sin();
            weight += window;
        }
        (2.0 * real.hypot(imaginary) / weight.max(1e-9)).powi(2)
    }
}

fn decibel(power: f64) -> f64 {
    10.0 * power.max(1e-15).log10()
}

#[allow(clippy::cast_precision_loss, reason = "recordings are far shorter")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(parts: &[(f64, f64)], seconds: f64, rate: u32) -> Sound {
        let samples = (0..)
            .map(|place| count(place) / f64::from(rate))
            .take_while(|time| *time < seconds)
            .map(|time| {
                parts
                    .iter()
                    .map(|(hz, level)| {
                        10_f64.powf(level / 20.0) * (std::f64::consts::TAU * hz * time).sin()
                    })
                    .sum()
            })
            .collect();
        Sound { samples, rate }
    }

    #[test]
    fn tones_are_measured_beside_each_other() {
        for rate in [8_000, 48_000] {
            let sound = tones(&[(433.0, -30.0), (997.0, -36.0)], 0.6, rate);
            assert!((sound.level(433) + 30.0).abs() < 0.1);
            assert!((sound.level(997) + 36.0).abs() < 0.1);
            assert!(sound.trace_of(1511) < -80.0);
            assert!(sound.beside(&[433, 997]) < -50.0);
            assert!(sound.beside(&[433]) > -37.0);
        }
    }

    #[test]
    fn a_recording_that_has_lost_time_is_read_where_it_stands() {
        let file = crate::program::folder("ear").join("ear.wav");
        let mut bytes = head(8_000);
        bytes.extend([0; 2 * 24_000]);
        fs::write(&file, bytes).expect("it is written");
        // Four seconds ago by the clock, three by what was recorded.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let ago = now.expect("it is after 1970").as_micros() - 4_000_000;
        let timed = RecordingPosition::timed(&file, u64::try_from(ago).expect("a time"), 8_000);
        let place = |position: RecordingPosition| position.tracks[&file];
        assert!(place(timed.clone()) >= 32_000);
        assert_eq!(place(timed.clone().written(2_000)), 26_000);
        assert_eq!(place(timed.clone().written(20_000)), place(timed));
    }

    #[test]
    fn a_note_beside_a_pilot_is_not_that_pilot() {
        let sound = tones(&[(440.0, -20.0)], 0.6, 8_000);
        assert!(sound.trace_of(433) < -80.0);
    }

    #[test]
    fn a_silence_is_measured_to_three_milliseconds() {
        for gap in [15, 20, 60] {
            let mut sound = tones(&[(433.0, -30.0)], 1.0, 8_000);
            sound.samples[3_000..3_000 + gap * 8].fill(0.0);
            let measured = sound.longest_silence();
            let gap = u32::try_from(gap).expect("it is short");
            assert!(
                measured.abs_diff(gap) <= 3,
                "{gap} ms measured as {measured}"
            );
        }
        assert_eq!(tones(&[(433.0, -30.0)], 1.0, 8_000).longest_silence(), 0);
    }
}
