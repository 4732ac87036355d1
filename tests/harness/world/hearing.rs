//! What the engines notice: who hears whom, and after how long a leg is silent or lost.
use super::{LOST_AFTER, SILENT_AFTER, World};
use crate::phone::Quiet;
use crate::sound::{Audible, Bridge, PhoneId};
use trialog_call::{Input, MediaEvent, Time};

impl World {
    pub(super) fn next_quiet(&self) -> Option<Time> {
        self.phones
            .iter()
            .filter(|phone| !phone.dead)
            .flat_map(|phone| phone.quiet.values())
            .filter_map(|(since, said)| match said {
                Quiet::Unsaid => Some(*since + SILENT_AFTER),
                Quiet::Silent => Some(*since + LOST_AFTER),
                Quiet::Lost => None,
            })
            .min()
    }

    pub(super) fn tell_quiet(&mut self) {
        let mut events = Vec::new();
        for (place, phone) in self.phones.iter_mut().enumerate() {
            if phone.dead {
                continue;
            }
            for (leg, (since, said)) in &mut phone.quiet {
                let quiet_for = self.now.since(*since);
                if *said == Quiet::Unsaid && quiet_for >= SILENT_AFTER {
                    *said = Quiet::Silent;
                    events.push((PhoneId(place), *leg, MediaEvent::Silent));
                } else if *said == Quiet::Silent && quiet_for >= LOST_AFTER {
                    *said = Quiet::Lost;
                    events.push((PhoneId(place), *leg, MediaEvent::Lost));
                }
            }
        }
        for (phone, leg, event) in events {
            self.say(phone, Input::Media { leg, event });
        }
    }

    /// Works out who hears whom where something changed, and what the engines notice of it.
    pub(super) fn look(&mut self) {
        if !self.phones.iter().any(|phone| phone.changed) {
            return;
        }
        let bridges: Vec<Bridge> = self
            .phones
            .iter()
            .map(|phone| phone.bridge.clone())
            .collect();
        self.audible = Audible::of(&bridges);
        let mut heard_now = Vec::new();
        for (place, phone) in self.phones.iter_mut().enumerate() {
            phone.changed = false;
            let id = PhoneId(place);
            for (&leg, stream) in &phone.bridge.streams {
                if self.audible.arrives(id, leg) {
                    let said = phone.quiet.remove(&leg).map(|(_, said)| said);
                    // The first packet of all is told as well.
                    if phone.heard.insert(leg) || said.is_some_and(|said| said != Quiet::Unsaid) {
                        heard_now.push((id, leg));
                    }
                } else if stream.receives {
                    phone.quiet.entry(leg).or_insert((self.now, Quiet::Unsaid));
                } else {
                    phone.quiet.remove(&leg);
                }
            }
            let streams = &phone.bridge.streams;
            phone.quiet.retain(|leg, _| streams.contains_key(leg));
            phone.heard.retain(|leg| streams.contains_key(leg));
        }
        for (phone, leg) in heard_now {
            self.say(
                phone,
                Input::Media {
                    leg,
                    event: MediaEvent::Heard,
                },
            );
        }
    }
}
