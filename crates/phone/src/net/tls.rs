//! TLS below SIP: who we are, whom we believe, and that a far end is the one that it was taken for (RFC 5922). It secures streams that
//! others opened or took.
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error};
use rustls::{RootCertStore, ServerConfig, SignatureScheme};
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use trialog_ua::{Peer, TlsFault};

/// Our certificate with its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    server: Arc<ServerConfig>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What is wrong with our certificate or key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdentityFault {
    /// The one file has no certificate.
    NoCertificate,
    /// The other has no private key.
    NoKey,
    /// They are not of each other, or of a kind that we do not know.
    Unusable(String),
}

impl Identity {
    /// Our certificate itself.
    pub(crate) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.chain.first()
    }

    /// Reads them as PEM: our certificate first, and those between it and one that others believe.
    pub(crate) fn read(certificates: &[u8], key: &[u8]) -> Result<Self, IdentityFault> {
        let chain = certificates_in(certificates).ok_or(IdentityFault::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityFault::NoKey)?;
        let unusable = |error: Error| IdentityFault::Unusable(error.to_string());
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let builder = builder.with_no_client_auth();
                builder.with_single_cert(chain.clone(), key.clone_key())
            });
        Ok(Self {
            chain,
            key,
            server: Arc::new(server.map_err(unusable)?),
        })
    }
}

/// Whose certificates we believe.
#[derive(Debug)]
pub(crate) struct Believed {
    issuers: RootCertStore,
    /// A certificate that is one of these itself need not be issued by one.
    itself: Vec<CertificateDer<'static>>,
}

impl Believed {
    /// Those of a file, as PEM; `None`: there are none in it.
    pub(crate) fn read(certificates: &[u8]) -> Option<Self> {
        let itself = certificates_in(certificates)?;
        let mut issuers = RootCertStore::empty();
        issuers.add_parsable_certificates(itself.iter().cloned());
        Some(Self { issuers, itself })
    }

    /// Those that the platform believes.
    fn of_platform() -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a root certificate of this machine can't be read");
        }
        let mut issuers = RootCertStore::empty();
        let (taken, _) = issuers.add_parsable_certificates(found.certs);
        if taken == 0 {
            tracing::warn!("this machine has no root certificates: see the key tls.ca");
        }
        Self {
            issuers,
            itself: Vec::new(),
        }
    }
}

fn certificates_in(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found.ok().filter(|found| !found.is_empty())
}

/// Not aws-lc, which wants more than a C compiler on some machines.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Secures streams.
#[derive(Debug, Default)]
pub(crate) struct Security {
    identity: Option<Arc<Identity>>,
    believed: Option<Arc<Believed>>,
    wildcards: bool,
    /// Made when it is needed: the platform's roots are many.
    client: OnceCell<Arc<ClientConfig>>,
}

impl Security {
    /// `identity`: shown to those that ask. `believed`: the platform's where there are none. `wildcards`: a certificate for
    /// `*.example.com` is one for `pbx.example.com`.
    pub(crate) fn new(
        identity: Option<Arc<Identity>>,
        believed: Option<Arc<Believed>>,
        wildcards: bool,
    ) -> Self {
        Self {
            identity,
            believed,
            wildcards,
            client: OnceCell::new(),
        }
    }

    /// Secures a stream that we opened. The far end has shown that it is the one of the peer's name, or of its address where the peer
    /// has none.
    pub(crate) async fn to(
        &self,
        peer: &Peer,
        stream: TcpStream,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let name = match &peer.name {
            Some(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()),
            None => Ok(ServerName::from(peer.address.ip())),
        };
        let name = name.map_err(io::Error::other)?;
        let client = self.client.get_or_try_init(|| self.make_client()).await?;
        let connector = TlsConnector::from(Arc::clone(client));
        connector.connect(name, stream).await
    }

    /// Secures a stream that was opened to us.
    pub(super) async fn from(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        let Some(identity) = &self.identity else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.server));
        acceptor.accept(stream).await
    }

    async fn make_client(&self) -> io::Result<Arc<ClientConfig>> {
        let believed = match &self.believed {
            Some(believed) => Arc::clone(believed),
            // Many files, which the loop does not wait for.
            None => tokio::task::spawn_blocking(|| Arc::new(Believed::of_platform())).await?,
        };
        let verifier = Verifier {
            believed,
            wildcards: self.wildcards,
            provider: provider(),
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let client = match &self.identity {
            Some(own) => builder
                .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
                .map_err(io::Error::other)?,
            None => builder.with_no_client_auth(),
        };
        Ok(Arc::new(client))
    }
}

/// Holds a far end's certificate against whom we believe, and against its name.
#[derive(Debug)]
struct Verifier {
    believed: Arc<Believed>,
    wildcards: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.believed.itself.contains(certificate) {
            let algorithms = self.provider.signature_verification_algorithms.all;
            let parsed = ParsedCertificate::try_from(certificate)?;
            let issuers = &self.believed.issuers;
            verify_server_cert_signed_by_trust_anchor(&parsed, issuers, between, now, algorithms)?;
        }
        is_for(certificate, name, self.wildcards)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Whether a certificate is for this name (RFC 5922 §7.1): by a SIP URI of its alternative names, else by a DNS name or an address
/// of them. No common name counts, and no wildcard (§7.2) unless they are wanted.
fn is_for(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    wildcards: bool,
) -> Result<(), Error> {
    let bad = |_| Error::InvalidCertificate(CertificateError::BadEncoding);
    let certificate = webpki::EndEntityCert::try_from(certificate).map_err(bad)?;
    let by_uri: Vec<&str> = certificate
        .valid_uri_names()
        .filter_map(sip_domain)
        .collect();
    let by_dns: Vec<&str> = certificate.valid_dns_names().collect();
    let wanted = name.to_str();
    let states = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&wanted));
    let matches_otherwise = wildcards || matches!(name, ServerName::IpAddress(_));
    let found = states(&by_uri)
        || states(&by_dns)
        || matches_otherwise && certificate.verify_is_valid_for_subject_name(name).is_ok();
    if found {
        return Ok(());
    }
    let presented = by_uri.into_iter().chain(by_dns).map(str::to_owned);
    Err(CertificateError::NotValidForNameContext {
        expected: name.to_owned(),
        presented: presented.collect(),
    }
    .into())
}

/// RFC 5922 §7.1: a SIP URI without a user part states a domain.
fn sip_domain(uri: &str) -> Option<&str> {
    let (scheme, domain) = uri.split_once(':')?;
    let is_domain = scheme.eq_ignore_ascii_case("sip") && !domain.contains('@');
    is_domain.then(|| domain.split([':', ';', '?']).next().unwrap_or(domain))
}

/// Why no secured stream came about, or why one ended; `None`: for a reason that a plain stream has as well.
pub(crate) fn fault(error: &io::Error) -> Option<TlsFault> {
    use AlertDescription as Alert;
    use CertificateError as Certificate;
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(why) => match why {
            Certificate::Expired | Certificate::ExpiredContext { .. } => TlsFault::Expired,
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                TlsFault::NotYetValid
            }
            Certificate::UnknownIssuer | Certificate::BadSignature => TlsFault::UnknownIssuer,
            Certificate::NotValidForNameContext { presented, .. } => {
                TlsFault::OtherName(presented.clone())
            }
            _ => TlsFault::Other(error.to_string()),
        },
        Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired,
        ) => TlsFault::RefusesOurs,
        _ => TlsFault::Other(error.to_string()),
    })
}

#[cfg(test)]
mod tests;
