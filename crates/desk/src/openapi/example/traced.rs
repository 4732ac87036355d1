//! What is kept of the example's call for those that look into it.
use super::now;
use crate::names;
use crate::view::Look;
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
    }
}
