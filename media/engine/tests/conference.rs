//! Three engines over real RTP: a customer, an agent whose engine bridges, a second agent. Each says a pilot; each ear's
//! recording tells who was heard when.
mod common;
use common::{AGENT_1, AGENT_2, CUSTOMER, Party, held, join, leg, local, unix_us, wait};
use trialog_engine::{Codec, Options};
use trialog_frame::Level;

/// Talk, hold with consult, conference, the guest leaves: at 1.5 s each.
fn three_parties(codec: Codec) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut customer = Party::with_pilot(dir.path(), "customer", CUSTOMER);
    let mut owner = Party::with_pilot(dir.path(), "agent-1", AGENT_1);
    let mut guest = Party::with_pilot(dir.path(), "agent-2", AGENT_2);
    join((&mut customer, 1), (&mut owner, 1), codec);
    customer.engine.set_routing(&[local(0), leg(1, 0)]);
    owner.engine.set_routing(&[local(0), leg(1, 0)]);
    wait(0.5);
    let talk = unix_us();
    wait(1.5);
    let consult = unix_us();
    join((&mut guest, 1), (&mut owner, 2), codec);
    guest.engine.set_routing(&[local(0), leg(1, 0)]);
    owner.engine.set_routing(&[local(0), leg(2, 0), held(1)]);
    wait(1.5);
    let conference = unix_us();
    owner.engine.set_routing(&[local(0), leg(1, 0), leg(2, 0)]);
    wait(1.5);
    let exit = unix_us();
    owner.engine.set_routing(&[local(0), leg(1, 0)]);
    owner.engine.close_leg(2);
    guest.engine.close_leg(1);
    wait(1.5);
    let (customer, owner, guest) = (customer.heard(), owner.heard(), guest.heard());
    let full = |level: f32| (-30.6..=-29.4).contains(&level);
    let report =
        |who: &str, what: &str, level: f32| println!("{codec:?} {who} hears {what}: {level:.2} dB");

    let two = customer.level(AGENT_1, talk, 0.2, 1.3);
    report("customer", "agent 1, two-party", two);
    assert!(full(two));
    assert!(full(owner.level(CUSTOMER, talk, 0.2, 1.3)));
    let own = customer.level(CUSTOMER, talk, 0.2, 1.3);
    report("customer", "himself", own);
    assert!(own < -100.0);

    for pilot in [AGENT_1, AGENT_2] {
        let beside = customer.level(pilot, consult, 0.3, 1.4);
        report("customer", &format!("{pilot} Hz in the music"), beside);
        // A codec's noise is where the music is.
        assert!(beside < -60.0, "on hold the customer hears no pilot");
    }
    let music = rms(&customer, consult, 0.3, 1.4);
    report("customer", "music", music);
    assert!((-32.0..-12.0).contains(&music), "but music: {music}");
    assert!(full(owner.level(AGENT_2, consult, 0.3, 1.4)));
    assert!(owner.level(CUSTOMER, consult, 0.3, 1.4) < -70.0);

    for (who, ear, others) in [
        ("customer", &customer, [AGENT_1, AGENT_2]),
        ("agent 1", &owner, [CUSTOMER, AGENT_2]),
        ("agent 2", &guest, [CUSTOMER, AGENT_1]),
    ] {
        for other in others {
            let level = ear.level(other, conference, 0.2, 1.4);
            report(who, &format!("{other} Hz in the conference"), level);
            assert!(
                (-31.0..=-29.0).contains(&level),
                "{who} hears {other} Hz at {level}"
            );
        }
        let own = [CUSTOMER, AGENT_1, AGENT_2]
            .into_iter()
            .find(|pilot| !others.contains(pilot))
            .expect("the third");
        let level = ear.level(own, conference, 0.2, 1.4);
        report(who, "himself in the conference", level);
        assert!(level < -80.0, "{who} hears himself at {level}");
    }

    let gap = customer.gap_ms(AGENT_1, exit, -1.2, 1.4);
    println!("{codec:?} gap at the guest's exit: {gap} ms");
    assert!(
        gap <= 20,
        "when the guest leaves the customer hears a gap of {gap} ms"
    );
    assert!(customer.level(AGENT_2, exit, 0.3, 1.4) < -70.0);
    assert!(full(customer.level(AGENT_1, exit, 0.2, 1.4)));
}

fn rms(ear: &common::Heard, origin: u64, from: f64, to: f64) -> f32 {
    let offset = (origin as f64 - ear.started as f64) / 1e6;
    let at = |seconds: f64| ((seconds + offset) * 48e3) as usize;
    trialog_frame::Level::rms(&ear.samples[at(from)..at(to)]).0
}

#[test]
fn three_parties_hear_each_other_and_nobody_himself_over_pcmu() {
    three_parties(Codec::Pcmu);
}

#[test]
fn three_parties_hear_each_other_and_nobody_himself_over_pcma() {
    three_parties(Codec::Pcma);
}

#[test]
fn three_parties_hear_each_other_and_nobody_himself_over_g722() {
    three_parties(Codec::G722);
}

#[test]
fn three_parties_hear_each_other_and_nobody_himself_over_opus() {
    three_parties(Codec::Opus);
}

#[test]
fn levels_are_those_of_each_party_while_they_are_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut customer = Party::with_pilot(dir.path(), "customer", CUSTOMER);
    let mut owner = Party::with_voice(dir.path(), "agent-1", None, Options::default());
    join((&mut customer, 1), (&mut owner, 1), Codec::Pcmu);
    customer.engine.set_routing(&[local(0), leg(1, 0)]);
    owner.engine.set_routing(&[local(0), leg(1, 0)]);
    wait(0.3);
    assert_eq!(
        owner.engine.levels().ear,
        Level::FLOOR,
        "asked for the first time"
    );
    wait(0.3);
    let levels = owner.engine.levels();
    let [(key, party)] = levels.legs[..] else {
        panic!("{levels:?}");
    };
    // A sine of −30 dB has an RMS of −33.
    for level in [party, levels.ear] {
        assert!((level.0 + 33.0).abs() < 1.0, "{levels:?}");
    }
    assert_eq!((key, levels.microphone), (1, Level::FLOOR));
}
