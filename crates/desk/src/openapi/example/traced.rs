//! What is kept of the example's call for those that look into it.
use super::now;
use crate::view::Look;
use crate::{messages, names};
use trialog_api as api;

/// How Carla's call began.
pub(in crate::openapi) fn trace() -> api::CallTrace {
    let Look { snapshot, identity } = now();
    let (view, start) = (&snapshot.calls[0], identity.start.0 * 1_000);
    let leg = names::leg(view.legs[0].id);
    let text = "INVITE sip:anna@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1\r\nFrom: \"Carla\" \
        <sip:+4930123456@example.com>;tag=1\r\nTo: <sip:anna@example.com>\r\nCall-ID: 8d2f\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    api::CallTrace {
        call: view.id.0,
        phone: identity.name.clone(),
        version: identity.version.clone(),
        legs: vec![api::TraceLeg {
            leg: leg.clone(),
            party: names::party(&view.legs[0].party).name,
        }],
        messages: vec![api::TraceMessage {
            at_us: start + 1_234,
            way: api::Way::In,
            transport: api::WireTransport::Tls,
            local: "192.0.2.10:5061".to_owned(),
            remote: "192.0.2.1:5061".to_owned(),
            leg,
            first_line: "INVITE sip:anna@192.0.2.10 SIP/2.0".to_owned(),
            again: false,
            cut: false,
            text: text.to_owned(),
        }],
        left_out: 0,
        before_left_out: 1,
        steps: vec![api::TraceStep {
            at_us: start + 1_250,
            text: "a call from Carla <sip:+4930123456@example.com>".to_owned(),
        }],
        sound: vec![sound(start + 70_000_000)],
    }
}

/// Carla's, whose sound does not come.
fn sound(at_us: u64) -> api::LegSound {
    let leg = &now().snapshot.calls[0].legs[0];
    let (from, to) = (api::SoundVerdict::NothingArrives, api::SoundVerdict::Fine);
    let (from_text, to_text) = (messages::sound_from(from), messages::sound_to(to));
    api::LegSound {
        leg: names::leg(leg.id),
        party: names::party(&leg.party).name,
        at_us,
        from_party: api::SoundFrom {
            received: 12,
            received_lately: 0,
            lost: 0,
            late: 0,
            decoded: 12,
            decoded_lately: 0,
            routed: true,
            played: true,
            verdict: from,
            verdict_text: from_text.en,
            verdict_text_de: from_text.de,
        },
        to_party: api::SoundTo {
            sent: 3_250,
            sent_lately: 250,
            routed: true,
            spoken: true,
            far_lost_percent: Some(0.0),
            verdict: to,
            verdict_text: to_text.en,
            verdict_text_de: to_text.de,
        },
    }
}
