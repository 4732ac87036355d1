//! The smallest question that SIP has: is anybody there?
use crate::wire::Text;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// What OPTIONS for this URI, sent to this address by UDP, is answered with; `None` when it is not within 0.2 s.
#[must_use]
pub fn status(to: SocketAddr, uri: &str) -> Option<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .ok()?;
    let own = socket.local_addr().ok()?;
    let text = format!(
        "OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{0};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:look@{own}>;tag={0}\r\nTo: <{uri}>\r\nCall-ID: {0}@{own}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:look@{own}>\r\n\
         Content-Length: 0\r\n\r\n",
        own.port()
    );
    socket.send_to(text.as_bytes(), to).ok()?;
    let mut buffer = [0; 4_096];
    let (length, _) = socket.recv_from(&mut buffer).ok()?;
    Text::new(&buffer[..length]).status()
}
