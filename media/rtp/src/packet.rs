//! RTP packets (RFC 3550 §5.1), by `rtp-rs`.
use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

/// Octets of a header without contributing sources, as we write it.
pub const HEADER: usize = 12;

/// The largest payload that is taken: the largest of Opus, and more than any other codec here makes in 120 ms.
pub const LARGEST_PAYLOAD: usize = 1280;

/// What a packet says about its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// 0–127.
    pub payload_type: u8,
    /// Begins a talk spurt, or an event.
    pub marker: bool,
    /// Counts packets, modulo 65,536.
    pub sequence: u16,
    /// When the first sample was, by the sender's clock and in its codec's unit.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
}

/// Reads a datagram; `None` for what is no RTP packet of version 2, or one whose payload is larger than
/// [`LARGEST_PAYLOAD`]. Contributing sources, extension and padding are skipped.
pub fn parse(datagram: &[u8]) -> Option<(Header, &[u8])> {
    let packet = RtpReader::new(datagram).ok()?;
    let payload = packet.payload();
    if payload.len() > LARGEST_PAYLOAD {
        return None;
    }
    let header = Header {
        payload_type: packet.payload_type(),
        marker: packet.mark(),
        sequence: packet.sequence_number().into(),
        timestamp: packet.timestamp(),
        ssrc: packet.ssrc(),
    };
    Some((header, payload))
}

/// Writes a packet into `out`, which needs [`HEADER`] octets more than the payload; returns its length, 0 where it does
/// not fit.
pub fn write(header: &Header, payload: &[u8], out: &mut [u8]) -> usize {
    RtpPacketBuilder::new()
        .payload_type(header.payload_type)
        .marked(header.marker)
        .sequence(Seq::from(header.sequence))
        .timestamp(header.timestamp)
        .ssrc(header.ssrc)
        .payload(payload)
        .build_into(out)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let header = Header {
            payload_type: 101,
            marker: true,
            sequence: 65_535,
            timestamp: 7,
            ssrc: 0xDEAD_BEEF,
        };
        let mut out = [0; 64];
        let length = write(&header, b"sound", &mut out);
        assert_eq!(length, HEADER + 5);
        assert_eq!(parse(&out[..length]), Some((header, &b"sound"[..])));
    }

    #[test]
    fn what_is_no_rtp_is_nothing() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"INVITE sip:a@b SIP/2.0\r\n"), None);
        let mut out = [0; 13];
        let header = Header {
            payload_type: 0,
            marker: false,
            sequence: 0,
            timestamp: 0,
            ssrc: 0,
        };
        assert_eq!(write(&header, b"too long", &mut out), 0);
    }
}
