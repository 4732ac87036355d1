//! How the peers of a host name stand: which of them answered last, and which did not answer. A request tries them in that
//! order (RFC 3263 §4.3 leaves it to the client how long a failure is remembered).
//!
//! It gets what was heard and what was not; it sends nothing and sets no timer.
use crate::Peer;
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::Time;

/// A peer that has not answered is tried after all others for so long.
const DEAD_FOR: Duration = Duration::from_secs(60);
/// To a peer that no stream could be opened to none is tried for so long.
const NO_STREAM_FOR: Duration = Duration::from_secs(600);
/// Most names and most dead peers that are remembered, the latest of them. A far side's Contact can make us look a name up.
const MOST: usize = 64;

/// What is known of the peers of all names.
#[derive(Default)]
pub(crate) struct Standing {
    /// For each name the peer that has answered last, the latest name last.
    good: Vec<Peer>,
    /// Peers that have not answered, each with the end of its time.
    dead: Vec<(Peer, Time)>,
    /// Addresses that no stream can be opened to, each with the end of its time.
    without_stream: Vec<(SocketAddr, Time)>,
}

impl Standing {
    /// A response came from this peer.
    pub(crate) fn answered(&mut self, peer: &Peer) {
        if peer.name.is_none() {
            return;
        }
        self.dead.retain(|(dead, _)| !dead.is_same_end(peer));
        if self.good.last() != Some(peer) {
            self.good.retain(|good| good.name != peer.name);
            keep(&mut self.good, peer.clone());
        }
    }

    /// This peer has not answered in time, or can't be reached.
    pub(crate) fn silent(&mut self, now: Time, peer: &Peer) {
        if peer.name.is_none() {
            return;
        }
        self.good.retain(|good| good != peer);
        self.dead
            .retain(|(dead, until)| *until > now && !dead.is_same_end(peer));
        keep(&mut self.dead, (peer.clone(), now + DEAD_FOR));
    }

    /// A stream to this peer could not be opened, or nothing was answered on it.
    pub(crate) fn has_no_stream(&mut self, now: Time, peer: &Peer) {
        self.without_stream
            .retain(|(address, until)| *until > now && *address != peer.address);
        keep(
            &mut self.without_stream,
            (peer.address, now + NO_STREAM_FOR),
        );
    }

    /// Whether that was so some minutes ago.
    pub(crate) fn refuses_streams(&self, now: Time, peer: &Peer) -> bool {
        let mut refusing = self.without_stream.iter();
        refusing.any(|(address, until)| *address == peer.address && *until > now)
    }

    /// The peers of one name, best first by RFC 3263 §4, in the order in which they are to be tried: the one that has answered
    /// last is the first, dead ones are the last.
    pub(crate) fn order(&self, now: Time, peers: &[Peer]) -> Vec<Peer> {
        let mut peers = peers.to_vec();
        peers.sort_by_key(|peer| (self.is_dead(now, peer), !self.good.contains(peer)));
        peers
    }

    fn is_dead(&self, now: Time, peer: &Peer) -> bool {
        let mut dead = self.dead.iter();
        dead.any(|(dead, until)| *until > now && dead.is_same_end(peer))
    }
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() >= MOST {
        kept.remove(0);
    }
    kept.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport;

    fn peer(last: u8) -> Peer {
        Peer::named("pbx.test", Transport::Udp, ([10, 0, 0, last], 5060).into())
    }

    fn at(seconds: u64) -> Time {
        Time(Duration::from_secs(seconds))
    }

    #[test]
    fn a_silent_peer_is_the_last_for_a_minute_and_the_one_that_answered_the_first() {
        let all = [peer(1), peer(2), peer(3)];
        let mut standing = Standing::default();
        assert_eq!(standing.order(at(0), &all), all);
        standing.silent(at(0), &peer(1));
        standing.answered(&peer(3));
        assert_eq!(
            standing.order(at(59), &all),
            [peer(3), peer(2), peer(1)],
            "the dead one is the last"
        );
        assert_eq!(standing.order(at(60), &all), [peer(3), peer(1), peer(2)]);
        standing.silent(at(60), &peer(3));
        assert_eq!(standing.order(at(60), &all), [peer(1), peer(2), peer(3)]);
        standing.answered(&peer(3));
        assert_eq!(standing.order(at(60), &all), [peer(3), peer(1), peer(2)]);
    }

    #[test]
    fn names_without_end_leave_no_more_than_a_few_behind() {
        let mut standing = Standing::default();
        for name in 0..1000 {
            let name = format!("host{name}.test");
            let peer = Peer::named(
                &name,
                Transport::Udp,
                ([10, 0, 0, 1], name.len() as u16).into(),
            );
            standing.answered(&peer);
            standing.silent(at(0), &peer);
            standing.answered(&peer);
            let address = ([10, 0, 0, 1], 1000 + name.len() as u16).into();
            standing.has_no_stream(at(0), &Peer::at(Transport::Udp, address));
        }
        assert!(standing.good.len() <= MOST && standing.dead.len() <= MOST);
        assert!(standing.without_stream.len() <= MOST);
    }
}
