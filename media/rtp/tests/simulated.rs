//! The jitter buffer in a simulated network: virtual hours of loss, reordering, duplication, jitter and drifting clocks.
use std::collections::BTreeMap;
use trialog_frame::SampleTime;
use trialog_rtp::{Adjust, Header, JitterBuffer, JitterConfig, JitterStats, Pull, Reception};

const TICK: u64 = 480;

/// A small generator, so that each run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// True in `percent` of cases.
    fn chance(&mut self, percent: f64) -> bool {
        (self.next() % 1_000_000) as f64 / 10_000.0 < percent
    }

    fn up_to(&mut self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.next() % most }
    }
}

/// A sender, the network behind it, and the time of virtual arrival.
#[derive(Clone, Copy)]
struct Network {
    loss: f64,
    duplicates: f64,
    /// Uniform, in ms.
    jitter: u64,
    /// In ms, at the begin of each period of so many ms: what is sent meanwhile comes at the end.
    stall: u64,
    period: u64,
    /// By so many ms the time stamp jumps ahead after the first minute.
    jump: i64,
    /// The sender's clock against ours.
    ppm: f64,
    /// Where in our tick its packets fall, in samples.
    phase: u64,
    minutes: u64,
}

const CLEAN: Network = Network {
    loss: 0.0,
    duplicates: 0.0,
    jitter: 0,
    stall: 0,
    jump: 0,
    period: 4_000,
    ppm: 0.0,
    phase: 300,
    minutes: 10,
};

#[derive(Debug, Default)]
struct Outcome {
    sent: u64,
    lost: u64,
    stats: JitterStats,
    concealed_after_start: u64,
    ticks_of_silence: u64,
    least: u64,
    most: u64,
    mean: f64,
    shortened: u64,
    lengthened: u64,
    /// How long each packet that was played was on the way and waited, in samples, by its number.
    waits: BTreeMap<u64, u64>,
}

/// The receiving leg, without decoding: a store that is only counted.
#[expect(clippy::too_many_lines, reason = "one receiver's life, tick by tick")]
fn run(network: Network, silent: impl Fn(u64) -> bool) -> Outcome {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut arrivals: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let packets = network.minutes * 3000;
    let mut outcome = Outcome {
        least: u64::MAX,
        ..Outcome::default()
    };
    for n in 0..packets {
        if silent(n) {
            continue;
        }
        outcome.sent += 1;
        if random.chance(network.loss) {
            outcome.lost += 1;
            continue;
        }
        let sent = (n as f64 * 960.0 * (1.0 - network.ppm / 1e6)) as u64 + 48_000 + network.phase;
        let period = network.period * 48;
        let through = sent.max(sent / period * period + network.stall * 48);
        arrivals
            .entry(through + random.up_to(network.jitter * 48))
            .or_default()
            .push(n);
        if random.chance(network.duplicates) {
            let way = random.up_to(network.jitter.max(45) * 48);
            arrivals.entry(through + way).or_default().push(n);
        }
    }
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut reception = Reception::new();
    let (mut store, mut fraction) = (0u64, 0.0);
    let (mut total, mut counted) = (0.0, 0u64);
    let end = *arrivals.keys().last().expect("packets were sent");
    let mut due = arrivals.into_iter().peekable();
    for tick in 0..end / TICK {
        let now = tick * TICK;
        while let Some((at, numbers)) = due.next_if(|(at, _)| *at <= now) {
            for n in numbers {
                let jump = if n < 3000 { 0 } else { network.jump * 8 };
                let header = Header {
                    payload_type: 0,
                    marker: false,
                    sequence: (n + 60_000) as u16,
                    timestamp: (n as u32)
                        .wrapping_mul(160)
                        .wrapping_add(4_294_900_000)
                        .wrapping_add(jump as u32),
                    ssrc: 1,
                };
                if let Some(sequence) = reception.arrived(SampleTime(at), &header, Some(8000)) {
                    buffer.push(
                        SampleTime(at),
                        sequence,
                        header.timestamp,
                        8000,
                        0,
                        &n.to_be_bytes(),
                    );
                }
            }
        }
        fraction += TICK as f64 * f64::from(buffer.drift_ppm()) / 1e6;
        let whole = fraction.floor();
        fraction -= whole;
        let needed = (TICK as i64 + whole as i64) as u64;
        while store < needed {
            match buffer.pull(SampleTime(now), store as usize) {
                Pull::Play {
                    payload, adjust, ..
                } => {
                    let n = u64::from_be_bytes(payload.try_into().expect("eight octets"));
                    let sent = (n as f64 * 960.0 * (1.0 - network.ppm / 1e6))
                        + 48_000.0
                        + network.phase as f64;
                    let waited = now as f64 + store as f64 - sent;
                    outcome.waits.insert(n, waited.max(0.0) as u64);
                    if n > 500 {
                        outcome.least = outcome.least.min(waited.max(0.0) as u64);
                        outcome.most = outcome.most.max(waited as u64);
                        total += waited;
                        counted += 1;
                    }
                    store += match adjust {
                        Adjust::Keep | Adjust::Skip => 960,
                        Adjust::Shorten => {
                            outcome.shortened += 1;
                            960 - 480
                        }
                        Adjust::Lengthen => {
                            outcome.lengthened += 1;
                            960 + 480
                        }
                    };
                    buffer.played(960);
                }
                Pull::Recover { samples, .. } | Pull::Conceal { samples } => {
                    store += samples as u64;
                    if now > 48_000 * 11 {
                        outcome.concealed_after_start += samples as u64;
                    }
                }
                Pull::Silence => {
                    outcome.ticks_of_silence += 1;
                    store = needed;
                }
            }
        }
        store -= needed;
    }
    outcome.stats = buffer.stats();
    outcome.mean = total / counted.max(1) as f64 / 48.0;
    outcome
}

fn ms(samples: u64) -> f64 {
    samples as f64 / 48.0
}

#[test]
fn a_clean_network_is_played_whole_at_whatever_phase_within_12_ms() {
    for phase in (0..480).step_by(37) {
        let outcome = run(Network { phase, ..CLEAN }, |_| false);
        assert_eq!(outcome.stats.concealed, 0, "phase {phase}: {outcome:?}");
        assert_eq!(outcome.stats.late, 0);
        assert!(ms(outcome.most) <= 12.0, "phase {phase}: {outcome:?}");
    }
}

#[test]
fn a_drift_of_200_ppm_over_hours_neither_grows_the_delay_nor_loses_a_sample() {
    for ppm in [-500.0, -200.0, 200.0, 500.0] {
        let outcome = run(
            Network {
                ppm,
                minutes: 180,
                ..CLEAN
            },
            |_| false,
        );
        // Before the drift is known, in the first half minute, one tick may be missed.
        assert!(outcome.stats.concealed <= 480, "{ppm} ppm: {outcome:?}");
        assert_eq!((outcome.stats.late, outcome.stats.dropped), (0, 0));
        assert_eq!(
            (outcome.shortened, outcome.lengthened),
            (0, 0),
            "the resampler is enough"
        );
        assert!(ms(outcome.most) < 17.0, "{ppm} ppm: {outcome:?}");
    }
}

#[test]
fn five_percent_of_loss_costs_five_percent_of_made_up_sound_and_no_delay() {
    let outcome = run(Network { loss: 5.0, ..CLEAN }, |_| false);
    let made_up = outcome.stats.concealed as f64 / (outcome.lost * 960) as f64;
    assert!((0.98..1.02).contains(&made_up), "{made_up}: {outcome:?}");
    assert!(ms(outcome.most) <= 13.0, "{outcome:?}");
}

#[test]
fn duplicates_and_reordering_are_put_right() {
    let network = Network {
        duplicates: 20.0,
        jitter: 45,
        minutes: 20,
        ..CLEAN
    };
    let outcome = run(network, |_| false);
    let made_up = outcome.concealed_after_start as f64 / (outcome.sent * 960) as f64;
    assert!(
        made_up < 0.01,
        "{:.2} % made up: {outcome:?}",
        made_up * 100.0
    );
    assert!(outcome.mean < 65.0, "{outcome:?}");
}

#[test]
fn jitter_of_40_ms_with_5_percent_loss_is_bearable() {
    let network = Network {
        loss: 5.0,
        jitter: 40,
        minutes: 30,
        ppm: 50.0,
        ..CLEAN
    };
    let outcome = run(network, |_| false);
    let made_up = outcome.concealed_after_start as f64 / (outcome.sent * 960) as f64;
    assert!(
        made_up < 0.065,
        "{:.2} % made up of 5 % lost: {outcome:?}",
        made_up * 100.0
    );
    assert!(outcome.mean < 60.0, "{outcome:?}");
}

#[test]
fn stalls_that_come_again_are_waited_for() {
    for stall in [60, 120, 200] {
        let network = Network { stall, ..CLEAN };
        let outcome = run(network, |_| false);
        let stalls = network.minutes * 15;
        // Once their kind is known, a packet each at most is made up.
        let each = ms(outcome.concealed_after_start) / stalls as f64;
        println!(
            "{stall} ms: {each:.1} ms made up each, mean delay {:.0} ms",
            outcome.mean
        );
        assert!(each <= 21.0, "{stall} ms: {each} ms each: {outcome:?}");
        assert!(outcome.mean < stall as f64 + 15.0, "{outcome:?}");
    }
}

#[test]
fn an_outage_loses_no_word_and_the_delay_is_back_within_three_seconds() {
    for stall in [300, 600, 1_000] {
        let network = Network {
            stall,
            period: 60_000,
            ..CLEAN
        };
        let outcome = run(network, |_| false);
        assert_eq!(
            (outcome.stats.late, outcome.stats.dropped),
            (0, 0),
            "{stall} ms"
        );
        // The stalls begin one second before each minute of the packets, which are sent from then on.
        for minute in 1..network.minutes {
            let end = minute * 3000 - 50 + stall / 20;
            let wait = |seconds: u64| ms(outcome.waits[&(end + seconds * 50)]);
            assert!(wait(3) < 60.0, "{stall} ms: {} after 3 s", wait(3));
            if minute == 2 {
                println!(
                    "{stall} ms: {:.0} {:.0} {:.0} {:.0} ms",
                    wait(0),
                    wait(1),
                    wait(2),
                    wait(3)
                );
            }
        }
    }
}

#[test]
fn a_jump_of_the_time_stamp_is_over_within_three_seconds() {
    for jump in [-2_000, -1_000, -300, -100, -40, 40, 100, 300, 1_000] {
        let outcome = run(Network { jump, ..CLEAN }, |_| false);
        let wait = |n: u64| outcome.waits.get(&n).map_or(-1.0, |wait| ms(*wait));
        assert!(
            wait(3000 + 150) < 25.0,
            "{jump} ms: {} after 3 s",
            wait(3150)
        );
        // Set back, it costs nothing; set ahead, the gap might be sound that is still to come.
        let most = if jump < 0 { 0 } else { jump.unsigned_abs() };
        assert!(
            ms(outcome.stats.concealed) <= most as f64,
            "{jump} ms: {:?}",
            outcome.stats
        );
        assert_eq!(outcome.stats.late, 0, "{jump} ms");
    }
}

#[test]
fn duplicates_cost_no_delay() {
    // A copy takes as long as the network likes, up to 45 ms more; the first to come counts.
    let outcome = run(
        Network {
            duplicates: 10.0,
            ..CLEAN
        },
        |_| false,
    );
    assert!(outcome.mean < 12.0, "{outcome:?}");
}

#[test]
fn the_first_word_after_a_long_silence_is_not_late() {
    // Ten seconds of talk, twenty of nothing sent, and again.
    let outcome = run(CLEAN, |n| n % 1500 >= 500);
    assert!(ms(outcome.most) <= 12.0, "{outcome:?}");
    // The end of each spurt fades out by concealment.
    assert!(outcome.stats.concealed <= 20 * 210 * 48, "{outcome:?}");
}

#[test]
fn after_wild_minutes_the_delay_comes_down_again() {
    let mut random = Random(7);
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut reception = Reception::new();
    let mut arrivals: BTreeMap<u64, u64> = BTreeMap::new();
    for n in 0..9000u64 {
        let late = if n < 3000 { random.up_to(80 * 48) } else { 0 };
        arrivals.insert(n * 960 + 500 + late, n);
    }
    let mut store = 0i64;
    let mut high = SampleTime(0);
    for tick in 0..9000 * 2 {
        let now = tick * TICK;
        while let Some(entry) = arrivals.first_entry().filter(|entry| *entry.key() <= now) {
            let (at, n) = entry.remove_entry();
            let (sequence, timestamp) = (n as u16, n as u32 * 160);
            let header = Header {
                payload_type: 0,
                marker: false,
                sequence,
                timestamp,
                ssrc: 1,
            };
            let sequence = reception
                .arrived(SampleTime(at), &header, Some(8000))
                .expect("in order enough");
            buffer.push(SampleTime(at), sequence, timestamp, 8000, 0, b"x");
        }
        while store < 480 {
            store += match buffer.pull(SampleTime(now), store.max(0) as usize) {
                Pull::Play { adjust, .. } => {
                    buffer.played(960);
                    match adjust {
                        Adjust::Keep | Adjust::Skip => 960,
                        Adjust::Shorten => 480,
                        Adjust::Lengthen => 1440,
                    }
                }
                Pull::Recover { samples, .. } | Pull::Conceal { samples } => samples as i64,
                Pull::Silence => 480,
            };
        }
        store -= 480
            + if buffer.drift_ppm() > 0 && tick % 3 == 0 {
                1
            } else {
                0
            };
        high = high.max(buffer.stats().delay);
    }
    assert!(high.as_millis() >= 60, "it went up to {high:?}");
    assert!(
        buffer.stats().delay.as_millis() <= 35,
        "and came down to {:?}",
        buffer.stats()
    );
}
