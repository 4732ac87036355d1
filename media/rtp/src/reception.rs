//! One sender's sequence: extended numbers, a change of sender, a restart, and the counts that RTCP reports (RFC 3550
//! appendix A.1, A.3, A.8).
//!
//! It sees each packet's header and time of arrival once and keeps no payload.
use crate::Header;
use trialog_frame::{RATE, SampleTime};

/// RFC 3550 appendix A.1: a jump forward that is still a loss, and one back that is still a reordering.
const MAX_DROPOUT: u16 = 3000;
const MAX_MISORDER: u16 = 100;

/// RFC 3550 appendix A.1: packets in sequence that make a sender of another SSRC, or of a number out of all bounds.
const MIN_SEQUENTIAL: u8 = 2;

/// For so long after a change of SSRC, two packets of the one before may be stragglers that the network put back to back:
/// a change back takes one more.
const STRAGGLERS: SampleTime = SampleTime::from_millis(300);

/// A packet's sequence number, extended beyond 16 bits (RFC 3550 §A.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtendedSequence {
    /// One more with each new SSRC and each restart: sequence and time stamps of different epochs don't compare.
    pub epoch: u32,
    /// Counts on over wraps within its epoch.
    pub number: u64,
}

/// What a receiver report says (RFC 3550 §6.4.1), and what came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceptionStats {
    /// SSRC of the sender; 0 before its first packet.
    pub ssrc: u32,
    /// Packets that came, duplicates too.
    pub received: u64,
    /// Packets expected and not come; less than none where duplicates came.
    pub lost: i64,
    /// Highest sequence number, extended to 32 bits.
    pub highest: u32,
    /// Interarrival jitter, in samples at 48 kHz.
    pub jitter: u32,
    /// Lost since [`Reception::interval_loss`] was last asked, in 256ths.
    pub fraction_lost: u8,
}

/// Another sender, or the same one begun anew, that more packets must confirm.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    ssrc: u32,
    /// The sequence number that confirms it.
    next: u16,
    /// Packets in sequence so far.
    seen: u8,
}

/// The state of one sender.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    ssrc: u32,
    epoch: u32,
    highest: u64,
    first: u64,
    candidate: Option<Candidate>,
    /// The sender before this one, and when it was replaced.
    before: Option<(u32, SampleTime)>,
    received: u64,
    received_in_epoch: u64,
    lost_before: i64,
    jitter: f64,
    last: Option<(SampleTime, u32)>,
    prior: (i64, i64),
}

impl Reception {
    /// Nothing has come yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether packets of this SSRC have a sequence of their own beside the one that is received now.
    pub fn is_beside(&self, ssrc: u32) -> bool {
        self.epoch > 0 && self.ssrc != ssrc
    }

    /// A packet came. `clock`: its codec's RTP clock in Hz, `None` for packets whose timing says nothing
    /// (telephone-event). Returns its extended sequence number.
    ///
    /// `None`: a packet of another SSRC, or one far outside the sequence. It may be a stray one, so the sender of before
    /// stays, and goes on at once if it goes on; it is replaced when `MIN_SEQUENTIAL` packets of the other came in
    /// sequence and none of its own between them. The packet of `None` may be kept: when its successor has a number,
    /// it has one too, and is handed in again.
    pub fn arrived(
        &mut self,
        at: SampleTime,
        header: &Header,
        clock: Option<u32>,
    ) -> Option<ExtendedSequence> {
        if self.epoch == 0 {
            self.restart(header);
        } else if header.ssrc != self.ssrc {
            let straggles = self
                .before
                .is_some_and(|(ssrc, since)| ssrc == header.ssrc && at.since(since) < STRAGGLERS);
            if !self.is_confirmed(header, MIN_SEQUENTIAL + u8::from(straggles)) {
                return None;
            }
            self.before = Some((self.ssrc, at));
            self.restart(header);
        }
        let step = header.sequence.wrapping_sub(self.highest as u16);
        if step < MAX_DROPOUT {
            self.highest += u64::from(step);
        } else if step < u16::MAX - MAX_MISORDER {
            if !self.is_confirmed(header, MIN_SEQUENTIAL) {
                return None;
            }
            self.restart(header);
        }
        self.candidate = None;
        self.received += 1;
        self.received_in_epoch += 1;
        if let Some(clock) = clock {
            self.measure(at, header.timestamp, clock);
        }
        let number = self.highest - u64::from((self.highest as u16).wrapping_sub(header.sequence));
        self.first = self.first.min(number);
        Some(ExtendedSequence {
            epoch: self.epoch,
            number,
        })
    }

    /// Whether this packet is the last of so many in sequence; remembers it for the next one if not.
    fn is_confirmed(&mut self, header: &Header, needed: u8) -> bool {
        let seen = match self.candidate {
            Some(known) if (known.ssrc, known.next) == (header.ssrc, header.sequence) => {
                known.seen + 1
            }
            _ => 1,
        };
        self.candidate = Some(Candidate {
            ssrc: header.ssrc,
            next: header.sequence.wrapping_add(1),
            seen,
        });
        seen >= needed
    }

    fn restart(&mut self, header: &Header) {
        self.lost_before = self.lost();
        self.received_in_epoch = 0;
        self.epoch += 1;
        self.ssrc = header.ssrc;
        // One cycle up, so that a packet before the first one has a number too.
        self.highest = (1 << 16) + u64::from(header.sequence);
        self.first = self.highest;
        self.last = None;
    }

    fn measure(&mut self, at: SampleTime, timestamp: u32, clock: u32) {
        if let Some((before, stamp)) = self.last {
            let sent = f64::from(timestamp.wrapping_sub(stamp) as i32) * f64::from(RATE)
                / f64::from(clock);
            let difference = (at.0 as f64 - before.0 as f64 - sent).abs();
            // A pause that the time stamps do not show is no jitter.
            if difference < f64::from(RATE) {
                self.jitter += (difference - self.jitter) / 16.0;
            }
        }
        self.last = Some((at, timestamp));
    }

    fn expected_in_epoch(&self) -> i64 {
        if self.epoch == 0 {
            0
        } else {
            (self.highest - self.first + 1) as i64
        }
    }

    fn lost(&self) -> i64 {
        self.lost_before + self.expected_in_epoch() - self.received_in_epoch as i64
    }

    /// The counts so far.
    pub fn stats(&self) -> ReceptionStats {
        ReceptionStats {
            ssrc: self.ssrc,
            received: self.received,
            lost: self.lost(),
            highest: (self.highest.wrapping_sub(1 << 16)) as u32,
            jitter: self.jitter as u32,
            fraction_lost: 0,
        }
    }

    /// The counts, with the loss since this was last asked (RFC 3550 appendix A.3).
    pub fn interval_loss(&mut self) -> ReceptionStats {
        let mut stats = self.stats();
        let expected = stats.received as i64 + stats.lost;
        let (expected_before, lost_before) = self.prior;
        self.prior = (expected, stats.lost);
        let (expected, lost) = (expected - expected_before, stats.lost - lost_before);
        if expected > 0 && lost > 0 {
            stats.fraction_lost = (lost * 256 / expected).min(255) as u8;
        }
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header {
            payload_type: 0,
            marker: false,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc,
        }
    }

    fn at(millis: u64) -> SampleTime {
        SampleTime::from_millis(millis)
    }

    #[test]
    fn the_sequence_goes_on_beyond_16_bits_and_loss_is_counted() {
        let mut reception = Reception::new();
        let mut last = 0;
        for n in 0..200_000u64 {
            if n % 20 == 7 {
                continue;
            }
            let sequence =
                reception.arrived(at(n * 20), &header(1, (n + 65_000) as u16), Some(8000));
            let sequence = sequence.expect("it is in order");
            assert!(sequence.number > last);
            last = sequence.number;
        }
        assert_eq!(reception.stats().lost, 10_000);
        assert_eq!(reception.interval_loss().fraction_lost, 12);
        assert_eq!(reception.interval_loss().fraction_lost, 0);
    }

    #[test]
    fn a_packet_before_the_first_has_its_place_before_it() {
        let mut reception = Reception::new();
        let first = reception
            .arrived(at(0), &header(1, 0), Some(8000))
            .expect("first");
        let before = reception
            .arrived(at(1), &header(1, 65_535), Some(8000))
            .expect("reordered");
        assert_eq!(before.number + 1, first.number);
        assert_eq!(reception.stats().lost, 0);
    }

    /// Which packets had a number, of (SSRC, sequence number) in the order of their coming, 20 ms apart.
    fn placed(reception: &mut Reception, packets: &[(u32, u16)]) -> Vec<bool> {
        let taken = packets.iter().enumerate().map(|(n, (ssrc, sequence))| {
            let sequence =
                reception.arrived(at(n as u64 * 20), &header(*ssrc, *sequence), Some(8000));
            sequence.is_some()
        });
        taken.collect()
    }

    #[test]
    fn a_new_ssrc_counts_after_two_in_sequence_and_the_first_has_its_place_too() {
        let mut reception = Reception::new();
        let taken = placed(&mut reception, &[(1, 5), (2, 900), (2, 901)]);
        assert_eq!(taken, [true, false, true]);
        assert!(reception.is_beside(1) && !reception.is_beside(2));
        let kept = reception.arrived(at(20), &header(2, 900), Some(8000));
        let next = reception.arrived(at(60), &header(2, 902), Some(8000));
        let (kept, next) = (kept.expect("handed in again"), next.expect("in order"));
        assert_eq!((kept.epoch, kept.number + 2), (next.epoch, next.number));
        assert_eq!(reception.stats().lost, 0);
    }

    #[test]
    fn stray_packets_of_another_ssrc_leave_the_sender_alone() {
        let mut reception = Reception::new();
        let taken = placed(
            &mut reception,
            &[
                (1, 5),
                (9, 40),
                (1, 6),
                (9, 41),
                (1, 7),
                (9, 77),
                (9, 12),
                (1, 8),
            ],
        );
        assert_eq!(taken, [true, false, true, false, true, false, false, true]);
        assert_eq!(reception.stats().lost, 0);
    }

    #[test]
    fn two_stragglers_of_the_sender_before_do_not_bring_it_back_and_three_packets_do() {
        let mut reception = Reception::new();
        let taken = placed(
            &mut reception,
            &[
                (1, 5),
                (2, 90),
                (2, 91),
                (1, 6),
                (1, 7),
                (2, 92),
                (1, 8),
                (1, 9),
                (1, 10),
            ],
        );
        assert_eq!(
            taken,
            [true, false, true, false, false, true, false, false, true]
        );
    }

    #[test]
    fn a_restart_is_believed_when_a_second_packet_confirms_it() {
        let mut reception = Reception::new();
        let old = reception
            .arrived(at(0), &header(1, 5), Some(8000))
            .expect("first");
        assert_eq!(
            reception.arrived(at(20), &header(1, 30_000), Some(8000)),
            None
        );
        let new = reception
            .arrived(at(40), &header(1, 30_001), Some(8000))
            .expect("confirmed");
        assert!(new.epoch > old.epoch);
        assert_eq!(reception.arrived(at(60), &header(1, 6), Some(8000)), None);
    }

    #[test]
    fn jitter_is_that_of_the_rfc() {
        let mut reception = Reception::new();
        for n in 0..1000u64 {
            // Alternately 4 ms late: each difference is 4 ms.
            let late = if n % 2 == 0 { 0 } else { 4 };
            reception.arrived(at(n * 20 + late), &header(1, n as u16), Some(8000));
        }
        assert!((reception.stats().jitter as i64 - 192).abs() < 5);
    }
}
