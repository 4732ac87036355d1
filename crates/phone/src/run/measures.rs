//! How the legs' sound comes here, measured every three seconds, and how loud it is, for the clients that want to know.
use super::{Running, sound};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use trialog_api::{Quality, Verdict};
use trialog_call::{LegId, Time};
use trialog_engine::LegStats;
use trialog_rtp::Journey;

/// How often it is told how loud the parties are, where a client asks: eight times a second.
const LEVELS_EVERY: Duration = Duration::from_millis(125);

/// How often quality is measured.
const EVERY: Duration = Duration::from_secs(3);

/// So many estimates are kept of a leg: two minutes.
const RECENT: usize = 40;

/// Packets in that time below which nothing can be said: half a second of sound.
const ENOUGH: u64 = 25;

/// What both ends add to the delay beside network and jitter buffer: a packet of 20 ms, and the sound cards' 10 ms each.
const ENDS_MS: f32 = 40.0;

/// What is known of the legs from the time before.
#[derive(Debug, Default)]
pub(super) struct Measures {
    next: Time,
    legs: HashMap<LegId, Measured>,
    /// When levels are due, while they are asked for.
    levels: Option<Time>,
}

/// A leg as it was measured last.
#[derive(Debug, Default)]
struct Measured {
    counted: LegStats,
    /// The time before that.
    before: LegStats,
    recent: VecDeque<f32>,
}

/// Packets of a leg in the last seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent {
    pub(super) received: u64,
    pub(super) decoded: u64,
    pub(super) sent: u64,
}

impl Running {
    /// When something is to be measured.
    pub(super) fn measure_due(&self) -> Option<Time> {
        let quality = self.sound.has_legs().then_some(self.sound.measures.next);
        let levels = self.feed.wants_levels();
        let levels = levels.then(|| self.sound.measures.levels.unwrap_or_default());
        [quality, levels].into_iter().flatten().min()
    }

    /// Measures what is due.
    pub(super) fn measure(&mut self) {
        let now = self.clock.now();
        self.measure_levels(now);
        if self.sound.has_legs() && self.sound.measures.next <= now {
            self.sound.measures.next = now + EVERY;
            let stats = self.sound.stats();
            self.keep_sound(now);
            let quality = self.sound.measures.take(&stats);
            if quality != self.identity.quality {
                Arc::make_mut(&mut self.identity).quality = quality;
            }
        } else if !self.sound.has_legs() && !self.identity.quality.is_empty() {
            Arc::make_mut(&mut self.identity).quality.clear();
        }
    }
}

impl Running {
    fn measure_levels(&mut self, now: Time) {
        if !self.feed.wants_levels() {
            if self.sound.measures.levels.take().is_some() {
                self.sound.rest_meters();
                self.feed.levels(None);
            }
            return;
        }
        let due = self.sound.measures.levels.get_or_insert(now);
        if *due <= now {
            *due = now + LEVELS_EVERY;
            self.feed.levels(Some(self.sound.levels()));
        }
    }
}

impl Measures {
    /// What has been counted of a leg since the time before the last one: three to six seconds ago.
    pub(super) fn lately(&self, leg: LegId, now: &LegStats) -> Recent {
        let before = self.legs.get(&leg).map(|measured| measured.before);
        let before = before.unwrap_or_default();
        Recent {
            received: now.received.saturating_sub(before.received),
            decoded: now.decoded.saturating_sub(before.decoded),
            sent: now.sent.saturating_sub(before.sent),
        }
    }

    /// What has been counted since the time before, leg by leg; legs that are not among `stats` are forgotten.
    fn take(&mut self, stats: &[LegStats]) -> BTreeMap<LegId, Quality> {
        let mut before = std::mem::take(&mut self.legs);
        let mut all = BTreeMap::new();
        for now in stats {
            let leg = sound::leg(now.key);
            let mut measured = before.remove(&leg).unwrap_or_default();
            if let Some(quality) = quality(&mut measured, now) {
                all.insert(leg, quality);
            }
            measured.before = measured.counted;
            measured.counted = *now;
            self.legs.insert(leg, measured);
        }
        all
    }
}

/// Nothing where too little came: on hold, or where the far side is silent.
fn quality(measured: &mut Measured, now: &LegStats) -> Option<Quality> {
    let before = &measured.counted;
    let came = now.received.saturating_sub(before.received);
    let lost = now.lost.saturating_sub(before.lost);
    let late = now.late.saturating_sub(before.late);
    let sent = came + lost;
    if sent < ENOUGH {
        return None;
    }
    let percent = |packets: u64| 100.0 * packets as f32 / sent as f32;
    let network = now.round_trip_ms.map_or(0.0, |trip| trip / 2.0);
    let journey = Journey {
        delay_ms: f64::from(network + now.delay_ms + ENDS_MS),
        lost_percent: f64::from(percent(lost) + percent(late)),
    };
    let mos = tenths(journey.mos() as f32);
    if measured.recent.len() == RECENT {
        measured.recent.pop_front();
    }
    measured.recent.push_back(mos);
    let verdict = verdict(journey.mos());
    let words = trialog_desk::messages::verdict(verdict);
    Some(Quality {
        lost_percent: tenths(percent(lost)),
        late_percent: tenths(percent(late)),
        jitter_ms: tenths(now.jitter_ms),
        target_ms: tenths(now.target_ms),
        delay_ms: tenths(now.delay_ms),
        round_trip_ms: now.round_trip_ms.map(tenths),
        far_lost_percent: now.far_loss.map(|share| tenths(100.0 * share)),
        mos_estimate: mos,
        verdict,
        verdict_text: words.en,
        verdict_text_de: words.de,
        recent: measured.recent.iter().copied().collect(),
    })
}

fn tenths(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

/// By the limits of user satisfaction, ITU-T G.107 table B.1.
fn verdict(mos: f64) -> Verdict {
    match mos {
        mos if mos >= 4.03 => Verdict::Good,
        mos if mos >= 3.6 => Verdict::Fair,
        mos if mos >= 3.1 => Verdict::Poor,
        _ => Verdict::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEG: LegId = LegId::Placed(2);

    fn counted(received: u64, lost: u64, late: u64) -> LegStats {
        LegStats {
            key: 4,
            received,
            lost,
            late,
            delay_ms: 20.0,
            ..LegStats::default()
        }
    }

    #[test]
    fn a_leg_is_judged_by_what_came_since_the_time_before() {
        let mut measures = Measures::default();
        let first = measures.take(&[counted(150, 0, 0)]);
        assert_eq!(first[&LEG].lost_percent, 0.0);
        assert_eq!(first[&LEG].verdict, Verdict::Good);
        let second = measures.take(&[counted(270, 24, 6)]);
        assert_eq!(second[&LEG].lost_percent, 16.7);
        assert_eq!(second[&LEG].late_percent, 4.2);
        assert_eq!(second[&LEG].verdict, Verdict::Bad);
        assert_eq!(second[&LEG].recent.len(), 2);
        // Three seconds later all is well again: what was lost is past.
        let third = measures.take(&[counted(420, 24, 6)]);
        assert_eq!(third[&LEG].verdict, Verdict::Good);
        assert_eq!(third[&LEG].recent[0], first[&LEG].mos_estimate);
    }

    #[test]
    fn nothing_is_said_until_something_was_measured() {
        let mut measures = Measures::default();
        assert!(measures.take(&[counted(3, 0, 0)]).is_empty());
        assert!(!measures.take(&[counted(153, 0, 0)]).is_empty());
        // On hold nothing comes; what was estimated before is kept for afterwards.
        assert!(measures.take(&[counted(153, 0, 0)]).is_empty());
        assert_eq!(measures.take(&[counted(303, 0, 0)])[&LEG].recent.len(), 2);
        assert!(measures.take(&[]).is_empty() && measures.legs.is_empty());
    }

    #[test]
    fn two_minutes_of_estimates_are_kept() {
        let mut measures = Measures::default();
        let all = (1..100).map(|time| measures.take(&[counted(150 * time, 0, 0)]));
        let last = all.last().expect("there are some");
        assert_eq!(last[&LEG].recent.len(), RECENT);
    }

    #[test]
    fn the_round_trip_counts_by_half() {
        let mut measures = Measures::default();
        let far = LegStats {
            round_trip_ms: Some(600.0),
            ..counted(150, 0, 0)
        };
        // 300 + 20 + 40 ms: beyond what people find easy to talk over.
        assert_eq!(measures.take(&[far])[&LEG].verdict, Verdict::Poor);
    }
}
