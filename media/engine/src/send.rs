//! A leg's way out: one frame a tick → the codec's rate → encoder → RTP → socket; digits in place of sound, as events or as tones.
use crate::EventParams;
use crate::handover::LegShared;
use crate::keys::KeyTones;
use crate::leg::Moment;
use crate::pauses::{Pauses, Sent};
use crate::receive::COMFORT_NOISE;
use crate::socket::Datagrams;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, CodecError, Encoder, LARGEST_PAYLOAD, Options, TelephoneEvent};
use trialog_dsp::{Band, Downsampler};
use trialog_frame::{FRAME_SAMPLES, Frame, RATE};
use trialog_rtp::{EventSender, HEADER, Header};

/// RFC 4733 §2.5.2.3 leaves the volume to the sender: −10 dBm0, as telephones do.
const VOLUME: u8 = 10;

/// Loss that redundancy is always ready for, and the most that it follows, in percent. Told of 5 or less at these bit rates, libopus
/// sends no copies of speech at all.
const LEAST_LOSS: u32 = 6;
const MOST_LOSS: u32 = 30;

/// From 48 kHz to a payload.
pub(crate) struct EncodeChain {
    codec: Codec,
    encoder: Box<dyn Encoder>,
    down: Option<Downsampler>,
    payload_type: u8,
    /// Frames in a packet.
    frames: usize,
    /// What the encoder prepares for, in percent.
    loss: u32,
    /// Taken when the RTP clock is another than before (RFC 7160 §4.1: a new clock rate wants a new SSRC).
    ssrc: u32,
    /// Pauses are not sent.
    pauses: Option<Pauses>,
    pcm: Vec<f32>,
}

impl EncodeChain {
    /// Allocates. `ptime_ms` is taken as 20 where the codec has no such packet.
    pub(crate) fn new(
        codec: Codec,
        payload_type: u8,
        ptime_ms: u32,
        ssrc: u32,
        dtx: bool,
        options: &Options,
    ) -> Result<Self, CodecError> {
        let frames = match (codec, ptime_ms) {
            (_, 10 | 20 | 40 | 60) => ptime_ms as usize / 10,
            (Codec::Pcma | Codec::Pcmu | Codec::G722, 30) => 3,
            _ => 2,
        };
        Ok(Self {
            codec,
            encoder: trialog_codec::encoder(codec, options)?,
            down: Band::of_rate(codec.rate()).map(Downsampler::new),
            payload_type,
            frames,
            loss: LEAST_LOSS,
            ssrc,
            pauses: dtx.then(|| Pauses::new(codec, frames as u32 * 10)),
            pcm: vec![0.0; frames * FRAME_SAMPLES],
        })
    }
}

impl EncodeChain {
    /// Makes the payload of `length` samples; `loss`: what the far side reports, in percent. Gives its payload type and size; nothing is
    /// sent where that is 0.
    fn payload(&mut self, length: usize, loss: u32, payload: &mut [u8]) -> (u8, usize) {
        let loss = loss.clamp(LEAST_LOSS, MOST_LOSS);
        if loss != self.loss {
            self.loss = loss;
            self.encoder.expect_loss(loss as u8);
        }
        let pcm = &self.pcm[..length];
        let Some(pauses) = &mut self.pauses else {
            let size = self.encoder.encode(pcm, payload).min(LARGEST_PAYLOAD);
            return (self.payload_type, size);
        };
        match pauses.of_sound(pcm) {
            Sent::Sound => {
                let size = self.encoder.encode(pcm, payload).min(LARGEST_PAYLOAD);
                let sends = pauses.sends_opus(size);
                (self.payload_type, if sends { size } else { 0 })
            }
            Sent::Noise => {
                let size = trialog_dsp::describe_noise(pcm, pauses.with_colour(), payload);
                (COMFORT_NOISE, size.min(1 + trialog_dsp::NOISE_ORDER))
            }
            Sent::Nothing => (self.payload_type, 0),
        }
    }
}

/// The way out of one leg.
pub(crate) struct Send {
    sends: bool,
    telephone_event: Option<EventParams>,
    chain: EncodeChain,
    filled: usize,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Nothing was sent just before.
    begins: bool,
    events: EventSender,
    digit_ms: u32,
    keys: KeyTones,
    packet: Vec<u8>,
}

impl Send {
    /// Allocates. `sequence` and `timestamp` begin at random (RFC 3550 §5.1).
    pub(crate) fn new(
        sends: bool,
        telephone_event: Option<EventParams>,
        chain: EncodeChain,
        (sequence, timestamp): (u16, u32),
        digit_ms: u32,
    ) -> Self {
        Self {
            sends,
            telephone_event,
            ssrc: chain.ssrc,
            chain,
            filled: 0,
            sequence,
            timestamp,
            begins: true,
            events: EventSender::new(),
            digit_ms,
            keys: KeyTones::new(digit_ms / 10),
            packet: vec![0; HEADER + LARGEST_PAYLOAD],
        }
    }

    /// Whether at all, from the next packet on.
    pub(crate) fn direct(&mut self, sends: bool, telephone_event: Option<EventParams>) {
        self.sends = sends;
        self.telephone_event = telephone_event;
    }

    /// Takes another encoder; the one of before comes back in `chain`. Sound that is not yet a packet's is lost: 10 ms
    /// at most for packets of 20.
    pub(crate) fn exchange(&mut self, chain: &mut EncodeChain) {
        if chain.codec.rtp_clock() != self.chain.codec.rtp_clock() {
            self.ssrc = chain.ssrc;
        }
        std::mem::swap(&mut self.chain, chain);
        self.filled = 0;
        self.begins = true;
    }

    /// Sends a digit, by event number, after those before.
    pub(crate) fn digit(&mut self, event: u8) {
        self.events.send(event);
    }

    /// Sends a digit as tones, after those before.
    pub(crate) fn tones(&mut self, digit: u8) {
        self.keys.send(digit);
    }

    /// Takes this tick's sound and sends a packet when it is full.
    pub(crate) fn sound(
        &mut self,
        moment: Moment,
        frame: &Frame,
        remote: SocketAddr,
        socket: &mut dyn Datagrams,
        shared: &LegShared,
    ) {
        let mut tone = Frame::SILENCE;
        let is_tone = self.sends && self.keys.fill(&mut tone);
        let frame = if is_tone { &tone } else { frame };
        let chain = &mut self.chain;
        let part = FRAME_SAMPLES / (RATE / chain.codec.rate()) as usize;
        let room = &mut chain.pcm[self.filled * part..][..part];
        match &mut chain.down {
            Some(down) => down.process(&frame.0, room),
            None => room.copy_from_slice(&frame.0),
        }
        self.filled += 1;
        if self.filled < chain.frames {
            return;
        }
        let length = chain.frames * part;
        let clock = chain.codec.rtp_clock();
        let ticks = clock / 100 * chain.frames as u32;
        self.filled = 0;
        if self.sends {
            let mut payload = [0; LARGEST_PAYLOAD];
            let mut header = Header {
                payload_type: chain.payload_type,
                marker: self.begins,
                sequence: self.sequence,
                timestamp: self.timestamp,
                ssrc: self.ssrc,
            };
            // Durations count in the event's own clock, the time stamp goes on in that of the stream.
            let event = self.telephone_event.and_then(|agreed| {
                let packet = agreed.clock / 100 * chain.frames as u32;
                let digit = agreed.clock / 1000 * self.digit_ms;
                let event = self.events.next_packet(self.timestamp, packet, digit)?;
                Some((agreed.send, event))
            });
            let size = if let Some((payload_type, event)) = event {
                header.payload_type = payload_type;
                header.marker = event.first;
                header.timestamp = event.timestamp;
                let bytes = TelephoneEvent {
                    event: event.event,
                    end: event.end,
                    volume: VOLUME,
                    duration: event.duration,
                }
                .to_bytes();
                payload[..4].copy_from_slice(&bytes);
                4
            } else {
                let loss = shared.far_loss.load(Relaxed);
                let (payload_type, size) = chain.payload(length, loss, &mut payload);
                header.payload_type = payload_type;
                // RFC 3551 §4.1: the mark is the first word's after a pause.
                header.marker &= payload_type != COMFORT_NOISE;
                size
            };
            if size > 0 {
                let size_all = trialog_rtp::write(&header, &payload[..size], &mut self.packet);
                socket.send(&self.packet[..size_all], remote);
                self.sequence = self.sequence.wrapping_add(1);
                self.begins = event.is_some() || header.payload_type == COMFORT_NOISE;
                shared.sent_octets.fetch_add(size as u64, Relaxed);
                shared.sent_ssrc.store(self.ssrc, Relaxed);
                shared.sent_timestamp.store(self.timestamp, Relaxed);
                shared.sent_at.store(moment.millis, Relaxed);
                shared.sent.fetch_add(1, Relaxed);
            } else {
                self.begins = true;
            }
        } else {
            self.begins = true;
        }
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }
}
