//! Any sample rate to 48 kHz, offline, by a windowed sinc: for voices, not for calls.
use std::f64::consts::PI;

const REACH: f64 = 24.0;

/// The samples at 48 kHz.
pub(crate) fn to_48k(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate == 48_000 || samples.is_empty() {
        return samples.to_vec();
    }
    let step = f64::from(rate) / 48_000.0;
    // Below the lower of the two half rates, with room for the filter's slope.
    let cut = 0.95 * step.recip().min(1.0);
    let reach = REACH / cut;
    let n = (samples.len() as f64 / step) as usize;
    (0..n)
        .map(|i| {
            let at = i as f64 * step;
            let from = (at - reach).ceil().max(0.0) as usize;
            let to = ((at + reach).floor() as usize).min(samples.len() - 1);
            let sum: f64 = (from..=to)
                .map(|k| {
                    let x = at - k as f64;
                    let window = 0.5 + 0.5 * (PI * x / reach).cos();
                    f64::from(samples[k]) * window * cut * sinc(cut * x)
                })
                .sum();
            sum as f32
        })
        .collect()
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_pitch_and_level() {
        let tone = |rate: f64, n: usize| -> Vec<f32> {
            (0..n)
                .map(|i| (2.0 * PI * 1_000.0 * i as f64 / rate).sin() as f32)
                .collect()
        };
        let made = to_48k(&tone(22_050.0, 22_050), 22_050);
        let wanted = tone(48_000.0, 48_000);
        assert!((made.len() as i64 - 48_000).abs() <= 2);
        for i in 2_000..46_000 {
            assert!((made[i] - wanted[i]).abs() < 0.01, "{i}");
        }
    }
}
