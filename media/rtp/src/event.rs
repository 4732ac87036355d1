//! telephone-event in time (RFC 4733 §2.5): when to send which packet of a digit, and which received ones are one press.
//!
//! The payload's octets are `codec`'s business.
use trialog_frame::SampleTime;

/// One packet to be sent in place of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The digit's event number.
    pub event: u8,
    /// First packet of a digit: the marker bit.
    pub first: bool,
    /// The key was let go.
    pub end: bool,
    /// RTP time stamp: the start of the digit, in all its packets.
    pub timestamp: u32,
    /// How long it has lasted, in units of the RTP clock.
    pub duration: u16,
}

/// Digits waiting, one being sent.
#[derive(Clone, Debug)]
pub struct EventSender {
    waiting: [u8; Self::MOST],
    count: usize,
    now: Option<Sending>,
    /// Packets of sound between two digits.
    pause: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    event: u8,
    started: u32,
    duration: u32,
    length: u32,
    ends: u8,
}

impl Default for EventSender {
    fn default() -> Self {
        Self::new()
    }
}

impl EventSender {
    /// As many digits wait as a hand types before the first is sent.
    pub const MOST: usize = 32;

    /// With none.
    pub const fn new() -> Self {
        Self {
            waiting: [0; Self::MOST],
            count: 0,
            now: None,
            pause: 0,
        }
    }

    /// Sends this event after those before it. False: [`EventSender::MOST`] are waiting.
    pub fn send(&mut self, event: u8) -> bool {
        let free = self.count < Self::MOST;
        if free {
            self.waiting[self.count] = event;
            self.count += 1;
        }
        free
    }

    /// What goes out in place of the packet of sound that would now be sent with `timestamp`; `None`: the sound itself.
    /// `packet` is the length of such a packet, `length` that of a digit, both in units of the RTP clock.
    pub fn next_packet(&mut self, timestamp: u32, packet: u32, length: u32) -> Option<EventPacket> {
        if self.now.is_none() {
            if self.pause > 0 {
                self.pause -= 1;
                return None;
            }
            if self.count == 0 {
                return None;
            }
            let event = self.waiting[0];
            self.waiting.copy_within(1.., 0);
            self.count -= 1;
            self.now = Some(Sending {
                event,
                started: timestamp,
                duration: 0,
                length,
                ends: 0,
            });
        }
        let sending = self.now.as_mut()?;
        let first = sending.duration == 0;
        if sending.ends == 0 {
            sending.duration = (sending.duration + packet).min(u32::from(u16::MAX));
        }
        let end = sending.duration >= sending.length;
        let out = EventPacket {
            event: sending.event,
            first,
            end,
            timestamp: sending.started,
            duration: sending.duration as u16,
        };
        if end {
            // RFC 4733 §2.5.1.4: the last packet is sent three times.
            sending.ends += 1;
            if sending.ends == 3 {
                self.now = None;
                self.pause = 3;
            }
        }
        Some(out)
    }
}

/// The presses of one far side.
#[derive(Clone, Debug, Default)]
pub struct EventReceiver {
    /// SSRC, time stamp and event of the last press.
    last: Option<(u32, u32, u8)>,
    at: SampleTime,
}

impl EventReceiver {
    /// None heard yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A packet of an event came. True: it is the first one of this press that came. RFC 4733 §2.5.2.2: packets with
    /// one time stamp are one press, whichever of them are lost, doubled or late. Time stamps of different SSRCs don't
    /// compare (RFC 3550 §5.1).
    pub fn heard(&mut self, at: SampleTime, ssrc: u32, timestamp: u32, event: u8) -> bool {
        let new = match self.last {
            // An older time stamp is a straggler of the press before, unless all is quiet since long.
            Some((sender, last, _))
                if sender == ssrc && timestamp.wrapping_sub(last) > u32::MAX / 2 =>
            {
                at.since(self.at) > SampleTime::from_millis(2000)
            }
            Some(last) => last != (ssrc, timestamp, event),
            None => true,
        };
        if new {
            self.last = Some((ssrc, timestamp, event));
        }
        self.at = at;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_has_one_marker_a_growing_duration_and_three_ends() {
        let mut sender = EventSender::new();
        assert!(sender.send(5) && sender.send(11));
        let packets: Vec<_> = (0..20)
            .map(|n| sender.next_packet(1000 + n * 160, 160, 800))
            .collect();
        let digit: Vec<_> = packets
            .iter()
            .take_while(|packet| packet.is_some())
            .flatten()
            .collect();
        assert_eq!(digit.len(), 7);
        assert_eq!(digit.iter().filter(|packet| packet.first).count(), 1);
        assert!(digit[0].first && digit[0].duration == 160);
        assert!(
            digit
                .iter()
                .all(|packet| packet.event == 5 && packet.timestamp == 1000)
        );
        assert_eq!(
            digit
                .iter()
                .filter(|packet| packet.end && packet.duration == 800)
                .count(),
            3
        );
        assert!(packets[7..10].iter().all(Option::is_none));
        assert_eq!(
            packets[10].map(|packet| (packet.event, packet.timestamp)),
            Some((11, 1000 + 10 * 160))
        );
    }

    #[test]
    fn a_press_is_told_once_however_its_packets_come() {
        let mut receiver = EventReceiver::new();
        let at = SampleTime::from_millis;
        let told: Vec<_> = [
            (0, 100, 5),
            (20, 100, 5),
            (60, 100, 5),
            (300, 900, 5),
            (310, 100, 5),
            (320, 900, 5),
            (400, 1700, 6),
        ]
        .into_iter()
        .filter(|(ms, stamp, event)| receiver.heard(at(*ms), 7, *stamp, *event))
        .map(|(ms, _, _)| ms)
        .collect();
        assert_eq!(told, [0, 300, 400]);
    }

    #[test]
    fn after_a_restart_of_the_clock_presses_are_heard_again() {
        let mut receiver = EventReceiver::new();
        assert!(receiver.heard(SampleTime::from_millis(0), 7, 3_000_000, 1));
        assert!(receiver.heard(SampleTime::from_millis(5000), 7, 100, 1));
    }

    #[test]
    fn presses_of_another_ssrc_have_time_stamps_of_their_own() {
        let mut receiver = EventReceiver::new();
        assert!(receiver.heard(SampleTime::from_millis(0), 7, 3_000_000, 1));
        assert!(receiver.heard(SampleTime::from_millis(500), 8, 100, 1));
        assert!(!receiver.heard(SampleTime::from_millis(520), 8, 100, 1));
    }
}
