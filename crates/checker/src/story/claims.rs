//! What each part of a story claims, but for transfers: the rule, the words, and how it is measured.
use super::Measure::{
    Gap, Hears, Level, Music, NoPilot, NoPilotInMusic, NobodyHeld, OwnEars, OwnVoice, Reunited,
    Together, Wire,
};
use super::{ClaimSpec, Measure, WireFact};
use crate::Party::{Agent1, Agent2, Customer};
use crate::hear::Tone;
use crate::{Moment, Phase};

pub(super) const fn claim(rule: &'static str, words: &'static str, measure: Measure) -> ClaimSpec {
    ClaimSpec {
        rule,
        words,
        measure,
    }
}

/// Several groups as one, of `N` claims in all.
pub(super) const fn joined<const N: usize>(groups: &[&[ClaimSpec]]) -> [ClaimSpec; N] {
    let mut all = [groups[0][0]; N];
    let (mut group, mut count) = (0, 0);
    while group < groups.len() {
        let mut place = 0;
        while place < groups[group].len() {
            all[count] = groups[group][place];
            place += 1;
            count += 1;
        }
        group += 1;
    }
    assert!(count == N, "the groups have another number of claims");
    all
}

/// Customer and agent 1 hear each other in this phase.
const fn customer_and_agent_1(rule: &'static str, phase: Phase) -> [ClaimSpec; 2] {
    [
        claim(
            rule,
            "the customer hears agent 1 as spoken (±2 dB)",
            Hears(phase, Customer, Agent1),
        ),
        claim(
            rule,
            "agent 1 hears the customer as spoken (±2 dB)",
            Hears(phase, Agent1, Customer),
        ),
    ]
}

/// The two agents hear each other in this phase.
const fn both_agents(rule: &'static str, phase: Phase) -> [ClaimSpec; 2] {
    [
        claim(
            rule,
            "agent 1 hears agent 2 as spoken (±2 dB)",
            Hears(phase, Agent1, Agent2),
        ),
        claim(
            rule,
            "agent 2 hears agent 1 as spoken (±2 dB)",
            Hears(phase, Agent2, Agent1),
        ),
    ]
}

const CALLED: ClaimSpec = claim(
    "call",
    "the customer calls agent 1, who answers",
    Wire(WireFact::CustomerCalls),
);

const FOCUS: ClaimSpec = claim(
    "R3",
    "agent 1 becomes the focus: re-INVITE sendrecv with isfocus to both, each answered 200",
    Wire(WireFact::FocusToBoth),
);

const HELD_BEFORE_CONSULT: ClaimSpec = claim(
    "consult",
    "the customer is held, by sendonly and 200, before agent 2 is called",
    Wire(WireFact::HeldBeforeConsult),
);

/// What failed has cost the customer nothing.
pub(super) const BACK: [ClaimSpec; 3] = joined(&[
    &[claim(
        "promise",
        "the customer is not dropped, and is taken off hold again",
        Wire(WireFact::CustomerTakenBack),
    )],
    &customer_and_agent_1("promise", Phase::Back),
]);

pub(super) const EARS: &[ClaimSpec] = &[claim(
    "R3",
    "each recording is the ear of the party whose name it bears",
    OwnEars,
)];

pub(super) const CALL: &[ClaimSpec] =
    &joined::<3>(&[&[CALLED], &customer_and_agent_1("call", Phase::TwoParty)]);

pub(super) const HOLD: &[ClaimSpec] = &[
    claim(
        "hold",
        "the customer on hold hears music",
        Music(Phase::Hold, Customer),
    ),
    claim(
        "hold",
        "the customer on hold hears no pilot (≤ −55 dB)",
        NoPilotInMusic(Phase::Hold, Customer),
    ),
];

pub(super) const CONSULT: &[ClaimSpec] = &joined::<5>(&[
    &[HELD_BEFORE_CONSULT],
    &both_agents("consult", Phase::Consult),
    &[
        claim(
            "consult",
            "the customer hears music during the consult",
            Music(Phase::Consult, Customer),
        ),
        claim(
            "consult",
            "the customer hears no pilot during the consult (≤ −55 dB)",
            NoPilotInMusic(Phase::Consult, Customer),
        ),
    ],
]);

pub(super) const SWAP: &[ClaimSpec] = &[
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
        "after the swap agent 2 hears no pilot (≤ −55 dB)",
        NoPilotInMusic(Phase::Swapped, Agent2),
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
        "after the swap back the customer hears no pilot (≤ −55 dB)",
        NoPilotInMusic(Phase::ConsultAgain, Customer),
    ),
];

pub(super) const CONFERENCE: &[ClaimSpec] = &[
    claim(
        "R1",
        "agent 2 had answered before the conference was asked for",
        Wire(WireFact::AnsweredBeforeConference),
    ),
    FOCUS,
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

pub(super) const EXIT: &[ClaimSpec] = &joined::<5>(&[
    &[
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
    ],
    &customer_and_agent_1("R14", Phase::AfterExit),
    &[claim(
        "R14",
        "agent 2 hears nobody any more (≤ −60 dB)",
        NoPilot(Phase::AfterExit, Agent2),
    )],
]);

pub(super) const END: &[ClaimSpec] = &[claim(
    "R11",
    "agent 1 releases both: BYE with Reason to customer and agent 2, each answered",
    Wire(WireFact::OwnerEndsForAll),
)];

pub(super) const POST_CALL: &[ClaimSpec] = &joined::<5>(&[
    &[claim(
        "R17",
        "the customer leaves by BYE, and the agents' dialog goes on",
        Wire(WireFact::CustomerLeaves),
    )],
    &both_agents("R17", Phase::PostCall),
    &[
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
    ],
]);

/// A conference that is come to without a word.
pub(super) const ASSEMBLED: &[ClaimSpec] = &[CALLED, HELD_BEFORE_CONSULT, FOCUS];

pub(super) const CRASH: &[ClaimSpec] = &joined::<9>(&[
    &[
        claim(
            "promise",
            "agent 1's phone, started again, offers both a session anew in their dialogs, each answered 200",
            Wire(WireFact::TakenUp),
        ),
        claim(
            "promise",
            "the customer is without the others for 2 s at most",
            Reunited(Moment::Crash, Customer),
        ),
        claim(
            "promise",
            "agent 2 is without the others for 2 s at most",
            Reunited(Moment::Crash, Agent2),
        ),
    ],
    &customer_and_agent_1("promise", Phase::TakenUp),
    &both_agents("promise", Phase::TakenUp),
    &[
        claim(
            "promise",
            "the customer hears agent 2 as spoken (±2 dB)",
            Hears(Phase::TakenUp, Customer, Agent2),
        ),
        claim(
            "promise",
            "agent 2 hears the customer as spoken (±2 dB)",
            Hears(Phase::TakenUp, Agent2, Customer),
        ),
    ],
]);

pub(super) const BUSY: &[ClaimSpec] = &joined::<5>(&[
    &[
        HELD_BEFORE_CONSULT,
        claim("consult", "agent 2 is busy: 486", Wire(WireFact::GuestBusy)),
    ],
    &BACK,
]);

pub(super) const OWN: &[ClaimSpec] = &joined::<3>(&[
    OWN_WITHOUT_GUEST,
    &[claim(
        "R3",
        "agent 2 does not hear himself (≤ −60 dB)",
        OwnVoice(Agent2),
    )],
]);

pub(super) const OWN_WITHOUT_GUEST: &[ClaimSpec] = &[
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
