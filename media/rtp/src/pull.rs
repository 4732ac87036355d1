//! What the jitter buffer is told and what it answers.
use trialog_frame::SampleTime;

/// The bounds of its delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// The least that a packet waits beyond what the fastest packet needs.
    pub floor: SampleTime,
    /// The most that it aims at.
    pub ceiling: SampleTime,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self {
            floor: SampleTime::from_millis(1),
            ceiling: SampleTime::from_millis(400),
        }
    }
}

/// What to do about the length of a packet's sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adjust {
    /// Leave it.
    #[default]
    Keep,
    /// Leave out 10 ms of it if it is silent: the delay is longer than need be.
    Skip,
    /// Take something out where it is not heard: the delay is much too long.
    Shorten,
    /// Put something in where it is not heard: the delay is much too short.
    Lengthen,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub enum Pull<'a> {
    /// Decode this, then say by [`crate::JitterBuffer::played`] how long it was.
    Play {
        /// RTP payload type, 0–127: by it the decoder is found.
        payload_type: u8,
        /// The packet's payload.
        payload: &'a [u8],
        /// What to do about its length.
        adjust: Adjust,
    },
    /// Exactly the packet before this one is lost: recover `samples` (at 48 kHz) from this payload's redundancy or make
    /// them up. The payload itself comes with the next pull.
    Recover {
        /// RTP payload type, 0–127: by it the decoder is found.
        payload_type: u8,
        /// The payload after the lost one.
        next: &'a [u8],
        /// Length of the lost packet, in samples at 48 kHz.
        samples: usize,
    },
    /// Make up so many samples at 48 kHz.
    Conceal {
        /// Samples at 48 kHz: at most a tick's, 480.
        samples: usize,
    },
    /// Nothing is being sent: silence.
    Silence,
}

/// How it fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Packets played.
    pub played: u64,
    /// Packets that came when their sound was already replaced, or that came twice.
    pub late: u64,
    /// Packets thrown away after an outage or for want of room.
    pub dropped: u64,
    /// Samples at 48 kHz that had to be made up.
    pub concealed: u64,
    /// What it aims at.
    pub target: SampleTime,
    /// How long sound waits from the fastest arrival to being taken.
    pub delay: SampleTime,
    /// So many samples earlier could the ticks be, and the last packet would still have been in time.
    pub spare: i64,
}
