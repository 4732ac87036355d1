//! How long does it take to read an INVITE, five of its headers as types, and how long does `rsip` take? And how long does an offer
//! take that a stranger made to be costly, beside one of a tenth of its length?
//!
//! Prints µs, the median of many short runs, the two taking turns.
use std::hint::black_box;
use trialog_benches::invite::{RSIP, octets, ours, rsips};
use trialog_benches::offer::{refused, without_a_codec};
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

    let (long, short) = (without_a_codec(1_900, 250), without_a_codec(190, 25));
    let [own, tenth] = in_turns(
        100,
        20,
        [&mut || refused(black_box(&long)), &mut || {
            refused(black_box(&short))
        }],
    );
    measured_beside("parser.offer", own, "µs", "a tenth of it", tenth);
}
