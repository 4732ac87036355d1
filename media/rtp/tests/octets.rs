//! A bounded fuzzing that everybody runs: streams of datagrams, damaged by a fixed seed, through the same entry as the
//! target of `tests/fuzz`. A panic or a broken promise names the seed that made it.
mod common {
    pub(crate) mod exercise;
}
use common::exercise::exercise;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trialog_rtp::{Header, rtcp, write};

/// A repeatable chance (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// A stream as a sane sender makes it, in the records that `exercise` reads.
fn sane() -> Vec<u8> {
    let mut octets = Vec::new();
    for number in 0..12_u16 {
        let header = Header {
            payload_type: 0,
            marker: number == 0,
            sequence: number.wrapping_sub(6),
            timestamp: u32::from(number).wrapping_mul(160).wrapping_sub(480),
            ssrc: 7,
        };
        let mut datagram = [0; 400];
        let length = write(&header, &[0x55; 160], &mut datagram);
        record(&mut octets, &datagram[..length]);
    }
    record(&mut octets, &rtcp::bye(7, "a@b"));
    octets
}

fn record(octets: &mut Vec<u8>, datagram: &[u8]) {
    octets.extend((datagram.len() as u16).to_be_bytes());
    octets.push(2);
    octets.extend(datagram);
}

#[test]
fn fifty_thousand_damaged_streams_do_no_harm() {
    let sane = sane();
    for seed in 1..=50_000 {
        let mut chance = Chance(seed);
        let mut octets = sane.clone();
        for _ in 0..=chance.below(24) {
            let at = chance.below(octets.len());
            match chance.below(4) {
                0 => octets[at] = chance.next() as u8,
                1 => octets[at] ^= 1 << chance.below(8),
                2 => drop(octets.drain(at..(at + chance.below(40)).min(octets.len()))),
                _ => {
                    let piece: Vec<u8> =
                        (0..chance.below(40)).map(|_| chance.next() as u8).collect();
                    octets.splice(at..at, piece);
                }
            }
            if octets.is_empty() {
                break;
            }
        }
        let fine = catch_unwind(AssertUnwindSafe(|| exercise(&octets)));
        assert!(fine.is_ok(), "seed {seed}");
    }
}
