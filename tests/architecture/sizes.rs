//! One file, one idea: a product file that has grown past 500 lines has more than one. Functions are held to 100 lines by clippy
//! (`too_many_lines`).
use std::path::{Path, PathBuf};

/// Lines that a product file has at most.
const MOST: usize = 500;

/// Folders of a package that are no product: tests and proofs are as long as what they prove has cases.
const PROOF: [&str; 5] = ["tests", "proof", "examples", "target", "node_modules"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !PROOF.contains(&name.as_ref()) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_product_file_is_longer_than_500_lines() {
    let top = super::workspace();
    let mut found = Vec::new();
    for folder in ["crates", "media"] {
        sources(&top.join(folder), &mut found);
    }
    assert!(found.len() > 100, "the sources were not found");
    let long: Vec<String> = found
        .iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(path).unwrap().lines().count();
            (lines > MOST).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert_eq!(long, [""; 0]);
}
