//! Calls of the phone's own: between the user agent and what they are for, past the core.
use super::{Endpoint, EndpointOutput};
use crate::short_call::Next;
use trialog_call::{Time, WireEvent};

impl Endpoint {
    pub(super) fn place_short_call(&mut self, now: Time) {
        if let Some(invite) = self.short_calls.place(now) {
            self.act(now, invite);
        }
    }

    /// Something happened on the leg of a short call: the core does not hear of it.
    pub(super) fn short_call(&mut self, now: Time, event: &WireEvent) {
        match self.short_calls.hear(now, event) {
            Next::Nothing => {}
            Next::Do(action) => self.act(now, action),
            Next::Over(over) => {
                self.out.push_back(EndpointOutput::ShortCallOver(over));
                self.place_short_call(now);
            }
        }
    }
}
