//! What the documents name is there: each path in backticks is a file or a folder of the tree.

const DOCUMENTS: [&str; 5] = [
    "README.md",
    "crates/ARCHITECTURE.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    ".github/ISSUE_TEMPLATE/fault.md",
];

/// Folders whose paths are checked; what a command makes (`target/…`, a recording, a trace) may be missing.
const TOP: [&str; 7] = [
    "crates/", "media/", "config/", "benches/", "tests/", ".ci/", ".github/",
];

fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| TOP.iter().any(|top| word.starts_with(top)))
        .filter(|word| !word.contains([' ', '*', '…', '{', '<']))
        .filter(|word| !word.ends_with(".wav") && !word.ends_with(".jsonl"))
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let top = super::workspace();
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(top.join(document))
            .unwrap_or_else(|error| panic!("{document}: {error}"));
        for path in paths(&text).filter(|path| !top.join(path).exists()) {
            missing.push(format!("{document}: {path}"));
        }
    }
    assert_eq!(missing, [""; 0], "named, and not there");
}

#[test]
fn a_path_is_found_among_other_code() {
    let found: Vec<_> = paths("run `cargo test` in `crates/call`, see `target/x`").collect();
    assert_eq!(found, ["crates/call"]);
}
