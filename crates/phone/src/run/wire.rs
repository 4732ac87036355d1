//! The sockets and the trace together: whatever is sent or received by SIP passes here.
use crate::net::{Datagrams, Streams};
use crate::trace::{Seen, Trace, Way};
use std::net::SocketAddr;
use trialog_ua::{ConnectionId, EndpointInput, Source, Transmit, Transport};

pub(super) struct Wire {
    pub(super) datagrams: Datagrams,
    pub(super) streams: Streams,
    pub(super) trace: Option<Trace>,
    /// Our addresses as others know them.
    pub(super) udp: SocketAddr,
    pub(super) tcp: SocketAddr,
}

impl Wire {
    /// Sends; what can't be sent is told.
    pub(super) fn send(
        &mut self,
        transmit: Transmit,
        at_us: u64,
    ) -> Option<EndpointInput<'static>> {
        let Transmit {
            transport,
            destination,
            connection,
            bytes,
        } = transmit;
        let local = match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp,
        };
        self.note(Seen {
            at_us,
            way: Way::Out,
            transport,
            local,
            remote: destination,
            message: &bytes,
        });
        let sent = match transport {
            Transport::Udp => self.datagrams.send(&bytes, destination),
            Transport::Tcp => {
                let sent = self.streams.send(connection, destination, bytes);
                sent.map(|_| ())
            }
        };
        let error = sent.err()?;
        tracing::info!(to = %destination, %error, "a SIP message could not be sent");
        Some(EndpointInput::TransportError {
            transport,
            destination,
        })
    }

    /// The source of a datagram.
    pub(super) fn datagram(&self, remote: SocketAddr) -> Source {
        Source {
            transport: Transport::Udp,
            local: self.udp,
            remote,
            connection: None,
        }
    }

    /// The source of a stream's message.
    pub(super) fn stream(id: ConnectionId, local: SocketAddr, remote: SocketAddr) -> Source {
        Source {
            transport: Transport::Tcp,
            local,
            remote,
            connection: Some(id),
        }
    }

    /// A message came in.
    pub(super) fn received(&mut self, source: Source, message: &[u8], at_us: u64) {
        self.note(Seen {
            at_us,
            way: Way::In,
            transport: source.transport,
            local: source.local,
            remote: source.remote,
            message,
        });
    }

    fn note(&mut self, seen: Seen<'_>) {
        if let Some(trace) = &mut self.trace
            && let Err(error) = trace.write(seen)
        {
            tracing::error!(%error, "the trace can't be written; it ends here");
            self.trace = None;
        }
    }
}
