//! Who hears whom, worked out from what every phone's core routes and what every dialog's ends have agreed on: a stream
//! carries what its sender's bridge puts into it, and is heard where it arrives.
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use trialog_call::{LegId, Party, RouteEntry, Routing, Tone};

/// A phone of the world, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneId(pub usize);

/// A source of sound that an ear may hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// What is spoken at this phone.
    Voice(PhoneId),
    /// A sound that this phone makes.
    Tone(PhoneId, Tone),
}

/// A leg's sound as its own end has agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Our RTP address.
    pub local: SocketAddr,
    /// The far side's RTP address.
    pub remote: SocketAddr,
    /// We send.
    pub sends: bool,
    /// We take what comes.
    pub receives: bool,
}

/// One phone, as far as its sound goes.
#[derive(Clone, Debug, Default)]
pub struct Bridge {
    /// Who hears whom here.
    pub routing: Routing,
    /// The legs with sound.
    pub streams: BTreeMap<LegId, Stream>,
    /// Its network carries no sound.
    pub cut: bool,
    /// It hears, but sends nothing.
    pub dumb: bool,
}

/// All that is heard in the world at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audible {
    ears: Vec<BTreeSet<Heard>>,
    arriving: BTreeMap<(usize, LegId), BTreeSet<Heard>>,
}

impl Audible {
    /// Works it out.
    #[must_use]
    pub fn of(phones: &[Bridge]) -> Self {
        let mut audible = Self {
            ears: vec![BTreeSet::new(); phones.len()],
            arriving: BTreeMap::new(),
        };
        // Sound may pass several bridges: go on until nothing new arrives anywhere.
        loop {
            let next = audible.carried_on(phones);
            if next == audible {
                return audible;
            }
            audible = next;
        }
    }

    fn carried_on(&self, phones: &[Bridge]) -> Self {
        let mut arriving = BTreeMap::new();
        for (to, receiver) in phones.iter().enumerate() {
            for (&leg, into) in receiver
                .streams
                .iter()
                .filter(|(_, into)| into.receives && !receiver.cut)
            {
                for (from, sender) in phones
                    .iter()
                    .enumerate()
                    .filter(|(_, sender)| !sender.cut && !sender.dumb)
                {
                    for (&sending, _) in sender
                        .streams
                        .iter()
                        .filter(|(_, out)| out.sends && out.remote == into.local)
                    {
                        let content = self.content(from, sender, Party::Leg(sending));
                        arriving
                            .entry((to, leg))
                            .or_insert_with(BTreeSet::new)
                            .extend(content);
                    }
                }
            }
        }
        let ears = phones
            .iter()
            .enumerate()
            .map(|(phone, bridge)| self.content(phone, bridge, Party::Local))
            .collect();
        Self { ears, arriving }
    }

    /// What the bridge puts into a party's ear.
    fn content(&self, phone: usize, bridge: &Bridge, party: Party) -> BTreeSet<Heard> {
        let mut content = BTreeSet::new();
        let Some(entry) = bridge
            .routing
            .entries
            .iter()
            .find(|entry| entry.party == party)
        else {
            return content;
        };
        content.extend(entry.tone.map(|tone| match tone {
            Tone::Voice => Heard::Voice(PhoneId(phone)),
            tone => Heard::Tone(PhoneId(phone), tone),
        }));
        if entry.hears {
            let speaks_to_it = |other: &&RouteEntry| {
                other.party != party && other.group == entry.group && other.speaks
            };
            for other in bridge.routing.entries.iter().filter(speaks_to_it) {
                match other.party {
                    Party::Local => {
                        content.insert(Heard::Voice(PhoneId(phone)));
                    }
                    Party::Leg(leg) => {
                        content.extend(self.arriving.get(&(phone, leg)).into_iter().flatten())
                    }
                }
            }
        }
        content
    }

    /// What is in this phone's ear.
    #[must_use]
    pub fn ear(&self, phone: PhoneId) -> &BTreeSet<Heard> {
        &self.ears[phone.0]
    }

    /// Whose voices are in this phone's ear.
    #[must_use]
    pub fn voices(&self, phone: PhoneId) -> BTreeSet<PhoneId> {
        self.ear(phone)
            .iter()
            .filter_map(|heard| match heard {
                Heard::Voice(speaker) => Some(*speaker),
                Heard::Tone(..) => None,
            })
            .collect()
    }

    /// This tone is in this phone's ear, whoever makes it.
    #[must_use]
    pub fn has_tone(&self, phone: PhoneId, wanted: Tone) -> bool {
        self.ear(phone)
            .iter()
            .any(|heard| matches!(heard, Heard::Tone(_, tone) if *tone == wanted))
    }

    /// Something arrives on this leg, be it music.
    #[must_use]
    pub fn arrives(&self, phone: PhoneId, leg: LegId) -> bool {
        self.arriving.contains_key(&(phone.0, leg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_call::Group;

    fn at(host: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], 10_000))
    }

    fn entry(party: Party) -> RouteEntry {
        RouteEntry {
            party,
            group: Group(0),
            speaks: true,
            hears: true,
            tone: None,
        }
    }

    /// A phone whose local end and these legs are in one conversation.
    fn phone(own: SocketAddr, remotes: &[(u32, SocketAddr, SocketAddr)]) -> Bridge {
        let _ = own;
        let mut bridge = Bridge::default();
        bridge.routing.entries.push(entry(Party::Local));
        for (leg, local, remote) in remotes {
            let leg = LegId::Placed(*leg);
            bridge.routing.entries.push(entry(Party::Leg(leg)));
            bridge.streams.insert(
                leg,
                Stream {
                    local: *local,
                    remote: *remote,
                    sends: true,
                    receives: true,
                },
            );
        }
        bridge
    }

    fn trio() -> Vec<Bridge> {
        vec![
            phone(at(1), &[(0, at(1), at(2))]),
            phone(at(2), &[(0, at(2), at(1)), (1, at(4), at(3))]),
            phone(at(3), &[(0, at(3), at(4))]),
        ]
    }

    #[test]
    fn through_a_bridge_everybody_hears_the_two_others() {
        let audible = Audible::of(&trio());
        assert_eq!(audible.voices(PhoneId(0)), [PhoneId(1), PhoneId(2)].into());
        assert_eq!(audible.voices(PhoneId(1)), [PhoneId(0), PhoneId(2)].into());
        assert_eq!(audible.voices(PhoneId(2)), [PhoneId(0), PhoneId(1)].into());
    }

    #[test]
    fn a_stream_that_is_not_sent_is_not_heard() {
        let mut phones = trio();
        phones[0]
            .streams
            .get_mut(&LegId::Placed(0))
            .expect("a leg")
            .sends = false;
        let audible = Audible::of(&phones);
        assert_eq!(audible.voices(PhoneId(1)), [PhoneId(2)].into());
        assert_eq!(audible.voices(PhoneId(0)), [PhoneId(1), PhoneId(2)].into());
    }

    #[test]
    fn music_is_heard_where_the_routing_puts_it() {
        let mut phones = trio();
        phones[1].routing.entries[1] = RouteEntry {
            speaks: false,
            hears: false,
            tone: Some(Tone::Music),
            ..phones[1].routing.entries[1]
        };
        let audible = Audible::of(&phones);
        assert_eq!(
            audible.ear(PhoneId(0)),
            &[Heard::Tone(PhoneId(1), Tone::Music)].into()
        );
        assert_eq!(audible.voices(PhoneId(2)), [PhoneId(1)].into());
    }

    #[test]
    fn one_who_hears_himself_is_found() {
        let mut phones = vec![phone(at(1), &[(0, at(1), at(2)), (1, at(5), at(2))])];
        // A far side that sends what it hears on one leg back on another.
        phones.push(phone(at(2), &[(0, at(2), at(1)), (1, at(6), at(5))]));
        assert!(
            Audible::of(&phones)
                .voices(PhoneId(0))
                .contains(&PhoneId(0))
        );
    }
}
