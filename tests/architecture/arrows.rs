//! An arrow between packages is a design decision. This is the list of those that were taken.
use cargo_metadata::DependencyKind;
use std::collections::{BTreeMap, BTreeSet};

/// Who may import whom. A package that is not here may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("trialog-call", &[]),
    ("trialog-sip", &[]),
    ("trialog-sdp", &[]),
    (
        "trialog-ua",
        &["trialog-call", "trialog-sip", "trialog-sdp"],
    ),
    // The JSON of the API: a client needs it without the server, and the server without a client.
    ("trialog-api", &[]),
    // For the command line, the demo, the tests and users alike.
    ("trialog-client", &["trialog-api"]),
    ("trialog-desk", &["trialog-call", "trialog-api"]),
    // It knows SQL and its own rows: what a call is, others say.
    ("trialog-store", &[]),
    ("trialog-frame", &[]),
    ("trialog-dsp", &["trialog-frame"]),
    ("trialog-codec", &["trialog-frame"]),
    ("trialog-rtp", &["trialog-frame"]),
    // Packets and keys are arguments; its own package, since the cryptography under it has a source of chance.
    ("trialog-srtp", &[]),
    ("trialog-mixer", &["trialog-frame"]),
    // Echo, noise and gain: its libraries use the heap, so that only a thread of its own may call it.
    ("trialog-voice", &["trialog-frame"]),
    (
        "trialog-engine",
        &[
            "trialog-frame",
            "trialog-dsp",
            "trialog-codec",
            "trialog-rtp",
            "trialog-srtp",
            "trialog-mixer",
            "trialog-voice",
        ],
    ),
    // It drives the programs from outside, as a user does.
    ("trialog-demo", &["trialog-client"]),
    // It sees only what was recorded: no state, no intent.
    ("trialog-checker", &["trialog-sip-text"]),
    // SIP as those read it who judge the phone; not its own parser.
    ("trialog-sip-text", &[]),
    (
        "trialog-phone",
        &[
            "trialog-call",
            "trialog-sip",
            "trialog-sdp",
            "trialog-ua",
            "trialog-api",
            "trialog-client",
            "trialog-desk",
            "trialog-store",
            "trialog-frame",
            "trialog-dsp",
            "trialog-codec",
            "trialog-rtp",
            "trialog-mixer",
            "trialog-engine",
            "trialog-demo",
        ],
    ),
    ("xtask", &["trialog-sip-text"]),
    // It feeds foreign bytes to all that reads them.
    (
        "trialog-fuzz",
        &[
            "trialog-call",
            "trialog-sip",
            "trialog-sdp",
            "trialog-ua",
            "trialog-api",
            "trialog-desk",
            "trialog-frame",
            "trialog-codec",
            "trialog-rtp",
            "trialog-phone",
        ],
    ),
    (
        "trialog-tests",
        &[
            "trialog-call",
            "trialog-sip",
            "trialog-sdp",
            "trialog-ua",
            "trialog-client",
            "trialog-sip-text",
            // For one program whose routing is mixed up on purpose.
            "trialog-engine",
            "trialog-phone",
        ],
    ),
];

/// May import any of ours: benches compare.
const FREE: &str = "trialog-benches";

/// What is wrong with these arrows: (importer, imported, only in tests).
fn faults<'a>(arrows: impl IntoIterator<Item = (&'a str, &'a str, bool)>) -> Vec<String> {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    arrows
        .into_iter()
        .filter(|(from, to, only_tests)| {
            // A package's tests may import the package itself, to turn on a feature.
            let itself = *only_tests && from == to;
            let listed = allowed.get(from).is_some_and(|list| list.contains(to));
            let fine = *from == FREE || itself || listed;
            !fine
        })
        .map(|(from, to, _)| format!("{from} → {to}"))
        .collect()
}

#[test]
fn packages_import_only_along_the_allowed_arrows() {
    let metadata = super::metadata();
    let packages = metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let arrows = packages.iter().flat_map(|package| {
        let ours = &ours;
        package
            .dependencies
            .iter()
            .filter(move |dependency| ours.contains(dependency.name.as_str()))
            .map(|dependency| {
                let only_tests = dependency.kind == DependencyKind::Development;
                (package.name.as_str(), dependency.name.as_str(), only_tests)
            })
    });
    assert_eq!(faults(arrows), [""; 0], "arrows that nobody decided on");
}

#[test]
fn every_package_has_its_place_in_the_design() {
    let metadata = super::metadata();
    let known: BTreeSet<&str> = ALLOWED
        .iter()
        .map(|(name, _)| *name)
        .chain([FREE])
        .collect();
    let ours: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let ours: BTreeSet<&str> = ours.iter().map(String::as_str).collect();
    assert_eq!(ours, known);
}

#[test]
fn an_arrow_out_of_the_core_is_a_fault() {
    assert_eq!(
        faults([("trialog-call", "trialog-ua", false)]),
        ["trialog-call → trialog-ua"]
    );
    assert_eq!(faults([("trialog-call", "trialog-ua", true)]).len(), 1);
    assert!(faults([("trialog-call", "trialog-call", true)]).is_empty());
    assert!(faults([("trialog-ua", "trialog-call", false)]).is_empty());
    assert!(faults([(FREE, "trialog-mixer", false)]).is_empty());
}
