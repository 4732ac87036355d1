//! Everything that reads a stranger's datagrams, in the order in which a leg does, with time going on between them.
use trialog_frame::SampleTime;
use trialog_rtp::{EventReceiver, JitterBuffer, JitterConfig, Pull, Reception, parse, rtcp};

/// Samples at 48 kHz in a tick.
const TICK: u64 = 480;

/// `octets` are records of two octets for a length (at most 511), one for the time until the next, and a datagram.
///
/// # Panics
/// When a promise is broken: a tick never asks for ever, and sound that is due is never longer than asked for.
pub(crate) fn exercise(octets: &[u8]) {
    let mut reception = Reception::new();
    let mut jitter = JitterBuffer::new(JitterConfig::default());
    let mut events = EventReceiver::new();
    let mut now = 0;
    let mut rest = octets;
    while let [high, low, pause, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high & 1, *low])).min(tail.len());
        let (datagram, after) = tail.split_at(length);
        rest = after;
        let at = SampleTime(now + u64::from(*pause));
        let _ = rtcp::parse(datagram, 7);
        if let Some((header, payload)) = parse(datagram) {
            let clock = if header.payload_type & 1 == 0 {
                8_000
            } else {
                48_000
            };
            if let Some(sequence) = reception.arrived(at, &header, Some(clock)) {
                jitter.push(
                    at,
                    sequence,
                    header.timestamp,
                    clock,
                    header.payload_type,
                    payload,
                );
            }
            events.heard(at, header.ssrc, header.timestamp, header.payload_type);
        }
        for _ in 0..pause % 8 {
            now += TICK;
            tick(&mut jitter, now);
        }
    }
    let _ = (reception.stats(), reception.interval_loss(), jitter.stats());
}

fn tick(jitter: &mut JitterBuffer, now: u64) {
    let mut backlog = 0;
    for asked in 0.. {
        assert!(asked < 64, "a tick asks again and again");
        match jitter.pull(SampleTime(now), backlog) {
            Pull::Play { payload, .. } => {
                assert!(!payload.is_empty());
                jitter.played(960);
                backlog += 960;
            }
            Pull::Recover { samples, .. } | Pull::Conceal { samples } => {
                assert!(samples > 0, "nothing is not to be made up");
                backlog += samples;
            }
            Pull::Silence => return,
        }
        if backlog >= TICK as usize {
            return;
        }
    }
}
