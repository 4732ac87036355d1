//! Authorization and Proxy-Authorization.
use super::{Algorithm, Qop, pairs};
use crate::grammar::quote;
use crate::{Text, Value, ValueError};
use std::fmt;

/// A client's answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name, or its hash where `userhash` is set.
    pub username: String,
    /// The challenge's realm.
    pub realm: String,
    /// The challenge's nonce.
    pub nonce: String,
    /// The URI that the response covers, as text.
    pub uri: String,
    /// What was reckoned, in hexadecimal.
    pub response: String,
    /// The hash function; `None` is one that we don't know.
    pub algorithm: Option<Algorithm>,
    /// The client's nonce.
    pub cnonce: Option<String>,
    /// The challenge's opaque.
    pub opaque: Option<String>,
    /// What the response covers; none for RFC 2069's way.
    pub qop: Option<Qop>,
    /// How often this nonce was used, this time included; on the wire eight hexadecimal digits.
    pub nc: Option<u32>,
    /// `username` is a hash.
    pub userhash: bool,
    /// The challenge named its algorithm, so the answer does.
    pub(super) say_algorithm: bool,
}

impl Credentials {
    /// Reads the header's value. Schemes other than Digest are an error.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        const WHAT: &str = "credentials";
        let pairs = pairs::read(text, WHAT)?;
        let get = |name| pairs::get(&pairs, name);
        let wanted = |name, why| {
            get(name)
                .map(str::to_owned)
                .ok_or(ValueError::new(WHAT, why))
        };
        let qop = match get("qop") {
            Some(name) => {
                Some(Qop::parse(name).ok_or(ValueError::new(WHAT, "its qop is unknown"))?)
            }
            None => None,
        };
        let nc = match get("nc") {
            Some(nc) if nc.len() == 8 && nc.bytes().all(|c| c.is_ascii_hexdigit()) => {
                u32::from_str_radix(nc, 16).ok()
            }
            Some(_) => return Err(ValueError::new(WHAT, "its nc is not eight digits")),
            None => None,
        };
        Ok(Self {
            username: wanted("username", "it has no user name")?,
            realm: wanted("realm", "it has no realm")?,
            nonce: wanted("nonce", "it has no nonce")?,
            uri: wanted("uri", "it has no uri")?,
            response: wanted("response", "it has no response")?,
            algorithm: get("algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse),
            cnonce: get("cnonce").map(str::to_owned),
            opaque: get("opaque").map(str::to_owned),
            qop,
            nc,
            userhash: get("userhash").is_some_and(|hash| hash.eq_ignore_ascii_case("true")),
            say_algorithm: get("algorithm").is_some(),
        })
    }
}

impl Value for Credentials {
    fn read_part(_: &Text, text: &str) -> Result<Self, ValueError> {
        Self::parse(text)
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 7616 §3.4: which values have quotes is laid down, and some servers insist.
        write!(
            f,
            "Digest username={}, realm={}, nonce={}, uri={}, response={}",
            quote(&self.username),
            quote(&self.realm),
            quote(&self.nonce),
            quote(&self.uri),
            quote(&self.response)
        )?;
        if let Some(algorithm) = self.algorithm.filter(|_| self.say_algorithm) {
            write!(f, ", algorithm={algorithm}")?;
        }
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", quote(cnonce))?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}", qop.as_str())?;
        }
        if let Some(nc) = self.nc {
            write!(f, ", nc={nc:08x}")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}
