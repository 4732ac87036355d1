//! One payload format of a media line.
use crate::{Codec, Media, OpusFormat};

/// A payload number and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Below 128.
    pub payload: u8,
    /// The encoding's name.
    pub encoding: String,
    /// RTP's clock, in Hz.
    pub clock_rate: u32,
    /// 1 where it is not said.
    pub channels: u32,
    /// All of its `fmtp`, empty where there is none.
    pub parameters: String,
}

impl Format {
    /// `None`: a number without `rtpmap` that is none of our codecs' static ones, or an `rtpmap` that can't be read.
    pub(crate) fn of(media: &Media, payload: u8) -> Option<Self> {
        let parameters = value_for(media, "fmtp", payload)
            .unwrap_or_default()
            .to_owned();
        let Some(map) = value_for(media, "rtpmap", payload) else {
            let codec = Codec::by_static_payload(payload)?;
            return Some(Self {
                payload,
                encoding: codec.name().to_owned(),
                clock_rate: codec.clock_rate(),
                channels: codec.channels(),
                parameters,
            });
        };
        let mut parts = map.split('/');
        Some(Self {
            payload,
            encoding: parts.next()?.trim().to_owned(),
            clock_rate: parts.next()?.trim().parse().ok()?,
            channels: match parts.next() {
                Some(channels) => channels.trim().parse().ok()?,
                None => 1,
            },
            parameters,
        })
    }

    /// The codec, where it is one of ours.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        let codec = Codec::by_name(&self.encoding)?;
        let fits = self.clock_rate == codec.clock_rate()
            && (self.channels == codec.channels()
                // Some write opus/48000 without its channels.
                || codec == Codec::Opus);
        fits.then_some(codec)
    }

    /// It carries digits (RFC 4733).
    #[must_use]
    pub fn is_telephone_event(&self) -> bool {
        self.encoding.eq_ignore_ascii_case("telephone-event")
    }

    /// What the receiver of Opus would like.
    #[must_use]
    pub fn opus(&self) -> OpusFormat {
        OpusFormat::parse(&self.parameters)
    }
}

/// The value of `a=name:payload value`.
fn value_for<'a>(media: &'a Media, name: &str, payload: u8) -> Option<&'a str> {
    media
        .attributes
        .iter()
        .filter(|attribute| attribute.name == name)
        .find_map(|attribute| {
            let (number, value) = attribute.value.as_deref()?.trim_start().split_once(' ')?;
            (number.parse() == Ok(payload)).then_some(value.trim())
        })
}
