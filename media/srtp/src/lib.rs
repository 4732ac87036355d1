//! SRTP and SRTCP: AES in counter mode with HMAC-SHA1 (RFC 3711), and AES-GCM (RFC 7714). One value protects what goes out of one leg
//! or unprotects what comes in, with replay protection always. No use of the heap once it is made; a packet is an argument.
mod cipher;
mod index;
mod rtcp;
mod rtp;

pub use rtcp::{RtcpProtector, RtcpUnprotector};
pub use rtp::{Protector, Unprotector};

use std::fmt;

/// Octets that protection adds at most, of RTP and of RTCP.
pub const MOST_ADDED: usize = 20;

/// How a leg is protected (RFC 4568 §6.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm80,
    /// `AES_CM_128_HMAC_SHA1_32`: RTCP has the tag of 80 bits all the same.
    AesCm32,
    /// `AEAD_AES_128_GCM`.
    AesGcm128,
    /// `AEAD_AES_256_GCM`.
    AesGcm256,
}

impl Suite {
    /// Octets of the master key.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            Self::AesCm80 | Self::AesCm32 | Self::AesGcm128 => 16,
            Self::AesGcm256 => 32,
        }
    }

    /// Octets of the master salt.
    #[must_use]
    pub fn salt_length(self) -> usize {
        match self {
            Self::AesCm80 | Self::AesCm32 => 14,
            Self::AesGcm128 | Self::AesGcm256 => 12,
        }
    }
}

/// Master key and salt of one direction. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    key: [u8; 32],
    salt: [u8; 14],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

impl MasterKey {
    /// Key and salt, one after the other (RFC 4568 §6.1); `None` where they have not the suite's length.
    #[must_use]
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Option<Self> {
        let (key_length, salt_length) = (suite.key_length(), suite.salt_length());
        if key_and_salt.len() != key_length + salt_length {
            return None;
        }
        let (mut key, mut salt) = ([0; 32], [0; 14]);
        key[..key_length].copy_from_slice(&key_and_salt[..key_length]);
        salt[..salt_length].copy_from_slice(&key_and_salt[key_length..]);
        Some(Self { suite, key, salt })
    }

    /// How it protects.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }
}

#[cfg(test)]
mod tests;
