//! What we ship must be free to ship: no part of the program may bind its user by copyleft.
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use std::collections::BTreeSet;

const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Some way to take this SPDX expression asks for permissive licences only. `/` is the old way to say OR.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut place = 0;
    any_of(&words, &mut place) && place == words.len()
}

fn any_of(words: &[&str], place: &mut usize) -> bool {
    let mut holds = all_of(words, place);
    while words.get(*place) == Some(&"OR") {
        *place += 1;
        holds |= all_of(words, place);
    }
    holds
}

fn all_of(words: &[&str], place: &mut usize) -> bool {
    let mut holds = one(words, place);
    while words.get(*place) == Some(&"AND") {
        *place += 1;
        holds &= one(words, place);
    }
    holds
}

fn one(words: &[&str], place: &mut usize) -> bool {
    let Some(word) = words.get(*place) else {
        return false;
    };
    *place += 1;
    if *word == "(" {
        let holds = any_of(words, place);
        *place += 1;
        return holds;
    }
    if words.get(*place) == Some(&"WITH") {
        let exception = words.get(*place + 1).unwrap_or(&"");
        *place += 2;
        return PERMISSIVE.contains(&format!("{word} WITH {exception}").as_str());
    }
    PERMISSIVE.contains(word)
}

/// All that goes into the program: what it imports, and what that imports.
fn shipped(metadata: &Metadata) -> Vec<&Package> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let root = metadata
        .packages
        .iter()
        .find(|package| package.name == "trialog-phone")
        .unwrap();
    let mut seen: BTreeSet<&PackageId> = BTreeSet::new();
    let mut open = vec![&root.id];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let node = resolve.nodes.iter().find(|node| node.id == *id).unwrap();
            open.extend(node.deps.iter().filter_map(|dependency| {
                let normal = dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal);
                normal.then_some(&dependency.pkg)
            }));
        }
    }
    metadata
        .packages
        .iter()
        .filter(|package| seen.contains(&package.id))
        .collect()
}

#[test]
fn the_program_ships_under_permissive_licences_only() {
    let metadata = super::metadata();
    let shipped = shipped(&metadata);
    let bound: Vec<String> = shipped
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(is_permissive))
        .map(|package| {
            format!(
                "{} {}: {:?}",
                package.name, package.version, package.license
            )
        })
        .collect();
    assert_eq!(bound, [""; 0]);
}

#[test]
fn all_that_is_not_ours_comes_from_the_public_registry() {
    let metadata = super::metadata();
    let elsewhere: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !metadata.workspace_members.contains(&package.id))
        .filter(|package| {
            !package
                .source
                .as_ref()
                .is_some_and(|source| source.is_crates_io())
        })
        .map(|package| format!("{}: {:?}", package.name, package.source))
        .collect();
    assert_eq!(elsewhere, [""; 0]);
}

#[test]
fn a_choice_is_permissive_when_one_way_is() {
    assert!(is_permissive("MIT OR GPL-3.0"));
    assert!(is_permissive("MIT/Apache-2.0"));
    assert!(is_permissive("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(is_permissive("Apache-2.0 WITH LLVM-exception OR MIT"));
}

#[test]
fn copyleft_that_cannot_be_avoided_is_found() {
    assert!(!is_permissive("MPL-2.0"));
    assert!(!is_permissive("GPL-3.0-or-later"));
    assert!(!is_permissive("MIT AND MPL-2.0"));
    assert!(!is_permissive("(MIT OR Apache-2.0) AND LGPL-2.1"));
    assert!(!is_permissive(""));
}
