//! What comes before the answer from elsewhere than the host that the offer went to: kept, since the answer may name its source, and
//! played then, so that an announcement is heard from its first word. The newest packets are kept: a flood takes no memory.
use std::net::SocketAddr;
use trialog_rtp::Header;

/// As many packets as are kept: 2 s of 20 ms each.
const MOST: usize = 100;

/// The longest payload that is kept: 60 ms of G.711.
const LONGEST: usize = 480;

#[derive(Clone, Copy)]
struct Kept {
    source: SocketAddr,
    header: Header,
    length: usize,
}

/// The packets of one leg.
pub(crate) struct Early {
    packets: Vec<Kept>,
    payloads: Vec<u8>,
    /// The place of the oldest packet, once all are taken.
    oldest: usize,
}

impl Early {
    /// With none. Allocates.
    pub(crate) fn new() -> Self {
        Self {
            packets: Vec::with_capacity(MOST),
            payloads: vec![0; MOST * LONGEST],
            oldest: 0,
        }
    }

    /// Keeps a packet; the oldest one goes where there is no more room.
    pub(crate) fn keep(&mut self, source: SocketAddr, header: &Header, payload: &[u8]) {
        if payload.len() > LONGEST {
            return;
        }
        let kept = Kept {
            source,
            header: *header,
            length: payload.len(),
        };
        let place = if self.packets.len() < MOST {
            self.packets.push(kept);
            self.packets.len() - 1
        } else {
            let place = self.oldest;
            self.packets[place] = kept;
            self.oldest = (place + 1) % MOST;
            place
        };
        self.payloads[place * LONGEST..][..payload.len()].copy_from_slice(payload);
    }

    /// The packets of this source, in the order in which they came.
    pub(crate) fn of(&self, source: SocketAddr) -> impl Iterator<Item = (&Header, &[u8])> {
        let places = (self.oldest..self.packets.len()).chain(0..self.oldest);
        places.filter_map(move |place| {
            let kept = self
                .packets
                .get(place)
                .filter(|kept| kept.source == source)?;
            let payload = &self.payloads[place * LONGEST..][..kept.length];
            Some((&kept.header, payload))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn header(sequence: u16) -> Header {
        Header {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp: 0,
            ssrc: 1,
        }
    }

    #[test]
    fn the_newest_packets_of_a_source_come_back_in_their_order() {
        let mut early = Early::new();
        for sequence in 0..250 {
            early.keep(
                source(4000 + sequence % 2),
                &header(sequence),
                &[sequence as u8],
            );
        }
        let back: Vec<_> = early
            .of(source(4001))
            .map(|(header, payload)| (header.sequence, payload[0]))
            .collect();
        let kept = (151..250)
            .step_by(2)
            .map(|sequence| (sequence, sequence as u8));
        assert_eq!(back, kept.collect::<Vec<_>>());
        assert_eq!(early.of(source(4002)).count(), 0);
    }

    #[test]
    fn a_payload_that_is_too_long_is_not_kept() {
        let mut early = Early::new();
        early.keep(source(4000), &header(1), &[0; LONGEST + 1]);
        early.keep(source(4000), &header(2), &[0; LONGEST]);
        assert_eq!(early.of(source(4000)).count(), 1);
    }
}
