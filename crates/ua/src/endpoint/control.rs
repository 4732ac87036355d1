//! What a PBX's desktop asks of a call becomes the agent's act, under the agent's rules.
use super::Endpoint;
use crate::RemoteControl;
use trialog_call::{Act, CallId, Input, LegId, Time};

impl Endpoint {
    /// The first of the acts that the control can mean, in the state that the call is in, is done; none where none is permitted.
    pub(super) fn control(&mut self, now: Time, leg: LegId, control: RemoteControl) {
        let Some((call, held)) = self.call_with(now, leg) else {
            return;
        };
        let acts: &[Act] = match control {
            RemoteControl::Talk if held => &[Act::Resume, Act::Swap],
            RemoteControl::Talk => &[Act::Answer],
            RemoteControl::Hold if held => &[],
            RemoteControl::Hold => &[Act::Hold],
        };
        let permitted = |act: &&Act| self.phone.permits(call, act).is_ok();
        if let Some(act) = acts.iter().find(permitted).cloned() {
            self.heard.push_back(Input::Act { call, act });
        }
    }

    /// The call that has this leg, and whether we hold it.
    fn call_with(&self, now: Time, leg: LegId) -> Option<(CallId, bool)> {
        self.phone.snapshot(now).calls.iter().find_map(|call| {
            let own = call.legs.iter().find(|own| own.id == leg)?;
            Some((call.id, own.held))
        })
    }
}
