//! Switching off: what is waited for, and how the rest ends.
use crate::call::{By, Call, State};
use crate::step_context::{Shutdown, StepContext};
use crate::{Action, ByeReason, Outcome};

/// The first waits where there is a conference or an anchored call; the second ends those too.
pub(crate) fn terminate(calls: &mut [Call], out: &mut StepContext<'_>) {
    match out.common.shutdown {
        Shutdown::No if calls.iter().any(Call::is_waited_for) => {
            out.common.shutdown = Shutdown::Waiting;
            let new = |call: &&mut Call| matches!(call.state, State::Offered | State::Asked { .. });
            for call in calls.iter_mut().filter(new) {
                call.over(Outcome::NotAnswered, ByeReason::ShuttingDown, out);
            }
        }
        Shutdown::No | Shutdown::Waiting => {
            out.common.shutdown = Shutdown::Ending;
            calls.iter_mut().for_each(|call| call.shut_down(out));
        }
        Shutdown::Ending | Shutdown::Quit => {}
    }
}

impl Call {
    /// Ended because the phone is.
    pub(crate) fn shut_down(&mut self, out: &mut StepContext<'_>) {
        match &self.state {
            State::Ending => {}
            State::Handover { .. } | State::Anchored => {
                self.over(Outcome::Transferred, ByeReason::ShuttingDown, out);
            }
            State::Offered => self.over(Outcome::NotAnswered, ByeReason::ShuttingDown, out),
            State::Guest { .. } => self.over(Outcome::Exited, ByeReason::ShuttingDown, out),
            _ => self.over(Outcome::Ended, ByeReason::ShuttingDown, out),
        }
        for leaving in &mut self.leaving {
            if leaving.until.take().is_some() {
                out.push(Action::Bye {
                    leg: leaving.id,
                    reason: ByeReason::ShuttingDown,
                });
            }
        }
    }

    /// A first [`crate::Input::Terminate`] waits for it: the others' talk goes through this phone.
    fn is_waited_for(&self) -> bool {
        let replacing = matches!(&self.next, Some(next) if matches!(next.by, By::Referral { .. }));
        matches!(
            self.state,
            State::Conference | State::Transfer(_) | State::Handover { .. } | State::Anchored
        ) || replacing
    }
}
