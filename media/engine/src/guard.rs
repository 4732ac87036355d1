//! SRTP between a leg and its socket (RFC 3711): what goes out is protected, what comes in is what it says, or nothing. Control makes the
//! keys ready; nothing here allocates after that.
use crate::Srtp;
use crate::socket::Datagrams;
use std::net::SocketAddr;
use trialog_srtp::{Protector, Unprotector};

/// The longest datagram of either kind.
const LONGEST: usize = 2048;

/// One leg's keys, made ready, both ways.
pub(crate) struct Protection {
    out: Protector,
    back: Unprotector,
}

impl Protection {
    /// Allocates.
    pub(crate) fn new(keys: &Srtp) -> Option<Box<Self>> {
        Some(Box::new(Self {
            out: Protector::new(&keys.send)?,
            back: Unprotector::new(&keys.receive)?,
        }))
    }
}

/// A leg's socket, with protection or without.
pub(crate) struct Guard {
    socket: Box<dyn Datagrams>,
    protection: Option<Box<Protection>>,
    plain: Box<[u8; LONGEST]>,
    sealed: Box<[u8; LONGEST]>,
}

impl Guard {
    /// Allocates.
    pub(crate) fn new(socket: Box<dyn Datagrams>, protection: Option<Box<Protection>>) -> Self {
        Self {
            socket,
            protection,
            plain: Box::new([0; LONGEST]),
            sealed: Box::new([0; LONGEST]),
        }
    }

    /// Other keys from now on, or none; those of before come back.
    pub(crate) fn exchange(&mut self, protection: &mut Option<Box<Protection>>) {
        if let (Some(new), Some(before)) = (&mut *protection, &self.protection) {
            new.out.follow(&before.out);
            new.back.follow(&before.back);
        }
        std::mem::swap(&mut self.protection, protection);
    }
}

impl Datagrams for Guard {
    fn receive(&mut self) -> Option<(&[u8], SocketAddr, Option<i128>)> {
        let Some(protection) = &mut self.protection else {
            return self.socket.receive();
        };
        let (datagram, source, arrived) = self.socket.receive()?;
        let length = protection.back.unprotect(datagram, &mut self.plain[..]);
        Some((&self.plain[..length], source, arrived))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> bool {
        let Some(protection) = &mut self.protection else {
            return self.socket.send(datagram, to);
        };
        let length = protection.out.protect(datagram, &mut self.sealed[..]);
        length > 0 && self.socket.send(&self.sealed[..length], to)
    }

    fn admit(&self, sources: Option<&mut dyn Iterator<Item = SocketAddr>>) {
        self.socket.admit(sources);
    }
}
