//! What a screen, the API and the command line see: everything, in one value, derived from the state.
use crate::call::Call;
use crate::leg::Leg;
use crate::{Act, CallId, LegId, Presence, Time, WrapUpId};
use alloc::string::String;
use alloc::vec::Vec;

/// The whole phone at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether new calls are taken.
    pub presence: Presence,
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
    /// Ours in it.
    pub role: Role,
    /// The row of the table.
    pub stage: Stage,
    /// Our microphone is stopped.
    pub muted: bool,
    /// The legs that there are, the customer's first.
    pub legs: Vec<LegView>,
    /// Each act that exists in this row, allowed or refused with the reason. Acts with an argument stand with an empty one.
    pub acts: Vec<ActView>,
    /// When the stage began.
    pub since: Time,
}

/// One leg of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegView {
    /// Its name.
    pub id: LegId,
    /// The far party's.
    pub role: Role,
    /// Display name or address.
    pub name: String,
    /// Answered, and not yet over.
    pub up: bool,
    /// We hold it.
    pub held: bool,
    /// It holds us.
    pub far_held: bool,
    /// No sound comes from it.
    pub silent: bool,
}

/// An act and whether it may be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActView {
    /// Which.
    pub act: Act,
    /// Why not, if not.
    pub refusal: Option<Refusal>,
}

/// A wrap-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpView {
    /// Its name.
    pub id: WrapUpId,
    /// Of which call.
    pub call: CallId,
    /// The customer.
    pub peer: String,
    /// It is owed; else a draft.
    pub due: bool,
    /// The reason chosen so far.
    pub reason: Option<String>,
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
    /// Nobody is put on hold in a conference (R6).
    NoHoldInConference,
    /// No consult out of a conference.
    NoConsultInConference,
    /// In post-call there is no hold, no resume and no consult (R18).
    NotInPostCall,
    /// Only the owner ends the conference; the guest exits (R13).
    GuestCannotEnd,
    /// The owner does not exit; he ends it for all or hands it over.
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
        Act::Reject,
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
        let first = self.first.iter().map(|leg| (leg, self.far_role()));
        let second = self.second.iter().map(|leg| (leg, Role::Guest));
        let next = self.next.iter().map(|next| (&next.leg, Role::Customer));
        let legs = first
            .chain(second)
            .chain(next)
            .map(|(leg, role)| leg.view(role))
            .collect();
        let Self {
            id,
            role,
            muted,
            since,
            ..
        } = *self;
        CallView {
            id,
            role,
            stage,
            muted,
            legs,
            acts,
            since,
        }
    }

    fn far_role(&self) -> Role {
        match self.role {
            Role::Owner => Role::Customer,
            Role::Guest | Role::Customer => Role::Owner,
        }
    }
}

impl Leg {
    fn view(&self, role: Role) -> LegView {
        LegView {
            id: self.id,
            role,
            name: self.name.as_ref().into(),
            up: self.is_up(),
            held: self.on_hold(),
            far_held: self.far_held,
            silent: self.silent,
        }
    }
}
