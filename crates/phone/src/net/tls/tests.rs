//! Streams within TLS, over real sockets: whom we speak to, and whom we do not.
use super::*;
use crate::net::{Families, StreamEvent, Streams};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use trialog_ua::Transport;

const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

/// An issuer of certificates.
struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
        Self::named("an issuer")
    }

    /// One that a far end tells from others by its name.
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    fn identity(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity::read(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    fn believed(&self) -> Option<Arc<Believed>> {
        Believed::read(self.pem.as_bytes()).map(Arc::new)
    }
}

fn of(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn of_uri(uri: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let uri = uri.to_owned().try_into().unwrap();
    params.subject_alt_names = vec![SanType::URI(uri)];
    params
}

type Events = mpsc::Receiver<StreamEvent>;

/// A far end that listens for TLS, and where.
async fn listening(identity: Identity) -> (Streams, Events, std::net::SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let (mut there, at_there) = Streams::new(Families::default(), Families::default());
    let security = Security::new(Some(Arc::new(identity)), None, false);
    there.secure([(at, listener)].into_iter().collect(), security);
    (there, at_there, at)
}

fn calling(believed: Option<Arc<Believed>>, wildcards: bool) -> (Streams, Events) {
    let (mut here, at_here) = Streams::new(Families::default(), Families::default());
    here.secure(
        Families::default(),
        Security::new(None, believed, wildcards),
    );
    (here, at_here)
}

/// What comes of a message to this name at a far end with this identity.
async fn sent_to(
    name: &str,
    identity: Identity,
    believed: Option<Arc<Believed>>,
    wildcards: bool,
) -> Result<(), Option<TlsFault>> {
    let (mut there, mut at_there, at) = listening(identity).await;
    let (mut here, mut at_here) = calling(believed, wildcards);
    let peer = match name.parse::<Ipv4Addr>() {
        Ok(_) => Peer::at(Transport::Tls, at),
        Err(_) => Peer::named(name, Transport::Tls, at),
    };
    let out = here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    tokio::select! {
        Some(event) = at_there.recv() => {
            let StreamEvent::Message { id, peer: from, bytes, .. } = event else {
                // It sees the refusal first.
                let Some(StreamEvent::Failed { fault, .. }) = at_here.recv().await else {
                    panic!("no failure");
                };
                return Err(fault);
            };
            assert_eq!(bytes, OPTIONS);
            assert_eq!(from.transport, Transport::Tls);
            there.send(Some(id), &from, OPTIONS.to_vec()).unwrap();
            let Some(StreamEvent::Message { id, peer: by, .. }) = at_here.recv().await else {
                panic!("no answer");
            };
            assert_eq!((id, by), (out, peer));
            Ok(())
        }
        Some(event) = at_here.recv() => {
            let StreamEvent::Failed { fault, .. } = event else {
                panic!("{event:?}");
            };
            Err(fault)
        }
    }
}

#[tokio::test]
async fn a_far_end_whose_certificate_is_for_its_name_is_spoken_to() {
    let ca = Ca::new();
    for (name, params) in [
        ("pbx.example", of("pbx.example")),
        ("PBX.example", of("pbx.EXAMPLE")),
        ("pbx.example.", of("pbx.example")),
        ("pbx.example", of_uri("sip:pbx.example")),
        ("127.0.0.1", of("127.0.0.1")),
    ] {
        let came = sent_to(name, ca.identity(&params), ca.believed(), false).await;
        assert_eq!(came, Ok(()), "{name}");
    }
}

/// RFC 5922 §7.1 and §7.2.
#[tokio::test]
async fn one_whose_certificate_is_for_another_name_is_not() {
    let ca = Ca::new();
    let other = |name: &str| Err(Some(TlsFault::OtherName(vec![name.to_owned()])));
    for (name, params, stated) in [
        ("pbx.example", of("mail.example"), "mail.example"),
        ("one.pbx.example", of("*.pbx.example"), "*.pbx.example"),
        ("pbx.example", of_uri("sip:bob@pbx.example"), ""),
        ("pbx.example", of_uri("https://pbx.example"), ""),
        ("127.0.0.1", of("pbx.example"), "pbx.example"),
    ] {
        let came = sent_to(name, ca.identity(&params), ca.believed(), false).await;
        let expected = match stated {
            "" => Err(Some(TlsFault::OtherName(Vec::new()))),
            stated => other(stated),
        };
        assert_eq!(came, expected, "{name}");
    }
    let came = sent_to(
        "one.pbx.example",
        ca.identity(&of("*.pbx.example")),
        ca.believed(),
        true,
    );
    assert_eq!(came.await, Ok(()), "wildcards where they are wanted");
}

#[tokio::test]
async fn one_whose_certificate_has_expired_or_is_of_a_foreign_issuer_is_not() {
    let ca = Ca::new();
    let mut expired = of("pbx.example");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = of("pbx.example");
    early.not_before = date_time_ymd(2090, 1, 1);
    for (params, fault) in [(expired, TlsFault::Expired), (early, TlsFault::NotYetValid)] {
        let came = sent_to("pbx.example", ca.identity(&params), ca.believed(), false).await;
        assert_eq!(came, Err(Some(fault)));
    }
    let believed = Ca::new().believed();
    let came = sent_to(
        "pbx.example",
        ca.identity(&of("pbx.example")),
        believed,
        false,
    );
    assert_eq!(came.await, Err(Some(TlsFault::UnknownIssuer)));
}

#[tokio::test]
async fn a_certificate_that_is_itself_among_the_believed_needs_no_issuer() {
    let key = KeyPair::generate().unwrap();
    // As many PBXs make theirs by themselves: as an issuer of its own.
    let mut params = of("pbx.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    let identity = || Identity::read(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let believed = || Believed::read(pem.as_bytes()).map(Arc::new);
    let came = sent_to("pbx.example", identity(), believed(), false).await;
    assert_eq!(came, Ok(()));
    let came = sent_to("other.example", identity(), believed(), false).await;
    assert!(
        matches!(came, Err(Some(TlsFault::OtherName(_)))),
        "{came:?}"
    );
}

#[tokio::test]
async fn where_no_tls_is_spoken_nothing_is_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let peer = Peer::named(
        "pbx.example",
        Transport::Tls,
        listener.local_addr().unwrap(),
    );
    let (mut here, mut at_here) = calling(Ca::new().believed(), false);
    here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let mut hello = [0; 5];
    far.read_exact(&mut hello).await.unwrap();
    far.write_all(b"SIP/2.0 400 Bad Request\r\n\r\n")
        .await
        .unwrap();
    let Some(StreamEvent::Failed {
        fault, peer: at, ..
    }) = at_here.recv().await
    else {
        panic!("no failure");
    };
    assert!(matches!(fault, Some(TlsFault::Other(_))), "{fault:?}");
    assert_eq!(at, peer);
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.unwrap_or_default();
    let all = [&hello[..], &rest].concat();
    assert!(!all.windows(7).any(|part| part == b"OPTIONS"));
}

#[tokio::test(start_paused = true)]
async fn whoever_opens_a_stream_and_says_nothing_gives_its_place_back() {
    let (mut there, mut at_there, at) = listening(Ca::new().identity(&of("pbx.example"))).await;
    let _silent = TcpStream::connect(at).await.unwrap();
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    let begun = tokio::time::Instant::now();
    let event = at_there.recv().await;
    assert!(
        matches!(event, Some(StreamEvent::Failed { .. })),
        "{event:?}"
    );
    assert!(
        begun.elapsed() <= Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_stream_to_one_name_serves_for_no_other_at_the_same_address() {
    let ca = Ca::new();
    let (mut there, _at_there, at) = listening(ca.identity(&of("pbx.example"))).await;
    let (mut here, mut at_here) = calling(ca.believed(), false);
    let named = |name| Peer::named(name, Transport::Tls, at);
    let first = here
        .send(None, &named("pbx.example"), OPTIONS.to_vec())
        .unwrap();
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    // A route that it has put in as its address.
    let route = Peer::at(Transport::Tls, at);
    assert_eq!(here.send(None, &route, OPTIONS.to_vec()).unwrap(), first);
    let other = here
        .send(None, &named("mail.example"), OPTIONS.to_vec())
        .unwrap();
    assert_ne!(other, first);
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    let Some(StreamEvent::Failed { id, .. }) = at_here.recv().await else {
        panic!("no failure");
    };
    assert_eq!(id, other);
}

#[test]
fn a_key_is_shown_nowhere_and_one_of_another_certificate_is_refused() {
    let (ca, key) = (Ca::new(), KeyPair::generate().unwrap());
    let certificate = of("a.example").signed_by(&key, &ca.issuer).unwrap().pem();
    let secret = key.serialize_pem();
    let identity = Identity::read(certificate.as_bytes(), secret.as_bytes()).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity { .. }");
    let other = KeyPair::generate().unwrap().serialize_pem();
    let read = |certificate: &str, key: &str| {
        Identity::read(certificate.as_bytes(), key.as_bytes()).map(drop)
    };
    let unusable = read(&certificate, &other);
    assert!(
        matches!(unusable, Err(IdentityFault::Unusable(_))),
        "{unusable:?}"
    );
    assert_eq!(read("", &secret), Err(IdentityFault::NoCertificate));
    assert_eq!(read(&certificate, ""), Err(IdentityFault::NoKey));
}

/// A server by TLS that wants a certificate of this issuer, and shows one for `localhost` itself; what it took from whoever came.
async fn wanting(ca: &Ca, issuer: &Ca) -> (std::net::SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut issuers = RootCertStore::empty();
    issuers.add_parsable_certificates(certificates_in(issuer.pem.as_bytes()).unwrap());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(issuers), provider());
    let identity = ca.identity(&of("localhost"));
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let (shown, taken) = mpsc::channel(1);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let first = certificates.first().map(|first| first.to_vec());
            shown.send(first.unwrap_or_default()).await.unwrap();
            let _ = stream.read(&mut [0; 100]).await;
        }
    });
    (at, taken)
}

/// RFC 5922 §6: the server asks, and takes whom it believes.
#[tokio::test]
async fn our_certificate_is_shown_to_a_server_that_wants_one() {
    let (ca, issuer) = (Ca::new(), Ca::named("another issuer"));
    let (at, mut taken) = wanting(&ca, &issuer).await;
    let own = issuer.identity(&of("phone.example"));
    let certificate = own.chain[0].to_vec();
    let (mut here, _at_here) = Streams::new(Families::default(), Families::default());
    let security = Security::new(Some(Arc::new(own)), ca.believed(), false);
    here.secure(Families::default(), security);
    let peer = Peer::named("localhost", Transport::Tls, at);
    here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    assert_eq!(taken.recv().await, Some(certificate));
}

#[tokio::test]
async fn a_server_that_does_not_take_our_certificate_or_wants_one_is_told_from_others() {
    let (ca, issuer) = (Ca::new(), Ca::named("another issuer"));
    for own in [None, Some(Arc::new(ca.identity(&of("phone.example"))))] {
        let (at, mut taken) = wanting(&ca, &issuer).await;
        let (mut here, mut at_here) = Streams::new(Families::default(), Families::default());
        let has_one = own.is_some();
        here.secure(
            Families::default(),
            Security::new(own, ca.believed(), false),
        );
        let peer = Peer::named("localhost", Transport::Tls, at);
        here.send(None, &peer, OPTIONS.to_vec()).unwrap();
        let Some(StreamEvent::Failed { fault, .. }) = at_here.recv().await else {
            panic!("it is spoken to");
        };
        assert_eq!(fault, Some(TlsFault::RefusesOurs), "with one: {has_one}");
        assert_eq!(taken.recv().await, None);
    }
}
