//! INVITE and all that a session needs: placing a call, taking one, changing it, ending it. Each direction and each act is a
//! file of its own; what they share is here.
mod ack;
mod cancel;
mod early;
mod fork;
mod hang_up;
mod incoming;
mod outgoing;
mod reinvite_client;
mod reinvite_server;
mod update;

pub(crate) use outgoing::NewCall;

use crate::agent::UserAgent;
use crate::invite_usage::read_capabilities;
use trialog_call::{LegId, WireEvent};
use trialog_sdp::Negotiated;
use trialog_sip::{HeaderName, Headers, NameAddr};

const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, REFER, NOTIFY, SUBSCRIBE, UPDATE";
const ALLOW_WITHOUT_REFER: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY, SUBSCRIBE, UPDATE";

/// The header by which a consulted agent's phone learns that it is the guest.
pub(crate) const ROLE: &str = "Trialog-Role";

impl UserAgent {
    /// The methods that we take.
    pub(crate) fn allow(&self) -> &'static str {
        if self.config.referable {
            ALLOW
        } else {
            ALLOW_WITHOUT_REFER
        }
    }

    /// The extensions that we know: RFC 3891 and RFC 4538.
    pub(crate) fn supported(&self) -> &'static str {
        if self.config.referable {
            "replaces, tdialog"
        } else {
            "tdialog"
        }
    }

    /// Says what we can do, in an INVITE and its answers.
    pub(crate) fn say_capabilities(&self, headers: &mut Headers) {
        headers.push(HeaderName::Allow, self.allow());
        headers.push(HeaderName::Supported, self.supported());
        if self.config.agent {
            // RFC 6086 §5.2.3: willing to take this package's INFO.
            headers.push(crate::info::RECV_INFO, crate::info::PACKAGE);
        }
    }

    /// States what was agreed with the far side, and whether it holds us.
    pub(crate) fn agreed(&mut self, id: LegId, negotiated: Box<Negotiated>) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let held = leg.media.is_held_by(&negotiated);
        leg.media.state(id, negotiated, &mut self.out);
        if held != leg.media.far_held {
            leg.media.far_held = held;
            self.event(id, WireEvent::FarHold(held));
        }
    }

    /// Learns from a message of the far side what it can do and whether it is a focus.
    pub(crate) fn update_capabilities(&mut self, id: LegId, headers: &Headers) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        read_capabilities(&mut leg.capabilities, headers);
        if let Some(Ok(contact)) = headers.typed::<NameAddr>(&HeaderName::Contact) {
            let focus = contact.params.has("isfocus") || contact.uri.params.has("isfocus");
            if focus != leg.far_focus {
                leg.far_focus = focus;
                self.event(id, WireEvent::Focus(focus));
            }
        }
    }
}
