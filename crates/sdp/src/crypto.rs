//! Keys for SRTP in a description (RFC 4568): `a=crypto`.
use crate::{Attribute, Media, NegotiationError};
use std::fmt;

/// How sound is protected (RFC 4568 §6.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AEAD_AES_256_GCM`.
    AesGcm256,
    /// `AEAD_AES_128_GCM`.
    AesGcm128,
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm32,
}

impl Suite {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [
        Self::AesGcm256,
        Self::AesGcm128,
        Self::AesCm80,
        Self::AesCm32,
    ];

    /// As `a=crypto` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AesGcm256 => "AEAD_AES_256_GCM",
            Self::AesGcm128 => "AEAD_AES_128_GCM",
            Self::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Octets of master key and salt together.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            Self::AesGcm256 => 44,
            Self::AesGcm128 => 28,
            Self::AesCm80 | Self::AesCm32 => 30,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|suite| suite.name().eq_ignore_ascii_case(name))
    }
}

/// A master key with its salt, for one direction and suite. It is shown only where it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// The longest that a suite has.
    pub const LONGEST: usize = 44;

    /// Key and salt, one after the other; what is longer than the suite needs is left out. `None`: it is shorter.
    #[must_use]
    pub fn new(suite: Suite, octets: &[u8]) -> Option<Self> {
        octets
            .get(..suite.key_length())
            .map(|own| Self(own.to_vec()))
    }

    /// Key and salt, one after the other.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whether sound is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// Never.
    #[default]
    Off,
    /// Where the far side takes it: keys are offered beside plain RTP (`RTP/AVP`), and each kind of offer is answered.
    Offer,
    /// Always (`RTP/SAVP`): what has no keys is refused.
    Require,
}

/// What we do about protection, and our keys for it: one a suite, for what we send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// What the administrator wants.
    pub protection: Protection,
    /// Keys may be offered: the way of the signalling is secured, or that does not matter.
    pub offers: bool,
    /// In the order in which they are offered.
    pub keys: Vec<(Suite, Key)>,
}

impl Security {
    /// Keys may go into an offer.
    pub(crate) fn is_offered(&self) -> bool {
        match self.protection {
            Protection::Off => false,
            Protection::Offer => self.offers,
            Protection::Require => true,
        }
    }

    /// The profile of an offer of ours.
    pub(crate) fn profile(&self) -> &'static str {
        match self.protection {
            Protection::Require => "RTP/SAVP",
            Protection::Off | Protection::Offer => "RTP/AVP",
        }
    }

    /// The lines of an offer, that of `first` before the others.
    pub(crate) fn lines(&self, first: Option<Suite>) -> Vec<Attribute> {
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_by_key(|(suite, _)| Some(*suite) != first);
        let lines = (1..).zip(keys);
        lines
            .map(|(tag, (suite, key))| line(tag, *suite, key))
            .collect()
    }

    fn key(&self, suite: Suite) -> Option<&Key> {
        let mut keys = self.keys.iter();
        keys.find(|(own, _)| *own == suite).map(|(_, key)| key)
    }
}

/// Protection as both sides have agreed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srtp {
    /// How.
    pub suite: Suite,
    /// For what we send.
    pub ours: Key,
    /// For what the far side sends.
    pub theirs: Key,
}

/// A line of a far side's that we can use.
struct Offered {
    tag: u32,
    suite: Suite,
    key: Key,
}

impl Offered {
    /// RFC 4568 §9.1. `None`: another suite, key or parameter than we know.
    fn read(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?.parse().ok()?;
        let suite = Suite::named(words.next()?)?;
        let keys = words.next()?;
        // §6.3: one that is not known is passed over only behind a minus; the size of a window asks nothing of us.
        let known = |word: &str| word.starts_with('-') || word.starts_with("WSH=");
        if !words.all(known) {
            return None;
        }
        let (method, key) = keys.split_once(':')?;
        // Several keys need an index in each packet (MKI), which is behind a second bar and has a colon; a life time has none.
        let mut parts = key.split('|');
        let octets = decode(parts.next()?)?;
        let is_one = method.eq_ignore_ascii_case("inline")
            && octets.len() == suite.key_length()
            && parts.all(|part| !part.contains(':'));
        is_one.then_some(Self {
            tag,
            suite,
            key: Key(octets),
        })
    }

    fn all(media: &Media) -> impl Iterator<Item = Self> {
        let crypto = media.attributes.iter();
        let crypto = crypto.filter(|attribute| attribute.name == "crypto");
        crypto.filter_map(|attribute| Self::read(attribute.value.as_deref()?))
    }
}

/// What an offer's line comes to by `security`, with the line that answers it; `None`: plain RTP.
///
/// # Errors
/// Plain RTP is refused, or keys are, or there are none that we know.
pub(crate) fn answer(
    media: &Media,
    security: &Security,
) -> Result<Option<(Srtp, Attribute)>, NegotiationError> {
    let is_protected = media.is_protected();
    if security.protection == Protection::Off {
        return match is_protected {
            true => Err(NegotiationError::Protected),
            false => Ok(None),
        };
    }
    let mut offered = Offered::all(media);
    let found = offered.find_map(|offered| {
        let ours = security.key(offered.suite)?.clone();
        let answer = line(offered.tag, offered.suite, &ours);
        let srtp = Srtp {
            suite: offered.suite,
            ours,
            theirs: offered.key,
        };
        Some((srtp, answer))
    });
    match found {
        Some(found) => Ok(Some(found)),
        None if is_protected => Err(NegotiationError::NoCommonSuite),
        None if security.protection == Protection::Require => Err(NegotiationError::NotProtected),
        None => Ok(None),
    }
}

/// What an answer's line comes to; `ours`: the offer's.
///
/// # Errors
/// It has no key where one is needed, or one for what was not offered.
pub(crate) fn accept(
    ours: &Media,
    theirs: &Media,
    security: &Security,
) -> Result<Option<Srtp>, NegotiationError> {
    let Some(answered) = Offered::all(theirs).next() else {
        // Whoever takes the keys out on the way is not to have the call in the clear.
        return if ours.is_protected() || security.protection == Protection::Require {
            Err(NegotiationError::NotProtected)
        } else if theirs.is_protected() {
            Err(NegotiationError::Mismatch)
        } else {
            Ok(None)
        };
    };
    let mut offered = Offered::all(ours);
    let same = |own: &Offered| (own.tag, own.suite) == (answered.tag, answered.suite);
    let own = offered.find(same).ok_or(NegotiationError::Mismatch)?;
    Ok(Some(Srtp {
        suite: own.suite,
        ours: own.key,
        theirs: answered.key,
    }))
}

fn line(tag: u32, suite: Suite, key: &Key) -> Attribute {
    let value = format!("{tag} {} inline:{}", suite.name(), encode(&key.0));
    Attribute::new("crypto", value)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 §4.
fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for part in octets.chunks(3) {
        let bits = part
            .iter()
            .fold(0, |bits, octet| bits << 8 | u32::from(*octet));
        let bits = bits << (8 * (3 - part.len()));
        for place in 0..4 {
            if place <= part.len() {
                let digit = bits >> (18 - 6 * place) & 63;
                text.push(char::from(DIGITS[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut octets, mut bits, mut count) = (Vec::with_capacity(Key::LONGEST), 0_u32, 0);
    // Some leave the padding out.
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|own| *own == digit)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_through_their_text() {
        for (text, octets) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmFy", b"foobar"),
        ] {
            assert_eq!(encode(octets), text);
            assert_eq!(decode(text).as_deref(), Some(octets));
        }
        assert_eq!(decode("Zm 9"), None);
    }

    /// RFC 4568 §9.2 has the first.
    #[test]
    fn lines_that_we_can_not_use_are_passed_over() {
        let key = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
        let read = |line: &str| Offered::read(line).map(|line| (line.tag, line.suite));
        for (line, expected) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 {key}|2^20|1:4"), None),
            (
                format!("1 AES_CM_128_HMAC_SHA1_80 {key}|2^20"),
                Some((1, Suite::AesCm80)),
            ),
            (
                format!("7 aes_cm_128_hmac_sha1_32 {key} WSH=64 -NEW"),
                Some((7, Suite::AesCm32)),
            ),
            (
                format!("1 AES_CM_128_HMAC_SHA1_80 {key} UNENCRYPTED_SRTP"),
                None,
            ),
            (format!("1 F8_128_HMAC_SHA1_80 {key}"), None),
            (format!("1 AEAD_AES_128_GCM {key}"), None),
            ("1 AES_CM_128_HMAC_SHA1_80".to_owned(), None),
            (format!("x AES_CM_128_HMAC_SHA1_80 {key}"), None),
        ] {
            assert_eq!(read(&line), expected, "{line}");
        }
    }
}
