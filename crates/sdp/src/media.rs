//! A media line and what belongs to it.
use crate::description::{write_attributes, write_lines};
use crate::format::FormatAttributes;
use crate::{Address, Attribute, Format, Line};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// `m=` and the lines up to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, ….
    pub kind: String,
    /// Where its sender wants to receive; 0 refuses or ends the stream.
    pub port: u16,
    /// `/count` after the port.
    pub port_count: Option<u16>,
    /// `RTP/AVP`, ….
    pub protocol: String,
    /// For RTP, payload numbers, the best first.
    pub formats: Vec<String>,
    /// `c=` of this line.
    pub connection: Option<Address>,
    /// `i= b= k=`.
    pub lines: Vec<Line>,
    /// `a=`.
    pub attributes: Vec<Attribute>,
}

impl Media {
    /// The line that refuses this one: the same, with port 0 (RFC 3264 §6).
    #[must_use]
    pub fn refused(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            port: 0,
            port_count: None,
            protocol: self.protocol.clone(),
            formats: self.formats.clone(),
            connection: None,
            lines: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// The value of the first attribute of this name; empty where it has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_deref().unwrap_or_default())
    }

    /// Audio over RTP, protected or not, that is not refused.
    #[must_use]
    pub fn is_audio(&self) -> bool {
        let is_plain = self.is_of(["RTP/AVP", "RTP/AVPF"]);
        self.kind.eq_ignore_ascii_case("audio")
            && self.port != 0
            && (is_plain || self.is_protected())
    }

    /// It is to be protected (RFC 3711), and is nothing else; plain RTP may be protected as well, where it has keys.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.is_of(["RTP/SAVP", "RTP/SAVPF"])
    }

    fn is_of(&self, profiles: [&str; 2]) -> bool {
        let mut profiles = profiles.iter();
        profiles.any(|profile| self.protocol.eq_ignore_ascii_case(profile))
    }

    /// Its payload formats in the order of preference, with the `rtpmap` and `fmtp` of each. A number that several
    /// `rtpmap`s name has as many formats, one after the other. Reads the line once, however many numbers it has.
    pub fn payload_formats(&self) -> impl Iterator<Item = Format> {
        let attributes = FormatAttributes::of(self);
        let mut seen = [false; 128];
        let numbers = self.formats.iter().filter_map(move |number| {
            let number: u8 = number.parse().ok()?;
            let seen = seen.get_mut(usize::from(number))?;
            (!std::mem::replace(seen, true)).then_some(number)
        });
        numbers.flat_map(move |number| Format::all_of(number, &attributes))
    }

    /// Packet time that its sender would like to receive, in ms.
    #[must_use]
    pub fn ptime_ms(&self) -> Option<u32> {
        milliseconds(self.attribute("ptime")?)
    }

    /// Longest packet time that its sender can receive, in ms.
    #[must_use]
    pub fn max_ptime_ms(&self) -> Option<u32> {
        milliseconds(self.attribute("maxptime")?)
    }

    /// Where RTCP goes for RTP that goes to `rtp`: one port above, or the address of its `rtcp` attribute (RFC 3605).
    #[must_use]
    pub fn rtcp(&self, rtp: SocketAddr) -> SocketAddr {
        let next = SocketAddr::new(rtp.ip(), rtp.port().checked_add(1).unwrap_or(rtp.port()));
        let Some(value) = self.attribute("rtcp") else {
            return next;
        };
        let mut words = value.splitn(2, ' ');
        let Some(port) = words.next().and_then(|port| port.parse().ok()) else {
            return next;
        };
        let ip: Option<IpAddr> = words
            .next()
            .and_then(|address| Address::parse(address).ok())
            .and_then(|address| address.ip());
        SocketAddr::new(ip.unwrap_or(rtp.ip()), port)
    }
}

/// RFC 8866 §6.4 has whole numbers; some phones write `20.0`.
fn milliseconds(value: &str) -> Option<u32> {
    value
        .trim()
        .split('.')
        .next()?
        .parse()
        .ok()
        .filter(|ms| *ms > 0)
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {} {}\r\n", self.protocol, self.formats.join(" "))?;
        write_lines(f, &self.lines, "i")?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        write_lines(f, &self.lines, "b")?;
        write_lines(f, &self.lines, "k")?;
        write_attributes(f, &self.attributes)
    }
}
