//! A leg's way in: datagrams → jitter buffer → decoder → 48 kHz → drift → one frame a tick.
//!
//! What comes is always taken in, heard or not, so that nothing piles up on a leg that nobody listens to.
use crate::decode::{DecodeChain, Store};
use crate::handover::LegShared;
use crate::leg::Moment;
use crate::socket::Datagrams;
use crate::source::Source;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, LONGEST_PACKET, TelephoneEvent};
use trialog_dsp::DriftResampler;
use trialog_frame::{FRAME_SAMPLES, Frame, RATE, SampleTime};
use trialog_rtp::{
    Adjust, EventReceiver, JitterBuffer, JitterConfig, JitterStats, Pull, Reception, ReceptionStats,
};

/// Most codecs of one leg that can be received at once.
pub(crate) const MOST_DECODERS: usize = 8;

/// RFC 3389: comfort noise has this payload type where its clock is 8 kHz.
const COMFORT_NOISE: u8 = 13;

/// Packets after which a leg's timing is known.
const SETTLED: u64 = 15;

/// How often loss is looked at, in ticks, and where recovering begins and ends to be worth its delay, in 1000ths.
const LOOK_AT_LOSS: u32 = 200;
const RECOVER_FROM: i64 = 20;
const RECOVER_TO: i64 = 5;

/// Datagrams taken in a tick; more wait for the next one.
const MOST_DATAGRAMS: usize = 64;

/// The way in of one leg.
pub(crate) struct Receive {
    source: Source,
    receives: bool,
    telephone_event: Option<u8>,
    reception: Reception,
    events: EventReceiver,
    jitter: JitterBuffer,
    decoders: Vec<DecodeChain>,
    active: usize,
    store: Store,
    drift: DriftResampler,
    ticks: u32,
    /// Packets that were decoded and played.
    played: u64,
    /// Received and lost when loss was last looked at.
    counted: (u64, i64),
    pcm: Vec<f32>,
    scaled: Vec<f32>,
}

impl Receive {
    /// Allocates. `decoders`: at least one, at most [`MOST_DECODERS`].
    pub(crate) fn new(
        expected: SocketAddr,
        receives: bool,
        telephone_event: Option<u8>,
        mut decoders: Vec<DecodeChain>,
        config: JitterConfig,
    ) -> Self {
        decoders.truncate(MOST_DECODERS);
        decoders.reserve_exact(MOST_DECODERS);
        Self {
            source: Source::new(expected),
            receives,
            telephone_event,
            reception: Reception::new(),
            events: EventReceiver::new(),
            jitter: JitterBuffer::new(config),
            decoders,
            active: 0,
            store: Store::new(),
            drift: DriftResampler::new(),
            ticks: 0,
            played: 0,
            counted: (0, 0),
            pcm: vec![0.0; LONGEST_PACKET],
            scaled: vec![0.0; 2 * LONGEST_PACKET],
        }
    }

    /// Who is to be heard from now on. The source of before is heard until the new one sends.
    pub(crate) fn expect(&mut self, from: SocketAddr, receives: bool, telephone_event: Option<u8>) {
        self.source.expect(from);
        if receives != self.receives {
            self.jitter.clear();
            self.source.afresh();
        }
        self.receives = receives;
        self.telephone_event = telephone_event;
    }

    /// Takes these decoders. Those of before go on where codec and payload type are the same, and stay for what is
    /// still buffered where no new one has their payload type; the others come back in `decoders`.
    pub(crate) fn exchange(&mut self, decoders: &mut Vec<DecodeChain>) {
        let active = self
            .decoders
            .get(self.active)
            .map(|chain| chain.payload_type);
        std::mem::swap(&mut self.decoders, decoders);
        for new in &mut self.decoders {
            let same = |old: &&mut DecodeChain| {
                (old.payload_type, old.codec) == (new.payload_type, new.codec)
            };
            if let Some(old) = decoders.iter_mut().find(same) {
                std::mem::swap(new, old);
            }
        }
        let mut index = 0;
        while index < decoders.len() {
            let old = decoders[index].payload_type;
            let room = self.decoders.len() < MOST_DECODERS.min(self.decoders.capacity());
            if room && self.decoders.iter().all(|new| new.payload_type != old) {
                self.decoders.push(decoders.swap_remove(index));
            } else {
                index += 1;
            }
        }
        let still = self
            .decoders
            .iter()
            .position(|chain| Some(chain.payload_type) == active);
        self.active = still.unwrap_or(0);
    }

    /// Where packets come from, when that is not where they were expected from: answers go there (RFC 4961).
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.source.other()
    }

    pub(crate) fn stats(&self) -> ReceptionStats {
        self.reception.stats()
    }

    pub(crate) fn jitter_stats(&self) -> JitterStats {
        self.jitter.stats()
    }

    /// Packets whose sound was played: decoded, not made up.
    pub(crate) fn played(&self) -> u64 {
        self.played
    }

    /// How many samples earlier this leg's packets could be asked for, once enough of them have come to know.
    pub(crate) fn spare(&self) -> Option<i64> {
        let stats = self.jitter.stats();
        (self.receives && stats.played > SETTLED).then_some(stats.spare)
    }

    /// The ticks come earlier from now on.
    pub(crate) fn hasten(&mut self, samples: u64) {
        self.jitter.hasten(samples);
    }

    /// Takes in all that has come. Returns a digit that was pressed.
    pub(crate) fn datagrams(
        &mut self,
        moment: Moment,
        socket: &mut Datagrams,
        shared: &LegShared,
    ) -> Option<u8> {
        let mut digit = None;
        for _ in 0..MOST_DATAGRAMS {
            let Some((datagram, source, stamp)) = socket.receive() else {
                break;
            };
            let Some((header, payload)) = trialog_rtp::parse(datagram) else {
                continue;
            };
            if !self.source.accepts(source, moment.now) {
                continue;
            }
            shared.last_rtp.store(moment.millis.max(1), Relaxed);
            let at = moment.arrival(stamp);
            if self.telephone_event == Some(header.payload_type) {
                let place = self.reception.arrived(at, &header, None);
                if let (Some(_), Some(event)) = (place, TelephoneEvent::parse(payload))
                    && self.events.heard(at, header.timestamp, event.event)
                    && let Some(key) = trialog_codec::digit_of_event(event.event)
                {
                    digit = Some(key as u8);
                }
                continue;
            }
            let clock = self
                .decoders
                .iter()
                .find(|chain| chain.payload_type == header.payload_type);
            let clock = clock.map(|chain| chain.codec.rtp_clock());
            let place = self.reception.arrived(at, &header, clock);
            let quiet = header.payload_type == COMFORT_NOISE
                || (clock == Some(48_000) && payload.len() <= 2);
            shared.quiet.store(quiet, Relaxed);
            if let (Some(place), Some(clock), true) = (place, clock, self.receives) {
                self.jitter.push(
                    at,
                    place,
                    header.timestamp,
                    clock,
                    header.payload_type,
                    payload,
                );
            }
        }
        digit
    }

    /// Makes this tick's sound.
    pub(crate) fn sound(&mut self, now: SampleTime, frame: &mut Frame) {
        if !self.receives || self.decoders.is_empty() {
            self.store.filled = 0;
            *frame = Frame::SILENCE;
            return;
        }
        self.ticks += 1;
        if self.ticks == LOOK_AT_LOSS {
            self.ticks = 0;
            self.look_at_loss();
        }
        self.drift.set_ppm(self.jitter.drift_ppm() as f32);
        let needed = self.drift.needed(FRAME_SAMPLES);
        // Each turn brings some samples; the bound is for payloads that decode to nothing.
        for _ in 0..MOST_DATAGRAMS {
            if self.store.filled >= needed {
                break;
            }
            self.refill(now, needed);
        }
        let used = self.drift.process(self.store.waiting(), &mut frame.0);
        self.store.take(used);
    }

    /// Opus carries a copy of the packet before, but to use it one must wait for the next packet: where packets are lost
    /// that is worth 20 ms.
    fn look_at_loss(&mut self) {
        let stats = self.reception.stats();
        let (received, lost) = self.counted;
        self.counted = (stats.received, stats.lost);
        let (came, missed) = ((stats.received - received) as i64, stats.lost - lost);
        let share = 1000 * missed / (came + missed).max(1);
        if self
            .decoders
            .get(self.active)
            .is_none_or(|chain| chain.codec != Codec::Opus)
        {
            self.jitter.wait_for_next(false);
        } else if share >= RECOVER_FROM {
            self.jitter.wait_for_next(true);
        } else if share < RECOVER_TO {
            self.jitter.wait_for_next(false);
        }
    }

    fn refill(&mut self, now: SampleTime, needed: usize) {
        match self.jitter.pull(now, self.store.filled) {
            Pull::Play {
                payload_type,
                payload,
                adjust,
            } => {
                let known = self
                    .decoders
                    .iter()
                    .position(|chain| chain.payload_type == payload_type);
                let Some(index) = known else {
                    self.jitter.played(0);
                    return;
                };
                self.active = index;
                let chain = &mut self.decoders[index];
                let length = chain
                    .decoder
                    .decode(payload, &mut self.pcm)
                    .min(self.pcm.len());
                self.jitter
                    .played(length * (RATE / chain.codec.rate()) as usize);
                self.played += u64::from(length > 0);
                let pcm = &mut self.pcm[..length];
                if let Some(concealer) = &mut chain.concealer {
                    concealer.received(pcm);
                }
                chain.finish(pcm, adjust, &mut self.scaled, &mut self.store);
            }
            Pull::Recover {
                payload_type,
                next,
                samples,
            } => {
                let known = self
                    .decoders
                    .iter()
                    .position(|chain| chain.payload_type == payload_type);
                let chain = &mut self.decoders[known.unwrap_or(self.active)];
                let length = chain.at_rate(samples).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                if known.is_none() || !chain.decoder.recover_from_next(next, pcm) {
                    chain.conceal(pcm);
                }
                chain.finish(pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
            Pull::Conceal { samples } => {
                let chain = &mut self.decoders[self.active];
                let length = chain.at_rate(samples).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                chain.conceal(pcm);
                chain.finish(pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
            Pull::Silence => {
                let missing = needed.saturating_sub(self.store.filled);
                self.store.room(missing).fill(0.0);
            }
        }
    }
}
