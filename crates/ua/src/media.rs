//! The session of one leg as signalling knows it: whose turn the negotiation is, what was agreed, who holds whom.
use crate::Output;
use crate::config::Config;
use std::collections::VecDeque;
use std::net::SocketAddr;
use trialog_call::{Direction, LegId};
use trialog_sdp::{Description, LocalMedia, Negotiated, Session};

/// Sound, as far as signalling knows it.
pub(crate) struct Media {
    /// `None` until there is an address to receive at.
    session: Option<Session>,
    agreed: bool,
    /// The far side wants to hear nothing.
    pub(crate) far_held: bool,
    /// An address was given to us, and `Media(None)` has not been said.
    taken: bool,
}

impl Media {
    pub(crate) fn new(address: Option<SocketAddr>, config: &Config, session_id: u64) -> Self {
        let session = address.map(|address| {
            let local = LocalMedia::new(address, config.codecs.clone());
            Session::new(session_id, local)
        });
        Self {
            taken: session.is_some(),
            session,
            agreed: false,
            far_held: false,
        }
    }

    /// An offer of what we want now.
    pub(crate) fn offer(&mut self) -> Option<Description> {
        Some(self.session.as_mut()?.offer())
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

    /// Our offer was refused: all is as it was.
    pub(crate) fn withdraw(&mut self, before: Wanted) {
        if let Some(session) = &mut self.session {
            session.drop_offer();
            session.set_direction(before.0);
        }
    }

    /// Answers an offer.
    pub(crate) fn answer(&mut self, offer: &Description) -> Option<(Description, Box<Negotiated>)> {
        let (answer, negotiated) = self.session.as_mut()?.answer(offer).ok()?;
        Some((answer, Box::new(negotiated)))
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

    /// Goes on with a session that was foreseen.
    pub(crate) fn adopt(&mut self, session: Session) {
        self.session = Some(session);
    }

    /// States what was agreed.
    pub(crate) fn state(
        &mut self,
        leg: LegId,
        negotiated: Box<Negotiated>,
        out: &mut VecDeque<Output>,
    ) {
        if self.taken {
            self.agreed = true;
            out.push_back(Output::Media {
                leg,
                session: Some(negotiated),
            });
        }
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
            out.push_back(Output::Media { leg, session: None });
        }
    }
}

/// The session that an answer to our offer would come to.
pub(crate) type Foreseen = (Session, Box<Negotiated>);

/// Which way we wanted sound to flow before an offer.
#[derive(Debug)]
pub(crate) struct Wanted(trialog_sdp::Direction);

/// Whether there would be an answer to this offer.
pub(crate) fn can_answer(offer: &Description, config: &Config) -> bool {
    let any = SocketAddr::new(config.contacts.udp.ip(), 9);
    trialog_sdp::answer(offer, &LocalMedia::new(any, config.codecs.clone())).is_ok()
}

fn in_sdp(direction: Direction) -> trialog_sdp::Direction {
    match direction {
        Direction::SendRecv => trialog_sdp::Direction::SendRecv,
        Direction::SendOnly => trialog_sdp::Direction::SendOnly,
        Direction::RecvOnly => trialog_sdp::Direction::RecvOnly,
        Direction::Inactive => trialog_sdp::Direction::Inactive,
    }
}
