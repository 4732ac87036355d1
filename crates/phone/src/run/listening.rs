//! The ports for SIP, at each address that the configuration names: by UDP, and where it is wanted by TCP and by TLS.
use super::StartError;
use crate::config::Config;
use crate::net::{Datagrams, Families, listener, socket};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// How often a free port is tried that all have.
const TRIES: u32 = 20;

/// All that SIP is received by.
pub(super) struct Listening {
    pub(super) datagrams: Datagrams,
    pub(super) listeners: Families<TcpListener>,
    /// For TLS.
    pub(super) secured: Families<TcpListener>,
    /// In the configuration's order.
    pub(super) at: Vec<SocketAddr>,
    /// At each of these addresses.
    pub(super) tls_port: Option<u16>,
}

pub(super) async fn listen(config: &Config) -> Result<Listening, StartError> {
    let chosen_by_system = |key| match key {
        "tls.port" => config.tls.port == Some(0),
        _ => config.sip.listen.iter().all(|at| at.port() == 0),
    };
    for attempt in 1.. {
        match listen_once(config).await {
            // The system chose a port that is not free for all.
            Err(StartError::Listen {
                key,
                address,
                error,
                ..
            }) if chosen_by_system(key)
                && address.port() != 0
                && attempt < TRIES
                && error.kind() == io::ErrorKind::AddrInUse => {}
            outcome => return outcome,
        }
    }
    unreachable!("the last attempt returns")
}

async fn listen_once(config: &Config) -> Result<Listening, StartError> {
    let (mut at, mut sockets, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
    let (mut secured, mut tls_port) = (Vec::new(), None);
    for wanted in &config.sip.listen {
        let error = |key, transport, address| {
            move |error| StartError::Listen {
                key,
                transport,
                address,
                error,
            }
        };
        // Where the system chooses the port, both families have the same.
        let port = at.first().map_or(wanted.port(), SocketAddr::port);
        let wanted = SocketAddr::new(wanted.ip(), port);
        let socket = socket(wanted)
            .await
            .map_err(error("sip.listen", "UDP", wanted))?;
        let address = socket.local_addr().map_err(StartError::Runtime)?;
        if config.sip.tcp {
            let listener = listener(address).map_err(error("sip.listen", "TCP", address))?;
            listeners.push((address, listener));
        }
        if let Some(port) = tls_port.or(config.tls.port) {
            let wanted = SocketAddr::new(address.ip(), port);
            let listener = listener(wanted).map_err(error("tls.port", "TLS", wanted))?;
            let bound = listener.local_addr().map_err(StartError::Runtime)?;
            tls_port = Some(bound.port());
            secured.push((bound, listener));
        }
        sockets.push((address, socket));
        at.push(address);
    }
    Ok(Listening {
        datagrams: Datagrams::new(sockets.into_iter().collect()),
        listeners: listeners.into_iter().collect(),
        secured: secured.into_iter().collect(),
        at,
        tls_port,
    })
}
