//! A PBX between the phones: Kamailio as registrar and proxy, from a configuration that is filled in for each, so that several
//! run at once.
use super::{Ca, Done, Fault, PATIENCE, POLL, Registrar, RegistrarKind, Transport, options};
use crate::program::{Running, free_port};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The host part of its users' addresses of record: a name that no resolver knows.
const DOMAIN: &str = "lab.test";
/// Every user's.
const PASSWORD: &str = "secret";
const TEMPLATE: &str = include_str!("kamailio.cfg");

/// A running Kamailio; all its processes end with this value.
pub struct Kamailio {
    address: SocketAddr,
    ca: Option<PathBuf>,
    running: Running,
}

impl Kamailio {
    /// Starts one on a free port, by UDP and TCP, with its files in this folder, and waits until it answers.
    ///
    /// # Errors
    /// It is not installed, or it did not start.
    pub fn start(folder: &Path) -> Done<Self> {
        Self::start_with(folder, "tcp", &[("@TLS@", String::new())], None)
    }

    /// Starts one on a free port, by UDP and TLS with a certificate of this issuer.
    ///
    /// # Errors
    /// It or its TLS is not installed, or it did not start.
    pub fn start_secured(folder: &Path, ca: &Ca) -> Done<Self> {
        if !modules()?.join("tls.so").is_file() {
            return Err(Fault(
                "Kamailio's TLS (package kamailio-tls-modules) is not installed: cargo xtask setup"
                    .into(),
            ));
        }
        let identity = ca.issue("kamailio", "127.0.0.1")?;
        let path = |path: PathBuf| path.display().to_string();
        let tls = [
            ("@TLS@", "#!define WITH_TLS".to_owned()),
            ("@CERTIFICATE@", path(identity.certificate)),
            ("@KEY@", path(identity.key)),
        ];
        Self::start_with(folder, "tls", &tls, Some(ca.file()))
    }

    /// `stream`: the transport beside UDP; `tls`: what is filled in for that one.
    fn start_with(
        folder: &Path,
        stream: &str,
        tls: &[(&str, String)],
        ca: Option<PathBuf>,
    ) -> Done<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let written = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(written)?;
        let config = folder.join("kamailio.cfg");
        let mut text = TEMPLATE
            .replace("@DOMAIN@", DOMAIN)
            .replace("@PASSWORD@", PASSWORD)
            .replace("@PORT@", &address.port().to_string())
            .replace("@STREAM@", stream)
            .replace("@MODULES@", &modules()?.display().to_string());
        for (name, value) in tls {
            text = text.replace(name, value);
        }
        fs::write(&config, text).map_err(written)?;
        let mut command = Command::new(program());
        // It stays in the foreground and ends its processes itself; 32 MB for all, 8 MB for each.
        command.args(["-DD", "-E", "-m", "32", "-M", "8", "-f"]);
        command.arg(&config).arg("-Y").arg(folder);
        command.arg("-w").arg(folder);
        let mut kamailio = Self {
            address,
            ca,
            running: Running::start(&mut command, &folder.join("kamailio.log")),
        };
        let end = Instant::now() + PATIENCE;
        while kamailio.status("").is_none() {
            if kamailio.running.has_ended() || Instant::now() > end {
                return Err(Fault(format!(
                    "Kamailio did not start: {}",
                    kamailio.running.said()
                )));
            }
        }
        Ok(kamailio)
    }

    /// What its users need to know.
    #[must_use]
    pub fn registrar(&self, transport: Transport) -> Registrar {
        Registrar {
            kind: RegistrarKind::Proxy,
            address: self.address,
            domain: DOMAIN.into(),
            transport,
            password: PASSWORD.into(),
            ca: (transport == Transport::Tls)
                .then(|| self.ca.clone())
                .flatten(),
        }
    }

    /// A user is registered.
    #[must_use]
    pub fn knows(&self, user: &str) -> bool {
        self.status(&format!("{user}@")) == Some(200)
    }

    /// Waits until this user is registered.
    ///
    /// # Errors
    /// He never is.
    pub fn wait_for(&self, user: &str) -> Done {
        let end = Instant::now() + PATIENCE;
        while !self.knows(user) {
            if Instant::now() > end {
                return Err(Fault(format!("{user} never registered")));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// What OPTIONS for the domain, or for a user (`user@`) of it, is answered with, if it is.
    fn status(&self, user: &str) -> Option<u16> {
        options::status(self.address, &format!("sip:{user}{DOMAIN}"))
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        let children = children(self.running.id());
        // The first of its processes ends the others when it is asked to, and can't when it is killed.
        if !self.running.end(Duration::from_secs(3)) {
            for child in children {
                let _ = Command::new("kill")
                    .args(["-KILL", &child.to_string()])
                    .status();
            }
        }
    }
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| {
            // `pid (name) state ppid …`, where the name may hold anything.
            let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
            after.split(' ').nth(1) == Some(&parent.to_string())
        })
        .collect()
}

/// On the `PATH`, or where a user's `PATH` does not lead.
fn program() -> PathBuf {
    let system = PathBuf::from("/usr/sbin/kamailio");
    if system.is_file() {
        system
    } else {
        "kamailio".into()
    }
}

/// The folder of its modules: `/usr/lib/x86_64-linux-gnu/kamailio/modules` and the like.
fn modules() -> Done<PathBuf> {
    let triplets = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let folders = triplets.map(|entry| entry.path()).chain([
        "/usr/lib".into(),
        "/usr/lib64".into(),
        "/usr/local/lib".into(),
    ]);
    folders
        .map(|folder| folder.join("kamailio/modules"))
        .find(|folder| folder.join("registrar.so").is_file())
        .ok_or_else(|| {
            Fault("Kamailio (package kamailio) is not installed: cargo xtask setup".into())
        })
}
