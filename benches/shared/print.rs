//! How a bench says what it measured: one line each on standard output, to be read by people and by `cargo xtask bench`.
//! The name comes first, then value and unit, then, behind a bar, the peer that ran beside us and its value:
//!
//! ```text
//! parser.invite 1.62 µs | rsip 0.4.0 11.81
//! ```
//! All else that a bench has to say goes to standard error.

/// Prints what was measured of ours alone.
pub fn measured(name: &str, value: f64, unit: &str) {
    println!("{name} {value:.4} {unit}");
}

/// Prints what was measured, and the same of a peer that ran in this run.
pub fn measured_beside(name: &str, value: f64, unit: &str, peer: &str, peer_value: f64) {
    println!("{name} {value:.4} {unit} | {peer} {peer_value:.4}");
}

/// Says what a reader should know beside the figures; it stands below the table.
pub fn note(text: &str) {
    println!("# {text}");
}
