//! Our re-INVITEs of one call, or UPDATEs with an offer: one at a time, and the latest wish wins. What is wanted and what came of it go
//! in; the session that the next one states is polled.
use crate::media::{Media, Wanted};
use trialog_call::SessionIntent;
use trialog_sdp::Description;

/// How often one wish is tried before its last refusal counts.
const TRIES: u8 = 5;

/// What is wanted and no re-INVITE has stated yet, and the re-INVITE that is under way.
#[derive(Debug, Default)]
pub(crate) struct Renegotiation {
    /// What the core wants.
    wanted: Option<SessionIntent>,
    /// Our address is another than the far side knows.
    moved: bool,
    /// Of the codecs that the far side has answered one is to be left.
    narrows: bool,
    in_flight: Option<InFlight>,
    /// How often it was put off.
    tries: u8,
}

/// A re-INVITE that waits for its final answer.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) session: SessionIntent,
    /// The core wants it and waits for its result; else it only states our address.
    wanted: bool,
    /// The far side learns our address by it.
    moved: bool,
    /// It leaves one of the codecs that the far side has answered.
    pub(crate) narrows: bool,
    pub(crate) before: Wanted,
    /// RSeq of its last provisional response that we have acknowledged.
    pub(crate) rseq: Option<u32>,
    /// The answer that came with one.
    pub(crate) answer: Option<Description>,
}

impl Renegotiation {
    /// The core wants this session. What it wanted before and was not asked for yet is forgotten.
    pub(crate) fn want(&mut self, session: SessionIntent) {
        self.wanted = Some(session);
        self.tries = 0;
    }

    /// Our address is another.
    pub(crate) fn want_address(&mut self) {
        self.moved = true;
        self.tries = 0;
    }

    /// Of the codecs that the far side has answered one is to be left.
    pub(crate) fn want_one_codec(&mut self) {
        self.narrows = true;
        self.tries = 0;
    }

    /// Nothing is wanted any more: the call ends.
    pub(crate) fn want_nothing(&mut self) {
        self.wanted = None;
        self.moved = false;
        self.narrows = false;
    }

    /// A re-INVITE of ours waits for its final answer.
    pub(crate) fn is_under_way(&self) -> bool {
        self.in_flight.is_some()
    }

    /// That re-INVITE.
    pub(crate) fn in_flight_mut(&mut self) -> Option<&mut InFlight> {
        self.in_flight.as_mut()
    }

    /// A re-INVITE is to be sent.
    pub(crate) fn is_due(&self) -> bool {
        self.in_flight.is_none() && (self.wanted.is_some() || self.moved || self.narrows)
    }

    /// It is for one codec only, which no user has to approve, so that an UPDATE may state it (RFC 3311 §5.1).
    pub(crate) fn only_narrows(&self) -> bool {
        self.narrows && self.wanted.is_none() && !self.moved
    }

    /// What the re-INVITE states that is due, and its offer. `focus`: what our Contact has had so far.
    pub(crate) fn poll_offer(
        &mut self,
        media: &mut Media,
        focus: bool,
    ) -> Option<(SessionIntent, Description)> {
        let wanted = self.wanted.take();
        let as_it_is = media
            .direction()
            .map(|direction| SessionIntent { direction, focus });
        let session = wanted.or(as_it_is)?;
        let (offer, before) = media.offer_direction(session.direction)?;
        self.tries += 1;
        self.in_flight = Some(InFlight {
            session,
            wanted: wanted.is_some(),
            moved: std::mem::take(&mut self.moved),
            narrows: std::mem::take(&mut self.narrows),
            before,
            rseq: None,
            answer: None,
        });
        Some((session, offer))
    }

    /// The re-INVITE that was under way has its final answer.
    pub(crate) fn answered(&mut self) -> Option<InFlight> {
        self.in_flight.take()
    }

    /// The far side took it. Whether the core waits for that.
    pub(crate) fn is_awaited(&self, taken: &InFlight) -> bool {
        taken.wanted && self.wanted.is_none()
    }

    /// It was refused, but not for good (RFC 3261 §14.1, §14.2). Whether it is due again; else that was its last try.
    pub(crate) fn put_off(&mut self, refused: &InFlight) -> bool {
        if self.tries >= TRIES && self.wanted.is_none() {
            return false;
        }
        if refused.wanted {
            self.wanted.get_or_insert(refused.session);
        }
        self.moved |= refused.moved;
        self.narrows |= refused.narrows;
        true
    }

    /// It was refused for good. Whether the core waits for that.
    pub(crate) fn refused(&mut self, refused: &InFlight) -> bool {
        // A far side that refuses the session may yet take the address, without it.
        self.moved |= refused.moved && refused.wanted;
        self.is_awaited(refused)
    }
}
