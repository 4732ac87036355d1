//! The programs under test, as processes: found, started, told what to do by `trialog ctl`, and ended by their id.
use crate::hosts::Host;
use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The program `trialog`: what `TRIALOG_BIN` names, or the one that lies in the folder that this test was built into.
#[must_use]
pub fn trialog() -> PathBuf {
    find("TRIALOG_BIN", "trialog")
}

/// The program `trialog-checker`.
#[must_use]
pub fn checker() -> PathBuf {
    find("TRIALOG_CHECKER_BIN", "trialog-checker")
}

fn find(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        assert!(
            path.is_file(),
            "{variable} names {}, which is not there: run `cargo xtask test`",
            path.display()
        );
        return path;
    }
    // …/target/debug/deps/suite-0123456789abcdef
    let own = std::env::current_exe().expect("a test has a program");
    let path = own
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps")
        .join(name);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo xtask test`",
        path.display()
    );
    if let Some(source) = newer_source(&path) {
        panic!(
            "{} is older than {}: run `cargo xtask test`",
            path.display(),
            source.display()
        );
    }
    path
}

/// A source that was changed after the program was built. Cargo writes the list of sources beside the program.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let changed = |path: &Path| {
        path.metadata()
            .and_then(|file| file.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let built = changed(program);
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    sources
        .split_whitespace()
        .map(PathBuf::from)
        .find(|source| changed(source) > built)
}

/// An empty folder for this test's files, by its name; what an earlier run left is gone.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    let folder = of_tests(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// A folder for files that several tests use, of which nothing is removed.
#[must_use]
pub fn shared_folder(name: &str) -> PathBuf {
    let folder = of_tests(name);
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

fn of_tests(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test has a program");
    let target = own
        .ancestors()
        .nth(3)
        .expect("it lies in target/PROFILE/deps");
    target.join("tmp").join("trialog-tests").join(name)
}

/// What set-up has fetched for the tests: what this variable names, else this path below the workspace's `target/peers`.
#[must_use]
pub fn fetched(variable: &str, path: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || {
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .expect("the package lies in the workspace");
            workspace.join("target/peers").join(path)
        },
        PathBuf::from,
    )
}

/// A process that ends with this value, by its id and no other.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it; what it says goes to `log`.
    #[must_use]
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let out = File::create(log).expect("the log can be written");
        let err = out.try_clone().expect("a file can be written by two");
        let child = spawn(command.stdin(Stdio::null()).stdout(out).stderr(err))
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// What it said until now.
    #[must_use]
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// It has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Its process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Once it has ended: whether it says that all went well.
    pub fn outcome(&mut self) -> Option<bool> {
        let status = self.child.try_wait().ok()??;
        Some(status.success())
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
    }

    /// Ends it in a way that it can't do anything about (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end and waits until it has, for at most this long; true when it did.
    pub fn end(&mut self, within: Duration) -> bool {
        self.terminate();
        let started = Instant::now();
        while started.elapsed() < within {
            if self.has_ended() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("== {}\n{}", self.log.display(), self.said());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A phone as a process.
pub struct PhoneProcess {
    /// Its name.
    pub name: String,
    /// Its port for SIP, on 127.0.0.1 or on the address of its host.
    pub port: u16,
    /// The process.
    pub running: Running,
    runtime: PathBuf,
    host: Option<Host>,
    config: PathBuf,
    environment: Vec<(String, String)>,
}

impl PhoneProcess {
    /// Starts a phone with this configuration, to which name, port and partners' trust are added, and waits until it can be
    /// told things. `runtime` stands for `XDG_RUNTIME_DIR`; `settings` is TOML.
    #[must_use]
    pub fn start(
        name: &str,
        folder: &Path,
        runtime: &Path,
        settings: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::start_on(None, name, folder, runtime, settings, environment)
    }

    /// As [`PhoneProcess::start`], on a host of its own instead of this machine's loopback.
    #[must_use]
    pub fn start_on(
        host: Option<&Host>,
        name: &str,
        folder: &Path,
        runtime: &Path,
        settings: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let port = host.map_or_else(free_port, |_| 5060);
        let address = address(host);
        let config = folder.join(format!("{name}.toml"));
        // All of a test's phones trust each other.
        let text = format!(
            "name = \"{name}\"\n\n[sip]\nlisten = \"{address}:{port}\"\ntrusted = [\"127.0.0.1\", \"10.77.0.0/24\"]\ntrace = \"{name}.jsonl\"\n\n\
             [records]\nfile = \"{name}-records.db\"\n\n{settings}\n\n[[account]]\naor = \"sip:{name}@{address}:{port}\"\ndisplay = \"{name}\"\n"
        );
        fs::write(&config, text).expect("the folder can be written");
        let environment = environment.iter();
        let environment = environment.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let environment: Vec<_> = environment.collect();
        let mut command = phone_on(host, &config, runtime, &environment);
        let running = Running::start(&mut command, &config.with_extension("log"));
        let mut phone = Self {
            name: name.to_owned(),
            port,
            running,
            runtime: runtime.to_owned(),
            host: host.cloned(),
            config,
            environment,
        };
        phone.wait_until_told();
        phone
    }

    /// Kills it, so that it can do nothing about it, and starts it again at once with the same configuration.
    pub fn crash_and_start_again(&mut self) {
        self.running.kill();
        let (config, host) = (&self.config, self.host.as_ref());
        let mut command = phone_on(host, config, &self.runtime, &self.environment);
        self.running = Running::start(&mut command, &config.with_extension("again.log"));
        self.wait_until_told();
    }

    /// Waits until it can be told things.
    fn wait_until_told(&mut self) {
        let started = Instant::now();
        while !self.try_ctl(&["status"]).status.success() {
            assert!(
                !self.running.has_ended(),
                "{} ended at its start: {}",
                self.name,
                self.running.said()
            );
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{} can't be told anything: {}",
                self.name,
                self.running.said()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How to call it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!(
            "sip:{}@{}:{}",
            self.name,
            address(self.host.as_ref()),
            self.port
        )
    }

    /// Runs `trialog ctl --json …` for this phone.
    #[must_use]
    pub fn try_ctl(&self, arguments: &[&str]) -> Output {
        program_on(self.host.as_ref(), &trialog())
            .args(["ctl", "--json", "--phone", &self.name])
            .args(arguments)
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .stdin(Stdio::null())
            .output()
            .expect("trialog can be started")
    }

    /// As [`PhoneProcess::try_ctl`], which must be done.
    pub fn ctl(&self, arguments: &[&str]) -> Value {
        self.done(arguments, &self.try_ctl(arguments))
    }

    /// As [`PhoneProcess::ctl`], as soon as no earlier step is under way any more: over a slow line steps take their time.
    pub fn ctl_when_free(&self, arguments: &[&str]) -> Value {
        let started = Instant::now();
        loop {
            let output = self.try_ctl(arguments);
            let is_busy = String::from_utf8_lossy(&output.stdout).contains("\"busy\"");
            if !is_busy || started.elapsed() > Duration::from_secs(15) {
                return self.done(arguments, &output);
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn done(&self, arguments: &[&str], output: &Output) -> Value {
        assert!(
            output.status.success(),
            "{}: ctl {arguments:?}: {}\n{}{}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// All that it says about itself.
    #[must_use]
    pub fn status(&self) -> Value {
        self.ctl(&["status"])
    }

    /// The stage of its only call, or nothing.
    #[must_use]
    pub fn stage(&self) -> String {
        self.status()["calls"][0]["stage"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits, in real time, until its only call is in this stage; no call is no stage.
    pub fn wait_for(&self, stage: &str) {
        let started = Instant::now();
        while self.stage() != stage {
            assert!(
                started.elapsed() < Duration::from_secs(15),
                "{} never came to {stage:?}: {:#}",
                self.name,
                self.status()
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

fn address(host: Option<&Host>) -> &str {
    host.map_or("127.0.0.1", |host| &host.address)
}

fn phone_on(
    host: Option<&Host>,
    config: &Path,
    runtime: &Path,
    environment: &[(String, String)],
) -> Command {
    let mut command = program_on(host, &trialog());
    command
        .args(["phone", "--headless", "--config"])
        .arg(config)
        .env("XDG_RUNTIME_DIR", runtime)
        .envs(environment.iter().map(|(key, value)| (key, value)));
    command
}

fn program_on(host: Option<&Host>, program: &Path) -> Command {
    host.map_or_else(|| Command::new(program), |host| host.command(program))
}

/// A port that is free for UDP and TCP now, and that the system hands out to no other program by itself.
#[must_use]
pub fn free_port() -> u16 {
    free_ports_in_a_row(1)
}

/// The first of so many ports in a row that are free for UDP and TCP now, below those that the system hands out by itself where
/// that can be: what was found is taken only a moment later.
#[must_use]
pub fn free_ports_in_a_row(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 1_000).unwrap_or(0);
    loop {
        // Several tests search at once, in one process or in several: each begins elsewhere.
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % 1_000;
        let first = 12_000 + ((own * 7 + step) % 1_000) * 16;
        let probing = probing();
        let free = (first..first + count).all(|port| {
            UdpSocket::bind(("127.0.0.1", port)).is_ok()
                && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
        });
        drop(probing);
        if free {
            return first;
        }
    }
}

/// Held while ports are probed, and while a child is started. From its fork to its exec a child has a copy of every socket of this
/// process: on a busy machine a port that was probed just then would still be taken when the program starts that it is meant for.
fn probing() -> MutexGuard<'static, ()> {
    static PROBING: Mutex<()> = Mutex::new(());
    PROBING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program beside tests that look for free ports.
///
/// # Errors
/// As of [`Command::spawn`].
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let _probing = probing();
    command.spawn()
}

/// A program of this name is on the `PATH`.
#[must_use]
pub fn is_on_path(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program and one source of it, changed so many seconds after the program was built.
    fn program(test: &str, source_is_younger_by: i64) -> (PathBuf, PathBuf) {
        let folder = folder(test);
        let (program, source) = (folder.join("trialog"), folder.join("main.rs"));
        fs::write(&program, "").unwrap();
        fs::write(&source, "").unwrap();
        fs::write(
            program.with_extension("d"),
            format!("{}: {}\n", program.display(), source.display()),
        )
        .unwrap();
        let (past, step) = (
            SystemTime::now() - Duration::from_secs(1000),
            Duration::from_secs(source_is_younger_by.unsigned_abs()),
        );
        let changed = if source_is_younger_by < 0 {
            past - step
        } else {
            past + step
        };
        File::options()
            .write(true)
            .open(&program)
            .unwrap()
            .set_modified(past)
            .unwrap();
        File::options()
            .write(true)
            .open(&source)
            .unwrap()
            .set_modified(changed)
            .unwrap();
        (program, source)
    }

    #[test]
    fn a_program_that_is_older_than_a_source_is_found_out() {
        let (program, source) = program("older", 5);
        assert_eq!(newer_source(&program), Some(source));
    }

    #[test]
    fn a_program_that_is_newer_than_all_its_sources_will_do() {
        let (program, _) = program("newer", -5);
        assert_eq!(newer_source(&program), None);
    }
}
