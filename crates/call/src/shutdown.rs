//! Switching off: what is waited for, and how the rest ends.
use crate::call::{By, Call, State};
use crate::out::{Out, Shutdown};
use crate::{Action, ByeReason, Outcome};

/// The first waits where there is a conference or an anchored call; the second ends those too.
pub(crate) fn terminate(calls: &mut [Call], out: &mut Out<'_>) {
    match out.common.shutdown {
        Shutdown::No if calls.iter().any(Call::is_waited_for) => {
            out.common.shutdown = Shutdown::Waiting;
            for call in calls.iter_mut().filter(|call| call.state == State::Offered) {
                call.over(Outcome::NotAnswered, ByeReason::ShuttingDown, out);
            }
        }
        Shutdown::No | Shutdown::Waiting => end_all(calls, out),
        Shutdown::Ending | Shutdown::Quit => {}
    }
}

pub(crate) fn end_all(calls: &mut [Call], out: &mut Out<'_>) {
    out.common.shutdown = Shutdown::Ending;
    for call in calls.iter_mut() {
        match &call.state {
            State::Ending => {}
            State::Handover { .. } | State::Anchored => {
                call.over(Outcome::Transferred, ByeReason::ShuttingDown, out);
            }
            State::Offered => call.over(Outcome::NotAnswered, ByeReason::ShuttingDown, out),
            State::Guest { .. } => call.over(Outcome::Exited, ByeReason::ShuttingDown, out),
            _ => call.over(Outcome::Ended, ByeReason::ShuttingDown, out),
        }
        for leaving in &mut call.leaving {
            if leaving.until.take().is_some() {
                out.push(Action::Bye {
                    leg: leaving.id,
                    reason: ByeReason::ShuttingDown,
                });
            }
        }
    }
}

impl Call {
    /// A first [`Input::Terminate`] waits for it: the others' talk goes through this phone.
    fn is_waited_for(&self) -> bool {
        let replacing = matches!(&self.next, Some(next) if matches!(next.by, By::Referral { .. }));
        matches!(
            self.state,
            State::Conference | State::Transfer(_) | State::Handover { .. } | State::Anchored
        ) || replacing
    }
}
