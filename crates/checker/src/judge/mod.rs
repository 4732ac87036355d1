//! Decides each claim of a story from the evidence. What can't be measured does not hold.
mod sound;
mod wire;

use crate::hear::{self, Voice};
use crate::story::{ClaimSpec, Measure};
use crate::{Claim, Course, Evidence, Party, Phase, Report, Span, Story};

/// What a measurement found, and whether it is as it must be; or why there is none.
type Finding = Result<(String, bool), String>;

/// What is between the phones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// Nothing is lost.
    #[default]
    Good,
    /// Sound is lost and late: what is made up for it is not as spoken. What is finer than that can't be told of such sound, and is not
    /// claimed: a gap of 20 ms, a level within 1 dB, and what is below −55 dB under music.
    Lossy,
}

impl Line {
    /// How far speech and pilots may be from what was spoken, in dB. On a lossy line a run had up to 1.9.
    const fn tolerance(self) -> f64 {
        match self {
            Self::Good => 2.0,
            Self::Lossy => 4.0,
        }
    }

    const fn tells(self, measure: Measure) -> bool {
        let fine = matches!(
            measure,
            Measure::Gap(..) | Measure::Level(..) | Measure::NoPilotInMusic(..)
        );
        matches!(self, Self::Good) || !fine
    }

    /// A claim's words, which have the tolerance of a good line.
    fn words(self, claim: &str) -> String {
        claim.replace("(±2 dB)", &format!("(±{} dB)", self.tolerance()))
    }
}

/// The evidence, prepared for measuring.
struct Court<'a> {
    evidence: &'a Evidence,
    line: Line,
    course: Course,
    /// Whose ear each recording is, by the order of [`Party::ALL`].
    ears: [usize; 3],
    heard: [Voice; 3],
    voices: [Voice; 3],
    said: [Vec<Span>; 3],
}

/// Decides all claims of the story that can be told of sound that came by this line.
#[must_use]
pub fn judge(story: &Story, evidence: &Evidence, line: Line) -> Report {
    let voices = evidence.spoken.each_ref().map(Voice::of);
    let mut court = Court {
        evidence,
        line,
        course: Course::of(&evidence.wire),
        ears: [0, 1, 2],
        heard: evidence.ears.each_ref().map(Voice::of),
        said: voices.each_ref().map(hear::utterances),
        voices,
    };
    // Recordings that plainly bear each other's names are judged as the ears that they are, so that one fault makes one
    // claim fail: the one that says whose ears they are.
    let identity = court.identify();
    let claims = story
        .claims()
        .filter(|spec| line.tells(spec.measure))
        .map(|spec| court.decide(spec, &identity))
        .collect();
    Report {
        story: story.name.to_owned(),
        claims,
    }
}

impl Court<'_> {
    fn decide(&self, spec: &ClaimSpec, identity: &Finding) -> Claim {
        let finding = match spec.measure {
            Measure::OwnEars => identity.clone(),
            Measure::Hears(phase, listener, speaker) => self.hears(phase, listener, speaker),
            Measure::HearsNot(phase, listener, speaker) => {
                self.hears_not(phase, listener, &[speaker])
            }
            Measure::Level(phase, listener, speaker) => self.level(phase, listener, speaker),
            Measure::Together(listener) => self.together(listener),
            Measure::OwnVoice(party) => self.own_voice(party),
            Measure::Music(phase, listener) => self.music(phase, listener),
            Measure::NoPilotInMusic(phase, listener) => self.hears_not_in_music(phase, listener),
            Measure::NoPilot(phase, listener) => {
                self.hears_not(phase, listener, &listener.others())
            }
            Measure::NobodyHeld(phase) => self.nobody_held(phase),
            Measure::Gap(moment, tone) => self.gap(moment, tone),
            Measure::Reunited(moment, listener) => self.reunited(moment, listener),
            Measure::Wire(fact) => wire::decide(fact, &self.evidence.wire),
        };
        let (measured, holds) = match finding {
            Ok(found) => found,
            Err(why) => (format!("not measured: {why}"), false),
        };
        Claim {
            rule: spec.rule.to_owned(),
            claim: self.line.words(spec.words),
            measured,
            holds,
        }
    }

    fn phase(&self, phase: Phase) -> Result<Span, String> {
        self.course
            .phase(phase)
            .filter(|s| s.seconds() > 0.5)
            .ok_or_else(|| format!("the SIP shows no {}", name(phase)))
    }
}

/// A phase as it is called in the drawings and in a finding.
pub(crate) fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::TwoParty => "customer ↔ agent 1",
        Phase::Hold => "on hold",
        Phase::Consult => "consult",
        Phase::Swapped => "swapped",
        Phase::ConsultAgain => "swapped back",
        Phase::Conference => "conference",
        Phase::ConferenceAfter => "conference goes on",
        Phase::Transferred => "customer ↔ agent 2",
        Phase::AfterExit => "agent 2 has left",
        Phase::PostCall => "post-call",
        Phase::Anchored => "anchored",
        Phase::TakenUp => "conference taken up",
        Phase::Back => "back with agent 1",
    }
}

/// Who hears whom in a phase.
pub(crate) fn connected(phase: Phase, a: Party, b: Party) -> bool {
    use Party::{Agent1, Agent2, Customer};
    let pair = |x, y| (a == x && b == y) || (a == y && b == x);
    match phase {
        Phase::TwoParty | Phase::AfterExit | Phase::Back | Phase::Swapped => pair(Customer, Agent1),
        Phase::Hold => false,
        Phase::Consult | Phase::ConsultAgain | Phase::PostCall => pair(Agent1, Agent2),
        Phase::Conference | Phase::ConferenceAfter | Phase::TakenUp => a != b,
        Phase::Transferred | Phase::Anchored => pair(Customer, Agent2),
    }
}
