//! How often do reading an INVITE, five of its headers as types, and writing it ask for memory, and how often with `rsip`?
//!
//! A program of its own, since counting makes each allocation slower.
use allocation_counter::measure;
use std::hint::black_box;
use trialog_benches::invite::{RSIP, octets, ours, read_ours, read_rsips, rsips};
use trialog_benches::print::measured_beside;

fn main() {
    let octets = octets();
    let count = |work: &dyn Fn()| measure(work).count_total as f64;
    measured_beside(
        "parser.invite.allocations",
        count(&|| ours(&octets)),
        "allocations",
        RSIP,
        count(&|| rsips(&octets)),
    );
    let (own, peer) = (read_ours(&octets), read_rsips(&octets));
    measured_beside(
        "serialise.invite",
        count(&|| _ = black_box(own.to_bytes())),
        "allocations",
        RSIP,
        count(&|| _ = black_box(peer.to_string().into_bytes())),
    );
}
