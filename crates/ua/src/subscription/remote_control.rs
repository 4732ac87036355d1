//! The call's controls from elsewhere: NOTIFY of the packages `talk` and `hold` in the dialog of a call, which BroadSoft brought in and other
//! PBXs send when an agent clicks in a desktop of the PBX. There is no subscription behind them, so Subscription-State may be missing.
//!
//! They open the microphone, so only an account's server and a trusted address have a say, and only where the configuration wants it: a
//! server that passes a caller's own requests on lends its word to that caller.
use crate::Output;
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::transaction::ServerId;
use crate::trust::Origin;
use trialog_call::Time;
use trialog_sip::Event;

/// What is to be done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteControl {
    /// Answer it, or take it off hold.
    Talk,
    /// Hold it.
    Hold,
}

impl UserAgent {
    /// The control that this package stands for, where such are taken.
    pub(super) fn control_of(&self, event: &Event) -> Option<RemoteControl> {
        let is = |name: &str| event.package.eq_ignore_ascii_case(name);
        match self.settings.remote_control {
            true if is("talk") => Some(RemoteControl::Talk),
            true if is("hold") => Some(RemoteControl::Hold),
            _ => None,
        }
    }

    /// 200 says that it was heard; whether the call's state permits it shows in the call.
    pub(super) fn controlled(
        &mut self,
        now: Time,
        dialog: DialogId,
        server: ServerId,
        control: RemoteControl,
        origin: &Origin,
    ) {
        let leg = self.dialogs.get(dialog).and_then(|dialog| dialog.call);
        let Some(leg) = leg.filter(|leg| self.calls.get(*leg).is_some()) else {
            return self.respond_plainly(now, Some(dialog), server, 481);
        };
        if !(origin.by_server || origin.grade.is_trusted()) {
            return self.respond_plainly(now, Some(dialog), server, 403);
        }
        self.respond_plainly(now, Some(dialog), server, 200);
        self.out.push_back(Output::Control { leg, control });
    }
}
