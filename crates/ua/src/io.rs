//! What goes into the user agent and what comes out of it.
use crate::{Contacts, LampState, Peer, RemoteControl, Roster};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use trialog_call::{AccountId, Action, LegId, PartyIdentity, Time, WireEvent};
use trialog_sdp::{Codec, Negotiated};
use trialog_sip::{MessageSummary, ParseError, Scheme, Uri};

/// How a message travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// RFC 3261 §18, unreliable.
    #[default]
    Udp,
    /// A stream, reliable.
    Tcp,
    /// A stream within TLS, whose far end has shown by a certificate that it is who it was taken for.
    Tls,
}

impl Transport {
    /// Over it nothing needs to be sent twice.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// The port where a URI names none (RFC 3261 §19.1.2).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }

    /// The transport that a SIP URI asks for (RFC 3261 §19.1.1); `None` where it leaves that open.
    ///
    /// # Errors
    /// It is a transport that there is not: all that is neither UDP nor TCP nor TLS, and UDP for `sips`.
    pub fn asked_by(uri: &Uri) -> Result<Option<Self>, UnsupportedTransport> {
        let named = match uri.params.get("transport") {
            None => None,
            Some(name) if name.eq_ignore_ascii_case("udp") => Some(Self::Udp),
            Some(name) if name.eq_ignore_ascii_case("tcp") => Some(Self::Tcp),
            Some(name) if name.eq_ignore_ascii_case("tls") => Some(Self::Tls),
            Some(_) => return Err(UnsupportedTransport),
        };
        match (&uri.scheme, named) {
            // RFC 5630 §3.1.1: its transport is the one below TLS.
            (Scheme::Sips, Some(Self::Udp)) => Err(UnsupportedTransport),
            (Scheme::Sips, _) => Ok(Some(Self::Tls)),
            (_, named) => Ok(named),
        }
    }

    /// As Via says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// A URI asks for a transport other than UDP, TCP and TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedTransport;

/// A stream connection, numbered by whoever owns the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A name that is being resolved, numbered by the user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResolveId(pub u64);

/// A host name that needs addresses (RFC 3263 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// To be given back with the answer.
    pub id: ResolveId,
    /// The host name.
    pub host: String,
    /// The URI's port, if it has one: then A and AAAA records only, no SRV.
    pub port: Option<u16>,
    /// The transport, where the URI or the account names one.
    pub transport: Option<Transport>,
}

/// Where a message came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The sender; with a name where it came on a stream that we opened to one.
    pub peer: Peer,
    /// Our end.
    pub local: SocketAddr,
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
    /// What came on a stream can't be cut into messages any more: the sender is told, where he can be. The stream is to be
    /// closed when that is sent.
    Unreadable {
        /// Where from.
        source: Source,
        /// What was wrong with it.
        error: &'a ParseError,
    },
    /// Nothing can be sent there: refused connection, broken stream, ICMP.
    TransportError(Peer),
    /// Nothing is sent there, since no secured stream came about: as with [`Self::TransportError`], and the account is told why.
    NotSecured(Peer, TlsFault),
    /// A stream to or from there has ended in good order. Where it was an account's way, its registrar may have forgotten the
    /// binding with it (RFC 5626 §4.2.1).
    StreamEnded(Peer),
    /// The answer to [`Output::Resolve`], best peer first (RFC 3263 §4); none: the name has no address.
    Resolved {
        /// The question.
        id: ResolveId,
        /// Each with the host name of the question.
        peers: &'a [Peer],
    },
    /// The core's word.
    Action {
        /// What to do.
        action: Action,
        /// Our RTP port for this leg; needed for `Invite` and `Answer`, and for `Ring` where the 180 has our offer (RFC 3262 §5). SDP has it with the address of the account's flow.
        rtp_port: Option<u16>,
    },
    /// Others reach us at other addresses than before on an account's flow: the machine got a new one, or the way to the account's
    /// server leaves from another. A REGISTER with the new Contact is sent at once, and a re-INVITE with the new Contact and SDP
    /// address in each call that is up; one that is not up yet gets it as soon as it is. The RTP ports stay.
    LocalAddressChanged {
        /// The account.
        account: AccountId,
        /// Where we can be reached now.
        contacts: Contacts,
    },
    /// Register this account, or each that has a registrar.
    Register(Option<AccountId>),
    /// Take the registration of this account back, or that of each; it stays so until [`Input::Register`].
    Unregister(Option<AccountId>),
    /// A registrar may have lost us: each account that is registered, or tries to be, registers anew at once.
    RegisterAnew,
    /// All conferences that this phone mixes now, for the parties that are told of them (RFC 4575).
    Rosters(Vec<Roster>),
    /// The next deadline has come.
    Timeout,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// The stream to there has not answered: what is sent next opens another.
    AbandonStream(Peer),
    /// Find addresses for this name (RFC 3263) and say [`Input::Resolved`].
    Resolve(Question),
    /// The core must hear of this.
    Event {
        /// On which leg.
        leg: LegId,
        /// What.
        event: WireEvent,
    },
    /// The offer of a call that we place goes to a peer: from now on sound may come, before any answer (RFC 3264 §5.1). Only the
    /// host that the INVITE went to can be told from strangers until then.
    Offered {
        /// Which leg.
        leg: LegId,
        /// What may come, by payload number.
        payloads: Vec<(u8, Codec)>,
        /// The peer's host.
        to: IpAddr,
    },
    /// What sound was agreed; `None`: the leg's sound ends, and it needs its RTP port no more. Stated whole at each change.
    Media {
        /// Which leg.
        leg: LegId,
        /// As agreed.
        session: Option<Box<Negotiated>>,
        /// By a provisional response: the far side may send, and need not.
        early: bool,
    },
    /// What becomes of a digit that the core sends.
    Digit {
        /// The leg that it is for.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
        /// What is to be done, or was.
        step: DigitStep,
    },
    /// A digit came by INFO (`application/dtmf-relay`).
    Dtmf {
        /// From which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: u8,
    },
    /// A call is to be answered, resumed or held, as a PBX's desktop asks ([`crate::Config::remote_control`]).
    Control {
        /// Its leg.
        leg: LegId,
        /// What is to be done.
        control: RemoteControl,
    },
    /// A text came for the agent (RFC 3428).
    Message {
        /// The sender, as a peer that is believed states it, else by From.
        from: Arc<PartyIdentity>,
        /// On one line, 1,000 characters at most.
        text: String,
    },
    /// Calls were turned away at the door since this was told last.
    TurnedAway {
        /// The sender of the latest.
        from: IpAddr,
        /// How many, the latest included.
        count: u32,
    },
    /// A subscription of ours, or its server unasked, has told something.
    Learnt(Learnt),
    /// An account's registration changed.
    Registration {
        /// Which account.
        account: AccountId,
        /// To what.
        state: RegistrationState,
    },
}

/// What is told by the event packages that we follow (RFC 6665).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// What is known of an account's mailbox changed, or was told again (RFC 3842).
    Mailbox {
        /// Which account.
        account: AccountId,
        /// Its voice messages; `None`: nothing is known any more.
        mailbox: Option<MessageSummary>,
    },
    /// Somebody's phone stands otherwise than before (RFC 4235).
    Lamp {
        /// Its place in [`crate::Config::lamps`].
        lamp: u16,
        /// How it stands.
        state: LampState,
    },
}

/// What becomes of a digit that we send. All but [`DigitStep::Asked`] are the last word on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitStep {
    /// It is to be sent as telephone-event (RFC 4733).
    Event,
    /// It is to be sent as tones in the sound.
    Tones,
    /// An INFO has it; how that was answered follows.
    Asked,
    /// The INFO was answered with 2xx.
    Taken,
    /// It was not sent, or not taken.
    Refused {
        /// Final status of the INFO (RFC 3261 §21); 408 stands for no answer, 481 for a call that is over.
        status: u16,
    },
    /// Only telephone-event is allowed, and it was not agreed.
    NotAgreed,
}

impl Output {
    /// The leg's sound ends.
    pub(crate) fn no_media(leg: LegId) -> Self {
        Self::Media {
            leg,
            session: None,
            early: false,
        }
    }
}

/// Bytes on their way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to. A stream that is open to there is to be used again.
    pub peer: Peer,
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

/// Why no secured stream came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is not for the name that the far end was looked up by (RFC 5922 §7), but for these.
    OtherName(Vec<String>),
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not begun.
    NotYetValid,
    /// Whoever issued the certificate is not one of those that we believe.
    UnknownIssuer,
    /// The far end does not believe our certificate, or wants one.
    RefusesOurs,
    /// No TLS is spoken there, or none that we speak; in words for people.
    Other(String),
}

/// Why a registration failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationFault {
    /// The registrar, or who stands before it, refused.
    Refused,
    /// Its name has no address.
    NoAddress,
    /// Nothing can be sent there.
    Unreachable,
    /// No secured stream came about.
    NotSecured(TlsFault),
    /// Nobody answered.
    NoAnswer,
}
