//! What the administrator decides about the user agent.
use crate::session_timer::{Interval, LEAST};
use crate::{Accept, Colleague, Net, Transport};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use trialog_call::AccountId;
use trialog_sdp::{Codec, Protection};
use trialog_sip::Uri;
use trialog_sip::digest::Secret;

/// All that the user agent is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where we can be reached, until [`crate::Input::LocalAddressChanged`] states other addresses for an account.
    pub contacts: Contacts,
    /// Our accounts; an empty list stands for one direct-IP account.
    pub accounts: Vec<Account>,
    /// Whose calls are taken. `None`: those of an account's registrar or proxy, where an account has a registrar, and of `trusted`
    /// where that has any; else everybody's.
    pub accept: Option<Accept>,
    /// A stranger may call any user of ours, as there is no configured account. Else 404 is the answer for a user that no account
    /// has; an account's own server and trusted addresses may use any.
    pub any_user: bool,
    /// From these addresses colleagues send.
    pub trusted: Vec<Net>,
    /// Colleagues by an identity that an account's server vouches for.
    pub colleagues: Vec<Colleague>,
    /// How many calls strangers may have. [`crate::Endpoint`] sets it by the core's policy.
    pub strangers: Strangers,
    /// Codecs in order of preference.
    pub codecs: Vec<Codec>,
    /// Pauses need not be sent, either way: comfort noise (RFC 3389) and DTX of Opus (RFC 7587) are offered.
    pub pauses: bool,
    /// Where the answer to our offer has several codecs, a second offer leaves one (RFC 3264 §10.2).
    pub lock_codec: bool,
    /// How digits go to a far side.
    pub dtmf: DtmfMode,
    /// Whether sound is protected by SRTP, with keys in SDP (RFC 4568). [`Protection::Offer`] offers keys where the INVITE goes by TLS.
    pub srtp: Protection,
    /// An agent's phone: says so to others (`Recv-Info: trialog`, RFC 6086).
    pub agent: bool,
    /// Whose phones' states are asked for by subscription (RFC 4235), while their accounts are registered.
    pub lamps: Vec<LampOf>,
    /// Others may refer us elsewhere and replace our dialogs; else neither `Allow` nor `Supported` offers it, and
    /// REFER gets 405. [`crate::Endpoint`] sets it by the core's policy.
    pub referable: bool,
    /// Calls may be answered on their callers' request, so that a request may require that it is understood (`answermode`, RFC 5373).
    /// [`crate::Endpoint`] sets it by the core's policy.
    pub answer_mode: bool,
    /// Whether provisional responses are acknowledged.
    pub reliable: Reliable,
    /// How long a session lasts unless it is refreshed, that we ask for (RFC 4028): 90 s at least; zero: we ask for none, and follow the
    /// far side that does.
    pub session_expires: Duration,
    /// The shortest session that a far side may ask for; a shorter one gets 422 (RFC 4028 §9). 90 s at least.
    pub session_least: Duration,
    /// NOTIFY of the packages `talk` and `hold`, in a call's dialog and by an account's server or a trusted address, answers, resumes
    /// and holds that call, as the buttons beside a PBX's agent desktop do it.
    pub remote_control: bool,
    /// For User-Agent and Server.
    pub product: String,
    /// How long a registration is asked for.
    pub register_for: Duration,
}

/// Somebody whose phone's state is to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LampOf {
    /// Who asks.
    pub account: AccountId,
    /// A SIP URI.
    pub of: Uri,
}

/// Whether provisional responses other than 100 are sent until they are acknowledged (`100rel`, RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliable {
    /// Not at all: a request that requires it gets 420.
    Off,
    /// We say that we can, and do where the far side requires it.
    #[default]
    Supported,
    /// Our INVITEs require it, and an INVITE from somebody who can't gets 421.
    Required,
}

impl Config {
    /// A direct-IP phone at this address.
    #[must_use]
    pub fn direct(address: SocketAddr) -> Self {
        Self {
            contacts: Contacts {
                udp: address,
                tcp: Some(address),
                other: None,
                tls: None,
            },
            accounts: Vec::new(),
            accept: None,
            any_user: false,
            trusted: Vec::new(),
            colleagues: Vec::new(),
            strangers: Strangers::UNLIMITED,
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
            pauses: false,
            lock_codec: true,
            dtmf: DtmfMode::default(),
            srtp: Protection::Off,
            agent: true,
            lamps: Vec::new(),
            referable: true,
            answer_mode: true,
            reliable: Reliable::default(),
            session_expires: Duration::from_secs(1800),
            session_least: Duration::from_secs(LEAST.into()),
            remote_control: false,
            product: concat!("Trialog/", env!("CARGO_PKG_VERSION")).to_owned(),
            register_for: Duration::from_secs(600),
        }
    }
}

/// How digits go to a far side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DtmfMode {
    /// As telephone-event where that was agreed, else by INFO where the far side allows that method and takes the digit, else as tones
    /// in the sound.
    #[default]
    Auto,
    /// As telephone-event (RFC 4733) only.
    Events,
    /// By INFO (`application/dtmf-relay`) only.
    Info,
    /// As tones in the sound (ITU-T Q.23) only.
    InBand,
}

/// How many calls strangers may have at once; 486 beyond. Of server transactions each may have 32 times as many; 503 beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strangers {
    /// All together.
    pub all: usize,
    /// Each address, or net of 64 bits in IPv6.
    pub each: usize,
}

impl Strangers {
    /// As many as the phone has.
    pub const UNLIMITED: Self = Self {
        all: usize::MAX,
        each: usize::MAX,
    };

    /// Of a phone with so many calls: half of them where others are known, who then always find a place, and a quarter of that
    /// for each address.
    #[must_use]
    pub fn among(calls: usize, others_are_known: bool) -> Self {
        let all = if others_are_known { calls / 2 } else { calls };
        Self {
            all,
            each: all.div_ceil(4),
        }
    }

    /// The same of server transactions.
    pub(crate) fn transactions(self) -> Self {
        let of = |calls: usize| calls.saturating_mul(TRANSACTIONS);
        Self {
            all: of(self.all),
            each: of(self.each),
        }
    }
}

/// Server transactions for each call that a stranger may have: one that was refused is remembered for 32 s (RFC 3261 §17.2.1).
const TRANSACTIONS: usize = 32;

impl Config {
    /// There are senders that are no strangers, whatever they send.
    pub(crate) fn knows_others(&self) -> bool {
        let has_server =
            |account: &Account| account.registrar.is_some() || account.outbound_proxy.is_some();
        !self.trusted.is_empty() || self.accounts.iter().any(has_server)
    }

    /// Whose calls are taken.
    pub(crate) fn accepts(&self) -> Accept {
        let registers = self.accounts.iter().any(|one| one.registrar.is_some());
        self.accept
            .unwrap_or(match (registers, self.trusted.is_empty()) {
                (true, true) => Accept::Registrar,
                (true, false) => Accept::Trusted,
                (false, _) => Accept::Anyone,
            })
    }
}

/// The addresses that go into Via and Contact. They are what others can send to, never a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contacts {
    /// Ours for UDP.
    pub udp: SocketAddr,
    /// Ours for TCP, where we listen there.
    pub tcp: Option<SocketAddr>,
    /// Ours of the other family (IPv4 or IPv6) for both transports, where we listen there, too: for far ends of that family.
    pub other: Option<SocketAddr>,
    /// Ours for TLS, where we listen for it; of the other family it is the same port.
    pub tls: Option<SocketAddr>,
}

impl Contacts {
    /// Ours for a far end at this address.
    pub(crate) fn of(&self, transport: Transport, far: IpAddr) -> SocketAddr {
        let own = match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp.unwrap_or(self.udp),
            Transport::Tls => self.tls.unwrap_or(self.udp),
        };
        match self.other {
            Some(other) if other.is_ipv4() == far.is_ipv4() => match self.tls {
                Some(tls) if transport == Transport::Tls => SocketAddr::new(other.ip(), tls.port()),
                _ => other,
            },
            _ => own,
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = SocketAddr> {
        let both = self.other.zip(self.tls);
        let other_tls = both.map(|(other, tls)| SocketAddr::new(other.ip(), tls.port()));
        let all = [Some(self.udp), self.tcp, self.other, self.tls, other_tls];
        all.into_iter().flatten()
    }
}

/// Somebody that we are.
#[derive(Clone, Debug)]
pub struct Account {
    /// Address of record: `sip:user@domain`.
    pub aor: Uri,
    /// Shown to the called party.
    pub display: Option<String>,
    /// Where to register; `None`: direct IP.
    pub registrar: Option<Uri>,
    /// All requests that open a dialog go by way of it.
    pub outbound_proxy: Option<Uri>,
    /// For digest; the user of the address of record where it is `None`.
    pub username: Option<String>,
    /// For digest. Only the registrar and the outbound proxy are given answers, each for its own realm.
    pub password: Option<Secret>,
    /// The realm that the account's servers ask for; `None`: those that have asked for a REGISTER, or the account's domain.
    pub realm: Option<String>,
    /// Its servers authenticate their callers and hold From against it, so that From is an identity that they vouch for (in the
    /// place of P-Asserted-Identity).
    pub from_is_checked: bool,
    /// Its server takes this phone's word for another party's identity (RFC 3325 §4, a Spec(T) of one's own): where the phone carries a
    /// call on between two others, it states the one to the other (RFC 5876 §3.2).
    pub states_parties: bool,
    /// MD5 is answered, as many servers have nothing else (RFC 8760 deprecates it).
    pub md5: bool,
    /// The parties that we call are not to know us (RFC 3323, RFC 3325 §7): From is anonymous and our Contact has no user, the
    /// account's own server gets our address in P-Preferred-Identity, and `Privacy: id` asks it to keep that to itself. Via, Contact
    /// and SDP have our IP address all the same, which only a server can hide. A party that calls us knows whom it has called.
    pub privacy: bool,
    /// Used where a URI names none.
    pub transport: Transport,
    /// A request over 1,300 bytes that would go by UDP is tried by TCP first (RFC 3261 §18.1.1), and goes by UDP where no stream
    /// can be opened; that peer is sent datagrams of any size for some minutes then. An ACK of a 2xx, which nothing answers,
    /// goes by the transport of its peer. `false`: a peer sees fragmented datagrams.
    pub large_by_tcp: bool,
    /// The address from which the registrar saw a REGISTER come (RFC 3581) is registered, where a translator has made another of
    /// ours. `false`: ours is, whatever the registrar saw.
    pub nat: bool,
    /// What is sent to a registrar that took us by UDP, so that translators and firewalls on the way keep it open.
    pub keep_alive: KeepAlive,
    /// Its mailbox, a SIP URI, whose messages are asked for by subscription (RFC 3842); `None`: what its server tells unasked is heard.
    pub mailbox: Option<Uri>,
}

/// How the way to a registrar by UDP is kept open. A stream is kept open by its owner (RFC 5626 §4.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// By an empty line twice, which each SIP server passes over.
    Crlf,
    /// By OPTIONS: an answer shows that the registrar is there, and without one we register anew.
    Options,
    /// Not at all.
    Off,
}

impl Account {
    /// Somebody without a registrar.
    #[must_use]
    pub fn direct(aor: Uri) -> Self {
        Self {
            aor,
            display: None,
            registrar: None,
            outbound_proxy: None,
            username: None,
            password: None,
            realm: None,
            from_is_checked: false,
            states_parties: false,
            md5: true,
            privacy: false,
            transport: Transport::Udp,
            large_by_tcp: true,
            nat: true,
            keep_alive: KeepAlive::Crlf,
            mailbox: None,
        }
    }

    pub(crate) fn username(&self) -> &str {
        self.username
            .as_deref()
            .or(self.aor.user.as_deref())
            .unwrap_or_default()
    }
}

/// What holds for all accounts: a [`Config`] without what each account's flow owns.
pub(crate) struct Settings {
    pub(crate) accept: Accept,
    pub(crate) any_user: bool,
    pub(crate) trusted: Vec<Net>,
    pub(crate) colleagues: Vec<Colleague>,
    pub(crate) strangers: Strangers,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) pauses: bool,
    pub(crate) lock_codec: bool,
    pub(crate) dtmf: DtmfMode,
    pub(crate) srtp: Protection,
    pub(crate) agent: bool,
    pub(crate) referable: bool,
    /// Our Allow.
    pub(crate) allow: Arc<str>,
    /// Our Supported.
    pub(crate) supported: Arc<str>,
    pub(crate) reliable: Reliable,
    pub(crate) session: Interval,
    pub(crate) remote_control: bool,
    pub(crate) product: String,
    pub(crate) register_for: Duration,
}

/// The account of a phone that was given none.
pub(crate) fn nobody_in_particular(contacts: &Contacts) -> Account {
    let host = contacts.udp.ip().into();
    Account::direct(Uri::sip("trialog", host, Some(contacts.udp.port())))
}
