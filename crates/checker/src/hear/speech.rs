//! Speech and music: what is left of a recording without the pilots.
//!
//! Speech is compared in the band that every codec carries, at 8 kHz. Its level is compared by energy, because a codec such
//! as Opus keeps the energy of a band better than its wave; whose speech it is, is told by the wave.
use super::{RATE, Recording, db, filter};
use crate::Span;

/// Samples a second of a [`Voice`].
pub const VOICE_RATE: f64 = 8_000.0;

/// The speech band of a recording, without the pilots, at 8 kHz.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Every sixth sample.
    pub samples: Vec<f32>,
    /// The instant of the first sample, in µs since 1970.
    pub started_us: i64,
}

impl Voice {
    /// Takes it out of a recording.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        let mut samples = filter::without_pilots(&recording.samples);
        filter::speech_band(&mut samples);
        Self {
            samples: samples.into_iter().step_by(6).collect(),
            started_us: recording.started_us,
        }
    }

    fn at(&self, t_us: i64) -> usize {
        let n = (t_us - self.started_us) as f64 * VOICE_RATE / 1e6;
        (n.max(0.0).round() as usize).min(self.samples.len())
    }

    fn slice(&self, span: Span) -> &[f32] {
        let (from, to) = (self.at(span.from_us), self.at(span.to_us));
        &self.samples[from..to.max(from)]
    }
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|s| f64::from(*s).powi(2)).sum()
}

/// How much louder these utterances are in the ear than they were said, in dB, by energy. The ear is heard half a second
/// longer, for the way that sound takes.
#[must_use]
pub fn voice_gain(ear: &Voice, spoken: &Voice, said: &[Span]) -> Option<f64> {
    let (mut heard, mut spoke) = (0.0, 0.0);
    for span in said {
        heard += energy(ear.slice(span.within(-0.02, -0.5)));
        spoke += energy(spoken.slice(span.within(-0.02, -0.02)));
    }
    (spoke > 0.0).then(|| db(heard / spoke))
}

/// How much of this utterance is in the ear, in dB, and how late in ms: the best fit of what was said to what was heard, by
/// least squares, over all delays up to half a second. A jitter buffer that grows or shrinks its delay plays up to 0.1 % too slow
/// or too fast: all such speeds are tried, too, piece by piece.
#[must_use]
pub fn projection(ear: &Voice, spoken: &Voice, said: Span) -> Option<(f64, f64)> {
    /// Samples by which a piece of 200 ms may slip.
    const SLIP: i64 = 2;
    let wave = spoken.slice(said);
    let power = energy(wave);
    if power <= 0.0 || wave.len() < 800 {
        return None;
    }
    let start = ear.at(said.from_us) as i64;
    let pieces: Vec<&[f32]> = wave.chunks(1_600).collect();
    let edge = SLIP * pieces.len() as i64;
    let (first, last) = (EARLIEST - edge, LATEST + edge);
    let products: Vec<Vec<f64>> = pieces
        .iter()
        .zip((start..).step_by(1_600))
        .map(|(piece, at)| {
            (first..last)
                .map(|lag| product(ear, piece, at + lag))
                .collect()
        })
        .collect();
    let mut best = (0.0f64, 0i64);
    for quarter in -4 * SLIP..=4 * SLIP {
        for lag in EARLIEST..LATEST {
            let slipped = products.iter().zip(0i64..).map(|(products, k)| {
                let at = lag - first + (quarter * k).div_euclid(4);
                usize::try_from(at)
                    .ok()
                    .and_then(|at| products.get(at))
                    .unwrap_or(&0.0)
            });
            let sum = slipped.sum::<f64>().abs();
            if sum > best.0 {
                best = (sum, lag);
            }
        }
    }
    Some((
        db((best.0 / power).powi(2)),
        best.1 as f64 * 1e3 / VOICE_RATE,
    ))
}

/// How much of this utterance is in the ear, in dB, in pieces of 400 ms, each with a delay of its own: a jitter buffer may
/// change the delay while somebody speaks. It tells who is heard; for what is far below, [`projection`] is the one to ask.
#[must_use]
pub fn share(ear: &Voice, spoken: &Voice, said: Span) -> Option<f64> {
    let wave = spoken.slice(said);
    let start = ear.at(said.from_us) as i64;
    let (mut power, mut found) = (0.0, 0.0);
    for (piece, at) in wave.chunks(3_200).zip((start..).step_by(3_200)) {
        if piece.len() >= 1_600 {
            power += energy(piece);
            let products = (EARLIEST..LATEST).map(|lag| product(ear, piece, at + lag).abs());
            found += products.fold(0.0, f64::max);
        }
    }
    (power > 0.0).then(|| db((found / power).powi(2)))
}

/// The delays that are tried, in samples: from a little before to half a second after.
const EARLIEST: i64 = -160;
const LATEST: i64 = 4_000;

/// The product of a wave with what the ear heard from this sample on; nothing where that was not recorded.
fn product(ear: &Voice, wave: &[f32], from: i64) -> f64 {
    usize::try_from(from)
        .ok()
        .and_then(|from| ear.samples.get(from..from + wave.len()))
        .map_or(0.0, |heard| dot(wave, heard))
}

// Eight sums at once, so that the compiler can use the machine's vectors; f32 is exact enough at −90 dB.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0f64;
    for (a, b) in a.chunks(256).zip(b.chunks(256)) {
        let mut sums = [0.0f32; 8];
        let (ca, cb) = (a.chunks_exact(8), b.chunks_exact(8));
        for (x, y) in ca.remainder().iter().zip(cb.remainder()) {
            total += f64::from(*x) * f64::from(*y);
        }
        for (x, y) in ca.zip(cb) {
            for k in 0..8 {
                sums[k] += x[k] * y[k];
            }
        }
        total += sums.iter().map(|s| f64::from(*s)).sum::<f64>();
    }
    total
}

/// The level of what is not a pilot, in blocks of 100 ms: the share of blocks above −40 dB, and their median level.
#[must_use]
pub fn music_level(ear: &Recording, span: Span) -> Option<(f64, f64)> {
    // The notches need a moment to settle.
    let settle = 0.2;
    let mut samples = filter::without_pilots(ear.slice(span.within(-settle, 0.0)));
    filter::rumble_out(&mut samples);
    let skip = (settle * RATE) as usize;
    let mut levels: Vec<f64> = samples
        .get(skip..)?
        .chunks_exact(4_800)
        .map(|b| db(2.0 * energy(b) / b.len() as f64))
        .collect();
    if levels.is_empty() {
        return None;
    }
    let loud = levels.iter().filter(|l| **l > -40.0).count();
    let share = loud as f64 / levels.len() as f64;
    levels.sort_by(f64::total_cmp);
    Some((share, levels[levels.len() / 2]))
}

/// The level of a whole recording without its pilots, each 20 ms, for drawing.
#[must_use]
pub fn envelope(recording: &Recording) -> Vec<f64> {
    let mut samples = filter::without_pilots(&recording.samples);
    filter::rumble_out(&mut samples);
    samples
        .chunks(960)
        .map(|b| db(2.0 * energy(b) / b.len() as f64))
        .collect()
}
