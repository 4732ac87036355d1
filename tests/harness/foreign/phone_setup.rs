//! Who sits where: the roles, and the way by which the parties reach each other.
use super::Manner;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A party of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The outside party.
    Customer,
    /// Has the customer's call at first.
    Agent1,
    /// Is consulted.
    Agent2,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Agent1, Self::Agent2];

    /// The name of its phone and of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent1 => "agent-1",
            Self::Agent2 => "agent-2",
        }
    }

    /// The tone that it speaks all the time, in Hz: primes, so that no harmonic of one falls on another.
    #[must_use]
    pub fn pilot(self) -> u32 {
        match self {
            Self::Customer => 433,
            Self::Agent1 => 997,
            Self::Agent2 => 1511,
        }
    }
}

/// How the parties reach each other.
#[derive(Clone, Debug)]
pub enum Way {
    /// By their addresses, over UDP.
    Direct,
    /// Registered with digest, and everything goes through there.
    Through(Registrar),
}

impl Way {
    /// A B2BUA stands between any two of them.
    #[must_use]
    pub fn has_b2bua(&self) -> bool {
        matches!(self, Self::Through(registrar) if registrar.kind != RegistrarKind::Proxy)
    }

    /// The issuer that its phones believe, where they speak TLS and SRTP on it.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        match self {
            Self::Direct => None,
            Self::Through(registrar) => registrar.ca.as_deref(),
        }
    }

    /// Its name in the table: `direct`, `udp`, `tcp` or `tls`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Through(registrar) => registrar.transport.name(),
        }
    }
}

/// A registrar, by way of which its users call each other.
#[derive(Clone, Debug)]
pub struct Registrar {
    /// What it does with a call.
    pub kind: RegistrarKind,
    /// Its SIP address, on loopback.
    pub address: SocketAddr,
    /// The host part of its users' addresses of record.
    pub domain: String,
    /// By which transport a phone shall reach it.
    pub transport: Transport,
    /// The password of all its users.
    pub password: String,
    /// The issuer of its certificate, as a PEM file, where it is reached by TLS. Then a phone's sound goes by SRTP with keys in SDP
    /// (RFC 4568), or by plain RTP where the far side can't and SRTP is not required.
    pub ca: Option<PathBuf>,
}

/// What a registrar does with its users' calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrarKind {
    /// It is their proxy: a call is one dialog, from phone to phone.
    Proxy,
    /// It is a B2BUA: each phone has a dialog with it, and the call is what it joins.
    B2bua {
        /// It puts the caller's `Trialog-Role` into the called party's INVITE.
        passes_role: bool,
    },
}

impl Registrar {
    /// The proxy as a URI with its transport: `sip:127.0.0.1:5160;transport=tcp`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("sip:{};transport={}", self.address, self.transport.name())
    }

    /// A user's address of record.
    #[must_use]
    pub fn aor(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.domain)
    }
}

/// What SIP runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl Transport {
    /// As in a URI's parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// What a phone is started with: its party, its addresses and its folder.
#[derive(Clone, Debug)]
pub struct PhoneSetup {
    /// The party that it plays.
    pub role: Role,
    /// Its user name, at the registrar where there is one.
    pub user: String,
    /// An empty folder of its own, for its configuration, log, trace and recordings.
    pub folder: PathBuf,
    /// How it reaches the others.
    pub way: Way,
    /// Where it speaks TLS: without SRTP it has no call.
    pub requires_srtp: bool,
    /// How it deals with transfers.
    pub manner: Manner,
}
