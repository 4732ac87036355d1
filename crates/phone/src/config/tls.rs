//! `[tls]`: where SIP is received by TLS, our certificate, and whose are believed.
use super::Tls;
use super::reader::Section;
use crate::net::{Believed, Identity, IdentityFault};
use std::path::Path;
use std::sync::Arc;

const CERTIFICATE: &str = "a file with certificates as PEM";
const KEY: &str = "a file with a private key as PEM, without a password";

pub(super) fn tls(section: Section<'_, '_>) -> Tls {
    let port = section.number("port", 0..=u16::MAX);
    let certificate = section.path("certificate");
    let key = section.path("key");
    let ca = section.path("ca");
    let wildcards = section.flag("wildcards").unwrap_or(false);
    let identity = match (&certificate, &key) {
        (Some(certificate), Some(key)) => identity(&section, certificate, key),
        (Some(_), None) => {
            section.fault("certificate", "tls.key beside it", "none");
            None
        }
        (None, Some(_)) => {
            section.fault("key", "tls.certificate beside it", "none");
            None
        }
        (None, None) => {
            if port.is_some() {
                let expected = "tls.certificate and tls.key beside it";
                section.fault("port", expected, "none");
            }
            None
        }
    };
    let believed = ca.and_then(|path| {
        let text = read(&section, "ca", CERTIFICATE, &path)?;
        let believed = Believed::read(&text);
        if believed.is_none() {
            section.fault("ca", CERTIFICATE, &format!("none in {}", path.display()));
        }
        believed
    });
    section.end();
    Tls {
        port,
        identity: identity.map(Arc::new),
        believed: believed.map(Arc::new),
        wildcards,
    }
}

fn identity(section: &Section<'_, '_>, certificate: &Path, key: &Path) -> Option<Identity> {
    let certificates = read(section, "certificate", CERTIFICATE, certificate)?;
    let secret = read(section, "key", KEY, key)?;
    let none_in = |path: &Path| format!("none in {}", path.display());
    match Identity::read(&certificates, &secret) {
        Ok(identity) => return Some(identity),
        Err(IdentityFault::NoCertificate) => {
            section.fault("certificate", CERTIFICATE, &none_in(certificate));
        }
        Err(IdentityFault::NoKey) => section.fault("key", KEY, &none_in(key)),
        Err(IdentityFault::Unusable(why)) => {
            section.fault("key", "the key of tls.certificate", &why);
        }
    }
    None
}

fn read(
    section: &Section<'_, '_>,
    key: &'static str,
    expected: &str,
    path: &Path,
) -> Option<Vec<u8>> {
    match std::fs::read(path) {
        Ok(text) => Some(text),
        Err(error) => {
            section.fault(key, expected, &format!("{}: {error}", path.display()));
            None
        }
    }
}
