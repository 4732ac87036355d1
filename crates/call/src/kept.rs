//! What outlives a run of the phone, as the next one takes it up.
use crate::{
    AccountId, CallId, CallOrigin, Capabilities, LegId, PartyIdentity, Presence, ReferTo, Role,
    Stage, Time, WrapUpId,
};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What an earlier run has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The agent's presence; `None`: the agent is available.
    pub presence: Option<Presence>,
    /// Wrap-ups that were opened and not handed in, oldest first.
    pub wrap_ups: Vec<KeptWrapUp>,
    /// The highest number that a call had; those of new calls are higher.
    pub last_call: u32,
    /// The highest number that a wrap-up had.
    pub last_wrap_up: u32,
}

/// A wrap-up that an earlier run has left. It is owed where its call is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWrapUp {
    /// Its id; at most [`Kept::last_wrap_up`].
    pub id: WrapUpId,
    /// The call that it is about, of an earlier run.
    pub call: CallId,
    /// The party that the call was about.
    pub peer: Arc<PartyIdentity>,
    /// Code of the reason chosen so far; it may be none of the configuration any more.
    pub reason: Option<String>,
    /// In the agent's words.
    pub note: Option<String>,
}

/// A call that goes on in the next run of the phone: its legs' dialogs outlive a crash. A step of a consult that was under way is as
/// it was before it began; a transfer goes on; a call to a guest is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCall {
    /// Its id; at most [`Kept::last_call`].
    pub id: CallId,
    /// Ours in it.
    pub role: Role,
    /// The account that it is on.
    pub account: AccountId,
    /// The party that it is about.
    pub peer: Arc<PartyIdentity>,
    /// How it came here.
    pub origin: Arc<CallOrigin>,
    /// Connected, held, consulting, swapped, conference, anchored or post-call.
    pub stage: Stage,
    /// One for each party that has answered, in any order.
    pub legs: Vec<KeptLeg>,
    /// The transfer that was asked for and is not decided; both of its legs are there.
    pub transfer: Option<KeptTransfer>,
    /// The guest whose phone rings: it is called no more.
    pub ringing: Option<KeptLeg>,
    /// Our microphone is stopped.
    pub muted: bool,
    /// This period's wrap-up.
    pub wrap_up: Option<WrapUpId>,
    /// It is owed, or was handed in.
    pub owed: bool,
    /// When the stage began.
    pub since: Time,
    /// When sound was agreed with the first party.
    pub answered: Option<Time>,
}

/// A transfer whose REFER has gone out and has no final NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTransfer {
    /// The leg whose party is sent.
    pub referred: LegId,
    /// Where to.
    pub to: ReferTo,
    /// Where this can't be done, the other party is sent to this one.
    pub then_reversed: bool,
}

/// A leg of such a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLeg {
    /// Its id, by which the user agent goes on with its dialog.
    pub id: LegId,
    /// The far party's.
    pub role: Role,
    /// The far party, as it was last stated.
    pub party: Arc<PartyIdentity>,
    /// What its phone can do.
    pub can: Capabilities,
    /// It holds us.
    pub far_held: bool,
    /// Its Contact has `isfocus`.
    pub far_focus: bool,
    /// When it was answered.
    pub up_since: Option<Time>,
}
