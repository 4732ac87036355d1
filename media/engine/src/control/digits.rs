//! Digits that the local party sends.
use super::{Engine, Entry};
use crate::EngineError;
use crate::handover::Command;
use trialog_codec::event_of_digit;

impl Engine {
    /// Sends a digit, `0`–`9`, `*`, `#`, `A`–`D`, as telephone-event, after those that are still being sent.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::NoDtmf`].
    pub fn send_dtmf(&mut self, key: u64, digit: u8) -> Result<(), EngineError> {
        let (entry, event) = self.sending(key, digit)?;
        let agreed = entry.session.telephone_event;
        let slot = agreed.map(|_| entry.slot).ok_or(EngineError::NoDtmf)?;
        self.command(Command::Dtmf { slot, event })
    }

    /// Sends a digit as two tones in place of the leg's sound, after those that are still being sent. No other party hears them.
    ///
    /// # Errors
    /// As [`Engine::send_dtmf`], but telephone-event need not be agreed.
    pub fn send_tones(&mut self, key: u64, digit: u8) -> Result<(), EngineError> {
        let slot = self.sending(key, digit)?.0.slot;
        let digit = digit.to_ascii_uppercase();
        self.command(Command::Tones { slot, digit })
    }

    /// A leg that sends now, and the digit's event number.
    fn sending(&self, key: u64, digit: u8) -> Result<(&Entry, u8), EngineError> {
        if self.parallel.contains_key(&key) {
            return Err(EngineError::NoDtmf);
        }
        let entry = self.legs.get(&key).ok_or(EngineError::NoSuchLeg(key))?;
        let event = event_of_digit(char::from(digit)).filter(|_| entry.session.sends);
        event.map(|event| (entry, event)).ok_or(EngineError::NoDtmf)
    }
}
