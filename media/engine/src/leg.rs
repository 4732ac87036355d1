//! A leg on the audio thread: its socket, what comes in, what goes out.
//!
//! Control builds it whole and moves it in; nothing here allocates after that.
use crate::decode::DecodeChain;
use crate::handover::LegShared;
use crate::receive::Receive;
use crate::send::{EncodeChain, Send};
use crate::socket::Datagrams;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use trialog_frame::{Frame, RATE, SampleTime};

/// One leg.
pub(crate) struct Leg {
    pub(crate) key: u64,
    pub(crate) socket: Datagrams,
    pub(crate) receive: Receive,
    pub(crate) send: Send,
    pub(crate) shared: Arc<LegShared>,
    /// It is over: what still comes from it is heard until the mixer has faded it out, and nothing is sent.
    pub(crate) closed: bool,
}

/// What a change of session brings; after [`Leg::change`] what it took away.
pub(crate) struct Change {
    pub(crate) remote: SocketAddr,
    pub(crate) sends: bool,
    pub(crate) receives: bool,
    /// Payload types of telephone-event: sent, received.
    pub(crate) telephone_event: Option<(u8, u8)>,
    /// Other codecs or payload types to receive than before.
    pub(crate) decoders: Option<Vec<DecodeChain>>,
    /// Another codec, payload type or packet length to send.
    pub(crate) encoder: Option<EncodeChain>,
}

/// The moment of a tick.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// The tick's own time.
    pub(crate) now: SampleTime,
    /// How much later than its own time the tick began.
    pub(crate) late: SampleTime,
    /// Unix time in nanoseconds at which it began, for the kernel's time stamps.
    pub(crate) unix_ns: i128,
    /// Milliseconds since the engine's start.
    pub(crate) millis: u64,
}

impl Moment {
    /// When a datagram came, on the ticks' clock: after this tick's own time, where the tick is late. `stamp`: the kernel's,
    /// Unix time in nanoseconds; one in the future, or of more than a second ago, is none.
    pub(crate) fn arrival(self, stamp: Option<i128>) -> SampleTime {
        let age = stamp.map_or(0, |stamp| (self.unix_ns - stamp).clamp(0, 1_000_000_000));
        let age = (age * i128::from(RATE) / 1_000_000_000) as u64;
        SampleTime((self.now + self.late).0.saturating_sub(age))
    }
}

impl Leg {
    /// Takes in what has come and makes this tick's sound of it. Returns a digit that was pressed.
    pub(crate) fn receive(&mut self, moment: Moment, frame: &mut Frame) -> Option<u8> {
        let digit = self
            .receive
            .datagrams(moment, &mut self.socket, &self.shared);
        self.receive.sound(moment.now, frame);
        let (shared, stats, jitter) = (
            &self.shared,
            self.receive.stats(),
            self.receive.jitter_stats(),
        );
        shared.played.store(self.receive.played(), Relaxed);
        shared.ssrc.store(stats.ssrc, Relaxed);
        shared.received.store(stats.received, Relaxed);
        shared.lost.store(stats.lost, Relaxed);
        shared.highest.store(stats.highest, Relaxed);
        shared.jitter.store(stats.jitter, Relaxed);
        shared.late.store(jitter.late, Relaxed);
        shared.concealed.store(jitter.concealed, Relaxed);
        shared.target.store(jitter.target.0, Relaxed);
        shared.delay.store(jitter.delay.0, Relaxed);
        digit
    }

    /// Sends this tick's sound, when it fills a packet.
    pub(crate) fn send(&mut self, moment: Moment, frame: &Frame) {
        if self.closed {
            return;
        }
        let remote = self.receive.source().unwrap_or(self.send.remote());
        self.send
            .sound(moment, frame, remote, &self.socket, &self.shared);
    }

    /// Exchanges the parts that differ.
    pub(crate) fn change(&mut self, change: &mut Change) {
        self.receive.expect(
            change.remote,
            change.receives,
            change.telephone_event.map(|(_, receive)| receive),
        );
        if let Some(decoders) = &mut change.decoders {
            self.receive.exchange(decoders);
        }
        self.send.direct(
            change.remote,
            change.sends,
            change.telephone_event.map(|(send, _)| send),
        );
        if let Some(encoder) = &mut change.encoder {
            self.send.exchange(encoder);
        }
    }
}
