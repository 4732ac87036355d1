//! The system packages that we need, why, and how to see that they are there.
//! What they are is decided by looking for what they bring, not by asking dpkg, so that other systems pass as well.
//! What comes from Python's index instead stands in [`crate::peers`], what comes from a later Debian in [`crate::asterisk`].
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a package is needed for; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// To build the programs.
    Build,
    /// To run the demo.
    Demo,
    /// To run the phones of others, for load and to measure beside them.
    Peers,
    /// To run the tests.
    Test,
}

/// How to see that a package is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// This program is on the `PATH`.
    Program(&'static str),
    /// This program is on the `PATH`, or where a user's `PATH` often does not lead: in `/usr/sbin`.
    Daemon(&'static str),
    /// pkg-config knows this library.
    Library(&'static str),
    /// Kamailio can load this module.
    OfKamailio(&'static str),
    /// The system's Python 3 can import this module.
    Python(&'static str),
}

/// One system package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// Its name in Debian 12.
    pub(crate) package: &'static str,
    /// What we need it for, to be read after "…: ".
    pub(crate) why: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) sign: Sign,
}

/// All that there is beyond what rustup itself asks for (a C compiler, git, certificates).
pub(crate) const NEEDS: &[Need] = &[
    Need {
        package: "cmake",
        why: "builds the Opus library that comes with the `opus` crate",
        purpose: Purpose::Build,
        sign: Sign::Program("cmake"),
    },
    Need {
        package: "make",
        why: "cmake builds with it",
        purpose: Purpose::Build,
        sign: Sign::Program("make"),
    },
    Need {
        package: "pkg-config",
        why: "finds the ALSA library",
        purpose: Purpose::Build,
        sign: Sign::Program("pkg-config"),
    },
    Need {
        package: "libasound2-dev",
        why: "sound cards by ALSA",
        purpose: Purpose::Build,
        sign: Sign::Library("alsa"),
    },
    Need {
        package: "nodejs",
        why: "builds the agent's page",
        purpose: Purpose::Build,
        sign: Sign::Program("node"),
    },
    Need {
        package: "npm",
        why: "fetches what the page is built with",
        purpose: Purpose::Build,
        sign: Sign::Program("npm"),
    },
    Need {
        package: "espeak-ng",
        why: "speaks the demo's three voices",
        purpose: Purpose::Demo,
        sign: Sign::Program("espeak-ng"),
    },
    Need {
        package: "sip-tester",
        why: "SIPp, a foreign phone and a load to test against",
        purpose: Purpose::Peers,
        sign: Sign::Program("sipp"),
    },
    Need {
        package: "baresip-core",
        why: "baresip, a foreign phone to test against and to measure beside",
        purpose: Purpose::Peers,
        sign: Sign::Program("baresip"),
    },
    Need {
        package: "tcpdump",
        why: "takes down when each packet went by",
        purpose: Purpose::Peers,
        sign: Sign::Daemon("tcpdump"),
    },
    Need {
        package: "python3-venv",
        why: "a folder of its own for PJSIP, a foreign phone from Python's package index",
        purpose: Purpose::Peers,
        sign: Sign::Python("ensurepip"),
    },
    Need {
        package: "python3-dev",
        why: "builds PESQ, which the bench `audio` scores speech by",
        purpose: Purpose::Peers,
        sign: Sign::Program("python3-config"),
    },
    Need {
        package: "linphone-cli",
        why: "linphone-daemon, a foreign phone to test against",
        purpose: Purpose::Test,
        sign: Sign::Program("linphone-daemon"),
    },
    Need {
        package: "kamailio",
        why: "a PBX to register at and to call through",
        purpose: Purpose::Test,
        sign: Sign::Daemon("kamailio"),
    },
    Need {
        package: "kamailio-tls-modules",
        why: "TLS for that PBX",
        purpose: Purpose::Test,
        sign: Sign::OfKamailio("tls.so"),
    },
    Need {
        package: "iproute2",
        why: "networks that lose and delay (tc, ip netns)",
        purpose: Purpose::Test,
        sign: Sign::Daemon("tc"),
    },
    Need {
        package: "chromium",
        why: "a browser for the agent's page",
        purpose: Purpose::Test,
        sign: Sign::Program("chromium"),
    },
    Need {
        package: "xdg-utils",
        why: "xdg-open and xdg-mime, by which a desktop gives links to programs",
        purpose: Purpose::Test,
        sign: Sign::Program("xdg-open"),
    },
    Need {
        package: "desktop-file-utils",
        why: "checks the file by which this program is told to the desktop",
        purpose: Purpose::Test,
        sign: Sign::Program("desktop-file-validate"),
    },
    Need {
        package: "openssl",
        why: "makes a certificate for the agent's page with an encrypted call",
        purpose: Purpose::Test,
        sign: Sign::Program("openssl"),
    },
    Need {
        package: "g++",
        why: "builds libFuzzer",
        purpose: Purpose::Test,
        sign: Sign::Program("c++"),
    },
    Need {
        package: "pulseaudio",
        why: "the sound card of the tests",
        purpose: Purpose::Test,
        sign: Sign::Program("pulseaudio"),
    },
    Need {
        package: "pulseaudio-utils",
        why: "plays into the tests' sound card and records from it",
        purpose: Purpose::Test,
        sign: Sign::Program("pacat"),
    },
];

/// Those of [`NEEDS`] that `purpose` asks for and that `there` does not see.
pub(crate) fn missing(purpose: Purpose, there: impl Fn(Sign) -> bool) -> Vec<Need> {
    NEEDS
        .iter()
        .filter(|need| need.purpose <= purpose && !there(need.sign))
        .copied()
        .collect()
}

/// Looks on this machine.
pub(crate) fn is_there(sign: Sign) -> bool {
    match sign {
        Sign::Program(name) => on_path(name),
        Sign::Daemon(name) => on_path(name) || is_program(&Path::new("/usr/sbin").join(name)),
        Sign::OfKamailio(module) => {
            let on_path = on_path("kamailio").then_some("kamailio");
            loads(on_path.unwrap_or("/usr/sbin/kamailio"), module)
        }
        Sign::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
        Sign::Python(name) => {
            succeeds(Command::new("python3").args(["-c", &format!("import {name}")]))
        }
    }
}

/// This Kamailio takes the least configuration that there is, with this module.
fn loads(kamailio: &str, module: &str) -> bool {
    let mut command = Command::new(kamailio);
    command.args(["-c", "-f", "/dev/stdin"]);
    command.arg(format!("--loadmodule={module}"));
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = quiet.stdin(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        return false;
    };
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends before it has read all of it has said no by its status.
        let _ = stdin.write_all(b"#!KAMAILIO\nrequest_route { exit; }\n");
    }
    child.wait().is_ok_and(|status| status.success())
}

/// Runs it unseen; true when it could be run and says that all is well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A program of this name is on the `PATH`.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| is_program(&folder.join(OsStr::new(name))))
    })
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.with_extension(std::env::consts::EXE_EXTENSION)
        .is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(purpose: Purpose, there: impl Fn(Sign) -> bool) -> Vec<&'static str> {
        missing(purpose, there)
            .iter()
            .map(|need| need.package)
            .collect()
    }

    #[test]
    fn nothing_is_missing_where_every_sign_is_seen() {
        assert!(missing(Purpose::Test, |_| true).is_empty());
    }

    #[test]
    fn a_bare_machine_is_asked_for_everything_by_the_tests() {
        assert_eq!(packages(Purpose::Test, |_| false).len(), NEEDS.len());
    }

    #[test]
    fn the_demo_asks_for_no_package_of_the_tests() {
        assert_eq!(
            packages(Purpose::Demo, |_| false),
            [
                "cmake",
                "make",
                "pkg-config",
                "libasound2-dev",
                "nodejs",
                "npm",
                "espeak-ng"
            ]
        );
    }

    #[test]
    fn the_phones_of_others_need_no_sound_card() {
        let asked = packages(Purpose::Peers, |_| false);
        assert!(asked.contains(&"baresip-core"));
        assert!(!asked.contains(&"pulseaudio"));
    }

    #[test]
    fn only_the_package_whose_sign_is_not_seen_is_missing() {
        let there = |sign| sign != Sign::Library("alsa");
        assert_eq!(packages(Purpose::Build, there), ["libasound2-dev"]);
    }

    #[test]
    fn every_package_says_why_and_stands_once() {
        for (place, need) in NEEDS.iter().enumerate() {
            assert!(!need.why.is_empty(), "{}", need.package);
            assert!(
                NEEDS[..place]
                    .iter()
                    .all(|other| other.package != need.package)
            );
        }
    }
}
