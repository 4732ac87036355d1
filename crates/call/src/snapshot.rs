//! What a screen, the API and the command line see: everything, in one value, derived from the state.
use crate::call::Call;
use crate::leg::Leg;
use crate::{
    AccountId, Act, CallId, CallOrigin, LegId, PartyIdentity, Presence, Time, TurnedAway, WrapUpId,
};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The whole phone at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether the agent takes new calls.
    pub presence: Presence,
    /// Since when a new call meets what it meets now.
    pub presence_since: Time,
    /// How a new call is refused now, whatever the agent has set; `None`: it rings.
    pub turns_away: Option<TurnedAway>,
    /// The calls, oldest first.
    pub calls: Vec<CallView>,
    /// Wrap-ups drafted or owed, oldest first.
    pub wrap_ups: Vec<WrapUpView>,
    /// A first [`crate::Input::Terminate`] waits for a conference or an anchored call.
    pub terminating: bool,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// Its name.
    pub id: CallId,
    /// The account that it is on.
    pub account: AccountId,
    /// Ours in it.
    pub role: Role,
    /// The row of the table.
    pub stage: Stage,
    /// Our microphone is stopped.
    pub muted: bool,
    /// How it came here.
    pub origin: Arc<CallOrigin>,
    /// The legs that there are, the customer's first.
    pub legs: Vec<LegView>,
    /// The transfer, or the call outside of any, that the agent is asked to take up.
    pub referral: Option<ReferralView>,
    /// Each act that exists in this row, allowed or refused with the reason. Acts with an argument stand with an empty one.
    pub acts: Vec<ActView>,
    /// When the stage began.
    pub since: Time,
    /// When sound was agreed with the first party.
    pub answered: Option<Time>,
}

/// What the agent is asked by a REFER: the party that asks, and the one that is to be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferralView {
    /// The party that asks.
    pub by: Arc<PartyIdentity>,
    /// With the name that the sender of the REFER has given it.
    pub party: Arc<PartyIdentity>,
    /// It expects us: we take the sender's place in its call.
    pub replaces: bool,
    /// It is of another domain than the account's own.
    pub elsewhere: bool,
    /// It is asked outside of any call: the party that asks is not replaced, and not heard.
    pub outside: bool,
}

/// What of a leg is encrypted, on our side of the first server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    /// Our requests in it go by TLS.
    pub signalling: bool,
    /// Its sound goes by SRTP.
    pub media: bool,
}

impl Secured {
    /// Both are: keys that stand in the signalling are worth as much as that.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.signalling && self.media
    }
}

/// One leg of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegView {
    /// Its name.
    pub id: LegId,
    /// The far party's.
    pub role: Role,
    /// The far party, as it was last stated.
    pub party: Arc<PartyIdentity>,
    /// Answered, and not yet over.
    pub up: bool,
    /// When it was answered; while it is up.
    pub up_since: Option<Time>,
    /// We hold it.
    pub held: bool,
    /// When it was put on hold; while it is held.
    pub held_since: Option<Time>,
    /// It holds us.
    pub far_held: bool,
    /// No sound comes from it.
    pub silent: bool,
    /// What of it is secured. The core knows nothing of that: who has the signalling states it.
    pub secured: Secured,
    /// The party's phone or server sends the call to this URI, and the agent is asked whether to follow.
    pub redirected_to: Option<String>,
}

/// An act and whether it may be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActView {
    /// The act; an argument is empty.
    pub act: Act,
    /// Why it is refused; `None`: it may be done.
    pub refusal: Option<Refusal>,
}

/// A wrap-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpView {
    /// Its name.
    pub id: WrapUpId,
    /// The call that it is about.
    pub call: CallId,
    /// The customer.
    pub peer: Arc<PartyIdentity>,
    /// It is owed; else a draft.
    pub due: bool,
    /// The reason chosen so far.
    pub reason: Option<String>,
    /// What the agent has written so far.
    pub note: Option<String>,
    /// When the timer submits the default.
    pub deadline: Option<Time>,
}

/// A party's role in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The outside party.
    Customer,
    /// Has the customer's call.
    Owner,
    /// The consulted agent.
    Guest,
}

/// The row of the table "who may do what".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Ringing here.
    Offered,
    /// A peer asks for a call that is not yet placed.
    Asked,
    /// Ringing there.
    Dialling,
    /// Talking to one party.
    Connected,
    /// The party is held.
    Held,
    /// The customer is held, or about to be, and the guest is called.
    ConsultRequested,
    /// The customer is held; owner and guest talk.
    Consulting,
    /// The guest is held; owner and customer talk.
    Swapped,
    /// All three.
    Conference,
    /// A transfer was asked for and is not yet decided.
    TransferPending,
    /// Guest and customer talk over our phone; we are out.
    Anchored,
    /// The customer has left; the agents talk on.
    PostCall,
    /// Our legs are being brought to an end.
    Ending,
}

/// Why an act is refused. The screen has the words in English and German.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// There is no such call.
    NoSuchCall,
    /// There is no such wrap-up.
    NoSuchWrapUp,
    /// There is no such account.
    NoSuchAccount,
    /// The act does not exist in this state (a dash in the table).
    NotHere(Stage),
    /// No party is put on hold in a conference (R6).
    NoHoldInConference,
    /// No consult out of a conference.
    NoConsultInConference,
    /// In post-call there is no hold, no resume and no consult (R18).
    NotInPostCall,
    /// Only the owner ends the conference; the guest exits (R13).
    GuestCannotEnd,
    /// The owner does not exit, but ends it for all or hands it over.
    OwnerCannotExit,
    /// The customer only talks and hangs up (R5).
    CustomerOnlyTalks,
    /// A conference starts only out of a consult that was answered (R1).
    ConsultNotAnswered,
    /// The consult must be ended first.
    EndConsultFirst,
    /// A guest owes no wrap-up (R15).
    GuestHasNoWrapUp,
    /// The party is held: there is no sound to mute.
    MutedByHold,
    /// Our microphone is no part of an anchored call.
    Anchored,
    /// A step for this call is under way; it is decided within seconds.
    Busy,
    /// A transfer is pending: withdraw it first.
    TransferPending,
    /// The transfer cannot be taken back: the other phone does not know how.
    CannotWithdraw,
    /// Another call is in a consult or conference; this one waits.
    OtherCallFirst,
    /// As many calls as the phone takes are there.
    TooManyCalls,
    /// No RTP port can be had: all of the configured range are taken, or none can be bound.
    NoRtpPort,
    /// There is no such reason in the configuration.
    NoSuchReason,
    /// A draft becomes due when the talk is over; it can't be handed in before.
    StillTalking,
    /// There is no timer to extend.
    NoTimer,
    /// Not a DTMF digit.
    NotADigit,
    /// The phone is being switched off.
    Terminating,
}

/// Every act, once, in the order of the table.
fn every_act() -> Vec<Act> {
    let nowhere = || crate::Target(String::new());
    alloc::vec![
        Act::Answer,
        Act::Reject(None),
        Act::Forward(nowhere()),
        Act::Cancel,
        Act::Hold,
        Act::Resume,
        Act::Mute,
        Act::Unmute,
        Act::Consult(nowhere()),
        Act::EndConsult,
        Act::Swap,
        Act::Conference,
        Act::Transfer(Some(nowhere())),
        Act::Transfer(None),
        Act::Withdraw,
        Act::Accept,
        Act::Decline,
        Act::Exit,
        Act::End,
        Act::Stay,
        Act::Dtmf(b'0'),
    ]
}

impl Call {
    /// The call as a screen sees it; `permits` answers for each act.
    pub(crate) fn view(&self, permits: impl Fn(&Act) -> Result<(), Refusal>) -> CallView {
        let stage = self.stage();
        let acts = every_act()
            .into_iter()
            .map(|act| ActView {
                refusal: permits(&act).err(),
                act,
            })
            .filter(|view| !matches!(view.refusal, Some(Refusal::NotHere(_))))
            .collect();
        let legs = self.legs.iter().map(|leg| (leg, leg.role));
        let next = self.next.iter().map(|next| match self.role {
            // What takes the owner's place at a guest is the customer.
            Role::Guest => (&next.leg, Role::Customer),
            Role::Owner | Role::Customer => (&next.leg, next.leg.role),
        });
        let legs = legs.chain(next).map(|(leg, role)| leg.view(role)).collect();
        let Self {
            id,
            account,
            role,
            muted,
            since,
            answered,
            ..
        } = *self;
        CallView {
            id,
            account,
            role,
            stage,
            muted,
            origin: Arc::clone(&self.origin),
            legs,
            referral: self.referral.as_ref().map(|asked| asked.view(&self.peer)),
            acts,
            since,
            answered,
        }
    }
}

impl Leg {
    fn view(&self, role: Role) -> LegView {
        LegView {
            id: self.id,
            role,
            party: Arc::clone(&self.party),
            up: self.is_up(),
            up_since: self.up_since,
            held: self.on_hold(),
            held_since: self.held_since,
            far_held: self.far_held,
            silent: self.silent,
            secured: Secured::default(),
            redirected_to: self
                .redirected
                .as_ref()
                .map(|redirected| redirected.to.0.clone()),
        }
    }
}
