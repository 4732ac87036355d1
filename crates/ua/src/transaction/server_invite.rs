//! The INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1. The user agent's core sends
//! its 2xx again until they are acknowledged; a refusal is sent again here.
use super::timing::{T1, T2, T4, TRANSACTION_TIMEOUT, TRYING};
use super::{Heard, Ring};
use std::time::Duration;
use trialog_call::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Proceeding,
    /// A refusal was sent and waits for its ACK.
    Completed,
    /// The refusal was acknowledged; more ACKs are absorbed.
    Confirmed,
    /// A 2xx was sent: retransmitted INVITEs are absorbed, ACKs go up.
    Accepted,
    Terminated,
}

#[derive(Debug)]
pub(crate) struct ServerInvite {
    pub(crate) state: State,
    reliable: bool,
    /// When to say 100, unless something was said.
    trying: Option<Time>,
    /// Timer G and its present interval.
    retransmit: Option<(Time, Duration)>,
    /// Timer H, I or L by state.
    end: Option<Time>,
}

impl ServerInvite {
    /// The INVITE has just come.
    pub(crate) fn new(now: Time, reliable: bool) -> Self {
        Self {
            state: State::Proceeding,
            reliable,
            trying: Some(now + TRYING),
            retransmit: None,
            end: None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        [self.trying, self.retransmit.map(|(at, _)| at), self.end]
            .into_iter()
            .flatten()
            .min()
    }

    /// A response is about to be sent; `false` where the state has no place for it.
    pub(crate) fn on_send(&mut self, now: Time, status: u16) -> bool {
        match (self.state, status) {
            (State::Proceeding, 100..=199) => {
                self.trying = None;
                true
            }
            (State::Proceeding, 200..=299) => {
                self.trying = None;
                self.state = State::Accepted;
                // RFC 6026 §7.1: timer L.
                self.end = Some(now + TRANSACTION_TIMEOUT);
                true
            }
            (State::Proceeding, _) => {
                self.trying = None;
                self.state = State::Completed;
                self.retransmit = (!self.reliable).then_some((now + T1, T1));
                self.end = Some(now + TRANSACTION_TIMEOUT);
                true
            }
            // The core's retransmission of its 2xx.
            (State::Accepted, 200..=299) => true,
            _ => false,
        }
    }

    /// The INVITE came again.
    pub(crate) fn on_request_again(&self) -> Heard {
        match self.state {
            State::Proceeding | State::Completed => Heard::SendLastAgain,
            State::Confirmed | State::Accepted | State::Terminated => Heard::Absorb,
        }
    }

    /// An ACK came that belongs to this transaction.
    pub(crate) fn on_ack(&mut self, now: Time) -> Heard {
        match self.state {
            State::Completed => {
                self.retransmit = None;
                if self.reliable {
                    self.terminate();
                } else {
                    self.state = State::Confirmed;
                    self.end = Some(now + T4);
                }
                Heard::Absorb
            }
            State::Accepted => Heard::Pass,
            State::Proceeding | State::Confirmed | State::Terminated => Heard::Absorb,
        }
    }

    pub(crate) fn on_timer(&mut self, now: Time) -> Ring {
        if self.end.is_some_and(|end| end <= now) {
            // Timer H: the refusal was never acknowledged, which nobody needs to know.
            self.terminate();
            return Ring::Nothing;
        }
        if self.trying.is_some_and(|at| at <= now) {
            self.trying = None;
            return Ring::Trying;
        }
        match self.retransmit {
            Some((at, interval)) if at <= now => {
                let next = (interval * 2).min(T2);
                self.retransmit = Some((now + next, next));
                Ring::Retransmit
            }
            _ => Ring::Nothing,
        }
    }

    pub(crate) fn terminate(&mut self) {
        self.state = State::Terminated;
        self.trying = None;
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
    fn it_says_100_after_200_ms_of_silence_and_only_then() {
        let mut machine = ServerInvite::new(Time::ZERO, false);
        assert_eq!(machine.deadline(), Some(at(200)));
        assert_eq!(machine.on_timer(at(200)), Ring::Trying);
        assert_eq!(machine.deadline(), None);
        let mut ringing = ServerInvite::new(Time::ZERO, false);
        assert!(ringing.on_send(at(5), 180));
        assert_eq!(ringing.deadline(), None);
    }

    #[test]
    fn timer_g_repeats_a_refusal_until_timer_h() {
        let mut machine = ServerInvite::new(Time::ZERO, false);
        assert!(machine.on_send(Time::ZERO, 486));
        let mut sent = Vec::new();
        while let Some(now) = machine.deadline() {
            if machine.on_timer(now) == Ring::Retransmit {
                sent.push(now.0.as_millis());
            }
        }
        assert_eq!(&sent[..5], [500, 1_500, 3_500, 7_500, 11_500]);
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn an_ack_stops_the_refusal_and_timer_i_absorbs_more_of_them() {
        let mut machine = ServerInvite::new(Time::ZERO, false);
        machine.on_send(Time::ZERO, 486);
        assert_eq!(machine.on_ack(at(100)), Heard::Absorb);
        assert_eq!(machine.state, State::Confirmed);
        assert_eq!(machine.deadline(), Some(at(5_100)));
        assert_eq!(machine.on_request_again(), Heard::Absorb);
        machine.on_timer(at(5_100));
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn accepted_absorbs_invites_passes_acks_and_lets_2xx_through_until_timer_l() {
        let mut machine = ServerInvite::new(Time::ZERO, false);
        assert!(machine.on_send(Time::ZERO, 200));
        assert!(machine.on_send(at(500), 200));
        assert!(!machine.on_send(at(500), 486));
        assert_eq!(machine.on_request_again(), Heard::Absorb);
        assert_eq!(machine.on_ack(at(600)), Heard::Pass);
        assert_eq!(machine.deadline(), Some(at(32_000)));
        machine.on_timer(at(32_000));
        assert_eq!(machine.state, State::Terminated);
    }

    #[test]
    fn over_a_reliable_transport_a_refusal_is_sent_once() {
        let mut machine = ServerInvite::new(Time::ZERO, true);
        machine.on_send(Time::ZERO, 486);
        assert_eq!(machine.deadline(), Some(at(32_000)));
        machine.on_ack(at(10));
        assert_eq!(machine.state, State::Terminated);
    }
}
