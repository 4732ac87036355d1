//! The packet that is kept until the next one tells whether it was the first of another sender's.
use trialog_frame::SampleTime;
use trialog_rtp::{Header, LARGEST_PAYLOAD};

/// A packet that may be the first of another sender: played when its successor comes.
pub(crate) struct Kept {
    pub(crate) header: Header,
    pub(crate) at: SampleTime,
    pub(crate) length: usize,
    pub(crate) payload: Box<[u8; LARGEST_PAYLOAD]>,
}

impl Kept {
    /// Allocates.
    pub(crate) fn none() -> Self {
        let header = Header {
            payload_type: 0,
            marker: false,
            sequence: 0,
            timestamp: 0,
            ssrc: 0,
        };
        Self {
            header,
            at: SampleTime(0),
            length: 0,
            payload: Box::new([0; LARGEST_PAYLOAD]),
        }
    }

    pub(crate) fn keep(&mut self, at: SampleTime, header: &Header, payload: &[u8]) {
        self.at = at;
        self.header = *header;
        self.length = payload.len();
        self.payload[..payload.len()].copy_from_slice(payload);
    }

    pub(crate) fn is_followed_by(&self, header: &Header) -> bool {
        self.length > 0
            && self.header.ssrc == header.ssrc
            && self.header.sequence.wrapping_add(1) == header.sequence
    }
}
