//! The non-INVITE server transaction: RFC 3261 §17.2.2. It sends its last response again when the request comes again.
use super::timing::TRANSACTION_TIMEOUT;
use super::{Heard, Ring};
use trialog_call::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ServerNonInvite {
    pub(crate) state: State,
    reliable: bool,
    /// Timer J.
    end: Option<Time>,
}

impl ServerNonInvite {
    /// The request has just come.
    pub(crate) fn new(reliable: bool) -> Self {
        Self {
            state: State::Trying,
            reliable,
            end: None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        self.end
    }

    /// A response is about to be sent; `false` where the state has no place for it.
    pub(crate) fn on_send(&mut self, now: Time, status: u16) -> bool {
        match (self.state, status) {
            (State::Trying | State::Proceeding, 100..=199) => {
                self.state = State::Proceeding;
                true
            }
            (State::Trying | State::Proceeding, _) => {
                if self.reliable {
                    self.terminate();
                } else {
                    self.state = State::Completed;
                    self.end = Some(now + TRANSACTION_TIMEOUT);
                }
                true
            }
            _ => false,
        }
    }

    /// The request came again.
    pub(crate) fn on_request_again(&self) -> Heard {
        match self.state {
            State::Proceeding | State::Completed => Heard::SendLastAgain,
            State::Trying | State::Terminated => Heard::Absorb,
        }
    }

    pub(crate) fn on_timer(&mut self, now: Time) -> Ring {
        if self.end.is_some_and(|end| end <= now) {
            self.terminate();
        }
        Ring::Nothing
    }

    pub(crate) fn terminate(&mut self) {
        self.state = State::Terminated;
        self.end = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_response_is_repeated_for_each_copy_of_the_request_until_timer_j() {
        let mut machine = ServerNonInvite::new(false);
        assert_eq!(machine.on_request_again(), Heard::Absorb);
        assert!(machine.on_send(Time::ZERO, 200));
        assert!(!machine.on_send(Time::ZERO, 500));
        assert_eq!(machine.on_request_again(), Heard::SendLastAgain);
        let end = Time(Duration::from_secs(32));
        assert_eq!(machine.deadline(), Some(end));
        machine.on_timer(end);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn over_a_reliable_transport_it_ends_with_its_response() {
        let mut machine = ServerNonInvite::new(true);
        assert!(machine.on_send(Time::ZERO, 200));
        assert_eq!(machine.state, State::Terminated);
    }
}
