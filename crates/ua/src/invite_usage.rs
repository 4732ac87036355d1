//! What the user agent knows of one leg: its session, and what is under way in it.
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::media::{Foreseen, Media, Wanted};
use crate::transaction::{ClientId, ServerId};
use std::collections::VecDeque;
use std::time::Duration;
use trialog_call::{ByeReason, Capabilities, LegId, SessionIntent, Target, Time};
use trialog_sdp::Description;
use trialog_sip::{HeaderName, Headers, Request, Uri};

/// A leg, from its first INVITE until its BYE: the usage of a dialog that a call is.
pub(crate) struct InviteUsage {
    pub(crate) id: LegId,
    pub(crate) stage: InviteState,
    pub(crate) dialog: DialogId,
    pub(crate) media: Media,
    pub(crate) capabilities: Capabilities,
    /// The far side's Contact has `isfocus`.
    pub(crate) far_focus: bool,
    /// Our Contact has it.
    pub(crate) focus: bool,
    pub(crate) renegotiation: Renegotiation,
    /// Our 2xx that waits for its ACK.
    pub(crate) accept: Option<Accept>,
    /// Our INVITE follows from the REFER that came on this leg, and its result has not been told there.
    pub(crate) follows: Option<LegId>,
    /// The core knows that it is over and waits for nothing.
    pub(crate) told: bool,
    /// Goes into our BYE, where that has to wait.
    pub(crate) bye_reason: Option<ByeReason>,
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
            far_focus: false,
            focus: false,
            renegotiation: Renegotiation::default(),
            accept: None,
            follows: None,
            told: false,
            bye_reason: None,
            bye_sent: false,
        }
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
        let InviteState::Calling(calling) = &mut self.stage else {
            return None;
        };
        let mut dialogs = calling.early.iter_mut().map(|early| &mut early.dialog);
        dialogs.find(|dialog| dialog.has(request))
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
    /// Where else to try after a redirection.
    pub(crate) alternatives: VecDeque<Uri>,
    /// How many redirections were followed.
    pub(crate) redirections: u8,
}

/// A dialog that a provisional answer to our INVITE has opened (RFC 3261 §12.1.2).
#[derive(Debug)]
pub(crate) struct EarlyDialog {
    pub(crate) dialog: Dialog,
    /// What the session would be by this fork's answer to our offer, where it has come already.
    pub(crate) answer: Option<Foreseen>,
}

/// Their INVITE.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) server: ServerId,
    /// Its number, which its ACK will have, too.
    pub(crate) cseq: u32,
    /// Their offer; `None`: we are to make one in the 2xx.
    pub(crate) offer: Option<Description>,
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
    pub(crate) interval: Duration,
    pub(crate) give_up: Time,
}

/// Our re-INVITEs.
#[derive(Debug, Default)]
pub(crate) struct Renegotiation {
    /// What the core wants and no re-INVITE says yet.
    pub(crate) wanted: Option<SessionIntent>,
    /// What the re-INVITE under way says.
    pub(crate) in_flight: Option<InFlight>,
    /// How often it was put off.
    pub(crate) tries: u8,
}

/// A re-INVITE that waits for its final answer.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) session: SessionIntent,
    pub(crate) before: Wanted,
}

/// Learns what a peer can do. Headers that are missing change nothing.
pub(crate) fn read_capabilities(capabilities: &mut Capabilities, headers: &Headers) {
    if headers.contains(&HeaderName::Allow) {
        capabilities.refer = headers.has_token(&HeaderName::Allow, "REFER");
    }
    if headers.contains(&HeaderName::Supported) {
        capabilities.replaces = headers.has_token(&HeaderName::Supported, "replaces");
    }
    let recv_info = HeaderName::new(crate::info::RECV_INFO);
    if let Some(packages) = headers.get(&recv_info) {
        capabilities.trialog = packages
            .split(',')
            .any(|package| package.trim().eq_ignore_ascii_case(crate::info::PACKAGE));
    }
}

/// What is known of a peer before it has said anything: a missing Allow does not forbid REFER; its answer will tell.
pub(crate) fn unknown_peer() -> Capabilities {
    Capabilities {
        refer: true,
        replaces: false,
        trialog: false,
    }
}

/// Referred to by the core: a URI as text.
pub(crate) fn target_of(uri: &Uri) -> Target {
    Target(uri.to_string())
}
