//! How time stamps become places on one line of time, which goes on over jumps of the sender's clock and over new senders, and is not
//! taken in by a network that stands still.
use super::{JitterBuffer, MS};
use crate::ExtendedSequence;
use trialog_frame::{RATE, SampleTime};

/// A transit that differs so much from the others' is a jump of the time stamp, not of the network.
const JUMP_LATE: i64 = 2000 * MS;
const JUMP_EARLY: i64 = 200 * MS;
/// The same after a pause: senders whose clock stands still in silence.
const JUMP_AFTER_PAUSE: i64 = 60 * MS;

/// How long after a new line of time was laid it can turn out that the network had stood still, and not the sender's clock.
const DOUBT: i64 = 500 * MS;

/// How time stamps of the present sender become positions.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    epoch: u32,
    clock: u32,
    /// The highest sequence number's.
    number: u64,
    timestamp: u32,
    position: i64,
}

/// A line of time that was laid anew because a packet after a pause was later than others. Either the sender's clock had stood still
/// in silence, or the network had: then what was sent meanwhile follows at once, early on this line.
#[derive(Clone, Copy)]
pub(super) struct Relaid {
    epoch: u32,
    /// When its first packet came, which place it got, and how much later that is than on the line before.
    at: i64,
    first: i64,
    by: i64,
}

impl JitterBuffer {
    /// The packet's position on our own line of time.
    pub(super) fn position(
        &mut self,
        at: SampleTime,
        sequence: ExtendedSequence,
        timestamp: u32,
        clock: u32,
    ) -> i64 {
        let arrival = at.0 as i64;
        let base = self.timing.base();
        let mut before = None;
        if let Some(anchor) = self
            .anchor
            .filter(|anchor| anchor.epoch == sequence.epoch && anchor.clock == clock)
        {
            let ticks = i64::from(timestamp.wrapping_sub(anchor.timestamp) as i32);
            // A later packet with an earlier time stamp: the sender's clock was set back.
            let is_set_back = ticks < 0 && sequence.number > anchor.number;
            let position = anchor.position + ticks * i64::from(RATE) / i64::from(clock);
            let late = arrival - position - base.unwrap_or(arrival - position);
            let most = if self.resting() {
                JUMP_AFTER_PAUSE
            } else {
                JUMP_LATE
            };
            let early = self
                .doubted(at, sequence)
                .map_or(JUMP_EARLY, |line| line.by.max(JUMP_EARLY));
            if (-early..=most).contains(&late) && !is_set_back {
                if ticks > 0 {
                    self.anchor = Some(Anchor {
                        number: anchor.number.max(sequence.number),
                        timestamp,
                        position,
                        ..anchor
                    });
                }
                return position;
            }
            before = (late > most && late <= JUMP_LATE && !is_set_back).then_some(position);
        }
        // A new line of time: it is laid so that this packet took as long as the fastest one, and after what is known.
        let mut position = arrival - base.unwrap_or(0);
        if let Some(last) = self.order[..self.count].last() {
            position = position.max(self.slots[usize::from(*last)].position + self.span);
        }
        if let Some(next) = self.next {
            position = position.max(next);
        }
        self.anchor = Some(Anchor {
            epoch: sequence.epoch,
            clock,
            number: sequence.number,
            timestamp,
            position,
        });
        self.relaid = before.map(|before| Relaid {
            epoch: sequence.epoch,
            at: arrival,
            first: position,
            by: position - before,
        });
        position
    }

    /// The line of time, where it was laid anew just now and may have to be given up again.
    fn doubted(&self, at: SampleTime, sequence: ExtendedSequence) -> Option<Relaid> {
        let lasts = |line: &Relaid| at.0 as i64 - line.at < DOUBT && line.epoch == sequence.epoch;
        self.relaid.filter(lasts)
    }

    /// Counts a packet's lateness, and goes back to the line of time before this one when so much comes at once that the network must
    /// have stood still. What waits then is all to be heard. The place of the packet.
    pub(super) fn look_back(
        &mut self,
        at: SampleTime,
        sequence: ExtendedSequence,
        position: i64,
    ) -> i64 {
        let transit = at.0 as i64 - position;
        let Some(line) = self.doubted(at, sequence) else {
            self.timing.arrived(at, transit);
            return position;
        };
        let early = line.at - line.first - transit;
        if 2 * early < line.by {
            // What is early may be so on this line only: it counts when that is known.
            if early < self.span / 2 {
                self.timing.arrived(at, transit);
            }
            return position;
        }
        self.relaid = None;
        for place in 0..self.count {
            let slot = &mut self.slots[usize::from(self.order[place])];
            if slot.position >= line.first {
                slot.position -= line.by;
                self.timing.arrived(at, line.at - slot.position);
            }
        }
        if let Some(anchor) = &mut self.anchor {
            anchor.position -= line.by;
        }
        if self.next.is_some_and(|next| next > line.first) {
            self.next = self.next.map(|next| next - line.by);
            self.playing -= line.by;
        }
        (self.catches_up, self.hurries) = (true, true);
        self.timing.arrived(at, transit + line.by);
        position - line.by
    }
}
