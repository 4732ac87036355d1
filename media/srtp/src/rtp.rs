//! RTP's packets.
use super::MasterKey;
use super::cipher::{Cipher, Place, Purpose, is_same};
use super::index::Sources;
use ring::aead::Aad;

/// Protects what goes out of one leg.
pub struct Protector {
    cipher: Cipher,
    /// Source, and the number of the packet that was protected last.
    last: Option<(u32, u64)>,
}

impl std::fmt::Debug for Protector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Protector").finish_non_exhaustive()
    }
}

/// A packet's header as protection needs it: its length, and what names the packet. `None`: it is no RTP packet.
fn header(packet: &[u8]) -> Option<(usize, u16, u32)> {
    let fixed = packet.first_chunk::<12>()?;
    if fixed[0] >> 6 != 2 {
        return None;
    }
    let mut length = 12 + 4 * usize::from(fixed[0] & 15);
    if fixed[0] & 16 != 0 {
        let extension = packet.get(length..)?.first_chunk::<4>()?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
    }
    let sequence = u16::from_be_bytes([fixed[2], fixed[3]]);
    let ssrc = u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]);
    (packet.len() >= length).then_some((length, sequence, ssrc))
}

impl Protector {
    /// Allocates. `None` does not happen with keys of the right length.
    #[must_use]
    pub fn new(master: &MasterKey) -> Option<Self> {
        Some(Self {
            cipher: Cipher::new(master, Purpose::Rtp)?,
            last: None,
        })
    }

    /// Goes on with the numbers of what had another key before (RFC 3711 §3.3.1: they are not set to 0 by a new key).
    pub fn follow(&mut self, before: &Self) {
        self.last = before.last;
    }

    /// Writes the protected packet into `out`, which needs [`super::MOST_ADDED`] octets more; returns its length, 0 where it does not
    /// fit or is no RTP packet.
    pub fn protect(&mut self, packet: &[u8], out: &mut [u8]) -> usize {
        let Some((length, sequence, ssrc)) = header(packet) else {
            return 0;
        };
        let all = packet.len() + self.cipher.tag();
        let Some(out) = out.get_mut(..all) else {
            return 0;
        };
        let index = self.number(sequence, ssrc);
        out[..packet.len()].copy_from_slice(packet);
        let place = Place { ssrc, index };
        let (text, tag) = out.split_at_mut(packet.len());
        match &self.cipher {
            Cipher::Counter {
                aes,
                salt,
                authentication,
                ..
            } => {
                Cipher::apply(aes, salt, place, &mut text[length..]);
                let rolled = ((index >> 16) as u32).to_be_bytes();
                let full = Cipher::authenticate(authentication, [text, &rolled]);
                tag.copy_from_slice(&full.as_ref()[..tag.len()]);
            }
            Cipher::Gcm { key, salt } => {
                let (head, text) = text.split_at_mut(length);
                let nonce = Cipher::nonce(salt, place);
                let Ok(full) = key.seal_in_place_separate_tag(nonce, Aad::from(&*head), text)
                else {
                    return 0;
                };
                tag.copy_from_slice(full.as_ref());
            }
        }
        all
    }

    /// Our own sequence numbers go up by one; a source that is new begins with its own.
    fn number(&mut self, sequence: u16, ssrc: u32) -> u64 {
        let rolled = match self.last {
            Some((source, last)) if source == ssrc => {
                (last >> 16) + u64::from(sequence < last as u16)
            }
            _ => 0,
        };
        let index = rolled << 16 | u64::from(sequence);
        self.last = Some((ssrc, index));
        index
    }
}

/// Unprotects what comes in on one leg.
pub struct Unprotector {
    cipher: Cipher,
    sources: Sources,
    /// Numbers of sources that had another key before: they go on, or begin anew.
    before: Option<Sources>,
}

impl std::fmt::Debug for Unprotector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unprotector").finish_non_exhaustive()
    }
}

impl Unprotector {
    /// Allocates. `None` does not happen with keys of the right length.
    #[must_use]
    pub fn new(master: &MasterKey) -> Option<Self> {
        Some(Self {
            cipher: Cipher::new(master, Purpose::Rtp)?,
            sources: Sources::default(),
            before: None,
        })
    }

    /// Goes on with the numbers of what had another key before. Far sides that begin with 0 again are understood, too.
    pub fn follow(&mut self, before: &Self) {
        self.before = Some(before.sources);
    }

    /// Writes the packet without its protection into `out`; returns its length, 0 where it is not what it says, or came before.
    pub fn unprotect(&mut self, packet: &[u8], out: &mut [u8]) -> usize {
        let Some((length, sequence, ssrc)) = header(packet) else {
            return 0;
        };
        let end = packet.len().checked_sub(self.cipher.tag());
        let Some(end) = end.filter(|end| *end >= length && packet.len() <= out.len()) else {
            return 0;
        };
        let known = self.sources.get(ssrc);
        let before = self.before.as_ref().and_then(|before| before.get(ssrc));
        let anew = Some(u64::from(sequence)).filter(|_| known.is_none());
        let goes_on = known.or(before).and_then(|seen| {
            let index = seen.guess(sequence)?;
            seen.is_new(index).then_some(index)
        });
        for index in goes_on.into_iter().chain(anew) {
            if self.open(packet, (length, end), Place { ssrc, index }, out) {
                self.sources.note(ssrc, index);
                return end;
            }
        }
        0
    }

    fn open(
        &self,
        packet: &[u8],
        (start, end): (usize, usize),
        place: Place,
        out: &mut [u8],
    ) -> bool {
        let (text, tag) = packet.split_at(end);
        match &self.cipher {
            Cipher::Counter {
                aes,
                salt,
                authentication,
                ..
            } => {
                let rolled = ((place.index >> 16) as u32).to_be_bytes();
                let full = Cipher::authenticate(authentication, [text, &rolled]);
                if !is_same(&full.as_ref()[..tag.len()], tag) {
                    return false;
                }
                out[..end].copy_from_slice(text);
                Cipher::apply(aes, salt, place, &mut out[start..end]);
                true
            }
            Cipher::Gcm { key, salt } => {
                let out = &mut out[..packet.len()];
                out.copy_from_slice(packet);
                let (head, text) = out.split_at_mut(start);
                let nonce = Cipher::nonce(salt, place);
                key.open_in_place(nonce, Aad::from(&*head), text).is_ok()
            }
        }
    }
}
