//! Which sources a leg believes, and where its packets go (symmetric RTP, RFC 4961).
use crate::SessionParams;
use crate::socket::MOST_ADMITTED;
use std::net::SocketAddr;
use trialog_frame::SampleTime;
use trialog_rtp::Header;

/// After so much silence a translator may have forgotten its port, and what was sent to another address than the SDP's
/// goes to that one again.
const FORGOTTEN: SampleTime = SampleTime::from_millis(3000);

/// Addresses of before that are remembered: a B2BUA changes them twice within milliseconds.
const MOST_FORMER: usize = 4;

// Two now, two for each address of before.
const _: () = assert!(2 + 2 * MOST_FORMER <= MOST_ADMITTED);

/// An address of the far side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    /// As the SDP says.
    expected: SocketAddr,
    /// Where packets really come from, where that differs.
    other: Option<SocketAddr>,
}

impl Address {
    fn is(&self, source: SocketAddr) -> bool {
        source == self.expected || self.other == Some(source)
    }
}

/// The next packet of a source that is not believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    next: u16,
}

/// What a session says of the far side's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// Where they come from, and ours go to. With port 0 the far side has not answered: it is known by its host.
    pub(crate) from: SocketAddr,
    /// They are played. On hold they are not, and no other source is believed.
    pub(crate) receives: bool,
    /// The far side is bound to send: its silence means something.
    pub(crate) far_sends: bool,
}

impl Expectation {
    /// The far side has said where it sends from.
    pub(crate) fn is_answered(&self) -> bool {
        self.from.port() != 0
    }
}

impl From<&SessionParams> for Expectation {
    fn from(session: &SessionParams) -> Self {
        Self {
            from: session.remote,
            receives: session.receives,
            far_sends: session.far_sends,
        }
    }
}

/// The far side's address, as the SDP says it and as it turns out.
pub(crate) struct Source {
    now: Address,
    /// The latest first. Never believed as the far side's present one.
    former: [Option<Address>; MOST_FORMER],
    /// Nothing came from the new address yet: the former ones are heard.
    changing: bool,
    /// No source was good since the session was agreed: another one than the SDP's may be it.
    fresh: bool,
    receives: bool,
    far_sends: bool,
    /// The far side said that silence follows.
    quiet: bool,
    candidate: Option<Candidate>,
    /// When the present address was last heard, or began to be waited for.
    heard: Option<SampleTime>,
    /// One more with each change of what [`Source::believed`] says but for silence.
    version: u32,
}

impl Source {
    /// As the first SDP says.
    pub(crate) fn new(expectation: Expectation) -> Self {
        Self {
            now: Address {
                expected: expectation.from,
                other: None,
            },
            former: [None; MOST_FORMER],
            changing: false,
            fresh: true,
            receives: expectation.receives,
            far_sends: expectation.far_sends,
            quiet: false,
            candidate: None,
            heard: None,
            version: 0,
        }
    }

    /// The answer says where the far side is. The source of before it is no more than a stranger's, but goes on without a gap: its
    /// next packet in sequence is believed as a second one is.
    fn answered(&mut self, expectation: Expectation) {
        let (version, candidate) = (self.version + 1, self.candidate);
        *self = Self {
            version,
            candidate: candidate.filter(|_| expectation.is_answered()),
            ..Self::new(expectation)
        };
    }

    /// As a new SDP says. Sources of before are heard until the new one sends; an address that comes back has the source
    /// that it had.
    pub(crate) fn expect(&mut self, expectation: Expectation) {
        if self.awaits_answer() {
            return self.answered(expectation);
        }
        if expectation.from != self.now.expected {
            let known = self.former.iter().position(|former| {
                former.is_some_and(|former| former.expected == expectation.from)
            });
            let known = known.and_then(|index| self.former[index].take());
            // What is forgotten is the oldest; an empty place is filled first.
            let free = self.former.iter().position(Option::is_none);
            self.former[..=free.unwrap_or(MOST_FORMER - 1)].rotate_right(1);
            self.former[0] = Some(self.now);
            self.now = known.unwrap_or(Address {
                expected: expectation.from,
                other: None,
            });
            self.changing = true;
            self.fresh = self.now.other.is_none();
            self.heard = None;
        }
        if (expectation.receives, expectation.far_sends) != (self.receives, self.far_sends) {
            self.receives = expectation.receives;
            self.far_sends = expectation.far_sends;
            self.heard = None;
        }
        self.quiet = false;
        self.candidate = None;
        self.version += 1;
    }

    /// Where packets go now: to the source that is heard, and after seconds of a silence that was not announced to the
    /// SDP's address again.
    pub(crate) fn destination(&mut self, now: SampleTime) -> SocketAddr {
        let heard = *self.heard.get_or_insert(now);
        let bound = self.receives && self.far_sends && !self.quiet;
        match self.now.other {
            Some(other) if !bound || now.since(heard) <= FORGOTTEN => other,
            _ => self.now.expected,
        }
    }

    /// Whether this packet comes from the far side. The address of the SDP always is it. Before anything has come from
    /// it, another port or host is believed after two packets in sequence, and stays believed until the right one
    /// speaks: a phone behind a translator is heard so, and no stranger takes over a leg that is heard. After seconds of
    /// silence another port of the same host is believed again. On hold no other source is, and a former one never.
    pub(crate) fn accepts(&mut self, source: SocketAddr, at: SampleTime, header: &Header) -> bool {
        if self.awaits_answer() {
            return self.accepts_early(source, at, header);
        }
        if source == self.now.expected {
            self.version += u32::from(self.now.other.is_some());
            self.now.other = None;
        } else if self.now.other != Some(source) {
            if self.former.iter().flatten().any(|former| former.is(source)) {
                return self.changing;
            }
            let same_host = source.ip() == self.now.expected.ip()
                || self
                    .now
                    .other
                    .is_some_and(|other| other.ip() == source.ip());
            if !(self.is_open(at) && (self.fresh || same_host)) {
                return false;
            }
            let this = Candidate {
                source,
                ssrc: header.ssrc,
                next: header.sequence,
            };
            if self.candidate != Some(this) {
                let next = header.sequence.wrapping_add(1);
                self.candidate = Some(Candidate { next, ..this });
                return false;
            }
            self.now.other = Some(source);
            self.version += 1;
        }
        self.version += u32::from(self.fresh || self.changing);
        self.fresh = false;
        self.changing = false;
        self.candidate = None;
        self.heard = Some(at);
        true
    }

    /// Only the host that our offer went to is known: the first source there is it.
    fn accepts_early(&mut self, source: SocketAddr, at: SampleTime, header: &Header) -> bool {
        let host = |address: SocketAddr| address.ip().to_canonical();
        let known = self.now.other.is_none_or(|other| other == source);
        if !known || host(source) != host(self.now.expected) {
            return false;
        }
        self.version += u32::from(self.fresh);
        self.now.other = Some(source);
        self.fresh = false;
        self.heard = Some(at);
        self.candidate = Some(Candidate {
            source,
            ssrc: header.ssrc,
            next: header.sequence.wrapping_add(1),
        });
        true
    }

    /// No answer has said yet where the far side sends from.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.now.expected.port() == 0
    }

    /// The far side's last packet said whether silence follows it.
    pub(crate) fn silence_follows(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// What [`Source::believed`] depends on: the same value, the same sources.
    pub(crate) fn state(&self, now: SampleTime) -> (u32, bool) {
        (self.version, self.is_open(now))
    }

    /// The only sources whose packets are looked at; `None` while another one may turn out to be the far side.
    pub(crate) fn believed(&self, now: SampleTime) -> Option<impl Iterator<Item = SocketAddr>> {
        let former = self.former.iter().flatten().filter(|_| self.changing);
        let all = std::iter::once(&self.now).chain(former);
        (!self.is_open(now)).then(|| {
            all.flat_map(|address| [Some(address.expected), address.other])
                .flatten()
        })
    }

    /// Whether another source may be believed now.
    fn is_open(&self, at: SampleTime) -> bool {
        let silent = self.heard.is_some_and(|heard| at.since(heard) > FORGOTTEN);
        self.receives && (self.fresh || silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    fn talking(from: SocketAddr) -> Expectation {
        Expectation {
            from,
            receives: true,
            far_sends: true,
        }
    }

    /// So many packets in sequence from there; whether the last one is the far side's.
    fn packets(source: &mut Source, from: SocketAddr, at: SampleTime, count: u16) -> bool {
        (0..count).fold(false, |_, sequence| {
            let header = Header {
                payload_type: 0,
                marker: false,
                sequence,
                timestamp: 0,
                ssrc: 5,
            };
            source.accepts(from, at, &header)
        })
    }

    const NOW: SampleTime = SampleTime::from_millis(100);
    const LATER: SampleTime = SampleTime::from_millis(3200);

    #[test]
    fn a_translated_source_is_believed_after_two_packets_until_the_right_one_speaks() {
        let mut source = Source::new(talking(address(1, 4000)));
        assert!(!packets(&mut source, address(9, 5000), NOW, 1));
        assert_eq!(
            source.destination(NOW),
            address(1, 4000),
            "one says nothing"
        );
        assert!(packets(&mut source, address(9, 5000), NOW, 2));
        assert_eq!(source.destination(NOW), address(9, 5000));
        assert!(
            !packets(&mut source, address(8, 5000), NOW, 2),
            "a third one is not"
        );
        assert!(packets(&mut source, address(1, 4000), NOW, 1));
        assert_eq!(source.destination(NOW), address(1, 4000));
        assert!(!packets(&mut source, address(9, 5000), NOW, 2));
    }

    #[test]
    fn before_the_answer_the_host_of_the_offer_is_believed_from_one_port_and_no_other_host_is() {
        let mut source = Source::new(talking(address(1, 0)));
        assert!(!packets(&mut source, address(9, 5000), NOW, 5));
        assert!(packets(&mut source, address(1, 5000), NOW, 1));
        assert!(!packets(&mut source, address(1, 5002), NOW, 5));
        assert!(!packets(&mut source, address(9, 5000), LATER, 5));
        // The next address of the same name is asked: the one before is a stranger.
        source.expect(talking(address(2, 0)));
        assert!(!packets(&mut source, address(1, 5000), NOW, 5));
        assert!(packets(&mut source, address(2, 5000), NOW, 1));
    }

    #[test]
    fn the_answer_names_the_source_of_before_or_one_that_takes_its_place_when_it_speaks() {
        let early = address(1, 5000);
        let next = Header {
            payload_type: 0,
            marker: false,
            sequence: 3,
            timestamp: 0,
            ssrc: 5,
        };
        for answered in [early, address(1, 6000), address(3, 6000)] {
            let mut source = Source::new(talking(address(1, 0)));
            assert!(packets(&mut source, early, NOW, 3));
            source.expect(talking(answered));
            assert_eq!(source.destination(NOW), answered);
            assert!(source.accepts(early, NOW, &next), "no packet is lost");
            assert!(packets(&mut source, answered, NOW, 1));
            assert_eq!(source.destination(NOW), answered);
            assert_eq!(packets(&mut source, early, NOW, 5), answered == early);
        }
    }

    #[test]
    fn after_a_change_the_old_source_is_heard_until_the_new_one_sends_but_not_answered() {
        let mut source = Source::new(talking(address(1, 4000)));
        assert!(packets(&mut source, address(1, 4000), NOW, 1));
        source.expect(talking(address(1, 6000)));
        assert!(packets(&mut source, address(1, 4000), NOW, 5));
        assert_eq!(source.destination(NOW), address(1, 6000));
        assert!(packets(&mut source, address(1, 6000), NOW, 1));
        assert!(!packets(&mut source, address(1, 4000), NOW, 5));
    }

    #[test]
    fn two_changes_at_once_and_a_late_packet_of_the_first_address_leave_the_last_one() {
        let (a, b, c) = (address(1, 4000), address(2, 4000), address(3, 4000));
        let mut source = Source::new(talking(a));
        assert!(packets(&mut source, a, NOW, 1));
        source.expect(talking(b));
        source.expect(talking(c));
        assert!(packets(&mut source, a, NOW, 3), "still heard");
        assert_eq!(source.destination(NOW), c);
        assert!(
            packets(&mut source, a, LATER, 3),
            "it never gives way to silence"
        );
        assert_eq!(source.destination(LATER), c);
        assert!(packets(&mut source, c, LATER, 1));
        assert!(!packets(&mut source, a, LATER, 3));
    }

    #[test]
    fn an_address_that_comes_back_has_the_source_that_it_had() {
        let (inside, outside) = (address(1, 4000), address(9, 5000));
        let mut source = Source::new(talking(inside));
        assert!(packets(&mut source, outside, NOW, 2));
        // Held as RFC 2543 did it, and back.
        source.expect(talking(SocketAddr::from(([0, 0, 0, 0], 4000))));
        source.expect(talking(inside));
        assert_eq!(source.destination(NOW), outside);
        assert!(packets(&mut source, outside, NOW, 1));
    }

    #[test]
    fn as_many_changes_as_there_are_forget_the_oldest() {
        let mut source = Source::new(talking(address(1, 4000)));
        for host in 2..8 {
            source.expect(talking(address(host, 4000)));
        }
        for host in 3..7 {
            assert!(packets(&mut source, address(host, 4000), NOW, 2), "{host}");
            assert_eq!(source.destination(NOW), address(7, 4000));
        }
        assert_eq!(source.former.iter().flatten().count(), MOST_FORMER);
    }

    #[test]
    fn another_port_of_the_same_host_is_believed_after_seconds_of_silence() {
        let mut source = Source::new(talking(address(1, 4000)));
        assert!(packets(&mut source, address(1, 4000), NOW, 1));
        assert!(!packets(&mut source, address(1, 4002), NOW, 2));
        assert!(!packets(&mut source, address(2, 4000), LATER, 2));
        assert!(packets(&mut source, address(1, 4002), LATER, 2));
        assert_eq!(source.destination(LATER), address(1, 4002));
    }

    #[test]
    fn silence_leads_back_to_the_address_of_the_sdp_unless_it_was_announced() {
        let mut source = Source::new(talking(address(1, 4000)));
        assert!(packets(&mut source, address(9, 5000), NOW, 2));
        source.silence_follows(true);
        assert_eq!(source.destination(LATER), address(9, 5000));
        source.silence_follows(false);
        assert_eq!(source.destination(LATER), address(1, 4000));
        assert!(
            packets(&mut source, address(9, 5000), LATER, 1),
            "it is known"
        );
        assert_eq!(source.destination(LATER), address(9, 5000));
        // A far side that holds us owes no packet.
        source.expect(Expectation {
            far_sends: false,
            ..talking(address(1, 4000))
        });
        assert_eq!(source.destination(LATER + LATER), address(9, 5000));
    }

    #[test]
    fn on_hold_and_after_it_a_stranger_is_not_believed() {
        let own = address(1, 4000);
        let mut source = Source::new(talking(own));
        assert!(packets(&mut source, own, NOW, 1));
        source.expect(Expectation {
            receives: false,
            ..talking(own)
        });
        assert!(!packets(&mut source, address(8, 5000), LATER, 5));
        assert!(
            !packets(&mut source, address(1, 5000), LATER, 5),
            "nor another port"
        );
        source.expect(talking(own));
        assert_eq!(source.destination(LATER), own);
        assert!(!packets(&mut source, address(8, 5000), LATER, 5));
    }

    #[test]
    fn only_while_a_source_is_looked_for_all_packets_are_looked_at() {
        let believed = |source: &Source, now| -> Option<Vec<_>> {
            source.believed(now).map(Iterator::collect)
        };
        let (own, new) = (address(1, 4000), address(2, 4000));
        let mut source = Source::new(talking(own));
        assert_eq!(believed(&source, NOW), None);
        let before = source.state(NOW);
        assert!(packets(&mut source, own, NOW, 1));
        assert_ne!(source.state(NOW), before);
        assert_eq!(believed(&source, NOW), Some(vec![own]));
        let before = source.state(NOW);
        assert_eq!(believed(&source, LATER), None);
        assert_ne!(source.state(LATER), before);
        source.expect(Expectation {
            receives: false,
            ..talking(new)
        });
        assert_eq!(believed(&source, NOW), Some(vec![new, own]));
        assert!(packets(&mut source, new, NOW, 1));
        assert_eq!(believed(&source, NOW), Some(vec![new]));
    }
}
