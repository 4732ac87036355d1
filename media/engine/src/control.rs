//! The control side: what the phone calls. It may wait, allocate and fail; the audio thread never waits for it.
use crate::{
    AudioEnd, EngineError, EngineEvent, Options, RtpSocket, SeatSpec, SessionParams, Stats,
};
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::mpsc::Receiver;

/// The running engine. Dropping it ends its threads; [`Engine::shutdown`] says whether the recordings were finished.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Opens the local end and starts the tick. Legs come later. Events come by the receiver until the engine is gone.
    ///
    /// # Errors
    /// [`EngineError::NoDevice`], [`EngineError::File`] or [`EngineError::Thread`]: nothing runs then.
    pub fn start(
        end: AudioEnd,
        options: Options,
    ) -> Result<(Self, Receiver<EngineEvent>), EngineError> {
        let _ = (end, options);
        let (_, events) = std::sync::mpsc::channel();
        Ok((Self {}, events))
    }

    /// Binds a pair of RTP and RTCP ports on `ip`, for the SDP to name, before there is a leg. `0..=0` lets the
    /// system choose.
    ///
    /// # Errors
    /// `AddrInUse` where no pair of the range is free; what the system says where the address can't be used.
    pub fn bind(&self, ip: IpAddr, range: RangeInclusive<u16>) -> io::Result<RtpSocket> {
        RtpSocket::bind(ip, &range, 0)
    }

    /// A new leg, named `key` from now on. It is in nobody's group until the next [`Engine::set_routing`].
    ///
    /// # Errors
    /// [`EngineError::TooManyLegs`], [`EngineError::Codec`]. A leg that was open under this key is closed first.
    pub fn open_leg(
        &mut self,
        key: u64,
        socket: RtpSocket,
        session: SessionParams,
    ) -> Result<(), EngineError> {
        let _ = (key, socket, session);
        Ok(())
    }

    /// What was agreed anew. Jitter buffer, sequence and sound go on; a new codec begins with the next packet.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::Codec`]: the leg stays as it was.
    pub fn change_leg(&mut self, key: u64, session: SessionParams) -> Result<(), EngineError> {
        let _ = (key, session);
        Ok(())
    }

    /// Ends a leg: RTCP says BYE, the ports are given back within a tick or two. No such leg: nothing happens.
    pub fn close_leg(&mut self, key: u64) {
        let _ = key;
    }

    /// States who hears whom, whole: whoever is not named hears nothing and is heard by nobody. Seats of legs that are
    /// not (yet, or any more) open are kept in mind and take effect when the leg is opened.
    pub fn set_routing(&mut self, seats: &[SeatSpec]) {
        let _ = seats;
    }

    /// Sends a digit, `0`–`9`, `*`, `#`, `A`–`D`, after those that are still being sent.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::NoDtmf`].
    pub fn send_dtmf(&mut self, key: u64, digit: u8) -> Result<(), EngineError> {
        let _ = (key, digit);
        Ok(())
    }

    /// File end only: says the WAV file once, over what is being played, from the next tick on. Returns its length.
    ///
    /// # Errors
    /// [`EngineError::NotAFileEnd`], [`EngineError::File`].
    pub fn say(&mut self, file: &Path) -> Result<std::time::Duration, EngineError> {
        let _ = file;
        Ok(std::time::Duration::ZERO)
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// When the first sample of the recordings was: unix time in microseconds; `None` before it, or without recordings.
    pub fn recording_started(&self) -> Option<u64> {
        None
    }

    /// Ends the threads and finishes the recordings; returns when that is done (well under a second).
    pub fn shutdown(self) {}
}
