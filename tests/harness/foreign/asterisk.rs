//! A PBX between the phones that is a B2BUA: Asterisk, from a configuration that is filled in for each, so that several run at
//! once. Each leg is a dialog of its own with the PBX: a header that it does not know ends there, and so do a Contact's
//! parameters. A REFER it carries out itself, joining the legs that it has.
use super::{Done, Fault, PATIENCE, Registrar, RegistrarKind, Transport, options};
use crate::program::{Running, fetched, free_port};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The host part of its users' addresses of record: a name that no resolver knows.
const DOMAIN: &str = "pbx.test";
/// Every user's.
const PASSWORD: &str = "secret";

/// How an Asterisk is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// It carries out a REFER; else it answers 603.
    pub transfers: bool,
    /// It puts the caller's `Trialog-Role` into the called party's INVITE.
    pub passes_role: bool,
}

/// A running Asterisk.
pub struct Asterisk {
    address: SocketAddr,
    habits: Habits,
    running: Running,
}

impl Asterisk {
    /// Starts one for these users on a free port, by UDP and TCP, with its files in this folder, and waits until it answers.
    ///
    /// # Errors
    /// It is not installed, or it did not start.
    pub fn start(folder: &Path, users: &[String], habits: Habits) -> Done<Self> {
        let installed = Installed::find()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let run = folder.join("run");
        let written = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        fs::create_dir_all(&run).map_err(written)?;
        let mut pjsip = include_str!("asterisk/pjsip.conf")
            .replace("@ADDRESS@", &address.to_string())
            .replace("@DOMAIN@", DOMAIN)
            .replace("@PASSWORD@", PASSWORD)
            .replace("@TRANSFERS@", if habits.transfers { "yes" } else { "no" });
        for user in users {
            pjsip += &include_str!("asterisk/user.conf").replace("@USER@", user);
        }
        let context = if habits.passes_role { "role" } else { "plain" };
        let place = |path: &Path| path.display().to_string();
        let files = [
            (
                "asterisk.conf",
                include_str!("asterisk/asterisk.conf")
                    .replace("@ETC@", &place(folder))
                    .replace("@MODULES@", &place(&installed.modules()))
                    .replace("@DATA@", &place(&installed.data()))
                    .replace("@RUN@", &place(&run)),
            ),
            ("modules.conf", include_str!("asterisk/modules.conf").into()),
            ("pjsip.conf", pjsip),
            (
                "extensions.conf",
                include_str!("asterisk/extensions.conf").replace("@CONTEXT@", context),
            ),
            // Without a class no music of its own is played.
            ("musiconhold.conf", "[general]\n".into()),
            (
                "rtp.conf",
                "[general]\nrtpstart = 20000\nrtpend = 25999\n".into(),
            ),
            (
                "logger.conf",
                "[logfiles]\nconsole => notice,warning,error,verbose\n".into(),
            ),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).map_err(written)?;
        }
        let mut command = installed.command();
        command
            .arg("-f")
            .arg("-C")
            .arg(folder.join("asterisk.conf"));
        let mut asterisk = Self {
            address,
            habits,
            running: Running::start(&mut command, &folder.join("asterisk.log")),
        };
        let end = Instant::now() + PATIENCE;
        // It asks for a password, which is an answer as well.
        while options::status(address, &format!("sip:{DOMAIN}")).is_none() {
            if asterisk.running.has_ended() || Instant::now() > end {
                return Err(Fault(format!(
                    "Asterisk did not start: {}",
                    asterisk.running.said()
                )));
            }
        }
        Ok(asterisk)
    }

    /// What its users need to know.
    #[must_use]
    pub fn registrar(&self, transport: Transport) -> Registrar {
        Registrar {
            kind: RegistrarKind::B2bua {
                passes_role: self.habits.passes_role,
            },
            address: self.address,
            domain: DOMAIN.into(),
            transport,
            password: PASSWORD.into(),
            ca: None,
        }
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.running.end(Duration::from_secs(3));
    }
}

/// An Asterisk that lies under a folder as it would under `/`, with all the libraries that it needs.
struct Installed {
    root: PathBuf,
    libraries: PathBuf,
}

impl Installed {
    /// In the folder that `TRIALOG_ASTERISK` names, else in the one that set-up fetches it into.
    fn find() -> Done<Self> {
        let root = fetched("TRIALOG_ASTERISK", "asterisk");
        let triplets = fs::read_dir(root.join("usr/lib")).into_iter().flatten();
        let libraries = triplets
            .flatten()
            .map(|entry| entry.path())
            .find(|folder| folder.join("asterisk/modules").is_dir());
        match libraries {
            Some(libraries) => Ok(Self { root, libraries }),
            None => Err(Fault(format!(
                "there is no Asterisk in {}: cargo xtask setup",
                root.display()
            ))),
        }
    }

    fn modules(&self) -> PathBuf {
        self.libraries.join("asterisk/modules")
    }

    fn data(&self) -> PathBuf {
        self.root.join("usr/share/asterisk")
    }

    /// Its program, by the loader that came with it: it was built for another C library than this system's.
    fn command(&self) -> Command {
        let program = self.root.join("usr/sbin/asterisk");
        let entries = fs::read_dir(&self.libraries).into_iter().flatten();
        let loader = entries.flatten().map(|entry| entry.path()).find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("ld-linux")
        });
        let Some(loader) = loader else {
            return Command::new(program);
        };
        let mut command = Command::new(loader);
        command.arg("--library-path").arg(&self.libraries);
        command.arg(program);
        command
    }
}
