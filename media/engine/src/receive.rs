//! A leg's way in: datagrams → jitter buffer → decoder → 48 kHz → drift → one frame a tick.
//!
//! What comes is always taken in, heard or not, so that nothing piles up on a leg that nobody listens to.
use crate::handover::LegShared;
use crate::leg::Moment;
use crate::socket::Datagrams;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, CodecError, Decoder, LONGEST_PACKET, TelephoneEvent};
use trialog_dsp::{Band, Change as Scale, Concealer, DriftResampler, TimeScale, Upsampler};
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

/// −60 dB: what is below it all over a packet may be left out unheard.
const SILENT: f32 = 0.001;

/// Datagrams taken in a tick; more wait for the next one.
const MOST_DATAGRAMS: usize = 64;

/// From payload to 48 kHz, for one payload type.
pub(crate) struct DecodeChain {
    payload_type: u8,
    codec: Codec,
    decoder: Box<dyn Decoder>,
    concealer: Option<Concealer>,
    up: Option<Upsampler>,
    scale: TimeScale,
}

impl DecodeChain {
    /// Allocates.
    pub(crate) fn new(payload_type: u8, codec: Codec) -> Result<Self, CodecError> {
        let own = matches!(codec, Codec::Opus);
        Ok(Self {
            payload_type,
            codec,
            decoder: trialog_codec::decoder(codec)?,
            concealer: (!own).then(|| Concealer::new(codec.rate())),
            up: Band::of_rate(codec.rate()).map(Upsampler::new),
            scale: TimeScale::new(codec.rate()),
        })
    }
}

/// Decoded sound that waits for its tick.
struct Store {
    samples: Vec<f32>,
    filled: usize,
}

impl Store {
    /// Room for `length` more samples.
    fn room(&mut self, length: usize) -> &mut [f32] {
        let length = length.min(self.samples.len() - self.filled);
        let room = &mut self.samples[self.filled..self.filled + length];
        self.filled += length;
        room
    }

    fn take(&mut self, used: usize) {
        let used = used.min(self.filled);
        self.samples.copy_within(used..self.filled, 0);
        self.filled -= used;
    }
}

/// The way in of one leg.
pub(crate) struct Receive {
    expected: SocketAddr,
    /// Where packets really come from, where that differs.
    source: Option<SocketAddr>,
    /// Where they came from before the session changed, until the new one is heard.
    previous: Option<SocketAddr>,
    /// No packet came since the session was agreed.
    fresh: bool,
    heard: SampleTime,
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
        decoders.reserve_exact(2 * MOST_DECODERS);
        Self {
            expected,
            source: None,
            previous: None,
            fresh: true,
            heard: SampleTime(0),
            receives,
            telephone_event,
            reception: Reception::new(),
            events: EventReceiver::new(),
            jitter: JitterBuffer::new(config),
            decoders,
            active: 0,
            store: Store {
                samples: vec![0.0; 4 * LONGEST_PACKET],
                filled: 0,
            },
            drift: DriftResampler::new(),
            ticks: 0,
            counted: (0, 0),
            pcm: vec![0.0; LONGEST_PACKET],
            scaled: vec![0.0; 2 * LONGEST_PACKET],
        }
    }

    /// Who is to be heard from now on. The source of before is heard until the new one sends.
    pub(crate) fn expect(&mut self, from: SocketAddr, receives: bool, telephone_event: Option<u8>) {
        if from != self.expected {
            self.previous = Some(self.source.unwrap_or(self.expected));
            self.expected = from;
            self.fresh = true;
            self.source = None;
        }
        if receives != self.receives {
            self.jitter.clear();
            self.fresh = true;
        }
        self.receives = receives;
        self.telephone_event = telephone_event;
    }

    /// Takes these decoders; those of before that have another payload type stay for what is still buffered, the
    /// others come back in `decoders`.
    pub(crate) fn exchange(&mut self, decoders: &mut Vec<DecodeChain>) {
        std::mem::swap(&mut self.decoders, decoders);
        let mut index = 0;
        while index < decoders.len() {
            let old = &decoders[index];
            let stays = self.decoders.len() < MOST_DECODERS
                && self.decoders.len() < self.decoders.capacity()
                && self
                    .decoders
                    .iter()
                    .all(|new| new.payload_type != old.payload_type);
            if stays {
                let old = decoders.swap_remove(index);
                self.decoders.push(old);
            } else {
                index += 1;
            }
        }
        self.active = self.active.min(self.decoders.len().saturating_sub(1));
    }

    /// Where packets come from, when that is not where they were expected from: answers go there (RFC 4961).
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    pub(crate) fn stats(&self) -> ReceptionStats {
        self.reception.stats()
    }

    pub(crate) fn jitter_stats(&self) -> JitterStats {
        self.jitter.stats()
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
            if !self.accepts(source, moment.now) {
                continue;
            }
            shared.last_rtp.store(moment.millis.max(1), Relaxed);
            // The kernel's stamp says how long ago; what is older than a second or in the future is no stamp.
            let age = stamp.map_or(0, |stamp| (moment.unix_ns - stamp).clamp(0, 1_000_000_000));
            let at = SampleTime(
                moment
                    .now
                    .0
                    .saturating_sub((age * i128::from(RATE) / 1_000_000_000) as u64),
            );
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

    /// Whether a source is the far side. The address of the SDP always is. Before anything has come from it, another
    /// port or host is believed too, and stays believed until the right one speaks: a phone behind a translator is heard
    /// so, and nobody can take over a leg that is heard. After seconds of silence another port of the same host is
    /// believed again (a translator that forgot).
    fn accepts(&mut self, source: SocketAddr, at: SampleTime) -> bool {
        let quiet = at.since(self.heard) > SampleTime::from_millis(3000);
        if source == self.expected {
            self.source = None;
        } else if self.previous == Some(source) {
            // The address before a change, still on the way; answers go to the new one already.
            return true;
        } else if self.source != Some(source) {
            let believed = self.fresh || quiet && source.ip() == self.expected.ip();
            if !believed {
                return false;
            }
            self.source = Some(source);
        }
        self.fresh = false;
        self.previous = None;
        self.heard = at;
        true
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
        let used = self
            .drift
            .process(&self.store.samples[..self.store.filled], &mut frame.0);
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
                let pcm = &mut self.pcm[..length];
                if let Some(concealer) = &mut chain.concealer {
                    concealer.received(pcm);
                }
                finish(chain, pcm, adjust, &mut self.scaled, &mut self.store);
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
                let length = at_rate(samples, chain.codec).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                if known.is_none() || !chain.decoder.recover_from_next(next, pcm) {
                    conceal(chain, pcm);
                }
                finish(chain, pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
            Pull::Conceal { samples } => {
                let chain = &mut self.decoders[self.active];
                let length = at_rate(samples, chain.codec).min(self.pcm.len());
                let pcm = &mut self.pcm[..length];
                conceal(chain, pcm);
                finish(chain, pcm, Adjust::Keep, &mut self.scaled, &mut self.store);
            }
            Pull::Silence => {
                let missing = needed.saturating_sub(self.store.filled);
                self.store.room(missing).fill(0.0);
            }
        }
    }
}

fn conceal(chain: &mut DecodeChain, pcm: &mut [f32]) {
    if !chain.decoder.conceal(pcm) {
        match &mut chain.concealer {
            Some(concealer) => concealer.lost(pcm),
            None => pcm.fill(0.0),
        }
    }
}

/// From the codec's rate into the store.
fn finish(
    chain: &mut DecodeChain,
    pcm: &[f32],
    adjust: Adjust,
    scaled: &mut [f32],
    store: &mut Store,
) {
    let change = match adjust {
        Adjust::Keep | Adjust::Skip => Scale::Keep,
        Adjust::Shorten => Scale::Shorten,
        Adjust::Lengthen => Scale::Lengthen,
    };
    let length = chain.scale.process(pcm, change, scaled);
    let frame = chain.codec.rate() as usize / 100;
    let silent = adjust == Adjust::Skip
        && length > frame
        && scaled[..length].iter().all(|sample| sample.abs() < SILENT);
    let length = if silent { length - frame } else { length };
    let scaled = &scaled[..length];
    match &mut chain.up {
        Some(up) => up.process(
            scaled,
            store.room(length * (RATE / chain.codec.rate()) as usize),
        ),
        None => {
            let room = store.room(length);
            let fits = room.len();
            room.copy_from_slice(&scaled[..fits]);
        }
    }
}

/// Samples at 48 kHz in samples of the codec, for concealment: Opus makes multiples of 2.5 ms only.
fn at_rate(samples: usize, codec: Codec) -> usize {
    match codec {
        Codec::Opus => samples.next_multiple_of(120),
        _ => samples
            .div_ceil((RATE / codec.rate()) as usize)
            .next_multiple_of(2),
    }
}
