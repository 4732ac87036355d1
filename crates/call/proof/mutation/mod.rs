//! Faults on purpose. Each stands for a rule or for a row of "what goes wrong": after a step of the sound core the fault
//! spoils what it did, as a wrong line in the core would. The search must find every one.
mod believed;
mod failures;
mod help;
mod parallel;
mod rules;
mod views;

use crate::call::Call;
use crate::legs::Side;
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
    /// A party has two entries and hears itself.
    R3HearsHimself,
    /// The guest is called anew for the conference.
    R4GuestIsCalledAgain,
    /// A customer whose phone becomes a focus makes the owner a guest.
    FocusMakesAGuest,
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
    /// The guest's no is taken for a yes.
    R9NoIsYes,
    /// The guest that took the call stays a guest.
    R10GuestStaysGuest,
    /// A PBX has put the customer on the guest's leg, and the guest stays a guest.
    R10AnotherPartyChangesNothing,
    /// The old owner stays in.
    R10OwnerStaysIn,
    /// End for all leaves the customer's leg.
    R11CustomerIsLeft,
    /// No wrap-up is owed when the owner ended it.
    R12NoWrapUp,
    /// A guest that leaves ends it for all.
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
    /// The guest is busy, and the agent has no notice of it.
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
    /// A party that can't be referred is taken for one that will not.
    CannotIsNo,
    /// A person's no anchors.
    NoAnchors,
    /// A PBX's 603 at once is taken for a person's no.
    AtOnceIsNo,
    /// A person's 603 that took its time is taken for "can't".
    LateNoIsCannot,
    /// A Trialog's 603 is taken for "can't".
    TrialogsNoIsCannot,
    /// A phone that declines by policy says so to the REFER itself, as one that can't.
    PolicysNoIsCannot,
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
    /// The referred side's BYE is taken for leaving.
    ReferredByeIsLeaving,
    /// A transfer fails, and a customer that is gone is said to be there.
    GoneIsWithYou,
    /// A transfer fails, and the customer is said to be there before it has answered.
    ProbeNotAwaited,
    /// A transfer fails, and the customer is not asked.
    ProbeUnsent,
    /// The customer is found gone after a transfer that failed, and the failure is not told.
    ProbeFindsNobody,
    /// Withdrawn, and the subscription goes on.
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
    /// No leg is re-INVITEd from the new address.
    NetworkUntold,
    /// A draft is not recorded, so that a crash loses it.
    DraftUnrecorded,
    /// A submitted reason is not recorded.
    ReasonUnrecorded,
    /// What the disk did not take is owed no more.
    UnkeptIsForgotten,
    /// A second wrap-up is owed.
    SecondWrapUp,
    /// A refused act mutes the call.
    RefusedActMutes,
    /// A far-held party's music plays to the others.
    FarMusicPlays,
    /// A call that was answered elsewhere is recorded as missed.
    ElsewhereIsMissed,
    /// An agent that lets a call ring stays available.
    RonaForgotten,
    /// A call that another phone answered counts as one that was let ring.
    RonaElsewhere,
    /// A caller that is turned away leaves no record.
    TurnedAwayUnrecorded,
    /// Two calls have the microphone.
    TwoMicrophones,
    /// The first SIGTERM ends the conference.
    TermDoesNotWait,
    /// A guest's hook ends instead of exits.
    GuestHookEnds,
    /// Both legs of a guest that takes over are mixed.
    BothMixed,
    /// The customer is dropped when a hold fails.
    HoldFailureDrops,
    /// A phone without an agent follows a stranger's REFER.
    StrangerIsFollowed,
    /// A redirection is followed, and the agent is not asked.
    RedirectionFollowedUnasked,
    /// A stranger that asks for nothing is answered without the agent's doing.
    StrangerIsAnswered,
    /// A call is answered without the agent's doing, and no tone tells it.
    AnsweredWithoutTone,
    /// Parallel calls: an act on one of them is done to all.
    ParallelMutesAll,
    /// A parallel call's leg is not noted: what comes for it is lost.
    ParallelLegNotFound,
    /// The deadline of a parallel call that is over stays noted.
    ParallelDeadlineStays,
    /// A parallel call is not ended by the clock.
    ParallelNeverEnds,
    /// A parallel call has our microphone and ear.
    ParallelHasMicrophone,
}

impl Mutation {
    /// It spoils the table, and no step.
    pub(crate) fn is_of_a_cell(self) -> bool {
        matches!(self, Self::FlipCell(..))
    }
}

/// What has happened, as the faults look at it.
struct Happened<'a> {
    before: &'a Phone,
    input: &'a Input,
    /// The act that was done, and the call as it was.
    act: Option<(CallId, &'a Act, &'a Call)>,
    /// What was said on a leg in its place, and the call as it was.
    said: Option<(LegId, &'a WireEvent, Side, &'a Call)>,
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
            .find_map(|call| call.side_of(*leg).map(|side| (*leg, event, side, call))),
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
    believed::tamper(fault, phone, &happened, actions);
    parallel::tamper(fault, phone, &happened, actions);
}
