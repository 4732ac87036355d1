//! The trace: every SIP message as it was at the socket, one JSON object a line, with its secrets struck out. It is for people
//! and for tools that draw ladders; the phone never reads it.
use crate::os::for_user_only;
use crate::visible;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use trialog_ua::Transport;

/// An open trace file.
#[derive(Debug)]
pub(crate) struct Trace(File);

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
    /// A new file, in place of an old one.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        for_user_only(&mut options).open(path).map(Self)
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
        self.0.write_all(line.as_bytes())
    }
}
