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
    best(lags, stride, |lag| {
        let then = &signal[at - lag..at - lag + length];
        likeness(dot(now, then), energy * dot(then, then))
    })
}

/// The same for the end of `signal`, of which the latest counts most.
pub(crate) struct LatestLag {
    /// By which each sample counts, up to 1 for the last.
    weights: Vec<f32>,
    /// The end of the signal, and the stretch that it is compared with, each with its weights.
    now: Vec<f32>,
    then: Vec<f32>,
}

impl LatestLag {
    /// For a comparison of `length` samples, a multiple of 4. Allocates.
    pub(crate) fn new(length: usize) -> Self {
        let weight = |n: usize| (0.1 + 0.9 * n as f32 / (length - 1) as f32).powi(6);
        Self {
            weights: (0..length).map(weight).collect(),
            now: vec![0.0; length],
            then: vec![0.0; length],
        }
    }

    /// As [`best_lag`].
    pub(crate) fn find(
        &mut self,
        signal: &[f32],
        lags: RangeInclusive<usize>,
        stride: usize,
    ) -> Likeness {
        let at = signal.len() - self.weights.len();
        let weigh = |weights: &[f32], stretch: &[f32], weighed: &mut [f32]| {
            for ((weighed, weight), sample) in weighed.iter_mut().zip(weights).zip(stretch) {
                *weighed = weight * sample;
            }
        };
        weigh(&self.weights, &signal[at..], &mut self.now);
        let energy = dot(&self.now, &signal[at..]);
        let Self { weights, now, then } = self;
        best(lags, stride, |lag| {
            let stretch = &signal[at - lag..signal.len() - lag];
            weigh(weights, stretch, then);
            likeness(dot(now, stretch), energy * dot(then, stretch))
        })
    }
}

/// One faint tone more than nothing, so that silence is like nothing at all.
fn likeness(product: f32, energies: f32) -> f32 {
    product / (energies + 1e-12).sqrt()
}

/// The best of the lags, at first by strides, then each around the best.
fn best(
    lags: RangeInclusive<usize>,
    stride: usize,
    mut like: impl FnMut(usize) -> f32,
) -> Likeness {
    let none = Likeness {
        lag: *lags.end(),
        correlation: -1.0,
    };
    let coarse = better(lags.clone().step_by(stride), none, &mut like);
    if stride == 1 {
        return coarse;
    }
    let (low, high) = (
        coarse.lag.saturating_sub(stride - 1),
        coarse.lag + stride - 1,
    );
    better(
        low.max(*lags.start())..=high.min(*lags.end()),
        coarse,
        &mut like,
    )
}

/// The first of these lags that none is better than, or what was found before.
fn better(
    lags: impl Iterator<Item = usize>,
    found: Likeness,
    like: &mut impl FnMut(usize) -> f32,
) -> Likeness {
    lags.fold(found, |found, lag| {
        let correlation = like(lag);
        if correlation > found.correlation {
            Likeness { lag, correlation }
        } else {
            found
        }
    })
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
            let latest = LatestLag::new(rate / 100).find(&signal, rate / 400..=rate / 70, stride);
            assert_eq!(latest.lag, period as usize);
            assert!(latest.correlation > 0.999);
            assert!(best_lag(&vec![0.0; rate], rate / 2, 80, 20..=100, stride).correlation < 0.1);
        }
    }

    #[test]
    fn of_a_period_that_changes_the_latest_is_found() {
        // 100 Hz for a long time, then 125 Hz for two periods.
        let wave = |period: f32, n: usize| (core::f32::consts::TAU * n as f32 / period).sin();
        let mut signal: Vec<f32> = (0..800).map(|n| wave(80.0, n)).collect();
        signal.extend((0..128).map(|n| wave(64.0, n)));
        let found = LatestLag::new(100).find(&signal, 20..=120, 1);
        assert_eq!(found.lag, 64);
    }
}
