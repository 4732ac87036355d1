//! How late a tick is: the bridge's time, which counts ticks, against the monotonic clock.
//!
//! A tick that is delayed (the machine was busy, the sound card called back twice in a row) reads what came meanwhile. With
//! the packets' age counted back from the tick's own time they would all seem to have come early by the delay: the jitter
//! buffer would take that for a faster network, shorten the sound towards it, and run dry a moment later. So their age is
//! counted back from the time that it really is.
use std::time::Duration;
use trialog_frame::{RATE, SampleTime};

/// A tick later than this begins a new line of time: the machine slept, and the timer makes nothing up for it either.
const MOST: i64 = 2 * RATE as i64;

/// How fast a tick that is always a little late becomes the measure itself, in parts of a million: more than any sound
/// card's clock differs from the system's.
const FOLLOW_PPM: i64 = 500;

/// The line of time on which ticks are punctual.
#[derive(Default)]
pub(crate) struct TickClock {
    /// Monotonic time less tick time of a punctual tick, in samples at 48 kHz.
    punctual: Option<i64>,
}

impl TickClock {
    /// How late the tick `now` is, begun at `monotonic` on any clock that is not set: 0 for the most punctual ones, at
    /// most 2 s.
    pub(crate) fn lateness(&mut self, now: SampleTime, monotonic: Duration) -> SampleTime {
        let monotonic = (monotonic.as_nanos() * u128::from(RATE) / 1_000_000_000) as i64;
        let offset = monotonic - now.0 as i64;
        let tick = SampleTime::FRAME.0 as i64;
        let punctual = match self.punctual {
            // Rounded up, so that it moves at all.
            Some(before) if (0..=MOST).contains(&(offset - before)) => {
                before + (offset - before).min(1 + tick * FOLLOW_PPM / 1_000_000)
            }
            _ => offset,
        };
        self.punctual = Some(punctual);
        SampleTime((offset - punctual) as u64)
    }

    /// The ticks ceased on purpose: the next one is punctual.
    pub(crate) fn rested(&mut self) {
        self.punctual = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_rtp::{Header, JitterBuffer, JitterConfig, Pull, Reception};

    const TICK: u64 = SampleTime::FRAME.0;

    fn at(samples: u64) -> Duration {
        Duration::from_nanos(samples * 1_000_000_000 / u64::from(RATE))
    }

    #[test]
    fn a_tick_is_as_late_as_it_began_after_its_time() {
        let mut clock = TickClock::default();
        for tick in 0..100 {
            let now = SampleTime(tick * TICK);
            let late = if tick == 50 { 4800 } else { 0 };
            let said = clock.lateness(now, at(7 + now.0 + late)).0;
            assert!(said.abs_diff(late) <= 2, "tick {tick}: {said}");
        }
    }

    #[test]
    fn a_sound_card_whose_clock_is_slower_is_not_late() {
        let mut clock = TickClock::default();
        for tick in 0..360_000 {
            let now = SampleTime(tick * TICK);
            let said = clock.lateness(now, at(now.0 + now.0 / 5000));
            assert!(said.0 <= 2, "tick {tick}: {said:?}");
        }
    }

    #[test]
    fn a_machine_that_slept_and_a_bridge_that_rested_begin_anew() {
        let mut clock = TickClock::default();
        clock.lateness(SampleTime(0), at(0));
        assert_eq!(clock.lateness(SampleTime(TICK), at(500_000)).0, 0);
        clock.rested();
        assert_eq!(clock.lateness(SampleTime(2 * TICK), at(540_000)).0, 0);
    }

    /// Sound that had to be made up, in samples, in a minute of packets that all came in time, when every two seconds a tick
    /// is late by `stall` and those after it catch up.
    fn made_up(stall: u64, real: bool) -> u64 {
        let (mut buffer, mut reception) =
            (JitterBuffer::new(JitterConfig::default()), Reception::new());
        let mut clock = TickClock::default();
        let (mut packet, mut store, mut begun) = (0u64, 0u64, 0u64);
        for tick in 0..6000 {
            let now = tick * TICK;
            let late = if tick % 200 == 150 { stall } else { 0 };
            begun = begun.max(now + late);
            let lateness = clock.lateness(SampleTime(now), at(begun)).0;
            while packet * 960 + 300 <= begun {
                let age = begun - (packet * 960 + 300);
                let arrival = now.saturating_add(if real { lateness } else { 0 });
                let header = Header {
                    payload_type: 0,
                    marker: false,
                    sequence: packet as u16,
                    timestamp: packet as u32 * 160,
                    ssrc: 1,
                };
                let arrival = SampleTime(arrival.saturating_sub(age));
                let sequence = reception.arrived(arrival, &header, Some(8000));
                buffer.push(
                    arrival,
                    sequence.expect("in sequence"),
                    header.timestamp,
                    8000,
                    0,
                    &[0; 160],
                );
                packet += 1;
            }
            while store < TICK {
                store += match buffer.pull(SampleTime(now), store as usize) {
                    Pull::Play { adjust, .. } => {
                        buffer.played(960);
                        match adjust {
                            trialog_rtp::Adjust::Keep | trialog_rtp::Adjust::Skip => 960,
                            trialog_rtp::Adjust::Shorten => 480,
                            trialog_rtp::Adjust::Lengthen => 1440,
                        }
                    }
                    Pull::Recover { samples, .. } | Pull::Conceal { samples } => samples as u64,
                    Pull::Silence => TICK,
                };
            }
            store -= TICK;
        }
        buffer.stats().concealed
    }

    #[test]
    fn a_late_tick_makes_no_hole_in_sound_that_came_in_time() {
        for stall in [480, 1440, 4800, 9600, 28_800] {
            let before = made_up(stall, false);
            let after = made_up(stall, true);
            println!(
                "late by {} ms: {before} samples made up, now {after}",
                stall / 48
            );
            assert_eq!(after, 0, "late by {} ms", stall / 48);
        }
    }
}
