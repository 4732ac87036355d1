//! Streams: one listener, and connections in and out, each with a task of its own. What is to be sent is queued, so the loop never
//! waits for a slow peer.
use super::Families;
use super::stream::{Far, StreamEvent, report, serve};
use super::tls::{self, Security};
use crate::os::{give_up_unacknowledged, own_family_only};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use trialog_ua::{ConnectionId, Peer, TlsFault, Transport};

/// A peer that does not answer a connection for so long is not there, nor is one that does not acknowledge what was sent on it: a
/// request that has not arrived goes another way long before its timer fires.
const PATIENCE: Duration = Duration::from_secs(5);
/// As long as that may TLS take to come about on a stream.
const HANDSHAKE: Duration = PATIENCE;
/// So many connections may wait to be taken.
const WAITING: i32 = 1024;
/// Messages waiting for one slow peer; with more the stream is given up.
const QUEUE: usize = 64;
/// Most streams at once, and most of one stranger's address. A full table gives up a stranger's stream for one that it
/// knows the address of, and for another stranger's one that has not said a word.
const MOST: usize = 512;
const MOST_OF_STRANGER: usize = 32;

/// All streams.
#[derive(Debug)]
pub(crate) struct Streams {
    listeners: Families<TcpListener>,
    /// For TLS.
    secured: Families<TcpListener>,
    security: Arc<Security>,
    /// The address of each family that streams of our own opening leave from; the wildcard: the system chooses.
    from: Families<IpAddr>,
    events: mpsc::Sender<StreamEvent>,
    open: HashMap<ConnectionId, Open>,
    next: u64,
}

/// A stream that was opened to us.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    remote: SocketAddr,
    transport: Transport,
}

#[derive(Debug)]
struct Open {
    peer: Peer,
    queue: mpsc::Sender<Vec<u8>>,
    /// It was opened to us.
    inbound: bool,
    /// A whole message came on it.
    spoke: bool,
}

impl Streams {
    /// With listeners, or without for streams of our own opening only. `from`: the addresses that we listen at; a peer that knows
    /// us by one of them must not see our streams come from another one of this machine.
    pub(crate) fn new(
        from: Families<IpAddr>,
        listeners: Families<TcpListener>,
    ) -> (Self, mpsc::Receiver<StreamEvent>) {
        let (events, happened) = mpsc::channel(256);
        let streams = Self {
            listeners,
            secured: Families::default(),
            security: Arc::default(),
            from,
            events,
            open: HashMap::new(),
            next: 0,
        };
        (streams, happened)
    }

    /// Listens here for TLS, and secures streams by this.
    pub(crate) fn secure(&mut self, listeners: Families<TcpListener>, security: Security) {
        self.secured = listeners;
        self.security = Arc::new(security);
    }

    /// The next connection from outside, for [`Self::take`]. Dropping the future loses nothing.
    pub(crate) async fn accepted(&self) -> Connection {
        loop {
            let (accepted, transport) = tokio::select! {
                accepted = accepted_at(&self.listeners) => (accepted, Transport::Tcp),
                accepted = accepted_at(&self.secured) => (accepted, Transport::Tls),
            };
            match accepted {
                Ok((stream, remote)) => {
                    return Connection {
                        stream,
                        remote,
                        transport,
                    };
                }
                Err(error) => {
                    // Out of files, as a rule: others may end meanwhile.
                    tracing::warn!(%error, "accepting a TCP connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Serves a connection from outside, where there is room. `is_known`: whether an address is one of those that we register
    /// at or that policy trusts.
    pub(crate) fn take(&mut self, connection: Connection, is_known: impl Fn(IpAddr) -> bool) {
        let Connection {
            stream,
            remote,
            transport,
        } = connection;
        if !self.has_room(remote.ip(), is_known) {
            tracing::warn!(%remote, "too many TCP connections; one more was closed");
            return;
        }
        let peer = Peer::at(transport, remote);
        let (id, queue) = self.enter(peer.clone(), true);
        let events = self.events.clone();
        let security = Arc::clone(&self.security);
        tokio::spawn(async move {
            let far = Far::new(id, &stream, peer, false);
            if transport != Transport::Tls {
                return serve(far, stream, queue, &events).await;
            }
            match timeout(HANDSHAKE, security.from(stream)).await {
                Ok(Ok(stream)) => serve(far, stream, queue, &events).await,
                Ok(Err(error)) => {
                    tracing::info!(%remote, %error, "a connection was not secured");
                    far.failed(tls::fault(&error), &events).await;
                }
                Err(_) => {
                    tracing::info!(%remote, "a connection was not secured in time");
                    far.failed(None, &events).await;
                }
            }
        });
    }

    /// Whether one more from this address may be served; gives up another one for it where that is fair.
    fn has_room(&mut self, from: IpAddr, is_known: impl Fn(IpAddr) -> bool) -> bool {
        let known = is_known(from);
        let of = self.open.values().filter(|open| open.inbound);
        let of = of.filter(|open| open.peer.address.ip() == from).count();
        if !known && of >= MOST_OF_STRANGER {
            return false;
        }
        if self.open.len() < MOST {
            return true;
        }
        let strangers = self.open.iter();
        let strangers =
            strangers.filter(|(_, open)| open.inbound && !is_known(open.peer.address.ip()));
        // Those without a word first, of them the oldest.
        let given_up = strangers.min_by_key(|(id, open)| (open.spoke, **id));
        let given_up = given_up.filter(|(_, open)| known || !open.spoke);
        let Some(id) = given_up.map(|(id, _)| *id) else {
            return false;
        };
        self.open.remove(&id);
        true
    }

    /// A whole message came on this stream.
    pub(crate) fn spoke(&mut self, id: ConnectionId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.spoke = true;
        }
    }

    /// Queues a message: on this stream while it is open, else on any to there, else on a new one. Gives the stream's number.
    pub(crate) fn send(
        &mut self,
        connection: Option<ConnectionId>,
        to: &Peer,
        bytes: Vec<u8>,
    ) -> Result<ConnectionId, io::Error> {
        let by_number = connection.filter(|id| self.open.contains_key(id));
        let id = by_number
            .or_else(|| self.to(to))
            .unwrap_or_else(|| self.connect(to.clone()));
        let Some(open) = self.open.get(&id) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        match open.queue.try_send(bytes) {
            Ok(()) => Ok(id),
            Err(_) => {
                // Dropping the queue ends the stream's task.
                self.open.remove(&id);
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    /// The event's stream is over, or to be closed when what is queued has been sent: forget it.
    pub(crate) fn over(&mut self, id: ConnectionId) -> Option<Peer> {
        self.open.remove(&id).map(|open| open.peer)
    }

    /// Streams to there are not used any more: they end when what is queued has been sent.
    pub(crate) fn abandon(&mut self, peer: &Peer) {
        self.open.retain(|_, open| !open.peer.is_same_end(peer));
    }

    fn to(&self, peer: &Peer) -> Option<ConnectionId> {
        let open = self.open.iter();
        let open = open.filter(|(_, open)| open.peer.serves(peer));
        open.map(|(id, _)| *id).max()
    }

    fn connect(&mut self, peer: Peer) -> ConnectionId {
        let (id, queue) = self.enter(peer.clone(), false);
        let events = self.events.clone();
        let from = self.from.of(peer.address.ip()).copied();
        let security = Arc::clone(&self.security);
        tokio::spawn(async move {
            let remote = peer.address;
            let not_opened = |peer| StreamEvent::Failed {
                id,
                peer,
                fault: None,
            };
            let stream = match timeout(PATIENCE, open(from, remote)).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    tracing::info!(%remote, %error, "no TCP connection");
                    return report(&events, not_opened(peer)).await;
                }
                Err(_) => {
                    tracing::info!(%remote, "no TCP connection in time");
                    return report(&events, not_opened(peer)).await;
                }
            };
            let far = Far::new(id, &stream, peer, true);
            if far.peer.transport != Transport::Tls {
                return serve(far, stream, queue, &events).await;
            }
            match timeout(HANDSHAKE, security.to(&far.peer, stream)).await {
                Ok(Ok(stream)) => serve(far, stream, queue, &events).await,
                Ok(Err(error)) => {
                    let name = far.peer.name.as_deref();
                    tracing::warn!(%remote, name, %error, "no TLS connection");
                    let other = || TlsFault::Other(error.to_string());
                    let fault = tls::fault(&error).unwrap_or_else(other);
                    far.failed(Some(fault), &events).await;
                }
                Err(_) => {
                    tracing::warn!(%remote, "no TLS connection in time");
                    let fault = TlsFault::Other("no answer to the handshake".to_owned());
                    far.failed(Some(fault), &events).await;
                }
            }
        });
        id
    }

    fn enter(&mut self, peer: Peer, inbound: bool) -> (ConnectionId, mpsc::Receiver<Vec<u8>>) {
        let id = ConnectionId(self.next);
        self.next += 1;
        let (queue, receiver) = mpsc::channel(QUEUE);
        let open = Open {
            peer,
            queue,
            inbound,
            spoke: false,
        };
        self.open.insert(id, open);
        (id, receiver)
    }
}

/// The next connection at one of these; none ever where there are none.
async fn accepted_at(listeners: &Families<TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    let mut listeners = listeners.iter();
    match (listeners.next(), listeners.next()) {
        (Some(one), Some(other)) => tokio::select! {
            accepted = one.accept() => accepted,
            accepted = other.accept() => accepted,
        },
        (Some(one), None) => one.accept().await,
        (None, _) => std::future::pending().await,
    }
}

/// Listens at this address. One of IPv6 has that family alone, so that IPv4 may have a listener at the same port.
pub(crate) fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = own_family_only(address, socket2::Type::STREAM)?;
    // Where it means that others may listen there at the same time, it is left out.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING)?;
    TcpListener::from_std(socket.into())
}

/// A stream to this far end, from this address of ours where one is named.
pub(crate) async fn open(from: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    if let Some(from) = from.filter(|from| !from.is_unspecified()) {
        socket.bind((from, 0).into())?;
    }
    give_up_unacknowledged(&socket, PATIENCE);
    socket.connect(to).await
}

#[cfg(test)]
mod tests;
