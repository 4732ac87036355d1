//! What must stay true of the tree, whoever changes it: which package may import which, what the sans-IO packages must not
//! touch, and how long a file may be. `cargo xtask deny` holds under which licences we ship. Read from `cargo metadata`, `cargo tree` and
//! the sources themselves.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where a step of its own fails"
)]

mod arrows;
mod documents;
mod page;
mod sans_io;
mod sizes;

use cargo_metadata::{Metadata, MetadataCommand};

/// The workspace and all that it builds from, for the machine that the test runs on.
fn metadata() -> Metadata {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    MetadataCommand::new()
        .current_dir(workspace())
        .other_options(vec!["--filter-platform".to_owned(), host])
        .exec()
        .unwrap()
}

/// The workspace's folder.
fn workspace() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
}
