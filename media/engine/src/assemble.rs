//! From what was agreed to the parts of a leg, on the control side: everything that the audio thread must not allocate.
use crate::control::random;
use crate::decode::DecodeChain;
use crate::handover::LegShared;
use crate::leg::{Change, Leg};
use crate::receive::{MOST_DECODERS, Receive};
use crate::send::{EncodeChain, Send};
use crate::service::{Expected, Watch};
use crate::socket::Datagrams;
use crate::{EngineError, Options, RtpSocket, SessionParams};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;
use trialog_codec::CodecError;
use trialog_frame::{RATE, SampleTime};
use trialog_rtp::JitterConfig;

/// A whole leg, what the service watches of it, and its RTCP socket.
pub(crate) fn leg(
    key: u64,
    socket: RtpSocket,
    session: &SessionParams,
    options: &Options,
) -> Result<(Leg, Watch, UdpSocket), EngineError> {
    let shared = Arc::new(LegShared::default());
    let (send_event, receive_event) = session.telephone_event.unzip();
    let samples = |span: Duration| SampleTime((span.as_secs_f64() * f64::from(RATE)) as u64);
    let config = JitterConfig {
        floor: samples(options.jitter_floor),
        ceiling: samples(options.jitter_ceiling),
    };
    let start = (random() as u16, random() as u32);
    let digit_ms = options.dtmf_length.as_millis() as u32;
    let (decoders, encoder) = (decoders(session)?, encoder(session, options)?);
    let leg = Leg {
        key,
        socket: Datagrams::new(socket.rtp),
        receive: Receive::new(
            session.remote,
            session.receives,
            receive_event,
            decoders,
            config,
        ),
        send: Send::new(
            session.remote,
            session.sends,
            send_event,
            encoder,
            start,
            digit_ms,
        ),
        shared: Arc::clone(&shared),
        closed: false,
    };
    Ok((
        leg,
        Watch {
            shared,
            expected: expected(session),
        },
        socket.rtcp,
    ))
}

/// The parts that differ between two sessions of one leg.
pub(crate) fn change(
    before: &SessionParams,
    now: &SessionParams,
    options: &Options,
) -> Result<Change, EngineError> {
    let same_way_in = before.receive_payloads == now.receive_payloads;
    let same_way_out = (before.codec, before.send_payload, before.ptime_ms)
        == (now.codec, now.send_payload, now.ptime_ms);
    Ok(Change {
        remote: now.remote,
        sends: now.sends,
        receives: now.receives,
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
    })
}

/// What a session lets us expect.
pub(crate) fn expected(session: &SessionParams) -> Expected {
    Expected {
        remote_rtcp: session.remote_rtcp,
        due: session.receives && session.far_sends,
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
    let options = trialog_codec::Options {
        opus_complexity: options.opus_complexity.min(10),
        opus_bitrate: options.opus_bitrate,
        ..trialog_codec::Options::default()
    };
    let ssrc = random() as u32;
    EncodeChain::new(
        session.codec,
        session.send_payload,
        session.ptime_ms,
        ssrc,
        &options,
    )
    .map_err(failed)
}

fn failed(error: CodecError) -> EngineError {
    EngineError::Codec(error.to_string())
}
