//! What goes into the user agent and what comes out of it.
use std::net::SocketAddr;
use trialog_call::{AccountId, Action, LegId, Time, WireEvent};
use trialog_sdp::Negotiated;

/// How a message travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// RFC 3261 §18, unreliable.
    #[default]
    Udp,
    /// A stream, reliable.
    Tcp,
}

impl Transport {
    /// Over it nothing needs to be sent twice.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        self == Self::Tcp
    }

    /// As Via says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// A stream connection, numbered by whoever owns the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A name that is being resolved, numbered by the user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResolveId(pub u64);

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// By which transport.
    pub transport: Transport,
    /// Our end.
    pub local: SocketAddr,
    /// Theirs.
    pub remote: SocketAddr,
    /// The stream it came by; `None` for a datagram.
    pub connection: Option<ConnectionId>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A message came in.
    Received {
        /// Where from.
        source: Source,
        /// One whole datagram, or one framed message of a stream.
        message: &'a [u8],
    },
    /// Nothing can be sent there: refused connection, broken stream, ICMP.
    TransportError {
        /// By which transport.
        transport: Transport,
        /// Where to.
        destination: SocketAddr,
    },
    /// The answer to [`Output::Resolve`], best address first (RFC 3263 §4); none: the name has no address.
    Resolved {
        /// The question.
        id: ResolveId,
        /// Addresses with the transport of each.
        addresses: &'a [(Transport, SocketAddr)],
    },
    /// The core's word.
    Action {
        /// What to do.
        action: Action,
        /// Our RTP address for this leg; needed for `Invite` and `Answer`.
        media: Option<SocketAddr>,
    },
    /// Register every account that has a registrar.
    Register,
    /// Take every registration back.
    Unregister,
    /// The next deadline has come.
    Timeout,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// Find addresses for this name (RFC 3263) and say [`Input::Resolved`].
    Resolve {
        /// The question's number.
        id: ResolveId,
        /// The name.
        host: String,
        /// A port, where the URI has one: then A and AAAA records only, no SRV.
        port: Option<u16>,
        /// The transport, where the URI or the account names one.
        transport: Option<Transport>,
    },
    /// The core must hear of this.
    Event {
        /// On which leg.
        leg: LegId,
        /// What.
        event: WireEvent,
    },
    /// What sound was agreed; `None`: the leg's sound ends, and its RTP address is free. Stated whole at each change.
    Media {
        /// Which leg.
        leg: LegId,
        /// As agreed.
        session: Option<Box<Negotiated>>,
    },
    /// A digit came by INFO (`application/dtmf-relay`).
    Dtmf {
        /// From which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// An account's registration changed.
    Registration {
        /// Which account.
        account: AccountId,
        /// To what.
        state: RegistrationState,
    },
}

/// Bytes on their way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// By which transport.
    pub transport: Transport,
    /// Where to. A stream that is open to there is to be used again.
    pub destination: SocketAddr,
    /// A response goes back on the stream its request came by, while that is open.
    pub connection: Option<ConnectionId>,
    /// One whole message.
    pub bytes: Vec<u8>,
}

/// How an account stands with its registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Asked, not yet answered.
    Registering,
    /// The binding holds until then, and is refreshed before.
    Registered {
        /// When it would end.
        until: Time,
    },
    /// Refused or unanswered; tried again later.
    Failed {
        /// RFC 3261 §21; 408 for no answer, 503 for no way there.
        status: u16,
        /// In the registrar's words.
        reason: String,
        /// Whose word it is.
        cause: RegistrationFault,
        /// When it is tried again.
        again: Time,
    },
    /// Taken back.
    Unregistered,
}

/// Why a registration failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationFault {
    /// The registrar, or who stands before it, refused.
    Refused,
    /// Its name has no address.
    NoAddress,
    /// Nothing can be sent there.
    Unreachable,
    /// Nobody answered.
    NoAnswer,
}
