//! The far side's provisional responses that want to be acknowledged (RFC 3262 §4): in each dialog in the order of their numbers.
use super::outgoing::CALLING;
use crate::agent::UserAgent;
use crate::body::Body;
use crate::capabilities::RELIABLE;
use crate::config::Reliable;
use crate::dialog::tag_of;
use crate::invariant::Invariant;
use crate::invite_usage::{Calling, InviteState};
use crate::outbound::{Purpose, RequestContext};
use trialog_call::{LegId, Time};
use trialog_sip::{CSeq, HeaderName, Method, Request, Response};

/// Whether a provisional response is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It wants no PRACK.
    Plain,
    /// It gets one, with its number.
    Next(u32),
    /// It came before, or before its turn: it will come again (RFC 3262 §4).
    Passed,
}

/// Whether a response with this number, of a dialog that has acknowledged that one last, is in its turn.
fn order(rseq: Option<u32>, last: Option<u32>) -> Order {
    match (rseq, last) {
        (None, _) => Order::Plain,
        (Some(rseq), None) => Order::Next(rseq),
        (Some(rseq), Some(last)) if last.checked_add(1) == Some(rseq) => Order::Next(rseq),
        (Some(_), Some(_)) => Order::Passed,
    }
}

impl Calling {
    /// The same for the early dialog of the fork that sent this response.
    pub(super) fn order(&self, response: &Response, rseq: Option<u32>) -> Order {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        let early = self.early.iter().find(|early| early.is_of(tag));
        order(rseq, early.and_then(|early| early.rseq))
    }
}

impl UserAgent {
    /// The number of a provisional response that wants to be acknowledged (RFC 3262 §7.1: from 1 on).
    pub(super) fn rseq(&self, response: &Response) -> Option<u32> {
        let wants = self.settings.reliable != Reliable::Off
            && response.status.code() > 100
            && response.headers.has_token(&HeaderName::Require, RELIABLE);
        let number = response.headers.get(&HeaderName::RSeq).filter(|_| wants)?;
        number.trim().parse().ok().filter(|number| *number > 0)
    }

    /// The PRACK of a provisional response to a leg's first INVITE, in the early dialog of its fork.
    pub(super) fn acknowledge_provisional(
        &mut self,
        now: Time,
        id: LegId,
        response: &Response,
        rseq: u32,
    ) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let Some(calling) = leg.stage.calling_mut().asserted(CALLING) else {
            return;
        };
        let mut early = calling.early.iter_mut();
        // There may be more forks than are followed.
        let Some(early) = early.find(|early| early.is_of(tag)) else {
            return;
        };
        early.rseq = Some(rseq);
        let prack = early.dialog.request(Method::Prack);
        let (next_hop, account) = (early.dialog.next_hop().clone(), early.dialog.account);
        let sent = RequestContext::new(Purpose::Prack(id), account);
        if let Some(prack) = acknowledging(prack, response, rseq) {
            self.send(now, prack, &next_hop, sent);
        }
    }

    /// A provisional response to our re-INVITE.
    pub(super) fn reinvite_progressed(&mut self, now: Time, id: LegId, response: &Response) {
        let rseq = self.rseq(response);
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        let Some(in_flight) = leg.renegotiation.in_flight_mut() else {
            return;
        };
        let Order::Next(rseq) = order(rseq, in_flight.rseq) else {
            return;
        };
        in_flight.rseq = Some(rseq);
        if in_flight.answer.is_none() {
            // RFC 3261 §13.2.1: the first description is the answer.
            in_flight.answer = Body::in_response(response);
        }
        let prack = dialog.request(Method::Prack);
        let (next_hop, account) = (dialog.next_hop().clone(), dialog.account);
        let sent = RequestContext::new(Purpose::Prack(id), account);
        if let Some(prack) = acknowledging(prack, response, rseq) {
            self.send(now, prack, &next_hop, sent);
        }
    }

    /// The number of the next try of a PRACK that was challenged. `None`: its dialog is over.
    pub(crate) fn next_prack_number(&mut self, id: LegId, request: &Request) -> Option<u32> {
        let tag = tag_of(&request.headers, &HeaderName::To)?;
        let (leg, dialog) = self.leg_mut(id)?;
        let dialog = match &mut leg.stage {
            InviteState::Calling(calling) => {
                let mut early = calling.early.iter_mut();
                &mut early.find(|early| early.is_of(tag))?.dialog
            }
            _ => dialog,
        };
        if dialog.remote_tag.as_deref() != Some(tag) {
            return None;
        }
        dialog.local_cseq += 1;
        Some(dialog.local_cseq)
    }
}

/// RFC 3262 §7.2: names the response. `None`: the response has no CSeq that can be read.
fn acknowledging(mut prack: Request, response: &Response, rseq: u32) -> Option<Request> {
    let cseq: CSeq = response.headers.typed(&HeaderName::CSeq)?.ok()?;
    prack
        .headers
        .push(HeaderName::RAck, format!("{rseq} {cseq}"));
    Some(prack)
}
