//! The conferences of the core, for those who subscribe to one (RFC 4575).
use super::Endpoint;
use crate::{Input, Roster, RosterParty};
use trialog_call::{CallView, Role, Stage, Time};

impl Endpoint {
    /// Parties that are told of conferences hear what has changed.
    pub(super) fn tell_rosters(&mut self, now: Time) {
        if !self.agent.tells_rosters() {
            return;
        }
        let calls = self.phone.snapshot(now).calls;
        let rosters = calls.iter().filter_map(roster).collect();
        self.agent.handle_input(now, Input::Rosters(rosters));
        self.collect(now);
    }
}

/// The conference that a call of ours is now; as its owner only do we mix one.
fn roster(call: &CallView) -> Option<Roster> {
    let joined = matches!(call.stage, Stage::Conference | Stage::TransferPending)
        && call.role == Role::Owner
        && call.legs.len() > 1
        && call.legs.iter().all(|leg| leg.up && !leg.held);
    joined.then(|| Roster {
        muted: call.muted,
        parties: call
            .legs
            .iter()
            .map(|leg| RosterParty {
                leg: leg.id,
                party: leg.party.clone(),
                role: leg.role,
                far_held: leg.far_held,
            })
            .collect(),
    })
}
