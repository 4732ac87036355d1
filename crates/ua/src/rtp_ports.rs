//! The RTP port pool: ports that the owner of the sockets has bound and handed in, each of which one leg takes.
use crate::id_map::IdMap;
use std::collections::VecDeque;
use trialog_call::LegId;

/// Bound ports, free ones in the order in which they were handed in.
#[derive(Default)]
pub(crate) struct RtpPortPool {
    free: VecDeque<u16>,
    taken: IdMap<LegId, u16>,
}

/// A leg's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RtpPort {
    /// It has just been taken.
    New(u16),
    /// The leg has had it before.
    Known(u16),
}

impl RtpPort {
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::New(port) | Self::Known(port) => port,
        }
    }
}

impl RtpPortPool {
    /// Adds a free port.
    pub(crate) fn offer(&mut self, port: u16) {
        self.free.push_back(port);
    }

    /// How many ports are free.
    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    /// How many ports legs have taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.len()
    }

    /// The leg's port; a free one becomes its own. `None`: no port is free.
    pub(crate) fn take(&mut self, leg: LegId) -> Option<RtpPort> {
        if let Some(port) = self.taken.get(&leg) {
            return Some(RtpPort::Known(*port));
        }
        let port = self.free.pop_front()?;
        self.taken.insert(leg, port);
        Some(RtpPort::New(port))
    }

    /// The leg's sound has ended. Its port is not free again: late packets of its call may still come there.
    pub(crate) fn end(&mut self, leg: LegId) {
        self.taken.remove(&leg);
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.taken.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_keeps_its_port_and_no_port_is_taken_twice() {
        let (one, other) = (LegId::Placed(1), LegId::Received(1));
        let mut pool = RtpPortPool::default();
        pool.offer(10_000);
        assert_eq!(pool.take(one), Some(RtpPort::New(10_000)));
        assert_eq!(pool.take(one), Some(RtpPort::Known(10_000)));
        assert_eq!(pool.take(other), None, "none is free");
        pool.end(one);
        assert_eq!((pool.free(), pool.taken()), (0, 0));
        assert_eq!(pool.take(other), None, "it is not used again");
    }
}
