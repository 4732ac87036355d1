//! Clicks, made and found again: when one was said and when it was heard is how long sound took.
use std::f64::consts::TAU;
use std::path::Path;

/// From one click to the next, in seconds; longer than any delay that is measured.
pub const PERIOD: f64 = 0.3;

/// What was said or heard.
#[derive(Clone, Debug)]
pub struct Recording {
    /// −1.0..=1.0.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate: f64,
    /// Unix time of the first sample, in ms.
    pub began: f64,
}

/// A burst of 1 kHz, 4 ms long, with soft edges.
#[must_use]
pub fn click(rate: f64) -> Vec<f32> {
    let length = (0.004 * rate) as usize;
    (0..length)
        .map(|n| {
            let t = n as f64 / rate;
            let window = 0.5 - 0.5 * (TAU * t / 0.004).cos();
            (0.5 * window * (TAU * 1000.0 * t).sin()) as f32
        })
        .collect()
}

/// A click and the silence after it, of 16 bits, to be said again and again.
#[must_use]
pub fn period(rate: u32) -> Vec<i16> {
    let rate = f64::from(rate);
    let mut samples = click(rate);
    samples.resize((PERIOD * rate) as usize, 0.0);
    let whole = samples.iter().map(|sample| (sample * 32_767.0) as i16);
    whole.collect()
}

/// The same as a WAV file.
pub fn write_wav(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("the folder can be written");
    for sample in period(spec.sample_rate) {
        file.write_sample(sample).expect("the disk has room");
    }
    file.finalize().expect("the disk has room");
}

/// How long each click took that was said between 1.7 s and 0.3 s before the end, in ms; those that were not heard are
/// left out.
#[must_use]
pub fn delays(said: &Recording, heard: &Recording) -> Vec<f64> {
    let shape = click(said.rate);
    let period = (PERIOD * said.rate) as usize;
    let end = said.samples.len();
    let from = end.saturating_sub((1.7 * said.rate) as usize);
    let starts = (from..end)
        .step_by(period)
        .take((1.4 / PERIOD) as usize)
        .filter(|start| start + period + shape.len() <= end);
    starts
        .filter_map(|start| {
            let piece = &said.samples[start..][..period + shape.len()];
            let said_at = said.began + (start + strongest(piece, &shape)?) as f64 / said.rate * 1e3;
            Some(heard_after(said_at, heard)? - said_at)
        })
        .collect()
}

/// When the first click after this time was heard.
fn heard_after(said_at: f64, heard: &Recording) -> Option<f64> {
    let shape = click(heard.rate);
    let start = ((said_at - heard.began) / 1e3 * heard.rate).max(0.0) as usize;
    let end = start + ((PERIOD - 0.005) * heard.rate) as usize;
    let piece = heard.samples.get(start..end)?;
    let found = strongest(piece, &shape)?;
    Some(heard.began + (start + found) as f64 / heard.rate * 1e3)
}

/// Where the shape begins; `None` where it is not there at a tenth of its strength.
#[must_use]
pub fn strongest(samples: &[f32], shape: &[f32]) -> Option<usize> {
    let likeness = |samples: &[f32]| -> f32 { samples.iter().zip(shape).map(|(a, b)| a * b).sum() };
    let whole = likeness(shape);
    samples
        .windows(shape.len())
        .map(likeness)
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, likeness)| *likeness > whole / 10.0)
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clicks(rate: u32, began: f64) -> Recording {
        let said: Vec<f32> = period(rate)
            .iter()
            .map(|sample| f32::from(*sample) / 32_768.0)
            .collect();
        Recording {
            samples: said.repeat(8),
            rate: f64::from(rate),
            began,
        }
    }

    #[test]
    fn a_delay_is_found_over_two_rates() {
        let (said, heard) = (clicks(48_000, 1000.0), clicks(16_000, 1043.0));
        let delays = delays(&said, &heard);
        assert_eq!(delays.len(), 4);
        assert!(
            delays.iter().all(|delay| (delay - 43.0).abs() < 0.1),
            "{delays:?}"
        );
    }

    #[test]
    fn what_was_not_heard_is_left_out() {
        let (said, mut heard) = (clicks(48_000, 1000.0), clicks(48_000, 1020.0));
        heard.samples.fill(0.001);
        assert_eq!(delays(&said, &heard), [0.0; 0]);
    }
}
