//! Streams: one listener, and connections in and out, each with a task of its own that cuts the stream into messages. Keep-alives
//! are answered here (RFC 5626 §3.5.1). What is to be sent is queued, so the loop never waits for a slow peer.
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use trialog_sip::{Frame, Limits, StreamFramer};
use trialog_ua::ConnectionId;

/// A peer that does not answer a connection for so long is not there.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A stream without a word for so long is closed. Registrations and calls speak more often.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// How often we ask whether the far end of a stream that we opened is still there, which also keeps NAT bindings.
const KEEP_ALIVE: Duration = Duration::from_secs(95);
/// Messages waiting for one slow peer; with more the stream is given up.
const QUEUE: usize = 64;
/// Most streams at once; further ones are closed at once.
const MOST: usize = 512;

/// What happened to a stream.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// A whole message came.
    Message {
        id: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Vec<u8>,
    },
    /// Nothing can be sent there: no connection, or it broke.
    Failed {
        id: ConnectionId,
        remote: SocketAddr,
    },
    /// The stream ended in good order.
    Closed { id: ConnectionId },
}

/// All streams.
#[derive(Debug)]
pub(crate) struct Streams {
    listener: Option<TcpListener>,
    events: mpsc::Sender<StreamEvent>,
    open: HashMap<ConnectionId, Open>,
    next: u64,
}

#[derive(Debug)]
struct Open {
    remote: SocketAddr,
    queue: mpsc::Sender<Vec<u8>>,
}

impl Streams {
    /// With a listener, or for streams of our own opening only.
    pub(crate) fn new(listener: Option<TcpListener>) -> (Self, mpsc::Receiver<StreamEvent>) {
        let (events, happened) = mpsc::channel(256);
        let streams = Self {
            listener,
            events,
            open: HashMap::new(),
            next: 0,
        };
        (streams, happened)
    }

    /// The next connection from outside, for [`Self::take`]. Dropping the future loses nothing.
    pub(crate) async fn accepted(&self) -> (TcpStream, SocketAddr) {
        let Some(listener) = &self.listener else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    // Out of files, as a rule: others may end meanwhile.
                    tracing::warn!(%error, "accepting a TCP connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    pub(crate) fn take(&mut self, stream: TcpStream, remote: SocketAddr) {
        if self.open.len() >= MOST {
            tracing::warn!(%remote, "too many TCP connections; one more was closed");
            return;
        }
        let (id, receiver) = self.enter(remote);
        let events = self.events.clone();
        tokio::spawn(async move { serve(id, stream, remote, receiver, &events, false).await });
    }

    /// Queues a message: on this stream while it is open, else on any to there, else on a new one. Gives the stream's number.
    pub(crate) fn send(
        &mut self,
        connection: Option<ConnectionId>,
        to: SocketAddr,
        bytes: Vec<u8>,
    ) -> Result<ConnectionId, io::Error> {
        let by_number = connection.filter(|id| self.open.contains_key(id));
        let id = by_number
            .or_else(|| self.to(to))
            .unwrap_or_else(|| self.connect(to));
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

    /// The event's stream is over: forget it.
    pub(crate) fn over(&mut self, id: ConnectionId) {
        self.open.remove(&id);
    }

    fn to(&self, remote: SocketAddr) -> Option<ConnectionId> {
        let open = self.open.iter().filter(|(_, open)| open.remote == remote);
        open.map(|(id, _)| *id).max()
    }

    fn connect(&mut self, remote: SocketAddr) -> ConnectionId {
        let (id, receiver) = self.enter(remote);
        let events = self.events.clone();
        tokio::spawn(async move {
            match timeout(CONNECT_PATIENCE, TcpStream::connect(remote)).await {
                Ok(Ok(stream)) => serve(id, stream, remote, receiver, &events, true).await,
                Ok(Err(error)) => {
                    tracing::info!(%remote, %error, "no TCP connection");
                    report(&events, StreamEvent::Failed { id, remote }).await;
                }
                Err(_) => {
                    tracing::info!(%remote, "no TCP connection in time");
                    report(&events, StreamEvent::Failed { id, remote }).await;
                }
            }
        });
        id
    }

    fn enter(&mut self, remote: SocketAddr) -> (ConnectionId, mpsc::Receiver<Vec<u8>>) {
        let id = ConnectionId(self.next);
        self.next += 1;
        let (queue, receiver) = mpsc::channel(QUEUE);
        self.open.insert(id, Open { remote, queue });
        (id, receiver)
    }
}

async fn report(events: &mpsc::Sender<StreamEvent>, event: StreamEvent) {
    // A phone on its way out need not know.
    let _ = events.send(event).await;
}

/// One stream, until either side ends it.
async fn serve(
    id: ConnectionId,
    stream: TcpStream,
    remote: SocketAddr,
    queue: mpsc::Receiver<Vec<u8>>,
    events: &mpsc::Sender<StreamEvent>,
    ours: bool,
) {
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().unwrap_or(remote);
    let (reader, writer) = stream.into_split();
    let mut stream = Stream {
        id,
        local,
        remote,
        reader,
        writer,
        framer: StreamFramer::new(Limits::default()),
        events,
    };
    let end = match stream.run(queue, ours).await {
        Ok(()) => StreamEvent::Closed { id },
        Err(error) => {
            tracing::debug!(%remote, %error, "a TCP connection broke");
            StreamEvent::Failed { id, remote }
        }
    };
    report(events, end).await;
}

struct Stream<'e> {
    id: ConnectionId,
    local: SocketAddr,
    remote: SocketAddr,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    framer: StreamFramer,
    events: &'e mpsc::Sender<StreamEvent>,
}

impl Stream<'_> {
    async fn run(&mut self, mut queue: mpsc::Receiver<Vec<u8>>, ours: bool) -> io::Result<()> {
        let mut buffer = vec![0; 8 * 1024];
        let mut idle_at = Instant::now() + IDLE;
        let mut ping_at = Instant::now() + KEEP_ALIVE;
        loop {
            tokio::select! {
                read = self.reader.read(&mut buffer) => {
                    let length = read?;
                    if length == 0 {
                        return Ok(());
                    }
                    self.framer.feed(&buffer[..length]);
                    if self.cut().await? {
                        idle_at = Instant::now() + IDLE;
                    }
                }
                message = queue.recv() => {
                    let Some(message) = message else {
                        return Ok(());
                    };
                    self.writer.write_all(&message).await?;
                    idle_at = Instant::now() + IDLE;
                    ping_at = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(idle_at) => return Ok(()),
                () = sleep_until(ping_at), if ours => {
                    self.writer.write_all(Frame::PING).await?;
                    ping_at = Instant::now() + KEEP_ALIVE;
                }
            }
        }
    }

    /// Hands on what is whole. Whether there was any message.
    async fn cut(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let Some(frame) = self.framer.next() {
            match frame {
                Ok(Frame::Message(bytes)) => {
                    any = true;
                    let (id, local, remote) = (self.id, self.local, self.remote);
                    let event = StreamEvent::Message {
                        id,
                        local,
                        remote,
                        bytes,
                    };
                    report(self.events, event).await;
                }
                Ok(Frame::Ping) => self.writer.write_all(Frame::PONG).await?,
                Ok(Frame::Pong) => {}
                // What follows can't be cut any more (RFC 3261 §18.3).
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

    async fn listening() -> (Streams, mpsc::Receiver<StreamEvent>, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (streams, events) = Streams::new(Some(listener));
        (streams, events, address)
    }

    #[tokio::test]
    async fn a_message_goes_there_and_its_answer_comes_back_on_the_same_stream() {
        let (mut there, mut at_there, address) = listening().await;
        let (mut here, mut at_here) = Streams::new(None);
        let out = here.send(None, address, OPTIONS.to_vec()).unwrap();
        assert_eq!(here.send(None, address, OPTIONS.to_vec()).unwrap(), out);
        let (stream, remote) = there.accepted().await;
        there.take(stream, remote);
        for _ in 0..2 {
            let Some(StreamEvent::Message {
                id, bytes, remote, ..
            }) = at_there.recv().await
            else {
                panic!("no message");
            };
            assert_eq!(bytes, OPTIONS);
            there.send(Some(id), remote, OPTIONS.to_vec()).unwrap();
            let Some(StreamEvent::Message { id, .. }) = at_here.recv().await else {
                panic!("no answer");
            };
            assert_eq!(id, out);
        }
    }

    #[tokio::test]
    async fn a_ping_is_answered_and_garbage_ends_the_stream() {
        let (mut there, mut at_there, address) = listening().await;
        let mut peer = TcpStream::connect(address).await.unwrap();
        let (stream, remote) = there.accepted().await;
        there.take(stream, remote);
        peer.write_all(Frame::PING).await.unwrap();
        let mut pong = [0; 2];
        peer.read_exact(&mut pong).await.unwrap();
        assert_eq!(pong, Frame::PONG);
        peer.write_all(b"garbage\r\n\r\n").await.unwrap();
        assert!(matches!(
            at_there.recv().await,
            Some(StreamEvent::Failed { .. })
        ));
    }

    #[tokio::test]
    async fn where_nobody_listens_is_reported() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let (mut streams, mut events) = Streams::new(None);
        streams.send(None, address, OPTIONS.to_vec()).unwrap();
        let Some(StreamEvent::Failed { remote, .. }) = events.recv().await else {
            panic!("no failure");
        };
        assert_eq!(remote, address);
    }
}
