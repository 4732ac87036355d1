//! The trace: every SIP message as it was at the socket, one JSON object a line, with its secrets struck out. It is for people
//! and for tools that draw ladders; the phone never reads it. A start of the phone goes on in the file of before; one that has grown large
//! is put aside.
use crate::os::for_user_only;
use crate::visible;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use trialog_ua::Transport;

/// A larger file is put aside, in bytes.
const LARGE: u64 = 32 * 1024 * 1024;

/// So many files are put aside: `.1` is the newest, and the oldest goes.
const ASIDE: u32 = 3;

/// An open trace file.
#[derive(Debug)]
pub(crate) struct Trace {
    path: PathBuf,
    file: File,
    /// Its size in bytes.
    size: u64,
    /// Put aside from this size on.
    large: u64,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// A message at the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// Unix microseconds.
    pub(crate) at_us: u64,
    pub(crate) way: Way,
    pub(crate) transport: Transport,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) message: &'a [u8],
}

impl Trace {
    /// The file, to be gone on with where it is there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::up_to(path, LARGE)
    }

    fn up_to(path: &Path, large: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = appended(path)?;
        Ok(Self {
            path: path.to_owned(),
            size: file.metadata()?.len(),
            file,
            large,
        })
    }

    /// Begins a new file; the ones before get the next number each.
    fn put_aside(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..ASIDE).rev() {
            match std::fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, numbered(1))?;
        self.file = appended(&self.path)?;
        self.size = 0;
        Ok(())
    }

    /// `text`: the message without its secrets.
    pub(crate) fn write(&mut self, seen: Seen<'_>, text: &str) -> io::Result<()> {
        let line = json!({
            "t_us": seen.at_us,
            "dir": match seen.way { Way::In => "in", Way::Out => "out" },
            "transport": match seen.transport { Transport::Udp => "udp", Transport::Tcp => "tcp", Transport::Tls => "tls" },
            "local": seen.local.to_string(),
            "remote": seen.remote.to_string(),
            "message": text,
        })
        .to_string();
        let line = format!("{}\n", visible::json(&line));
        if self.size >= self.large {
            self.put_aside()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.size += line.len() as u64;
        Ok(())
    }
}

fn appended(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    for_user_only(&mut options).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(trace: &mut Trace, text: &str) {
        let end = SocketAddr::from(([127, 0, 0, 1], 5060));
        let seen = Seen {
            at_us: 0,
            way: Way::In,
            transport: Transport::Udp,
            local: end,
            remote: end,
            message: b"",
        };
        trace.write(seen, text).expect("it can be written");
    }

    #[test]
    fn a_start_goes_on_where_the_one_before_has_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("trace");
        for text in ["one", "two"] {
            write(&mut Trace::open(&path).expect("it opens"), text);
        }
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn a_large_file_is_put_aside_and_of_those_three_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace");
        let mut trace = Trace::up_to(&path, 1).expect("it opens");
        for number in 1..=9 {
            write(&mut trace, &format!("message-{number}"));
        }
        for (file, number) in [("trace", 9), ("trace.1", 8), ("trace.2", 7), ("trace.3", 6)] {
            let text = std::fs::read_to_string(folder.path().join(file)).expect("it is there");
            assert!(
                text.contains(&format!("message-{number}")),
                "{file}: {text}"
            );
            assert_eq!(text.lines().count(), 1, "{file}: {text}");
        }
        assert!(!folder.path().join("trace.4").exists());
    }
}
