//! How long ago the sound was like now: the lag at which a signal resembles itself best.
use crate::fir::dot;
use core::ops::RangeInclusive;

/// A lag and how alike the two stretches are: 1 is the same wave form, 0 nothing in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Likeness {
    pub(crate) lag: usize,
    pub(crate) correlation: f32,
}

/// Finds the lag in `lags` at which `signal[at − lag..][..length]` is most like `signal[at..][..length]`; `length` is a
/// multiple of 4. At first by strides of `stride` samples in both, then each lag around the best.
///
/// All of it must lie within `signal`.
pub(crate) fn best_lag(
    signal: &[f32],
    at: usize,
    length: usize,
    lags: RangeInclusive<usize>,
    stride: usize,
) -> Likeness {
    let now = &signal[at..at + length];
    let energy = dot(now, now);
    let like = |lag: usize| {
        let then = &signal[at - lag..at - lag + length];
        // One faint tone more than nothing, so that silence is like nothing at all.
        let correlation = dot(now, then) / (energy * dot(then, then) + 1e-12).sqrt();
        Likeness { lag, correlation }
    };
    let best = |a: Likeness, b: Likeness| if b.correlation > a.correlation { b } else { a };
    let none = Likeness {
        lag: *lags.end(),
        correlation: -1.0,
    };
    let coarse = lags.clone().step_by(stride).map(like).fold(none, best);
    if stride == 1 {
        return coarse;
    }
    let (low, high) = (
        coarse.lag.saturating_sub(stride - 1),
        coarse.lag + stride - 1,
    );
    (low.max(*lags.start())..=high.min(*lags.end()))
        .map(like)
        .fold(coarse, best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_of_a_tone_is_found_at_each_rate() {
        for (rate, stride) in [(8_000usize, 1), (16_000, 2), (48_000, 6)] {
            let period = rate as f32 / 125.0;
            let signal: Vec<f32> = (0..rate / 10)
                .map(|n| {
                    (1..5)
                        .map(|k| (core::f32::consts::TAU * k as f32 * n as f32 / period).sin())
                        .sum()
                })
                .collect();
            let found = best_lag(
                &signal,
                rate / 20,
                rate / 100,
                rate / 400..=rate / 70,
                stride,
            );
            assert_eq!(found.lag, period as usize);
            assert!(found.correlation > 0.999);
            assert!(best_lag(&vec![0.0; rate], rate / 2, 80, 20..=100, stride).correlation < 0.1);
        }
    }
}
