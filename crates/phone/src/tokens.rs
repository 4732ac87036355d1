//! Tokens for others than the phone's own user interface: a wallboard, a CRM, Prometheus. Each has a name and a role. Only hashes are kept,
//! in a file beside the records that the phone looks into for each request, so that a token is good, or gone, at once.
use crate::cli::{TokenVerb, Tokens};
use crate::{os, runtime_dir, visible};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use trialog_api::AccessRole;
use trialog_desk::{OtherTokens, Token};

const FILE: &str = "tokens.json";

/// What is kept of one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    name: String,
    role: AccessRole,
    /// SHA-256, as hexadecimal digits. The token is 32 random octets, so that nothing is to be gained by guessing.
    sha256: String,
    created_ms: u64,
}

/// Why a token can't be made or taken back.
#[derive(Debug)]
enum TokensError {
    File(PathBuf, io::Error),
    NoName(String),
    Taken(String),
    NotThere(String),
    Random(getrandom::Error),
}

impl std::fmt::Display for TokensError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::NoName(name) => write!(
                f,
                "“{name}” is no name: expected letters, digits, “-”, “_” and “.”"
            ),
            Self::Taken(name) => write!(
                f,
                "there is a token “{name}” already: revoke it first, or take another name"
            ),
            Self::NotThere(name) => {
                write!(f, "there is no token “{name}”: see `trialog token list`")
            }
            Self::Random(error) => write!(f, "the system gives no random octets: {error}"),
        }
    }
}

/// The tokens that were made for the phone of this name, as they are whenever one is shown.
pub(crate) fn others(phone: &str) -> OtherTokens {
    let file = runtime_dir::state_folder(phone).join(FILE);
    OtherTokens::new(move |shown| {
        let kept = read(&file).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %file.display(), "the tokens can't be read: none is good");
            Vec::new()
        });
        role_of(&kept, shown)
    })
}

fn role_of(kept: &[Entry], shown: &str) -> Option<AccessRole> {
    Token::kept(shown)?;
    let shown = hash(shown);
    let found = kept.iter().find(|entry| entry.sha256 == shown)?;
    Some(found.role)
}

fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// No file is as good as an empty one.
fn read(file: &Path) -> io::Result<Vec<Entry>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// `trialog token`.
pub(crate) fn run(options: &Tokens) -> ExitCode {
    let folder = runtime_dir::state_folder(&options.phone);
    match done(&folder, &options.verb) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("trialog: {}", visible::text(&error.to_string()));
            match error {
                TokensError::NoName(_) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// What is printed.
fn done(folder: &Path, verb: &TokenVerb) -> Result<String, TokensError> {
    match verb {
        TokenVerb::List => {
            let file = folder.join(FILE);
            let kept = read(&file).map_err(|error| TokensError::File(file, error))?;
            let line = |entry: &Entry| format!("{:<20} {}\n", entry.name, entry.role);
            Ok(kept.iter().map(line).collect())
        }
        TokenVerb::Create { name, role } => {
            if !trialog_client::is_name(name) {
                return Err(TokensError::NoName(name.clone()));
            }
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(TokensError::Random)?;
            let token = Token::new(random);
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let created = since.unwrap_or_default().as_millis();
            let entry = Entry {
                name: name.clone(),
                role: (*role).into(),
                sha256: hash(token.reveal()),
                created_ms: u64::try_from(created).unwrap_or(0),
            };
            change(folder, |kept| {
                if kept.iter().any(|other| other.name == *name) {
                    return Err(TokensError::Taken(name.clone()));
                }
                kept.push(entry);
                Ok(())
            })?;
            Ok(format!("{}\n", token.reveal()))
        }
        TokenVerb::Revoke { name } => {
            change(folder, |kept| {
                let before = kept.len();
                kept.retain(|entry| entry.name != *name);
                let gone = kept.len() < before;
                gone.then_some(())
                    .ok_or(TokensError::NotThere(name.clone()))
            })?;
            Ok(String::new())
        }
    }
}

/// Changes the file; two that do so at once come one after the other.
fn change(
    folder: &Path,
    change: impl FnOnce(&mut Vec<Entry>) -> Result<(), TokensError>,
) -> Result<(), TokensError> {
    let file = folder.join(FILE);
    let failed = |error| TokensError::File(file.clone(), error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let lock = File::create(folder.join("tokens.lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut kept = read(&file).map_err(failed)?;
    change(&mut kept)?;
    let text = serde_json::to_string_pretty(&kept).expect("it has string keys only");
    os::write_private(&file, &text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::TokenRole;

    fn create(folder: &Path, name: &str, role: TokenRole) -> Result<String, TokensError> {
        let name = name.to_owned();
        let printed = done(folder, &TokenVerb::Create { name, role })?;
        Ok(printed.trim().to_owned())
    }

    #[test]
    fn a_token_is_good_from_its_making_to_its_revocation_and_is_kept_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let folder = &folder.path().join("anna");
        let wall = create(folder, "wall", TokenRole::Supervisor).unwrap();
        let crm = create(folder, "crm", TokenRole::Agent).unwrap();
        let kept = || read(&folder.join(FILE)).unwrap();
        assert_eq!(role_of(&kept(), &wall), Some(AccessRole::Supervisor));
        assert_eq!(role_of(&kept(), &crm), Some(AccessRole::Agent));
        assert_eq!(role_of(&kept(), &kept()[0].sha256), None);
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap();
        assert!(!text.contains(&wall) && !text.contains(&crm));
        assert!(matches!(
            create(folder, "crm", TokenRole::Admin),
            Err(TokensError::Taken(_))
        ));
        assert!(matches!(
            create(folder, "../x", TokenRole::Admin),
            Err(TokensError::NoName(_))
        ));
        let revoke = |name: &str| {
            done(
                folder,
                &TokenVerb::Revoke {
                    name: name.to_owned(),
                },
            )
        };
        revoke("wall").unwrap();
        assert_eq!(role_of(&kept(), &wall), None);
        assert!(matches!(revoke("wall"), Err(TokensError::NotThere(_))));
        assert!(done(folder, &TokenVerb::List).unwrap().starts_with("crm "));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_reads_the_file() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        create(folder.path(), "wall", TokenRole::Supervisor).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
