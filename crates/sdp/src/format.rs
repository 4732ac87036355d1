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

/// A media line's `rtpmap` and `fmtp`, by payload number (0–127).
pub(crate) struct FormatAttributes<'a> {
    maps: Vec<(u8, &'a str)>,
    parameters: Vec<(u8, &'a str)>,
}

impl<'a> FormatAttributes<'a> {
    pub(crate) fn of(media: &'a Media) -> Self {
        let named = |name: &str| {
            let all = media
                .attributes
                .iter()
                .filter(|attribute| attribute.name == name);
            let mut all: Vec<_> = all
                .filter_map(|attribute| {
                    let (number, value) =
                        attribute.value.as_deref()?.trim_start().split_once(' ')?;
                    Some((number.parse().ok()?, value.trim()))
                })
                .collect();
            // Those of one number stay in their order.
            all.sort_by_key(|(number, _)| *number);
            all
        };
        Self {
            maps: named("rtpmap"),
            parameters: named("fmtp"),
        }
    }
}

fn values<'a>(all: &'a [(u8, &'a str)], payload: u8) -> impl Iterator<Item = &'a str> {
    let first = all.partition_point(|(number, _)| *number < payload);
    let those = all[first..].iter();
    those
        .take_while(move |(number, _)| *number == payload)
        .map(|(_, value)| *value)
}

impl Format {
    /// None: a number without `rtpmap` that is none of our codecs' static ones, or `rtpmap`s that can't be read.
    pub(crate) fn all_of(payload: u8, attributes: &FormatAttributes<'_>) -> Vec<Self> {
        let parameters = values(&attributes.parameters, payload)
            .next()
            .unwrap_or_default();
        let mut maps = values(&attributes.maps, payload).peekable();
        if maps.peek().is_none() {
            let codec = Codec::by_static_payload(payload);
            let format = codec.map(|codec| Self {
                payload,
                encoding: codec.name().to_owned(),
                clock_rate: codec.clock_rate(),
                channels: codec.channels(),
                parameters: parameters.to_owned(),
            });
            return format.into_iter().collect();
        }
        maps.filter_map(|map| Self::read(payload, map, parameters))
            .collect()
    }

    fn read(payload: u8, map: &str, parameters: &str) -> Option<Self> {
        let mut parts = map.split('/');
        Some(Self {
            payload,
            encoding: parts.next()?.trim().to_owned(),
            clock_rate: parts.next()?.trim().parse().ok()?,
            channels: match parts.next() {
                Some(channels) => channels.trim().parse().ok()?,
                None => 1,
            },
            parameters: parameters.to_owned(),
        })
    }

    /// The codec, where it is one of ours.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        let codec = Codec::by_name(&self.encoding)?;
        // RFC 3551 §4.5.2: G.722's clock is 8000, but some write what it samples at. The static number leaves no doubt.
        let sampled = codec == Codec::G722 && self.clock_rate == 16_000;
        let clock_fits = self.clock_rate == codec.clock_rate()
            || sampled && codec.static_payload() == Some(self.payload);
        let fits = clock_fits
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
