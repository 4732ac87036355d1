//! Opening the file: what is broken is set aside, what is old is migrated, what is newer is left alone.
use crate::error::StoreError;
use crate::schema;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So long another program that has the file (an export, a second phone) is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// An open file, ready for [`crate::Store::start`].
#[derive(Debug)]
pub struct OpenFile {
    pub(crate) connection: Connection,
    /// The file that was there before could not be read.
    pub set_aside: Option<SetAside>,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its new name.
    pub path: PathBuf,
    /// What was wrong with it, in SQLite's words.
    pub why: String,
}

/// Opens the file, and makes it and its folder where they are not there; `make` makes an empty file with the rights that it is to
/// have, which SQLite gives to those beside it as well.
///
/// # Errors
/// [`StoreError::Open`] and [`StoreError::Newer`].
pub fn open(path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> Result<OpenFile, StoreError> {
    let failed = |path: &Path, why: String| StoreError::Open {
        path: path.to_owned(),
        why,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error.to_string()))?;
    }
    let made = || make(path).map_err(|error| failed(path, error.to_string()));
    if !path.exists() {
        made()?;
    }
    match ready(path) {
        Ok(connection) => Ok(OpenFile {
            connection,
            set_aside: None,
        }),
        Err(Fault::Newer(version)) => Err(newer(path, version)),
        Err(Fault::Broken(why)) => {
            let aside = set_aside(path).map_err(|error| failed(path, error.to_string()))?;
            made()?;
            let connection = ready(path).map_err(|fault| failed(path, fault.words()))?;
            Ok(OpenFile {
                connection,
                set_aside: Some(SetAside { path: aside, why }),
            })
        }
        Err(fault) => Err(failed(path, fault.words())),
    }
}

/// Opens a file that another process may be writing, to read it.
///
/// # Errors
/// [`StoreError::Open`], also where there is no file, and [`StoreError::Newer`].
pub fn open_to_read(path: &Path) -> Result<OpenFile, StoreError> {
    let file = open_beside(path)?;
    let read_only = file.connection.pragma_update(None, "query_only", true);
    read_only.map_err(|error| StoreError::Open {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    Ok(file)
}

/// The same, to write to it as well.
pub(crate) fn open_beside(path: &Path) -> Result<OpenFile, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::Open {
        path: path.to_owned(),
        why: error.to_string(),
    };
    // Reading a file in WAL mode writes to its index beside it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    match schema::version(&connection).map_err(failed)? {
        version if version > schema::KNOWN => Err(newer(path, version)),
        version if version < schema::KNOWN => Err(StoreError::Open {
            path: path.to_owned(),
            why: format!(
                "of an earlier version of trialog (schema {version}): start the phone once to bring it up to date"
            ),
        }),
        _ => Ok(OpenFile {
            connection,
            set_aside: None,
        }),
    }
}

fn newer(path: &Path, version: i64) -> StoreError {
    StoreError::Newer {
        path: path.to_owned(),
        version,
        known: schema::KNOWN,
    }
}

/// Why a file is not ready.
enum Fault {
    Broken(String),
    Newer(i64),
    Other(rusqlite::Error),
}

impl Fault {
    fn words(&self) -> String {
        match self {
            Self::Broken(why) => why.clone(),
            Self::Newer(version) => format!("schema {version}"),
            Self::Other(error) => error.to_string(),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Broken(error.to_string())
            }
            _ => Self::Other(error),
        }
    }
}

fn ready(path: &Path) -> Result<Connection, Fault> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Fault::Broken(found));
    }
    let version = schema::version(&connection)?;
    if version > schema::KNOWN {
        return Err(Fault::Newer(version));
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a sync reaches the disk itself only so; elsewhere it changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Gives the file, and what SQLite keeps beside it, another name.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let aside = beside(
        path,
        &format!(".broken-{}", now.unwrap_or_default().as_secs()),
    );
    for end in ["-wal", "-shm"] {
        let from = beside(path, end);
        if from.exists() {
            std::fs::rename(from, beside(&aside, end))?;
        }
    }
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<OpenFile, StoreError> {
        super::open(path, |path| std::fs::File::create(path).map(drop))
    }

    #[test]
    fn a_broken_file_is_set_aside_and_kept_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/records.db");
        assert_eq!(open(&path).unwrap().set_aside, None);
        let noise = [7; 9000];
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(&path, end));
        }
        std::fs::write(&path, noise).unwrap();
        let aside = open(&path).unwrap().set_aside.unwrap();
        assert_eq!(std::fs::read(aside.path).unwrap(), noise);
        assert_eq!(open(&path).unwrap().set_aside, None);
    }

    #[test]
    fn a_file_whose_pages_are_damaged_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.db");
        drop(open(&path).unwrap());
        let mut octets = std::fs::read(&path).unwrap();
        let half = octets.len() / 2;
        octets[4096..half].fill(0x55);
        std::fs::write(&path, octets).unwrap();
        assert!(open(&path).unwrap().set_aside.is_some());
    }

    #[test]
    fn a_file_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.db");
        let later = schema::KNOWN + 1;
        let opened = open(&path).unwrap().connection;
        opened.pragma_update(None, "user_version", later).unwrap();
        drop(opened);
        let error = open(&path).unwrap_err();
        assert_eq!(error, newer(&path, later));
        assert_eq!(open_to_read(&path).unwrap_err(), error);
        assert!(path.exists());
    }

    #[test]
    fn what_is_no_place_for_a_file_is_said_and_not_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
        assert!(folder.path().exists());
    }
}
