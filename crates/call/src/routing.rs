//! Who hears whom. A level, not an edge: after any change the whole of it is stated again.
use crate::LegId;
use crate::call::{Call, Slot, State};
use crate::leg::{Phase, Ring};
use alloc::vec::Vec;

/// All parties that have sound, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Routing {
    /// In no particular order that anyone may rely on.
    pub entries: Vec<RouteEntry>,
}

/// One party's place: it hears the sum of those in its group who speak, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteEntry {
    /// Who.
    pub party: Party,
    /// With whom; parties of different groups never hear each other.
    pub group: Group,
    /// Its sound goes to the others of the group.
    pub speaks: bool,
    /// It gets the others' sound.
    pub hears: bool,
    /// It gets this instead of, or (ring-back to the agent) as well as, the others' sound.
    pub tone: Option<Tone>,
}

/// Who has a entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Our own microphone and ear.
    Local,
    /// The far end of a leg.
    Leg(LegId),
}

/// A conversation, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u16);

/// A sound that the phone makes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Hold music.
    Music,
    /// The called party rings.
    RingBack,
    /// The called party is busy or refused.
    Busy,
    /// We are called (local ear only).
    Ringing,
    /// A second call waits (local ear only).
    Waiting,
}

/// Which way sound may flow, as seen from here (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// From us only: the far side is held.
    SendOnly,
    /// To us only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Call {
    /// This call's entries. Our own microphone and ear are among them when they are with it.
    fn entries(&self, local_tone: Option<Tone>, entries: &mut Vec<RouteEntry>) {
        // The group follows the call's number, so that it stays when other calls come and go.
        let group = Group((self.id.0 & 0xffff) as u16);
        if self.has_local() {
            entries.push(RouteEntry {
                party: Party::Local,
                group,
                speaks: !self.muted,
                hears: true,
                tone: self.ring_back().or(local_tone),
            });
        }
        if matches!(self.state, State::Offered | State::Ending) {
            return;
        }
        let crowd = matches!(self.state, State::Conference)
            || matches!(&self.state, State::Transfer(transfer) if transfer.is_of_conference());
        // Without our own voice, whoever is off hold already has music until the other is, too.
        let bridge = matches!(self.state, State::Anchored | State::Handover { .. });
        let half_bridge = bridge && (self.on_hold(Slot::First) || self.on_hold(Slot::Second));
        for leg in [self.first.as_ref(), self.second.as_ref()]
            .into_iter()
            .flatten()
        {
            let sounds = leg.is_up() || leg.phase == Phase::Dialling(Ring::Early);
            if !sounds {
                continue;
            }
            let held = leg.on_hold() || half_bridge;
            entries.push(RouteEntry {
                party: Party::Leg(leg.id),
                group,
                // Whoever holds us in a conference would play his music to the others.
                speaks: !(held || crowd && leg.far_held),
                hears: !held,
                tone: held.then_some(Tone::Music),
            });
        }
        entries.extend(self.newcomer(group));
    }

    /// Whoever is about to take a leg's place hears us from the start, so that he has something to hear when he changes over
    /// with our first sound; he is heard with his own. Not beside a focus, whose mix has his own voice in it.
    fn newcomer(&self, group: Group) -> Option<RouteEntry> {
        let next = self.next.as_ref()?;
        let old = self.leg(next.slot)?;
        let alone = old.is_up() && !old.on_hold() && !old.far_focus && self.has_local();
        let replaces = matches!(next.by, crate::call::By::Replaces(_));
        (replaces && alone && self.state != State::Conference).then_some(RouteEntry {
            party: Party::Leg(next.leg.id),
            group,
            speaks: false,
            hears: true,
            tone: None,
        })
    }

    fn ring_back(&self) -> Option<Tone> {
        [self.first.as_ref(), self.second.as_ref()]
            .into_iter()
            .flatten()
            .any(|leg| leg.phase == Phase::Dialling(Ring::Ringing))
            .then_some(Tone::RingBack)
    }
}

/// Who hears whom, over all calls.
pub(crate) fn of(calls: &[Call], busy: bool) -> Routing {
    let offered = calls.iter().find(|call| call.state == State::Offered);
    let mut entries = Vec::new();
    let refused = busy.then_some(Tone::Busy);
    for call in calls {
        call.entries(offered.map(|_| Tone::Waiting).or(refused), &mut entries);
    }
    let tone = offered.map(|_| Tone::Ringing).or(refused);
    if tone.is_some() && !calls.iter().any(Call::has_local) {
        // ParallelCalls with the tone: nobody's call has number 0.
        entries.push(RouteEntry {
            party: Party::Local,
            group: Group(offered.map_or(0, |call| (call.id.0 & 0xffff) as u16)),
            speaks: false,
            hears: false,
            tone,
        });
    }
    Routing { entries }
}
