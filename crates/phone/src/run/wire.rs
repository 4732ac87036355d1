//! The sockets and the trace together: whatever is sent or received by SIP passes here.
use super::local_address::OwnAddresses;
use crate::call_traces::{CallTraces, call_id};
use crate::net::{Datagrams, Streams};
use crate::redact::redact;
use crate::trace::{Seen, Trace, Way};
use std::net::SocketAddr;
use trialog_ua::{ConnectionId, EndpointInput, Peer, Source, Transmit, Transport};

pub(super) struct Wire {
    pub(super) datagrams: Datagrams,
    pub(super) streams: Streams,
    pub(super) trace: Option<Trace>,
    /// `None` on a phone for load.
    pub(super) calls: Option<CallTraces>,
    /// As the program's addresses are at this moment.
    pub(super) own: OwnAddresses,
}

impl Wire {
    /// Sends; what can't be sent is told.
    pub(super) fn send(
        &mut self,
        transmit: Transmit,
        at_us: u64,
    ) -> Option<EndpointInput<'static>> {
        let Transmit {
            peer,
            connection,
            bytes,
        } = transmit;
        let local = self.own.toward(peer.address);
        self.note(Seen {
            at_us,
            way: Way::Out,
            transport: peer.transport,
            local,
            remote: peer.address,
            message: &bytes,
        });
        let sent = match peer.transport {
            Transport::Udp => self.datagrams.send(&bytes, peer.address),
            Transport::Tcp | Transport::Tls => {
                let sent = self.streams.send(connection, &peer, bytes);
                sent.map(|_| ())
            }
        };
        let error = sent.err()?;
        tracing::info!(to = %peer.address, %error, "a SIP message could not be sent");
        Some(EndpointInput::TransportError(peer))
    }

    /// The source of a datagram.
    pub(super) fn datagram(&self, remote: SocketAddr) -> Source {
        Source {
            peer: Peer::at(Transport::Udp, remote),
            local: self.own.toward(remote),
            connection: None,
        }
    }

    /// The source of a stream's message.
    pub(super) fn stream(id: ConnectionId, local: SocketAddr, peer: Peer) -> Source {
        Source {
            peer,
            local,
            connection: Some(id),
        }
    }

    /// A message came in.
    pub(super) fn received(&mut self, source: &Source, message: &[u8], at_us: u64) {
        self.note(Seen {
            at_us,
            way: Way::In,
            transport: source.peer.transport,
            local: source.local,
            remote: source.peer.address,
            message,
        });
    }

    fn note(&mut self, seen: Seen<'_>) {
        // Empty lines keep a way open, and are no message (RFC 3261 §7.5).
        let is_blank = seen.message.iter().all(|byte| b"\r\n".contains(byte));
        if is_blank {
            return;
        }
        if self.trace.is_none() && self.calls.is_none() {
            return;
        }
        let text = redact(seen.message);
        if let Some(calls) = &mut self.calls
            && let Some(call_id) = call_id(&text)
        {
            calls.see(call_id, seen, &text);
        }
        if let Some(trace) = &mut self.trace
            && let Err(error) = trace.write(seen, &text)
        {
            tracing::error!(%error, "the trace can't be written; it ends here");
            self.trace = None;
        }
    }
}
