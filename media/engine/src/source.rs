//! Whose packets a leg believes, and where its answers go (symmetric RTP, RFC 4961).
use std::net::SocketAddr;
use trialog_frame::SampleTime;

/// After so much silence a translator may have forgotten its port.
const FORGOTTEN: SampleTime = SampleTime::from_millis(3000);

/// The far side's address, as the SDP says it and as it turns out.
pub(crate) struct Source {
    expected: SocketAddr,
    /// Where packets really come from, where that differs.
    other: Option<SocketAddr>,
    /// Where they came from before the session changed, until the new one is heard.
    previous: Option<SocketAddr>,
    /// No packet came since the session was agreed.
    fresh: bool,
    heard: SampleTime,
}

impl Source {
    /// As the SDP says.
    pub(crate) fn new(expected: SocketAddr) -> Self {
        Self {
            expected,
            other: None,
            previous: None,
            fresh: true,
            heard: SampleTime(0),
        }
    }

    /// As a new SDP says. The source of before is heard until the new one sends.
    pub(crate) fn expect(&mut self, from: SocketAddr) {
        if from != self.expected {
            self.previous = Some(self.other.unwrap_or(self.expected));
            self.expected = from;
            self.other = None;
            self.fresh = true;
        }
    }

    /// The session begins anew at the same address.
    pub(crate) fn afresh(&mut self) {
        self.fresh = true;
    }

    /// Where packets come from, when that is not where they were expected from.
    pub(crate) fn other(&self) -> Option<SocketAddr> {
        self.other
    }

    /// Whether a source is the far side. The address of the SDP always is. Before anything has come from it, another
    /// port or host is believed too, and stays believed until the right one speaks: a phone behind a translator is heard
    /// so, and nobody can take over a leg that is heard. After seconds of silence another port of the same host is
    /// believed again.
    pub(crate) fn accepts(&mut self, source: SocketAddr, at: SampleTime) -> bool {
        let quiet = at.since(self.heard) > FORGOTTEN;
        if source == self.expected {
            self.other = None;
        } else if self.previous == Some(source) {
            // The address before a change, still on the way; answers go to the new one already.
            return true;
        } else if self.other != Some(source) {
            let believed = self.fresh || quiet && source.ip() == self.expected.ip();
            if !believed {
                return false;
            }
            self.other = Some(source);
        }
        self.fresh = false;
        self.previous = None;
        self.heard = at;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    const NOW: SampleTime = SampleTime::from_millis(100);

    #[test]
    fn a_translated_source_is_believed_until_the_right_one_speaks() {
        let mut source = Source::new(address(1, 4000));
        assert!(source.accepts(address(9, 5000), NOW));
        assert_eq!(source.other(), Some(address(9, 5000)));
        assert!(!source.accepts(address(8, 5000), NOW), "a third one is not");
        assert!(source.accepts(address(1, 4000), NOW));
        assert_eq!(source.other(), None);
        assert!(!source.accepts(address(9, 5000), NOW));
    }

    #[test]
    fn after_a_change_the_old_source_is_heard_until_the_new_one_sends_but_not_answered() {
        let mut source = Source::new(address(1, 4000));
        assert!(source.accepts(address(1, 4000), NOW));
        source.expect(address(1, 6000));
        assert!(source.accepts(address(1, 4000), NOW));
        assert_eq!(source.other(), None);
        assert!(source.accepts(address(1, 6000), NOW));
        assert!(!source.accepts(address(1, 4000), NOW));
    }

    #[test]
    fn another_port_of_the_same_host_is_believed_after_seconds_of_silence() {
        let mut source = Source::new(address(1, 4000));
        assert!(source.accepts(address(1, 4000), NOW));
        assert!(!source.accepts(address(1, 4002), NOW));
        let later = NOW + SampleTime::from_millis(3001);
        assert!(!source.accepts(address(2, 4000), later));
        assert!(source.accepts(address(1, 4002), later));
        assert_eq!(source.other(), Some(address(1, 4002)));
    }
}
