//! The claims that are decided by ear.
use super::{Court, Finding, connected, name};
use crate::hear::{self, Tone};
use crate::wire::Direction;
use crate::{Moment, Party, Phase, Recording, Span};

/// How far a pilot must be below full scale where it must not be.
const ABSENT: f64 = -60.0;
/// The same where the listener hears music, at −20 dB: Opus at 32 kb/s leaves noise at and beside each pilot that comes to −58 dB in
/// half a second of it (PCMU: −76). A pilot is spoken at −30, and a route that is wrong carries all of it.
const ABSENT_IN_MUSIC: f64 = -55.0;
/// What a listener may still hear of what was before.
const SETTLE: f64 = 0.6;
/// What may be beside the pilots where there is no music: the noise of a codec, far below the music's −20 dB.
const QUIET: f64 = -38.0;
/// Half-way, in dB, between a pilot as spoken and no pilot.
const PRESENT: f64 = -45.0;
/// How long, in ms, a listener may be without the others when the phone that mixes dies.
const LONGEST_LOSS: f64 = 2_000.0;

impl Court<'_> {
    fn ear(&self, party: Party) -> &Recording {
        &self.evidence.ears[self.ears[party.index()]]
    }

    fn heard(&self, party: Party) -> &hear::Voice {
        &self.heard[self.ears[party.index()]]
    }

    /// This party's utterances that it spoke alone, in full, in the phase.
    fn alone(&self, phase: Phase, party: Party) -> Vec<Span> {
        let phases = self.course.phases.iter().filter(|(p, _)| *p == phase);
        let spans: Vec<Span> = phases.map(|(_, s)| s.within(0.1, 0.45)).collect();
        hear::solo(&self.said, party)
            .into_iter()
            .filter(|u| spans.iter().any(|s| s.holds(*u)))
            .collect()
    }

    /// The pilot's level in the quiet of the phase, segment by segment.
    fn pilots(
        &self,
        listener: Party,
        phase: Phase,
        whose: Party,
        segment: f64,
    ) -> Result<Vec<f64>, String> {
        let span = self.phase(phase)?.within(SETTLE, 0.1);
        let quiet = hear::quiet(&self.said, span);
        let levels = hear::pilot_segments(self.ear(listener), &quiet, whose.pilot(), segment);
        if levels.is_empty() {
            return Err(format!("no quiet of half a second while {}", name(phase)));
        }
        Ok(levels)
    }

    fn pilot_as_spoken(&self, party: Party) -> Result<f64, String> {
        let spoken = &self.evidence.spoken[party.index()];
        let all = Span {
            from_us: spoken.started_us,
            to_us: spoken.ended_us(),
        };
        let quiet = hear::quiet(&self.said, all);
        median(hear::pilot_segments(
            spoken,
            &quiet,
            party.pilot(),
            hear::LEVEL_SEGMENT,
        ))
        .filter(|level| *level > PRESENT)
        .ok_or_else(|| format!("{} carries no pilot", party.name()))
    }

    fn voice_gain(&self, phase: Phase, listener: Party, speaker: Party) -> Result<f64, String> {
        let said = self.alone(phase, speaker);
        let gain = hear::voice_gain(self.heard(listener), &self.voices[speaker.index()], &said);
        gain.ok_or_else(|| {
            format!(
                "{} never speaks alone while {}",
                speaker.name(),
                name(phase)
            )
        })
    }

    pub(super) fn hears(&self, phase: Phase, listener: Party, speaker: Party) -> Finding {
        let levels = self.pilots(listener, phase, speaker, hear::LEVEL_SEGMENT)?;
        let pilot = median(levels).unwrap_or(-150.0) - self.pilot_as_spoken(speaker)?;
        let voice = self.voice_gain(phase, listener, speaker)?;
        let most = self.line.tolerance();
        Ok((
            format!("pilot {pilot:+.1} dB, speech {voice:+.1} dB"),
            pilot.abs() <= most && voice.abs() <= most,
        ))
    }

    pub(super) fn hears_not(&self, phase: Phase, listener: Party, whom: &[Party]) -> Finding {
        self.hears_no_pilot(phase, listener, whom, ABSENT)
    }

    pub(super) fn hears_not_in_music(&self, phase: Phase, listener: Party) -> Finding {
        self.hears_no_pilot(phase, listener, &listener.others(), ABSENT_IN_MUSIC)
    }

    fn hears_no_pilot(&self, phase: Phase, listener: Party, whom: &[Party], most: f64) -> Finding {
        let mut worst = (-150.0, 0.0);
        for party in whom {
            for level in self.pilots(listener, phase, *party, hear::PILOT_SEGMENT)? {
                if level > worst.0 {
                    worst = (level, party.pilot());
                }
            }
        }
        Ok((
            format!("loudest pilot {:.0} dB ({:.0} Hz)", worst.0, worst.1),
            worst.0 <= most,
        ))
    }

    pub(super) fn level(&self, phase: Phase, listener: Party, speaker: Party) -> Finding {
        let here = self.voice_gain(phase, listener, speaker)?;
        let alone = [
            Phase::TwoParty,
            Phase::Consult,
            Phase::Transferred,
            Phase::AfterExit,
            Phase::PostCall,
        ]
        .into_iter()
        .filter(|p| *p != phase && connected(*p, listener, speaker))
        .find_map(|p| self.voice_gain(p, listener, speaker).ok());
        let difference = here - alone.unwrap_or(0.0);
        let against = if alone.is_some() { "alone" } else { "spoken" };
        Ok((
            format!("{difference:+.2} dB against {against}"),
            difference.abs() <= 1.0,
        ))
    }

    pub(super) fn together(&self, listener: Party) -> Finding {
        let phase = self.phase(Phase::Conference)?;
        let spans: Vec<Span> = hear::together(&self.said)
            .into_iter()
            .filter(|s| phase.holds(*s) && s.seconds() >= 0.8)
            .collect();
        if spans.is_empty() {
            return Err("the three never speak at once in the conference".to_owned());
        }
        let mut measured = Vec::new();
        let mut holds = true;
        for speaker in listener.others() {
            let voice = &self.voices[speaker.index()];
            let gain = spans
                .iter()
                .filter_map(|s| hear::share(self.heard(listener), voice, *s))
                .fold(-150.0, f64::max);
            measured.push(format!(
                "{} {gain:+.1} dB",
                speaker.name().trim_start_matches("the ")
            ));
            holds &= gain >= -8.0;
        }
        Ok((measured.join(", "), holds))
    }

    pub(super) fn own_voice(&self, party: Party) -> Finding {
        let mut voice: Option<f64> = None;
        let mut pilot = -150.0f64;
        let as_spoken = self.pilot_as_spoken(party)?;
        let mut phases: Vec<Phase> = self.course.phases.iter().map(|(p, _)| *p).collect();
        phases.dedup();
        for phase in phases {
            let talks = party
                .others()
                .into_iter()
                .any(|o| connected(phase, party, o));
            if !talks {
                continue;
            }
            for said in self.alone(phase, party) {
                if let Some((gain, _)) =
                    hear::projection(self.heard(party), &self.voices[party.index()], said)
                {
                    voice = Some(voice.map_or(gain, |v| v.max(gain)));
                }
                let around = [said.within(0.0, -0.4)];
                let levels = hear::pilot_segments(
                    self.ear(party),
                    &around,
                    party.pilot(),
                    hear::PILOT_SEGMENT,
                );
                let powers = levels.iter().map(|level| 10f64.powf(level / 10.0));
                let mean = hear::db(powers.sum::<f64>() / levels.len().max(1) as f64);
                pilot = pilot.max(mean - as_spoken);
            }
        }
        let voice = voice.ok_or_else(|| format!("{} never speaks alone", party.name()))?;
        // What comes back comes back whole, speech and pilot alike; each is also raised by what is not one's own, such as a
        // codec's noise. So the lower of the two is still no less than what comes back.
        let own = voice.min(pilot);
        Ok((
            format!("{own:.0} dB (speech {voice:.0}, pilot {pilot:.0})"),
            own <= -60.0,
        ))
    }

    pub(super) fn music(&self, phase: Phase, listener: Party) -> Finding {
        let span = self.phase(phase)?.within(SETTLE, 0.1);
        let (share, level) = hear::music_level(self.ear(listener), span)
            .ok_or_else(|| format!("{} is not recorded long enough", name(phase)))?;
        Ok((
            format!("{level:.0} dB, {:.0} % of the time", share * 100.0),
            share >= 0.95,
        ))
    }

    pub(super) fn nobody_held(&self, phase: Phase) -> Finding {
        let span = self.phase(phase)?;
        let holds = self
            .evidence
            .wire
            .dialogs
            .iter()
            .flat_map(|d| &d.offers)
            .filter(|o| matches!(o.direction, Direction::SendOnly | Direction::Inactive))
            .filter(|o| span.from_us <= o.at_us && o.at_us < span.to_us)
            .count();
        let quiet = hear::quiet(&self.said, span.within(SETTLE, 0.1));
        let mut loudest = f64::NEG_INFINITY;
        for party in Party::ALL {
            for span in quiet.iter().filter(|s| s.seconds() >= 0.4) {
                if let Some((_, level)) = hear::music_level(self.ear(party), *span) {
                    loudest = loudest.max(level);
                }
            }
        }
        if loudest == f64::NEG_INFINITY {
            return Err(format!("no quiet while {}", name(phase)));
        }
        Ok((
            format!("{holds} holds offered; beside the pilots {loudest:.0} dB in the quiet"),
            holds == 0 && loudest <= QUIET,
        ))
    }

    pub(super) fn gap(&self, moment: Moment, tone: Tone) -> Finding {
        let span = self
            .course
            .moment(moment)
            .ok_or("the SIP does not show it")?;
        let speech: Vec<Span> = self.said.iter().flatten().copied().collect();
        let gap = hear::longest_gap(self.ear(Party::Customer), span, tone, &speech)
            .ok_or("the recording does not cover it")?;
        Ok((format!("{gap:.0} ms"), gap <= 20.0))
    }

    /// How long the listener was without one or the other.
    pub(super) fn reunited(&self, moment: Moment, listener: Party) -> Finding {
        let span = self
            .course
            .moment(moment)
            .ok_or("the SIP does not show it")?;
        let speech: Vec<Span> = self.said.iter().flatten().copied().collect();
        let mut measured = Vec::new();
        let mut holds = true;
        for speaker in listener.others() {
            let tone = Tone::Pilot(speaker.pilot());
            let gap = hear::longest_gap(self.ear(listener), span, tone, &speech)
                .ok_or("the recording does not cover it")?;
            let name = speaker.name().trim_start_matches("the ");
            measured.push(format!("{name} {gap:.0} ms"));
            holds &= gap <= LONGEST_LOSS;
        }
        Ok((measured.join(", "), holds))
    }

    /// Finds whose ears the recordings are: the order in which the pilots that are in them fit best to who was connected
    /// with whom. Takes it when it is plain.
    pub(super) fn identify(&mut self) -> Finding {
        const ORDERS: [[usize; 3]; 6] = [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        let mut fits = [0.0; 6];
        let mut total = 0.0;
        for (phase, span) in &self.course.phases {
            let quiet = hear::quiet(&self.said, span.within(SETTLE, 0.1));
            for speaker in Party::ALL {
                let present = self.evidence.ears.each_ref().map(|ear| {
                    let levels =
                        hear::pilot_segments(ear, &quiet, speaker.pilot(), hear::PILOT_SEGMENT);
                    levels
                        .iter()
                        .map(|l| f64::from(u8::from(*l > PRESENT)))
                        .collect::<Vec<_>>()
                });
                for (order, fit) in ORDERS.iter().zip(&mut fits) {
                    for listener in Party::ALL {
                        let expected = f64::from(u8::from(connected(*phase, listener, speaker)));
                        for p in &present[order[listener.index()]] {
                            *fit += 1.0 - (p - expected).abs();
                        }
                    }
                }
                total += present.iter().map(|p| p.len() as f64).sum::<f64>();
            }
        }
        if total == 0.0 {
            return Err("no quiet stretch to tell the ears by".to_owned());
        }
        let best = (0..6)
            .max_by(|a, b| fits[*a].total_cmp(&fits[*b]))
            .unwrap_or(0);
        let percent = |k: usize| fits[k] / total * 100.0;
        let as_named = fits[0] >= fits[best];
        if as_named {
            return Ok((
                format!(
                    "pilots as the SIP has it in {:.0} % of the quiet",
                    percent(0)
                ),
                true,
            ));
        }
        if percent(best) >= 90.0 && percent(best) - percent(0) >= 10.0 {
            self.ears = ORDERS[best];
        }
        let really: Vec<String> = Party::ALL
            .into_iter()
            .filter(|p| ORDERS[best][p.index()] != p.index())
            .map(|p| {
                let file = Party::ALL[ORDERS[best][p.index()]].file();
                format!("{file}.wav is the ear of {}", p.name())
            })
            .collect();
        Ok((really.join(", "), false))
    }
}

fn median(mut levels: Vec<f64>) -> Option<f64> {
    levels.sort_by(f64::total_cmp);
    levels.get(levels.len() / 2).copied()
}
