//! SIPp as a process that plays one scenario once: its own word is whether all went as written.
use crate::router::Router;
use crate::script::Way;
use std::fs::{self, File};
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trialog_tests::program::{free_ports_in_a_row, spawn};

/// No script takes longer, on a busy machine.
const LONGEST: Duration = Duration::from_secs(40);

/// What it plays, and where.
pub(crate) struct Part<'a> {
    pub(crate) scenario: &'a Path,
    pub(crate) way: Way,
    /// The port of the phone, or of what leads to it.
    pub(crate) target: u16,
    /// The proxy before it, where there is one.
    pub(crate) router: Option<&'a Router>,
    /// The address of the script's guest.
    pub(crate) guest: Option<String>,
    /// What its files' names begin with.
    pub(crate) files: PathBuf,
}

/// SIPp, playing a scenario once.
pub(crate) struct Sipp {
    child: Child,
    pub(crate) port: u16,
    files: PathBuf,
}

impl Sipp {
    /// Starts it; what can't be started says how to mend it.
    pub(crate) fn start(part: &Part<'_>) -> Result<Self, String> {
        let port = free_port();
        if let Some(router) = part.router {
            router.leads_to(port);
        }
        let file = |end: &str| part.files.with_extension(end);
        let out = File::create(file("out")).expect("the folder can be written");
        let err = File::create(file("err")).expect("the folder can be written");
        let transport = if part.way == Way::Tcp { "t1" } else { "u1" };
        let mut command = Command::new("sipp");
        command
            .args([
                "-m",
                "1",
                "-i",
                "127.0.0.1",
                "-mi",
                "127.0.0.1",
                "-t",
                transport,
                "-nostdin",
            ])
            .args([
                "-recv_timeout",
                "20000",
                "-timeout",
                "35s",
                "-timeout_error",
                "-deadcall_wait",
                "0",
            ])
            .args(["-p", &port.to_string(), "-mp", &free_port().to_string()])
            .args(["-trace_msg", "-message_file"])
            .arg(file("msg"))
            .args(["-trace_err", "-error_file"])
            .arg(file("errors"))
            .arg("-sf")
            .arg(part.scenario)
            .args(["-key", "guest", part.guest.as_deref().unwrap_or_default()])
            .arg(format!("127.0.0.1:{}", part.target))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        let child = spawn(&mut command).map_err(|error| {
            format!(
                "sipp (package sip-tester) can't be run: {error}; `cargo xtask setup` installs it"
            )
        })?;
        let files = part.files.clone();
        Ok(Self { child, port, files })
    }

    /// Waits until it can be called.
    pub(crate) fn listens(&mut self, way: Way) -> Result<(), String> {
        let started = Instant::now();
        while !is_bound(way, self.port) {
            if started.elapsed() > LONGEST || self.child.try_wait().is_ok_and(|s| s.is_some()) {
                return Err("SIPp never listened".to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Waits for its end, which says whether all went as written.
    pub(crate) fn ends_well(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < LONGEST {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("SIPp: {status}")),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(format!("SIPp was lost: {error}")),
            }
        }
        Err("SIPp did not end".to_owned())
    }

    /// What it complained of, and what it saw.
    pub(crate) fn said(&self) -> String {
        ["err", "errors", "msg"]
            .map(|end| beginning(&self.files.with_extension(end)))
            .join("\n")
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands in a file, as far as anybody would read.
fn beginning(file: &Path) -> String {
    let mut text = Vec::new();
    let _ = File::open(file).and_then(|file| file.take(40_000).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// Somebody on this machine has this port for this transport (proc(5), `/proc/net/udp`: addresses in hex, state 0A listens).
pub(crate) fn is_bound(way: Way, port: u16) -> bool {
    let (table, state) = match way {
        Way::Tcp => ("/proc/net/tcp", "0A"),
        _ => ("/proc/net/udp", "07"),
    };
    let SocketAddr::V4(address) = SocketAddr::from(([127, 0, 0, 1], port)) else {
        return false;
    };
    let ip = u32::from_le_bytes(address.ip().octets());
    let wanted = format!("{ip:08X}:{port:04X}");
    let table = fs::read_to_string(table).unwrap_or_default();
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next() == Some(&wanted) && fields.nth(1) == Some(state)
    })
}

/// An even port that is free, as are the three after it.
pub(crate) fn free_port() -> u16 {
    free_ports_in_a_row(4)
}
