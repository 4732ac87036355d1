//! Somebody sends us elsewhere: his REFER, which the core answers, and the NOTIFYs in which we tell how it went.
use crate::Source;
use crate::agent::{Alarm, UserAgent};
use crate::dialog::Dialog;
use crate::leg::{ReferIn, Stage, target_of};
use crate::outbound::{Purpose, cseq_of};
use crate::refer::{LASTS, PACKAGE, event, names};
use crate::transaction::ServerId;
use std::time::Duration;
use trialog_call::{LegId, Referral, Time, WireEvent};
use trialog_sip::{
    Event, HeaderName, Method, NameAddr, Request, Scheme, Seconds, SubscriptionState, TargetDialog,
    Uri, sipfrag,
};

impl UserAgent {
    /// A REFER in a leg's dialog.
    pub(crate) fn referred(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        source: &Source,
    ) {
        self.take_referral(now, id, server, request, source, None);
    }

    /// A REFER outside any dialog: only where Target-Dialog (RFC 4538) names one that we have.
    pub(crate) fn referred_outside(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        source: &Source,
    ) {
        let target = request
            .headers
            .typed::<TargetDialog>(&HeaderName::TargetDialog);
        let id = match target {
            Some(Ok(target)) => self
                .tags
                .get(target.remote_tag.as_str())
                .copied()
                .filter(|id| {
                    self.legs.get(id).is_some_and(|leg| {
                        leg.dialog.call_id == target.call_id.as_str()
                            && leg.dialog.remote_tag.as_deref() == Some(target.local_tag.as_str())
                    })
                }),
            Some(Err(_)) => return self.refuse(now, server, 400),
            None => None,
        };
        // A stranger may not make us call somebody; and without a call of ours there is nobody to be asked in.
        let Some(id) = id else {
            return self.refuse(now, server, 403);
        };
        let tag = self.random.tag();
        match Dialog::opened_by(request, tag) {
            Some(dialog) => self.take_referral(now, id, server, request, source, Some(dialog)),
            None => self.refuse(now, server, 400),
        }
    }

    fn take_referral(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        source: &Source,
        own: Option<Dialog>,
    ) {
        // RFC 3515 §2.4.1: exactly one Refer-To.
        let rows = request.headers.rows_of(&HeaderName::ReferTo).count();
        let to = request.headers.typed::<NameAddr>(&HeaderName::ReferTo);
        let (1, Some(Ok(to))) = (rows, to) else {
            return self.refuse(now, server, 400);
        };
        if let Err(status) = can_be_called(&to.uri) {
            return self.refuse(now, server, status);
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            return self.refuse(now, server, 481);
        };
        match leg.stage {
            Stage::Up if leg.refer_in.is_none() => {}
            // RFC 3261 §21.4.27: another REFER, or the INVITE, is pending in the dialog. With 481 the dialog would end.
            Stage::Up | Stage::Calling(_) | Stage::Offered(_) => {
                return self.refuse(now, server, 491);
            }
            Stage::Closing | Stage::Over => return self.refuse(now, server, 481),
        }
        leg.refers_taken += 1;
        let first = leg.refers_taken == 1 || own.is_some();
        if let Some(dialog) = &own {
            self.tags.insert(dialog.local_tag.clone(), id);
        }
        leg.refer_in = Some(ReferIn {
            server: Some(server),
            cseq: cseq_of(request),
            first,
            referred_by: request
                .headers
                .get(&HeaderName::ReferredBy)
                .map(str::to_owned),
            dialog: own,
            status: 100,
            expires_at: now + LASTS,
            last_sent: false,
        });
        let from = leg.dialog.remote.uri.clone();
        let referral = Referral {
            replaces: to.uri.header("Replaces").is_some(),
            to: target_of(&to.uri),
            trusted: self.trusts(source, &from),
        };
        self.event(id, WireEvent::Referred(referral));
    }

    /// 202, and the first NOTIFY at once (RFC 3515 §2.4.4).
    pub(crate) fn accept_referral(&mut self, now: Time, id: LegId) {
        let Some(server) = self.unanswered_referral(id) else {
            return;
        };
        let own_tag = self
            .legs
            .get(&id)
            .and_then(|leg| leg.refer_in.as_ref()?.dialog.as_ref())
            .map(|dialog| dialog.local_tag.clone());
        if let Some(mut response) = self.leg_response(id, server, 202) {
            if let Some(tag) = own_tag
                && let Some(to) = self.transactions.response(server, 202, Some(&tag))
                && let Some(to) = to.headers.get(&HeaderName::To)
            {
                response.headers.set(HeaderName::To, to);
            }
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
        self.alarms.set(Alarm::Referee(id), now + LASTS);
        self.notify(now, id, 100, None);
    }

    pub(crate) fn refuse_referral(&mut self, now: Time, id: LegId, status: u16) {
        if let Some(server) = self.unanswered_referral(id) {
            self.refuse(now, server, status);
            self.end_referral(now, id);
        }
    }

    fn unanswered_referral(&mut self, id: LegId) -> Option<ServerId> {
        let leg = self.legs.get_mut(&id)?;
        leg.refer_in.as_mut()?.server.take()
    }

    /// The final NOTIFY.
    pub(crate) fn referral_result(&mut self, now: Time, id: LegId, status: u16) {
        if let Some(server) = self.unanswered_referral(id) {
            // It was never accepted: nobody is subscribed.
            self.refuse(now, server, status.max(400));
            return self.end_referral(now, id);
        }
        self.notify(now, id, status, Some("noresource"));
    }

    /// A call of ours that follows from a REFER has come to a result. Where the REFER's own call is over, the core has
    /// forgotten it; but its subscription lives on in the dialog (RFC 5057 §4.1), and who hung up early still hears the end.
    pub(crate) fn tell_lost_referrer(&mut self, now: Time, id: LegId, status: u16) {
        let follows = self.legs.get_mut(&id).and_then(|leg| leg.follows.take());
        let Some(referrer) = follows.and_then(|referrer| self.legs.get(&referrer)) else {
            return;
        };
        let subscribed = referrer
            .refer_in
            .as_ref()
            .is_some_and(|refer| refer.server.is_none() && !refer.last_sent);
        if subscribed && matches!(referrer.stage, Stage::Over) {
            self.notify(now, referrer.id, status, Some("noresource"));
        }
    }

    /// Says how it stands; with a reason, for the last time. The subscription ends when that NOTIFY has been sent.
    fn notify(&mut self, now: Time, id: LegId, status: u16, last: Option<&str>) {
        let Some(refer) = self.legs.get_mut(&id).and_then(|leg| leg.refer_in.as_mut()) else {
            return;
        };
        refer.status = status;
        let left = refer.expires_at.since(now).as_secs();
        let state = match last {
            Some(reason) => SubscriptionState::terminated(reason),
            None => SubscriptionState::active(u32::try_from(left).unwrap_or(u32::MAX)),
        };
        let headers = vec![
            (HeaderName::Event, event(refer.cseq, refer.first)),
            (HeaderName::SubscriptionState, state.to_string()),
            (HeaderName::ContentType, sipfrag::CONTENT_TYPE.to_owned()),
        ];
        let body = sipfrag::build(status);
        let purpose = Purpose::Notify(id);
        refer.last_sent |= last.is_some();
        self.enqueue(now, id, Method::Notify, headers, body, purpose);
        self.drop_finished_referral(now, id);
    }

    /// The subscription is over once its last NOTIFY has left the queue.
    pub(crate) fn drop_finished_referral(&mut self, now: Time, id: LegId) {
        let finished = self.legs.get(&id).is_some_and(|leg| {
            leg.refer_in.as_ref().is_some_and(|refer| refer.last_sent)
                && !leg
                    .queue
                    .iter()
                    .any(|queued| queued.purpose == Purpose::Notify(id))
        });
        if finished {
            self.end_referral(now, id);
        }
    }

    fn end_referral(&mut self, now: Time, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id)
            && let Some(refer) = leg.refer_in.take()
        {
            if let Some(dialog) = refer.dialog {
                self.tags.remove(&dialog.local_tag);
            }
            self.alarms.cancel(Alarm::Referee(id));
            self.settle(now, id);
        }
    }

    /// A NOTIFY was refused: the subscription is gone (RFC 6665 §4.2.2). The call is not touched (RFC 5057 §5.1).
    pub(crate) fn notify_refused(&mut self, now: Time, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.queue
            .retain(|queued| queued.purpose != Purpose::Notify(id));
        self.end_referral(now, id);
    }

    /// A SUBSCRIBE in a leg's dialog: it refreshes or ends the subscription of the far side's REFER.
    pub(crate) fn subscribed(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let event = match request.headers.typed::<Event>(&HeaderName::Event) {
            Some(Ok(event)) => event,
            _ => return self.refuse(now, server, 400),
        };
        if !event.package.eq_ignore_ascii_case(PACKAGE) {
            return self.refuse_with(now, server, 489, &[(HeaderName::AllowEvents, PACKAGE)]);
        }
        let refer = self.legs.get_mut(&id).and_then(|leg| leg.refer_in.as_mut());
        let Some(refer) = refer.filter(|refer| {
            names(&event, refer.cseq) && refer.server.is_none() && !refer.last_sent
        }) else {
            return self.refuse(now, server, 481);
        };
        let asked = match request.headers.typed::<Seconds>(&HeaderName::Expires) {
            Some(Ok(Seconds(seconds))) => Duration::from_secs(u64::from(seconds)).min(LASTS),
            _ => LASTS,
        };
        refer.expires_at = now + asked;
        let status = refer.status;
        if let Some(mut response) = self.leg_response(id, server, 200) {
            response
                .headers
                .push(HeaderName::Expires, asked.as_secs().to_string());
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
        if asked.is_zero() {
            // RFC 6665 §4.4.1: an unsubscription gets its final NOTIFY, too.
            self.event(id, WireEvent::ReferralWithdrawn);
            self.notify(now, id, status, Some("timeout"));
        } else {
            self.alarms.set(Alarm::Referee(id), now + asked);
            self.notify(now, id, status, None);
        }
    }

    /// The subscription was not refreshed. The transfer goes on; only nobody is told of it any more.
    pub(crate) fn referee_timer(&mut self, now: Time, id: LegId) {
        let status = self
            .legs
            .get(&id)
            .and_then(|leg| leg.refer_in.as_ref())
            .map_or(100, |refer| refer.status);
        self.notify(now, id, status, Some("timeout"));
    }

    /// What a REFER's Referred-By said, for the INVITE that follows from it.
    pub(crate) fn referred_by(&self, referral: Option<LegId>) -> Option<String> {
        let leg = self.legs.get(&referral?)?;
        leg.refer_in.as_ref()?.referred_by.clone()
    }
}

/// Whether following this Refer-To would be a call. A REFER can point to anything (RFC 3515 §2.1); the status says why not.
fn can_be_called(to: &Uri) -> Result<(), u16> {
    let invites = |method: &str| method.eq_ignore_ascii_case(Method::Invite.as_str());
    match to.scheme {
        // RFC 3261 §19.1.1: a URI may ask for another method.
        Scheme::Sip if !to.params.get("method").is_none_or(invites) => Err(403),
        Scheme::Sip | Scheme::Tel => Ok(()),
        // RFC 3261 §21.4.14; sips: is one of them, as long as we speak no TLS.
        _ => Err(416),
    }
}
