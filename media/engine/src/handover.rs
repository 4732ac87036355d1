//! What passes between the control threads and the audio thread, and how: lock-free rings, one latest-wins cell, atomic
//! counters. Nothing that passes is made or freed on the audio thread: it comes in a box and goes back in one.
use crate::leg::{Change, Leg};
use crossbeam_utils::atomic::AtomicCell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use trialog_frame::{FRAME_SAMPLES, Frame, Level};
use trialog_mixer::PortRouting;
use trialog_rtp::ReceptionStats;

/// Commands that may be under way; the audio thread empties the ring every 10 ms.
pub(crate) const COMMANDS: usize = 1024;

/// Things that may wait to be freed. When it is full the audio thread takes no further commands until there is room.
pub(crate) const RETURNS: usize = 1024;

/// Events that may wait to be told; more are dropped.
pub(crate) const EVENTS: usize = 256;

/// One thing for the audio thread to do at the start of its next tick.
pub(crate) enum Command {
    /// A leg built by control.
    Open { slot: u16, leg: Box<Leg> },
    /// New parts for a leg; the old ones come back in the same box.
    Change { slot: u16, change: Box<Change> },
    /// The leg comes back.
    Close { slot: u16 },
    /// A digit's event number.
    Dtmf { slot: u16, event: u8 },
    /// A digit that is to go as tones: `0`–`9`, `*`, `#`, `A`–`D`.
    Tones { slot: u16, digit: u8 },
    /// Something for a file end's microphone.
    Say(Box<Utterance>),
}

/// Samples at 48 kHz that are said once.
pub(crate) struct Utterance {
    pub(crate) samples: Vec<i16>,
    pub(crate) at: usize,
}

/// What the audio thread gives back, to be freed.
#[expect(dead_code, reason = "carried only to be dropped")]
pub(crate) enum Retired {
    /// With its slot, that is free again.
    Leg { slot: u16, leg: Box<Leg> },
    /// The old parts.
    Change(Box<Change>),
    /// A file that has been said to its end.
    Say(Box<Utterance>),
    /// The routing of before.
    Routing(Box<PortRouting>),
}

/// What the audio thread noticed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AudioEvent {
    /// A digit was pressed.
    Dtmf(u64, u8),
    /// The local party speaks, and is not heard.
    Unheard,
}

/// The latest routing, whole: a new one takes the place of one that was not yet taken.
#[derive(Default)]
pub(crate) struct RoutingCell(AtomicCell<Option<Box<PortRouting>>>);

impl RoutingCell {
    /// Control: states a routing. One that was not taken is freed here.
    pub(crate) fn publish(&self, routing: PortRouting) {
        drop(self.0.swap(Some(Box::new(routing))));
    }

    /// Audio thread: the latest one, if there is one that it has not seen.
    pub(crate) fn take(&self) -> Option<Box<PortRouting>> {
        self.0.take()
    }

    /// Whether the cell is handled without a lock on this machine.
    #[cfg(test)]
    pub(crate) fn is_lock_free() -> bool {
        AtomicCell::<Option<Box<PortRouting>>>::is_lock_free()
    }
}

/// What audio thread and control know of one leg together. Fields are read one by one; a report that mixes two ticks is
/// no harm.
#[derive(Debug, Default)]
pub(crate) struct LegShared {
    /// Milliseconds since the engine's start at the last RTP packet; 0: none yet.
    pub(crate) last_rtp: AtomicU64,
    /// It was heard: some ticks in a row were decoded sound, nothing made up.
    pub(crate) sounded: AtomicBool,
    /// The last packet said that silence follows (comfort noise, Opus DTX).
    pub(crate) quiet: AtomicBool,
    pub(crate) ssrc: AtomicU32,
    pub(crate) received: AtomicU64,
    pub(crate) lost: AtomicI64,
    pub(crate) highest: AtomicU32,
    pub(crate) jitter: AtomicU32,
    /// Packets that have become sound.
    pub(crate) decoded: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) concealed: AtomicU64,
    pub(crate) target: AtomicU64,
    pub(crate) delay: AtomicU64,
    /// Loss that the far side reports, in percent.
    pub(crate) far_loss: AtomicU32,
    pub(crate) sent: AtomicU64,
    pub(crate) sent_octets: AtomicU64,
    pub(crate) sent_ssrc: AtomicU32,
    pub(crate) sent_timestamp: AtomicU32,
    /// Milliseconds since the engine's start that belong to `sent_timestamp`.
    pub(crate) sent_at: AtomicU64,
    /// How loud the far side is.
    pub(crate) meter: Meter,
}

/// How loud something is: the loudest frame since it was read last.
#[derive(Debug, Default)]
pub(crate) struct Meter(AtomicU32);

impl Meter {
    /// Audio thread: takes in a frame.
    pub(crate) fn hear(&self, frame: &Frame) {
        let power: f32 = frame.0.iter().map(|sample| sample * sample).sum();
        let mean = power / FRAME_SAMPLES as f32;
        // The bits of numbers that are not negative stand in the numbers' own order.
        self.0.fetch_max(mean.to_bits(), Ordering::Relaxed);
    }

    /// Control: the RMS of the loudest frame since this was asked last; [`Level::FLOOR`] where there was none.
    pub(crate) fn take(&self) -> Level {
        Level::of_amplitude(f32::from_bits(self.0.swap(0, Ordering::Relaxed)).sqrt())
    }
}

/// The local party's meters, and whether any is asked for.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    pub(crate) on: AtomicBool,
    pub(crate) microphone: Meter,
    pub(crate) ear: Meter,
}

impl LegShared {
    pub(crate) fn reception(&self) -> ReceptionStats {
        ReceptionStats {
            ssrc: self.ssrc.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            highest: self.highest.load(Ordering::Relaxed),
            jitter: self.jitter.load(Ordering::Relaxed),
            fraction_lost: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_keeps_the_loudest_frame_until_it_is_read() {
        let meter = Meter::default();
        assert_eq!(meter.take(), Level::FLOOR);
        for amplitude in [0.01, 0.1, 0.001] {
            meter.hear(&Frame([amplitude; FRAME_SAMPLES]));
        }
        assert!((meter.take().0 + 20.0).abs() < 0.01);
        assert_eq!(meter.take(), Level::FLOOR);
        meter.hear(&Frame([f32::NAN; FRAME_SAMPLES]));
        assert_eq!(meter.take(), Level::FLOOR);
    }

    #[test]
    fn the_routing_cell_has_no_lock_and_the_latest_wins() {
        assert!(RoutingCell::is_lock_free());
        let cell = RoutingCell::default();
        assert!(cell.take().is_none());
        let mut routing = PortRouting::new();
        cell.publish(routing);
        routing.set(3, trialog_mixer::Port::talking(1));
        cell.publish(routing);
        assert_eq!(cell.take().as_deref(), Some(&routing));
        assert!(cell.take().is_none());
    }
}
