//! The payload of a telephone-event (RFC 4733 §2.3): a key that was pressed, as four octets.
//!
//! Which packets to send when, and which of the received ones are repetitions, is the leg's business; here is only what
//! one payload says.

/// One payload's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// 0–9 the digits, 10 `*`, 11 `#`, 12–15 A–D (RFC 4733 §3.2); others exist.
    pub event: u8,
    /// The key was let go.
    pub end: bool,
    /// Power below 0 dBm0 in dB, 0–63.
    pub volume: u8,
    /// How long it has lasted, in ticks of the RTP clock.
    pub duration: u16,
}

impl TelephoneEvent {
    /// The four octets.
    pub const fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [
            self.event,
            (self.end as u8) << 7 | (self.volume & 0x3F),
            high,
            low,
        ]
    }

    /// Reads a payload; `None` where it is shorter than four octets. Longer ones carry further events, which no known sender uses.
    pub const fn parse(payload: &[u8]) -> Option<Self> {
        match payload {
            [event, flags, high, low, ..] => Some(Self {
                event: *event,
                end: *flags & 0x80 != 0,
                volume: *flags & 0x3F,
                duration: u16::from_be_bytes([*high, *low]),
            }),
            _ => None,
        }
    }
}

/// The event of a key: `0`–`9`, `*`, `#`, `A`–`D` in either case.
pub const fn event_of_digit(digit: char) -> Option<u8> {
    match digit {
        '0'..='9' => Some(digit as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        'A'..='D' => Some(digit as u8 - b'A' + 12),
        'a'..='d' => Some(digit as u8 - b'a' + 12),
        _ => None,
    }
}

/// The key of an event; `None` for events that are no keys.
pub const fn digit_of_event(event: u8) -> Option<char> {
    match event {
        0..=9 => Some((b'0' + event) as char),
        10 => Some('*'),
        11 => Some('#'),
        12..=15 => Some((b'A' + event - 12) as char),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_survives_the_way_there_and_back() {
        for digit in "0123456789*#ABCD".chars() {
            let event = event_of_digit(digit).unwrap();
            assert_eq!(digit_of_event(event), Some(digit));
            for end in [false, true] {
                let payload = TelephoneEvent {
                    event,
                    end,
                    volume: 10,
                    duration: 960,
                };
                assert_eq!(TelephoneEvent::parse(&payload.to_bytes()), Some(payload));
            }
        }
    }

    #[test]
    fn the_octets_lie_as_in_rfc_4733_figure_1() {
        let payload = TelephoneEvent {
            event: 11,
            end: true,
            volume: 10,
            duration: 0x0640,
        };
        assert_eq!(payload.to_bytes(), [11, 0x8A, 0x06, 0x40]);
        assert_eq!(TelephoneEvent::parse(&[1, 2, 3]), None);
        // The reserved bit is ignored.
        assert_eq!(TelephoneEvent::parse(&[11, 0xCA, 6, 0x40]), Some(payload));
    }
}
