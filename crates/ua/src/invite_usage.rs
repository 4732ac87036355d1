//! What the user agent knows of one leg: its session, and what is under way in it.
use crate::capabilities::{read_capabilities, unknown_peer};
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invite::{Redirections, Reliable, Replaced};
use crate::media::{Foreseen, Media};
use crate::presented::Statement;
use crate::renegotiation::Renegotiation;
use crate::session_timer::{Asked, SessionTimer};
use crate::transaction::timing::{T1, T2, TRANSACTION_TIMEOUT};
use crate::transaction::{ClientId, ServerId};
use crate::trust::net_of;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use trialog_call::{ByeReason, Capabilities, LegId, PartyIdentity, Target, Time};
use trialog_sdp::{Description, Negotiated};
use trialog_sip::{HeaderName, Headers, Request, Uri};

/// A leg, from its first INVITE until its BYE: the usage of a dialog that a call is.
pub(crate) struct InviteUsage {
    pub(crate) id: LegId,
    pub(crate) stage: InviteState,
    pub(crate) dialog: DialogId,
    pub(crate) media: Media,
    pub(crate) capabilities: Capabilities,
    /// Who the far side is, as a peer that is believed stated it last.
    pub(crate) stated: Option<Statement>,
    /// Who the far side is, where it has not asked to be hidden from others.
    pub(crate) nameable: Option<Arc<PartyIdentity>>,
    /// The far side's Allow has INFO.
    pub(crate) allows_info: bool,
    /// The far side's Allow has UPDATE.
    pub(crate) allows_update: bool,
    /// It has refused an UPDATE all the same.
    pub(crate) refused_update: bool,
    /// It has refused to leave one of the codecs that it has answered.
    pub(crate) refused_one_codec: bool,
    /// It has refused a digit in an INFO all the same.
    pub(crate) refused_digit: bool,
    /// Net of the sender of its INVITE, where it was not ours.
    pub(crate) called_from: Option<IpAddr>,
    /// That sender is a stranger.
    pub(crate) by_stranger: bool,
    /// What was agreed with a caller whose sound is to go elsewhere, until it is known that it can be reached.
    pub(crate) held_back: Option<Box<Negotiated>>,
    /// A request has come in its dialog, so that our answers arrive.
    pub(crate) is_reached: bool,
    /// The far side's Contact has `isfocus`.
    pub(crate) far_focus: bool,
    /// Our Contact has it.
    pub(crate) focus: bool,
    pub(crate) renegotiation: Renegotiation,
    /// It is of an earlier run of the phone, and its re-INVITE waits for the registrar's answer.
    pub(crate) awaits_registration: bool,
    /// It is of an earlier run of the phone, and no session was agreed in this one.
    pub(crate) taken_up: bool,
    pub(crate) session: SessionTimer,
    /// Our provisional response that was acknowledged last, or waits for its PRACK.
    pub(crate) reliable: Option<Reliable>,
    /// Our 2xx that waits for its ACK.
    pub(crate) accept: Option<Accept>,
    /// Our INVITE follows from the REFER that came on this leg, and its result has not been told there.
    pub(crate) follows: Option<LegId>,
    /// The core knows that it is over and waits for nothing.
    pub(crate) told: bool,
    /// Goes into our BYE, where that has to wait.
    pub(crate) bye_reason: Option<ByeReason>,
    /// It ends because nobody has refreshed its session.
    pub(crate) expired: bool,
    pub(crate) bye_sent: bool,
}

impl InviteUsage {
    pub(crate) fn new(id: LegId, stage: InviteState, dialog: DialogId, media: Media) -> Self {
        Self {
            id,
            stage,
            dialog,
            media,
            capabilities: unknown_peer(),
            stated: None,
            nameable: None,
            allows_info: false,
            allows_update: false,
            refused_update: false,
            refused_one_codec: false,
            refused_digit: false,
            called_from: None,
            by_stranger: false,
            held_back: None,
            is_reached: false,
            far_focus: false,
            focus: false,
            renegotiation: Renegotiation::default(),
            awaits_registration: false,
            taken_up: false,
            session: SessionTimer::default(),
            reliable: None,
            accept: None,
            follows: None,
            told: false,
            bye_reason: None,
            expired: false,
            bye_sent: false,
        }
    }

    /// Their INVITE, while it waits for our final answer.
    pub(crate) fn offered(&self) -> Option<&Offered> {
        match &self.stage {
            InviteState::Offered(offered) => Some(offered),
            _ => None,
        }
    }

    /// As [`InviteUsage::offered`], to be changed.
    pub(crate) fn offered_mut(&mut self) -> Option<&mut Offered> {
        match &mut self.stage {
            InviteState::Offered(offered) => Some(offered),
            _ => None,
        }
    }

    /// Updates what is known of the far side by a message of it.
    pub(crate) fn hear_capabilities(&mut self, headers: &Headers) {
        read_capabilities(&mut self.capabilities, headers);
        if headers.contains(&HeaderName::Allow) {
            self.allows_info = headers.has_token(&HeaderName::Allow, "INFO");
            let allows_update = headers.has_token(&HeaderName::Allow, "UPDATE");
            self.allows_update = allows_update && !self.refused_update;
        }
    }

    /// Whether an INVITE with a false sender's address may have asked for sound to a third party: its sender was never heard of
    /// again, and the sound is not to go where the INVITE came from.
    pub(crate) fn may_be_made_up(&self, negotiated: &Negotiated) -> bool {
        let wanted = [negotiated.remote, negotiated.remote_rtcp];
        let elsewhere = |from: IpAddr| wanted.iter().any(|to| net_of(to.ip()) != from);
        !self.is_reached && self.called_from.is_some_and(elsewhere)
    }

    /// Net of the stranger that called.
    pub(crate) fn stranger(&self) -> Option<IpAddr> {
        self.called_from.filter(|_| self.by_stranger)
    }

    /// The early dialog of our INVITE in which this request came.
    pub(crate) fn early_dialog_of(&self, request: &Request) -> Option<&Dialog> {
        let InviteState::Calling(calling) = &self.stage else {
            return None;
        };
        let mut dialogs = calling.early.iter().map(|early| &early.dialog);
        dialogs.find(|dialog| dialog.has(request))
    }

    /// The same, to be changed.
    pub(crate) fn early_dialog_mut(&mut self, request: &Request) -> Option<&mut Dialog> {
        Some(&mut self.early_mut(request)?.dialog)
    }

    /// The same with what is known of its fork.
    pub(crate) fn early_mut(&mut self, request: &Request) -> Option<&mut EarlyDialog> {
        let calling = self.stage.calling_mut()?;
        let mut early = calling.early.iter_mut();
        early.find(|early| early.dialog.has(request))
    }
}

/// Where a leg stands.
#[derive(Debug)]
pub(crate) enum InviteState {
    /// Our INVITE waits for its final answer.
    Calling(Calling),
    /// Their INVITE waits for ours.
    Offered(Offered),
    /// A 2xx was sent or acknowledged.
    Up,
    /// We hang up: our BYE waits to be sent or answered.
    Closing,
}

impl InviteState {
    /// Our INVITE, while it waits for its final answer.
    pub(crate) fn calling_mut(&mut self) -> Option<&mut Calling> {
        match self {
            Self::Calling(calling) => Some(calling),
            _ => None,
        }
    }
}

/// Our INVITE.
#[derive(Debug, Default)]
pub(crate) struct Calling {
    /// Its present transaction; `None` while a name is resolved.
    pub(crate) client: Option<ClientId>,
    /// A provisional answer came, so CANCEL may be sent (RFC 3261 §9.1).
    pub(crate) provisional: bool,
    /// We want it no more.
    pub(crate) cancelled: bool,
    /// CANCEL was sent.
    pub(crate) cancel_sent: bool,
    /// One for each fork that has answered provisionally.
    pub(crate) early: Vec<EarlyDialog>,
    /// Where redirections have pointed to.
    pub(crate) redirections: Redirections,
    /// It replaces a dialog of an earlier run of the phone: the call is up for the core.
    pub(crate) replaced: Option<Box<Replaced>>,
}

/// A dialog that a provisional answer to our INVITE has opened (RFC 3261 §12.1.2).
#[derive(Debug)]
pub(crate) struct EarlyDialog {
    pub(crate) dialog: Dialog,
    /// What the session would be by this fork's answer to our offer, where it has come already.
    pub(crate) answer: Option<Foreseen>,
    /// That answer came reliably, or there were others since (RFC 3311): what its 2xx says of the session is passed over.
    pub(crate) settled: bool,
    /// RSeq of its last provisional response that we have acknowledged.
    pub(crate) rseq: Option<u32>,
}

/// Their INVITE.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) server: ServerId,
    /// Its number, which its ACK will have, too.
    pub(crate) cseq: u32,
    /// Their offer; `None`: we are to make one in the 2xx.
    pub(crate) offer: Option<Description>,
    /// What it says of the session timer.
    pub(crate) session: Asked,
    /// Our provisional responses are to be acknowledged.
    pub(crate) reliably: bool,
    /// What was agreed before our 2xx: our offer went with a provisional response.
    pub(crate) agreed: Option<Box<Negotiated>>,
    /// The core has taken the call, and our 2xx waits for a PRACK.
    pub(crate) taken: bool,
    /// We said 180.
    pub(crate) ringing: bool,
    /// Who has not given up by then is taken to have vanished.
    pub(crate) until: Time,
}

/// Our 2xx, which is sent again until its ACK comes.
#[derive(Debug)]
pub(crate) struct Accept {
    pub(crate) server: ServerId,
    /// Number of the INVITE, which its ACK has, too.
    pub(crate) cseq: u32,
    /// It answers the leg's first INVITE.
    pub(crate) first: bool,
    /// Our offer went with it: the answer comes with the ACK.
    pub(crate) offered: bool,
    interval: Duration,
    give_up: Time,
}

impl Accept {
    /// Our 2xx to the INVITE of this number has just been sent.
    pub(crate) fn new(now: Time, server: ServerId, cseq: u32) -> Self {
        Self {
            server,
            cseq,
            first: false,
            offered: false,
            interval: T1,
            give_up: now + TRANSACTION_TIMEOUT,
        }
    }

    /// When the timer is to fire for the first time.
    pub(crate) fn first_due(&self, now: Time) -> Time {
        now + self.interval
    }

    /// The timer has fired: the 2xx is to be sent again, and the timer set to this. `None`: no ACK comes any more.
    pub(crate) fn on_timer(&mut self, now: Time) -> Option<Time> {
        if now >= self.give_up {
            return None;
        }
        self.interval = (self.interval * 2).min(T2);
        Some((now + self.interval).min(self.give_up))
    }
}

/// Referred to by the core: a URI as text.
pub(crate) fn target_of(uri: &Uri) -> Target {
    Target(uri.to_string())
}
