//! An issuer of certificates for one test, and what it has issued: PEM files in a folder.
use super::{Done, Fault};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// An issuer that no system believes; its own certificate lies in `ca.pem`.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
}

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, as PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
}

impl Ca {
    /// A new one, with its files in this folder.
    ///
    /// # Errors
    /// They can't be written.
    pub fn new(folder: &Path) -> Done<Self> {
        std::fs::create_dir_all(folder).map_err(|error| fault(folder, error))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named("an issuer of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(|error| fault(folder, error))?;
        let certificate = params.self_signed(&key);
        let certificate = certificate.map_err(|error| fault(folder, error))?;
        let ca = Self {
            issuer: Issuer::new(params, key),
            folder: folder.to_owned(),
        };
        ca.write("ca.pem", &certificate.pem())?;
        Ok(ca)
    }

    /// Its own certificate, by which others believe it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate for this host, in files of this name.
    ///
    /// # Errors
    /// They can't be written.
    pub fn issue(&self, name: &str, host: &str) -> Done<Identity> {
        let failed = |error: rcgen::Error| fault(&self.folder, error);
        let mut params = CertificateParams::new([host.to_owned()]).map_err(failed)?;
        params.distinguished_name = named(host);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Identity {
            certificate: self.write(&format!("{name}.crt"), &certificate.pem())?,
            key: self.write(&format!("{name}.key"), &key.serialize_pem())?,
        })
    }

    fn write(&self, name: &str, text: &str) -> Done<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).map_err(|error| fault(&path, error))?;
        Ok(path)
    }
}

/// One whose name is its issuer's passes for signed by itself where names alone are looked at.
fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn fault(path: &Path, error: impl Display) -> Fault {
    Fault(format!("{}: {error}", path.display()))
}
