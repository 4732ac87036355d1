//! The far end of the next hop: where it is, by which transport, and the name that it was found by.
use crate::Transport;
use std::net::SocketAddr;
use std::sync::Arc;

/// The far end that a message is sent to, or that one came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The host name of the URI that led there, as it was before any lookup: what a certificate has to state (RFC 5922 §4).
    /// `None` where the URI has an IP address, and for a far end that is known only by what it sent.
    pub name: Option<Arc<str>>,
    /// The transport.
    pub transport: Transport,
    /// IP address and port, of the far end itself.
    pub address: SocketAddr,
}

impl Peer {
    /// A far end without a name.
    #[must_use]
    pub fn at(transport: Transport, address: SocketAddr) -> Self {
        Self {
            name: None,
            transport,
            address,
        }
    }

    /// An address that this host name was resolved to.
    #[must_use]
    pub fn named(name: &str, transport: Transport, address: SocketAddr) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::at(transport, address)
        }
    }

    /// The same far end by another transport.
    pub(crate) fn by(&self, transport: Transport) -> Self {
        Self {
            transport,
            ..self.clone()
        }
    }

    /// Whether both are the same end of the network, by whatever name each was found: what can't be sent to one can't be sent to
    /// the other.
    #[must_use]
    pub fn is_same_end(&self, other: &Self) -> bool {
        self.transport == other.transport && self.address == other.address
    }

    /// Whether a stream to this far end serves for another one. Within TLS it has shown that it is the one of this name, and no
    /// other (RFC 5923 §8); a far end without a name (a route that this one has put in as its address) may be any.
    #[must_use]
    pub fn serves(&self, other: &Self) -> bool {
        let same_name = || match (&self.name, &other.name) {
            (Some(own), Some(wanted)) => own.eq_ignore_ascii_case(wanted),
            (None, Some(_)) => false,
            (_, None) => true,
        };
        self.is_same_end(other) && (self.transport != Transport::Tls || same_name())
    }
}
