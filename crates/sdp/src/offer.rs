//! Our side of a session, and the offer that it makes (RFC 3264 §5).
use crate::{Attribute, Codec, Description, Direction, Media, OpusFormat, Origin, Security, Suite};
use std::net::SocketAddr;

/// RFC 3389 §4: comfort noise at a clock of 8 kHz has this number always.
pub(crate) const COMFORT_NOISE: u8 = 13;

/// What we have and want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where we receive RTP; RTCP one port above.
    pub address: SocketAddr,
    /// The best first.
    pub codecs: Vec<Codec>,
    /// Packet time that we would like to receive.
    pub ptime_ms: u32,
    /// Which way we want media to flow.
    pub direction: Direction,
    /// What we would like of the far side's Opus.
    pub opus: OpusFormat,
    /// We take and send digits.
    pub telephone_event: bool,
    /// Pauses need not be sent: comfort noise (RFC 3389) is offered beside codecs of its clock, and DTX of the far side's Opus is welcome.
    pub pauses: bool,
    /// Whether sound is protected, and by which keys.
    pub security: Security,
    /// `o=`: stays for the dialog.
    pub session_id: u64,
    /// `o=`: one more with each change ([`crate::Session`] counts it).
    pub version: u64,
}

impl LocalMedia {
    /// 20 ms, both ways, digits, Opus with forward error correction, no protection.
    #[must_use]
    pub fn new(address: SocketAddr, codecs: Vec<Codec>) -> Self {
        Self {
            address,
            codecs,
            ptime_ms: 20,
            direction: Direction::SendRecv,
            opus: OpusFormat {
                in_band_fec: true,
                ..OpusFormat::default()
            },
            telephone_event: true,
            pauses: false,
            security: Security::default(),
            session_id: 1,
            version: 1,
        }
    }
}

/// A first offer. [`crate::Session::offer`] makes later ones too.
#[must_use]
pub fn offer(local: &LocalMedia) -> Description {
    let mut description = description(local);
    let line = audio(local, &Numbers::default(), local.codecs.clone(), None);
    description.media.push(line);
    description
}

pub(crate) fn description(local: &LocalMedia) -> Description {
    let ip = local.address.ip();
    let origin = Origin::new(local.session_id, local.version, ip);
    Description::new(origin, ip.into())
}

/// Which number stands for what. RFC 3264 §8.3.2: in one session a number never changes its meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Number, encoding in lower case, clock.
    taken: Vec<(u8, String, u32)>,
}

impl Numbers {
    pub(crate) fn of(taken: Vec<(u8, String, u32)>) -> Self {
        Self { taken }
    }

    /// All that have a meaning.
    pub(crate) fn all(&self) -> &[(u8, String, u32)] {
        &self.taken
    }

    /// Notes what both sides' lines have used.
    pub(crate) fn note(&mut self, media: &Media) {
        for format in media.payload_formats() {
            let encoding = format.encoding.to_ascii_lowercase();
            if !self
                .taken
                .iter()
                .any(|(number, ..)| *number == format.payload)
            {
                self.taken
                    .push((format.payload, encoding, format.clock_rate));
            }
        }
    }

    /// The number that the encoding has, else the one it would have, else a free dynamic one.
    fn number(&mut self, encoding: &str, clock: u32, usual: u8) -> u8 {
        let encoding = encoding.to_ascii_lowercase();
        let known = |(_, name, rate): &&(u8, String, u32)| *name == encoding && *rate == clock;
        if let Some((number, ..)) = self.taken.iter().find(known) {
            return *number;
        }
        let is_free = |number: &u8| !self.taken.iter().any(|(taken, ..)| taken == number);
        // RFC 3551 §6: dynamic numbers are 96 to 127.
        let number = std::iter::once(usual)
            .chain(96..128)
            .find(is_free)
            .unwrap_or(usual);
        self.taken.push((number, encoding, clock));
        number
    }
}

/// Our audio line with these codecs, the preferred one first; `suite`: the one that protects it now.
pub(crate) fn audio(
    local: &LocalMedia,
    numbers: &Numbers,
    codecs: Vec<Codec>,
    suite: Option<Suite>,
) -> Media {
    let mut numbers = numbers.clone();
    let mut line = Line::default();
    for codec in &codecs {
        let usual = codec.static_payload().unwrap_or(96);
        let number = numbers.number(codec.name(), codec.clock_rate(), usual);
        line.codec(local, *codec, number);
    }
    if local.telephone_event {
        // RFC 4733 §2.5.1.2 wants the clock of the stream's audio: one for each clock that the codecs have.
        let mut clocks: Vec<_> = codecs.iter().map(|codec| codec.clock_rate()).collect();
        clocks.sort_unstable();
        clocks.dedup();
        for clock in clocks {
            let usual = if clock == 8_000 { 101 } else { 102 };
            line.telephone_event(numbers.number("telephone-event", clock, usual), clock);
        }
    }
    if local.pauses && codecs.iter().any(|codec| codec.has_comfort_noise()) {
        line.comfort_noise();
    }
    let mut line = line.finish(local, local.security.profile(), local.direction);
    // What is protected stays so, by whatever way the signalling goes now.
    if local.security.is_offered() || suite.is_some() {
        line.attributes.extend(local.security.lines(suite));
    }
    line
}

/// An audio line in the making.
#[derive(Default)]
pub(crate) struct Line {
    formats: Vec<String>,
    attributes: Vec<Attribute>,
}

impl Line {
    pub(crate) fn codec(&mut self, local: &LocalMedia, codec: Codec, number: u8) {
        let (name, clock) = (codec.name(), codec.clock_rate());
        self.formats.push(number.to_string());
        let map = match codec.channels() {
            1 => format!("{number} {name}/{clock}"),
            channels => format!("{number} {name}/{clock}/{channels}"),
        };
        self.attributes.push(Attribute::new("rtpmap", map));
        let opus = OpusFormat {
            dtx: local.opus.dtx || local.pauses,
            ..local.opus
        };
        if codec == Codec::Opus && opus != OpusFormat::default() {
            let value = format!("{number} {opus}");
            self.attributes.push(Attribute::new("fmtp", value));
        }
    }

    pub(crate) fn telephone_event(&mut self, number: u8, clock: u32) {
        self.formats.push(number.to_string());
        let map = format!("{number} telephone-event/{clock}");
        self.attributes.push(Attribute::new("rtpmap", map));
        // RFC 4733 §2.4.1: the digits, * # A B C D.
        self.attributes
            .push(Attribute::new("fmtp", format!("{number} 0-15")));
    }

    pub(crate) fn comfort_noise(&mut self) {
        self.formats.push(COMFORT_NOISE.to_string());
        let map = format!("{COMFORT_NOISE} CN/8000");
        self.attributes.push(Attribute::new("rtpmap", map));
    }

    pub(crate) fn finish(
        mut self,
        local: &LocalMedia,
        protocol: &str,
        direction: Direction,
    ) -> Media {
        self.attributes
            .push(Attribute::new("ptime", local.ptime_ms));
        self.attributes.push(Attribute::flag(direction.as_str()));
        Media {
            kind: "audio".to_owned(),
            port: local.address.port(),
            port_count: None,
            protocol: protocol.to_owned(),
            formats: self.formats,
            connection: None,
            lines: Vec::new(),
            attributes: self.attributes,
        }
    }
}
