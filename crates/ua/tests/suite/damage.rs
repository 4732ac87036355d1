//! Damaged copies of real messages arrive beside the real ones: nothing panics, and when all is hung up nothing is left.
use crate::support::{Pipe, config, target};
use std::time::Duration;
use trialog_call::{Action, ByeReason, Direction, LegId, ReferTo, WireEvent};

/// Does what a core would do with each event, roughly: rings and answers, accepts and follows no referral.
fn react(pipe: &mut Pipe, seen: &mut [usize]) {
    for (end, seen) in seen.iter_mut().enumerate() {
        while *seen < pipe.ends[end].events.len() {
            let (leg, event) = pipe.ends[end].events[*seen].clone();
            *seen += 1;
            match event {
                WireEvent::Incoming(_) => {
                    pipe.act(end, Action::Ring(leg));
                    pipe.act(end, Action::Answer(leg));
                }
                WireEvent::Referred(_) => {
                    pipe.act(end, Action::AcceptReferral(leg));
                    pipe.act(end, Action::ReferralResult { leg, status: 200 });
                }
                _ => {}
            }
        }
    }
}

fn live(pipe: &mut Pipe, seen: &mut [usize], steps: u32) {
    for _ in 0..steps {
        pipe.run_ms(50);
        react(pipe, seen);
    }
}

#[test]
fn damaged_messages_do_no_lasting_harm() {
    let mut answered = 0;
    for seed in 1..=300 {
        let configs = (0..3).map(config).collect();
        let mut pipe = Pipe::with(configs, seed);
        pipe.damaged = 700;
        let mut seen = vec![0; 3];
        let one = pipe.dial(0, target(1));
        live(&mut pipe, &mut seen, 20);
        let two = pipe.dial(1, target(2));
        live(&mut pipe, &mut seen, 20);
        pipe.reinvite(0, one, Direction::SendOnly);
        pipe.reinvite(1, two, Direction::Inactive);
        live(&mut pipe, &mut seen, 20);
        let incoming = pipe.ends[1]
            .events
            .iter()
            .find_map(|(leg, event)| matches!(event, WireEvent::Incoming(_)).then_some(*leg));
        if let Some(received) = incoming {
            let to = ReferTo::Leg(received);
            pipe.act(1, Action::Refer { leg: two, to });
        }
        live(&mut pipe, &mut seen, 20);
        pipe.reinvite(0, one, Direction::SendRecv);
        live(&mut pipe, &mut seen, 100);
        answered += pipe.count_of(0, one, |event| matches!(event, WireEvent::Answered(_)));
        pipe.damaged = 0;
        live(&mut pipe, &mut seen, 20);
        for end in 0..3 {
            let mut legs: Vec<LegId> = pipe.ends[end].events.iter().map(|(leg, _)| *leg).collect();
            legs.sort_unstable();
            legs.dedup();
            for leg in legs {
                let reason = ByeReason::Ended;
                pipe.act(end, Action::Bye { leg, reason });
            }
        }
        live(&mut pipe, &mut seen, 20);
        pipe.run(Duration::from_secs(300));
        pipe.assert_idle();
    }
    assert!(
        answered > 200,
        "{answered}: most calls come up all the same"
    );
}
