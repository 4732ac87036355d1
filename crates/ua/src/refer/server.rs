//! Somebody sends us elsewhere: his REFER, which the core answers, and the NOTIFYs in which we tell how it went.
use crate::agent::{Timer, UserAgent};
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::inbound::MISCELLANEOUS;
use crate::invite_usage::{InviteState, target_of};
use crate::outbound::cseq_of;
use crate::party::party_of;
use crate::presented::caller;
use crate::subscription::{EventId, LASTS, Notifier, NotifierState, Package, SubscriptionId};
use crate::transaction::ServerId;
use crate::trust::Origin;
use trialog_call::{AccountId, CallRequest, Grade, LegId, Referral, Time, WireEvent};
use trialog_sip::{
    HeaderName, Headers, Method, NameAddr, Request, Scheme, TargetDialog, Uri, sipfrag,
};

impl UserAgent {
    /// A REFER in a leg's dialog.
    pub(crate) fn referred(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        self.take_referral(now, id, server, request, origin, None);
    }

    /// A REFER outside any dialog: in the call that Target-Dialog (RFC 4538) names, or by itself.
    pub(crate) fn referred_outside(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let call = match self.target_dialog(request) {
            Ok(None) if request.headers.contains(&HeaderName::TargetDialog) => {
                let why = "Target-Dialog names no call of ours";
                return self.refuse_because(now, server, 403, MISCELLANEOUS, why);
            }
            Ok(call) => call,
            Err(status) => return self.refuse(now, server, status),
        };
        let account = call.map_or_else(|| self.flows.called_by(request), |(_, account)| account);
        let tag = self.random.tag();
        let mut dialog = match Dialog::opened_by(request, tag, account) {
            Ok(dialog) => dialog,
            Err(why) => return self.refuse_contact(now, server, why),
        };
        dialog.opened_by = Some(origin.grade);
        match call {
            Some((leg, _)) => self.take_referral(now, leg, server, request, origin, Some(dialog)),
            None => self.take_call_request(now, server, request, origin, dialog),
        }
    }

    /// A REFER that belongs to no call. The door has turned strangers away.
    fn take_call_request(
        &mut self,
        now: Time,
        server: ServerId,
        request: &Request,
        origin: &Origin,
        dialog: Dialog,
    ) {
        let Some(to) = self.asked_for(now, server, request) else {
            return;
        };
        let (by, _) = caller(&dialog.remote, &request.headers, origin.believed);
        let account = dialog.account;
        let asked = CallRequest {
            account: AccountId(u16::try_from(account).unwrap_or(u16::MAX)),
            by: by.into(),
            referral: self.referral(&to, account, origin.grade),
        };
        let leg = self.calls.next_received();
        let dialog = self.dialogs.open(dialog);
        self.begin_refer_notifier(now, leg, dialog, server, request);
        self.event(leg, WireEvent::CallAsked(asked));
    }

    /// The one URI that a REFER names, where it can be called; else it has been refused.
    fn asked_for(&mut self, now: Time, server: ServerId, request: &Request) -> Option<NameAddr> {
        // RFC 3515 §2.4.1: exactly one Refer-To.
        let rows = request.headers.rows_of(&HeaderName::ReferTo).count();
        let to = request.headers.typed::<NameAddr>(&HeaderName::ReferTo);
        let (1, Some(Ok(to))) = (rows, to) else {
            self.refuse(now, server, 400);
            return None;
        };
        if let Err((status, why)) = can_be_called(&to.uri) {
            let why = format_args!("Refer-To: {why}");
            self.refuse_because(now, server, status, MISCELLANEOUS, why);
            return None;
        }
        Some(to)
    }

    fn referral(&self, to: &NameAddr, account: usize, grade: Grade) -> Referral {
        Referral {
            replaces: to.uri.header("Replaces").is_some(),
            to: target_of(&to.uri),
            party: party_of(to).into(),
            elsewhere: self.flows[account].is_elsewhere(&to.uri),
            grade,
        }
    }

    fn begin_refer_notifier(
        &mut self,
        now: Time,
        leg: LegId,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
    ) {
        let Some(of_refer) = self.dialogs.present_mut(dialog) else {
            return;
        };
        let first = of_refer.refers_taken == 0;
        of_refer.refers_taken += 1;
        self.begin_notifier(Notifier {
            dialog,
            leg,
            event: EventId {
                package: Package::Refer,
                number: cseq_of(request),
                first,
            },
            server: Some(server),
            expires_at: now + LASTS,
            last_sent: false,
            silent: wants_no_subscription(&request.headers),
            state: NotifierState::Refer(ReferServer {
                referred_by: request
                    .headers
                    .get(&HeaderName::ReferredBy)
                    .map(str::to_owned),
                status: 100,
            }),
        });
    }

    /// The call of ours that Target-Dialog (RFC 4538) names by both tags, and its account.
    pub(crate) fn target_dialog(&self, request: &Request) -> Result<Option<(LegId, usize)>, u16> {
        let target = request
            .headers
            .typed::<TargetDialog>(&HeaderName::TargetDialog);
        match target {
            Some(Ok(target)) => Ok(self
                .dialogs
                .named(&target.call_id, &target.remote_tag, &target.local_tag)
                .and_then(|(_, dialog)| Some((dialog.call?, dialog.account)))),
            Some(Err(_)) => Err(400),
            None => Ok(None),
        }
    }

    fn take_referral(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
        own: Option<Dialog>,
    ) {
        let Some(to) = self.asked_for(now, server, request) else {
            return;
        };
        let Some(leg) = self.calls.present(id) else {
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
        let Some(of_call) = self.dialogs.present(leg.dialog) else {
            return self.refuse(now, server, 481);
        };
        let (account, grade) = (of_call.account, of_call.grade(origin.grade));
        let referral = self.referral(&to, account, grade);
        self.begin_refer_notifier(now, id, dialog, server, request);
        self.event(id, WireEvent::Referred(referral));
    }

    /// 202, and the first NOTIFY at once (RFC 3515 §2.4.4).
    pub(crate) fn accept_referral(&mut self, now: Time, leg: LegId) {
        let Some((id, dialog, server)) = self.unanswered_referral(leg) else {
            // The call has ended, and with it the REFER was refused; the core may not know yet.
            return;
        };
        let notifier = self.subscriptions.notifier(id);
        let silent = notifier.is_some_and(|notifier| notifier.silent);
        if let Some(mut response) = self.dialog_response(dialog, server, 202) {
            if silent {
                response.headers.push(HeaderName::ReferSub, "false");
            }
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
        let notifier = self.subscriptions.notifier_mut(id)?;
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
        let follows = self.calls.get_mut(id).and_then(|leg| leg.follows.take());
        let Some(referrer) = follows.filter(|referrer| self.calls.get(*referrer).is_none()) else {
            return;
        };
        if let Some(id) = self.subscriptions.notifier_of(referrer)
            && let Some(notifier) = self.subscriptions.notifier(id)
            && notifier.is_active()
        {
            self.notify_referral(now, id, status, Some("noresource"));
        }
    }

    fn notify_referral(&mut self, now: Time, id: SubscriptionId, status: u16, last: Option<&str>) {
        if let Some(notifier) = self.subscriptions.notifier_mut(id)
            && let NotifierState::Refer(refer) = &mut notifier.state
        {
            refer.status = status;
            self.notify(now, id, last);
        }
    }

    /// The Referred-By of a REFER, for the INVITE that follows from it.
    pub(crate) fn referred_by(&self, referral: Option<LegId>) -> Option<String> {
        let id = self.subscriptions.notifier_of(referral?)?;
        match &self.subscriptions.notifier(id)?.state {
            NotifierState::Refer(refer) => refer.referred_by.clone(),
            NotifierState::Conference(_) => None,
        }
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

/// RFC 4488 §4: the sender of a REFER wants no subscription with it.
fn wants_no_subscription(headers: &Headers) -> bool {
    headers.get(&HeaderName::ReferSub).is_some_and(|value| {
        let value = value.split(';').next().unwrap_or_default();
        value.trim().eq_ignore_ascii_case("false")
    })
}

/// Whether following this Refer-To would be a call, and nothing else. A REFER can point to anything (RFC 3515 §2.1); else the status
/// and, for people, why not.
fn can_be_called(to: &Uri) -> Result<(), (u16, &'static str)> {
    let invites = |method: &str| method.eq_ignore_ascii_case(Method::Invite.as_str());
    match to.scheme {
        // RFC 3261 §19.1.1: a URI may ask for another method.
        Scheme::Sip | Scheme::Sips if !to.params.get("method").is_none_or(invites) => {
            Err((403, "a method other than INVITE"))
        }
        Scheme::Sip | Scheme::Sips | Scheme::Tel => Ok(()),
        // RFC 3261 §21.4.14.
        _ => Err((416, "no sip, sips or tel URI")),
    }?;
    // RFC 3261 §19.1.5: its headers would stand in our INVITE. Only what names a dialog of the party is taken. The
    // Require that phones write beside it says no more.
    let taken = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("Replaces")
            || name.eq_ignore_ascii_case("Require") && value.eq_ignore_ascii_case("replaces")
    };
    if to.headers.iter().all(taken) {
        Ok(())
    } else {
        Err((403, "a header other than Replaces"))
    }
}
