//! Asterisk, the PBX that the tests call through: a B2BUA, so that each leg is a dialog of its own. Debian 12 has no package of
//! it; the release after next has. That package and all that it needs are fetched by apt, from this system's own mirror and
//! with Debian's signatures checked, and unpacked into a folder under the target folder, C library and loader included.
//! Nothing is installed on the system, and no root is needed. Its licence is no matter of ours: it is run, never linked.
use crate::setup::run_shown;
use crate::{ExitError, cargo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The releases of Debian that it comes from: the first one, or, while that one has none, the second.
const RELEASES: [&str; 2] = ["forky", "sid"];

/// Every Debian has it, and the signatures are checked with it.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Names another folder that has an Asterisk under `usr/`: `/` for the one that the system has.
pub(crate) const VARIABLE: &str = "TRIALOG_ASTERISK";

/// The folder under which Asterisk lies as it would under `/`.
pub(crate) fn root() -> PathBuf {
    named().unwrap_or_else(|| cargo::target().join("peers/asterisk"))
}

fn named() -> Option<PathBuf> {
    std::env::var_os(VARIABLE)
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

fn is_in(root: &Path) -> bool {
    root.join("usr/sbin/asterisk").is_file()
}

/// Sees to it that [`root`] has Asterisk; silent when it has. `check`: only says that it has not.
pub(crate) fn run(check: bool) -> Result<(), ExitError> {
    let root = root();
    if is_in(&root) {
        return Ok(());
    }
    if named().is_some() {
        return Err(ExitError::because(format!(
            "{VARIABLE} names {}, which has no usr/sbin/asterisk: name a folder that has, or unset {VARIABLE}",
            root.display()
        )));
    }
    println!("This program is missing:");
    println!("  asterisk  a PBX that is a B2BUA, to call through");
    if check {
        return Err(ExitError::because(format!(
            "`cargo xtask setup` fetches it from Debian's {} into {}. Where the system has one of its own, {VARIABLE}=/ names it.",
            RELEASES[0],
            root.display()
        )));
    }
    println!("Fetching it into {}:", root.display());
    fetch(&root)?;
    if is_in(&root) {
        return Ok(());
    }
    Err(ExitError::because(format!(
        "Debian's package asterisk was unpacked, and yet {} has no usr/sbin/asterisk",
        root.display()
    )))
}

/// Fetches the packages and unpacks them; `root` is there when all of them are in it.
fn fetch(root: &Path) -> Result<(), ExitError> {
    let folder = root.with_extension("apt");
    let failed = |error: std::io::Error| {
        ExitError::because(format!("{} can't be written: {error}", folder.display()))
    };
    let _ = fs::remove_dir_all(&folder);
    let (archives, unpacked) = (folder.join("cache/archives"), folder.join("root"));
    for made in ["lists/partial", "cache/archives/partial", "root"] {
        fs::create_dir_all(folder.join(made)).map_err(failed)?;
    }
    let settings = folder.join("apt.conf");
    fs::write(folder.join("status"), "").map_err(failed)?;
    fs::write(folder.join("sources.list"), sources(&mirror()?)).map_err(failed)?;
    fs::write(&settings, apt_settings(&folder)).map_err(failed)?;
    let settings = settings.display().to_string();
    let apt = |arguments: &[&str]| {
        run_shown(&[&["apt-get", "-c", &settings, "-qq"], arguments].concat()).map_err(|_| {
            ExitError::because(format!(
                "apt could not bring Debian's asterisk ({}): is the mirror of this system in reach? Where the system has an \
                 Asterisk of its own, {VARIABLE}=/ names it.",
                RELEASES.join(", ")
            ))
        })
    };
    apt(&["update"])?;
    apt(&["install", "-y", "--download-only", "asterisk"])?;
    let entries = fs::read_dir(&archives).map_err(failed)?;
    for package in entries.flatten().map(|entry| entry.path()) {
        if package.extension().is_some_and(|name| name == "deb") {
            unpack(&package, &unpacked)?;
        }
    }
    let _ = fs::remove_dir_all(root);
    fs::rename(&unpacked, root).map_err(failed)?;
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}

/// The mirror that this system has Debian from.
fn mirror() -> Result<String, ExitError> {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format"])
        .args(["$(REPO_URI) $(RELEASE)", "Identifier: Packages"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ExitError::because(format!("apt-get could not be started: {error}")))?;
    if !Path::new(KEYRING).is_file() {
        return Err(ExitError::because(format!(
            "{KEYRING} is missing: install debian-archive-keyring, or name an Asterisk that the system has by {VARIABLE}=/"
        )));
    }
    main_mirror(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| {
        ExitError::because(format!(
            "apt names no mirror of Debian. Where the system has an Asterisk of its own, {VARIABLE}=/ names it."
        ))
    })
}

/// Of lines such as `MIRROR/debian/ bookworm` the first that is not of security updates, which are elsewhere.
fn main_mirror(targets: &str) -> Option<String> {
    let mut lines = targets.lines().filter_map(|line| line.split_once(' '));
    let (mirror, _) = lines.find(|(mirror, release)| {
        !mirror.trim_end_matches('/').ends_with("-security") && !release.contains("security")
    })?;
    Some(mirror.to_owned())
}

fn sources(mirror: &str) -> String {
    RELEASES
        .map(|release| format!("deb [signed-by={KEYRING}] {mirror} {release} main\n"))
        .concat()
}

/// An apt that knows of no installed package, and keeps everything in this folder.
fn apt_settings(folder: &Path) -> String {
    let folder = folder.display();
    let release = RELEASES[0];
    format!(
        "Dir::Etc::sourcelist \"{folder}/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\nDir::Etc::preferences \"/dev/null\";\n\
         Dir::Etc::preferencesparts \"/dev/null\";\nDir::State::lists \"{folder}/lists\";\nDir::State::status \"{folder}/status\";\n\
         Dir::State::extended_states \"{folder}/extended_states\";\nDir::Cache \"{folder}/cache\";\n\
         APT::Default-Release \"{release}\";\nAPT::Install-Recommends \"false\";\nAcquire::Languages \"none\";\n\
         Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
    )
}

fn unpack(package: &Path, into: &Path) -> Result<(), ExitError> {
    let status = Command::new("dpkg-deb")
        .arg("--extract")
        .args([package, into])
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(ExitError::because(format!(
            "dpkg-deb could not unpack {}: {status}",
            package.display()
        ))),
        Err(error) => Err(ExitError::because(format!(
            "dpkg-deb could not be started: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_one_that_the_system_has_debian_from() {
        let targets = "http://mirror.test/debian-security/ bookworm-security\n\
                       http://mirror.test/debian/ bookworm\nhttp://mirror.test/debian/ bookworm-updates\n";
        let mirror = main_mirror(targets);
        assert_eq!(mirror.as_deref(), Some("http://mirror.test/debian/"));
        assert_eq!(main_mirror(""), None);
    }

    #[test]
    fn nothing_of_the_system_is_read_or_written_by_its_apt() {
        let settings = apt_settings(Path::new("/own"));
        for key in [
            "Dir::Etc::sourcelist",
            "Dir::State::lists",
            "Dir::State::status",
            "Dir::Cache",
        ] {
            assert!(settings.contains(&format!("{key} \"/own/")), "{key}");
        }
    }
}
