//! What must hold in each story: a fixed list, as data.
//!
//! The rule of a claim is the rule's id where there is one; else the name of the step as it stands in the table "What each
//! event does": call, hold, consult, swap, and "promise" for the one promise above all (the customer is never dropped).
mod claims;
mod transfer_claims;

use crate::Party;
use crate::hear::Tone;
use crate::{Moment, Phase};
use claims::{
    ASSEMBLED, BUSY, CALL, CONFERENCE, CONSULT, CRASH, EARS, END, EXIT, HOLD, OWN,
    OWN_WITHOUT_GUEST, POST_CALL, SWAP,
};
use std::fmt::Write;
use transfer_claims::{ANCHORED, BLIND, CONSULT_TRANSFER, DECLINE, REFUSED, TRANSFER, TRANSFERRED};

/// A claim: what must hold, and how it is measured.
#[derive(Clone, Copy, Debug)]
pub struct ClaimSpec {
    /// The rule's id.
    pub rule: &'static str,
    /// The claim in words.
    pub words: &'static str,
    /// How it is decided.
    pub measure: Measure,
}

/// How a claim is decided.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// Each recording fits the ear of the party whose name it bears, better than any other's.
    OwnEars,
    /// In the phase the listener hears the speaker as spoken: pilot and speech within ±2 dB.
    Hears(Phase, Party, Party),
    /// In the phase the listener has not this party's pilot, down to −60 dB.
    HearsNot(Phase, Party, Party),
    /// While the speaker speaks alone in the phase, the listener has him within ±1 dB of the level between the two alone
    /// (as spoken, where they never are alone).
    Level(Phase, Party, Party),
    /// While all three speak at once, the listener has both others' speech.
    Together(Party),
    /// While the party speaks alone, its own voice and pilot in its own ear are at −60 dB or less.
    OwnVoice(Party),
    /// In the phase the listener hears music, without a pause.
    Music(Phase, Party),
    /// In the phase the listener hears no pilot, down to −60 dB.
    NoPilot(Phase, Party),
    /// In the phase the listener hears music and no pilot, down to −55 dB.
    NoPilotInMusic(Phase, Party),
    /// In the phase nobody is put on hold, by the SIP, and nobody hears music.
    NobodyHeld(Phase),
    /// The customer's gap at this moment is 20 ms or less.
    Gap(Moment, Tone),
    /// At this moment the listener loses the others, each for 2 s at most.
    Reunited(Moment, Party),
    /// The SIP says so.
    Wire(WireFact),
}

/// A fact that the SIP trace must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFact {
    /// The customer's INVITE was answered by agent 1.
    CustomerCalls,
    /// The customer was held (`sendonly`, 200) before agent 2 was called.
    HeldBeforeConsult,
    /// Agent 2 answered before the conference was asked for.
    AnsweredBeforeConference,
    /// Agent 2 was held before the customer was un-held, and back the other way round.
    SwapInOrder,
    /// Re-INVITEs with `isfocus`, sendrecv, to both, each answered 200.
    FocusToBoth,
    /// One INVITE to agent 2, and no ringing once the conference was asked for.
    NoSecondRinging,
    /// REFER to agent 2, 202, final NOTIFY 200.
    GuestReferred,
    /// Agent 2's INVITE names the customer's dialog with agent 1 in `Replaces`, and is answered 200.
    GuestReplaces,
    /// The dialogs of agent 1 ended only when the new one was up, and did end.
    OldDialogsEnd,
    /// The new dialog ended by the customer's BYE.
    CustomerHangsUp,
    /// REFER to the customer with `Replaces` of agent 1's dialog with agent 2; his INVITE carries it; final NOTIFY 200.
    CustomerReferred,
    /// REFER to the customer without `Replaces`; his INVITE reaches agent 2; final NOTIFY 200.
    CustomerReferredBlind,
    /// BYE from agent 2 in the conference; the customer's dialog is not re-INVITEd into another direction.
    GuestExits,
    /// BYE from agent 1 to both, with Reason, each answered.
    OwnerEndsForAll,
    /// BYE from the customer; the agents' dialog goes on.
    CustomerLeaves,
    /// No hold is offered after the customer's BYE.
    NoHoldInPostCall,
    /// REFER to agent 2 ends with 603 by NOTIFY or at once.
    GuestDeclines,
    /// No BYE for a while after the transfer came to nothing.
    NobodyDropped,
    /// Neither customer nor agent 2 can be referred, by their Allow, or by their answers.
    NobodyCanBeReferred,
    /// Both dialogs of agent 1 go on after the INFO to agent 2, until one of the two hangs up.
    BridgeStays,
    /// REFER to the customer ends with 603 by NOTIFY or at once.
    TransferRefused,
    /// The customer is un-held with 200 after what failed, and was not dropped before.
    CustomerTakenBack,
    /// Agent 2 answers 486.
    GuestBusy,
    /// In the conference agent 1 offers both a session at another port, in the dialogs that there are, and each answers 200.
    TakenUp,
}

/// A story and its claims, in groups that stories share.
#[derive(Debug)]
pub struct Story {
    /// As on the command line.
    pub name: &'static str,
    /// What happens, in one sentence.
    pub about: &'static str,
    groups: &'static [&'static [ClaimSpec]],
}

impl Story {
    /// Its claims, in their order.
    pub fn claims(&self) -> impl Iterator<Item = &'static ClaimSpec> {
        self.groups.iter().copied().flatten()
    }
}

/// The story of this name.
#[must_use]
pub fn story(name: &str) -> Option<&'static Story> {
    STORIES.iter().find(|s| s.name == name)
}

/// All claims as tables for `crates/checker/README.md`.
#[must_use]
pub fn claims_as_markdown() -> String {
    let mut text = String::new();
    for story in STORIES {
        let _ = writeln!(
            text,
            "**`{}`**: {}\n\n| rule | claim |\n|---|---|",
            story.name, story.about
        );
        for claim in story.claims() {
            let _ = writeln!(text, "| {} | {} |", claim.rule, claim.words);
        }
        text.push('\n');
    }
    text
}

/// All stories.
pub const STORIES: &[Story] = &[
    Story {
        name: "conference",
        about: "hold, consult, swap and back, conference, transfer out of it, agent 2 and the customer go on",
        groups: &[
            EARS,
            CALL,
            HOLD,
            CONSULT,
            SWAP,
            CONFERENCE,
            TRANSFER,
            TRANSFERRED,
            OWN,
        ],
    },
    Story {
        name: "exit",
        about: "agent 2 leaves the conference; agent 1 and the customer go on",
        groups: &[EARS, CALL, CONSULT, CONFERENCE, EXIT, OWN],
    },
    Story {
        name: "end",
        about: "agent 1 ends the conference for all",
        groups: &[EARS, CALL, CONSULT, CONFERENCE, END, OWN],
    },
    Story {
        name: "customer-leaves",
        about: "the customer leaves the conference; the agents go on in post-call",
        groups: &[EARS, CALL, CONSULT, CONFERENCE, POST_CALL, OWN],
    },
    Story {
        name: "consult-transfer",
        about: "attended transfer out of the consult",
        groups: &[EARS, CALL, CONSULT, CONSULT_TRANSFER, TRANSFERRED, OWN],
    },
    Story {
        name: "blind",
        about: "agent 1 sends the customer to agent 2 unannounced",
        groups: &[EARS, CALL, BLIND, TRANSFERRED, OWN],
    },
    Story {
        name: "decline",
        about: "agent 2 declines the transfer; the conference goes on",
        groups: &[EARS, CALL, CONSULT, CONFERENCE, DECLINE, OWN],
    },
    Story {
        name: "anchored",
        about: "nobody can be referred: agent 1's phone carries customer and agent 2 on",
        groups: &[EARS, CALL, CONSULT, CONFERENCE, ANCHORED, OWN],
    },
    Story {
        name: "refused",
        about: "a transfer out of the consult fails with 603: the customer is with agent 1",
        groups: &[EARS, CALL, CONSULT, REFUSED, OWN],
    },
    Story {
        name: "busy",
        about: "agent 2 is busy: agent 1 takes the customer back",
        groups: &[EARS, CALL, HOLD, BUSY, OWN_WITHOUT_GUEST],
    },
    Story {
        name: "crash",
        about: "agent 1's phone is killed in the conference and started again; the three go on",
        groups: &[EARS, ASSEMBLED, CRASH, END, OWN],
    },
];
