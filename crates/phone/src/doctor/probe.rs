//! An OPTIONS to a server, from a socket of its own (RFC 3261 §11): what comes back, how soon, and what the server shows of itself.
use super::Subject;
use crate::net::{open, tls_fault};
use rustls::pki_types::CertificateDer;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};
use trialog_sip::{
    Frame, HeaderName, Limits, Message, Method, NameAddr, Request, Response, StreamFramer,
};
use trialog_ua::{Account, Peer, TlsFault, Transport};

/// A server that has not answered by then does not answer an agent either.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// RFC 3261 §17.1.2.2: a request by UDP is sent again after T1, and each time after twice the time; T1 is 500 ms.
const T1: Duration = Duration::from_millis(500);

/// What came back.
pub(super) struct Answer {
    pub(super) response: Response,
    /// After the request, without the time that the connection took.
    pub(super) after: Duration,
    /// Ours, which the request left from.
    pub(super) local: SocketAddr,
    /// The server's own, by TLS.
    pub(super) certificate: Option<CertificateDer<'static>>,
}

/// Why nothing came back that counts.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nothing listens there, or there is no way.
    Unreachable,
    Silent,
    NotSecured(TlsFault),
    /// What came back is no SIP; in words.
    NotSip(String),
}

/// Asks a server for the account of this number.
pub(super) async fn ask(
    subject: &Subject,
    account: usize,
    peer: &Peer,
) -> Result<Answer, NoAnswer> {
    let account = subject
        .config
        .accounts
        .get(account)
        .ok_or(NoAnswer::Silent)?;
    let own = subject.families.of(peer.address.ip()).map(SocketAddr::ip);
    let asked = async {
        match peer.transport {
            Transport::Udp => by_udp(account, peer, own).await,
            Transport::Tcp => {
                let mut stream = open(own, peer.address).await.map_err(unreachable)?;
                let local = stream.local_addr().map_err(unreachable)?;
                by_stream(account, peer, local, &mut stream).await
            }
            Transport::Tls => {
                let stream = open(own, peer.address).await.map_err(unreachable)?;
                let local = stream.local_addr().map_err(unreachable)?;
                let secured = subject.security.to(peer, stream).await;
                let mut stream = secured.map_err(|error| match tls_fault(&error) {
                    Some(fault) => NoAnswer::NotSecured(fault),
                    None => NoAnswer::NotSecured(TlsFault::Other(error.to_string())),
                })?;
                let shown = stream.get_ref().1.peer_certificates();
                let certificate = shown.and_then(|chain| chain.first().cloned());
                let answer = by_stream(account, peer, local, &mut stream).await?;
                Ok(Answer {
                    certificate: certificate.map(CertificateDer::into_owned),
                    ..answer
                })
            }
        }
    };
    timeout(PATIENCE, asked)
        .await
        .unwrap_or(Err(NoAnswer::Silent))
}

/// Whether connections are taken there by TCP.
pub(super) async fn takes_tcp(to: SocketAddr) -> bool {
    let opened = timeout(Duration::from_secs(1), open(None, to)).await;
    matches!(opened, Ok(Ok(_)))
}

fn unreachable(_: io::Error) -> NoAnswer {
    NoAnswer::Unreachable
}

async fn by_udp(account: &Account, peer: &Peer, own: Option<IpAddr>) -> Result<Answer, NoAnswer> {
    let any = || -> IpAddr {
        if peer.address.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        }
    };
    let from = (own.unwrap_or_else(any), 0);
    let socket = UdpSocket::bind(from).await.map_err(unreachable)?;
    // Connected, so that the system tells where nothing listens.
    socket.connect(peer.address).await.map_err(unreachable)?;
    let local = socket.local_addr().map_err(unreachable)?;
    let request = request(account, peer, local);
    let bytes = request.to_bytes();
    let (start, mut wait) = (Instant::now(), T1);
    let mut buffer = vec![0; Limits::default().message];
    socket.send(&bytes).await.map_err(unreachable)?;
    let mut again = start + wait;
    loop {
        let received = tokio::time::timeout_at(again, socket.recv(&mut buffer)).await;
        let Ok(received) = received else {
            wait *= 2;
            again += wait;
            socket.send(&bytes).await.map_err(unreachable)?;
            continue;
        };
        let length = received.map_err(unreachable)?;
        let octets = buffer.get(..length).unwrap_or_default();
        if let Some(response) = answering(&request, octets)? {
            return Ok(Answer {
                response,
                after: start.elapsed(),
                local,
                certificate: None,
            });
        }
    }
}

async fn by_stream(
    account: &Account,
    peer: &Peer,
    local: SocketAddr,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<Answer, NoAnswer> {
    let request = request(account, peer, local);
    let start = Instant::now();
    let sent = stream.write_all(&request.to_bytes()).await;
    sent.map_err(unreachable)?;
    stream.flush().await.map_err(unreachable)?;
    let mut framer = StreamFramer::new(Limits::default());
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Err(NoAnswer::Silent),
            // The far end's alert comes after our handshake is done (RFC 8446 §4.4).
            Err(error) => match tls_fault(&error) {
                Some(fault) => return Err(NoAnswer::NotSecured(fault)),
                None => return Err(NoAnswer::Unreachable),
            },
            Ok(length) => length,
        };
        framer.feed(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next() {
            let frame = frame.map_err(|error| NoAnswer::NotSip(error.to_string()))?;
            let Frame::Message(octets) = frame else {
                continue;
            };
            if let Some(response) = answering(&request, &octets)? {
                return Ok(Answer {
                    response,
                    after: start.elapsed(),
                    local,
                    certificate: None,
                });
            }
        }
    }
}

/// The final response to this request; nothing where it is another message.
fn answering(request: &Request, octets: &[u8]) -> Result<Option<Response>, NoAnswer> {
    let message = Message::parse_datagram(octets, &Limits::default());
    match message.map_err(|error| NoAnswer::NotSip(error.to_string()))? {
        Message::Response(response) => {
            let ours = response.headers.call_id() == request.headers.call_id();
            let is_final = u16::from(response.status) >= 200;
            Ok((ours && is_final).then_some(response))
        }
        Message::Request(_) => Ok(None),
    }
}

/// As the keep-alive that an account may have is.
fn request(account: &Account, peer: &Peer, local: SocketAddr) -> Request {
    let server = account
        .registrar
        .as_ref()
        .or(account.outbound_proxy.as_ref());
    let mut uri = server.unwrap_or(&account.aor).bare();
    uri.user = None;
    let own = NameAddr::new(account.aor.bare());
    let mut request = Request::new(Method::Options, uri);
    let headers = &mut request.headers;
    let random = || getrandom::u64().unwrap_or(0);
    let transport = peer.transport.as_str();
    let via = format!(
        "SIP/2.0/{transport} {local};branch=z9hG4bK{:016x};rport",
        random()
    );
    headers.push(HeaderName::Via, via);
    headers.push(HeaderName::MaxForwards, "70");
    let from = own.clone().with_tag(&format!("{:08x}", random() >> 32));
    headers.push(HeaderName::From, from.to_string());
    headers.push(HeaderName::To, own.to_string());
    headers.push(HeaderName::CallId, format!("{:016x}", random()));
    headers.push(HeaderName::CSeq, "1 OPTIONS");
    headers.push(
        HeaderName::UserAgent,
        concat!("Trialog/", env!("CARGO_PKG_VERSION")),
    );
    request
}
