//! Who sits where: the roles, and the way by which the parties reach each other.
use super::Manner;
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// Its name in the table: `direct`, `udp` or `tcp`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Through(registrar) => registrar.transport.name(),
        }
    }
}

/// A registrar that is the proxy of its users, too.
#[derive(Clone, Debug)]
pub struct Registrar {
    /// Where it listens.
    pub address: SocketAddr,
    /// The host part of its users' addresses of record.
    pub domain: String,
    /// By which transport a phone shall reach it.
    pub transport: Transport,
    /// The password of all its users.
    pub password: String,
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
}

impl Transport {
    /// As in a URI's parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// One phone's place in a cell of the matrix.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Which party it is.
    pub role: Role,
    /// Its user name, at the registrar where there is one.
    pub user: String,
    /// An empty folder of its own, for its configuration, log, trace and recordings.
    pub folder: PathBuf,
    /// How it reaches the others.
    pub way: Way,
    /// What was decided for it.
    pub manner: Manner,
}
