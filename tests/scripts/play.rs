//! One script by one way: a phone, SIPp, what lies between them, and what is told when it did not go as written.
use crate::agent::Phone;
use crate::router::Router;
use crate::script::{Script, Side, Way};
use std::fs::{self, File};
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trialog_tests::program::{folder, free_port};

/// No script takes longer, on a busy machine.
const LONGEST: Duration = Duration::from_secs(40);
/// How often SIPp may find that its port was taken meanwhile.
const TRIES: u8 = 3;

/// Plays it. `Err`: what went otherwise, with what SIPp and the phone saw.
pub(crate) fn play(script: &Script, way: Way) -> Result<(), String> {
    let folder = folder(&format!("scripts/{}-{way}", script.name.replace('/', "-")));
    let mut phone = Phone::start(script, &folder)?;
    phone.act(&script.first, "", "")?;
    let router = match way {
        Way::Udp | Way::Tcp => None,
        Way::Loose | Way::Strict => Some(Router::start(phone.port, way == Way::Strict)),
    };
    let guest = match script.guest {
        true => Some(Sipp::start(
            &script.file.with_file_name("../callee/call.xml"),
            way,
            phone.port,
            None,
            &folder.join("guest"),
        )?),
        false => None,
    };
    let target = router.as_ref().map_or(phone.port, |router| router.port);
    let mut sipp = Sipp::start(
        &script.file,
        way,
        target,
        router.as_ref(),
        &folder.join("sipp"),
    )?;
    let said = run(script, way, &mut phone, &mut sipp, guest, router.as_ref());
    said.map_err(|what| {
        format!(
            "{what}\n-- SIPp:\n{}\n-- the phone's SIP:\n{}\n-- the phone:\n{}",
            sipp.said(),
            phone.trace(),
            phone.running.said()
        )
    })
}

fn run(
    script: &Script,
    way: Way,
    phone: &mut Phone,
    sipp: &mut Sipp,
    mut guest: Option<Sipp>,
    router: Option<&Router>,
) -> Result<(), String> {
    let uri = |port: u16| match way {
        Way::Tcp => format!("sip:sipp@127.0.0.1:{port};transport=tcp"),
        _ => format!("sip:sipp@127.0.0.1:{port}"),
    };
    if script.side == Side::Callee {
        sipp.listens(way)?;
    }
    let mut guest_uri = String::new();
    if let Some(guest) = &mut guest {
        guest.listens(way)?;
        guest_uri = uri(guest.port);
    }
    let called = uri(router.map_or(sipp.port, |router| router.port));
    phone.act(&script.agent, &called, &guest_uri)?;
    sipp.ends_well()?;
    if let Some(guest) = &mut guest {
        guest
            .ends_well()
            .map_err(|what| format!("the guest: {what}"))?;
    }
    // Whatever happened, no call is left behind.
    phone.has_no_call()?;
    match router.map(Router::faults) {
        Some(faults) if !faults.is_empty() => {
            Err(format!("requests off the route: {}", faults.join("; ")))
        }
        _ => Ok(()),
    }
}

/// SIPp, playing a scenario once.
struct Sipp {
    child: Child,
    port: u16,
    files: PathBuf,
}

impl Sipp {
    /// `target`: where the phone is, or the way to it. Its files begin with `files`.
    fn start(
        scenario: &Path,
        way: Way,
        target: u16,
        router: Option<&Router>,
        files: &Path,
    ) -> Result<Self, String> {
        let scenario = scenario
            .canonicalize()
            .map_err(|error| format!("{}: {error}", scenario.display()))?;
        for _ in 0..TRIES {
            let mut sipp = Self::try_start(&scenario, way, target, router, files)?;
            if !sipp.was_too_late() {
                return Ok(sipp);
            }
        }
        Err("SIPp found no port that stayed free".to_owned())
    }

    fn try_start(
        scenario: &Path,
        way: Way,
        target: u16,
        router: Option<&Router>,
        files: &Path,
    ) -> Result<Self, String> {
        let port = free_port();
        if let Some(router) = router {
            router.leads_to(port);
        }
        let file = |end: &str| files.with_extension(end);
        let out = File::create(file("out")).expect("the folder can be written");
        let err = File::create(file("err")).expect("the folder can be written");
        let transport = if way == Way::Tcp { "t1" } else { "u1" };
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
            .args([
                "-p",
                &port.to_string(),
                "-mp",
                &(free_port() & !1).to_string(),
            ])
            .args(["-trace_msg", "-message_file"])
            .arg(file("msg"))
            .args(["-trace_err", "-error_file"])
            .arg(file("errors"))
            .arg("-sf")
            .arg(scenario)
            .arg(format!("127.0.0.1:{target}"))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        let child = command.spawn().map_err(|error| {
            format!(
                "sipp (package sip-tester) can't be run: {error}; `cargo xtask setup` installs it"
            )
        })?;
        let files = files.to_owned();
        Ok(Self { child, port, files })
    }

    /// It ended at once, since somebody has its port.
    fn was_too_late(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(100) {
            let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
            if ended {
                return self.said().contains("Unable to bind");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Waits until it can be called.
    fn listens(&mut self, way: Way) -> Result<(), String> {
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
    fn ends_well(&mut self) -> Result<(), String> {
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
    fn said(&self) -> String {
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
fn is_bound(way: Way, port: u16) -> bool {
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
