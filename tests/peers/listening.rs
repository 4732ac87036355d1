//! Who must hear whom, and what the recordings say.
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use trialog_tests::foreign::pilot::LEVEL;
use trialog_tests::foreign::{Abilities, RecordingPosition, Role, Sound};

/// What must hold while all ears listen.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    when: &'static str,
    /// Each ear that is judged, and whom it hears: all others it does not hear, nor itself.
    ears: Vec<(Role, Vec<Role>)>,
    /// The ears that hear music, and no pilot.
    music: Vec<Role>,
    /// Levels are those of the two alone, ±1 dB.
    conference: bool,
    /// The customer hears no gap.
    gap: Option<Change>,
}

impl Listening {
    /// A talk in which each of these ears hears exactly those voices.
    pub(crate) fn to(when: &'static str, ears: &[(Role, &[Role])]) -> Self {
        Self {
            when,
            ears: ears
                .iter()
                .map(|(ear, voices)| (*ear, voices.to_vec()))
                .collect(),
            music: Vec::new(),
            conference: false,
            gap: None,
        }
    }

    /// And this ear hears music, and nobody.
    pub(crate) fn music(mut self, ear: Role) -> Self {
        self.music.push(ear);
        self.ears.push((ear, Vec::new()));
        self
    }

    /// A conference: all hear both others, at the level of the two alone.
    pub(crate) fn conference(when: &'static str) -> Self {
        use Role::{Agent1, Agent2, Customer};
        let mut listening = Self::to(
            when,
            &[
                (Customer, &[Agent1, Agent2]),
                (Agent1, &[Customer, Agent2]),
                (Agent2, &[Customer, Agent1]),
            ],
        );
        listening.conference = true;
        listening
    }

    /// Nothing but that the customer hears no gap.
    pub(crate) fn gap(when: &'static str, change: Change) -> Self {
        Self {
            gap: Some(change),
            ..Self::to(when, &[])
        }
    }
}

/// What a change does to the customer's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its direction changes.
    Direction,
    /// Nothing.
    Nothing,
}

/// A listening and the places between which it lies, for each party.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) listening: Listening,
    pub(crate) from: [RecordingPosition; 3],
    pub(crate) to: [RecordingPosition; 3],
    /// So long the machine itself ran nothing: a gap may be longer by that.
    pub(crate) stood_still: Duration,
}

/// The level at which an ear heard a voice when the two were alone, in dB.
pub(crate) type Alone = BTreeMap<(Role, Role), f64>;

/// Within this of what was spoken, in dB, when two talk.
const TWO_PARTY: f64 = 2.0;
/// Within this of the level between the two alone, in dB, in a conference.
const CONFERENCE: f64 = 1.0;
/// What is not heard is at most here, in dB.
const SILENT: f64 = -60.0;
/// The same in an ear that hears music, in dB: the attack of a note has some of every frequency, up to −53 at a pilot's when the listening
/// falls on it. A voice that is led astray comes as it is spoken, at −30.
const SILENT_IN_MUSIC: f64 = -45.0;
/// Music is louder than this, in dB: Trialog's is at −17, and a phone's own buffers add clicks at −40.
const MUSIC: f64 = -25.0;
/// And where there is none, there is at most this.
const NO_MUSIC: f64 = -30.0;
/// The longest gap of the customer, in ms.
const GAP: u32 = 20;

/// The worst that was measured, beside what is claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worst {
    /// Off what was spoken, in dB, between two.
    two: f64,
    /// Off the level between two, in dB, in a conference.
    conference: f64,
    /// Who must not be heard, in dB.
    unheard: f64,
    /// One's own voice, in dB.
    own: f64,
    /// The customer's longest gap, in ms.
    gap: u32,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            two: 0.0,
            conference: 0.0,
            unheard: -150.0,
            own: -150.0,
            gap: 0,
        }
    }
}

impl Worst {
    /// The worse of both, each.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            two: self.two.max(other.two),
            conference: self.conference.max(other.conference),
            unheard: self.unheard.max(other.unheard),
            own: self.own.max(other.own),
            gap: self.gap.max(other.gap),
        }
    }
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "worst measured, music apart: two parties {:.1} dB off what was spoken (2 allowed), a conference {:.1} dB off that (1), \
             who must not be heard {:.0} dB (−60), own voice {:.0} dB (−60), a gap of the customer {} ms (20)",
            self.two, self.conference, self.unheard, self.own, self.gap
        )
    }
}

impl Heard {
    /// What is wrong, each with what was expected and what was measured. `alone` learns the levels of two alone.
    pub(crate) fn faults(
        &self,
        abilities: &[Abilities; 3],
        alone: &mut Alone,
        worst: &mut Worst,
    ) -> Vec<String> {
        let Listening { when, gap, .. } = self.listening;
        let mut faults = Vec::new();
        let customer = &abilities[0];
        let seen = match gap {
            None => Err(""),
            Some(Change::Nothing) => customer.records.and(customer.records_gaps),
            Some(Change::Direction) => (customer.records)
                .and(customer.records_gaps)
                .and(customer.changes_without_gap),
        };
        if seen.is_ok() {
            let sound = Sound::between(&self.from[0], &self.to[0]);
            let longest = sound.longest_silence();
            let still = u32::try_from(self.stood_still.as_millis()).unwrap_or(u32::MAX);
            if still == 0 {
                worst.gap = worst.gap.max(longest);
            }
            let most = GAP.saturating_add(still);
            if longest > most {
                faults.push(format!(
                    "{when}: the customer hears a gap of {longest} ms, at most {most} ms expected"
                ));
            }
        }
        for (ear, voices) in &self.listening.ears {
            let place = *ear as usize;
            if abilities[place].records.is_err() {
                continue;
            }
            let sound = Sound::between(&self.from[place], &self.to[place]);
            for voice in Role::ALL {
                let say = |expected: String, measured: f64| {
                    let (ear, voice) = (ear.name(), voice.name());
                    format!("{when}: {ear} hears {voice} at {measured:.1} dB, expected {expected}")
                };
                if voices.contains(&voice) {
                    let level = sound.level(voice.pilot());
                    let known = alone
                        .get(&(*ear, voice))
                        .filter(|_| self.listening.conference);
                    let (wanted, within) =
                        known.map_or((LEVEL, TWO_PARTY), |known| (*known, CONFERENCE));
                    let (off, seen) = ((level - wanted).abs(), &mut *worst);
                    let seen = match known {
                        Some(_) => &mut seen.conference,
                        None => &mut seen.two,
                    };
                    *seen = seen.max(off);
                    if off > within {
                        faults.push(say(format!("{wanted:.1} ±{within} dB"), level));
                    } else if voices.len() == 1 {
                        alone.entry((*ear, voice)).or_insert(level);
                    }
                } else {
                    let own = *ear == voice;
                    let most = match own {
                        true => abilities[place].own_voice.0,
                        false => SILENT,
                    };
                    let music = self.listening.music.contains(ear);
                    let most = if music {
                        most.max(SILENT_IN_MUSIC)
                    } else {
                        most
                    };
                    let level = sound.trace_of(voice.pilot());
                    let seen = if own {
                        &mut worst.own
                    } else {
                        &mut worst.unheard
                    };
                    if !music {
                        *seen = seen.max(level);
                    }
                    if level > most {
                        faults.push(say(format!("at most {most:.0} dB"), level));
                    }
                }
            }
            let beside = sound.beside(&Role::ALL.map(Role::pilot));
            let music = self.listening.music.contains(ear);
            if music && beside < MUSIC {
                let ear = ear.name();
                faults.push(format!(
                    "{when}: {ear} hears {beside:.1} dB beside the pilots, expected music, at least {MUSIC} dB"
                ));
            }
            if !music && beside > NO_MUSIC {
                let ear = ear.name();
                faults.push(format!(
                    "{when}: {ear} hears {beside:.1} dB beside the pilots, expected none, at most {NO_MUSIC} dB"
                ));
            }
        }
        faults
    }
}
