//! Datagrams: one socket for all of SIP by UDP of each family.
use super::Families;
use crate::os::{own_family_only, receive_buffer};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// No datagram is longer (RFC 768).
const LONGEST: usize = 65_535;

/// So many bytes may wait while we are busy: the requests of a second at a rate of a thousand calls.
const WAITING: usize = 4 << 20;

/// A socket at this address. One of IPv6 has that family alone, so that IPv4 may have a socket at the same port.
pub(crate) async fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = own_family_only(address, socket2::Type::DGRAM)?;
    socket.bind(&address.into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    receive_buffer(&socket, WAITING);
    // Until the runtime has been told that the socket can send, it says that it can't.
    socket.writable().await?;
    Ok(socket)
}

/// The sockets and the datagram read last.
#[derive(Debug)]
pub(crate) struct Datagrams {
    sockets: Families<UdpSocket>,
    buffer: Box<[u8]>,
    /// IPv6 is to be asked first: a busy family does not keep the other one waiting.
    v6_first: bool,
}

impl Datagrams {
    pub(crate) fn new(sockets: Families<UdpSocket>) -> Self {
        Self {
            sockets,
            buffer: vec![0; LONGEST].into(),
            v6_first: false,
        }
    }

    /// The next datagram: its length, for [`Self::read`], and its sender. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> (usize, SocketAddr) {
        loop {
            if let Some(received) = self.next_waiting() {
                return received;
            }
            let mut sockets = self.sockets.iter();
            let ready = match (sockets.next(), sockets.next()) {
                (Some(one), Some(other)) => tokio::select! {
                    ready = one.readable() => ready,
                    ready = other.readable() => ready,
                },
                (Some(one), None) => one.readable().await,
                (None, _) => std::future::pending().await,
            };
            if let Err(error) = ready {
                tracing::debug!(%error, "receiving by UDP");
            }
        }
    }

    /// The next datagram, if one waits.
    pub(crate) fn next_waiting(&mut self) -> Option<(usize, SocketAddr)> {
        let order = [self.v6_first, !self.v6_first];
        self.v6_first = !self.v6_first;
        order.into_iter().find_map(|is_v6| {
            match self.sockets.get(is_v6)?.try_recv_from(&mut self.buffer) {
                Ok(received) => Some(received),
                Err(error) => {
                    // Some systems tell here that an earlier datagram of ours reached no socket; the transaction's timer tells that
                    // anyway.
                    if error.kind() != io::ErrorKind::WouldBlock {
                        tracing::debug!(%error, "receiving by UDP");
                    }
                    None
                }
            }
        })
    }

    /// The datagram that [`Self::next`] told of.
    pub(crate) fn read(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// Sends at once. A full buffer loses the datagram as the network may: the transaction sends again.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        let Some(socket) = self.sockets.of(to.ip()) else {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        };
        match socket.try_send_to(bytes, to) {
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

    async fn here(addresses: &[&str]) -> Datagrams {
        let mut sockets = Vec::new();
        for address in addresses {
            let socket = socket(address.parse().unwrap()).await.unwrap();
            sockets.push((socket.local_addr().unwrap(), socket));
        }
        Datagrams::new(sockets.into_iter().collect())
    }

    fn far(ip: &str) -> std::net::UdpSocket {
        let far = std::net::UdpSocket::bind((ip, 0)).unwrap();
        let limit = std::time::Duration::from_secs(5);
        far.set_read_timeout(Some(limit)).unwrap();
        far
    }

    #[tokio::test]
    async fn the_first_datagram_is_not_lost() {
        let (datagrams, far) = (here(&["127.0.0.1:0"]).await, far("127.0.0.1"));
        let to = far.local_addr().unwrap();
        datagrams.send(b"REGISTER", to).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(far.recv(&mut buffer).unwrap(), 8);
        assert!(datagrams.send(b"", ([0; 8], 5060).into()).is_err());
    }

    #[tokio::test]
    async fn both_families_send_and_receive_at_one_port() {
        let v4 = here(&["0.0.0.0:0"]).await.sockets;
        let port = v4.iter().next().unwrap().local_addr().unwrap().port();
        drop(v4);
        let wildcards = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
        let mut datagrams = here(&wildcards.each_ref().map(String::as_str)).await;
        for ip in ["127.0.0.1", "::1"] {
            let far = far(ip);
            let to = far.local_addr().unwrap();
            datagrams.send(b"question", to).unwrap();
            let mut buffer = [0; 16];
            let (length, from) = far.recv_from(&mut buffer).unwrap();
            assert_eq!((length, from.port()), (8, port));
            far.send_to(b"answer", from).unwrap();
            assert_eq!(datagrams.next().await, (6, to));
            assert_eq!(datagrams.read(6), b"answer");
        }
    }
}
