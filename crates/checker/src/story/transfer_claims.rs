//! What a story claims of a transfer: done, refused, declined or anchored.
use super::Measure::{Gap, Hears, HearsNot, Music, NoPilot, NoPilotInMusic, NobodyHeld, Wire};
use super::claims::{BACK, claim, joined};
use super::{ClaimSpec, WireFact};
use crate::Party::{Agent1, Agent2, Customer};
use crate::hear::Tone;
use crate::{Moment, Phase};

/// Customer and agent 2 have each other in this phase, and agent 1 is out of it.
const fn handed_over(phase: Phase) -> [ClaimSpec; 5] {
    [
        claim(
            "R10",
            "the customer hears agent 2 as spoken (±2 dB)",
            Hears(phase, Customer, Agent2),
        ),
        claim(
            "R10",
            "agent 2 hears the customer as spoken (±2 dB)",
            Hears(phase, Agent2, Customer),
        ),
        claim(
            "R10",
            "the customer no longer hears agent 1 (≤ −60 dB)",
            HearsNot(phase, Customer, Agent1),
        ),
        claim(
            "R10",
            "agent 2 no longer hears agent 1 (≤ −60 dB)",
            HearsNot(phase, Agent2, Agent1),
        ),
        claim(
            "R10",
            "agent 1 hears nobody any more (≤ −60 dB)",
            NoPilot(phase, Agent1),
        ),
    ]
}

/// While the customer is handed over he hears this.
const fn gap_at_transfer(heard: Tone) -> ClaimSpec {
    claim(
        "R10",
        "the customer's gap at the transfer is 20 ms or less",
        Gap(Moment::Transfer, heard),
    )
}

pub(super) const TRANSFER: &[ClaimSpec] = &[
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
    gap_at_transfer(Tone::Pilot(1511.0)),
];

pub(super) const CONSULT_TRANSFER: &[ClaimSpec] = &[
    claim(
        "R7",
        "the customer is referred to agent 2 with Replaces of the consult, calls him, and it is reported by NOTIFY 200",
        Wire(WireFact::CustomerReferred),
    ),
    gap_at_transfer(Tone::Any),
];

pub(super) const BLIND: &[ClaimSpec] = &[
    claim(
        "R7",
        "the customer is referred to agent 2, calls him, and it is reported by NOTIFY 200",
        Wire(WireFact::CustomerReferredBlind),
    ),
    gap_at_transfer(Tone::Any),
];

pub(super) const TRANSFERRED: &[ClaimSpec] = &joined::<7>(&[
    &[claim(
        "promise",
        "agent 1's dialogs end, and only when the new one is up",
        Wire(WireFact::OldDialogsEnd),
    )],
    &handed_over(Phase::Transferred),
    &[claim(
        "call",
        "the customer hangs up",
        Wire(WireFact::CustomerHangsUp),
    )],
]);

pub(super) const DECLINE: &[ClaimSpec] = &[
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

pub(super) const ANCHORED: &[ClaimSpec] = &joined::<8>(&[
    &[
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
    ],
    &handed_over(Phase::Anchored),
]);

pub(super) const REFUSED: &[ClaimSpec] = &joined::<6>(&[
    &[claim(
        "R7",
        "the customer is referred to agent 2, and it fails: 603",
        Wire(WireFact::TransferRefused),
    )],
    &BACK,
    &[
        claim(
            "swap",
            "agent 2, held, hears music",
            Music(Phase::Back, Agent2),
        ),
        claim(
            "swap",
            "agent 2, held, hears no pilot (≤ −55 dB)",
            NoPilotInMusic(Phase::Back, Agent2),
        ),
    ],
]);
