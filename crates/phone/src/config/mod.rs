//! The configuration file: its keys, their defaults, and what they mean to the parts of the phone. It opens the file and the
//! password files, and nothing else; whether a port is free or a device is there shows when the phone starts.
mod fault;
mod reader;
mod sections;

pub(crate) use fault::{Fault, Faults};

use reader::Document;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;
use trialog_call::Policy;
use trialog_engine::{AudioEnd, LoneSound};
use trialog_sdp::Codec;
use trialog_ua::{Account, Trusted};

/// All that the file says.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// By which `trialog ctl` finds the phone.
    pub(crate) name: String,
    pub(crate) sip: Sip,
    pub(crate) media: Media,
    pub(crate) audio: AudioEnd,
    /// With `policy.parallel`: what each call hears, as none has our microphone.
    pub(crate) lone: LoneSound,
    /// Hold music instead of the phone's own.
    pub(crate) music: Option<PathBuf>,
    /// `[agent]` and `[wrap_up]`.
    pub(crate) policy: Policy,
    /// Where the API listens.
    pub(crate) api: SocketAddr,
    /// Where records and wrap-ups are kept; `None`: in the user's state folder.
    pub(crate) records: Option<PathBuf>,
    pub(crate) accounts: Vec<Account>,
}

/// `[sip]`
#[derive(Clone, Debug)]
pub(crate) struct Sip {
    pub(crate) listen: SocketAddr,
    pub(crate) tcp: bool,
    /// What others are told; `None`: the address of the way out.
    pub(crate) advertise: Option<IpAddr>,
    /// Where every message is written.
    pub(crate) trace: Option<PathBuf>,
    pub(crate) trusted: Vec<Trusted>,
    pub(crate) register_for: Duration,
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    /// `0..=0`: the system chooses.
    pub(crate) rtp_ports: RangeInclusive<u16>,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) opus_complexity: u8,
    pub(crate) opus_bitrate: u32,
    pub(crate) silent_after: Duration,
    pub(crate) lost_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "phone".to_owned(),
            sip: Sip::default(),
            media: Media::default(),
            audio: AudioEnd::Device {
                input: None,
                output: None,
            },
            lone: LoneSound::Silence,
            music: None,
            policy: Policy::default(),
            api: (Ipv4Addr::LOCALHOST, 0).into(),
            records: None,
            accounts: Vec::new(),
        }
    }
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::UNSPECIFIED, 5060).into(),
            tcp: true,
            advertise: None,
            trace: None,
            trusted: Vec::new(),
            register_for: Duration::from_secs(600),
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            rtp_ports: 10_000..=10_999,
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
            opus_complexity: 5,
            opus_bitrate: 32_000,
            silent_after: Duration::from_secs(5),
            lost_after: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// Reads and checks a file.
    pub(crate) fn load(file: &Path) -> Result<Self, Faults> {
        let whole = |found: String| {
            Faults(vec![Fault {
                file: file.to_owned(),
                line: 0,
                key: None,
                expected: "a readable file".to_owned(),
                found,
            }])
        };
        let text = std::fs::read_to_string(file).map_err(|error| whole(error.to_string()))?;
        Self::parse(file, &text)
    }

    /// Checks the text of a file.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, Faults> {
        Self::parse_and_list(file, text).map(|(config, _)| config)
    }

    /// The same, and every key that was looked for.
    fn parse_and_list(file: &Path, text: &str) -> Result<(Self, Vec<String>), Faults> {
        let document = Document::new(file, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(0, |span| document.line(span.start));
            document.fault(line, None, "TOML", error.message());
        }
        let config = if errors.is_empty() {
            sections::config(document.root(table.get_ref()))
        } else {
            Self::default()
        };
        Ok((config, document.end()?))
    }
}

#[cfg(test)]
mod tests;
