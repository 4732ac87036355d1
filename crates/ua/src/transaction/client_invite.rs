//! The INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2. Responses and times come from
//! the transaction layer, which also holds the bytes; what to do with them goes back as an [`Answer`] or a [`Ring`].
use super::timing::{T1, TIMER_D, TRANSACTION_TIMEOUT};
use super::{Answer, Ring};
use std::time::Duration;
use trialog_call::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    /// A final refusal came and was acknowledged.
    Completed,
    /// A 2xx came; more of them may (forks, retransmissions).
    Accepted,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ClientInvite {
    pub(crate) state: State,
    reliable: bool,
    /// How long a final response may come after a provisional one; `None`: as long as it takes.
    pub(crate) patience: Option<Duration>,
    /// Timer A and its present interval.
    retransmit: Option<(Time, Duration)>,
    /// Timer B, D or M by state; in Proceeding the end of `patience`.
    end: Option<Time>,
}

impl ClientInvite {
    /// The request has just been sent.
    pub(crate) fn new(now: Time, reliable: bool) -> Self {
        Self {
            state: State::Calling,
            reliable,
            patience: None,
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
            (State::Calling | State::Proceeding, 100..=199) => {
                self.state = State::Proceeding;
                self.retransmit = None;
                self.end = self.patience.map(|patience| now + patience);
                Answer::PASS
            }
            (State::Calling | State::Proceeding, 200..=299) => {
                self.state = State::Accepted;
                self.retransmit = None;
                // RFC 6026 §7.2: timer M.
                self.end = Some(now + TRANSACTION_TIMEOUT);
                Answer::PASS
            }
            (State::Calling | State::Proceeding, _) => {
                self.retransmit = None;
                if self.reliable {
                    self.terminate();
                } else {
                    self.state = State::Completed;
                    self.end = Some(now + TIMER_D);
                }
                Answer {
                    pass: true,
                    ack: true,
                }
            }
            // A retransmitted refusal: our ACK was lost.
            (State::Completed, 300..=699) => Answer {
                pass: false,
                ack: true,
            },
            (State::Accepted, 200..=299) => Answer::PASS,
            _ => Answer::default(),
        }
    }

    pub(crate) fn on_timer(&mut self, now: Time) -> Ring {
        if self.end.is_some_and(|end| end <= now) {
            let state = self.state;
            self.terminate();
            return match state {
                State::Calling => Ring::TimedOut,
                State::Proceeding => Ring::Unfinished,
                _ => Ring::Nothing,
            };
        }
        match self.retransmit {
            Some((at, interval)) if at <= now => {
                // RFC 3261 §17.1.1.2: timer A doubles with every retransmission.
                self.retransmit = Some((now + interval * 2, interval * 2));
                Ring::Retransmit
            }
            _ => Ring::Nothing,
        }
    }

    /// Nothing is sent again, and no answer is waited for longer than 64·T1 after the last thing that was heard.
    pub(crate) fn abandon(&mut self, now: Time) {
        if self.state == State::Terminated {
            self.state = State::Proceeding;
        }
        self.retransmit = None;
        self.patience = Some(TRANSACTION_TIMEOUT);
        self.end = Some(now + TRANSACTION_TIMEOUT);
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

    #[test]
    fn timer_a_doubles_and_timer_b_ends_it_after_seven_requests() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        let mut sent = vec![0];
        loop {
            let now = machine.deadline().expect("a calling machine has a timer");
            match machine.on_timer(now) {
                Ring::Retransmit => sent.push(now.0.as_millis()),
                Ring::TimedOut => break assert_eq!(now, at(32_000)),
                _ => unreachable!(),
            }
        }
        assert_eq!(sent, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn over_a_reliable_transport_nothing_is_sent_again() {
        let mut machine = ClientInvite::new(Time::ZERO, true);
        assert_eq!(machine.deadline(), Some(at(32_000)));
        assert_eq!(machine.on_timer(at(32_000)), Ring::TimedOut);
    }

    #[test]
    fn a_provisional_stops_timers_a_and_b() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        assert_eq!(machine.on_response(at(100), 180), Answer::PASS);
        assert_eq!(machine.deadline(), None);
    }

    #[test]
    fn with_patience_it_is_given_up_so_long_after_its_last_provisional() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        machine.patience = Some(Duration::from_secs(181));
        machine.on_response(at(100), 100);
        machine.on_response(at(60_000), 180);
        assert_eq!(machine.deadline(), Some(at(241_000)));
        assert_eq!(machine.on_timer(at(241_000)), Ring::Unfinished);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn one_that_timed_out_and_is_abandoned_takes_a_late_2xx_for_64_t1() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        while machine.on_timer(machine.deadline().expect("it runs")) != Ring::TimedOut {}
        machine.abandon(at(32_000));
        assert_eq!(machine.deadline(), Some(at(64_000)));
        assert_eq!(machine.on_response(at(40_000), 200), Answer::PASS);
        assert_eq!(machine.state, State::Accepted);
    }

    #[test]
    fn each_retransmitted_refusal_is_acknowledged_but_told_once() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        let first = machine.on_response(at(10), 486);
        assert!(first.pass && first.ack);
        let again = machine.on_response(at(600), 486);
        assert!(!again.pass && again.ack);
        assert_eq!(machine.on_timer(at(32_010)), Ring::Nothing);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn accepted_passes_every_2xx_until_timer_m() {
        let mut machine = ClientInvite::new(Time::ZERO, false);
        assert_eq!(machine.on_response(at(10), 200), Answer::PASS);
        assert_eq!(machine.on_response(at(500), 200), Answer::PASS);
        assert_eq!(machine.on_response(at(500), 180), Answer::default());
        assert_eq!(machine.deadline(), Some(at(32_010)));
        assert_eq!(machine.on_timer(at(32_010)), Ring::Nothing);
        assert_eq!(machine.state, State::Terminated);
    }
}
