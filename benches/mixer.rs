//! How much CPU does the bridge need for a 20 ms tick at 48 kHz (two frames), all ports hearing all?
//!
//! Prints µs, the median of many short runs.
use std::hint::black_box;
use trialog_benches::print::measured;
use trialog_benches::statistics::in_turns;
use trialog_frame::Frame;
use trialog_mixer::{Mixer, Port, PortRouting};

fn main() {
    for ports in [3, 4, 16, 64, 254] {
        measured(&format!("mixer.{ports}"), tick(ports), "µs");
    }
}

fn tick(ports: usize) -> f64 {
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
    let [median] = in_turns(
        25,
        rounds,
        [&mut || {
            for _ in 0..2 {
                mixer.mix(
                    black_box(&routing),
                    black_box(&sources),
                    &[],
                    black_box(&mut listeners),
                );
            }
        }],
    );
    median
}
