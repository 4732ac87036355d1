//! What the phone asks of the operating system beyond the standard library. Everything else of it is the same everywhere.
//!
//! | asked for | Unix | Windows | why |
//! | --- | --- | --- | --- |
//! | [`Signals`] | `SIGINT`, `SIGTERM`, `SIGHUP` | Ctrl-C | a phone ends its calls before it ends; by `SIGHUP` from elsewhere than a terminal it reads its configuration again |
//! | [`apart`], [`ask_to_end`], [`has_died`] | a process group of its own, `SIGTERM`, an end by a signal or a panic | the same console, which tells both of Ctrl-C, and the exit status | a phone that is kept is told to end once, and is started anew when it dies |
//! | [`private_folder`], [`for_user_only`] | modes 0700 and 0600 | the user's profile, which no other user can read | token and traces |
//! | [`more_descriptors`] | `RLIMIT_NOFILE` | there is no such limit | each call has two sockets |
//! | [`AddressChanges`] | on Linux route netlink; elsewhere nothing | nothing | a new address is told at once; without it we look every few seconds |
//! | [`own_family_only`] | `IPV6_V6ONLY` | the same | IPv4 and IPv6 have a socket each at one port |
//! | [`give_up_unacknowledged`] | on Linux `TCP_USER_TIMEOUT`; elsewhere nothing | nothing | a stream that carries nothing any more shows so in seconds; without it a request's timer does |
//! | [`open_in_browser`] | `xdg-open`, where there is a display; on macOS `open` | `explorer` | the agent's page |
//! | [`links`] | a desktop file, `xdg-mime`; on macOS what to do is said | what to do is said | links that call |
//! | [`given_ports`] | on Linux `ip_local_port_range`; elsewhere not known | not known | RTP ports that another program may be given |
//! | [`free_space`], [`is_for_user_only`] | `statvfs`, modes | not known | `trialog doctor` tells what is short, or open to others |
//! | [`receive_buffer`] | `SO_RCVBUF`, on Linux beyond the limit where allowed | `SO_RCVBUF` | a burst of requests is not lost |
pub(crate) mod links;

use socket2::{Domain, Socket, Type};
use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpSocket, UdpSocket};

pub(crate) use addresses::AddressChanges;
pub(crate) use system::{
    Signals, apart, ask_to_end, ask_to_reload, for_user_only, free_space, is_for_user_only,
    more_descriptors, private_folder,
};

/// A program that has ended so was not asked to, nor by itself: a signal or a panic has ended it.
pub(crate) fn has_died(status: std::process::ExitStatus) -> bool {
    // 0 to 3 are this program's own.
    status.code().is_none_or(|code| !(0..=3).contains(&code))
}

/// Writes a file that only the user may read, in place of an older one, whole or not at all.
pub(crate) fn write_private(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    use io::Write;
    let fresh = path.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file: File = for_user_only(options.write(true).create_new(true)).open(&fresh)?;
    file.write_all(content.as_ref())?;
    drop(file);
    std::fs::rename(&fresh, path)
}

/// A socket for this address that is not bound yet and never waits; one of IPv6 is for that family alone.
pub(crate) fn own_family_only(address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// The stream breaks when the far end's system has acknowledged nothing of what was sent for so long, or has had no room for it.
/// Where that can't be asked for, the system's own limit holds.
pub(crate) fn give_up_unacknowledged(stream: &TcpSocket, after: Duration) {
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(
        stream,
        u32::try_from(after.as_millis()).unwrap_or(u32::MAX),
    );
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, after);
}

/// The ports that the system gives to programs that ask for any, and those of them that it gives to none (`ip(7)`); `None`: not known.
pub(crate) fn given_ports() -> Option<(RangeInclusive<u16>, Vec<RangeInclusive<u16>>)> {
    let read = |name| std::fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    let range = read("ip_local_port_range")?;
    let (first, last) = range.trim().split_once(char::is_whitespace)?;
    let reserved = read("ip_local_reserved_ports").unwrap_or_default();
    let reserved = reserved.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    let given = first.parse().ok()?..=last.trim().parse().ok()?;
    Some((given, reserved.collect()))
}

/// Asks for room for so many bytes that wait to be received; the system gives what it allows.
pub(crate) fn receive_buffer(socket: &UdpSocket, bytes: usize) {
    let _ = socket2::SockRef::from(socket).set_recv_buffer_size(bytes);
    // Beyond the limit for all users, where we may.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, bytes);
}

/// Asks the system to show this file or address in the user's browser: whether it was asked. How it goes is not waited for.
pub(crate) fn open_in_browser(what: &std::ffi::OsStr) -> bool {
    let set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else if set("DISPLAY") || set("WAYLAND_DISPLAY") {
        "xdg-open"
    } else {
        return false;
    };
    let mut command = std::process::Command::new(program);
    let nothing = std::process::Stdio::null;
    command
        .arg(what)
        .stdin(nothing())
        .stdout(nothing())
        .stderr(nothing());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    // A child that nothing waits for would stay in the system's table.
    std::thread::spawn(move || child.wait());
    true
}

/// What is wished of the program from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// That it ends.
    End,
    /// That it reads its configuration again.
    Reload,
}

#[cfg(unix)]
mod system {
    use super::Wish;
    use std::fs::{DirBuilder, OpenOptions};
    use std::io::{self, IsTerminal};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// What is wished of the program from outside.
    #[derive(Debug)]
    pub(crate) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
        /// SIGHUP tells that the terminal is gone; else it is a service manager's word.
        by_terminal: bool,
    }

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                by_terminal: io::stdin().is_terminal() || io::stderr().is_terminal(),
            })
        }

        /// The next one. Dropped while it waits, it loses none.
        pub(crate) async fn next(&mut self) -> Wish {
            tokio::select! {
                _ = self.interrupt.recv() => Wish::End,
                _ = self.terminate.recv() => Wish::End,
                _ = self.hang_up.recv() => match self.by_terminal {
                    true => Wish::End,
                    false => Wish::Reload,
                },
            }
        }
    }

    /// A program that is started by this is not told of the terminal's Ctrl-C.
    pub(crate) fn apart(command: &mut Command) -> &mut Command {
        command.process_group(0)
    }

    /// Asks the process of this id to end.
    pub(crate) fn ask_to_end(id: u32) {
        use rustix::process::{Pid, Signal, kill_process};
        if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
            // One that has ended meanwhile needs no word.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Asks the process of this id to read its configuration again.
    pub(crate) fn ask_to_reload(id: u32) {
        use rustix::process::{Pid, Signal, kill_process};
        if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
            // One that has ended meanwhile needs no word.
            let _ = kill_process(pid, Signal::HUP);
        }
    }

    /// Makes a folder, or takes the one that is there if it is the user's alone.
    pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let there = std::fs::symlink_metadata(path)?;
        let ours = there.uid() == rustix::process::getuid().as_raw();
        if there.is_dir() && ours && there.mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is not a folder of this user's alone (mode 0700)",
        ))
    }

    /// A file that is made by these options can be read by the user only.
    pub(crate) fn for_user_only(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    /// Whether no other user may read or write it.
    pub(crate) fn is_for_user_only(path: &Path) -> io::Result<bool> {
        Ok(std::fs::metadata(path)?.mode() & 0o077 == 0)
    }

    /// Bytes that this user may write in the file system of this folder; `None`: not known.
    pub(crate) fn free_space(folder: &Path) -> Option<u64> {
        let system = rustix::fs::statvfs(folder).ok()?;
        Some(system.f_bavail.saturating_mul(system.f_frsize))
    }

    /// As many open descriptors as the administrator allows: each call has two for its sound.
    pub(crate) fn more_descriptors() {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where it is refused, what was allowed before is enough for an agent's phone.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

#[cfg(not(unix))]
mod system {
    use super::Wish;
    use std::fs::OpenOptions;
    use std::io;
    use std::path::Path;
    use std::process::Command;

    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) -> Wish {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Wish::End
        }
    }

    /// The console tells both of Ctrl-C.
    pub(crate) fn apart(command: &mut Command) -> &mut Command {
        command
    }

    /// The console has told it already.
    pub(crate) fn ask_to_end(_id: u32) {}

    /// There is no word for it.
    pub(crate) fn ask_to_reload(_id: u32) {}

    /// The folders of a user's profile can be read by no other user.
    pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    /// A file has the rights of its folder, which is in the user's profile.
    pub(crate) fn for_user_only(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    /// The folders of a user's profile can be read by no other user.
    pub(crate) fn is_for_user_only(path: &Path) -> io::Result<bool> {
        std::fs::metadata(path).map(|_| true)
    }

    /// Not known.
    pub(crate) fn free_space(_folder: &Path) -> Option<u64> {
        None
    }

    /// The system has no limit of its own for sockets.
    pub(crate) fn more_descriptors() {}
}

/// The kernel tells by a route netlink socket (rtnetlink(7)); what it tells we need not read, since we look ourselves.
#[cfg(target_os = "linux")]
mod addresses {
    use rustix::net::netlink::SocketAddrNetlink;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
    use std::io;
    use tokio::net::UdpSocket;

    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE (linux/rtnetlink.h).
    const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

    /// To the runtime a netlink socket is a socket of datagrams as UDP's.
    #[derive(Debug)]
    pub(crate) struct AddressChanges(Option<UdpSocket>);

    impl AddressChanges {
        pub(crate) fn new() -> Self {
            let socket = open().inspect_err(|error| {
                tracing::info!(%error, "changes of this machine's addresses are seen within seconds, not at once");
            });
            Self(socket.ok())
        }

        /// Something has changed.
        pub(crate) async fn next(&self) {
            let Some(socket) = &self.0 else {
                return std::future::pending().await;
            };
            let mut octets = [0; 4096];
            // An error says as much as a message: the queue was full, something was missed.
            let _ = socket.recv(&mut octets).await;
            while socket.try_recv(&mut octets).is_ok() {}
        }
    }

    fn open() -> io::Result<UdpSocket> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        UdpSocket::from_std(socket.into())
    }
}

#[cfg(not(target_os = "linux"))]
mod addresses {
    #[derive(Debug)]
    pub(crate) struct AddressChanges;

    impl AddressChanges {
        pub(crate) fn new() -> Self {
            Self
        }

        /// Never: we look every few seconds.
        pub(crate) async fn next(&self) {
            std::future::pending().await
        }
    }
}
