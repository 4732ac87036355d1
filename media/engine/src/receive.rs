//! A leg's way in: datagrams → jitter buffer → decoder → 48 kHz → drift → one frame a tick.
//!
//! What comes is always taken in, heard or not, so that nothing piles up on a leg that no port hears.
use crate::decode::{DecodeChain, Store};
use crate::early::Early;
use crate::handover::LegShared;
use crate::kept::Kept;
use crate::leg::Moment;
use crate::socket::Datagrams;
use crate::source::{Expectation, Source};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, LONGEST_PACKET, TelephoneEvent};
use trialog_dsp::DriftResampler;
use trialog_frame::{FRAME_SAMPLES, Frame, RATE, SampleTime};
use trialog_rtp::{
    Adjust, EventReceiver, ExtendedSequence, Header, JitterBuffer, JitterConfig, JitterStats, Pull,
    Reception, ReceptionStats,
};

/// Most codecs of one leg that can be received at once.
pub(crate) const MOST_DECODERS: usize = 8;

/// RFC 3389: comfort noise has this payload type where its clock is 8 kHz.
pub(crate) const COMFORT_NOISE: u8 = 13;

/// Ticks in a row with nothing made up after which a leg is heard: 40 ms. One packet is not enough. A decoder that begins within
/// a stream (the packets before were lost, or of another payload type) is too quiet for some 30 ms (G.722's LOGSCL forgets by
/// 127/128 a step), and what is made up of a single packet, when the next one is lost, is next to silence.
const SOUNDS_AFTER: u32 = 4;

/// Packets after which a leg's timing is known.
const SETTLED: u64 = 15;

/// How often loss is looked at, in ticks, and where recovering begins and ends to be worth its delay, in 1000ths.
const LOOK_AT_LOSS: u32 = 200;
const RECOVER_FROM: i64 = 20;
const RECOVER_TO: i64 = 5;

/// Datagrams taken in a tick: the socket is read empty, so that a flood leaves no good packet waiting behind it. The bound
/// keeps what one tick costs below itself; at 100,000 a second there are 1,000.
const MOST_DATAGRAMS: usize = 2048;

/// Packets that one tick may decode to fill its frame; the bound is for payloads that decode to nothing.
const MOST_REFILLS: usize = 64;

/// The way in of one leg.
pub(crate) struct Receive {
    source: Source,
    /// [`Source::state`] by which the socket was told whose packets to let through.
    admitted: (u32, bool),
    kept: Kept,
    /// While there is no answer: what other sources send than the host that is known.
    early: Option<Box<Early>>,
    receives: bool,
    telephone_event: Option<u8>,
    reception: Reception,
    events: EventReceiver,
    jitter: JitterBuffer,
    decoders: Vec<DecodeChain>,
    active: usize,
    store: Store,
    /// The far side has said that nothing comes for a while.
    quiet: bool,
    /// Comfort noise is being played.
    comforts: bool,
    drift: DriftResampler,
    ticks: u32,
    /// The sound of this tick is decoded, none of it made up.
    decoded: bool,
    /// Ticks in a row of which that is true.
    decoded_ticks: u32,
    /// Packets that have become sound.
    decoded_packets: u64,
    /// Packets with a copy of the one before, since loss was last looked at.
    copies: u32,
    /// Received and lost when loss was last looked at.
    counted: (u64, i64),
    pcm: Vec<f32>,
    scaled: Vec<f32>,
}

impl Receive {
    /// Allocates. `decoders`: at least one, at most [`MOST_DECODERS`].
    pub(crate) fn new(
        expected: Expectation,
        telephone_event: Option<u8>,
        mut decoders: Vec<DecodeChain>,
        config: JitterConfig,
    ) -> Self {
        decoders.truncate(MOST_DECODERS);
        decoders.reserve_exact(MOST_DECODERS);
        let source = Source::new(expected);
        Self {
            admitted: source.state(SampleTime(0)),
            source,
            kept: Kept::none(),
            early: (!expected.is_answered()).then(|| Box::new(Early::new())),
            receives: expected.receives,
            telephone_event,
            reception: Reception::new(),
            events: EventReceiver::new(),
            jitter: JitterBuffer::new(config),
            decoders,
            active: 0,
            store: Store::new(),
            quiet: false,
            comforts: false,
            drift: DriftResampler::new(),
            ticks: 0,
            decoded: false,
            decoded_ticks: 0,
            decoded_packets: 0,
            copies: 0,
            counted: (0, 0),
            pcm: vec![0.0; LONGEST_PACKET],
            scaled: vec![0.0; 2 * LONGEST_PACKET],
        }
    }

    /// Whose packets are to be heard from now on. Those of the source before are until the new one sends.
    pub(crate) fn expect(&mut self, expected: Expectation, telephone_event: Option<u8>) {
        self.source.expect(expected);
        if expected.receives != self.receives {
            self.jitter.clear();
            (self.quiet, self.comforts) = (false, false);
        }
        self.receives = expected.receives;
        self.telephone_event = telephone_event;
    }

    /// Takes what has come early from the source that the answer names, as if it came now, and gives back what kept it. Nothing where
    /// the far side has been heard by then: the rest of that would be out of its place.
    pub(crate) fn take_early(&mut self, now: SampleTime, from: SocketAddr) -> Option<Box<Early>> {
        let early = self.early.take_if(|_| !self.source.awaits_answer())?;
        if self.receives && self.reception.stats().received == 0 {
            self.jitter.catch_up();
            for (header, payload) in early.of(from) {
                let codec = self.codec_of(header.payload_type);
                if self.source.accepts(from, now, header) {
                    self.packet(now, header, codec, payload);
                }
            }
        }
        Some(early)
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

    /// Where our packets go: where the far side's come from (RFC 4961).
    pub(crate) fn destination(&mut self, now: SampleTime) -> SocketAddr {
        self.source.destination(now)
    }

    pub(crate) fn stats(&self) -> ReceptionStats {
        self.reception.stats()
    }

    pub(crate) fn jitter_stats(&self) -> JitterStats {
        self.jitter.stats()
    }

    /// How many packets have become sound.
    pub(crate) fn decoded_packets(&self) -> u64 {
        self.decoded_packets
    }

    /// The leg is to be heard: it has sounded for [`SOUNDS_AFTER`] ticks in a row with nothing made up.
    pub(crate) fn sounds(&self) -> bool {
        self.decoded_ticks >= SOUNDS_AFTER
    }

    /// How many samples earlier this leg's packets could be asked for, once enough of them have come to know.
    pub(crate) fn spare(&self) -> Option<i64> {
        let stats = self.jitter.stats();
        (self.receives && stats.played > SETTLED).then_some(stats.spare)
    }

    /// The ticks come earlier from now on.
    pub(crate) fn advance(&mut self, samples: u64) {
        self.jitter.advance(samples);
    }

    /// Takes in all that has come. Returns a digit that was pressed.
    pub(crate) fn datagrams(
        &mut self,
        moment: Moment,
        socket: &mut dyn Datagrams,
        shared: &LegShared,
    ) -> Option<u8> {
        let mut digit = None;
        for _ in 0..MOST_DATAGRAMS {
            let Some((datagram, source, arrived)) = socket.receive() else {
                break;
            };
            let Some((header, payload)) = trialog_rtp::parse(datagram) else {
                continue;
            };
            let is_event = self.telephone_event == Some(header.payload_type);
            let codec = self.codec_of(header.payload_type);
            // RTCP on this port (RFC 5761 §4), and what was never agreed.
            if !(is_event || codec.is_some() || header.payload_type == COMFORT_NOISE) {
                continue;
            }
            if !self.source.accepts(source, moment.now, &header) {
                if let Some(early) = &mut self.early {
                    early.keep(source, &header, payload);
                }
                continue;
            }
            shared.last_rtp.store(moment.millis.max(1), Relaxed);
            let at = moment.arrival(arrived);
            if is_event {
                digit = self.event(at, &header, payload).or(digit);
                continue;
            }
            let quiet = header.payload_type == COMFORT_NOISE
                || (codec == Some(Codec::Opus) && payload.len() <= 2);
            shared.quiet.store(quiet, Relaxed);
            self.source.silence_follows(quiet);
            self.quiet = quiet;
            self.jitter.pauses(quiet);
            let chain = self.decoders.get_mut(self.active);
            if let Some(chain) = chain.filter(|_| quiet && codec.is_none()) {
                chain.noise.state(payload);
            }
            // What says that Opus pauses has no sound of its own.
            let codec = codec.filter(|_| !quiet);
            self.packet(at, &header, codec, payload);
        }
        let state = self.source.state(moment.now);
        if state != self.admitted {
            self.admitted = state;
            let mut believed = self.source.believed(moment.now);
            let believed = believed.as_mut();
            socket.admit(believed.map(|all| all as &mut dyn Iterator<Item = SocketAddr>));
        }
        digit
    }

    fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        let mut all = self.decoders.iter();
        all.find(|chain| chain.payload_type == payload_type)
            .map(|chain| chain.codec)
    }

    /// A packet of an event. Where it has an SSRC of its own it leaves the sound's sequence alone (RFC 3550 §8).
    fn event(&mut self, at: SampleTime, header: &Header, payload: &[u8]) -> Option<u8> {
        if !self.reception.is_beside(header.ssrc) {
            self.reception.arrived(at, header, None)?;
        }
        let event = TelephoneEvent::parse(payload)?.event;
        let pressed = self.events.heard(at, header.ssrc, header.timestamp, event);
        let digit = trialog_codec::digit_of_event(event).filter(|_| pressed)?;
        Some(digit as u8)
    }

    /// A packet of sound, or of none (comfort noise).
    fn packet(&mut self, at: SampleTime, header: &Header, codec: Option<Codec>, payload: &[u8]) {
        if self.buffer(at, header, codec, payload) {
            self.kept.length = 0;
        } else {
            self.kept.keep(at, header, payload);
        }
    }

    /// Hands a packet to the jitter buffer, before it the one that was kept where this one follows it. False: it has no
    /// sequence number that counts, or not yet.
    fn buffer(
        &mut self,
        at: SampleTime,
        header: &Header,
        codec: Option<Codec>,
        payload: &[u8],
    ) -> bool {
        let clock = codec.map(Codec::rtp_clock);
        let Some(sequence) = self.reception.arrived(at, header, clock) else {
            return false;
        };
        if self.kept.is_followed_by(header) {
            let (at, header, length) = (self.kept.at, self.kept.header, self.kept.length);
            let clock = self.codec_of(header.payload_type).map(Codec::rtp_clock);
            if let Some(sequence) = self.reception.arrived(at, &header, clock) {
                let payload = &self.kept.payload[..length];
                place(
                    &mut self.jitter,
                    self.receives,
                    at,
                    sequence,
                    &header,
                    clock,
                    payload,
                );
            }
        }
        place(
            &mut self.jitter,
            self.receives,
            at,
            sequence,
            header,
            clock,
            payload,
        );
        true
    }

    /// Makes this tick's sound.
    pub(crate) fn sound(&mut self, now: SampleTime, frame: &mut Frame) {
        if !self.receives || self.decoders.is_empty() {
            self.store.filled = 0;
            self.decoded_ticks = 0;
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
        self.decoded = true;
        for _ in 0..MOST_REFILLS {
            if self.store.filled >= needed {
                break;
            }
            self.refill(now, needed);
        }
        self.decoded_ticks = if self.decoded {
            self.decoded_ticks.saturating_add(1)
        } else {
            0
        };
        let used = self.drift.process(self.store.waiting(), &mut frame.0);
        self.store.take(used);
    }

    /// Opus may carry a copy of the packet before, but to use it one must wait for the next packet: where packets are lost and
    /// copies come that is worth 20 ms.
    fn look_at_loss(&mut self) {
        let stats = self.reception.stats();
        let copies = std::mem::take(&mut self.copies);
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
        } else if share >= RECOVER_FROM && copies > 0 {
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
                self.comforts = false;
                let chain = &mut self.decoders[index];
                self.copies += u32::from(chain.decoder.has_copy_of_previous(payload));
                let length = chain
                    .decoder
                    .decode(payload, &mut self.pcm)
                    .min(self.pcm.len());
                self.decoded_packets += u64::from(length > 0);
                self.jitter
                    .played(length * (RATE / chain.codec.rate()) as usize);
                let pcm = &mut self.pcm[..length];
                if let Some(concealer) = &mut chain.concealer {
                    concealer.received(pcm);
                }
                chain.noise.hear(pcm);
                chain.finish(pcm, adjust, &mut self.scaled, &mut self.store);
            }
            Pull::Recover {
                payload_type,
                next,
                samples,
            } => {
                self.decoded = false;
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
                self.decoded = false;
                let chain = &mut self.decoders[self.active];
                let length = chain.at_rate(samples).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                chain.conceal(pcm);
                chain.finish(pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
            Pull::Silence => {
                self.decoded = false;
                let missing = needed.saturating_sub(self.store.filled);
                // A pause goes on until the sound after it is due.
                if !self.quiet && !self.comforts {
                    self.store.room(missing).fill(0.0);
                    return;
                }
                let begins = !std::mem::replace(&mut self.comforts, true);
                let chain = &mut self.decoders[self.active];
                let length = chain.at_rate(missing).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                chain.comfort(begins, pcm);
                chain.finish(pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
        }
    }
}

/// Hands a packet that has a sequence number to the jitter buffer, where it is sound (`clock`) that is to be played (`receives`).
fn place(
    jitter: &mut JitterBuffer,
    receives: bool,
    at: SampleTime,
    sequence: ExtendedSequence,
    header: &Header,
    clock: Option<u32>,
    payload: &[u8],
) {
    if let (Some(clock), true) = (clock, receives) {
        let (timestamp, payload_type) = (header.timestamp, header.payload_type);
        jitter.push(at, sequence, timestamp, clock, payload_type, payload);
    }
}
