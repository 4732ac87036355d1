//! The configuration file: its keys, their defaults, and what they mean to the parts of the phone. It opens the file and those with
//! passwords, keys and certificates, and nothing else; whether a port is free or a device is there shows when the phone starts.
mod account;
mod acd;
mod action;
mod fault;
mod idle;
mod reader;
mod records;
mod sections;
mod tls;
mod url;
mod webhook;

pub(crate) use fault::{Fault, Faults};

use crate::acd::Acd;
use crate::action::Action;
use crate::net::{Believed, Identity};
use crate::runtime_dir;
use crate::webhook::Webhook;
use reader::Document;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeTable;
use trialog_call::{Policy, WrapUpReason};
use trialog_engine::{AudioEnd, Country, DeviceNames, Noise, ParallelSound, VoiceSettings};
use trialog_sdp::{Codec, Protection};
use trialog_ua::{Accept, Account, Colleague, DtmfMode, LampOf, Net, Reliable};

/// All that the file says.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where it was read; `None`: there is no file.
    pub(crate) file: Option<PathBuf>,
    /// By which `trialog ctl` finds the phone.
    pub(crate) name: String,
    pub(crate) sip: Sip,
    pub(crate) tls: Tls,
    pub(crate) media: Media,
    pub(crate) audio: AudioEnd,
    /// With `policy.parallel`: what each call hears, as none has our microphone.
    pub(crate) parallel_sound: ParallelSound,
    pub(crate) sounds: Sounds,
    /// `[agent]` and `[wrap_up]`.
    pub(crate) policy: Policy,
    /// `[idle]`: why an agent may be idle.
    pub(crate) idle_reasons: Vec<WrapUpReason>,
    /// Where the API listens.
    pub(crate) api: SocketAddr,
    pub(crate) records: Records,
    /// Names with numbers, for the page; `None`: none.
    pub(crate) directory: Option<PathBuf>,
    /// `[acd]`: where the agent's state goes; `None`: nowhere.
    pub(crate) acd: Option<Acd>,
    /// `[[webhook]]`: what gets the records.
    pub(crate) webhooks: Vec<Webhook>,
    /// `[[action]]`: what is done when something happens to a call.
    pub(crate) actions: Vec<Action>,
    pub(crate) accounts: Vec<Account>,
    /// `[[lamp]]`
    pub(crate) lamps: Vec<Lamp>,
}

/// `[[lamp]]`: somebody else's phone, whose state is shown.
#[derive(Clone, Debug)]
pub(crate) struct Lamp {
    pub(crate) of: LampOf,
    pub(crate) name: Option<String>,
}

/// The sounds that the phone makes, and what it does with its microphone's: `audio.music`, `audio.tones`; `audio.echo`, `audio.noise`,
/// `audio.gain`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sounds {
    /// Hold music instead of the phone's own.
    pub(crate) music: Option<PathBuf>,
    /// Whose ring-back, busy and call waiting tones.
    pub(crate) tones: Country,
    pub(crate) voice: VoiceSettings,
}

/// `[sip]`
#[derive(Clone, Debug)]
pub(crate) struct Sip {
    /// One address, or one of each family with the same port.
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tcp: bool,
    /// What others are told; `None`: the address of the way out.
    pub(crate) advertise: Option<IpAddr>,
    /// Where every message is written.
    pub(crate) trace: Option<PathBuf>,
    /// Whose calls are taken; `None`: by the accounts.
    pub(crate) accept: Option<Accept>,
    pub(crate) trusted: Vec<Net>,
    pub(crate) colleagues: Vec<Colleague>,
    pub(crate) register_for: Duration,
    pub(crate) reliable: Reliable,
    /// Zero: none is asked for.
    pub(crate) session_expires: Duration,
    pub(crate) session_least: Duration,
    pub(crate) remote_control: bool,
}

/// `[tls]`
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    /// Beside each address of `sip.listen`; `None`: no TLS is received.
    pub(crate) port: Option<u16>,
    /// Ours.
    pub(crate) identity: Option<Arc<Identity>>,
    /// Whose certificates are believed; `None`: those that the platform believes.
    pub(crate) believed: Option<Arc<Believed>>,
    /// A certificate for `*.example.com` is one for `pbx.example.com`.
    pub(crate) wildcards: bool,
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    /// `0..=0`: the system chooses.
    pub(crate) rtp_ports: RangeInclusive<u16>,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) dtmf: DtmfMode,
    pub(crate) srtp: Protection,
    /// Pauses are not sent, where the far side agrees.
    pub(crate) dtx: bool,
    pub(crate) lock_codec: bool,
    pub(crate) opus_complexity: u8,
    pub(crate) opus_bitrate: u32,
    pub(crate) silent_after: Duration,
    pub(crate) lost_after: Duration,
}

/// `[records]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Records {
    /// Where calls and wrap-ups are kept; `None`: in the user's state folder.
    pub(crate) file: Option<PathBuf>,
    /// So long after their end.
    pub(crate) keep: Duration,
}

impl Records {
    /// The file of the phone of this name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let default = || runtime_dir::state_folder(name).join("records.db");
        self.file.clone().unwrap_or_else(default)
    }
}

impl Default for Records {
    fn default() -> Self {
        Self {
            file: None,
            keep: Duration::from_secs(365 * 24 * 3600),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            name: "phone".to_owned(),
            sip: Sip::default(),
            tls: Tls::default(),
            media: Media::default(),
            audio: AudioEnd::Device(DeviceNames::default()),
            parallel_sound: ParallelSound::Silence,
            sounds: Sounds {
                voice: VoiceSettings {
                    echo: true,
                    noise: Noise::On,
                    gain: true,
                },
                ..Sounds::default()
            },
            policy: Policy::default(),
            idle_reasons: Vec::new(),
            api: (Ipv4Addr::LOCALHOST, 0).into(),
            records: Records::default(),
            directory: None,
            acd: None,
            webhooks: Vec::new(),
            actions: Vec::new(),
            accounts: Vec::new(),
            lamps: Vec::new(),
        }
    }
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: vec![(Ipv4Addr::UNSPECIFIED, 5060).into()],
            tcp: true,
            advertise: None,
            trace: None,
            accept: None,
            trusted: Vec::new(),
            colleagues: Vec::new(),
            register_for: Duration::from_secs(600),
            reliable: Reliable::default(),
            session_expires: Duration::from_secs(1800),
            session_least: Duration::from_secs(90),
            remote_control: false,
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            rtp_ports: 10_000..=10_999,
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
            dtmf: DtmfMode::Auto,
            srtp: Protection::Off,
            dtx: false,
            lock_codec: true,
            opus_complexity: 5,
            opus_bitrate: 40_000,
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
        let config = Self::parse(file, &text)?;
        Ok(Self {
            file: std::path::absolute(file).ok(),
            ..config
        })
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
