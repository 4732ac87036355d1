//! Telephone events (RFC 4733), as a stranger may send them.
use trialog_codec::{TelephoneEvent, digit_of_event, event_of_digit};
use trialog_frame::SampleTime;
use trialog_rtp::EventReceiver;

/// `octets` are records of one octet for the time before it (in 10 ms), four for the RTP time stamp, and five of payload, of which the last
/// is a further event's first.
pub(crate) fn telephone_event(octets: &[u8]) {
    let mut receiver = EventReceiver::new();
    let mut now = 0;
    for record in octets.chunks(10) {
        let [pause, stamp @ ..] = record else { return };
        now += 480 * u64::from(*pause);
        let (stamp, payload) = stamp.split_at(stamp.len().min(4));
        let event = TelephoneEvent::parse(payload);
        assert_eq!(event.is_some(), payload.len() >= 4);
        let Some(event) = event else { return };
        let mut written = event.to_bytes();
        // RFC 4733 §2.3: the bit R is ignored.
        written[1] |= payload[1] & 0x40;
        assert_eq!(written, payload[..4]);
        if let Some(digit) = digit_of_event(event.event) {
            assert_eq!(event_of_digit(digit), Some(event.event));
        }
        let stamp = stamp
            .iter()
            .fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        receiver.heard(SampleTime(now), 7, stamp, event.event);
        // The same packet again is the same press (RFC 4733 §2.5.2.2).
        assert!(!receiver.heard(SampleTime(now), 7, stamp, event.event));
    }
}
