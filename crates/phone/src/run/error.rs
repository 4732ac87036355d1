//! Why a phone did not start: what stood in the way, and the key that mends it.
use crate::place::NoPlace;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use trialog_engine::EngineError;

/// Why a phone did not start.
#[derive(Debug)]
pub(crate) enum StartError {
    /// No threads.
    Runtime(io::Error),
    /// Its name is taken, or its folder can't be used.
    Place(NoPlace),
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
    /// The sound can't start.
    Sound(EngineError),
    /// The system gives no random numbers.
    Random(getrandom::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "the phone can't start: {error}"),
            Self::Place(error) => write!(f, "{error}"),
            Self::Listen {
                key,
                transport,
                address,
                error,
            } => {
                let why = match error.kind() {
                    io::ErrorKind::AddrInUse => "another program has it".to_owned(),
                    _ => error.to_string(),
                };
                write!(
                    f,
                    "{transport} port {} of {} can't be listened at: {why}; choose another by the key {key}",
                    address.port(),
                    address.ip()
                )
            }
            Self::Rtp(error) => write!(f, "no ports for RTP: {error}; see the key media.rtp_ports"),
            Self::File { key, path, error } => {
                write!(f, "{}: {error}; see the key {key}", path.display())
            }
            Self::Sound(error) => write!(f, "{error}; see [audio]"),
            Self::Random(error) => write!(f, "no random numbers: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<NoPlace> for StartError {
    fn from(error: NoPlace) -> Self {
        Self::Place(error)
    }
}
