//! What was found once is kept: each target runs over its corpus, as it is and damaged by a fixed seed.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use trialog_fuzz::{Chance, TARGETS, Target, mutate, mutate_records};

/// How many damaged inputs a target gets; `cargo xtask fuzz` tries thousands a second.
const DAMAGED: u64 = 2_000;

fn corpus(target: Target) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let mut kept: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.expect("a folder can be listed").path();
            let octets = std::fs::read(&path).expect("a kept input can be read");
            (path.display().to_string(), octets)
        })
        .collect();
    kept.sort();
    kept
}

fn holds(target: Target, about: &str, octets: &[u8]) {
    let fine = catch_unwind(AssertUnwindSafe(|| (target.run)(octets)));
    assert!(
        fine.is_ok(),
        "{} {about}: {:?}",
        target.name,
        String::from_utf8_lossy(octets)
    );
}

#[test]
fn every_target_holds_over_its_corpus_and_over_what_is_near() {
    for target in TARGETS {
        let kept = corpus(target);
        assert!(!kept.is_empty(), "{} has no corpus", target.name);
        for (name, octets) in &kept {
            holds(target, name, octets);
        }
        for seed in 1..=DAMAGED {
            let mut chance = Chance::new(seed);
            let (name, octets) = &kept[chance.below(kept.len())];
            let mut octets = octets.clone();
            if target.records {
                mutate_records(&mut octets, trialog_fuzz::RECORDS, &mut chance);
            } else {
                mutate(&mut octets, &mut chance);
            }
            octets.truncate(target.longest);
            holds(target, &format!("{name} seed {seed}"), &octets);
        }
    }
}

#[test]
fn every_corpus_is_of_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in std::fs::read_dir(folder).expect("the corpora are there") {
        let name = entry.expect("a folder can be listed").file_name();
        let name = name.to_string_lossy();
        assert!(trialog_fuzz::find(&name).is_some(), "{name}");
    }
}
