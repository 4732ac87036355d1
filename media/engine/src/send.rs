//! A leg's way out: one frame a tick → the codec's rate → encoder → RTP → socket; digits in place of sound.
use crate::handover::LegShared;
use crate::leg::Moment;
use crate::socket::Datagrams;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, CodecError, Encoder, LARGEST_PAYLOAD, Options, TelephoneEvent};
use trialog_dsp::{Band, Downsampler};
use trialog_frame::{FRAME_SAMPLES, Frame, RATE};
use trialog_rtp::{EventSender, HEADER, Header};

/// RFC 4733 §2.5.2.3 leaves the volume to the sender: −10 dBm0, as telephones do.
const VOLUME: u8 = 10;

/// Loss that redundancy is always ready for, and the most that it follows, in percent.
const LEAST_LOSS: u32 = 5;
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
    pcm: Vec<f32>,
}

impl EncodeChain {
    /// Allocates. `ptime_ms` is taken as 20 where the codec has no such packet.
    pub(crate) fn new(
        codec: Codec,
        payload_type: u8,
        ptime_ms: u32,
        ssrc: u32,
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
            pcm: vec![0.0; frames * FRAME_SAMPLES],
        })
    }
}

/// The way out of one leg.
pub(crate) struct Send {
    remote: SocketAddr,
    sends: bool,
    telephone_event: Option<u8>,
    chain: EncodeChain,
    filled: usize,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Nothing was sent just before.
    begins: bool,
    events: EventSender,
    digit_ms: u32,
    packet: Vec<u8>,
}

impl Send {
    /// Allocates. `sequence` and `timestamp` begin at random (RFC 3550 §5.1).
    pub(crate) fn new(
        remote: SocketAddr,
        sends: bool,
        telephone_event: Option<u8>,
        chain: EncodeChain,
        (sequence, timestamp): (u16, u32),
        digit_ms: u32,
    ) -> Self {
        Self {
            remote,
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
            packet: vec![0; HEADER + LARGEST_PAYLOAD],
        }
    }

    pub(crate) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Where to, and whether at all, from the next packet on.
    pub(crate) fn direct(&mut self, remote: SocketAddr, sends: bool, telephone_event: Option<u8>) {
        self.remote = remote;
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

    /// Takes this tick's sound and sends a packet when it is full.
    pub(crate) fn sound(
        &mut self,
        moment: Moment,
        frame: &Frame,
        remote: SocketAddr,
        socket: &Datagrams,
        shared: &LegShared,
    ) {
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
            let event = self.telephone_event.and_then(|kind| {
                Some((
                    kind,
                    self.events
                        .next_packet(self.timestamp, ticks, clock / 1000 * self.digit_ms)?,
                ))
            });
            let size = if let Some((kind, event)) = event {
                header.payload_type = kind;
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
                let loss = shared.far_loss.load(Relaxed).clamp(LEAST_LOSS, MOST_LOSS);
                if loss != chain.loss {
                    chain.loss = loss;
                    chain.encoder.expect_loss(loss as u8);
                }
                chain
                    .encoder
                    .encode(&chain.pcm[..length], &mut payload)
                    .min(LARGEST_PAYLOAD)
            };
            if size > 0 {
                let size_all = trialog_rtp::write(&header, &payload[..size], &mut self.packet);
                socket.send(&self.packet[..size_all], remote);
                self.sequence = self.sequence.wrapping_add(1);
                self.begins = event.is_some();
                shared.sent_octets.fetch_add(size as u64, Relaxed);
                shared.sent_ssrc.store(self.ssrc, Relaxed);
                shared.sent_timestamp.store(self.timestamp, Relaxed);
                shared.sent_at.store(moment.millis, Relaxed);
                shared.sent.fetch_add(1, Relaxed);
            }
        } else {
            self.begins = true;
        }
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }
}
