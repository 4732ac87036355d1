//! RTCP's packets: each states its number, and is always encrypted (RFC 3711 §3.4, RFC 7714 §9).
use super::MasterKey;
use super::cipher::{Cipher, Place, Purpose, is_same};
use super::index::Sources;
use ring::aead::Aad;

/// Octets that are not encrypted: those up to the sender's source.
const HEADER: usize = 8;
/// Octets of the number.
const NUMBER: usize = 4;
/// Beside the number: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// Protects what goes out of one leg.
pub struct RtcpProtector {
    cipher: Cipher,
    number: u32,
}

impl std::fmt::Debug for RtcpProtector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtcpProtector").finish_non_exhaustive()
    }
}

fn ssrc(packet: &[u8]) -> Option<u32> {
    let head = packet.first_chunk::<HEADER>()?;
    Some(u32::from_be_bytes([head[4], head[5], head[6], head[7]]))
}

impl RtcpProtector {
    /// Allocates. `None` does not happen with keys of the right length.
    #[must_use]
    pub fn new(master: &MasterKey) -> Option<Self> {
        Some(Self {
            cipher: Cipher::new(master, Purpose::Rtcp)?,
            number: 0,
        })
    }

    /// Protects a packet in its place; false: it is none.
    pub fn protect(&mut self, packet: &mut Vec<u8>) -> bool {
        let Some(ssrc) = ssrc(packet) else {
            return false;
        };
        // The first has the number 1, as others have it; RFC 3711 §3.2.1 begins before.
        self.number = (self.number + 1) & !ENCRYPTED;
        let place = Place {
            ssrc,
            index: u64::from(self.number),
        };
        let number = (self.number | ENCRYPTED).to_be_bytes();
        match &self.cipher {
            Cipher::Counter {
                aes,
                salt,
                authentication,
                tag,
            } => {
                Cipher::apply(aes, salt, place, &mut packet[HEADER..]);
                packet.extend_from_slice(&number);
                let full = Cipher::authenticate(authentication, [packet, &[]]);
                packet.extend_from_slice(&full.as_ref()[..*tag]);
            }
            Cipher::Gcm { key, salt } => {
                let with = stated(packet, number);
                let nonce = Cipher::nonce(salt, place);
                let text = &mut packet[HEADER..];
                let Ok(tag) = key.seal_in_place_separate_tag(nonce, Aad::from(with), text) else {
                    return false;
                };
                packet.extend_from_slice(tag.as_ref());
                packet.extend_from_slice(&number);
            }
        }
        true
    }
}

/// What AES-GCM authenticates beside the encrypted part.
fn stated(packet: &[u8], number: [u8; NUMBER]) -> [u8; HEADER + NUMBER] {
    let mut stated = [0; HEADER + NUMBER];
    stated[..HEADER].copy_from_slice(&packet[..HEADER]);
    stated[HEADER..].copy_from_slice(&number);
    stated
}

/// Unprotects what comes in on one leg.
pub struct RtcpUnprotector {
    cipher: Cipher,
    sources: Sources,
}

impl std::fmt::Debug for RtcpUnprotector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtcpUnprotector").finish_non_exhaustive()
    }
}

impl RtcpUnprotector {
    /// Allocates. `None` does not happen with keys of the right length.
    #[must_use]
    pub fn new(master: &MasterKey) -> Option<Self> {
        Some(Self {
            cipher: Cipher::new(master, Purpose::Rtcp)?,
            sources: Sources::default(),
        })
    }

    /// Takes the protection off in its place and gives the packet; `None`: it is not what it says, or came before.
    pub fn unprotect<'p>(&mut self, packet: &'p mut [u8]) -> Option<&'p [u8]> {
        let ssrc = ssrc(packet)?;
        let tag = self.cipher.tag();
        let end = packet.len().checked_sub(tag + NUMBER)?;
        if end < HEADER {
            return None;
        }
        // RFC 3711 §3.4 has the number before the tag, RFC 7714 §9.2 behind it.
        let is_counter = matches!(self.cipher, Cipher::Counter { .. });
        let at = if is_counter { end } else { end + tag };
        let number: [u8; NUMBER] = packet.get(at..at + NUMBER)?.try_into().ok()?;
        let stated_number = u32::from_be_bytes(number);
        let index = u64::from(stated_number & !ENCRYPTED);
        if stated_number & ENCRYPTED == 0
            || self
                .sources
                .get(ssrc)
                .is_some_and(|seen| !seen.is_new(index))
        {
            return None;
        }
        let place = Place { ssrc, index };
        match &self.cipher {
            Cipher::Counter {
                aes,
                salt,
                authentication,
                ..
            } => {
                let (text, tag) = packet.split_at_mut(end + NUMBER);
                let full = Cipher::authenticate(authentication, [text, &[]]);
                if !is_same(&full.as_ref()[..tag.len()], tag) {
                    return None;
                }
                Cipher::apply(aes, salt, place, &mut text[HEADER..end]);
            }
            Cipher::Gcm { key, salt } => {
                let with = stated(packet, number);
                let nonce = Cipher::nonce(salt, place);
                let text = &mut packet[HEADER..end + tag];
                key.open_in_place(nonce, Aad::from(with), text).ok()?;
            }
        }
        self.sources.note(ssrc, index);
        packet.get(..end)
    }
}
