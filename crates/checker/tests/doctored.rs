//! The checker, checked: perfect evidence holds in full; doctored evidence fails exactly the claim that it must fail.
mod support;

use support::{Noise, perfect, pilot};
use trialog_checker::Party::{self, Agent1, Agent2, Customer};
use trialog_checker::{
    Course, Evidence, Moment, Phase, Recording, Report, STORIES, Span, judge, story,
};

fn check(name: &str, evidence: &Evidence) -> Report {
    judge(
        story(name).expect("a story of the list"),
        evidence,
        trialog_checker::Line::Good,
    )
}

fn failing(name: &str, evidence: &Evidence) -> Vec<String> {
    let report = check(name, evidence);
    eprintln!("{}", report.table());
    let failed = report.claims.into_iter().filter(|c| !c.holds);
    failed.map(|c| c.claim).collect()
}

fn phase(evidence: &Evidence, phase: Phase) -> Span {
    Course::of(&evidence.wire)
        .phase(phase)
        .expect("the story has the phase")
}

fn part(recording: &mut Recording, span: Span) -> &mut [f32] {
    let (from, to) = (recording.at(span.from_us), recording.at(span.to_us));
    &mut recording.samples[from..to]
}

#[test]
fn all_claims_of_every_story_hold_for_perfect_evidence() {
    for story in STORIES {
        let report = check(story.name, &perfect(story.name));
        assert!(report.holds(), "{}", report.table());
    }
}

#[test]
fn a_leak_of_the_own_voice_at_minus_50_db_fails_that_claim_alone() {
    let mut evidence = perfect("conference");
    let span = phase(&evidence, Phase::Conference);
    let own: Vec<f32> = evidence.spoken[2].slice(span).to_vec();
    for (heard, own) in part(&mut evidence.ears[2], span).iter_mut().zip(own) {
        *heard += own * 0.003_16;
    }
    assert_eq!(
        failing("conference", &evidence),
        ["agent 2 does not hear himself (≤ −60 dB)"]
    );
}

#[test]
fn a_leak_that_comes_back_300_ms_later_is_found_too() {
    let mut evidence = perfect("exit");
    let span = phase(&evidence, Phase::Conference);
    let own: Vec<f32> = evidence.spoken[0].slice(span).to_vec();
    for (heard, own) in part(&mut evidence.ears[0], span)
        .iter_mut()
        .skip(14_400)
        .zip(own)
    {
        *heard += own * 0.003_16;
    }
    assert_eq!(
        failing("exit", &evidence),
        ["the customer does not hear himself (≤ −60 dB)"]
    );
}

fn silence_at(evidence: &mut Evidence, moment: Moment, seconds: f64) {
    let span = Course::of(&evidence.wire)
        .moment(moment)
        .expect("the story has the moment");
    let from_us = span.from_us + 1_100_000;
    let gap = Span {
        from_us,
        to_us: from_us + (seconds * 1e6) as i64,
    };
    part(&mut evidence.ears[0], gap).fill(0.0);
}

#[test]
fn a_gap_of_60_ms_fails_the_claim_of_its_moment_alone() {
    for (story, moment, claim) in [
        (
            "conference",
            Moment::ConferenceStart,
            "the customer's gap at the start is 20 ms or less",
        ),
        (
            "conference",
            Moment::Transfer,
            "the customer's gap at the transfer is 20 ms or less",
        ),
        (
            "consult-transfer",
            Moment::Transfer,
            "the customer's gap at the transfer is 20 ms or less",
        ),
        (
            "blind",
            Moment::Transfer,
            "the customer's gap at the transfer is 20 ms or less",
        ),
        (
            "exit",
            Moment::Exit,
            "the customer's gap at the exit is 20 ms or less",
        ),
        (
            "anchored",
            Moment::Anchoring,
            "the customer's gap at the anchoring is 20 ms or less",
        ),
    ] {
        let mut evidence = perfect(story);
        silence_at(&mut evidence, moment, 0.06);
        assert_eq!(failing(story, &evidence), [claim], "{story}");
    }
}

#[test]
fn a_customer_that_is_without_the_others_for_longer_after_a_crash_fails_that_claim_alone() {
    let mut evidence = perfect("crash");
    let span = Course::of(&evidence.wire).moment(Moment::Crash);
    let taken_up_us = span.expect("the story has the moment").to_us - 1_500_000;
    let gap = Span {
        from_us: taken_up_us - 2_100_000,
        to_us: taken_up_us + 200_000,
    };
    part(&mut evidence.ears[0], gap).fill(0.0);
    assert_eq!(
        failing("crash", &evidence),
        ["the customer is without the others for 2 s at most"]
    );
}

#[test]
fn a_gap_of_10_ms_is_no_gap() {
    let mut evidence = perfect("exit");
    silence_at(&mut evidence, Moment::Exit, 0.01);
    assert!(failing("exit", &evidence).is_empty());
}

#[test]
fn two_ears_swapped_fail_the_claim_of_the_ears_alone() {
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let mut evidence = perfect("conference");
        evidence.ears.swap(a, b);
        assert_eq!(
            failing("conference", &evidence),
            ["each recording is the ear of the party whose name it bears"],
            "{a} and {b}"
        );
    }
}

#[test]
fn minus_3_db_on_one_speaker_fails_that_pair_alone() {
    for (listener, speaker, claim) in [
        (
            Customer,
            Agent2,
            "the customer hears agent 2 within ±1 dB of the two-party level",
        ),
        (
            Agent1,
            Customer,
            "agent 1 hears the customer within ±1 dB of the two-party level",
        ),
        (
            Agent2,
            Agent1,
            "agent 2 hears agent 1 within ±1 dB of the two-party level",
        ),
    ] {
        let mut evidence = perfect("conference");
        let conference = phase(&evidence, Phase::Conference);
        let said = alone_in(&evidence, speaker, conference);
        for sample in part(&mut evidence.ears[listener.index()], said.within(0.0, -0.3)) {
            *sample *= 0.708;
        }
        assert_eq!(failing("conference", &evidence), [claim]);
    }
}

fn alone_in(evidence: &Evidence, party: Party, phase: Span) -> Span {
    use trialog_checker::hear::{Voice, solo, utterances};
    let said = evidence
        .spoken
        .each_ref()
        .map(|s| utterances(&Voice::of(s)));
    solo(&said, party)
        .into_iter()
        .find(|u| phase.holds(*u))
        .expect("the party speaks alone in the phase")
}

#[test]
fn music_missing_on_hold_fails_that_claim_alone() {
    for (which, claim) in [
        (Phase::Hold, "the customer on hold hears music"),
        (
            Phase::ConsultAgain,
            "after the swap back the customer hears music",
        ),
    ] {
        let mut evidence = perfect("conference");
        let span = phase(&evidence, which);
        part(&mut evidence.ears[0], span.within(-0.1, -0.1)).fill(0.0);
        assert_eq!(failing("conference", &evidence), [claim]);
    }
}

#[test]
fn music_that_is_but_a_faint_hiss_is_no_music() {
    let mut evidence = perfect("busy");
    let span = phase(&evidence, Phase::Hold);
    let mut noise = Noise(7);
    part(&mut evidence.ears[0], span).fill_with(|| 0.001 * noise.next());
    assert_eq!(
        failing("busy", &evidence),
        ["the customer on hold hears music"]
    );
}

#[test]
fn a_pilot_on_hold_fails_that_claim_alone() {
    let mut evidence = perfect("conference");
    let span = phase(&evidence, Phase::Hold);
    let ear = part(&mut evidence.ears[0], span);
    let tone = pilot(Agent1, ear.len());
    for (heard, tone) in ear.iter_mut().zip(tone) {
        *heard += 0.1 * tone;
    }
    assert_eq!(
        failing("conference", &evidence),
        ["the customer on hold hears no pilot (≤ −55 dB)"]
    );
}

#[test]
fn agent_1_still_heard_after_the_transfer_fails_that_claim_alone() {
    let mut evidence = perfect("conference");
    let span = phase(&evidence, Phase::Transferred);
    let ear = part(&mut evidence.ears[0], span);
    let tone = pilot(Agent1, ear.len());
    for (heard, tone) in ear.iter_mut().zip(tone) {
        *heard += tone;
    }
    assert_eq!(
        failing("conference", &evidence),
        ["the customer no longer hears agent 1 (≤ −60 dB)"]
    );
}

#[test]
fn music_left_in_the_conference_fails_the_rule_that_nobody_is_held() {
    let mut evidence = perfect("exit");
    let span = phase(&evidence, Phase::Conference);
    for (i, heard) in part(&mut evidence.ears[1], span).iter_mut().enumerate() {
        *heard += 0.02 * (i as f32 * 0.0288).sin();
    }
    assert_eq!(
        failing("exit", &evidence),
        ["nobody is put on hold in the conference, and nobody hears music"]
    );
}

#[test]
fn a_party_cut_off_in_the_conference_fails_the_claims_of_that_pair() {
    let mut evidence = perfect("end");
    let span = phase(&evidence, Phase::Conference);
    let lost = evidence.spoken[2].slice(span).to_vec();
    for (heard, lost) in part(&mut evidence.ears[0], span)
        .iter_mut()
        .skip(3_840)
        .zip(lost)
    {
        *heard -= lost;
    }
    assert_eq!(
        failing("end", &evidence),
        [
            "the customer hears agent 2 within ±1 dB of the two-party level",
            "the customer hears both agents while all three speak at once"
        ]
    );
}

#[test]
fn evidence_without_sip_holds_nothing() {
    let mut evidence = perfect("exit");
    evidence.wire.messages.clear();
    evidence.wire.dialogs.clear();
    let report = check("exit", &evidence);
    assert!(report.claims.iter().all(|c| !c.holds), "{}", report.table());
}

#[test]
fn silent_recordings_fail() {
    let mut evidence = perfect("end");
    for ear in &mut evidence.ears {
        ear.samples.fill(0.0);
    }
    assert!(!check("end", &evidence).holds());
}
