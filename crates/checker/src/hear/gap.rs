//! Gaps: how long nothing was to be heard.
use super::{RATE, Recording, db, pilot_level};
use crate::Span;

/// The sound in which a gap is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tone {
    /// Anything at all: music, pilots or speech.
    Any,
    /// This pilot, in Hz.
    Pilot(f64),
}

const HOP: usize = 48; // 1 ms
const BLOCK: usize = 120; // 2.5 ms, longer than the lowest pilot's period
const HANN: usize = 576; // 12 ms
/// A pilot alone is at −30 dB; half of its amplitude at −36.
const SILENT: f64 = -46.0;
const HALF: f64 = -36.0;

/// The longest gap in ms, to the ms, in the stretch: silence with sound before and after it, or silence until the end.
/// Silence that was there already when the stretch began is no gap that the stretch's event made: it is judged elsewhere.
/// While somebody speaks (`speech`), a pilot can't be told from speech within ms, and only silence counts.
#[must_use]
pub fn longest_gap(ear: &Recording, span: Span, tone: Tone, speech: &[Span]) -> Option<f64> {
    if !ear.covers(span) {
        return None;
    }
    let (from, to) = (ear.at(span.from_us), ear.at(span.to_us));
    if from < HANN || to + HANN > ear.samples.len() {
        return None;
    }
    let centres = || (from..to).step_by(HOP);
    let silent: Vec<bool> = centres()
        .map(|centre| {
            let block = &ear.samples[centre - BLOCK / 2..centre + BLOCK / 2];
            let power = block.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / BLOCK as f64;
            db(2.0 * power) < SILENT
        })
        .collect();
    let mut longest = 0;
    let mut run = 0;
    let mut heard_before = false;
    for (i, centre) in centres().enumerate() {
        // A block is silent only where all of it is: what lies beside it is too, by half a block.
        let mut gone = silent[i.saturating_sub(1)..silent.len().min(i + 2)].contains(&true);
        if let (Tone::Pilot(hz), false) = (tone, gone) {
            let t = ear.started_us + (centre as f64 * 1e6 / RATE) as i64;
            let spoken = speech
                .iter()
                .any(|s| s.from_us <= t && t < s.to_us + 500_000);
            let around = &ear.samples[centre - HANN / 2..centre + HANN / 2];
            // The pilots lie 500 Hz apart; a Hann window of 12 ms has its first zero 167 Hz away.
            gone = !spoken && pilot_level(around, hz) < HALF;
        }
        if gone {
            run += 1;
        } else {
            if heard_before {
                longest = longest.max(run);
            }
            run = 0;
            heard_before = true;
        }
    }
    Some(f64::from(longest.max(run)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn tones(hz: &[f64], seconds: f64, silence: std::ops::Range<f64>) -> Recording {
        let samples = (0..(seconds * RATE) as usize)
            .map(|i| {
                let t = i as f64 / RATE;
                if silence.contains(&t) {
                    return 0.0;
                }
                hz.iter()
                    .map(|hz| 0.0316 * (2.0 * PI * hz * t).sin())
                    .sum::<f64>() as f32
            })
            .collect();
        Recording {
            samples,
            started_us: 0,
        }
    }

    const SPAN: Span = Span {
        from_us: 500_000,
        to_us: 1_500_000,
    };

    #[test]
    fn a_gap_is_measured_to_three_ms() {
        let ear = tones(&[997.0], 2.0, 1.0..1.06);
        for tone in [Tone::Any, Tone::Pilot(997.0)] {
            let gap = longest_gap(&ear, SPAN, tone, &[]).expect("measured");
            assert!((gap - 60.0).abs() <= 3.0, "{tone:?}: {gap}");
        }
    }

    #[test]
    fn two_pilots_without_a_gap_have_none() {
        let ear = tones(&[433.0, 1511.0], 2.0, 9.0..9.0);
        for tone in [Tone::Any, Tone::Pilot(433.0), Tone::Pilot(1511.0)] {
            assert_eq!(longest_gap(&ear, SPAN, tone, &[]), Some(0.0), "{tone:?}");
        }
    }

    #[test]
    fn one_pilot_missing_under_another_is_a_gap_of_that_pilot_only() {
        let mut ear = tones(&[433.0], 2.0, 1.0..1.04);
        let other = tones(&[997.0], 2.0, 9.0..9.0);
        for (a, b) in ear.samples.iter_mut().zip(other.samples) {
            *a += b;
        }
        assert_eq!(longest_gap(&ear, SPAN, Tone::Any, &[]), Some(0.0));
        let gap = longest_gap(&ear, SPAN, Tone::Pilot(433.0), &[]).expect("measured");
        assert!((gap - 40.0).abs() <= 3.0, "{gap}");
    }

    #[test]
    fn silence_that_began_before_is_not_counted() {
        let ear = tones(&[433.0], 2.0, 0.0..1.0);
        assert_eq!(longest_gap(&ear, SPAN, Tone::Any, &[]), Some(0.0));
        let ear = tones(&[433.0], 2.0, 1.0..2.0);
        let gap = longest_gap(&ear, SPAN, Tone::Any, &[]).expect("measured");
        assert!((gap - 500.0).abs() <= 3.0, "{gap}");
    }
}
