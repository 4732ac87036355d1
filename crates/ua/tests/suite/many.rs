//! Many calls at once: nothing is left behind, and one phone's signalling keeps up.
use crate::support::{addr, config, target};
use std::time::{Duration, Instant};
use trialog_call::{AccountId, Action, ByeReason, LegId, Time, WireEvent};
use trialog_ua::{Input, Output, Peer, Source, Transport, UserAgent};

/// Carries messages between the two until both are silent; answers and ends every call at once.
fn exchange(now: Time, agents: &mut [UserAgent; 2]) {
    let mut busy = true;
    while busy {
        busy = false;
        for index in 0..2 {
            while let Some(output) = agents[index].poll_output() {
                busy = true;
                match output {
                    Output::Transmit(transmit) => {
                        let source = Source {
                            peer: Peer::at(Transport::Udp, addr(index)),
                            local: addr(1 - index),
                            connection: None,
                        };
                        let message = &transmit.bytes;
                        agents[1 - index].handle_input(now, Input::Received { source, message });
                    }
                    Output::Event { leg, event } => {
                        let rtp_port = Some(addr(index).port());
                        let action = match event {
                            WireEvent::Incoming(_) => {
                                let action = Action::Ring(leg);
                                agents[index].handle_input(now, Input::Action { action, rtp_port });
                                Action::Answer(leg)
                            }
                            WireEvent::Answered(_) => Action::Bye {
                                leg,
                                reason: ByeReason::Ended,
                            },
                            _ => continue,
                        };
                        agents[index].handle_input(now, Input::Action { action, rtp_port });
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn ten_thousand_calls_leave_nothing_behind() {
    let mut agents = [
        UserAgent::new(config(0), [1; 32]),
        UserAgent::new(config(1), [2; 32]),
    ];
    let began = Instant::now();
    let calls = 10_000;
    let mut now = Time::ZERO;
    for call in 0..calls {
        now = Time(Duration::from_micros(u64::from(call) * 800));
        for agent in &mut agents {
            if agent.next_deadline().is_some_and(|at| at <= now) {
                agent.handle_input(now, Input::Timeout);
            }
        }
        let action = Action::Invite {
            leg: LegId::Placed(call),
            account: AccountId(0),
            target: target(1),
            as_guest: false,
            referral: None,
        };
        let rtp_port = Some(addr(0).port());
        agents[0].handle_input(now, Input::Action { action, rtp_port });
        exchange(now, &mut agents);
    }
    let each = began.elapsed() / calls;
    println!("{each:?} a call for both ends together: set up, answered, ended");
    for agent in &mut agents {
        assert!(agent.counts().transactions > 1_000);
        assert_eq!(agent.counts().legs, 0);
        agent.handle_input(now + Duration::from_secs(40), Input::Timeout);
        assert!(agent.is_idle(), "{:?}", agent.counts());
    }
}
