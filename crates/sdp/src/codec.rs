//! The codecs that can be negotiated, and Opus' parameters.
use std::fmt;

/// A voice codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6716, RFC 7587.
    Opus,
    /// ITU-T G.722 at 64 kbit/s.
    G722,
    /// ITU-T G.711, A-law.
    Pcma,
    /// ITU-T G.711, µ-law.
    Pcmu,
}

impl Codec {
    /// All of them, the best sounding first.
    pub const ALL: [Self; 4] = [Self::Opus, Self::G722, Self::Pcma, Self::Pcmu];

    /// As in `rtpmap`. Compared without regard to case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// RTP's clock, in Hz. G.722 samples at 16 kHz but its RTP clock is 8 kHz (RFC 3551 §4.5.2).
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::G722 | Self::Pcma | Self::Pcmu => 8_000,
        }
    }

    /// Its clock is that of comfort noise's one number (RFC 3389).
    pub(crate) const fn has_comfort_noise(self) -> bool {
        self.clock_rate() == 8_000
    }

    /// Channels in `rtpmap`. Opus has two always (RFC 7587 §7), whatever is sent.
    #[must_use]
    pub const fn channels(self) -> u32 {
        match self {
            Self::Opus => 2,
            Self::G722 | Self::Pcma | Self::Pcmu => 1,
        }
    }

    /// The number that is the codec's without `rtpmap` (RFC 3551 §6).
    #[must_use]
    pub const fn static_payload(self) -> Option<u8> {
        match self {
            Self::Opus => None,
            Self::G722 => Some(9),
            Self::Pcma => Some(8),
            Self::Pcmu => Some(0),
        }
    }

    /// By its name in any case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn by_static_payload(payload: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.static_payload() == Some(payload))
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the receiver of Opus would like (RFC 7587 §6.1). The sender keeps to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OpusFormat {
    /// `maxaveragebitrate`, in bit/s.
    pub max_average_bitrate: Option<u32>,
    /// `maxplaybackrate`, in Hz.
    pub max_playback_rate: Option<u32>,
    /// `useinbandfec`: send forward error correction.
    pub in_band_fec: bool,
    /// `usedtx`: silence need not be sent.
    pub dtx: bool,
    /// `stereo`: stereo is welcome.
    pub stereo: bool,
    /// `cbr`: the bit rate is to be constant.
    pub constant_bit_rate: bool,
}

impl OpusFormat {
    pub(crate) fn parse(fmtp: &str) -> Self {
        let mut format = Self::default();
        for parameter in fmtp.split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                // RFC 7587 §6.1: 6000 to 510000.
                "maxaveragebitrate" => {
                    format.max_average_bitrate = value
                        .parse()
                        .ok()
                        .map(|rate: u32| rate.clamp(6_000, 510_000));
                }
                "maxplaybackrate" => {
                    format.max_playback_rate = value
                        .parse()
                        .ok()
                        .map(|rate: u32| rate.clamp(8_000, 48_000));
                }
                "useinbandfec" => format.in_band_fec = value == "1",
                "usedtx" => format.dtx = value == "1",
                "stereo" => format.stereo = value == "1",
                "cbr" => format.constant_bit_rate = value == "1",
                _ => {}
            }
        }
        format
    }
}

/// As in `fmtp`; empty where all is as by default.
impl fmt::Display for OpusFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |name, value: Option<u32>| value.map(|value| format!("{name}={value}"));
        let flag = |name, on: bool| on.then(|| format!("{name}=1"));
        let parameters: Vec<String> = [
            number("maxaveragebitrate", self.max_average_bitrate),
            number("maxplaybackrate", self.max_playback_rate),
            flag("useinbandfec", self.in_band_fec),
            flag("usedtx", self.dtx),
            flag("stereo", self.stereo),
            flag("cbr", self.constant_bit_rate),
        ]
        .into_iter()
        .flatten()
        .collect();
        f.write_str(&parameters.join(";"))
    }
}
