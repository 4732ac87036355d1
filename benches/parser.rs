//! How long does it take to read an INVITE, five of its headers as types, and how long does `rsip` take?
//!
//! Prints µs, the median of many short runs, the two taking turns.
use std::hint::black_box;
use trialog_benches::invite::{RSIP, octets, ours, rsips};
use trialog_benches::print::measured_beside;
use trialog_benches::statistics::in_turns;

fn main() {
    let octets = octets();
    let [own, peer] = in_turns(
        200,
        500,
        [&mut || ours(black_box(&octets)), &mut || {
            rsips(black_box(&octets))
        }],
    );
    measured_beside("parser.invite", own, "µs", RSIP, peer);
}
