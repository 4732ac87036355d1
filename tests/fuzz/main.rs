//! One target under libFuzzer: `cargo xtask fuzz` starts this with the target's name in `TARGET`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::OnceLock;
use trialog_fuzz::{Chance, Target, find, mutate_records};

fn target() -> Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let name = std::env::var("TARGET").unwrap_or_default();
        find(&name).unwrap_or_else(|| panic!("TARGET={name} is no target: cargo xtask fuzz --list"))
    })
}

fuzz_target!(|octets: &[u8]| {
    let target = target();
    (target.run)(&octets[..octets.len().min(target.longest)]);
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let mut chance = Chance::new(u64::from(seed));
    let most = most.min(target().longest);
    let size = size.min(most);
    if !target().records || chance.below(3) == 0 {
        return fuzzer_mutate(data, size, most);
    }
    let mut octets = data[..size].to_vec();
    mutate_records(&mut octets, trialog_fuzz::RECORDS, &mut chance);
    let size = octets.len().min(most);
    data[..size].copy_from_slice(&octets[..size]);
    size
});
