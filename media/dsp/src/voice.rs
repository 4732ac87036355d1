//! A voice for tests, so that none needs a recording.
use core::f32::consts::TAU;

/// Something like speech: a buzz whose pitch glides, through two resonances that move, in syllables.
pub(crate) fn voice(rate: u32, length: usize) -> Vec<f32> {
    let (mut phase, mut out) = (0.0f32, Vec::with_capacity(length));
    for n in 0..length {
        let t = n as f32 / rate as f32;
        let pitch = 120.0 + 15.0 * (TAU * 0.5 * t).sin();
        phase = (phase + pitch / rate as f32).fract();
        let formants = [
            500.0 + 200.0 * (TAU * 1.3 * t).sin(),
            1500.0 + 400.0 * (TAU * 0.7 * t).cos(),
        ];
        let buzz: f32 = (1..20)
            .map(|k| {
                let frequency = pitch * k as f32;
                let strength: f32 = formants
                    .iter()
                    .map(|formant| 1.0 / (1.0 + ((frequency - formant) / 120.0).powi(2)))
                    .sum();
                strength * (TAU * phase * k as f32).sin()
            })
            .sum();
        out.push(0.1 * buzz * (0.55 + 0.45 * (TAU * 2.5 * t).sin()));
    }
    out
}
