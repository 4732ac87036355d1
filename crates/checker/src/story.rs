//! What must hold in each story: a fixed list, as data.
//!
//! The rule of a claim is the rule's id where there is one; else the name of the step as it stands in the table "What each
//! event does": call, hold, consult, swap, and "promise" for the one promise above all (the customer is never dropped).
use crate::Party::{self, Agent1, Agent2, Customer};
use crate::hear::Tone;
use crate::{Moment, Phase};
use std::fmt::Write;

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
    /// In the phase nobody is put on hold, by the SIP, and nobody hears music.
    NobodyHeld(Phase),
    /// The customer's gap at this moment is 20 ms or less.
    Gap(Moment, Tone),
    /// The SIP says so.
    Wire(WireFact),
}

/// What the SIP has to say.
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

const fn claim(rule: &'static str, words: &'static str, measure: Measure) -> ClaimSpec {
    ClaimSpec {
        rule,
        words,
        measure,
    }
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
];

use Measure::{
    Gap, Hears, HearsNot, Level, Music, NoPilot, NobodyHeld, OwnEars, OwnVoice, Together, Wire,
};

const EARS: &[ClaimSpec] = &[claim(
    "R3",
    "each recording is the ear of the party whose name it bears",
    OwnEars,
)];

const CALL: &[ClaimSpec] = &[
    claim(
        "call",
        "the customer calls agent 1, who answers",
        Wire(WireFact::CustomerCalls),
    ),
    claim(
        "call",
        "the customer hears agent 1 as spoken (±2 dB)",
        Hears(Phase::TwoParty, Customer, Agent1),
    ),
    claim(
        "call",
        "agent 1 hears the customer as spoken (±2 dB)",
        Hears(Phase::TwoParty, Agent1, Customer),
    ),
];

const HOLD: &[ClaimSpec] = &[
    claim(
        "hold",
        "the customer on hold hears music",
        Music(Phase::Hold, Customer),
    ),
    claim(
        "hold",
        "the customer on hold hears no pilot (≤ −60 dB)",
        NoPilot(Phase::Hold, Customer),
    ),
];

const CONSULT: &[ClaimSpec] = &[
    claim(
        "consult",
        "the customer is held, by sendonly and 200, before agent 2 is called",
        Wire(WireFact::HeldBeforeConsult),
    ),
    claim(
        "consult",
        "agent 1 hears agent 2 as spoken (±2 dB)",
        Hears(Phase::Consult, Agent1, Agent2),
    ),
    claim(
        "consult",
        "agent 2 hears agent 1 as spoken (±2 dB)",
        Hears(Phase::Consult, Agent2, Agent1),
    ),
    claim(
        "consult",
        "the customer hears music during the consult",
        Music(Phase::Consult, Customer),
    ),
    claim(
        "consult",
        "the customer hears no pilot during the consult (≤ −60 dB)",
        NoPilot(Phase::Consult, Customer),
    ),
];

const SWAP: &[ClaimSpec] = &[
    claim(
        "swap",
        "who is with agent 1 is held, by 200, before the other is un-held",
        Wire(WireFact::SwapInOrder),
    ),
    claim(
        "swap",
        "after the swap the customer hears agent 1 as spoken (±2 dB)",
        Hears(Phase::Swapped, Customer, Agent1),
    ),
    claim(
        "swap",
        "after the swap agent 1 hears the customer as spoken (±2 dB)",
        Hears(Phase::Swapped, Agent1, Customer),
    ),
    claim(
        "swap",
        "after the swap agent 2 hears music",
        Music(Phase::Swapped, Agent2),
    ),
    claim(
        "swap",
        "after the swap agent 2 hears no pilot (≤ −60 dB)",
        NoPilot(Phase::Swapped, Agent2),
    ),
    claim(
        "swap",
        "after the swap back agent 1 hears agent 2 as spoken (±2 dB)",
        Hears(Phase::ConsultAgain, Agent1, Agent2),
    ),
    claim(
        "swap",
        "after the swap back the customer hears music",
        Music(Phase::ConsultAgain, Customer),
    ),
    claim(
        "swap",
        "after the swap back the customer hears no pilot (≤ −60 dB)",
        NoPilot(Phase::ConsultAgain, Customer),
    ),
];

const CONFERENCE: &[ClaimSpec] = &[
    claim(
        "R1",
        "agent 2 had answered before the conference was asked for",
        Wire(WireFact::AnsweredBeforeConference),
    ),
    claim(
        "R3",
        "agent 1 becomes the focus: re-INVITE sendrecv with isfocus to both, each answered 200",
        Wire(WireFact::FocusToBoth),
    ),
    claim(
        "R4",
        "no second INVITE and no ringing for agent 2",
        Wire(WireFact::NoSecondRinging),
    ),
    claim(
        "R3",
        "the customer's gap at the start is 20 ms or less",
        Gap(Moment::ConferenceStart, Tone::Any),
    ),
    claim(
        "R3",
        "the customer hears agent 1 within ±1 dB of the two-party level",
        Level(Phase::Conference, Customer, Agent1),
    ),
    claim(
        "R3",
        "the customer hears agent 2 within ±1 dB of the two-party level",
        Level(Phase::Conference, Customer, Agent2),
    ),
    claim(
        "R3",
        "agent 1 hears the customer within ±1 dB of the two-party level",
        Level(Phase::Conference, Agent1, Customer),
    ),
    claim(
        "R3",
        "agent 1 hears agent 2 within ±1 dB of the two-party level",
        Level(Phase::Conference, Agent1, Agent2),
    ),
    claim(
        "R3",
        "agent 2 hears the customer within ±1 dB of the two-party level",
        Level(Phase::Conference, Agent2, Customer),
    ),
    claim(
        "R3",
        "agent 2 hears agent 1 within ±1 dB of the two-party level",
        Level(Phase::Conference, Agent2, Agent1),
    ),
    claim(
        "R3",
        "the customer hears both agents while all three speak at once",
        Together(Customer),
    ),
    claim(
        "R3",
        "agent 1 hears customer and agent 2 while all three speak at once",
        Together(Agent1),
    ),
    claim(
        "R3",
        "agent 2 hears customer and agent 1 while all three speak at once",
        Together(Agent2),
    ),
    claim(
        "R6",
        "nobody is put on hold in the conference, and nobody hears music",
        NobodyHeld(Phase::Conference),
    ),
];

const TRANSFER: &[ClaimSpec] = &[
    claim(
        "R9",
        "agent 2 is asked by REFER and accepts: 202, then NOTIFY 200",
        Wire(WireFact::GuestReferred),
    ),
    claim(
        "R10",
        "agent 2 takes the place of agent 1: his INVITE names the customer's dialog in Replaces, answered 200",
        Wire(WireFact::GuestReplaces),
    ),
    claim(
        "R10",
        "the customer's gap at the transfer is 20 ms or less",
        Gap(Moment::Transfer, Tone::Pilot(1511.0)),
    ),
];

const CONSULT_TRANSFER: &[ClaimSpec] = &[
    claim(
        "R7",
        "the customer is referred to agent 2 with Replaces of the consult, calls him, and it is reported by NOTIFY 200",
        Wire(WireFact::CustomerReferred),
    ),
    claim(
        "R10",
        "the customer's gap at the transfer is 20 ms or less",
        Gap(Moment::Transfer, Tone::Any),
    ),
];

const BLIND: &[ClaimSpec] = &[
    claim(
        "R7",
        "the customer is referred to agent 2, calls him, and it is reported by NOTIFY 200",
        Wire(WireFact::CustomerReferredBlind),
    ),
    claim(
        "R10",
        "the customer's gap at the transfer is 20 ms or less",
        Gap(Moment::Transfer, Tone::Any),
    ),
];

const TRANSFERRED: &[ClaimSpec] = &[
    claim(
        "promise",
        "agent 1's dialogs end, and only when the new one is up",
        Wire(WireFact::OldDialogsEnd),
    ),
    claim(
        "R10",
        "the customer hears agent 2 as spoken (±2 dB)",
        Hears(Phase::Transferred, Customer, Agent2),
    ),
    claim(
        "R10",
        "agent 2 hears the customer as spoken (±2 dB)",
        Hears(Phase::Transferred, Agent2, Customer),
    ),
    claim(
        "R10",
        "the customer no longer hears agent 1 (≤ −60 dB)",
        HearsNot(Phase::Transferred, Customer, Agent1),
    ),
    claim(
        "R10",
        "agent 2 no longer hears agent 1 (≤ −60 dB)",
        HearsNot(Phase::Transferred, Agent2, Agent1),
    ),
    claim(
        "R10",
        "agent 1 hears nobody any more (≤ −60 dB)",
        NoPilot(Phase::Transferred, Agent1),
    ),
    claim(
        "call",
        "the customer hangs up",
        Wire(WireFact::CustomerHangsUp),
    ),
];

const EXIT: &[ClaimSpec] = &[
    claim(
        "R14",
        "agent 2 leaves by BYE, and the customer's stream is not touched",
        Wire(WireFact::GuestExits),
    ),
    claim(
        "R14",
        "the customer's gap at the exit is 20 ms or less",
        Gap(Moment::Exit, Tone::Pilot(997.0)),
    ),
    claim(
        "R14",
        "the customer hears agent 1 as spoken (±2 dB)",
        Hears(Phase::AfterExit, Customer, Agent1),
    ),
    claim(
        "R14",
        "agent 1 hears the customer as spoken (±2 dB)",
        Hears(Phase::AfterExit, Agent1, Customer),
    ),
    claim(
        "R14",
        "agent 2 hears nobody any more (≤ −60 dB)",
        NoPilot(Phase::AfterExit, Agent2),
    ),
];

const END: &[ClaimSpec] = &[claim(
    "R11",
    "agent 1 releases both: BYE with Reason to customer and agent 2, each answered",
    Wire(WireFact::OwnerEndsForAll),
)];

const POST_CALL: &[ClaimSpec] = &[
    claim(
        "R17",
        "the customer leaves by BYE, and the agents' dialog goes on",
        Wire(WireFact::CustomerLeaves),
    ),
    claim(
        "R17",
        "agent 1 hears agent 2 as spoken (±2 dB)",
        Hears(Phase::PostCall, Agent1, Agent2),
    ),
    claim(
        "R17",
        "agent 2 hears agent 1 as spoken (±2 dB)",
        Hears(Phase::PostCall, Agent2, Agent1),
    ),
    claim(
        "R17",
        "the customer hears nobody any more (≤ −60 dB)",
        NoPilot(Phase::PostCall, Customer),
    ),
    claim(
        "R18",
        "nobody is put on hold in post-call",
        Wire(WireFact::NoHoldInPostCall),
    ),
];

const DECLINE: &[ClaimSpec] = &[
    claim(
        "R9",
        "agent 2 is asked by REFER and declines: 603",
        Wire(WireFact::GuestDeclines),
    ),
    claim(
        "promise",
        "the conference's dialogs go on after it",
        Wire(WireFact::NobodyDropped),
    ),
    claim(
        "R9",
        "the customer still hears agent 1 as spoken (±2 dB)",
        Hears(Phase::ConferenceAfter, Customer, Agent1),
    ),
    claim(
        "R9",
        "the customer still hears agent 2 as spoken (±2 dB)",
        Hears(Phase::ConferenceAfter, Customer, Agent2),
    ),
    claim(
        "R9",
        "agent 1 still hears the customer as spoken (±2 dB)",
        Hears(Phase::ConferenceAfter, Agent1, Customer),
    ),
    claim(
        "R9",
        "agent 2 still hears the customer as spoken (±2 dB)",
        Hears(Phase::ConferenceAfter, Agent2, Customer),
    ),
    claim(
        "R6",
        "nobody is put on hold after it, and nobody hears music",
        NobodyHeld(Phase::ConferenceAfter),
    ),
];

const ANCHORED: &[ClaimSpec] = &[
    claim(
        "R10",
        "neither the customer nor agent 2 can be referred",
        Wire(WireFact::NobodyCanBeReferred),
    ),
    claim(
        "R10",
        "agent 1 tells agent 2 by INFO, and keeps both dialogs until one of the two hangs up",
        Wire(WireFact::BridgeStays),
    ),
    claim(
        "R10",
        "the customer's gap at the anchoring is 20 ms or less",
        Gap(Moment::Anchoring, Tone::Pilot(1511.0)),
    ),
    claim(
        "R10",
        "the customer hears agent 2 as spoken (±2 dB)",
        Hears(Phase::Anchored, Customer, Agent2),
    ),
    claim(
        "R10",
        "agent 2 hears the customer as spoken (±2 dB)",
        Hears(Phase::Anchored, Agent2, Customer),
    ),
    claim(
        "R10",
        "the customer no longer hears agent 1 (≤ −60 dB)",
        HearsNot(Phase::Anchored, Customer, Agent1),
    ),
    claim(
        "R10",
        "agent 2 no longer hears agent 1 (≤ −60 dB)",
        HearsNot(Phase::Anchored, Agent2, Agent1),
    ),
    claim(
        "R10",
        "agent 1 hears nobody any more (≤ −60 dB)",
        NoPilot(Phase::Anchored, Agent1),
    ),
];

const REFUSED: &[ClaimSpec] = &[
    claim(
        "R7",
        "the customer is referred to agent 2, and it fails: 603",
        Wire(WireFact::TransferRefused),
    ),
    claim(
        "promise",
        "the customer is not dropped, and is taken off hold again",
        Wire(WireFact::CustomerTakenBack),
    ),
    claim(
        "promise",
        "the customer hears agent 1 as spoken (±2 dB)",
        Hears(Phase::Back, Customer, Agent1),
    ),
    claim(
        "promise",
        "agent 1 hears the customer as spoken (±2 dB)",
        Hears(Phase::Back, Agent1, Customer),
    ),
    claim(
        "swap",
        "agent 2, held, hears music",
        Music(Phase::Back, Agent2),
    ),
    claim(
        "swap",
        "agent 2, held, hears no pilot (≤ −60 dB)",
        NoPilot(Phase::Back, Agent2),
    ),
];

const BUSY: &[ClaimSpec] = &[
    claim(
        "consult",
        "the customer is held, by sendonly and 200, before agent 2 is called",
        Wire(WireFact::HeldBeforeConsult),
    ),
    claim("consult", "agent 2 is busy: 486", Wire(WireFact::GuestBusy)),
    claim(
        "promise",
        "the customer is not dropped, and is taken off hold again",
        Wire(WireFact::CustomerTakenBack),
    ),
    claim(
        "promise",
        "the customer hears agent 1 as spoken (±2 dB)",
        Hears(Phase::Back, Customer, Agent1),
    ),
    claim(
        "promise",
        "agent 1 hears the customer as spoken (±2 dB)",
        Hears(Phase::Back, Agent1, Customer),
    ),
];

const OWN: &[ClaimSpec] = &[
    claim(
        "R3",
        "the customer does not hear himself (≤ −60 dB)",
        OwnVoice(Customer),
    ),
    claim(
        "R3",
        "agent 1 does not hear himself (≤ −60 dB)",
        OwnVoice(Agent1),
    ),
    claim(
        "R3",
        "agent 2 does not hear himself (≤ −60 dB)",
        OwnVoice(Agent2),
    ),
];

const OWN_WITHOUT_GUEST: &[ClaimSpec] = &[
    claim(
        "R3",
        "the customer does not hear himself (≤ −60 dB)",
        OwnVoice(Customer),
    ),
    claim(
        "R3",
        "agent 1 does not hear himself (≤ −60 dB)",
        OwnVoice(Agent1),
    ),
];
