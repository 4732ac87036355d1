//! What of a call's dialogs outlives a crash: it is told after each step, and the next run of the phone goes on with it.
use crate::RegistrationState;
use crate::agent::{Timer, UserAgent};
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invite_usage::{InviteState, InviteUsage};
use crate::media::Media;
use crate::subscription::{EventId, Package, Subscriber};
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{AccountId, Capabilities, Grade, LegId, PartyIdentity, Time};
use trialog_sdp::KeptSession;
use trialog_sip::{NameAddr, Uri};

/// Requests of ours that may have been sent after the last one that was kept. RFC 3261 §12.2.2: a number that is higher by more than
/// one is in order, one that was used is not.
const UNKEPT: u32 = 16;

/// RFC 3261 §8.1.1.5: a CSeq is below 2³¹.
const CSEQ_END: u32 = 1 << 31;

/// More routes than a message has room for are none of ours.
const MOST_ROUTES: usize = 64;

/// So long the registrar is waited for, whose challenge shows what our requests need.
const REGISTRATION: Duration = Duration::from_millis(1_500);

/// A dialog whose call is up, as the next run of the phone needs it. It holds no keys and no passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDialog {
    /// The leg that it is.
    pub leg: LegId,
    /// Its account.
    pub account: AccountId,
    /// As in RFC 3261 §12.
    pub call_id: String,
    /// Our address, without tag.
    pub local: String,
    /// Our tag.
    pub local_tag: String,
    /// The far side's address, without tag.
    pub remote: String,
    /// Its tag.
    pub remote_tag: String,
    /// A URI: the far side's last Contact.
    pub remote_target: String,
    /// The way there, nearest first.
    pub route_set: Vec<String>,
    /// Number of our last request.
    pub local_cseq: u32,
    /// Number of the far side's last request.
    pub remote_cseq: Option<u32>,
    /// We sent the first request.
    pub owns_call_id: bool,
    /// The far side is not to know who we are.
    pub private: bool,
    /// How far the peer was believed that opened it; `None`: we did.
    pub opened_by: Option<Grade>,
    /// REFERs that we sent in it, and those that came.
    pub refers: (u32, u32),
    /// The REFER of ours in it that has no final NOTIFY: its CSeq number, and whether it is the dialog's first.
    pub refer: Option<(u32, bool)>,
    /// The far party, where others may be told of it.
    pub nameable: Option<Arc<PartyIdentity>>,
    /// What the far side can do.
    pub capabilities: Capabilities,
    /// It takes INFO.
    pub allows_info: bool,
    /// It takes UPDATE.
    pub allows_update: bool,
    /// Our Contact has `isfocus`.
    pub focus: bool,
    /// The far side's has.
    pub far_focus: bool,
    /// It holds us.
    pub far_held: bool,
    /// What sound was agreed.
    pub session: KeptSession,
}

impl UserAgent {
    /// A leg's dialog, to go on with it in the next run; `None`: it is not up, or no sound was agreed yet.
    pub(crate) fn kept_dialog(&self, id: LegId) -> Option<KeptDialog> {
        let leg = self.calls.get(id)?;
        let dialog = self.dialogs.get(leg.dialog)?;
        match &leg.stage {
            InviteState::Up => {}
            // Nothing is agreed yet that could be gone on with but what was before.
            InviteState::Calling(calling) => {
                return calling
                    .replaced
                    .as_ref()
                    .map(|replaced| replaced.kept.clone());
            }
            InviteState::Offered(_) | InviteState::Closing => return None,
        }
        Some(KeptDialog {
            leg: id,
            account: AccountId(u16::try_from(dialog.account).ok()?),
            call_id: dialog.call_id.clone(),
            local: dialog.local.to_string(),
            local_tag: dialog.local_tag.clone(),
            remote: dialog.remote.to_string(),
            remote_tag: dialog.remote_tag.clone()?,
            remote_target: dialog.remote_target.to_string(),
            route_set: dialog.route_set.iter().map(NameAddr::to_string).collect(),
            local_cseq: dialog.local_cseq,
            remote_cseq: dialog.remote_cseq,
            owns_call_id: dialog.owns_call_id,
            private: dialog.private,
            opened_by: dialog.opened_by,
            refers: (dialog.refers_sent, dialog.refers_taken),
            refer: self.kept_refer(id),
            nameable: leg.nameable.clone(),
            capabilities: leg.capabilities,
            allows_info: leg.allows_info,
            allows_update: leg.allows_update,
            focus: leg.focus,
            far_focus: leg.far_focus,
            far_held: leg.media.far_held,
            session: leg.media.kept()?,
        })
    }

    /// Goes on with a dialog of an earlier run, whose sound is received at this port from now on: the core's next re-INVITE tells the far
    /// side so. False: what was kept makes no dialog.
    pub(crate) fn take_up(&mut self, now: Time, kept: &KeptDialog, rtp_port: u16) -> bool {
        let account = usize::from(kept.account.0);
        let Some(mut dialog) = dialog_of(kept).filter(|_| account < self.flows.len()) else {
            return false;
        };
        if self.calls.get(kept.leg).is_some() || self.dialogs.tagged(&kept.local_tag).is_some() {
            return false;
        }
        let flow = &self.flows[account];
        let address = flow.rtp_address(rtp_port, flow.likely_far(dialog.next_hop()));
        let has_registrar = flow.account.registrar.is_some();
        let security = self.fresh_keys();
        let codecs = &self.settings.codecs;
        let Some(media) = Media::resumed(&kept.session, address, codecs, security) else {
            return false;
        };
        dialog.call = Some(kept.leg);
        let mut leg = InviteUsage::new(kept.leg, InviteState::Up, self.dialogs.open(dialog), media);
        leg.media.far_held = kept.far_held;
        leg.nameable.clone_from(&kept.nameable);
        leg.capabilities = kept.capabilities;
        leg.allows_info = kept.allows_info;
        leg.allows_update = kept.allows_update;
        leg.focus = kept.focus;
        leg.far_focus = kept.far_focus;
        leg.is_reached = true;
        leg.taken_up = true;
        leg.renegotiation.want_address();
        leg.awaits_registration = has_registrar;
        let dialog = leg.dialog;
        self.calls.take_up(leg);
        if let Some((number, first)) = kept.refer {
            self.take_up_refer(now, kept.leg, dialog, number, first);
        }
        if has_registrar {
            let until = now + REGISTRATION;
            self.timers.set(Timer::Renegotiate(kept.leg), until);
        }
        true
    }

    /// The REFER of ours in this leg's dialog whose subscription lives.
    fn kept_refer(&self, id: LegId) -> Option<(u32, bool)> {
        let subscription = self.subscriptions.subscriber_of(id)?;
        let subscriber = self.subscriptions.subscriber(subscription)?;
        let event = subscriber.event;
        (event.number > 0 && !subscriber.ending).then_some((event.number, event.first))
    }

    /// Goes on with a REFER's subscription: its NOTIFYs are taken from now on, and how it stands is asked by a refresh (RFC 3515 §2.4.4,
    /// RFC 6665 §4.1.2.2) when the session has been stated.
    fn take_up_refer(&mut self, now: Time, leg: LegId, dialog: DialogId, number: u32, first: bool) {
        let subscription = self.begin_subscriber(Subscriber {
            dialog,
            leg,
            event: EventId {
                package: Package::Refer,
                number,
                first,
            },
            accepted: true,
            ending: false,
        });
        self.timers
            .set(Timer::Subscriber(subscription), now + REGISTRATION);
    }

    /// An account's registration is in this state. Where it is decided, the far sides of calls of an earlier run are told where we are.
    pub(crate) fn registration_is(&mut self, now: Time, account: usize, state: &RegistrationState) {
        if *state == RegistrationState::Registering {
            return;
        }
        for id in self.legs_of(account) {
            let Some(leg) = self.calls.get_mut(id) else {
                continue;
            };
            if std::mem::take(&mut leg.awaits_registration) {
                let dialog = leg.dialog;
                self.timers.cancel(Timer::Renegotiate(id));
                self.pump(now, dialog);
            }
        }
    }
}

fn dialog_of(kept: &KeptDialog) -> Option<Dialog> {
    let named = |text: &str| NameAddr::parse(text).ok();
    let is_there = |text: &String| !text.is_empty() && !text.contains(|c: char| c.is_control());
    if !is_there(&kept.call_id) || !is_there(&kept.local_tag) || kept.route_set.len() > MOST_ROUTES
    {
        return None;
    }
    let mut dialog = Dialog::invited(
        kept.call_id.clone(),
        named(&kept.local)?,
        kept.local_tag.clone(),
        named(&kept.remote)?,
        Uri::parse(&kept.remote_target).ok()?,
        usize::from(kept.account.0),
    );
    let routes = kept.route_set.iter().map(|route| named(route));
    dialog.route_set = routes.collect::<Option<_>>()?;
    dialog.remote_tag = Some(kept.remote_tag.clone());
    let cseq = kept.local_cseq.checked_add(UNKEPT)?;
    dialog.local_cseq = Some(cseq).filter(|cseq| *cseq < CSEQ_END)?;
    dialog.remote_cseq = kept.remote_cseq;
    dialog.owns_call_id = kept.owns_call_id;
    dialog.private = kept.private;
    dialog.opened_by = kept.opened_by;
    (dialog.refers_sent, dialog.refers_taken) = kept.refers;
    Some(dialog)
}
