//! Somebody sends us elsewhere: his REFER, which the core answers, and the NOTIFYs in which we tell how it went.
use crate::Source;
use crate::agent::{Timer, UserAgent};
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invite_usage::{InviteState, target_of};
use crate::outbound::cseq_of;
use crate::subscription::{EventId, LASTS, Notifier, NotifierState, Package, SubscriptionId};
use crate::transaction::ServerId;
use trialog_call::{LegId, Referral, Time, WireEvent};
use trialog_sip::{HeaderName, Method, NameAddr, Request, Scheme, TargetDialog, Uri, sipfrag};

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
        let call = match target {
            Some(Ok(target)) => self
                .dialogs
                .named(&target.call_id, &target.remote_tag, &target.local_tag)
                .and_then(|(_, dialog)| Some((dialog.call?, dialog.account))),
            Some(Err(_)) => return self.refuse(now, server, 400),
            None => None,
        };
        // A stranger may not make us call somebody; and without a call of ours there is nobody to be asked in.
        let Some((leg, account)) = call else {
            return self.refuse(now, server, 403);
        };
        let tag = self.random.tag();
        match Dialog::opened_by(request, tag, account) {
            Some(dialog) => self.take_referral(now, leg, server, request, source, Some(dialog)),
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
        let Some(leg) = self.legs.get(&id) else {
            return self.refuse(now, server, 481);
        };
        let pending = self.subscriptions.notifier_of(id).is_some();
        match leg.stage {
            InviteState::Up if !pending => {}
            // RFC 3261 §21.4.27: another REFER, or the INVITE, is pending in the dialog. With 481 the dialog would end.
            InviteState::Up | InviteState::Calling(_) | InviteState::Offered(_) => {
                return self.refuse(now, server, 491);
            }
            InviteState::Closing => return self.refuse(now, server, 481),
        }
        let own = own.map(|own| self.dialogs.open(own));
        let dialog = own.unwrap_or(leg.dialog);
        let (Some(of_call), Some(of_refer)) = (
            self.dialogs
                .get(leg.dialog)
                .map(|dialog| &dialog.remote.uri),
            self.dialogs.get(dialog),
        ) else {
            return self.refuse(now, server, 481);
        };
        let referral = Referral {
            replaces: to.uri.header("Replaces").is_some(),
            to: target_of(&to.uri),
            trusted: self.trusts(source, of_call),
        };
        let first = of_refer.refers_taken == 0;
        if let Some(dialog) = self.dialogs.get_mut(dialog) {
            dialog.refers_taken += 1;
        }
        self.begin_notifier(Notifier {
            dialog,
            leg: id,
            event: EventId {
                package: Package::Refer,
                number: cseq_of(request),
                first,
            },
            server: Some(server),
            expires_at: now + LASTS,
            last_sent: false,
            state: NotifierState::Refer(ReferServer {
                referred_by: request
                    .headers
                    .get(&HeaderName::ReferredBy)
                    .map(str::to_owned),
                status: 100,
            }),
        });
        self.event(id, WireEvent::Referred(referral));
    }

    /// 202, and the first NOTIFY at once (RFC 3515 §2.4.4).
    pub(crate) fn accept_referral(&mut self, now: Time, leg: LegId) {
        let Some((id, dialog, server)) = self.unanswered_referral(leg) else {
            return;
        };
        if let Some(response) = self.dialog_response(dialog, server, 202) {
            self.transactions
                .respond(now, server, &response, &mut self.out);
        }
        self.timers.set(Timer::Notifier(id), now + LASTS);
        self.notify_referral(now, id, 100, None);
    }

    pub(crate) fn refuse_referral(&mut self, now: Time, leg: LegId, status: u16) {
        if let Some((id, _, server)) = self.unanswered_referral(leg) {
            self.refuse(now, server, status);
            self.end_notifier(id);
        }
    }

    /// The REFER that the core has not decided on yet. It is taken for decided.
    fn unanswered_referral(&mut self, leg: LegId) -> Option<(SubscriptionId, DialogId, ServerId)> {
        let id = self.subscriptions.notifier_of(leg)?;
        let notifier = self.subscriptions.notifiers.get_mut(&id)?;
        Some((id, notifier.dialog, notifier.server.take()?))
    }

    /// The final NOTIFY.
    pub(crate) fn referral_result(&mut self, now: Time, leg: LegId, status: u16) {
        if let Some((id, _, server)) = self.unanswered_referral(leg) {
            // It was never accepted: there is no subscription.
            self.refuse(now, server, status.max(400));
            return self.end_notifier(id);
        }
        if let Some(id) = self.subscriptions.notifier_of(leg) {
            self.notify_referral(now, id, status, Some("noresource"));
        }
    }

    /// A call of ours that follows from a REFER has come to a result. Where the REFER's own call is over, the core has
    /// forgotten it; but its subscription lives on in the dialog (RFC 5057 §4.1), and a referrer that hung up early is still
    /// told the end.
    pub(crate) fn tell_lost_referrer(&mut self, now: Time, id: LegId, status: u16) {
        let follows = self.legs.get_mut(&id).and_then(|leg| leg.follows.take());
        let Some(referrer) = follows.filter(|referrer| !self.legs.contains_key(referrer)) else {
            return;
        };
        if let Some(id) = self.subscriptions.notifier_of(referrer)
            && let Some(notifier) = self.subscriptions.notifiers.get(&id)
            && notifier.server.is_none()
            && !notifier.last_sent
        {
            self.notify_referral(now, id, status, Some("noresource"));
        }
    }

    fn notify_referral(&mut self, now: Time, id: SubscriptionId, status: u16, last: Option<&str>) {
        if let Some(notifier) = self.subscriptions.notifiers.get_mut(&id) {
            let NotifierState::Refer(refer) = &mut notifier.state;
            refer.status = status;
            self.notify(now, id, last);
        }
    }

    /// The Referred-By of a REFER, for the INVITE that follows from it.
    pub(crate) fn referred_by(&self, referral: Option<LegId>) -> Option<String> {
        let id = self.subscriptions.notifier_of(referral?)?;
        let NotifierState::Refer(refer) = &self.subscriptions.notifiers.get(&id)?.state;
        refer.referred_by.clone()
    }
}

/// What is kept of the far side's REFER.
pub(crate) struct ReferServer {
    /// To be carried into our INVITE.
    referred_by: Option<String>,
    /// How the call that it asked for goes: the status that the last NOTIFY had.
    status: u16,
}

impl ReferServer {
    /// Content-Type and body of a NOTIFY (RFC 3515 §2.4.5).
    pub(crate) fn content(&self) -> (&'static str, Vec<u8>) {
        (sipfrag::CONTENT_TYPE, sipfrag::build(self.status))
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
