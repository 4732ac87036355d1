//! Why the store could not do what it was asked.
use rusqlite::ErrorCode;
use std::fmt;
use std::path::PathBuf;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The file or its folder can't be made, opened or set aside: another path, or rights to it, put it right.
    Open {
        /// The file, or what could not be made for it.
        path: PathBuf,
        /// The system's words, or SQLite's.
        why: String,
    },
    /// A later version of the program has written the file: this one would spoil it.
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version of the schema.
        version: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// The disk is full.
    Full,
    /// The file or the file system can be read only.
    ReadOnly,
    /// The disk, or SQLite, refuses otherwise.
    Refused(String),
    /// The store has ended.
    Ended,
}

impl StoreError {
    /// The disk is the cause: the same entry can be kept later.
    pub(crate) fn is_of_the_disk(error: &rusqlite::Error) -> bool {
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::OutOfMemory
                    | ErrorCode::PermissionDenied
            )
        )
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Newer {
                path,
                version,
                known,
            } => write!(
                f,
                "{}: written by a later version of trialog (schema {version}; this one knows {known}): use that version, or another file",
                path.display()
            ),
            Self::Full => write!(f, "the disk is full"),
            Self::ReadOnly => write!(f, "the file can be read only"),
            Self::Refused(why) => write!(f, "{why}"),
            Self::Ended => write!(f, "the store has ended"),
        }
    }
}

impl std::error::Error for StoreError {}
