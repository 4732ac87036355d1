//! Under which licences the page is built. What stands in the browser is Svelte alone; the rest builds it and tests it.
use serde_json::Value;

const ALLOWED: [&str; 7] = [
    "(MIT OR CC0-1.0)",
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
];

/// Run by the tests only, and changed by nobody: its licence binds who changes its files.
const TEST_TOOLS: [(&str, &str); 1] = [("node_modules/axe-core", "MPL-2.0")];

/// Reads YAML for the generator of types.
const BUILD_TOOLS: [(&str, &str); 1] = [("node_modules/argparse", "Python-2.0")];

#[test]
fn each_package_of_the_lock_file_is_free_to_use_and_has_its_checksum() {
    let file = super::workspace().join("crates/desk/page/package-lock.json");
    let lock: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.len() > 20);
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        let licence = package["license"].as_str().unwrap_or("none");
        let tools = TEST_TOOLS.iter().chain(&BUILD_TOOLS);
        let known = ALLOWED.contains(&licence)
            || tools
                .into_iter()
                .any(|tool| *tool == (path.as_str(), licence));
        assert!(known, "{path}: {licence}");
        assert!(package["integrity"].is_string(), "{path}");
    }
}
