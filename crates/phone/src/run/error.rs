//! Why a phone did not start: what stood in the way, and the key that mends it.
use crate::runtime_dir::RuntimeDirError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use trialog_engine::EngineError;
use trialog_store::StoreError;

/// Why a phone did not start.
#[derive(Debug)]
pub(crate) enum StartError {
    /// No threads.
    Runtime(io::Error),
    /// Its name is taken, or its folder can't be used.
    RuntimeDir(RuntimeDirError),
    /// A port can't be listened at.
    Listen {
        key: &'static str,
        transport: &'static str,
        address: SocketAddr,
        error: io::Error,
    },
    /// No pair of ports for RTP.
    Rtp(io::Error),
    /// A file can't be written.
    File {
        key: &'static str,
        path: PathBuf,
        error: io::Error,
    },
    /// What is kept of calls can't be opened.
    Records(StoreError),
    /// The sound can't start.
    Sound(EngineError),
    /// The system gives no random numbers.
    Random(getrandom::Error),
}

/// EMFILE, the same on Linux and macOS.
const TOO_MANY_FILES: i32 = 24;

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "the phone can't start: {error}"),
            Self::RuntimeDir(error) => write!(f, "{error}"),
            Self::Listen {
                key,
                transport,
                address,
                error,
            } => {
                let (port, ip) = (address.port(), address.ip());
                let another = format!("choose another by the key {key}");
                let (why, hint) = match error.kind() {
                    io::ErrorKind::AddrInUse => ("another program has it".to_owned(), another),
                    io::ErrorKind::AddrNotAvailable => {
                        ("this machine has no such address".to_owned(), another)
                    }
                    _ if error.raw_os_error() == Some(TOO_MANY_FILES) => (
                        "this process has as many files open as it may".to_owned(),
                        "raise its limit (`ulimit -n`; LimitNOFILE in a systemd unit)".to_owned(),
                    ),
                    _ => (error.to_string(), another),
                };
                write!(
                    f,
                    "{transport} port {port} of {ip} can't be listened at: {why}; {hint}"
                )
            }
            Self::Rtp(error) => write!(f, "no ports for RTP: {error}; see the key media.rtp_ports"),
            Self::File { key, path, error } => {
                write!(f, "{}: {error}; see the key {key}", path.display())
            }
            Self::Records(error) => write!(f, "{error}; see the key records.file"),
            Self::Sound(error) => write!(f, "{error}; see [audio]"),
            Self::Random(error) => write!(f, "no random numbers: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<RuntimeDirError> for StartError {
    fn from(error: RuntimeDirError) -> Self {
        Self::RuntimeDir(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_can_not_be_had_says_why_and_what_helps() {
        let said = |error: io::Error| {
            let address = ([192, 0, 2, 1], 5060).into();
            let (key, transport) = ("sip.listen", "UDP");
            StartError::Listen {
                key,
                transport,
                address,
                error,
            }
            .to_string()
        };
        let files = said(io::Error::from_raw_os_error(TOO_MANY_FILES));
        assert!(
            files.contains("ulimit -n") && !files.contains("sip.listen"),
            "{files}"
        );
        let taken = said(io::ErrorKind::AddrInUse.into());
        assert!(
            taken.contains("another program has it; choose another by the key sip.listen"),
            "{taken}"
        );
        let gone = said(io::ErrorKind::AddrNotAvailable.into());
        assert!(
            gone.contains("192.0.2.1 can't be listened at: this machine has no such address"),
            "{gone}"
        );
    }
}
