//! The certificates of a secure demo: an issuer that is made for one story, and whose key is kept nowhere, and one certificate for each
//! phone.
use crate::Fault;
use crate::cast::Party;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::io::Write;
use std::path::Path;

/// The host that a certificate is for: all phones are there.
const HOST: &str = "127.0.0.1";

/// Writes `ca.pem`, and each phone's certificate and key as `NAME.crt` and `NAME.key`, into this folder.
///
/// # Errors
/// One can't be made or written.
pub(crate) fn make(folder: &Path) -> Result<(), Fault> {
    let failed = |error: rcgen::Error| Fault::File(folder.to_owned(), error.to_string());
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(failed)?;
    let own = params.self_signed(&key).map_err(failed)?;
    let issuer = Issuer::new(params, key);
    write(&folder.join("ca.pem"), &own.pem())?;
    for party in Party::ALL {
        let key = KeyPair::generate().map_err(failed)?;
        let params = CertificateParams::new([HOST.to_owned()]).map_err(failed)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        let name = party.name();
        write(&folder.join(format!("{name}.crt")), &certificate.pem())?;
        write(&folder.join(format!("{name}.key")), &key.serialize_pem())?;
    }
    Ok(())
}

/// A new file for this user alone, in place of an old one.
fn write(path: &Path, text: &str) -> Result<(), Fault> {
    let _ = std::fs::remove_file(path);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = (options.open(path)).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Fault::File(path.to_owned(), error.to_string()))
}
