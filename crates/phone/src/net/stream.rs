//! One stream: a task that cuts it into messages, sends what is queued, and answers keep-alives (RFC 5626 §3.5.1).
use super::tls;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use trialog_sip::{Frame, Limits, ParseError, StreamFramer};
use trialog_ua::{ConnectionId, Peer, TlsFault};

/// A stream without a word for so long is closed. Registrations and calls speak more often.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// A stream that was opened to us has a whole message by then, and one that was begun its end: one that only holds a place gives
/// it back.
pub(super) const WHOLE: Duration = Duration::from_secs(30);
/// What is still to be sent on a stream that is being closed may take so long.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How often we ask whether the far end of a stream that we opened is still there, which also keeps NAT bindings.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(95);
/// A far end that has answered such a question before answers it in this time, or is gone (RFC 5626 §4.4.1).
pub(super) const PONG: Duration = Duration::from_secs(10);

/// What happened to a stream.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// A whole message came.
    Message {
        id: ConnectionId,
        local: SocketAddr,
        peer: Peer,
        bytes: Vec<u8>,
    },
    /// What follows can't be cut into messages. What was sent before may be answered, then it is to be closed.
    Unreadable {
        id: ConnectionId,
        local: SocketAddr,
        peer: Peer,
        error: ParseError,
    },
    /// Nothing can be sent there: no connection, or it broke; why, where that is for TLS.
    Failed {
        id: ConnectionId,
        peer: Peer,
        fault: Option<TlsFault>,
    },
    /// The stream ended in good order.
    Closed { id: ConnectionId },
}

pub(super) async fn report(events: &mpsc::Sender<StreamEvent>, event: StreamEvent) {
    // A phone on its way out need not know.
    let _ = events.send(event).await;
}

/// A stream's far end.
#[derive(Debug)]
pub(super) struct Far {
    id: ConnectionId,
    local: SocketAddr,
    pub(super) peer: Peer,
    /// We opened the stream.
    ours: bool,
}

impl Far {
    pub(super) fn new(id: ConnectionId, stream: &TcpStream, peer: Peer, ours: bool) -> Self {
        let _ = stream.set_nodelay(true);
        Self {
            id,
            local: stream.local_addr().unwrap_or(peer.address),
            peer,
            ours,
        }
    }

    /// Nothing can be sent there.
    pub(super) async fn failed(self, fault: Option<TlsFault>, events: &mpsc::Sender<StreamEvent>) {
        let (id, peer) = (self.id, self.peer);
        report(events, StreamEvent::Failed { id, peer, fault }).await;
    }
}

/// One stream, until either side ends it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    far: Far,
    io: S,
    queue: mpsc::Receiver<Vec<u8>>,
    events: &mpsc::Sender<StreamEvent>,
) {
    let mut stream = Stream {
        far,
        io,
        framer: StreamFramer::new(Limits::default()),
        events,
    };
    match stream.run(queue).await {
        Ok(()) => {
            let id = stream.far.id;
            report(events, StreamEvent::Closed { id }).await;
        }
        Err(error) => {
            tracing::debug!(remote = %stream.far.peer.address, %error, "a connection broke");
            stream.far.failed(tls::fault(&error), events).await;
        }
    }
}

struct Stream<'e, S> {
    far: Far,
    io: S,
    framer: StreamFramer,
    events: &'e mpsc::Sender<StreamEvent>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<'_, S> {
    async fn run(&mut self, mut queue: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
        let ours = self.far.ours;
        let mut buffer = vec![0; 8 * 1024];
        let mut idle_at = Instant::now() + IDLE;
        let mut ping_at = Instant::now() + KEEP_ALIVE;
        let mut whole_by = (!ours).then(|| Instant::now() + WHOLE);
        // A peer that never answers a ping may not know RFC 5626: only one that did is missed.
        let (mut answers_pings, mut pong_by) = (false, None);
        loop {
            tokio::select! {
                read = self.io.read(&mut buffer) => {
                    let length = match read {
                        // TLS tells so of a far end that closes without saying so first, as many do: each message states its
                        // length, so nothing of one can be cut off unseen.
                        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
                        read => read?,
                    };
                    if length == 0 {
                        return Ok(());
                    }
                    self.framer.feed(&buffer[..length]);
                    // Whatever comes shows that it is there.
                    answers_pings |= pong_by.take().is_some();
                    match self.cut().await? {
                        Cut::Nothing => {}
                        Cut::Messages => {
                            idle_at = Instant::now() + IDLE;
                            whole_by = None;
                        }
                        Cut::Unreadable => return self.last_words(queue).await,
                    }
                    if self.framer.is_within_message() {
                        whole_by.get_or_insert_with(|| Instant::now() + WHOLE);
                    }
                }
                message = queue.recv() => {
                    let Some(message) = message else {
                        return Ok(());
                    };
                    self.write(&message).await?;
                    idle_at = Instant::now() + IDLE;
                    ping_at = Instant::now() + KEEP_ALIVE;
                }
                () = sleep_until(idle_at) => return Ok(()),
                () = sleep_until(whole_by.unwrap_or(idle_at)), if whole_by.is_some() => return Ok(()),
                () = sleep_until(ping_at), if ours => {
                    self.write(Frame::PING).await?;
                    ping_at = Instant::now() + KEEP_ALIVE;
                    pong_by = Some(Instant::now() + PONG);
                }
                () = sleep_until(pong_by.unwrap_or(ping_at)), if pong_by.is_some() => {
                    if answers_pings {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    pong_by = None;
                }
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.write_all(bytes).await?;
        // TLS may keep what is its last.
        self.io.flush().await
    }

    /// Sends what is queued until nothing more comes, and ends the stream in good order.
    async fn last_words(&mut self, mut queue: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
        let sent = timeout(LAST_WORDS, async {
            while let Some(message) = queue.recv().await {
                self.write(&message).await?;
            }
            self.io.shutdown().await
        });
        sent.await.unwrap_or(Ok(()))
    }

    /// Hands on what is whole.
    async fn cut(&mut self) -> io::Result<Cut> {
        let mut cut = Cut::Nothing;
        while let Some(frame) = self.framer.next() {
            match frame {
                Ok(Frame::Message(bytes)) => {
                    cut = Cut::Messages;
                    let event = StreamEvent::Message {
                        id: self.far.id,
                        local: self.far.local,
                        peer: self.far.peer.clone(),
                        bytes,
                    };
                    report(self.events, event).await;
                }
                Ok(Frame::Ping) => self.write(Frame::PONG).await?,
                Ok(Frame::Pong) => {}
                // What follows can't be cut any more (RFC 3261 §18.3).
                Err(error) => {
                    tracing::debug!(remote = %self.far.peer.address, %error, "a connection can't be read on");
                    let event = StreamEvent::Unreadable {
                        id: self.far.id,
                        local: self.far.local,
                        peer: self.far.peer.clone(),
                        error,
                    };
                    report(self.events, event).await;
                    return Ok(Cut::Unreadable);
                }
            }
        }
        Ok(cut)
    }
}

/// What was cut off a stream.
enum Cut {
    /// Nothing, or keep-alives.
    Nothing,
    Messages,
    /// Messages or not, and then what is none.
    Unreadable,
}
