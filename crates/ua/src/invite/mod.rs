//! INVITE and all that a session needs: placing a call, taking one, changing it, ending it. Each direction and each act is a
//! file of its own; what they share is here.
mod ack;
mod cancel;
mod early;
mod fork;
mod hang_up;
mod incoming;
mod one_codec;
mod outgoing;
mod redirection;
mod refresh;
mod reinvite_client;
mod reinvite_server;
mod reliable_client;
mod reliable_server;
mod replacing;
mod update;

pub(crate) use outgoing::NewCall;
pub(crate) use redirection::Redirections;
pub(crate) use reliable_server::Reliable;
pub(crate) use replacing::Replaced;

use crate::agent::UserAgent;
use crate::invite_usage::InviteState;
use std::net::{Ipv4Addr, SocketAddr};
use trialog_call::{LegId, WireEvent};
use trialog_sdp::{Direction, Negotiated};
use trialog_sip::{HeaderName, Headers, NameAddr};

/// The header by which a consulted agent's phone learns that it is the guest.
pub(crate) const ROLE: &str = "Trialog-Role";

impl UserAgent {
    /// States what was agreed with the far side, and whether it holds us.
    pub(crate) fn agreed(&mut self, id: LegId, negotiated: Box<Negotiated>) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        if leg.may_be_made_up(&negotiated) {
            if !leg.by_stranger {
                let heard = heard_alone(&negotiated);
                leg.media.state(id, Box::new(heard), false, &mut self.out);
            }
            leg.held_back = Some(negotiated);
            return;
        }
        leg.held_back = None;
        let held = leg.media.is_held_by(&negotiated);
        leg.media.state(id, negotiated, false, &mut self.out);
        if held != leg.media.far_held {
            leg.media.far_held = held;
            self.event(id, WireEvent::FarHold(held));
        }
    }

    /// A request has come in a leg's dialog: its sender has our tag, so that our answers arrive, and sound may go where it wants it.
    pub(crate) fn far_side_heard(&mut self, id: LegId) {
        let Some(leg) = self.calls.get_mut(id) else {
            return;
        };
        leg.is_reached = true;
        let held_back = leg.held_back.take();
        if let Some(negotiated) = held_back
            && matches!(leg.stage, InviteState::Up)
        {
            self.agreed(id, negotiated);
        }
    }

    /// Learns from a message of the far side what it can do and whether it is a focus.
    pub(crate) fn update_capabilities(&mut self, id: LegId, headers: &Headers) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        leg.hear_capabilities(headers);
        if let Some(Ok(contact)) = headers.typed::<NameAddr>(&HeaderName::Contact) {
            let focus = contact.params.has("isfocus") || contact.uri.params.has("isfocus");
            if focus != leg.far_focus {
                leg.far_focus = focus;
                self.event(id, WireEvent::Focus(focus));
            }
        }
    }
}

/// The same, but that nothing is sent: of a caller that is believed, its first word is heard also where its ACK is late or lost.
fn heard_alone(negotiated: &Negotiated) -> Negotiated {
    let nowhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    Negotiated {
        direction: negotiated.direction.and(Direction::RecvOnly),
        remote_rtcp: nowhere,
        ..negotiated.clone()
    }
}
