//! What one leg does: digits, silence, changes of codec, address and direction, a lossy network, a bridge without an ear.
mod common;
use common::{
    AGENT_1, AGENT_2, CUSTOMER, Foreign, LOOPBACK, Party, join, leg, local, session, unix_us, wait,
};
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use trialog_engine::{AudioEnd, Codec, Engine, EngineEvent, EventParams, Options, OpusLimits};

fn bridge(options: Options) -> (Engine, std::sync::mpsc::Receiver<EngineEvent>) {
    Engine::start(AudioEnd::None, options).expect("no hardware needed")
}

#[test]
fn digits_pass_once_each_over_every_codec() {
    let dir = tempfile::tempdir().expect("a folder");
    for codec in [Codec::Pcmu, Codec::Opus] {
        let mut one = Party::with_pilot(dir.path(), "one", CUSTOMER);
        let mut two = Party::with_pilot(dir.path(), "two", AGENT_1);
        join((&mut one, 1), (&mut two, 7), codec);
        one.engine.set_routing(&[local(0), leg(1, 0)]);
        wait(0.1);
        for digit in b"5*#" {
            one.engine.send_dtmf(1, *digit).expect("agreed");
        }
        assert!(one.engine.send_dtmf(1, b'x').is_err());
        wait(1.0);
        let heard: Vec<_> = two
            .events
            .try_iter()
            .filter(|event| *event != EngineEvent::Heard(7))
            .collect();
        assert_eq!(
            heard,
            [b'5', b'*', b'#'].map(|digit| EngineEvent::Dtmf(7, digit)),
            "{codec:?}"
        );
    }
}

#[test]
fn a_digit_goes_out_as_rfc_4733_says() {
    let (mut engine, _events) = bridge(Options::default());
    let far = Foreign::new();
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    engine
        .open_leg(1, socket, session(far.address(), Codec::Pcmu))
        .expect("opened");
    engine.send_dtmf(1, b'9').expect("agreed");
    let packets: Vec<_> = (0..20).filter_map(|_| far.receive()).collect();
    let digit: Vec<_> = packets
        .iter()
        .filter(|(header, _)| header.payload_type == 101)
        .collect();
    // 120 ms by 20, the last one three times.
    assert_eq!(digit.len(), 8);
    assert!(digit[0].0.marker && digit[1..].iter().all(|(header, _)| !header.marker));
    assert!(
        digit
            .iter()
            .all(|(header, _)| header.timestamp == digit[0].0.timestamp)
    );
    assert_eq!(
        digit
            .iter()
            .filter(|(_, payload)| payload[1] & 0x80 != 0)
            .count(),
        3
    );
    assert_eq!(digit[7].1[2..], 960u16.to_be_bytes());
    assert!(
        packets
            .windows(2)
            .all(|two| two[1].0.sequence == two[0].0.sequence.wrapping_add(1))
    );
}

#[test]
fn what_the_far_side_can_take_holds_for_what_we_send() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut one = Party::with_pilot(dir.path(), "one", CUSTOMER);
    let far = Foreign::new();
    let mut limited = session(far.address(), Codec::Opus);
    limited.opus = OpusLimits {
        max_bitrate: Some(12_000),
        playback_rate: 8_000,
        fec: false,
        constant_bitrate: true,
        dtx: false,
    };
    // Events on another clock than the sound's (RFC 4733 §2.3.5).
    limited.telephone_event = Some(EventParams {
        send: 101,
        receive: 101,
        clock: 8_000,
    });
    let socket = one.bind();
    one.engine.open_leg(1, socket, limited).expect("opened");
    one.engine.set_routing(&[local(0), leg(1, 0)]);
    one.engine.send_dtmf(1, b'5').expect("agreed");
    let packets: Vec<_> = (0..40).filter_map(|_| far.receive()).collect();
    let (events, sound): (Vec<_>, Vec<_>) = packets
        .iter()
        .partition(|(header, _)| header.payload_type == 101);
    let longest = events
        .iter()
        .map(|(_, payload)| u16::from_be_bytes([payload[2], payload[3]]));
    assert_eq!(longest.max(), Some(960), "120 ms at 8 kHz");
    assert!(
        sound.iter().all(|(_, payload)| payload.len() == 30),
        "12 kbit/s, constant"
    );
    // RFC 6716 §3.1, table 2: below 4 are the narrow bands of SILK, 16 to 19 those of CELT.
    let narrow = |toc: u8| matches!(toc >> 3, 0..4 | 16..20);
    assert!(!sound.is_empty() && sound.iter().all(|(_, payload)| narrow(payload[0])));
}

#[test]
fn a_leg_is_heard_with_its_first_sound_and_not_with_its_first_packet() {
    let (mut engine, events) = bridge(Options::default());
    let mut far = Foreign::new();
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    let ours = socket.local_addr();
    engine
        .open_leg(1, socket, session(far.address(), Codec::Pcmu))
        .expect("opened");
    // A payload type that was never agreed: it comes, and nothing of it can be played.
    for _ in 0..10 {
        far.send(ours, 120, false, &[0xFF; 160]);
        far.timestamp += 160;
        wait(0.02);
    }
    assert_eq!(events.try_recv().ok(), None);
    for _ in 0..10 {
        far.send(ours, 0, false, &[0xFF; 160]);
        far.timestamp += 160;
        wait(0.02);
    }
    assert_eq!(events.try_recv().ok(), Some(EngineEvent::Heard(1)));
}

#[test]
fn a_leg_that_stops_sending_is_silent_then_lost_and_heard_again() {
    let options = Options {
        silent_after: Duration::from_millis(300),
        lost_after: Duration::from_millis(700),
        ..Options::default()
    };
    let (mut engine, events) = bridge(options);
    let mut far = Foreign::new();
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    let ours = socket.local_addr();
    engine
        .open_leg(1, socket, session(far.address(), Codec::Pcmu))
        .expect("opened");
    let mut talk = |millis: u64| {
        for _ in 0..millis / 20 {
            far.send(ours, 0, false, &[0xFF; 160]);
            far.timestamp += 160;
            wait(0.02);
        }
    };
    talk(400);
    assert_eq!(
        events.try_iter().collect::<Vec<_>>(),
        [EngineEvent::Heard(1)]
    );
    wait(0.5);
    assert_eq!(events.try_recv().ok(), Some(EngineEvent::Silent(1)));
    wait(0.4);
    assert_eq!(events.try_recv().ok(), Some(EngineEvent::Lost(1)));
    talk(100);
    assert_eq!(events.try_recv().ok(), Some(EngineEvent::Heard(1)));
    // Held by the far side: nothing is due.
    let held = trialog_engine::SessionParams {
        far_sends: false,
        ..session(far.address(), Codec::Pcmu)
    };
    engine.change_leg(1, held).expect("open");
    wait(1.0);
    assert_eq!(events.try_recv().ok(), None);
}

#[test]
fn another_address_gets_the_next_packet_at_once_and_the_sequence_goes_on() {
    let (mut engine, _events) = bridge(Options::default());
    let (old, new) = (Foreign::new(), Foreign::new());
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    engine
        .open_leg(1, socket, session(old.address(), Codec::Pcmu))
        .expect("opened");
    let mut packets: Vec<_> = (0..5).filter_map(|_| old.receive()).collect();
    let before = packets.pop().expect("packets come").0;
    engine
        .change_leg(1, session(new.address(), Codec::Pcmu))
        .expect("open");
    let begun = Instant::now();
    let after = new.receive().expect("packets come").0;
    assert!(
        begun.elapsed() < Duration::from_millis(45),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(after.ssrc, before.ssrc);
    assert!(after.sequence.wrapping_sub(before.sequence) <= 3);
}

#[test]
fn the_far_side_is_answered_where_it_sends_from_and_nobody_takes_a_leg_over() {
    let (mut engine, _events) = bridge(Options::default());
    let said = Foreign::new();
    let (mut real, mut thief) = (Foreign::new(), Foreign::new());
    let socket = engine.bind(LOOPBACK, 0..=0).expect("ports");
    let ours = socket.local_addr();
    // The SDP says one port, the packets come from another: a translator between.
    engine
        .open_leg(1, socket, session(said.address(), Codec::Pcmu))
        .expect("opened");
    real.send(ours, 0, true, &[0xFF; 160]);
    real.send(ours, 0, false, &[0xFF; 160]);
    wait(0.05);
    assert!(
        real.receive().is_some(),
        "answers go where packets come from"
    );
    thief.send(ours, 0, true, &[0xFF; 160]);
    thief.send(ours, 0, false, &[0xFF; 160]);
    wait(0.05);
    assert!(thief.receive().is_none(), "a third party gets nothing");
    assert!(real.receive().is_some());
}

#[test]
fn a_change_of_codec_in_a_call_leaves_no_gap_over_20_ms() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut one = Party::with_pilot(dir.path(), "one", CUSTOMER);
    let mut two = Party::with_pilot(dir.path(), "two", AGENT_1);
    let (socket_one, socket_two) = (one.bind(), two.bind());
    let (at_one, at_two) = (socket_one.local_addr(), socket_two.local_addr());
    // Both take either codec in, as offer and answer arrange it around a re-INVITE.
    let both = |remote, codec| {
        let mut session = session(remote, codec);
        session.receive_payloads = vec![(0, Codec::Pcmu), (9, Codec::G722), (96, Codec::Opus)];
        session
    };
    one.engine
        .open_leg(1, socket_one, both(at_two, Codec::Pcmu))
        .expect("opened");
    two.engine
        .open_leg(1, socket_two, both(at_one, Codec::Pcmu))
        .expect("opened");
    one.engine.set_routing(&[local(0), leg(1, 0)]);
    two.engine.set_routing(&[local(0), leg(1, 0)]);
    wait(1.0);
    let changed = unix_us();
    for codec in [Codec::G722, Codec::Opus, Codec::Pcmu] {
        two.engine.change_leg(1, both(at_one, codec)).expect("open");
        wait(0.7);
    }
    let one = one.heard();
    let gap = one.gap_ms(AGENT_1, changed, -0.3, 1.9);
    assert!(gap <= 20, "a gap of {gap} ms");
}

#[test]
fn three_legs_are_bridged_without_a_local_ear() {
    let dir = tempfile::tempdir().expect("a folder");
    let pilots = [CUSTOMER, AGENT_1, AGENT_2];
    let mut parties: Vec<_> = pilots
        .iter()
        .map(|pilot| Party::with_pilot(dir.path(), &format!("party-{pilot}"), *pilot))
        .collect();
    let (mut engine, _events) = bridge(Options::default());
    for (party, key) in parties.iter_mut().zip(1..) {
        let (theirs, ours) = (party.bind(), engine.bind(LOOPBACK, 0..=0).expect("ports"));
        let (at_theirs, at_ours) = (theirs.local_addr(), ours.local_addr());
        party
            .engine
            .open_leg(9, theirs, session(at_ours, Codec::Pcmu))
            .expect("opened");
        party.engine.set_routing(&[local(0), leg(9, 0)]);
        engine
            .open_leg(key, ours, session(at_theirs, Codec::Pcmu))
            .expect("opened");
    }
    engine.set_routing(&[leg(1, 4), leg(2, 4), leg(3, 4)]);
    wait(0.6);
    let origin = unix_us();
    wait(1.2);
    for (party, own) in parties.into_iter().zip(pilots) {
        let ear = party.heard();
        for pilot in pilots {
            let level = ear.level(pilot, origin, 0.0, 1.0);
            assert_eq!(
                level > -31.0,
                pilot != own,
                "{own} Hz hears {pilot} Hz at {level}"
            );
        }
    }
}

#[test]
fn five_percent_of_loss_is_concealed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut one = Party::with_pilot(dir.path(), "one", CUSTOMER);
    let socket = one.bind();
    let ours = socket.local_addr();
    let mut far = Foreign::new();
    one.engine
        .open_leg(1, socket, session(far.address(), Codec::Pcmu))
        .expect("opened");
    one.engine.set_routing(&[local(0), leg(1, 0)]);
    let origin = unix_us();
    far.talk(ours, AGENT_1, 200, |_, n| n % 20 != 13);
    let stats = one.engine.stats();
    let ear = one.heard();
    println!("{:?}", stats.legs);
    assert_eq!(stats.legs[0].lost, 10);
    assert!(stats.legs[0].concealed_ms <= 300, "{stats:?}");
    let level =
        (1..7).map(|n| ear.level(AGENT_1, origin, 0.5 * f64::from(n), 0.5 * f64::from(n + 1)));
    let level = level.fold(0.0, f32::min);
    assert!(level > -31.0, "{level}");
    let gap = ear.gap_ms(AGENT_1, origin, 0.3, 3.8);
    assert!(gap <= 5, "a hole of {gap} ms is heard");
}

#[test]
fn opus_waits_for_the_next_packet_where_many_are_lost_and_goes_on_sounding() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut one = Party::with_pilot(dir.path(), "one", CUSTOMER);
    let mut two = Party::with_pilot(dir.path(), "two", AGENT_1);
    let (socket_one, socket_two) = (one.bind(), two.bind());
    let at_one = socket_one.local_addr();
    // A wire from two to one that loses every tenth packet.
    let wire = UdpSocket::bind((LOOPBACK, 0)).expect("loopback has ports");
    let at_wire = wire.local_addr().expect("bound");
    one.engine
        .open_leg(1, socket_one, session(at_wire, Codec::Opus))
        .expect("opened");
    two.engine
        .open_leg(1, socket_two, session(at_wire, Codec::Opus))
        .expect("opened");
    one.engine.set_routing(&[local(0), leg(1, 0)]);
    two.engine.set_routing(&[local(0), leg(1, 0)]);
    let wire_thread = std::thread::spawn(move || {
        wire.set_read_timeout(Some(Duration::from_millis(300)))
            .expect("a timeout");
        let mut buffer = [0; 2048];
        let mut count = 0u32;
        while let Ok((length, source)) = wire.recv_from(&mut buffer) {
            if source == at_one {
                continue;
            }
            count += 1;
            if count % 10 != 7 {
                wire.send_to(&buffer[..length], at_one).expect("sent");
            }
        }
    });
    let origin = unix_us();
    wait(6.0);
    let stats = one.engine.stats();
    println!("{:?}", stats.legs);
    drop(two);
    let one = one.heard();
    wire_thread.join().expect("it ends when nobody sends");
    assert!(stats.legs[0].lost >= 20, "{stats:?}");
    let level =
        (6..11).map(|n| one.level(AGENT_1, origin, 0.5 * f64::from(n), 0.5 * f64::from(n + 1)));
    let level = level.fold(0.0, f32::min);
    assert!(level > -33.0, "{level}");
    // Long enough that the packet after a lost one is there in time.
    assert!(
        stats.legs[0].target_ms >= 20.0 && stats.legs[0].delay_ms >= 20.0,
        "{stats:?}"
    );
}

#[test]
fn a_bridge_without_legs_rests_and_wakes_for_the_next_one() {
    let (mut engine, _events) = bridge(Options::default());
    let ticks = |engine: &Engine| engine.stats().ticks;
    let rests = |engine: &Engine| {
        let limit = Instant::now() + Duration::from_secs(5);
        loop {
            let before = ticks(engine);
            wait(0.1);
            if ticks(engine) == before {
                return;
            }
            assert!(Instant::now() < limit, "it ticks on without a leg");
        }
    };
    for key in 1..3 {
        rests(&engine);
        assert!(engine.stats().legs.is_empty());
        let (mut far, before) = (Foreign::new(), ticks(&engine));
        let socket = engine.bind(LOOPBACK, 0..=0).expect("loopback has ports");
        let to = socket.local_addr();
        engine
            .open_leg(key, socket, session(far.address(), Codec::Pcmu))
            .expect("there is room");
        far.send(to, 0, true, &[0xff; 160]);
        assert!(far.receive().is_some(), "it sends to a leg at once");
        assert!(ticks(&engine) > before);
        engine.close_leg(key);
    }
}
