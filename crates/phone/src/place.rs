//! Where a running phone says that it is, for clients to find it (`trialog_client::Address`): a folder of its name, readable by the user only, with the address and the token of its API.
use crate::platform;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use trialog_client::Address;

/// The place of the phone that this process is. Dropping it takes the address back.
#[derive(Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    /// Locked as long as the phone runs, so that a second one of the same name is told, and a dead one is known to be dead.
    _lock: File,
}

/// Why a phone has no place.
#[derive(Debug)]
pub(crate) enum NoPlace {
    /// A phone of this name runs.
    Taken(String),
    /// The folder can't be made or used.
    Folder(PathBuf, io::Error),
}

impl std::fmt::Display for NoPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken(name) => write!(
                f,
                "a phone named “{name}” is running already; give this one another name by --name or the key name"
            ),
            Self::Folder(folder, error) => write!(f, "{}: {error}", folder.display()),
        }
    }
}

impl Place {
    /// Takes the name's place for this process.
    pub(crate) fn take(name: &str) -> Result<Self, NoPlace> {
        let base = trialog_client::folder();
        let folder = base.join(name);
        for folder in [&base, &folder] {
            platform::private_folder(folder)
                .map_err(|error| NoPlace::Folder(folder.clone(), error))?;
        }
        let lock = File::create(folder.join("lock"))
            .map_err(|error| NoPlace::Folder(folder.clone(), error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(NoPlace::Taken(name.to_owned())),
            Err(TryLockError::Error(error)) => Err(NoPlace::Folder(folder, error)),
        }
    }

    /// Tells clients where the API is.
    pub(crate) fn announce(&self, api: &Address) -> Result<PathBuf, NoPlace> {
        let file = self.folder.join("api.json");
        let text = serde_json::to_string(api).expect("it has string keys only");
        platform::write_private(&file, &text)
            .map_err(|error| NoPlace::Folder(file.clone(), error))?;
        Ok(file)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The lock says enough should this fail.
        let _ = std::fs::remove_file(self.folder.join("api.json"));
    }
}

/// The folder for what outlives the phone.
pub(crate) fn state_folder(name: &str) -> PathBuf {
    let set = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let base = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/state")))
        .unwrap_or_else(|| PathBuf::from("."));
    base.join("trialog").join(name)
}
