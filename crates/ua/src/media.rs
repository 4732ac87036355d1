//! The session of one leg as signalling knows it: whose turn the negotiation is, what was agreed, who holds whom.
use crate::flow::Flow;
use crate::{Output, Peer, Transport};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use trialog_call::{Direction, LegId};
use trialog_sdp::{
    Codec, Description, KeptSession, Key, LocalMedia, Negotiated, NegotiationError, Protection,
    Security, Session, Suite,
};

/// Sound, as far as signalling knows it.
pub(crate) struct Media {
    /// `None` until there is an address to receive at.
    session: Option<Session>,
    agreed: bool,
    /// Digits go as telephone-event (RFC 4733).
    telephone_event: bool,
    /// The far side wants to hear nothing.
    pub(crate) far_held: bool,
    /// An address was given to us, and `Media(None)` has not been said.
    taken: bool,
}

impl Media {
    pub(crate) fn new(
        address: Option<SocketAddr>,
        codecs: &[Codec],
        security: Security,
        session_id: u64,
    ) -> Self {
        let session = address.map(|address| {
            let local = LocalMedia {
                security,
                ..LocalMedia::new(address, codecs.to_vec())
            };
            Session::new(session_id, local)
        });
        Self {
            taken: session.is_some(),
            session,
            agreed: false,
            telephone_event: false,
            far_held: false,
        }
    }

    /// Sound that was agreed in an earlier run of the phone, received at this address from now on. `None`: what was kept is none of ours.
    pub(crate) fn resumed(
        kept: &KeptSession,
        address: SocketAddr,
        codecs: &[Codec],
        security: Security,
    ) -> Option<Self> {
        let local = LocalMedia {
            security,
            ..LocalMedia::new(address, codecs.to_vec())
        };
        let session = Session::resumed(kept, local)?;
        Some(Self {
            taken: true,
            session: Some(session),
            ..Self::new(None, codecs, Security::default(), 0)
        })
    }

    /// What was agreed, to go on with it in the next run of the phone.
    pub(crate) fn kept(&self) -> Option<KeptSession> {
        self.session.as_ref()?.kept()
    }

    /// The same, where pauses need not be sent if `pauses`.
    pub(crate) fn with_pauses(mut self, pauses: bool) -> Self {
        if let Some(session) = &mut self.session {
            session.set_pauses(pauses);
        }
        self
    }

    /// An offer of what we want now.
    pub(crate) fn offer(&mut self) -> Option<Description> {
        Some(self.session.as_mut()?.offer())
    }

    /// What may come before our offer is answered, by payload number.
    pub(crate) fn offered_payloads(&self) -> Vec<(u8, Codec)> {
        let session = self.session.as_ref();
        session.map_or_else(Vec::new, Session::offered_payloads)
    }

    /// An offer of this direction, which is ours until [`Media::withdraw`].
    pub(crate) fn offer_direction(
        &mut self,
        direction: Direction,
    ) -> Option<(Description, Wanted)> {
        let session = self.session.as_mut()?;
        let before = session.local().direction;
        session.set_direction(in_sdp(direction));
        Some((session.offer(), Wanted(before)))
    }

    /// The answer to our offer has several codecs, of which one is in use.
    pub(crate) fn has_choice(&self) -> bool {
        let session = self.session.as_ref();
        let negotiated = session.and_then(Session::negotiated);
        negotiated.is_some_and(Negotiated::has_choice)
    }

    /// That one alone is offered from now on.
    pub(crate) fn lock_codec(&mut self) {
        if let Some(session) = &mut self.session {
            session.lock_codec();
        }
    }

    /// All are.
    pub(crate) fn unlock_codec(&mut self) {
        if let Some(session) = &mut self.session {
            session.unlock_codec();
        }
    }

    /// Our offer was refused: all is as it was.
    pub(crate) fn withdraw(&mut self, before: Wanted) {
        if let Some(session) = &mut self.session {
            session.drop_offer();
            session.set_direction(before.0);
        }
    }

    /// Answers an offer.
    ///
    /// # Errors
    /// Why it can't be answered; the session is as it was.
    pub(crate) fn answer(
        &mut self,
        offer: &Description,
    ) -> Result<(Description, Box<Negotiated>), NegotiationError> {
        let session = self.session.as_mut().ok_or(NegotiationError::NoAddress)?;
        let (answer, negotiated) = session.answer(offer)?;
        Ok((answer, Box::new(negotiated)))
    }

    /// What an answer to our offer would come to; the offer goes on waiting, since another fork may answer.
    pub(crate) fn foresee(&self, answer: &Description) -> Option<Foreseen> {
        let mut session = self.session.clone()?;
        let negotiated = session.accept_answer(answer).ok()?;
        Some((session, Box::new(negotiated)))
    }

    /// Takes the answer to our offer.
    pub(crate) fn accept_answer(&mut self, answer: &Description) -> Option<Box<Negotiated>> {
        let negotiated = self.session.as_mut()?.accept_answer(answer).ok()?;
        Some(Box::new(negotiated))
    }

    /// Goes on with a session that was foreseen, at the address that we have now.
    pub(crate) fn adopt(&mut self, session: Session) {
        let before = self.session.replace(session);
        if let (Some(before), Some(session)) = (before, &mut self.session) {
            session.set_address(before.local().address);
        }
    }

    /// The flow's address is another: the next description has it.
    pub(crate) fn move_to(&mut self, flow: &Flow) {
        if let Some(session) = &mut self.session {
            let own = session.local().address;
            session.set_address(flow.rtp_address(own.port(), own.ip()));
        }
    }

    /// The first offer goes to this peer: stated anew, where our address in it is of another family than we have for that, or where
    /// keys are to be in it by the one way and not by the other.
    pub(crate) fn reach(&mut self, flow: &Flow, peer: &Peer) -> Option<Description> {
        let session = self.session.as_mut()?;
        let own = session.local().address;
        let fitting = flow.rtp_address(own.port(), peer.address.ip());
        let moves = own.ip().is_ipv4() != fitting.ip().is_ipv4();
        let security = &session.local().security;
        let offers = peer.transport == Transport::Tls;
        let is_other = security.protection == Protection::Offer && security.offers != offers;
        if !moves && !is_other {
            return None;
        }
        session.drop_offer();
        if moves {
            session.set_address(fitting);
        }
        session.set_offers_keys(offers);
        Some(session.offer())
    }

    /// Keys may be in an offer that goes this way, where they need not be.
    pub(crate) fn offer_keys_by(&mut self, transport: Transport) {
        if let Some(session) = &mut self.session {
            session.set_offers_keys(transport == Transport::Tls);
        }
    }

    /// Which way we want sound to flow now.
    pub(crate) fn direction(&self) -> Option<Direction> {
        let session = self.session.as_ref()?;
        Some(from_sdp(session.local().direction))
    }

    /// States what was agreed; `early`: by a provisional response.
    pub(crate) fn state(
        &mut self,
        leg: LegId,
        negotiated: Box<Negotiated>,
        early: bool,
        out: &mut VecDeque<Output>,
    ) {
        if self.taken {
            self.agreed = true;
            self.telephone_event = negotiated.telephone_event.is_some();
            out.push_back(Output::Media {
                leg,
                session: Some(negotiated),
                early,
            });
        }
    }

    /// There is an address to receive at.
    pub(crate) fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// Whether what was agreed last is SRTP.
    pub(crate) fn is_protected(&self) -> bool {
        let session = self.session.as_ref().filter(|_| self.agreed);
        let agreed = session.and_then(Session::negotiated);
        agreed.is_some_and(|agreed| agreed.srtp.is_some())
    }

    /// Whether digits were agreed as telephone-event.
    pub(crate) fn has_telephone_event(&self) -> bool {
        self.telephone_event
    }

    /// Whether the far side holds us: it wants to hear nothing, though we would speak. While we would not, its hold can't
    /// be told from our own, and is what it was.
    pub(crate) fn is_held_by(&self, negotiated: &Negotiated) -> bool {
        let speaking = self
            .session
            .as_ref()
            .is_some_and(|session| session.local().direction.sends());
        if speaking {
            negotiated.far_holds()
        } else {
            self.far_held
        }
    }

    /// The sound ends, and the address is free.
    pub(crate) fn end(&mut self, leg: LegId, out: &mut VecDeque<Output>) {
        if std::mem::take(&mut self.taken) {
            out.push_back(Output::no_media(leg));
        }
    }
}

/// Where the sender of an offer wants to receive sound.
pub(crate) fn far_address(offer: &Description) -> Option<IpAddr> {
    let audio = offer.media.iter().find(|media| media.is_audio())?;
    offer.address_of(audio)?.ip()
}

/// The session that an answer to our offer would come to.
pub(crate) type Foreseen = (Session, Box<Negotiated>);

/// Which way we wanted sound to flow before an offer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted(trialog_sdp::Direction);

/// Whether there would be an answer to this offer at this address of ours.
///
/// # Errors
/// Why not.
pub(crate) fn can_answer(
    offer: &Description,
    address: SocketAddr,
    codecs: &[Codec],
    protection: Protection,
) -> Result<(), NegotiationError> {
    let local = LocalMedia {
        // Such an answer is never sent.
        security: security(protection, |_| {}),
        ..LocalMedia::new(address, codecs.to_vec())
    };
    trialog_sdp::answer(offer, &local).map(drop)
}

/// Keys of our own for one leg, where there may be protection; `fill` has them be by chance.
pub(crate) fn security(
    protection: Protection,
    mut fill: impl FnMut(&mut [u8; Key::LONGEST]),
) -> Security {
    let key = |suite| {
        let mut octets = [0; Key::LONGEST];
        fill(&mut octets);
        Some((suite, Key::new(suite, &octets)?))
    };
    let keys = match protection {
        Protection::Off => Vec::new(),
        Protection::Offer | Protection::Require => Suite::ALL.into_iter().filter_map(key).collect(),
    };
    Security {
        protection,
        offers: false,
        keys,
    }
}

fn from_sdp(direction: trialog_sdp::Direction) -> Direction {
    match direction {
        trialog_sdp::Direction::SendRecv => Direction::SendRecv,
        trialog_sdp::Direction::SendOnly => Direction::SendOnly,
        trialog_sdp::Direction::RecvOnly => Direction::RecvOnly,
        trialog_sdp::Direction::Inactive => Direction::Inactive,
    }
}

fn in_sdp(direction: Direction) -> trialog_sdp::Direction {
    match direction {
        Direction::SendRecv => trialog_sdp::Direction::SendRecv,
        Direction::SendOnly => trialog_sdp::Direction::SendOnly,
        Direction::RecvOnly => trialog_sdp::Direction::RecvOnly,
        Direction::Inactive => trialog_sdp::Direction::Inactive,
    }
}
