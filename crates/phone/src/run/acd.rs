//! The ACD is told of the agent's state after each turn: by a POST, and by feature codes of the PBX.
use super::{Running, address};
use crate::acd::AgentState;
use trialog_api::{Presence, RegistrationState};
use trialog_call::Input;
use trialog_desk::{UnixTime, names};
use trialog_ua::{EndpointInput, ShortCallOver};

impl Running {
    pub(super) fn tell_acd(&mut self) {
        if self.acd.is_none() {
            return;
        }
        let now = self.clock.now();
        let at = UnixTime(self.clock.unix_us(now) / 1_000);
        let snapshot = self.endpoint.snapshot(now);
        let presence = names::presence(&snapshot);
        let state = AgentState {
            presence,
            reason: snapshot.turns_away.map(|how| names::away_reason(how.why)),
            idle_reason: match presence {
                Presence::Idle => self.identity.idle.as_ref().map(|idle| idle.reason.clone()),
                _ => None,
            },
            wrap_up: snapshot.wrap_ups.iter().any(|wrap_up| wrap_up.due),
        };
        let Some(acd) = &mut self.acd else {
            return;
        };
        acd.state(state, at.0);
        let account = acd.account();
        let shown = self.identity.accounts.get(usize::from(account.0));
        let reachable = shown.is_some_and(|account| {
            matches!(
                account.state,
                RegistrationState::Registered | RegistrationState::Direct
            )
        });
        if let Some(call) = acd.code(reachable) {
            match address::complete(call, None, &self.accounts, |_| None) {
                Ok(Input::Dial { account, target }) => {
                    self.handle(EndpointInput::ShortCall { account, target });
                }
                Ok(_) | Err(_) => {
                    tracing::warn!("the ACD's feature code can't be called; see [acd]");
                }
            }
        }
    }

    /// A feature code was called.
    pub(super) fn short_call_over(&self, over: &ShortCallOver) {
        let target = &over.target.0;
        match over.answered {
            Ok(()) => tracing::info!(target, "the ACD's feature code was called"),
            Err(status) => {
                tracing::warn!(
                    target,
                    status,
                    "the ACD's feature code was not taken; see [acd]"
                );
            }
        }
    }
}
