//! Tones, made and measured in recordings, apart from the product's own measuring.
use std::f64::consts::TAU;
use std::path::Path;

/// Samples a second, everywhere here.
pub const RATE: u32 = 48_000;

/// Writes a WAV file with a tone of this frequency (Hz) and level (dB below full scale, a negative number), at [`RATE`].
pub fn write(path: &Path, frequency: f64, level: f64, seconds: u32) {
    write_at(path, frequency, level, seconds, RATE);
}

/// As [`write()`], at so many samples a second.
pub fn write_at(path: &Path, frequency: f64, level: f64, seconds: u32, rate: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("the folder can be written");
    let amplitude = 10_f64.powf(level / 20.0) * f64::from(i16::MAX);
    for place in 0..seconds * rate {
        let sample = amplitude * (TAU * frequency * f64::from(place) / f64::from(rate)).sin();
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the level is below full scale"
        )]
        file.write_sample(sample.round() as i16)
            .expect("the disk has room");
    }
    file.finalize().expect("the disk has room");
}

/// Reads a recording of one channel at [`RATE`], −1.0..=1.0.
#[must_use]
pub fn read(path: &Path) -> Vec<f64> {
    let mut file =
        hound::WavReader::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = file.spec();
    assert_eq!(
        (spec.channels, spec.sample_rate),
        (1, RATE),
        "{}",
        path.display()
    );
    match spec.sample_format {
        hound::SampleFormat::Float => file
            .samples::<f32>()
            .map(|sample| f64::from(sample.expect("it is whole")))
            .collect(),
        hound::SampleFormat::Int => {
            let full = f64::from(1_u32 << (spec.bits_per_sample - 1));
            file.samples::<i32>()
                .map(|sample| f64::from(sample.expect("it is whole")) / full)
                .collect()
        }
    }
}

/// Raw 16-bit samples, little end first, as `parec` writes them.
#[must_use]
pub fn read_raw(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
        .collect()
}

/// The level of a tone in these samples, in dB below full scale (a sine of amplitude 1 has 0): its power in pieces of 100 ms, so
/// that a clock that drifts does not smear it.
#[must_use]
pub fn level(samples: &[f64], frequency: f64) -> f64 {
    let pieces = samples.chunks_exact(RATE as usize / 10);
    let count = index(pieces.len().max(1));
    let power: f64 = pieces
        .map(|piece| amplitude(piece, frequency).powi(2))
        .sum();
    10.0 * (power / count).max(1e-18).log10()
}

/// The tone's amplitude, by a Hann window over all the samples.
fn amplitude(samples: &[f64], frequency: f64) -> f64 {
    let count = index(samples.len());
    let (mut real, mut imaginary, mut weight) = (0.0, 0.0, 0.0);
    for (place, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * (index(place) + 0.5) / count).cos();
        let phase = TAU * frequency * index(place) / f64::from(RATE);
        real += window * sample * phase.cos();
        imaginary += window * sample * phase.sin();
        weight += window;
    }
    2.0 * real.hypot(imaginary) / weight
}

#[allow(clippy::cast_precision_loss, reason = "recordings are far shorter")]
fn index(place: usize) -> f64 {
    place as f64
}

/// The longest time, in milliseconds, for which the tone is missing: below half of its usual amplitude, seen through a window of
/// 12 ms. A window is at half when its middle is at the gap's edge, so the time is the gap's own.
#[must_use]
pub fn longest_gap(samples: &[f64], frequency: f64) -> u32 {
    let window = RATE as usize * 12 / 1000;
    let step = RATE as usize / 1000;
    let course: Vec<f64> = samples
        .windows(window)
        .step_by(step)
        .map(|part| amplitude(part, frequency))
        .collect();
    let mut sorted = course.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let (mut longest, mut running) = (0, 0);
    for amplitude in course {
        running = if amplitude < usual / 2.0 {
            running + 1
        } else {
            0
        };
        longest = longest.max(running);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f64, amplitude: f64, seconds: f64) -> Vec<f64> {
        let count = (seconds * f64::from(RATE)).round();
        (0..)
            .map(f64::from)
            .take_while(|place| *place < count)
            .map(|place| amplitude * (TAU * frequency * place / f64::from(RATE)).sin())
            .collect()
    }

    fn mixed(parts: &[Vec<f64>]) -> Vec<f64> {
        (0..parts[0].len())
            .map(|place| parts.iter().map(|part| part[place]).sum())
            .collect()
    }

    #[test]
    fn a_tone_is_measured_to_a_tenth_of_a_decibel_among_others() {
        let samples = mixed(&[tone(433.0, 0.1, 1.0), tone(997.0, 0.01, 1.0)]);
        assert!((level(&samples, 433.0) + 20.0).abs() < 0.1);
        assert!((level(&samples, 997.0) + 40.0).abs() < 0.1);
        assert!(level(&samples, 1511.0) < -100.0);
    }

    #[test]
    fn a_gap_is_measured_to_two_milliseconds() {
        for gap in [15_usize, 20, 60, 200] {
            let mut samples = mixed(&[tone(433.0, 0.03, 3.0), tone(1511.0, 0.03, 3.0)]);
            let other = tone(1511.0, 0.03, 3.0);
            let start = RATE as usize;
            let end = start + gap * RATE as usize / 1000;
            samples[start..end].copy_from_slice(&other[start..end]);
            let measured = longest_gap(&samples, 433.0);
            assert!(
                measured.abs_diff(u32::try_from(gap).unwrap()) <= 2,
                "{gap} ms measured as {measured}"
            );
            assert_eq!(longest_gap(&samples, 1511.0), 0);
        }
    }
}
