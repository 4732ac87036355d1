//! One dialog's side of the negotiation, over as many offers as it has.
use crate::offer::{Numbers, audio, description};
use crate::{
    Description, Direction, LocalMedia, Media, Negotiated, NegotiationError, accept_answer, answer,
};
use std::net::SocketAddr;

/// Our session description in one dialog. Who offers may change with each exchange.
///
/// An exchange that fails changes nothing that is agreed (RFC 3261 §14.1): the next offer is made upon the last
/// agreement, under a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    local: LocalMedia,
    /// The description that was sent last, whatever came of it.
    sent: Option<Description>,
    /// Our offer that waits for its answer.
    offered: Option<Description>,
    /// The media lines of the last agreement, which later offers must keep (RFC 3264 §8).
    lines: Vec<Media>,
    numbers: Numbers,
    negotiated: Option<Negotiated>,
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

    /// Changes which way we want media to flow, from the next offer or answer on.
    pub fn set_direction(&mut self, direction: Direction) {
        self.local.direction = direction;
    }

    /// Changes where we receive, from the next offer or answer on.
    pub fn set_address(&mut self, address: SocketAddr) {
        self.local.address = address;
    }

    /// An offer: the first, a later one, or one for the 2xx to an INVITE without one (RFC 3261 §13.2.1).
    pub fn offer(&mut self) -> Description {
        let mut offer = description(&self.local);
        let ours = audio(&self.local, &self.numbers);
        // RFC 3264 §8: no line goes and none changes its place; ours stays where it was.
        let place = self.lines.iter().position(Media::is_plain_audio);
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
