//! The non-INVITE client transaction: RFC 3261 §17.1.2. The layer above it holds the bytes.
use super::timing::{T1, T2, T4, TRANSACTION_TIMEOUT};
use super::{Answer, Ring};
use std::time::Duration;
use trialog_call::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ClientNonInvite {
    pub(crate) state: State,
    reliable: bool,
    /// Timer E and its present interval.
    retransmit: Option<(Time, Duration)>,
    /// Timer F or K by state.
    end: Option<Time>,
}

impl ClientNonInvite {
    /// The request has just been sent.
    pub(crate) fn new(now: Time, reliable: bool) -> Self {
        Self {
            state: State::Trying,
            reliable,
            retransmit: (!reliable).then_some((now + T1, T1)),
            end: Some(now + TRANSACTION_TIMEOUT),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        match (self.retransmit, self.end) {
            (Some((a, _)), Some(b)) => Some(a.min(b)),
            (a, b) => a.map(|(at, _)| at).or(b),
        }
    }

    pub(crate) fn on_response(&mut self, now: Time, status: u16) -> Answer {
        match (self.state, status) {
            (State::Trying | State::Proceeding, 100..=199) => {
                self.state = State::Proceeding;
                if let Some((at, _)) = self.retransmit {
                    self.retransmit = Some((at, T2));
                }
                Answer::PASS
            }
            (State::Trying | State::Proceeding, _) => {
                self.retransmit = None;
                if self.reliable {
                    self.terminate();
                } else {
                    self.state = State::Completed;
                    self.end = Some(now + T4);
                }
                Answer::PASS
            }
            _ => Answer::default(),
        }
    }

    pub(crate) fn on_timer(&mut self, now: Time) -> Ring {
        if self.end.is_some_and(|end| end <= now) {
            let unanswered = matches!(self.state, State::Trying | State::Proceeding);
            self.terminate();
            return if unanswered {
                Ring::TimedOut
            } else {
                Ring::Nothing
            };
        }
        match self.retransmit {
            Some((at, interval)) if at <= now => {
                // RFC 3261 §17.1.2.2: timer E doubles up to T2.
                let next = (interval * 2).min(T2);
                self.retransmit = Some((now + next, next));
                Ring::Retransmit
            }
            _ => Ring::Nothing,
        }
    }

    pub(crate) fn terminate(&mut self) {
        self.state = State::Terminated;
        self.retransmit = None;
        self.end = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time(Duration::from_millis(ms))
    }

    fn sent_until_the_end(machine: &mut ClientNonInvite) -> (Vec<u128>, Ring, Time) {
        let mut sent = Vec::new();
        loop {
            let now = machine.deadline().expect("it has not ended");
            match machine.on_timer(now) {
                Ring::Retransmit => sent.push(now.0.as_millis()),
                ring => break (sent, ring, now),
            }
        }
    }

    #[test]
    fn timer_e_doubles_up_to_t2_and_timer_f_gives_up() {
        let mut machine = ClientNonInvite::new(Time::ZERO, false);
        let (sent, ring, end) = sent_until_the_end(&mut machine);
        assert_eq!(
            sent,
            [
                500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
            ]
        );
        assert_eq!((ring, end), (Ring::TimedOut, at(32_000)));
    }

    #[test]
    fn after_a_provisional_it_is_sent_every_t2_and_still_gives_up() {
        let mut machine = ClientNonInvite::new(Time::ZERO, false);
        assert_eq!(machine.on_response(at(100), 100), Answer::PASS);
        let (sent, ring, end) = sent_until_the_end(&mut machine);
        assert_eq!(&sent[..3], [500, 4_500, 8_500]);
        assert_eq!((ring, end), (Ring::TimedOut, at(32_000)));
    }

    #[test]
    fn a_final_response_is_told_once_and_absorbed_for_t4() {
        let mut machine = ClientNonInvite::new(Time::ZERO, false);
        assert_eq!(machine.on_response(at(100), 200), Answer::PASS);
        assert_eq!(machine.on_response(at(200), 200), Answer::default());
        assert_eq!(machine.deadline(), Some(at(5_100)));
        assert_eq!(machine.on_timer(at(5_100)), Ring::Nothing);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn over_a_reliable_transport_it_ends_with_its_response() {
        let mut machine = ClientNonInvite::new(Time::ZERO, true);
        machine.on_response(at(100), 200);
        assert_eq!(machine.state, State::Terminated);
        assert_eq!(machine.deadline(), None);
    }
}
