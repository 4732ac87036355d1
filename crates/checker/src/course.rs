//! The course of a story on the wall clock, derived from the SIP alone: who was with whom when, and when things changed.
//!
//! A phase is a stretch in which nothing is being renegotiated; what each party must then hear follows from it.
use crate::Party;
use crate::wire::{Dialog, Direction, Offer, Wire};

/// Who is with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Customer and agent 1, before anybody was consulted.
    TwoParty,
    /// The customer is held and nobody else is there.
    Hold,
    /// The customer is held; the agents talk.
    Consult,
    /// Agent 2 is held; the customer and agent 1 talk.
    Swapped,
    /// The customer is held again after a swap; the agents talk.
    ConsultAgain,
    /// All three.
    Conference,
    /// All three, after a transfer was declined.
    ConferenceAfter,
    /// Customer and agent 2, in a dialog of their own.
    Transferred,
    /// Customer and agent 1, after agent 2 left the conference.
    AfterExit,
    /// The two agents, after the customer left.
    PostCall,
    /// Customer and agent 2 over agent 1's phone, agent 1 out.
    Anchored,
    /// All three, after agent 1's phone died and was started again.
    TakenUp,
    /// Customer and agent 1 again, after a consult or transfer that came to nothing.
    Back,
}

/// When something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The customer is taken off hold into the conference.
    ConferenceStart,
    /// Agent 2 leaves the conference.
    Exit,
    /// The call goes from agent 1 to agent 2.
    Transfer,
    /// Agent 1's microphone and ear leave, the bridge stays.
    Anchoring,
    /// Agent 1's phone dies in the conference, and is started again.
    Crash,
}

/// A stretch of time in µs since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub from_us: i64,
    /// Its end.
    pub to_us: i64,
}

impl Span {
    /// Its length in seconds; nothing when it is turned round.
    #[must_use]
    pub fn seconds(self) -> f64 {
        (self.to_us - self.from_us).max(0) as f64 / 1e6
    }

    /// Shorter by so many seconds at its start and end.
    #[must_use]
    pub fn within(self, start: f64, end: f64) -> Self {
        Self {
            from_us: self.from_us + (start * 1e6) as i64,
            to_us: self.to_us - (end * 1e6) as i64,
        }
    }

    /// Whether the other lies in it.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        self.from_us <= other.from_us && other.to_us <= self.to_us
    }
}

/// The phases in their order, and the moments.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Each phase as often as it came.
    pub phases: Vec<(Phase, Span)>,
    /// Each moment with the stretch in which its change must be over.
    pub moments: Vec<(Moment, Span)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegState {
    Down,
    Talk,
    Held,
    Changing,
}

impl Course {
    /// Derives it.
    #[must_use]
    pub fn of(wire: &Wire) -> Self {
        let mut course = Self::default();
        let Some(a) = wire.customers() else {
            return course;
        };
        let b = wire.guests();
        let t = wire.transferred();
        let taken_up = taken_up(wire);
        course.moments = moments(wire, a, b, t);

        let (legs_a, legs_b) = (leg(a), b.map(leg).unwrap_or_default());
        let mut times: Vec<i64> = legs_a.iter().chain(&legs_b).map(|(t, _)| *t).collect();
        let failed = failed_transfer(wire);
        let anchored = anchoring(wire, b);
        let replaced = t.and_then(|t| t.up_us);
        times.extend(failed);
        times.extend(anchored);
        times.extend(taken_up.iter().flat_map(|(from, to)| [*from, *to]));
        times.extend(replaced);
        times.extend(t.and_then(|t| t.bye.as_ref()).map(|bye| bye.at_us));
        times.push(wire.end_us());
        times.sort_unstable();
        times.dedup();

        let gone = |t: Option<i64>, at: i64| t.is_some_and(|t| t <= at);
        let attempted = |at: i64| b.is_some_and(|b| b.invited_us <= at);
        let mut had_swap = false;
        let mut had_conference = false;
        for pair in times.windows(2) {
            let (from_us, to_us) = (pair[0], pair[1]);
            let (la, lb) = (state(&legs_a, from_us), state(&legs_b, from_us));
            let transferred = gone(replaced, from_us)
                && t.is_some_and(|t| t.bye.as_ref().is_none_or(|bye| bye.at_us > from_us));
            let failed = gone(failed, from_us);
            let phase = match (la, lb) {
                _ if transferred => Some(Phase::Transferred),
                _ if gone(replaced, from_us) => None,
                (LegState::Talk, LegState::Talk) if gone(anchored, from_us) => {
                    Some(Phase::Anchored)
                }
                (LegState::Talk, LegState::Talk) if gone(taken_up.map(|t| t.1), from_us) => {
                    Some(Phase::TakenUp)
                }
                _ if gone(taken_up.map(|t| t.0), from_us) => None,
                (LegState::Talk, LegState::Talk) if failed => Some(Phase::ConferenceAfter),
                (LegState::Talk, LegState::Talk) => Some(Phase::Conference),
                (LegState::Held, LegState::Talk) if had_swap => Some(Phase::ConsultAgain),
                (LegState::Held, LegState::Talk) => Some(Phase::Consult),
                (LegState::Talk, LegState::Held) if failed => Some(Phase::Back),
                (LegState::Talk, LegState::Held) => Some(Phase::Swapped),
                (LegState::Held, LegState::Down) => Some(Phase::Hold),
                (LegState::Talk, LegState::Down) if had_conference => Some(Phase::AfterExit),
                (LegState::Talk, LegState::Down) if attempted(from_us) => Some(Phase::Back),
                (LegState::Talk, LegState::Down) => Some(Phase::TwoParty),
                (LegState::Down, LegState::Talk) if !gone(anchored, from_us) => {
                    Some(Phase::PostCall)
                }
                _ => None,
            };
            had_swap |= phase == Some(Phase::Swapped);
            had_conference |= phase == Some(Phase::Conference);
            if let Some(phase) = phase {
                course.add(phase, Span { from_us, to_us });
            }
        }
        course
    }

    fn add(&mut self, phase: Phase, span: Span) {
        match self.phases.last_mut() {
            Some((last, s)) if *last == phase && s.to_us == span.from_us => s.to_us = span.to_us,
            _ => self.phases.push((phase, span)),
        }
    }

    /// The longest stretch of this phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<Span> {
        self.phases
            .iter()
            .filter(|(p, _)| *p == phase)
            .map(|(_, s)| *s)
            .max_by_key(|s| s.to_us - s.from_us)
    }

    /// The stretch of this moment.
    #[must_use]
    pub fn moment(&self, moment: Moment) -> Option<Span> {
        self.moments
            .iter()
            .find_map(|(m, s)| (*m == moment).then_some(*s))
    }
}

/// The states of a leg as agent 1's offers made them, each with the time at which it began.
fn leg(dialog: &Dialog) -> Vec<(i64, LegState)> {
    let mut states = Vec::new();
    let Some(up) = dialog.up_us else {
        return states;
    };
    states.push((up, LegState::Talk));
    let mut now = LegState::Talk;
    for offer in dialog
        .offers
        .iter()
        .filter(|o| !o.first && o.by == Party::Agent1)
    {
        let held = matches!(offer.direction, Direction::SendOnly | Direction::Inactive);
        let wanted = if held { LegState::Held } else { LegState::Talk };
        if wanted == now {
            continue;
        }
        states.push((offer.at_us, LegState::Changing));
        if let Some((at, _)) = offer.answer {
            if offer.accepted().is_some() {
                now = wanted;
            }
            states.push((at, now));
        }
    }
    if let Some(bye) = &dialog.bye {
        states.retain(|(t, _)| *t < bye.at_us);
        states.push((bye.at_us, LegState::Down));
    }
    states
}

fn state(states: &[(i64, LegState)], at: i64) -> LegState {
    states
        .iter()
        .rev()
        .find(|(t, _)| *t <= at)
        .map_or(LegState::Down, |(_, s)| *s)
}

/// When the first transfer that came to nothing did so: a final refusal of the REFER or of what it led to.
fn failed_transfer(wire: &Wire) -> Option<i64> {
    wire.dialogs
        .iter()
        .flat_map(|d| &d.refers)
        .filter_map(|r| {
            r.answer
                .filter(|(_, s)| *s >= 300)
                .or(r.ended().filter(|(_, s)| *s >= 300))
        })
        .map(|(t, _)| t)
        .min()
}

/// An INFO of agent 1 to agent 2 while all three are connected, with no transfer of the wire's own.
pub(crate) fn anchoring(wire: &Wire, guest: Option<&Dialog>) -> Option<i64> {
    let a = wire.customers()?;
    guest?
        .infos
        .iter()
        .filter(|(_, by)| *by == Party::Agent1)
        .map(|(t, _)| *t)
        .find(|t| a.up_us.is_some_and(|up| up < *t) && a.bye.as_ref().is_none_or(|b| b.at_us > *t))
}

/// When agent 1's phone, started again in the conference, first offered a session anew, and when both others had agreed: its
/// process is another one, and takes sound at other ports.
pub(crate) fn taken_up(wire: &Wire) -> Option<(i64, i64)> {
    let (a, b) = (wire.customers()?, wire.guests()?);
    let (_, together) = conference_start(a)?;
    let anew = |dialog: &Dialog| {
        let mine = dialog.offers.iter().filter(|o| o.by == Party::Agent1);
        let ports: Vec<_> = mine.filter_map(|o| Some((o, o.port?))).collect();
        ports.windows(2).find_map(|pair| {
            let [(_, before), (offer, port)] = [pair[0], pair[1]];
            let moved = offer.at_us > together && port != before;
            moved.then_some((offer.at_us, offer.accepted()?))
        })
    };
    let (a, b) = (anew(a)?, anew(b)?);
    Some((a.0.min(b.0), a.1.max(b.1)))
}

fn moments(wire: &Wire, a: &Dialog, b: Option<&Dialog>, t: Option<&Dialog>) -> Vec<(Moment, Span)> {
    const BEFORE: i64 = 1_000_000;
    const AFTER: i64 = 1_500_000;
    let mut moments = Vec::new();
    let mut push = |moment, from: i64, to: i64| {
        let span = Span {
            from_us: from - BEFORE,
            to_us: to + AFTER,
        };
        moments.push((moment, span));
    };
    if let Some(start) = conference_start(a) {
        push(Moment::ConferenceStart, start.0, start.1);
    }
    if let Some(bye) = b
        .and_then(|b| b.bye.as_ref())
        .filter(|bye| bye.by == Party::Agent2)
    {
        let in_conference = conference_start(a).is_some_and(|(_, t)| t < bye.at_us);
        if in_conference && a.bye.as_ref().is_none_or(|a| a.at_us > bye.at_us) {
            push(Moment::Exit, bye.at_us, bye.at_us);
        }
    }
    if let Some((t, up)) = t.and_then(|t| t.up_us.map(|up| (t, up))) {
        let old_gone = a.bye.as_ref().map_or(up, |bye| bye.at_us);
        push(
            Moment::Transfer,
            t.invited_us,
            up.max(old_gone.min(up + 3_000_000)),
        );
    }
    if let Some(at) = anchoring(wire, b) {
        push(Moment::Anchoring, at, at);
    }
    if let (Some((_, up)), Some((_, start))) = (taken_up(wire), conference_start(a)) {
        // The SIP does not show when it died: all of the conference until then is looked at.
        let guest = b.and_then(|b| {
            b.offers
                .iter()
                .filter(|o| o.focus)
                .find_map(Offer::accepted)
        });
        let span = Span {
            from_us: start.max(guest.unwrap_or(start)) + BEFORE,
            to_us: up + AFTER,
        };
        moments.push((Moment::Crash, span));
    }
    moments
}

/// When agent 1 asked the customer, as a focus, to talk again, and when the customer agreed.
pub(crate) fn conference_start(a: &Dialog) -> Option<(i64, i64)> {
    a.offers
        .iter()
        .filter(|o| o.by == Party::Agent1 && o.focus && o.direction == Direction::SendRecv)
        .find_map(|o| o.accepted().map(|t| (o.at_us, t)))
}
