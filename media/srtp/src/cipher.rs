//! Session keys, and what they do to one packet.
use super::{MasterKey, Suite};
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256, Block};
use ring::{aead, hmac};

/// RFC 3711 §4.3.1: what a session key is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Rtp,
    Rtcp,
}

/// Blocks that are made at once: the processor has several in hand.
const AT_ONCE: usize = 8;

/// Session keys of one purpose.
pub(super) enum Cipher {
    Counter {
        aes: Box<Aes128>,
        salt: [u8; 14],
        authentication: hmac::Key,
        /// Octets of the tag.
        tag: usize,
    },
    Gcm {
        key: Box<aead::LessSafeKey>,
        salt: [u8; 12],
    },
}

/// Octets of the tag of AES-GCM.
const GCM_TAG: usize = 16;

/// A packet's own place: who sends it, and its number of 48 bits (RTP) or 31 bits (RTCP).
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) ssrc: u32,
    pub(super) index: u64,
}

impl Cipher {
    /// Derives the session keys (RFC 3711 §4.3, no further derivation with time). Allocates.
    pub(super) fn new(master: &MasterKey, purpose: Purpose) -> Option<Self> {
        let first = match purpose {
            Purpose::Rtp => 0,
            Purpose::Rtcp => 3,
        };
        let mut key = [0; 32];
        let key = &mut key[..master.suite.key_length()];
        derive(master, first, key);
        let tag = match (master.suite, purpose) {
            (Suite::AesCm32, Purpose::Rtp) => 4,
            (Suite::AesCm32 | Suite::AesCm80, _) => 10,
            (Suite::AesGcm128, _) => return Self::gcm(master, &aead::AES_128_GCM, key, first),
            (Suite::AesGcm256, _) => return Self::gcm(master, &aead::AES_256_GCM, key, first),
        };
        let mut authentication = [0; 20];
        derive(master, first + 1, &mut authentication);
        let mut salt = [0; 14];
        derive(master, first + 2, &mut salt);
        Some(Self::Counter {
            aes: Box::new(Aes128::new(GenericArray::from_slice(key))),
            salt,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
            tag,
        })
    }

    fn gcm(
        master: &MasterKey,
        algorithm: &'static aead::Algorithm,
        key: &[u8],
        first: u8,
    ) -> Option<Self> {
        let key = aead::UnboundKey::new(algorithm, key).ok()?;
        let mut salt = [0; 12];
        derive(master, first + 2, &mut salt);
        Some(Self::Gcm {
            key: Box::new(aead::LessSafeKey::new(key)),
            salt,
        })
    }

    /// Octets of the tag.
    pub(super) fn tag(&self) -> usize {
        match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm { .. } => GCM_TAG,
        }
    }

    /// Encrypts or decrypts in counter mode (RFC 3711 §4.1.1).
    pub(super) fn apply(aes: &Aes128, salt: &[u8; 14], place: Place, text: &mut [u8]) {
        let mut start = [0; 16];
        start[..14].copy_from_slice(salt);
        let mix = |into: &mut [u8], from: &[u8]| {
            into.iter_mut()
                .zip(from)
                .for_each(|(into, from)| *into ^= from);
        };
        mix(&mut start[4..8], &place.ssrc.to_be_bytes());
        mix(&mut start[8..14], &place.index.to_be_bytes()[2..]);
        let mut number: u16 = 0;
        for part in text.chunks_mut(16 * AT_ONCE) {
            let mut blocks = [Block::default(); AT_ONCE];
            let blocks = &mut blocks[..part.len().div_ceil(16)];
            for block in blocks.iter_mut() {
                block.copy_from_slice(&start);
                block[14..].copy_from_slice(&number.to_be_bytes());
                number = number.wrapping_add(1);
            }
            aes.encrypt_blocks(blocks);
            for (text, block) in part.chunks_mut(16).zip(blocks.iter()) {
                mix(text, block);
            }
        }
    }

    /// The tag over these parts, in full length (RFC 3711 §4.2).
    pub(super) fn authenticate(authentication: &hmac::Key, parts: [&[u8]; 2]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(authentication);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    }

    /// RFC 7714 §8.1 and §9.1: the same form for both, with RTP's roll-over counter and sequence number as one number.
    pub(super) fn nonce(salt: &[u8; 12], place: Place) -> aead::Nonce {
        let mut nonce = *salt;
        let place_of = place.ssrc.to_be_bytes().into_iter();
        let place_of = place_of.chain(place.index.to_be_bytes().into_iter().skip(2));
        nonce[2..]
            .iter_mut()
            .zip(place_of)
            .for_each(|(into, from)| *into ^= from);
        aead::Nonce::assume_unique_for_key(nonce)
    }
}

/// The same in any time, whatever is different.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && different == 0
}

/// RFC 3711 §4.3.3: the key stream of the master key, beginning at the salt with the label in it.
fn derive(master: &MasterKey, label: u8, out: &mut [u8]) {
    let mut start = [0; 16];
    start[..14].copy_from_slice(&master.salt);
    start[7] ^= label;
    for (number, part) in out.chunks_mut(16).enumerate() {
        let mut block = Block::from(start);
        block[15] = number as u8;
        match master.suite {
            Suite::AesGcm256 => {
                Aes256::new(GenericArray::from_slice(&master.key)).encrypt_block(&mut block);
            }
            _ => {
                Aes128::new(GenericArray::from_slice(&master.key[..16])).encrypt_block(&mut block);
            }
        }
        part.copy_from_slice(&block[..part.len()]);
    }
}
