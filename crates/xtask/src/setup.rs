//! Installs what is missing, or says exactly how to. How is decided by [`way`], apart from doing it.
use crate::need::{Need, Purpose, is_there, missing, on_path};
use crate::{ExitError, asterisk, page, peers};
use std::process::Command;

/// How the missing packages can be installed here.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// We are root.
    Directly,
    /// We are not, and there is `sudo`.
    BySudo,
    /// Somebody else has to.
    NotByUs,
    /// There is no apt.
    NoApt,
}

fn way(root: bool, sudo: bool, apt: bool) -> Way {
    match (apt, root, sudo) {
        (false, _, _) => Way::NoApt,
        (true, true, _) => Way::Directly,
        (true, false, true) => Way::BySudo,
        (true, false, false) => Way::NotByUs,
    }
}

const UPDATE: [&str; 2] = ["apt-get", "update"];

fn install(packages: &[Need]) -> Vec<&'static str> {
    let mut command = vec!["apt-get", "install", "-y", "--no-install-recommends"];
    command.extend(packages.iter().map(|need| need.package));
    command
}

/// Sees to it that all that `purpose` asks for is there; silent when it is. `check`: only names what is missing.
pub(crate) fn run(purpose: Purpose, check: bool) -> Result<(), ExitError> {
    packages(purpose, check)?;
    page::run(check)?;
    if purpose >= Purpose::Peers {
        peers::run(check)?;
    }
    if purpose >= Purpose::Test {
        asterisk::run(check)?;
    }
    Ok(())
}

fn packages(purpose: Purpose, check: bool) -> Result<(), ExitError> {
    let missing_now = missing(purpose, is_there);
    if missing_now.is_empty() {
        return Ok(());
    }
    println!("These system packages are missing:");
    for need in &missing_now {
        println!("  {:<18} {}", need.package, need.why);
    }
    let by_hand = format!(
        "{} && {}",
        UPDATE.join(" "),
        install(&missing_now).join(" ")
    );
    if check {
        return Err(ExitError::because(format!(
            "`cargo xtask setup` installs them; by hand, as root: {by_hand}"
        )));
    }
    let sudo: &[&str] = match way(is_root(), on_path("sudo"), on_path("apt-get")) {
        Way::Directly => &[],
        Way::BySudo => &["sudo"],
        Way::NotByUs => {
            return Err(ExitError::because(format!(
                "neither root nor sudo here. Run as root: {by_hand}"
            )));
        }
        Way::NoApt => {
            return Err(ExitError::because(format!(
                "no apt-get here: install what these bring by your system's own means. On Debian 12: {by_hand}"
            )));
        }
    };
    println!("Installing them:");
    run_shown(&[sudo, &UPDATE].concat())?;
    run_shown(&[sudo, &install(&missing_now)].concat())?;
    match missing(purpose, is_there).as_slice() {
        [] => Ok(()),
        [still, ..] => Err(ExitError::because(format!(
            "apt-get installed `{}`, and yet {:?} is not found. Is your PATH right?",
            still.package, still.sign
        ))),
    }
}

/// Runs it, shown, with its output as ours.
pub(crate) fn run_shown(command: &[&str]) -> Result<(), ExitError> {
    println!("+ {}", command.join(" "));
    let (program, arguments) = command.split_first().expect("a command has a program");
    let status = Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(ExitError::because(format!(
            "`{}` failed: {status}",
            command.join(" ")
        ))),
        Err(error) => Err(ExitError::because(format!(
            "`{program}` could not be started: {error}"
        ))),
    }
}

/// The standard library can't ask for the user; `id` is in every base system.
fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::NEEDS;

    #[test]
    fn root_needs_no_sudo() {
        assert_eq!(way(true, true, true), Way::Directly);
        assert_eq!(way(true, false, true), Way::Directly);
    }

    #[test]
    fn a_user_installs_by_sudo_or_not_at_all() {
        assert_eq!(way(false, true, true), Way::BySudo);
        assert_eq!(way(false, false, true), Way::NotByUs);
    }

    #[test]
    fn without_apt_nothing_is_tried() {
        assert_eq!(way(true, true, false), Way::NoApt);
    }

    #[test]
    fn the_command_names_exactly_the_missing_packages() {
        assert_eq!(
            install(&NEEDS[..2]).join(" "),
            "apt-get install -y --no-install-recommends cmake make"
        );
    }
}
