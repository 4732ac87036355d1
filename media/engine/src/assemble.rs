//! From what was agreed to the parts of a leg, on the control side: everything that the audio thread must not allocate.
use crate::control::random;
use crate::decode::DecodeChain;
use crate::guard::{Guard, Protection};
use crate::handover::LegShared;
use crate::leg::{Change, Leg};
use crate::member::{Expected, Watch};
use crate::receive::{MOST_DECODERS, Receive};
use crate::send::{EncodeChain, Send};
use crate::socket::Datagrams;
use crate::{EngineError, Options, SessionParams};
use std::sync::Arc;
use std::time::Duration;
use trialog_codec::{Codec, CodecError};
use trialog_frame::{RATE, SampleTime};
use trialog_rtp::JitterConfig;

/// A whole leg, and what the service watches of it.
pub(crate) fn leg(
    key: u64,
    socket: Box<dyn Datagrams>,
    session: &SessionParams,
    options: &Options,
) -> Result<(Leg, Watch), EngineError> {
    let shared = Arc::new(LegShared::default());
    let event = session.telephone_event;
    let samples = |span: Duration| SampleTime((span.as_secs_f64() * f64::from(RATE)) as u64);
    let config = JitterConfig {
        floor: samples(options.jitter_floor),
        ceiling: samples(options.jitter_ceiling),
    };
    // RFC 3711 §3.3.1: in the lower half, so that a far side that misses the first packets sees them roll over all the same.
    let start = (random() as u16 & 0x7fff, random() as u32);
    let digit_ms = options.dtmf_length.as_millis() as u32;
    let (decoders, encoder) = (decoders(session)?, encoder(session, options)?);
    let leg = Leg {
        key,
        socket: Guard::new(socket, protection(session)?),
        receive: Receive::new(
            session.into(),
            event.map(|event| event.receive),
            decoders,
            config,
        ),
        send: Send::new(session.sends, event, encoder, start, digit_ms),
        shared: Arc::clone(&shared),
        closed: false,
    };
    Ok((
        leg,
        Watch {
            shared,
            expected: expected(session),
            srtp: session.srtp.clone(),
        },
    ))
}

/// The parts that differ between two sessions of one leg.
pub(crate) fn change(
    before: &SessionParams,
    now: &SessionParams,
    options: &Options,
) -> Result<Change, EngineError> {
    let same_way_in = before.receive_payloads == now.receive_payloads;
    let way_out = |session: &SessionParams| {
        let opus = (session.codec == Codec::Opus).then_some(session.opus);
        let noise = session.comfort_noise;
        (
            session.codec,
            session.send_payload,
            session.ptime_ms,
            opus,
            noise,
        )
    };
    let same_way_out = way_out(before) == way_out(now);
    Ok(Change {
        expected: now.into(),
        sends: now.sends,
        telephone_event: now.telephone_event,
        decoders: if same_way_in {
            None
        } else {
            Some(decoders(now)?)
        },
        encoder: if same_way_out {
            None
        } else {
            Some(encoder(now, options)?)
        },
        protection: if before.srtp == now.srtp {
            None
        } else {
            Some(protection(now)?)
        },
        early: None,
    })
}

/// A leg's keys, made ready.
fn protection(session: &SessionParams) -> Result<Option<Box<Protection>>, EngineError> {
    match &session.srtp {
        // Never in the clear for want of a key.
        Some(keys) => Protection::new(keys).map(Some).ok_or(EngineError::Keys),
        None => Ok(None),
    }
}

/// What a session lets us expect.
pub(crate) fn expected(session: &SessionParams) -> Expected {
    Expected {
        remote_rtcp: session.remote_rtcp,
        due: session.receives && session.far_sends,
        early: session.receives && session.early,
        clock: session.codec.rtp_clock(),
    }
}

fn decoders(session: &SessionParams) -> Result<Vec<DecodeChain>, EngineError> {
    let own = [(session.send_payload, session.codec)];
    let agreed = if session.receive_payloads.is_empty() {
        &own[..]
    } else {
        &session.receive_payloads
    };
    // Room for those of before, that stay a while.
    let mut chains = Vec::with_capacity(MOST_DECODERS);
    for (payload_type, codec) in agreed.iter().take(MOST_DECODERS) {
        chains.push(DecodeChain::new(*payload_type, *codec).map_err(failed)?);
    }
    Ok(chains)
}

fn encoder(session: &SessionParams, options: &Options) -> Result<EncodeChain, EngineError> {
    let limits = session.opus;
    let dtx = match session.codec {
        Codec::Opus => options.dtx && limits.dtx,
        Codec::G722 | Codec::Pcma | Codec::Pcmu => options.dtx && session.comfort_noise,
    };
    let options = trialog_codec::Options {
        opus_complexity: options.opus_complexity.min(10),
        opus_bitrate: limits
            .max_bitrate
            .map_or(options.opus_bitrate, |most| most.min(options.opus_bitrate)),
        opus_fec: limits.fec,
        opus_constant_bitrate: limits.constant_bitrate,
        opus_dtx: dtx,
        opus_playback_rate: limits.playback_rate,
        ..trialog_codec::Options::default()
    };
    let ssrc = random() as u32;
    EncodeChain::new(
        session.codec,
        session.send_payload,
        session.ptime_ms,
        ssrc,
        dtx,
        &options,
    )
    .map_err(failed)
}

fn failed(error: CodecError) -> EngineError {
    EngineError::Codec(error.to_string())
}
