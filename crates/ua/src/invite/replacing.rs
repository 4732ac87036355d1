//! A call of an earlier run of the phone whose far side knows its dialog no more, or is not where it was: one INVITE that replaces
//! the dialog (RFC 3891) goes to the far side, and the call goes on in the dialog that it opens. For the core the leg is up all the
//! while, and waits for its session.
use crate::agent::{Timer, UserAgent};
use crate::dialog::Dialog;
use crate::invariant::Invariant;
use crate::invite_usage::{Calling, InviteState};
use crate::kept::KeptDialog;
use crate::renegotiation::InFlight;
use crate::replaces::replaces;
use std::time::Duration;
use trialog_call::{LegId, Time, WireEvent};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Method, Uri};

/// So long a far side that can't be reached is let be before its re-INVITE is sent again: its server may be starting, too.
const UNREACHED: Duration = Duration::from_secs(1);

/// A dialog that an INVITE of ours replaces.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// As the next run of the phone would go on with it.
    pub(crate) kept: KeptDialog,
    /// The re-INVITE in it that was refused.
    refused: InFlight,
}

impl UserAgent {
    /// The far side has refused the first re-INVITE of a call of an earlier run, or none of its answers has come.
    pub(super) fn not_taken_up(&mut self, now: Time, id: LegId, in_flight: InFlight, status: u16) {
        if status == 503
            && let Some(leg) = self.calls.present_mut(id)
            && leg.renegotiation.put_off(&in_flight)
        {
            return self.timers.set(Timer::Renegotiate(id), now + UNREACHED);
        }
        match status {
            // RFC 3261 §12.2.1.2, RFC 5057 §5.1: the dialog is gone, or its remote target is.
            404 | 408 | 410 | 481 | 503 => {
                if self.replace_dialog(now, id, in_flight, status).is_none() {
                    self.lost(now, id);
                }
            }
            _ => self.renegotiation_refused(id, &in_flight, status),
        }
    }

    /// Sends an INVITE that replaces this leg's dialog. `None`: the far side would not take it.
    fn replace_dialog(
        &mut self,
        now: Time,
        id: LegId,
        refused: InFlight,
        status: u16,
    ) -> Option<()> {
        let kept = self.kept_dialog(id)?;
        let leg = self.calls.get(id)?;
        let (before, replaced) = (leg.dialog, self.dialogs.get(leg.dialog)?);
        let replaces = replaces(replaced).filter(|_| leg.capabilities.replaces)?;
        let mut dialog = Dialog::invited(
            self.random.call_id(),
            replaced.local.clone(),
            self.random.tag(),
            replaced.remote.clone(),
            target(replaced, status),
            replaced.account,
        );
        dialog.route_set = self.flows[replaced.account].preloaded_route();
        dialog.private = replaced.private;
        dialog.opened_by = replaced.opened_by;
        dialog.local_cseq = self.random.cseq();
        dialog.call = Some(id);
        let account = dialog.account;
        let mut request = dialog.request(Method::Invite);
        let interval = self.settings.session;
        let leg = self.calls.get_mut(id)?;
        let (offer, _) = leg.media.offer_direction(refused.session.direction)?;
        leg.dialog = self.dialogs.open(dialog);
        leg.focus = refused.session.focus;
        leg.session.state(interval, &mut request.headers);
        leg.stage = InviteState::Calling(Calling {
            replaced: Some(Box::new(Replaced { kept, refused })),
            ..Calling::default()
        });
        self.leave_dialog(now, before);
        self.settings.state_capabilities(&mut request.headers);
        request
            .headers
            .push(HeaderName::Replaces, replaces.to_string());
        // RFC 3261 §8.2.2.3: of the phones that the address leads to, one that does not know the header refuses it and does not ring.
        request.headers.push(HeaderName::Require, "replaces");
        request.set_body(Description::CONTENT_TYPE, offer.to_string());
        self.send_invite(now, id, account, request);
        Some(())
    }

    /// The far side has taken the INVITE that replaces this leg's dialog.
    pub(super) fn dialog_replaced(&mut self, id: LegId, replaced: &Replaced) {
        let Some(leg) = self.calls.get_mut(id).asserted("its 2xx is being handled") else {
            return;
        };
        leg.taken_up = false;
        if leg.renegotiation.is_awaited(&replaced.refused) {
            let capabilities = leg.capabilities;
            self.event(id, WireEvent::Renegotiated(capabilities));
        }
    }
}

/// Where the far side is asked for: at its Contact, where it has answered there itself; else at its address, as far as that is told.
fn target(replaced: &Dialog, status: u16) -> Uri {
    let answered = status == 481 && replaced.route_set.is_empty();
    let address = replaced.remote.uri.bare();
    // RFC 3323 §4.1: nothing is at an anonymous caller's.
    let is_told = !address.host.to_string().ends_with(".invalid");
    if answered || !is_told {
        replaced.remote_target.clone()
    } else {
        address
    }
}
