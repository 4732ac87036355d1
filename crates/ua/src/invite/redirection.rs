//! A call that we place is refused, or sent elsewhere: the targets of a redirection, one by one, as far as the core follows them.
use super::outgoing::{CALLING, refusal};
use crate::agent::UserAgent;
use crate::invariant::Invariant;
use crate::invite_usage::target_of;
use std::cmp::Reverse;
use std::collections::VecDeque;
use trialog_call::{LegId, Redirection, Time, WireEvent};
use trialog_sip::{HeaderName, NameAddr, Request, Response, Scheme, Uri};

/// So many redirections of one call are looked at, and so many targets of each.
const MOST: usize = 5;

/// What the redirections of one call have pointed to.
#[derive(Debug, Default)]
pub(crate) struct Redirections {
    /// How many came.
    count: usize,
    /// Targets that the core has not been asked about, best first.
    targets: VecDeque<Uri>,
    /// The target that it is asked about.
    offered: Option<Box<Offered>>,
    /// Where the call has been, or was not to go: no redirection leads there again.
    former: Vec<Uri>,
}

/// A target that the core is asked about.
#[derive(Debug)]
struct Offered {
    target: Uri,
    /// The INVITE that was refused last.
    invite: Request,
    /// With this status.
    status: u16,
}

impl Redirections {
    /// Nothing is tried any more.
    pub(crate) fn forget(&mut self) {
        self.targets.clear();
        self.offered = None;
    }

    /// RFC 3261 §8.1.3.4: the Contacts are tried by their `q`. What is no SIP URI can't be called, and where the call was already
    /// it would turn in a circle.
    fn read(&mut self, response: &Response, called: &Uri) {
        self.count += 1;
        if self.count > MOST {
            return;
        }
        if self.former.is_empty() {
            self.former.push(called.clone());
        }
        let contacts = response.headers.all_typed::<NameAddr>(&HeaderName::Contact);
        let mut contacts: Vec<_> = contacts.take(MOST).filter_map(Result::ok).collect();
        contacts.retain(|contact| matches!(contact.uri.scheme, Scheme::Sip | Scheme::Sips));
        let weight = |contact: &NameAddr| {
            let q = contact.params.get("q").and_then(|q| q.parse::<f32>().ok());
            (q.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32
        };
        contacts.sort_by_key(|contact| Reverse(weight(contact)));
        self.targets.clear();
        for mut target in contacts.into_iter().map(|contact| contact.uri) {
            // RFC 3261 §19.1.5: a header that whoever answered would like to see in our request is not taken.
            target.headers.clear();
            if !self.former.iter().any(|former| former.equivalent(&target)) {
                self.former.push(target.clone());
                self.targets.push_back(target);
            }
        }
    }
}

impl UserAgent {
    /// A 3xx to a leg's first INVITE.
    pub(super) fn redirected(&mut self, now: Time, id: LegId, response: &Response) {
        let Some(leg) = self.calls.present_mut(id) else {
            return;
        };
        let called = self.dialogs.present(leg.dialog);
        let called = called.map(|dialog| dialog.remote_target.clone());
        let Some(calling) = leg.stage.calling_mut().asserted(CALLING) else {
            return;
        };
        let status = response.status.code();
        // RFC 3261 §21.3.4, §21.3.5: the Contact of 305 is a proxy, and that of 380 another kind of service.
        if let Some(called) = called
            && !calling.cancelled
            && calling.replaced.is_none()
            && !matches!(status, 305 | 380)
        {
            calling.redirections.read(response, &called);
        }
        self.call_refused(now, id, status);
    }

    /// The INVITE failed for good, unless a redirection has named another target.
    pub(super) fn call_refused(&mut self, now: Time, id: LegId, status: u16) {
        // A call that was cancelled while its name was looked up is over already.
        let Some(leg) = self.calls.get_mut(id) else {
            return;
        };
        let Some(calling) = leg.stage.calling_mut().asserted(CALLING) else {
            return;
        };
        if calling.cancelled {
            self.event(id, WireEvent::Gone);
            return self.end(now, id);
        }
        let last = calling.client.take();
        let invite = last.and_then(|last| self.transactions.request(last).cloned());
        if (600..700).contains(&status) {
            // RFC 3261 §21.6: no other target will do better.
            calling.redirections.forget();
        }
        match invite {
            Some(invite) => self.offer_target(now, id, invite, status),
            None => self.call_failed(now, id, status),
        }
    }

    /// Asks the core about the next target, where there is one.
    fn offer_target(&mut self, now: Time, id: LegId, invite: Request, status: u16) {
        let Some((leg, dialog)) = self.leg_mut(id) else {
            return;
        };
        let (called, account) = (dialog.remote.uri.clone(), dialog.account);
        let Some(calling) = leg.stage.calling_mut().asserted(CALLING) else {
            return;
        };
        let Some(target) = calling.redirections.targets.pop_front() else {
            return self.call_failed(now, id, status);
        };
        let to = target_of(&target);
        let own = |uri: &Uri| self.flows[account].is_own_host(&uri.host);
        let same_domain = called.host.equivalent(&target.host) || own(&called) && own(&target);
        let offered = Offered {
            target,
            invite,
            status,
        };
        if let Some(leg) = self.calls.present_mut(id)
            && let Some(calling) = leg.stage.calling_mut().asserted(CALLING)
        {
            calling.redirections.offered = Some(Box::new(offered));
        }
        let redirection = Redirection { to, same_domain };
        self.event(id, WireEvent::Redirected(redirection));
    }

    fn call_failed(&mut self, now: Time, id: LegId, status: u16) {
        self.tell_lost_referrer(now, id, status);
        let leg = self.calls.get_mut(id);
        let calling = leg.and_then(|leg| leg.stage.calling_mut());
        let event = calling.map(|calling| refusal(calling, status));
        self.event(id, event.unwrap_or(WireEvent::Refused { status }));
        self.end(now, id);
    }

    /// The target that the core was asked about last. `None`: the call is over, and the core may not know yet.
    fn offered_target(&mut self, id: LegId) -> Option<Offered> {
        let calling = self.calls.get_mut(id)?.stage.calling_mut()?;
        Some(*calling.redirections.offered.take()?)
    }

    /// The core follows the redirection.
    pub(crate) fn follow_redirection(&mut self, now: Time, id: LegId) {
        let Some(offered) = self.offered_target(id) else {
            return;
        };
        let Some((_, dialog)) = self.present_leg_mut(id) else {
            return;
        };
        dialog.remote_target = offered.target.clone();
        dialog.local_cseq += 1;
        let (cseq, account) = (dialog.local_cseq, dialog.account);
        let mut request = offered.invite;
        request.uri = offered.target;
        request.headers.remove_first(&HeaderName::Via);
        request
            .headers
            .set(HeaderName::CSeq, format!("{cseq} INVITE"));
        self.send_invite(now, id, account, request);
    }

    /// The core does not: the next target, or the end.
    pub(crate) fn refuse_redirection(&mut self, now: Time, id: LegId) {
        if let Some(offered) = self.offered_target(id) {
            self.offer_target(now, id, offered.invite, offered.status);
        }
    }
}
