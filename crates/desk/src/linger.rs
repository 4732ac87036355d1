//! A connection's end that costs the client nothing of its answer.
//!
//! A socket that is closed with unread octets in it answers with RST, and what the client has not received by then is lost (RFC 9112
//! §9.6). So our side is shut first, and what the client still sends is read and thrown away until it closes, too.
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// A client has so long to close its side.
const PATIENCE: Duration = Duration::from_secs(2);

/// At most so many octets are read and thrown away.
const MOST: usize = 1 << 20;

/// A stream whose shutdown waits for the client's.
#[derive(Debug)]
pub(crate) struct Lingering {
    stream: TcpStream,
    /// Our side is shut; until then.
    until: Option<Pin<Box<Sleep>>>,
    thrown_away: usize,
}

impl Lingering {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            until: None,
            thrown_away: 0,
        }
    }

    /// Reads what is there. Ready: the client has closed, or has had its share of octets.
    fn throw_away(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 4096];
        while self.thrown_away < MOST {
            let mut octets = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut octets));
            let count = octets.filled().len();
            if read.is_err() || count == 0 {
                break;
            }
            self.thrown_away += count;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, octets)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let until = match &mut this.until {
            Some(until) => until,
            none => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                none.insert(Box::pin(tokio::time::sleep(PATIENCE)))
            }
        };
        if until.as_mut().poll(context).is_pending() {
            ready!(this.throw_away(context));
        }
        Poll::Ready(Ok(()))
    }
}
