//! Legs by SRTP between two engines, over real sockets.
mod common;
use common::{AGENT_1, CUSTOMER, Party, join_by, keys, leg, local, reversed, session, wait};
use std::net::SocketAddr;
use trialog_engine::{Codec, LegStats, SessionParams, Srtp, Suite};

fn stats(party: &Party) -> LegStats {
    let stats = party.engine.stats();
    *stats.legs.first().expect("a leg")
}

/// Two parties with a leg to each other, and where each takes it.
struct Joined {
    one: Party,
    other: Party,
    at: (SocketAddr, SocketAddr),
}

/// Both have a leg, and hear each other where the keys are each other's.
fn joined(keys: Option<&Srtp>) -> Joined {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut one = Party::with_pilot(dir, "one", CUSTOMER);
    let mut other = Party::with_pilot(dir, "other", AGENT_1);
    let at = join_by((&mut one, 1), (&mut other, 1), Codec::Pcmu, keys);
    for party in [&mut one, &mut other] {
        party.engine.set_routing(&[local(0), leg(1, 0)]);
    }
    Joined { one, other, at }
}

/// Other keys for a leg of that far end, or none.
fn change(party: &mut Party, remote: SocketAddr, srtp: Option<Srtp>) {
    let session = SessionParams {
        srtp,
        ..session(remote, Codec::Pcmu)
    };
    party.engine.change_leg(1, session).expect("open");
}

#[test]
fn both_hear_each_other_by_each_suite() {
    for suite in [
        Suite::AesCm80,
        Suite::AesCm32,
        Suite::AesGcm128,
        Suite::AesGcm256,
    ] {
        let Joined { one, other, .. } = joined(Some(&keys(suite, (1, 2))));
        wait(0.5);
        for party in [&one, &other] {
            let stats = stats(party);
            assert!(
                stats.received > 15 && stats.lost == 0,
                "{suite:?} {stats:?}"
            );
        }
    }
}

/// The far side's new keys come by a re-INVITE (RFC 4568 §7.1.4).
#[test]
fn new_keys_in_a_call_take_the_place_of_the_old_ones() {
    let first = keys(Suite::AesCm80, (1, 2));
    let Joined {
        mut one,
        mut other,
        at,
    } = joined(Some(&first));
    wait(0.3);
    for number in 3..6 {
        let next = keys(Suite::AesCm80, (number, number + 10));
        let before = (stats(&one).received, stats(&other).received);
        change(&mut one, at.1, Some(next.clone()));
        change(&mut other, at.0, Some(reversed(&next)));
        wait(0.5);
        assert!(stats(&one).received > before.0 + 12, "{number}");
        assert!(stats(&other).received > before.1 + 12, "{number}");
    }
}

#[test]
fn whoever_sends_by_other_keys_or_none_is_not_heard() {
    let own = |numbers| keys(Suite::AesGcm128, numbers);
    for far in [Some(own((3, 2))), None] {
        let Joined { mut one, other, at } = joined(Some(&own((1, 2))));
        change(&mut one, at.1, far);
        wait(0.2);
        let before = stats(&other).received;
        wait(0.3);
        assert_eq!(stats(&other).received, before);
    }
}
