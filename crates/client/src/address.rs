//! Where a running phone is found: `api.json` in a folder of the phone's name, which only its user can read, beside a lock that is
//! held while the phone runs.
use crate::Error;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// What a client needs to reach a phone: the content of `api.json`. New after each start of the phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The API's URL, such as `http://127.0.0.1:40404`.
    pub url: String,
    /// The bearer token: 64 hexadecimal digits.
    pub token: String,
    /// The phone's process.
    pub pid: u32,
}

/// The token is not printed.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({}, pid {})", self.url, self.pid)
    }
}

impl Address {
    /// The address in this file; `None` where the file is not there or not whole (yet).
    #[must_use]
    pub fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The address of this user's running phone of this name; without a name, of the only one.
    ///
    /// # Errors
    /// [`Error::NoSuchPhone`], [`Error::NoPhone`] or [`Error::SeveralPhones`].
    pub fn of_running(name: Option<&str>) -> Result<Self, Error> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => {
                let mut names = running();
                match names.len() {
                    0 => return Err(Error::NoPhone),
                    1 => names.remove(0),
                    _ => return Err(Error::SeveralPhones(names)),
                }
            }
        };
        let folder = folder().join(&name);
        let found = (is_name(&name) && runs(&folder)).then(|| Self::read(&folder.join("api.json")));
        found.flatten().ok_or(Error::NoSuchPhone(name))
    }
}

/// What may name a phone: it becomes a folder's name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(letter)
}

/// The folder of all phones of this user: `$XDG_RUNTIME_DIR/trialog`, else `trialog-UID` in the system's folder for temporary files.
#[must_use]
pub fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => Path::new(&folder).join("trialog"),
        None => std::env::temp_dir().join(format!("trialog-{}", user())),
    }
}

/// The names of all running phones of this user, sorted.
#[must_use]
pub fn running() -> Vec<String> {
    let folders = std::fs::read_dir(folder()).into_iter().flatten().flatten();
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

#[cfg(unix)]
fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
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
        let address = Address {
            url: "http://127.0.0.1:1".to_owned(),
            token: "geheim".to_owned(),
            pid: 1,
        };
        assert!(!format!("{address:?}").contains("geheim"));
    }
}
