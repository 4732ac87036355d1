//! Faults on purpose. Each stands for a rule or for a row of "what goes wrong": after a step of the sound core the fault
//! spoils what it did, as a wrong line in the core would. The search must find every one.
mod failures;
mod help;
mod rules;
mod views;

use crate::call::{Call, Slot};
use crate::{Act, ActKind, Action, CallId, Column, Input, LegId, Phone, Stage, WireEvent};
use alloc::vec::Vec;

pub(crate) use views::{tamper_deadline, tamper_permit, tamper_routing, tamper_wrap_up};

/// Defines the faults and the list of all.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Mutation {
            /// A cell of the table says the contrary.
            FlipCell(Stage, Column, ActKind),
            $($(#[$doc])* $name,)*
        }

        /// All but the cells.
        pub(crate) const FAULTS: &[Mutation] = &[$(Mutation::$name),*];
    };
}

faults! {
    /// A conference starts while the guest still rings.
    R1RingingGuestJoins,
    /// The first press of "Konferenz" does nothing.
    R2OnePressIsNotEnough,
    /// The guest does not hear the others.
    R3GuestIsDeaf,
    /// Somebody has two entries and hears himself.
    R3HearsHimself,
    /// The guest is called anew for the conference.
    R4GuestIsCalledAgain,
    /// The customer's phone can hold.
    R5CustomerHolds,
    /// A mute in a conference holds the customer.
    R6MuteHolds,
    /// The guest's phone holds its owner.
    R6GuestHolds,
    /// "Übergeben" does nothing.
    R7NoTransfer,
    /// The transfer opens no wrap-up.
    R8NoWrapUp,
    /// The guest is not asked.
    R9GuestIsNotAsked,
    /// His no is taken for a yes.
    R9NoIsYes,
    /// The guest who took the call stays a guest.
    R10GuestStaysGuest,
    /// The old owner stays in.
    R10OwnerStaysIn,
    /// End for all leaves the customer's leg.
    R11CustomerIsLeft,
    /// No wrap-up is owed when the owner ended it.
    R12NoWrapUp,
    /// A guest who leaves ends it for all.
    R13GuestEndsIt,
    /// The customer is re-INVITEd when the guest exits.
    R14CustomerIsTouched,
    /// The guest owes a wrap-up.
    R15GuestWrapsUp,
    /// The customer's leaving opens no wrap-up.
    R16NoWrapUp,
    /// The customer's leaving ends it for both.
    R17NoPostCall,
    /// A mute in post-call holds the guest.
    R18MuteHolds,
    /// Hold refused, and the agent is not told.
    HoldRefusedUntold,
    /// Hold not awaited: the guest rings at once.
    HoldNotAwaited,
    /// The customer has left while being held, and the guest is rung all the same.
    GuestRungForNobody,
    /// The guest is busy, and nobody says so.
    BusyUntold,
    /// The guest is busy, and the customer is taken off hold.
    BusyResumes,
    /// The guest is busy, and the customer goes.
    BusyDropsCustomer,
    /// A 200 that crossed our CANCEL is forgotten.
    CrossedAnswerForgotten,
    /// The conference begins before the customer's 200.
    BeginsTooEarly,
    /// No music while an un-hold is under way.
    NoMusicMeanwhile,
    /// The un-hold fails, and the conference is said to be on.
    FailedStartIsAStart,
    /// The guest's BYE during the start leaves the customer held.
    GuestByeLeavesHeld,
    /// The second step of a swap fails, and both stay held.
    SwapNotUndone,
    /// Who can't be referred is taken for one who will not.
    CannotIsNo,
    /// A person's no anchors.
    NoAnchors,
    /// Anchored, and the owner's ear stays in.
    AnchoredEar,
    /// 202 is taken for success.
    AcceptedIsDone,
    /// A transfer waits for ever.
    TransferForever,
    /// A refused transfer ends the conference.
    RefusalEndsConference,
    /// A refused transfer out of a consult leaves the customer held.
    RefusalLeavesHeld,
    /// A refused transfer is not told.
    RefusalUntold,
    /// A refused transfer loses the draft.
    RefusalLosesDraft,
    /// The replaced side's BYE is taken for leaving.
    ByeIsLeaving,
    /// Withdrawn, and nobody is told.
    WithdrawUntold,
    /// A foreign guest's transfer can be taken back.
    WithdrawForeign,
    /// Silence is not told.
    SilenceUntold,
    /// Silence re-INVITEs again and again.
    SilenceAgain,
    /// Lost sound leaves the dialog behind.
    LostIsForgotten,
    /// The headset's going mutes the call.
    DeviceMutes,
    /// The new address is told to nobody.
    NetworkUntold,
    /// A draft is not recorded, so that a crash loses it.
    DraftUnrecorded,
    /// A submitted reason is not recorded.
    ReasonUnrecorded,
    /// A second wrap-up is owed.
    SecondWrapUp,
    /// A refused act mutes the call.
    RefusedActMutes,
    /// A far-held party's music plays to the others.
    FarMusicPlays,
    /// Two calls have the microphone.
    TwoMicrophones,
    /// The first SIGTERM ends the conference.
    TermDoesNotWait,
    /// A guest's hook ends instead of exits.
    GuestHookEnds,
    /// Both legs of a guest who takes over are mixed.
    BothMixed,
    /// The customer is dropped when a hold fails.
    HoldFailureDrops,
}

/// What has happened, as the faults look at it.
struct Happened<'a> {
    before: &'a Phone,
    input: &'a Input,
    /// The act that was done, and the call as it was.
    act: Option<(CallId, &'a Act, &'a Call)>,
    /// What was said on a leg in its place, and the call as it was.
    said: Option<(LegId, &'a WireEvent, Slot, &'a Call)>,
}

/// What a fault makes of a step.
pub(crate) fn tamper(
    fault: Mutation,
    phone: &mut Phone,
    before: &Phone,
    input: &Input,
    actions: &mut Vec<Action>,
) {
    let was = |id| before.calls.iter().find(|call: &&Call| call.id == id);
    let act = match input {
        Input::Act { call, act } if !matches!(actions[..], [Action::Refuse(_)]) => {
            was(*call).map(|was| (*call, act, was))
        }
        _ => None,
    };
    let said = match input {
        Input::Wire { leg, event } => before
            .calls
            .iter()
            .find_map(|call| call.slot_of(*leg).map(|slot| (*leg, event, slot, call))),
        _ => None,
    };
    let happened = Happened {
        before,
        input,
        act,
        said,
    };
    rules::tamper(fault, phone, &happened, actions);
    failures::tamper(fault, phone, &happened, actions);
}
