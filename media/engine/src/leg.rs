//! A leg on the audio thread: its socket, what comes in, what goes out.
//!
//! Control builds it whole and moves it in; nothing here allocates after that.
use crate::EventParams;
use crate::decode::DecodeChain;
use crate::early::Early;
use crate::guard::{Guard, Protection};
use crate::handover::LegShared;
use crate::receive::Receive;
use crate::send::{EncodeChain, Send};
use crate::source::Expectation;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use trialog_frame::{Frame, RATE, SampleTime};

/// One leg.
pub(crate) struct Leg {
    pub(crate) key: u64,
    pub(crate) socket: Guard,
    pub(crate) receive: Receive,
    pub(crate) send: Send,
    pub(crate) shared: Arc<LegShared>,
    /// It is over: what still comes from it is heard until the mixer has faded it out, and nothing is sent.
    pub(crate) closed: bool,
}

/// What a change of session brings; after [`Leg::change`] what it took away.
pub(crate) struct Change {
    pub(crate) expected: Expectation,
    pub(crate) sends: bool,
    pub(crate) telephone_event: Option<EventParams>,
    /// Other codecs or payload types to receive than before.
    pub(crate) decoders: Option<Vec<DecodeChain>>,
    /// Another codec, payload type or packet length to send.
    pub(crate) encoder: Option<EncodeChain>,
    /// Other keys, or none any more.
    pub(crate) protection: Option<Option<Box<Protection>>>,
    /// Nothing before; then what kept early packets, to be freed.
    pub(crate) early: Option<Box<Early>>,
}

/// The moment of a tick.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// The tick's own time.
    pub(crate) now: SampleTime,
    /// How much later than its own time the tick began.
    pub(crate) late: SampleTime,
    /// Unix time in nanoseconds at which it began, for the kernel's times of arrival.
    pub(crate) unix_ns: i128,
    /// Milliseconds since the engine's start.
    pub(crate) millis: u64,
}

impl Moment {
    /// When a datagram came, on the ticks' clock: after this tick's own time, where the tick is late. `arrived`: by the kernel,
    /// Unix time in nanoseconds; one in the future, or of more than a second ago, is none.
    pub(crate) fn arrival(self, arrived: Option<i128>) -> SampleTime {
        let age = arrived.map_or(0, |arrived| {
            (self.unix_ns - arrived).clamp(0, 1_000_000_000)
        });
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
        if self.receive.sounds() {
            shared.sounded.store(true, Relaxed);
        }
        shared.ssrc.store(stats.ssrc, Relaxed);
        shared.received.store(stats.received, Relaxed);
        shared.lost.store(stats.lost, Relaxed);
        shared.highest.store(stats.highest, Relaxed);
        shared.jitter.store(stats.jitter, Relaxed);
        shared
            .decoded
            .store(self.receive.decoded_packets(), Relaxed);
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
        let remote = self.receive.destination(moment.now);
        self.send
            .sound(moment, frame, remote, &mut self.socket, &self.shared);
    }

    /// Exchanges the parts that differ.
    pub(crate) fn change(&mut self, now: SampleTime, change: &mut Change) {
        self.receive.expect(
            change.expected,
            change.telephone_event.map(|event| event.receive),
        );
        if let Some(decoders) = &mut change.decoders {
            self.receive.exchange(decoders);
        }
        if let Some(protection) = &mut change.protection {
            self.socket.exchange(protection);
        }
        change.early = self.receive.take_early(now, change.expected.from);
        self.send.direct(change.sends, change.telephone_event);
        if let Some(encoder) = &mut change.encoder {
            self.send.exchange(encoder);
        }
    }
}
