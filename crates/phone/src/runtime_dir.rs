//! The runtime directory of a phone: a folder of its name that only the user can read, with the lock of the phone that runs and
//! the address and token of its API, by which clients find it (`trialog_client::Address`).
use crate::os;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use trialog_client::Address;

/// Where the running phone's configuration is.
const CONFIGURATION: &str = "configuration";

/// Outlives the phone, but not the user's session.
const PAGE: &str = "page.json";

/// The runtime directory, while this process is the phone of its name. Dropping it takes the address back.
#[derive(Debug)]
pub(crate) struct RuntimeDir {
    folder: PathBuf,
    /// Locked as long as the phone runs, so that a second one of the same name is refused, and what a crash left is no phone.
    _lock: File,
}

/// Why a phone has no runtime directory.
#[derive(Debug)]
pub(crate) enum RuntimeDirError {
    /// A phone of this name runs.
    Taken(String),
    /// The folder can't be made or used.
    Folder(PathBuf, io::Error),
}

impl std::fmt::Display for RuntimeDirError {
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

impl RuntimeDir {
    /// Takes the directory of the phone `name` for this process.
    pub(crate) fn take(name: &str) -> Result<Self, RuntimeDirError> {
        let base = trialog_client::folder();
        let folder = base.join(name);
        for folder in [&base, &folder] {
            os::private_folder(folder)
                .map_err(|error| RuntimeDirError::Folder(folder.clone(), error))?;
        }
        let lock = File::create(folder.join("lock"))
            .map_err(|error| RuntimeDirError::Folder(folder.clone(), error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(RuntimeDirError::Taken(name.to_owned())),
            Err(TryLockError::Error(error)) => Err(RuntimeDirError::Folder(folder, error)),
        }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells clients where the API is, and this user's programs where the configuration is.
    pub(crate) fn announce(
        &self,
        api: &Address,
        configuration: Option<&Path>,
    ) -> Result<PathBuf, RuntimeDirError> {
        let named = self.folder.join(CONFIGURATION);
        // One that is left of an earlier start is none of this phone's.
        let _ = std::fs::remove_file(&named);
        if let Some(path) = configuration.and_then(Path::to_str) {
            os::write_private(&named, path)
                .map_err(|error| RuntimeDirError::Folder(named.clone(), error))?;
        }
        let file = self.folder.join("api.json");
        let text = serde_json::to_string(api).expect("it has string keys only");
        os::write_private(&file, &text)
            .map_err(|error| RuntimeDirError::Folder(file.clone(), error))?;
        Ok(file)
    }
}

/// What the page's browsers need to find and to know the phone again when it has been started anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageFile {
    /// The API's port.
    pub(crate) port: u16,
    /// What paired browsers show in their cookie: 64 hexadecimal digits.
    pub(crate) cookie: String,
    /// And as their proof.
    pub(crate) proof: String,
    /// What those show that were paired for supervisors.
    #[serde(default)]
    pub(crate) supervisor_cookie: Option<String>,
    #[serde(default)]
    pub(crate) supervisor_proof: Option<String>,
}

impl PageFile {
    /// Cookie and proof of supervisors' browsers; an earlier version of the phone has kept none.
    pub(crate) fn supervisor(&self) -> Option<(&str, &str)> {
        let cookie = self.supervisor_cookie.as_deref()?;
        Some((cookie, self.supervisor_proof.as_deref()?))
    }
}

/// The secrets are not printed.
impl std::fmt::Debug for PageFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PageFile(port {})", self.port)
    }
}

impl RuntimeDir {
    /// What the phone of this name has kept of its page; nothing where the file is not there or is none.
    pub(crate) fn page(&self) -> Option<PageFile> {
        let text = std::fs::read_to_string(self.folder.join(PAGE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Keeps this for the next start.
    pub(crate) fn keep_page(&self, page: &PageFile) -> Result<(), RuntimeDirError> {
        let file = self.folder.join(PAGE);
        let text = serde_json::to_string(page).expect("it has string keys only");
        os::write_private(&file, &text).map_err(|error| RuntimeDirError::Folder(file, error))
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        // The lock says enough should this fail.
        let _ = std::fs::remove_file(self.folder.join("api.json"));
        let _ = std::fs::remove_file(self.folder.join("open.html"));
    }
}

/// Where the configuration of the running phone of this name is; `None`: it has none, or a name that is no text.
pub(crate) fn configuration(name: &str) -> Option<PathBuf> {
    let named = trialog_client::folder().join(name).join(CONFIGURATION);
    std::fs::read_to_string(named).ok().map(PathBuf::from)
}

/// The folder for what outlives the phone: `$XDG_STATE_HOME/trialog/NAME`, or what takes its place.
pub(crate) fn state_folder(name: &str) -> PathBuf {
    let set = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let base = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/state")))
        .unwrap_or_else(|| PathBuf::from("."));
    base.join("trialog").join(name)
}
