//! Addresses of the loopback network and a folder that no other run uses.
use crate::ExitError;
use crate::cargo::workspace;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Tries for a port that is free for UDP and TCP.
const TRIES: u32 = 50;

/// What a run has of its own; the folder is removed with it.
pub(super) struct Loopback {
    pub(super) folder: PathBuf,
    /// The phone's address and SIPp's. A capture tells the run's packets from others by the second.
    pub(super) phone: IpAddr,
    pub(super) caller: IpAddr,
}

impl Loopback {
    pub(super) fn take() -> Result<Self, ExitError> {
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        let (process, run) = (std::process::id(), TAKEN.fetch_add(1, Ordering::Relaxed));
        let folder = workspace().join(format!("target/load/{process}-{run}"));
        let failed = |error| ExitError::because(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(failed)?;
        // All of 127.0.0.0/8 is this machine.
        let net = [64 + (process / 250 % 128) as u8, 1 + (process % 250) as u8];
        let host = (run % 120) as u8;
        let address = |last| IpAddr::V4(Ipv4Addr::new(127, net[0], net[1], last));
        Ok(Self {
            folder,
            phone: address(2 + 2 * host),
            caller: address(3 + 2 * host),
        })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        // What is left lies in the target folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A port that is free now, for UDP and TCP, at its address.
pub(super) fn free_port(address: IpAddr) -> Result<SocketAddr, ExitError> {
    let free = || {
        let socket = UdpSocket::bind((address, 0)).ok()?;
        let local = socket.local_addr().ok()?;
        TcpListener::bind(local).ok().map(|_| local)
    };
    (0..TRIES)
        .find_map(|_| free())
        .ok_or_else(|| ExitError::because(format!("no free port at {address}")))
}
