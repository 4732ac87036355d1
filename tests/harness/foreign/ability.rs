//! What a phone can do, each with the reason where it can't; the table shows these reasons.

use std::time::Duration;

/// It can, or the reason why not, to be read after "n/a because".
pub type Can = Result<(), &'static str>;

/// What a phone can do as a party.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// It can place a call.
    pub calls: Can,
    /// It can hold, and resume.
    pub holds: Can,
    /// It can do so while it is in a conference.
    pub holds_in_conference: Can,
    /// It follows a REFER.
    pub is_referred: Can,
    /// It supports `Replaces`: takes an INVITE with it, and puts it into one that it is referred to.
    pub replaces: Can,
    /// It asks its person about a REFER, who then says [`Peer::consent`](super::Peer::consent).
    pub asks: Can,
    /// It can send others elsewhere, without `Replaces`.
    pub transfers: Can,
    /// The same with `Replaces`.
    pub transfers_attended: Can,
    /// It can be in this manner.
    pub refuses_transfers: Can,
    /// It can be in this manner.
    pub cannot_be_referred: Can,
    /// It speaks TLS, and SRTP with keys in SDP.
    pub secures: Can,
    /// Its recording shows who is heard.
    pub records: Can,
    /// Its recording goes on while nothing comes in, so that a gap in what it heard is one in the recording.
    pub records_gaps: Can,
    /// It makes no gap of its own when the direction of a stream changes.
    pub changes_without_gap: Can,
    /// How much longer than others it needs until a stream that is new to it is heard.
    pub starts_late: Duration,
    /// The least level, in dB below full scale, that its own voice may be expected at in its own ear, and why it is not −60.
    pub own_voice: (f64, &'static str),
}

impl Abilities {
    /// A phone that can do all of it.
    pub const ALL: Self = Self {
        calls: Ok(()),
        holds: Ok(()),
        holds_in_conference: Ok(()),
        is_referred: Ok(()),
        replaces: Ok(()),
        asks: Ok(()),
        transfers: Ok(()),
        transfers_attended: Ok(()),
        refuses_transfers: Ok(()),
        cannot_be_referred: Ok(()),
        secures: Ok(()),
        records: Ok(()),
        records_gaps: Ok(()),
        changes_without_gap: Ok(()),
        starts_late: Duration::ZERO,
        own_voice: (-60.0, ""),
    };

    /// What it can still do where a B2BUA stands between it and the others.
    ///
    /// A REFER and its `Replaces` are the B2BUA's matter: it joins the two far legs by itself, and no phone is referred.
    #[must_use]
    pub fn behind_a_b2bua(self) -> Self {
        let by_itself = Err("the PBX carries out a transfer by itself, and no phone is asked");
        Self {
            is_referred: Ok(()),
            replaces: Ok(()),
            asks: by_itself,
            refuses_transfers: by_itself,
            cannot_be_referred: by_itself,
            ..self
        }
    }

    /// Whether it can be in this manner.
    ///
    /// # Errors
    /// The reason why not.
    pub fn can_be(&self, manner: Manner) -> Can {
        match manner {
            Manner::Plain | Manner::FollowsTransfers => Ok(()),
            Manner::RefusesTransfers => self.refuses_transfers,
            Manner::CannotBeReferred => self.cannot_be_referred,
        }
    }
}

/// What was decided for a phone beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Its defaults; a REFER is followed, or its person is asked.
    #[default]
    Plain,
    /// A REFER is followed, and no person asked.
    FollowsTransfers,
    /// A REFER is answered with 603 after more than a second, or reported as that: "I won't". At once it would mean "I can't".
    RefusesTransfers,
    /// A REFER is answered with 405, or not allowed from the start: "I can't".
    CannotBeReferred,
}
