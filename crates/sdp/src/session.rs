//! One dialog's side of the negotiation, over as many offers as it has.
use crate::offer::{Numbers, audio, description};
use crate::{
    Codec, Description, Direction, LocalMedia, Media, Negotiated, NegotiationError, Suite,
    accept_answer, answer,
};
use std::net::SocketAddr;

/// Our session description in one dialog. The offerer may change with each exchange.
///
/// An exchange that fails changes nothing that is agreed (RFC 3261 §14.1): the next offer is made upon the last
/// agreement, under a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub(crate) local: LocalMedia,
    /// The description that was sent last, whatever came of it.
    pub(crate) sent: Option<Description>,
    /// Our offer that waits for its answer.
    offered: Option<Description>,
    /// The media lines of the last agreement, which later offers must keep (RFC 3264 §8).
    pub(crate) lines: Vec<Media>,
    pub(crate) numbers: Numbers,
    negotiated: Option<Negotiated>,
    /// Our offers have the codec of the last agreement alone.
    is_locked: bool,
    /// What was agreed in an earlier run of the phone.
    pub(crate) resumed: Option<(Codec, Option<Suite>)>,
}

impl Session {
    /// A new one. `id` is for `o=`: it should not be used twice.
    #[must_use]
    pub fn new(id: u64, local: LocalMedia) -> Self {
        Self {
            local: LocalMedia {
                session_id: id,
                version: 0,
                ..local
            },
            sent: None,
            offered: None,
            lines: Vec::new(),
            numbers: Numbers::default(),
            negotiated: None,
            is_locked: false,
            resumed: None,
        }
    }

    /// What we have and want.
    #[must_use]
    pub fn local(&self) -> &LocalMedia {
        &self.local
    }

    /// What was agreed last.
    #[must_use]
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// An offer of ours waits for its answer.
    #[must_use]
    pub fn is_offering(&self) -> bool {
        self.offered.is_some()
    }

    /// The payload numbers of our offer that waits for its answer, each with its codec: what may come before the answer (RFC 3264 §5.1).
    /// Empty where none waits, or where it has keys: what is protected can't be told from what is not before the answer's keys are there.
    #[must_use]
    pub fn offered_payloads(&self) -> Vec<(u8, Codec)> {
        let lines = self.offered.iter().flat_map(|offer| &offer.media);
        lines
            .filter(|line| line.is_audio() && line.attribute("crypto").is_none())
            .flat_map(Media::payload_formats)
            .filter_map(|format| Some((format.payload, format.codec()?)))
            .collect()
    }

    /// Whether pauses need not be sent, from the next offer on.
    pub fn set_pauses(&mut self, pauses: bool) {
        self.local.pauses = pauses;
    }

    /// Changes which way we want media to flow, from the next offer or answer on.
    pub fn set_direction(&mut self, direction: Direction) {
        self.local.direction = direction;
    }

    /// Whether keys may be offered, from the next offer on, where they need not be ([`crate::Protection::Offer`]).
    pub fn set_offers_keys(&mut self, offers: bool) {
        self.local.security.offers = offers;
    }

    /// From the next offer on the codec of the last agreement is offered alone, where the answer had several (RFC 3264 §10.2), until
    /// the far side makes an offer of its own.
    pub fn lock_codec(&mut self) {
        self.is_locked = true;
    }

    /// The far side refused that: all codecs are offered again.
    pub fn unlock_codec(&mut self) {
        self.is_locked = false;
    }

    /// Changes where we receive, from the next offer or answer on.
    pub fn set_address(&mut self, address: SocketAddr) {
        self.local.address = address;
    }

    /// An offer: the first, a later one, or one for the 2xx to an INVITE without one (RFC 3261 §13.2.1).
    pub fn offer(&mut self) -> Description {
        let mut offer = description(&self.local);
        let suite = self.agreed().and_then(|(_, suite)| suite);
        let ours = audio(&self.local, &self.numbers, self.agreed_first(), suite);
        // RFC 3264 §8: no line goes and none changes its place; ours stays where it was.
        let place = self.lines.iter().position(Media::is_audio);
        for (at, line) in self.lines.iter().enumerate() {
            offer.media.push(if Some(at) == place {
                Media {
                    protocol: line.protocol.clone(),
                    ..ours.clone()
                }
            } else {
                line.refused()
            });
        }
        if place.is_none() {
            offer.media.push(ours);
        }
        let offer = self.numbered(offer);
        self.offered = Some(offer.clone());
        offer
    }

    /// Codec and protection of the last agreement, in this run or before.
    pub(crate) fn agreed(&self) -> Option<(Codec, Option<Suite>)> {
        let agreed = self.negotiated.as_ref();
        let agreed =
            agreed.map(|agreed| (agreed.codec, agreed.srtp.as_ref().map(|srtp| srtp.suite)));
        agreed.or(self.resumed)
    }

    /// All our codecs, that of the last agreement first: a far side that takes the first one it has (RFC 3264 §6.1) would
    /// change it in mid-call, where only the direction is to change. Once it is locked, that one alone.
    fn agreed_first(&self) -> Vec<Codec> {
        let agreed = self.agreed().map(|(codec, _)| codec);
        let all = self.local.codecs.iter().copied();
        let is_locked = self.is_locked && agreed.is_some();
        let agreed = agreed.into_iter();
        let others = all.filter(|codec| !is_locked && agreed.clone().all(|own| own != *codec));
        let kept = agreed
            .clone()
            .filter(|codec| self.local.codecs.contains(codec));
        kept.chain(others).collect()
    }

    /// Answers an offer.
    ///
    /// # Errors
    /// Why no sound can be agreed; reject with 488. The session stays as it was.
    pub fn answer(
        &mut self,
        offer: &Description,
    ) -> Result<(Description, Negotiated), NegotiationError> {
        let (answer, negotiated) = answer(offer, &self.local)?;
        let answer = self.numbered(answer);
        for media in &offer.media {
            self.numbers.note(media);
        }
        self.lines.clone_from(&answer.media);
        self.offered = None;
        self.is_locked = false;
        self.negotiated = Some(negotiated.clone());
        Ok((answer, negotiated))
    }

    /// Reads the answer to our offer.
    ///
    /// # Errors
    /// Why no sound is agreed. The session stays as it was; the offer is done with.
    pub fn accept_answer(&mut self, answer: &Description) -> Result<Negotiated, NegotiationError> {
        let offer = self.offered.take().ok_or(NegotiationError::NoOffer)?;
        let negotiated = accept_answer(&offer, answer, &self.local)?;
        for media in &offer.media {
            self.numbers.note(media);
        }
        self.lines = offer.media;
        self.negotiated = Some(negotiated.clone());
        Ok(negotiated)
    }

    /// Our offer was refused (4xx, 491): what was agreed stands.
    pub fn drop_offer(&mut self) {
        self.offered = None;
    }

    /// RFC 3264 §8: the version is one more than that of the last description, if anything in it is different.
    fn numbered(&mut self, mut description: Description) -> Description {
        if let Some(sent) = &self.sent {
            description.origin.version.clone_from(&sent.origin.version);
            // A new address alone shows in o= too.
            if description == *sent {
                return description;
            }
        }
        self.local.version += 1;
        description.origin.version = self.local.version.to_string();
        self.sent = Some(description.clone());
        description
    }
}
