//! Time, chance and sockets are arguments: these packages have none of their own.
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages, by folder.
const PACKAGES: [&str; 9] = [
    "crates/call",
    "crates/sip",
    "crates/sdp",
    "crates/ua",
    "media/frame",
    "media/dsp",
    "media/codec",
    "media/rtp",
    "media/mixer",
];

/// What none of their sources may say.
const FORBIDDEN: [&str; 22] = [
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "std::thread",
    "thread::spawn",
    "thread::sleep",
    "std::fs",
    "std::env",
    "std::process",
    "std::io::stdin",
    "Mutex",
    "RwLock",
    "async fn",
    ".await",
    "tokio",
    "thread_rng",
    "rand::random",
    "rand::rng",
    "OsRng",
];

/// What they may not import, not even through others: runtimes, sockets, chance from the machine.
const FORBIDDEN_IMPORTS: [&str; 10] = [
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "polling",
    "getrandom",
    "cpal",
    "chrono",
    "crossbeam-utils",
];

/// The lines of a source that say what they may not. Comments may say anything, and so may the tests at its foot.
fn faults(source: &str) -> Vec<String> {
    source
        .lines()
        .take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"))
        .map(|line| line.split("//").next().unwrap_or_default())
        .filter(|code| FORBIDDEN.iter().any(|word| says(code, word)))
        .map(|code| code.trim().to_owned())
        .collect()
}

/// The word stands in the code as a word, not as a part of another.
fn says(code: &str, word: &str) -> bool {
    let in_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start]
            .chars()
            .next_back()
            .filter(|_| !word.starts_with('.'));
        let after = code[start + word.len()..].chars().next();
        !before.is_some_and(in_name) && !after.is_some_and(in_name)
    })
}

/// All Rust sources below, without those that are tests as a whole.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == "tests" || name.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_sans_io_packages_read_no_clock_and_open_nothing() {
    let mut found = Vec::new();
    for package in PACKAGES {
        sources(&super::workspace().join(package).join("src"), &mut found);
    }
    assert!(found.len() > PACKAGES.len(), "the sources were not found");
    let faults: Vec<String> = found
        .iter()
        .flat_map(|path| {
            let source = std::fs::read_to_string(path).unwrap();
            faults(&source)
                .into_iter()
                .map(move |fault| format!("{}: {fault}", path.display()))
        })
        .collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn the_sans_io_packages_import_no_runtime_and_no_socket() {
    for package in PACKAGES {
        let name = format!("trialog-{}", package.rsplit('/').next().unwrap());
        // Only `cargo tree` resolves one package's features without those that its neighbours ask for.
        let tree = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "tree",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--format",
                "{p}",
                "--package",
                &name,
            ])
            .current_dir(super::workspace())
            .output()
            .unwrap();
        let imports = String::from_utf8(tree.stdout).unwrap();
        assert!(
            imports.starts_with(&name),
            "{}",
            String::from_utf8_lossy(&tree.stderr)
        );
        let faults: Vec<&str> = imports
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|import| FORBIDDEN_IMPORTS.contains(import))
            .collect();
        assert_eq!(faults, [""; 0], "{name}");
    }
}

#[test]
fn the_core_does_without_the_standard_library() {
    let lib = std::fs::read_to_string(super::workspace().join("crates/call/src/lib.rs")).unwrap();
    // Its own tests have the standard library: the search prints and keeps hash maps.
    let no_std = "#![cfg_attr(not(test), no_std)]";
    assert!(lib.lines().any(|line| line == no_std));
    let mut found = Vec::new();
    sources(&super::workspace().join("crates/call/src"), &mut found);
    for path in found {
        let source = std::fs::read_to_string(&path).unwrap();
        let faults = source
            .lines()
            .take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"))
            .any(|line| says(line.split("//").next().unwrap_or_default(), "std"));
        assert!(!faults, "{}", path.display());
    }
}

#[test]
fn a_clock_in_the_code_is_found_and_one_in_a_comment_is_not() {
    assert_eq!(faults("let now = Instant::now();").len(), 1);
    assert_eq!(faults("use std::net::{IpAddr, UdpSocket};").len(), 1);
    assert_eq!(faults("reply.await").len(), 1);
    assert!(faults("// an Instant is an argument").is_empty());
    assert!(faults("fn instantly() -> InstantReply {}").is_empty());
    assert!(faults("fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; }").is_empty());
}
