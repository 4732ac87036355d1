//! WWW-Authenticate and Proxy-Authenticate.
use super::{Algorithm, pairs};
use crate::grammar::{quote, trim};
use crate::{Text, Value, ValueError};
use std::fmt;

/// What a response covers beside method and URI ("quality of protection").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qop {
    /// `auth`: nothing more.
    Auth,
    /// `auth-int`: the body.
    AuthInt,
}

impl Qop {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt]
            .into_iter()
            .find(|known| name.eq_ignore_ascii_case(known.as_str()))
    }
}

/// A server's demand for credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// For what the password is asked.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// To be given back as it is.
    pub opaque: Option<String>,
    /// The nonce was too old; the password was right.
    pub stale: bool,
    /// The hash function; `None` is one that we don't know.
    pub algorithm: Option<Algorithm>,
    /// What is on offer; none for RFC 2069's way. Unknown ones are left out.
    pub qop: Vec<Qop>,
    /// `qop` was there, though perhaps with nothing that we know.
    pub qop_given: bool,
    /// The user name is to be hashed (RFC 7616 §3.4.4).
    pub userhash: bool,
}

impl Challenge {
    /// A challenge with `qop="auth"`.
    #[must_use]
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm) -> Self {
        Self {
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            opaque: None,
            stale: false,
            algorithm: Some(algorithm),
            qop: vec![Qop::Auth],
            qop_given: true,
            userhash: false,
        }
    }

    /// Reads the header's value. Schemes other than Digest are an error.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        const WHAT: &str = "challenge";
        let pairs = pairs::read(text, WHAT)?;
        let get = |name| pairs::get(&pairs, name);
        let wanted = |name, why| {
            get(name)
                .map(str::to_owned)
                .ok_or(ValueError::new(WHAT, why))
        };
        let qop = get("qop");
        Ok(Self {
            realm: wanted("realm", "it has no realm")?,
            // RFC 7616 §3.3 has one always. One that is missing is empty: the server chooses it in any case.
            nonce: get("nonce").unwrap_or_default().to_owned(),
            opaque: get("opaque").map(str::to_owned),
            stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            algorithm: get("algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse),
            qop: qop
                .unwrap_or_default()
                .split(',')
                .filter_map(|name| Qop::parse(trim(name)))
                .collect(),
            qop_given: qop.is_some_and(|qop| !qop.is_empty()),
            userhash: get("userhash").is_some_and(|hash| hash.eq_ignore_ascii_case("true")),
        })
    }

    /// We can answer it: its algorithm is known, and of its qops one, if it has any.
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.algorithm.is_some() && (!self.qop_given || !self.qop.is_empty())
    }
}

impl Value for Challenge {
    fn read_part(_: &Text, text: &str) -> Result<Self, ValueError> {
        Self::parse(text)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Digest realm={}, nonce={}",
            quote(&self.realm),
            quote(&self.nonce)
        )?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if !self.qop.is_empty() {
            let names: Vec<_> = self.qop.iter().map(|qop| qop.as_str()).collect();
            write!(f, ", qop=\"{}\"", names.join(","))?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}
