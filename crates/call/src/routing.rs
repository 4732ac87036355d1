//! Who hears whom. A level, not an edge: after any change the whole of it is stated again.
use crate::LegId;
use crate::call::{Call, State};
use crate::leg::{Phase, Ring};
use crate::legs::Side;
use alloc::vec::Vec;

/// All parties that have sound, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Routing {
    /// In no particular order.
    pub entries: Vec<RouteEntry>,
}

/// One party's entry: it hears the sum of the parties of its group that speak, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteEntry {
    /// The party, which has no other entry.
    pub party: Party,
    /// Its conversation; parties of different groups never hear each other.
    pub group: Group,
    /// Its sound goes to the others of the group.
    pub speaks: bool,
    /// It gets the others' sound.
    pub hears: bool,
    /// It gets this instead of, or (ring-back to the agent) as well as, the others' sound.
    pub tone: Option<Tone>,
}

/// A party that has an entry.
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
    /// The called party is busy, does not answer or refused.
    Busy,
    /// The call failed: there is no such party, or no way to it.
    Congestion,
    /// We are called (local ear only).
    Ringing,
    /// A second call waits (local ear only).
    Waiting,
    /// Our own voice, and none other: for a leg that is to hear no other party of its group.
    Voice,
    /// A call was answered without the agent's doing (local ear only, once, before the caller is heard).
    Answered,
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
            // An agent that did not answer is told so before the caller is heard, or hears.
            let told = self.tone_until.is_none();
            let answered = (!told).then_some(Tone::Answered);
            entries.push(RouteEntry {
                party: Party::Local,
                group,
                speaks: told && !self.muted,
                hears: told,
                tone: answered.or(self.ring_back()).or(local_tone),
            });
        }
        if matches!(
            self.state,
            State::Offered | State::Asked { .. } | State::Ending
        ) {
            return;
        }
        let crowd = matches!(self.state, State::Conference)
            || matches!(&self.state, State::Transfer(transfer) if transfer.is_of_conference());
        // Without our own voice, the party that is off hold already has music until the other is, too.
        let bridge = matches!(self.state, State::Anchored | State::Handover { .. });
        let half_bridge = bridge && (self.on_hold(Side::Peer) || self.on_hold(Side::Guest));
        for leg in self.legs.iter() {
            if !leg.may_sound() {
                continue;
            }
            let held = leg.on_hold() || half_bridge;
            entries.push(RouteEntry {
                party: Party::Leg(leg.id),
                group,
                // A party that holds us in a conference would play its music to the others.
                speaks: !(held || crowd && leg.far_held),
                hears: !held,
                tone: held.then_some(Tone::Music),
            });
        }
        entries.extend(self.newcomer(group));
        entries.extend(self.old_focus(group));
    }

    /// The focus whose guest has taken over its call is spoken to until it leaves: the party that the guest called hears the old mix
    /// until the new leg has sounded, and the guest's voice in it. It hears nothing of the new leg, which may carry its own voice.
    fn old_focus(&self, group: Group) -> Option<RouteEntry> {
        let speaks = self.has_local() && !self.muted;
        let focus = self
            .leaving
            .iter()
            .find(|leaving| leaving.hears && leaving.until.is_some())?;
        Some(RouteEntry {
            party: Party::Leg(focus.id),
            group,
            speaks: false,
            hears: false,
            tone: speaks.then_some(Tone::Voice),
        })
    }

    /// A leg that is about to take another's place hears us from the start, so that its far party has something to hear when it
    /// changes over with our first sound; it is heard from its own first sound on. It hears us alone: the old leg may bring a mix with
    /// that party's own voice in it.
    fn newcomer(&self, group: Group) -> Option<RouteEntry> {
        let next = self.next.as_ref()?;
        let old = self.legs.get(next.old)?;
        let alone = old.is_up() && !old.on_hold() && self.has_local();
        let replaces = matches!(next.by, crate::call::By::Replaces(_));
        (replaces && alone && self.state != State::Conference).then_some(RouteEntry {
            party: Party::Leg(next.leg.id),
            group,
            speaks: false,
            hears: false,
            tone: (!self.muted).then_some(Tone::Voice),
        })
    }

    fn ring_back(&self) -> Option<Tone> {
        self.legs
            .iter()
            .any(|leg| leg.phase == Phase::Dialling(Ring::Ringing))
            .then_some(Tone::RingBack)
    }
}

/// Who hears whom, over all calls.
pub(crate) fn of(calls: &[Call], refused: Option<Tone>) -> Routing {
    let offered = calls.iter().find(|call| call.state == State::Offered);
    let mut entries = Vec::new();
    for call in calls {
        call.entries(offered.map(|_| Tone::Waiting).or(refused), &mut entries);
    }
    let tone = offered.map(|_| Tone::Ringing).or(refused);
    if tone.is_some() && !calls.iter().any(Call::has_local) {
        // Alone with the tone: no call has number 0.
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
