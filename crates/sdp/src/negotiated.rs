//! What an offer and its answer come to.
use crate::offer::COMFORT_NOISE;
use crate::{
    Address, Codec, Description, Direction, Format, LocalMedia, Media, NegotiationError,
    OpusFormat, Srtp,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// One audio stream as both sides have agreed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where RTP goes. Unspecified where the far side holds by its address: then nothing is sent.
    pub remote: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub codec: Codec,
    /// Its payload number as the far side wants it.
    pub send_payload: u8,
    /// What the far side may send, by payload number.
    pub receive_payloads: Vec<(u8, Codec)>,
    /// Digits, where both sides have them.
    pub telephone_event: Option<TelephoneEvent>,
    /// Both sides have comfort noise for the codec (RFC 3389, payload number 13).
    pub comfort_noise: bool,
    /// Packet time that the far side would like to receive.
    pub ptime_ms: u32,
    /// Ours, agreed: whether we send and receive.
    pub direction: Direction,
    /// What the far side stated, as it sees it. If it does not receive, and we did not ask for that, it holds us.
    pub far_direction: Direction,
    /// What the far side would like of our Opus; default for other codecs.
    pub opus: OpusFormat,
    /// Protection and its keys; `None`: plain RTP.
    pub srtp: Option<Srtp>,
}

/// How digits go (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TelephoneEvent {
    /// Payload number to send.
    pub send: u8,
    /// Payload number to expect.
    pub receive: u8,
    /// RTP's clock, in Hz: the codec's, unless the far side has no such one.
    pub clock_rate: u32,
}

impl Negotiated {
    /// The answer has more than one codec that both sides have: the far side may change between them at any time.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        let mut codecs = self.receive_payloads.iter();
        codecs.any(|(_, codec)| *codec != self.codec)
    }

    /// The far side does not want our sound: it holds us, if it was not we who asked for that.
    #[must_use]
    pub fn far_holds(&self) -> bool {
        !self.far_direction.receives()
    }
}

/// Where a media line's sender wants to receive RTP.
pub(crate) fn remote(
    description: &Description,
    media: &Media,
) -> Result<SocketAddr, NegotiationError> {
    let ip = match description.address_of(media) {
        Some(Address::Ip(ip)) => *ip,
        Some(address) if address.is_hold() => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => return Err(NegotiationError::NoAddress),
    };
    Ok(SocketAddr::new(ip, media.port))
}

/// RFC 3264 §6.1: packet time is a wish. Ours stands where the far side has none, or one that makes no sense.
pub(crate) fn ptime(media: &Media, local: &LocalMedia) -> u32 {
    let wish = media
        .ptime_ms()
        .filter(|ms| (10..=120).contains(ms))
        .unwrap_or(local.ptime_ms);
    match media.max_ptime_ms() {
        Some(longest) => wish.min(longest.max(10)),
        None => wish,
    }
}

/// Comfort noise goes with a codec of its clock, 8 kHz, under the number that it has always.
pub(crate) fn comfort_noise(media: &Media, codec: Codec) -> bool {
    let listed = media.formats.iter().any(|number| *number == "13");
    // Without an rtpmap it is what the number means.
    let mut formats = media.payload_formats();
    let other = formats.find(|format| format.payload == COMFORT_NOISE);
    let meant = other.is_none_or(|format| {
        format.encoding.eq_ignore_ascii_case("CN") && format.clock_rate == 8_000
    });
    codec.has_comfort_noise() && listed && meant
}

/// The telephone-event to go with a codec: that of the same clock, else any.
pub(crate) fn events(media: &Media, codec: Codec) -> Option<Format> {
    let mut all: Vec<_> = media
        .payload_formats()
        .filter(Format::is_telephone_event)
        .collect();
    let same = all
        .iter()
        .position(|format| format.clock_rate == codec.clock_rate());
    match same {
        Some(at) => Some(all.swap_remove(at)),
        None => all.into_iter().next(),
    }
}
