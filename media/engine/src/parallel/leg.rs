//! One parallel leg: its socket, the source that it believes, what it sends.
use super::silence::Silences;
use crate::handover::LegShared;
use crate::receive::COMFORT_NOISE;
use crate::source::Source;
use crate::{ParallelSound, SessionParams};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use trialog_codec::{Codec, TelephoneEvent};
use trialog_frame::SampleTime;
use trialog_rtp::{EventReceiver, HEADER, Header, LARGEST_PAYLOAD, Reception};

/// Where a stream of ours begins (RFC 3550 §5.1: at random).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

/// The leg.
pub(crate) struct ParallelLeg {
    key: u64,
    socket: UdpSocket,
    sound: ParallelSound,
    session: SessionParams,
    source: Source,
    reception: Reception,
    digits: EventReceiver,
    shared: Arc<LegShared>,
    ssrc: u32,
    /// The next packet's of ours.
    sequence: u16,
    timestamp: u32,
    /// Nothing was sent just before.
    begins: bool,
    /// Turns until the next packet of silence.
    left: u32,
    /// What makes the far side's numbers ours, and in which of its epochs.
    shift: Option<(u32, u16, u32)>,
}

impl ParallelLeg {
    pub(super) fn new(
        key: u64,
        socket: UdpSocket,
        session: &SessionParams,
        sound: ParallelSound,
        start: Start,
        shared: Arc<LegShared>,
    ) -> Self {
        Self {
            key,
            socket,
            sound,
            source: Source::new(session.into()),
            session: session.clone(),
            reception: Reception::new(),
            digits: EventReceiver::new(),
            shared,
            ssrc: start.ssrc,
            sequence: start.sequence,
            timestamp: start.timestamp,
            begins: true,
            left: 0,
            shift: None,
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(super) fn change(&mut self, session: &SessionParams) {
        self.source.expect(session.into());
        self.begins |= session.sends != self.session.sends;
        self.session = session.clone();
    }

    /// Every 10 ms: a packet of silence, when one is due.
    pub(super) fn turn(&mut self, millis: u64, silences: &mut Silences) {
        if self.sound != ParallelSound::Silence {
            return;
        }
        if self.left > 0 {
            self.left -= 1;
            return;
        }
        let turns = turns(self.session.codec, self.session.ptime_ms);
        self.left = turns - 1;
        if self.session.sends {
            let header = Header {
                payload_type: self.session.send_payload,
                marker: self.begins,
                sequence: self.sequence,
                timestamp: self.timestamp,
                ssrc: self.ssrc,
            };
            let payload = silences.payload(self.session.codec, turns);
            self.send(millis, &header, payload);
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.begins = !self.session.sends;
        let clock = self.session.codec.rtp_clock();
        self.timestamp = self.timestamp.wrapping_add(clock / 100 * turns);
    }

    /// Takes in one datagram, and sends it back where that is what is to be heard. Returns a digit that was pressed.
    pub(super) fn receive(&mut self, millis: u64, buffer: &mut [u8]) -> Option<u8> {
        // The system reports here that an earlier datagram of ours reached no socket; there is nothing to do about it.
        let (length, source) = self.socket.recv_from(buffer).ok()?;
        let (header, payload) = trialog_rtp::parse(&buffer[..length])?;
        let at = SampleTime::from_millis(millis);
        let event = self.session.telephone_event;
        let is_event = event.is_some_and(|event| event.receive == header.payload_type);
        let codec = self.codec_of(header.payload_type).filter(|_| !is_event);
        // Comfort noise is a sign of life; what was never agreed is none.
        if !(is_event || codec.is_some() || header.payload_type == COMFORT_NOISE)
            || !self.source.accepts(source, at, &header)
        {
            return None;
        }
        self.source
            .silence_follows(header.payload_type == COMFORT_NOISE);
        self.shared.last_rtp.store(millis.max(1), Relaxed);
        // Events of an SSRC of their own leave the sound's sequence alone (RFC 3550 §8).
        let sequence = if is_event && self.reception.is_beside(header.ssrc) {
            None
        } else {
            let clock = codec.map(Codec::rtp_clock);
            Some(self.reception.arrived(at, &header, clock)?)
        };
        let stats = self.reception.stats();
        self.shared.ssrc.store(stats.ssrc, Relaxed);
        self.shared.received.store(stats.received, Relaxed);
        self.shared.lost.store(stats.lost, Relaxed);
        self.shared.highest.store(stats.highest, Relaxed);
        self.shared.jitter.store(stats.jitter, Relaxed);
        // As what it goes back: our names for the same codecs.
        let back = match (event, codec) {
            (Some(event), _) if is_event => Some(event.send),
            (_, Some(codec)) if codec == self.session.codec => Some(self.session.send_payload),
            (_, Some(_)) => Some(header.payload_type),
            (_, None) => None,
        };
        if let (ParallelSound::Echo, true, Some(payload_type), Some(sequence)) =
            (self.sound, self.session.receives, back, sequence)
        {
            self.echo(millis, sequence.epoch, payload_type, &header, payload);
        }
        let event = TelephoneEvent::parse(payload).filter(|_| is_event)?;
        let pressed = self
            .digits
            .heard(at, header.ssrc, header.timestamp, event.event);
        let digit = trialog_codec::digit_of_event(event.event).filter(|_| pressed)?;
        Some(digit as u8)
    }

    /// Gaps, order and the marker stay as they came, so that the far side's jitter buffer sees what it would see of a
    /// friend's; the numbers are ours.
    fn echo(&mut self, millis: u64, epoch: u32, payload_type: u8, header: &Header, payload: &[u8]) {
        let (sequence, timestamp) = match self.shift {
            Some((before, sequence, timestamp)) if before == epoch => (sequence, timestamp),
            // Another sender, or the same one anew: ours goes on where it is.
            _ => {
                let shift = (
                    self.sequence.wrapping_sub(header.sequence),
                    self.timestamp.wrapping_sub(header.timestamp),
                );
                self.shift = Some((epoch, shift.0, shift.1));
                shift
            }
        };
        let header = Header {
            payload_type,
            marker: header.marker || self.begins,
            sequence: header.sequence.wrapping_add(sequence),
            timestamp: header.timestamp.wrapping_add(timestamp),
            ssrc: self.ssrc,
        };
        self.sequence = header.sequence.wrapping_add(1);
        // Where the next epoch begins: one packet on.
        let packet = self.session.codec.rtp_clock() / 50;
        self.timestamp = header.timestamp.wrapping_add(packet);
        if self.session.sends {
            self.begins = false;
            self.send(millis, &header, payload);
        }
    }

    fn send(&mut self, millis: u64, header: &Header, payload: &[u8]) {
        let to = self.source.destination(SampleTime::from_millis(millis));
        let mut packet = [0; HEADER + LARGEST_PAYLOAD];
        let length = trialog_rtp::write(header, payload, &mut packet);
        // Held by `c=0.0.0.0` (RFC 2543 §B.5) there is nowhere to send to; the system would take it for this machine.
        if length == 0 || payload.is_empty() || to.ip().is_unspecified() {
            return;
        }
        // A full socket loses it, as the network may.
        let _ = self.socket.send_to(&packet[..length], to);
        let shared = &self.shared;
        shared.sent_octets.fetch_add(payload.len() as u64, Relaxed);
        shared.sent_ssrc.store(self.ssrc, Relaxed);
        shared.sent_timestamp.store(header.timestamp, Relaxed);
        shared.sent_at.store(millis, Relaxed);
        shared.sent.fetch_add(1, Relaxed);
    }

    fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        if self.session.receive_payloads.is_empty() {
            let own = payload_type == self.session.send_payload;
            return own.then_some(self.session.codec);
        }
        let mut all = self.session.receive_payloads.iter();
        all.find(|(known, _)| *known == payload_type)
            .map(|(_, codec)| *codec)
    }
}

/// Turns of 10 ms in a packet; 2 where the codec has no such packet.
fn turns(codec: Codec, ptime_ms: u32) -> u32 {
    match (codec, ptime_ms) {
        (_, 10 | 20 | 40 | 60) => ptime_ms / 10,
        (Codec::Pcma | Codec::Pcmu | Codec::G722, 30) => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventParams, OpusLimits};
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const START: Start = Start {
        ssrc: 77,
        sequence: 65_535,
        timestamp: 1000,
    };

    /// A leg and the far side.
    fn leg(sound: ParallelSound) -> (ParallelLeg, UdpSocket) {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
        let (own, far) = (bind(), bind());
        let patience = Some(Duration::from_secs(5));
        own.set_read_timeout(patience).expect("it takes a time-out");
        far.set_read_timeout(patience).expect("it takes a time-out");
        let remote = far.local_addr().expect("bound");
        let session = SessionParams {
            remote,
            remote_rtcp: remote,
            codec: Codec::Pcmu,
            send_payload: 0,
            receive_payloads: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
            telephone_event: Some(EventParams {
                send: 96,
                receive: 101,
                clock: 8000,
            }),
            comfort_noise: false,
            opus: OpusLimits::default(),
            ptime_ms: 20,
            sends: true,
            receives: true,
            far_sends: true,
            early: false,
            srtp: None,
        };
        let leg = ParallelLeg::new(1, own, &session, sound, START, Arc::default());
        (leg, far)
    }

    fn say(leg: &mut ParallelLeg, far: &UdpSocket, header: Header, payload: &[u8]) -> Option<u8> {
        let mut packet = [0; 300];
        let length = trialog_rtp::write(&header, payload, &mut packet);
        let to = leg.socket().local_addr().expect("bound");
        far.send_to(&packet[..length], to).expect("sent");
        leg.receive(10, &mut [0; 2048])
    }

    fn hear(far: &UdpSocket) -> (Header, Vec<u8>) {
        let mut packet = [0; 300];
        let length = far.recv(&mut packet).expect("something is heard");
        let (header, payload) = trialog_rtp::parse(&packet[..length]).expect("it is RTP");
        (header, payload.to_vec())
    }

    fn header(payload_type: u8, ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header {
            payload_type,
            marker: false,
            sequence,
            timestamp,
            ssrc,
        }
    }

    #[test]
    fn an_echo_keeps_sound_gaps_and_spacing_under_our_own_names() {
        let (mut leg, far) = leg(ParallelSound::Echo);
        say(&mut leg, &far, header(0, 5, 10, 8000), &[1; 160]);
        let (first, sound) = hear(&far);
        assert_eq!(sound, [1; 160]);
        assert_eq!(
            (first.ssrc, first.sequence, first.timestamp),
            (77, 65_535, 1000)
        );
        assert!(first.marker, "it begins");
        // One is missing, and the codec changes.
        say(&mut leg, &far, header(8, 5, 12, 8320), &[2; 160]);
        let (second, sound) = hear(&far);
        assert_eq!((second.payload_type, second.marker), (8, false));
        assert_eq!((second.sequence, second.timestamp, sound[0]), (1, 1320, 2));
        // Another sender, that counts with its second packet: our stream goes on.
        say(&mut leg, &far, header(0, 6, 899, 5), &[3; 160]);
        say(&mut leg, &far, header(0, 6, 900, 165), &[3; 160]);
        let (third, _) = hear(&far);
        assert_eq!((third.ssrc, third.sequence, third.timestamp), (77, 2, 1480));
    }

    #[test]
    fn a_digit_is_told_and_sent_back_as_the_far_side_names_it() {
        let (mut leg, far) = leg(ParallelSound::Echo);
        let told = say(&mut leg, &far, header(101, 5, 10, 8000), &[5, 10, 3, 32]);
        assert_eq!(told, Some(b'5'));
        assert_eq!(hear(&far).0.payload_type, 96);
    }

    #[test]
    fn what_was_not_agreed_is_not_sent_back_and_a_held_party_hears_nothing() {
        let (mut leg, far) = leg(ParallelSound::Echo);
        say(&mut leg, &far, header(33, 5, 10, 8000), &[1; 160]);
        let mut session = leg.session.clone();
        session.sends = false;
        leg.change(&session);
        say(&mut leg, &far, header(0, 5, 11, 8160), &[1; 160]);
        session.sends = true;
        leg.change(&session);
        say(&mut leg, &far, header(0, 5, 12, 8320), &[2; 160]);
        let (heard, sound) = hear(&far);
        assert_eq!((sound[0], heard.marker), (2, true));
    }

    #[test]
    fn silence_is_a_packet_every_20_ms() {
        let (mut leg, far) = leg(ParallelSound::Silence);
        let mut silences = Silences::default();
        for millis in (0..40).step_by(10) {
            silences.turn();
            leg.turn(millis, &mut silences);
        }
        let ((first, one), (second, _)) = (hear(&far), hear(&far));
        assert_eq!((one.len(), first.marker, second.marker), (160, true, false));
        assert_eq!(second.sequence, first.sequence.wrapping_add(1));
        assert_eq!(second.timestamp, first.timestamp + 160);
        assert_eq!(leg.shared.sent.load(Relaxed), 2);
    }
}
