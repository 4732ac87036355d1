//! The calls that outlive a crash of the phone: the core's and the user agent's word of each, together.
use crate::endpoint::{Endpoint, EndpointOutput};
use crate::kept::KeptDialog;
use crate::kept_invite::KeptInvite;
use std::sync::Arc;
use trialog_call::{CallId, EndCause, Input, KeptCall, LegId, Notice, Time, WireEvent};

/// RFC 3261 §21.4.25: what a call gets that was cancelled.
const TERMINATED: u16 = 487;

/// A call as the next run of the phone goes on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCall {
    /// What it is to the agent.
    pub call: KeptCall,
    /// Its legs' dialogs, one each.
    pub dialogs: Vec<KeptDialog>,
    /// The INVITE to the guest that has not answered, as far as it was sent.
    pub ringing: Option<KeptInvite>,
}

impl Endpoint {
    /// The calls that outlive a crash of the phone as it is now, oldest first: what is not among them any more is over.
    #[must_use]
    pub fn saved_calls(&self) -> Vec<SavedCall> {
        let saved = |mut call: KeptCall| {
            let dialogs = call.legs.iter().map(|leg| self.agent.kept_dialog(leg.id));
            let dialogs: Vec<KeptDialog> = dialogs.collect::<Option<_>>()?;
            // A REFER that has not been sent has asked for nothing.
            let has_refer = |leg: LegId| {
                let mut dialogs = dialogs.iter();
                dialogs.any(|dialog| dialog.leg == leg && dialog.refer.is_some())
            };
            call.transfer = call
                .transfer
                .filter(|transfer| has_refer(transfer.referred));
            let ringing = call.ringing.as_ref();
            let ringing = ringing.and_then(|leg| self.agent.kept_invite(leg.id));
            Some(SavedCall {
                call,
                dialogs,
                ringing,
            })
        };
        self.phone
            .kept_calls()
            .into_iter()
            .filter_map(saved)
            .collect()
    }

    /// Goes on with calls of an earlier run, after [`Endpoint::restore`] and when there are ports for RTP: each of their far sides is
    /// asked for a session at our new address, and one whose dialog can't be gone on with has left. Returns the calls that can't be
    /// taken up.
    #[must_use]
    pub fn take_up(&mut self, now: Time, saved: &[SavedCall]) -> Vec<CallId> {
        let mut refused = Vec::new();
        for SavedCall {
            call,
            dialogs,
            ringing,
        } in saved
        {
            if !self.phone.take_up(now, call) {
                refused.push(call.id);
                continue;
            }
            let taken = Notice::TakenUp { call: call.id };
            self.out.push_back(EndpointOutput::Notice(taken));
            for leg in &call.legs {
                let dialog = dialogs.iter().find(|dialog| dialog.leg == leg.id);
                if !dialog.is_some_and(|dialog| self.take_up_dialog(now, dialog)) {
                    self.is_lost(leg.id);
                }
            }
            if let Some(leg) = &call.ringing {
                let ringing = ringing.as_ref().filter(|ringing| ringing.leg == leg.id);
                if !ringing.is_some_and(|ringing| self.agent.take_up_invite(now, ringing)) {
                    self.is_lost(leg.id);
                }
                let refused = Notice::GuestRefused {
                    call: call.id,
                    guest: Arc::clone(&leg.party),
                    status: TERMINATED,
                };
                self.out.push_back(EndpointOutput::Notice(refused));
            }
        }
        // The first step asks for what is wanted of their legs.
        self.heard.push_back(Input::NetworkChanged);
        self.settle(now);
        refused
    }

    /// This leg can't be gone on with.
    fn is_lost(&mut self, leg: LegId) {
        let event = WireEvent::Ended(EndCause::Lost);
        self.heard.push_back(Input::Wire { leg, event });
    }

    fn take_up_dialog(&mut self, now: Time, dialog: &KeptDialog) -> bool {
        let port = self.take_rtp_port(dialog.leg);
        port.is_some_and(|port| self.agent.take_up(now, dialog, port))
    }
}
