//! What the phone is told by subscription, or unasked: messages in a mailbox, and others' phones.
use super::Running;
use std::sync::Arc;
use trialog_api as api;
use trialog_ua::{LampState, Learnt};

impl Running {
    /// An event package has told something.
    pub(super) fn learnt(&mut self, learnt: Learnt) {
        let identity = Arc::make_mut(&mut self.identity);
        match learnt {
            Learnt::Mailbox { account, mailbox } => {
                if let Some(shown) = identity.accounts.get_mut(usize::from(account.0)) {
                    shown.voicemail = mailbox.map(|state| api::Voicemail {
                        waiting: state.waiting,
                        new: state.new,
                        old: state.old,
                        urgent: state.urgent,
                    });
                }
            }
            Learnt::Lamp { lamp, state } => {
                if let Some(shown) = identity.lamps.get_mut(usize::from(lamp)) {
                    shown.state = match state {
                        LampState::Idle => api::LampState::Idle,
                        LampState::Ringing => api::LampState::Ringing,
                        LampState::Busy => api::LampState::Busy,
                        LampState::Unknown => api::LampState::Unknown,
                    };
                }
            }
        }
        self.changed = true;
    }
}
