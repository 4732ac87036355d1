//! The way out. A first signal tells the core, which ends its calls at once, or waits for a conference or an anchored call; a
//! second one ends everything. From the moment when nothing is waited for any more, the phone is gone within a limit, whatever
//! the far sides answer.
use super::Running;
use std::collections::HashSet;
use std::time::Duration;
use trialog_call::{AccountId, Input, Stage, Time};
use trialog_ua::{EndpointInput, RegistrationState};

/// For BYE and de-registration and their answers. What then follows (recordings) takes its share of the 2 s.
const LIMIT: Duration = Duration::from_millis(1_200);

/// How far the way out has been gone.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// How often the end was asked for.
    asked: u32,
    /// The core has said that all calls are over.
    pub(super) quit: bool,
    /// When it is over at the latest.
    pub(super) limit: Option<Time>,
    /// Who has a registration to take back.
    registered: HashSet<AccountId>,
}

impl Ending {
    /// An account's registration changed.
    pub(super) fn registration(&mut self, account: AccountId, state: &RegistrationState) {
        match state {
            RegistrationState::Registering | RegistrationState::Registered { .. } => {
                self.registered.insert(account);
            }
            RegistrationState::Failed { .. } | RegistrationState::Unregistered => {
                self.registered.remove(&account);
            }
        }
    }
}

impl Running {
    /// SIGINT, SIGTERM, or the API's `shutdown`.
    pub(super) fn terminate(&mut self) {
        self.ending.asked += 1;
        self.handle(EndpointInput::Core(Input::Terminate));
        if self.ending.asked == 1 && self.waits() {
            tracing::info!("waiting for the conference to end; a second signal ends it");
        }
    }

    /// Goes on with the way out, if it was begun. Whether it is over.
    pub(super) fn is_over(&mut self) -> bool {
        if self.ending.asked == 0 {
            return false;
        }
        if self.ending.limit.is_none()
            && (self.ending.quit || self.ending.asked > 1 || !self.waits())
        {
            self.ending.limit = Some(self.clock.now() + LIMIT);
            self.handle(EndpointInput::Unregister(None));
        }
        let late = self
            .ending
            .limit
            .is_some_and(|limit| limit <= self.clock.now());
        if late {
            tracing::warn!("not everything was answered in time; ending all the same");
        }
        late || self.ending.quit && self.ending.limit.is_some() && self.ending.registered.is_empty()
    }

    /// A call is being waited for: it is not on its way out.
    fn waits(&self) -> bool {
        let snapshot = self.endpoint.snapshot(self.clock.now());
        snapshot
            .calls
            .iter()
            .any(|call| call.stage != Stage::Ending)
    }
}
