//! Where a running phone is found: a folder of its name, readable by the user only, with the address and the token of its API.
use crate::platform;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What a client needs to reach the phone: the content of `api.json`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) pid: u32,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Api({}, pid {})", self.url, self.pid)
    }
}

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

/// What may name a phone: it becomes a folder's name.
pub(crate) fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(letter)
}

/// The folder of all phones of this user.
fn base() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => Path::new(&folder).join("trialog"),
        None => std::env::temp_dir().join(format!("trialog-{}", platform::user())),
    }
}

impl Place {
    /// Takes the name's place for this process.
    pub(crate) fn take(name: &str) -> Result<Self, NoPlace> {
        let base = base();
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
    pub(crate) fn announce(&self, api: &Api) -> Result<PathBuf, NoPlace> {
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

/// The API of a running phone; nothing where none of this name runs.
pub(crate) fn find(name: &str) -> Option<Api> {
    let folder = base().join(name);
    if !is_name(name) || !runs(&folder) {
        return None;
    }
    let text = std::fs::read_to_string(folder.join("api.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// The names of all running phones of this user.
pub(crate) fn running() -> Vec<String> {
    let folders = std::fs::read_dir(base()).into_iter().flatten().flatten();
    let mut names: Vec<_> = folders
        .filter(|folder| runs(&folder.path()) && folder.path().join("api.json").exists())
        .filter_map(|folder| folder.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn runs(folder: &Path) -> bool {
    let Ok(lock) = File::open(folder.join("lock")) else {
        return false;
    };
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_folder() {
        for good in ["phone", "agent-1", "Büro_2", "a.b"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a\0"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn the_token_is_not_printed_by_debug() {
        let api = Api {
            url: "http://127.0.0.1:1".to_owned(),
            token: "geheim".to_owned(),
            pid: 1,
        };
        assert!(!format!("{api:?}").contains("geheim"));
    }
}
