//! How much CPU does the bridge need for a 20 ms tick at 48 kHz (two frames), all ports hearing all?
//!
//! Prints µs, the median of many short runs, since a shared machine only ever adds to a measurement.
use std::{hint::black_box, time::Instant};
use trialog_frame::Frame;
use trialog_mixer::{Mixer, Port, PortRouting};

fn main() {
    for (ports, goal) in [(3, 2.0), (4, 2.5), (16, 10.0), (64, 40.0), (254, 200.0)] {
        println!(
            "mixer.{ports:<4} {:8.2} µs a 20 ms tick (to reach: {goal})",
            median(ports)
        );
    }
}

fn median(ports: usize) -> f64 {
    let mut routing = PortRouting::new();
    for index in 0..ports {
        routing.set(index, Port::talking(0));
    }
    let mut mixer = Mixer::new();
    // Noise at −40 dB or so: loud enough not to be denormal, quiet enough for the limiter to stay out.
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 * (0.02 / (1 << 24) as f32) - 0.01
    };
    let sources: Vec<Frame> = (0..ports)
        .map(|_| Frame(std::array::from_fn(|_| noise())))
        .collect();
    let mut listeners = vec![Frame::SILENCE; ports];
    let rounds = (20_000 / ports).max(20);
    let mut runs: Vec<f64> = (0..25)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds {
                for _ in 0..2 {
                    mixer.mix(
                        black_box(&routing),
                        black_box(&sources),
                        &[],
                        black_box(&mut listeners),
                    );
                }
            }
            start.elapsed().as_secs_f64() * 1e6 / rounds as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}
