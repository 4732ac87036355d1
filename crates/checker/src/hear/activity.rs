//! Who spoke when, from what was said.
use super::Voice;
use crate::{Party, Span};

const FRAME: usize = 80; // 10 ms at 8 kHz
const ACTIVE: f64 = -45.0;
const PAUSE: usize = 35;
const SHORTEST: usize = 20;

/// What a listener may hear of an utterance after its end: the way from mouth to ear.
const WAY: i64 = 500_000;

/// The stretches in which this microphone carried speech; pauses under 350 ms do not end an utterance.
#[must_use]
pub fn utterances(spoken: &Voice) -> Vec<Span> {
    let active: Vec<bool> = spoken
        .samples
        .chunks(FRAME)
        .map(|f| {
            let power = f.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / f.len() as f64;
            super::db(2.0 * power) > ACTIVE
        })
        .collect();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (i, _) in active.iter().enumerate().filter(|(_, a)| **a) {
        match found.last_mut() {
            Some((_, end)) if i - *end <= PAUSE => *end = i + 1,
            _ => found.push((i, i + 1)),
        }
    }
    found
        .into_iter()
        .filter(|(from, to)| to - from >= SHORTEST)
        .map(|(from, to)| Span {
            from_us: spoken.started_us + from as i64 * 10_000,
            to_us: spoken.started_us + to as i64 * 10_000,
        })
        .collect()
}

/// The utterances of this party during which nobody else spoke or was still to be heard.
#[must_use]
pub fn solo(said: &[Vec<Span>; 3], party: Party) -> Vec<Span> {
    said[party.index()]
        .iter()
        .copied()
        .filter(|u| {
            party.others().iter().all(|o| {
                said[o.index()]
                    .iter()
                    .all(|v| v.from_us > u.to_us + WAY || v.to_us + WAY < u.from_us)
            })
        })
        .collect()
}

/// The stretches in which all three spoke.
#[must_use]
pub fn together(said: &[Vec<Span>; 3]) -> Vec<Span> {
    let mut found = Vec::new();
    for a in &said[0] {
        for b in &said[1] {
            for c in &said[2] {
                let span = Span {
                    from_us: a.from_us.max(b.from_us).max(c.from_us),
                    to_us: a.to_us.min(b.to_us).min(c.to_us),
                };
                if span.seconds() > 0.3 {
                    found.push(span);
                }
            }
        }
    }
    found
}

/// The parts of a stretch in which nothing that was said could still be heard.
#[must_use]
pub fn quiet(said: &[Vec<Span>; 3], within: Span) -> Vec<Span> {
    let mut loud: Vec<Span> = said
        .iter()
        .flatten()
        .map(|u| Span {
            from_us: u.from_us - 20_000,
            to_us: u.to_us + WAY,
        })
        .collect();
    loud.sort_by_key(|u| u.from_us);
    let mut quiet = Vec::new();
    let mut from_us = within.from_us;
    for u in loud {
        if u.to_us <= from_us {
            continue;
        }
        if u.from_us >= within.to_us {
            break;
        }
        if u.from_us > from_us {
            quiet.push(Span {
                from_us,
                to_us: u.from_us,
            });
        }
        from_us = u.to_us;
    }
    if from_us < within.to_us {
        quiet.push(Span {
            from_us,
            to_us: within.to_us,
        });
    }
    quiet
}
