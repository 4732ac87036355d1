//! Datagrams: one socket for all of SIP by UDP.
use crate::platform::receive_buffer;
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// No datagram is longer (RFC 768).
const LONGEST: usize = 65_535;

/// So many bytes may wait while we are busy: the requests of a second at a rate of a thousand calls.
const WAITING: usize = 4 << 20;

/// The socket and the datagram read last.
#[derive(Debug)]
pub(crate) struct Datagrams {
    socket: UdpSocket,
    buffer: Box<[u8]>,
}

impl Datagrams {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        receive_buffer(&socket, WAITING);
        // Until the runtime has been told that the socket can send, it says that it can't.
        socket.writable().await?;
        Ok(Self {
            socket,
            buffer: vec![0; LONGEST].into(),
        })
    }

    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next datagram: its length, for [`Self::read`], and its sender. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> (usize, SocketAddr) {
        loop {
            match self.socket.recv_from(&mut self.buffer).await {
                Ok(received) => return received,
                // Some systems tell here that an earlier datagram of ours found nobody; time tells that anyway.
                Err(error) => tracing::debug!(%error, "receiving by UDP"),
            }
        }
    }

    /// The next datagram, if one waits.
    pub(crate) fn next_waiting(&mut self) -> Option<(usize, SocketAddr)> {
        self.socket.try_recv_from(&mut self.buffer).ok()
    }

    /// The datagram that [`Self::next`] told of.
    pub(crate) fn read(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// Sends at once. A full buffer loses the datagram as the network may: whoever needs an answer sends again.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        match self.socket.try_send_to(bytes, to) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tracing::warn!(%to, "the UDP socket is full; a datagram was lost");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_datagram_is_not_lost() {
        let here = (std::net::Ipv4Addr::LOCALHOST, 0).into();
        let far = std::net::UdpSocket::bind(here).unwrap();
        let limit = std::time::Duration::from_secs(5);
        far.set_read_timeout(Some(limit)).unwrap();
        let datagrams = Datagrams::bind(here).await.unwrap();
        datagrams
            .send(b"REGISTER", far.local_addr().unwrap())
            .unwrap();
        let mut buffer = [0; 16];
        assert_eq!(far.recv(&mut buffer).unwrap(), 8);
    }
}
