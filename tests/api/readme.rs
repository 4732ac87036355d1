//! The README's “A call of one's own”, pasted into a shell: what its commands print is what it says.
use std::path::Path;
use std::process::{Command, Stdio};
use trialog_tests::program::{folder, trialog};

/// The README waits as long as a phone of a release build takes on an idle machine; this one is built without optimisation, and
/// other tests run beside it.
const PATIENCE: &str = "sleep() { command sleep $(($1 * 3)); }\n";

/// What stands between these fences in the text, in order.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

#[test]
fn the_readmes_call_of_ones_own_goes_as_it_says_when_pasted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in the repository");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README.md");
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("A call of one's own"))
        .expect("the README has this section");
    let commands = blocks(section, "sh");
    let (install, pasted) = commands.split_first().expect("it has commands");
    assert_eq!(*install, "cargo install --path crates/phone --locked\n");

    let folder = folder("readme");
    let examples = folder.join("config/examples");
    std::fs::create_dir_all(&examples).expect("the folder can be made");
    for entry in std::fs::read_dir(root.join("config/examples")).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|end| end == "toml") {
            let name = path.file_name().expect("a file has a name");
            std::fs::copy(&path, examples.join(name)).expect("it can be copied");
        }
    }
    let program = trialog();
    let own = program.parent().expect("a program lies in a folder");
    let path = format!(
        "{}:{}",
        own.display(),
        std::env::var("PATH").expect("a PATH")
    );
    let output = Command::new("bash")
        .arg("-c")
        .arg(format!("{PATIENCE}{}", pasted.concat()))
        .current_dir(&folder)
        .env("PATH", path)
        .env("HOME", &folder)
        .env("XDG_RUNTIME_DIR", &folder)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .expect("bash can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let printed = blocks(section, "console").concat();
    for line in printed.lines().filter(|line| line.trim() != "…") {
        assert!(said.contains(line), "{line:?} is not in:\n{said}");
    }
    // What comes after that: the transfer, both wrap-ups, and that all three end.
    assert!(output.status.success(), "{}:\n{said}", output.status);
    let refusals = said.matches("not found").count() + said.matches("No call").count();
    assert_eq!(refusals, 0, "{said}");
    for recorded in ["customer.wav", "anna-trace.jsonl"] {
        let file = examples.join(recorded);
        assert!(file.is_file(), "{} is not there:\n{said}", file.display());
    }
}
