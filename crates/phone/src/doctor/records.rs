//! Where calls and wrap-ups are kept: whether they can be, whether there is room, and whether others can read them.
use super::Subject;
use super::finding::{Check, Finding};
use crate::os::{for_user_only, free_space, is_for_user_only};
use crate::records::place_of;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use trialog_desk::words::doctor as words;

/// Less is to be seen to.
const SHORT_MB: u64 = 100;

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let config = &subject.config;
    let file = place_of(&config.records.path(&config.name));
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let nearest = match nearest(folder) {
        Ok(nearest) => nearest,
        Err((at, error)) => return vec![refused(&at, &error)],
    };
    if let Err(error) = takes_a_file(&nearest) {
        return vec![refused(&nearest, &error)];
    }
    let mut findings = vec![opens(&file)];
    findings.extend(open_to_others(&file));
    findings.extend(free_space(&nearest).map(|bytes| room(&nearest, bytes)));
    findings
}

/// The folder itself, or what is there of the way to it. An error: something on the way is no folder, or can't be looked at.
fn nearest(folder: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    for at in folder.ancestors() {
        let at = match at.as_os_str().is_empty() {
            true => Path::new("."),
            false => at,
        };
        match std::fs::metadata(at) {
            Ok(there) if there.is_dir() => return Ok(at.to_owned()),
            Ok(_) => return Err((at.to_owned(), io::ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Something above is no folder, and is named by its own look.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) => return Err((at.to_owned(), error)),
        }
    }
    Ok(PathBuf::from("."))
}

/// Makes a file there and removes it.
fn takes_a_file(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".trialog-doctor-{}", std::process::id()));
    let mut options = OpenOptions::new();
    for_user_only(options.write(true).create_new(true)).open(&path)?;
    std::fs::remove_file(&path)
}

fn refused(folder: &Path, error: &io::Error) -> Finding {
    let (folder, why) = (folder.display().to_string(), error.to_string());
    let values = [("folder", &*folder), ("why", &why)];
    let finding = Finding::wrong(Check::Records, words::RECORDS_FOLDER, &values);
    finding.hint(words::RECORDS_HINT, &[])
}

fn opens(file: &Path) -> Finding {
    let shown = file.display().to_string();
    let values = [("file", &*shown)];
    if !file.exists() {
        return Finding::good(Check::Records, words::RECORDS_NEW, &values);
    }
    match trialog_store::open_to_read(file) {
        Ok(_) => Finding::good(Check::Records, words::RECORDS_THERE, &values),
        Err(error) => {
            let why = error.to_string();
            let values = [("why", &*why)];
            let finding = Finding::wrong(Check::Records, words::RECORDS_UNREAD, &values);
            finding.hint(words::RECORDS_HINT, &[])
        }
    }
}

fn open_to_others(file: &Path) -> Option<Finding> {
    if is_for_user_only(file).ok()? {
        return None;
    }
    let file = file.display().to_string();
    let values = [("file", &*file), ("mode", "600")];
    let finding = Finding::watch(Check::Records, words::OTHERS_READ, &values);
    Some(finding.hint(words::OTHERS_READ_HINT, &values))
}

fn room(folder: &Path, bytes: u64) -> Finding {
    let (free, folder) = (bytes / 1_000_000, folder.display().to_string());
    let text = free.to_string();
    let values = [("free", &*text), ("folder", &folder)];
    if free >= SHORT_MB {
        return Finding::good(Check::Records, words::SPACE, &values);
    }
    let finding = Finding::watch(Check::Records, words::SPACE_SHORT, &values);
    finding.hint(words::SPACE_HINT, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told() {
        let room = |bytes| room(Path::new("/"), bytes).verdict;
        assert_eq!(room(99_999_999), super::super::finding::Verdict::Watch);
        assert_eq!(room(100_000_000), super::super::finding::Verdict::Good);
    }
}
