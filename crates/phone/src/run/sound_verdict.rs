//! Why there is no sound: of each leg and way what was sent, received, decoded, routed and played, and where it stops.
use super::Running;
use super::sound::{self, Recent};
use std::time::Duration;
use trialog_api as api;
use trialog_api::SoundVerdict as Verdict;
use trialog_call::{LegId, LegView, Party, RouteEntry, Routing, Stage, Time};
use trialog_desk::{messages, names};

/// Before so much time a leg's sound may not have begun.
const BEGINS: Duration = Duration::from_secs(2);

/// So much of what is sent is lost that little is understood, as a share.
const LOSES: f32 = 0.3;

/// What a leg's sound meets here.
#[derive(Clone, Copy, Debug)]
struct Meets {
    held: bool,
    far_held: bool,
    /// The agent has stopped the microphone.
    muted: bool,
    ear: bool,
    microphone: bool,
    route: Route,
}

/// A leg's place in the routing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Route {
    /// Another party hears it.
    heard: bool,
    /// Our ear does.
    by_us: bool,
    /// It hears another party, or a tone.
    hears: bool,
    /// It hears no other than our microphone.
    us_alone: bool,
}

impl Route {
    fn of(leg: LegId, routing: &Routing) -> Self {
        let entries = &routing.entries;
        let Some(own) = entries.iter().find(|entry| entry.party == Party::Leg(leg)) else {
            return Self::default();
        };
        let others = || {
            let of_group =
                |entry: &&RouteEntry| entry.group == own.group && entry.party != own.party;
            entries.iter().filter(of_group)
        };
        let is_local = |entry: &RouteEntry| entry.party == Party::Local;
        let speaks = |entry: &&RouteEntry| entry.speaks;
        Self {
            heard: own.speaks && others().any(|entry| entry.hears),
            by_us: own.speaks && others().any(|entry| is_local(entry) && entry.hears),
            hears: own.tone.is_some() || own.hears && others().any(|entry| entry.speaks),
            us_alone: own.hears
                && others().any(is_local)
                && others().filter(speaks).all(is_local)
                && own.tone.is_none(),
        }
    }
}

fn from_party(meets: Meets, counted: &Recent) -> Verdict {
    match meets {
        Meets { held: true, .. } => Verdict::Held,
        Meets { far_held: true, .. } => Verdict::FarHeld,
        _ if counted.received == 0 => Verdict::NothingArrives,
        _ if counted.decoded == 0 => Verdict::NotDecoded,
        _ if !meets.route.heard => Verdict::NotRouted,
        _ if meets.route.by_us && !meets.ear => Verdict::NoEar,
        _ => Verdict::Fine,
    }
}

fn to_party(meets: Meets, counted: &Recent, far_loss: Option<f32>) -> Verdict {
    match meets {
        Meets { held: true, .. } => Verdict::Held,
        Meets { far_held: true, .. } => Verdict::FarHeld,
        _ if meets.route.us_alone && meets.muted => Verdict::Muted,
        _ if meets.route.us_alone && !meets.microphone => Verdict::NoMicrophone,
        _ if !meets.route.hears => Verdict::NotRouted,
        _ if counted.sent == 0 => Verdict::NothingSent,
        _ if far_loss.is_some_and(|share| share >= LOSES) => Verdict::FarLoses,
        _ => Verdict::Fine,
    }
}

impl Running {
    /// Keeps with each call how the sound of its legs goes now. What is over stays as it was.
    pub(super) fn keep_sound(&mut self, now: Time) {
        if self.wire.calls.is_none() || !self.sound.has_legs() {
            return;
        }
        let snapshot = self.endpoint.snapshot(now);
        let routing = self.endpoint.routing();
        let stats = self.sound.stats();
        let at_us = self.clock.unix_us(now);
        for call in &snapshot.calls {
            if call.stage == Stage::Ending {
                continue;
            }
            let is_old = |view: &&LegView| view.up_since.is_some_and(|up| now.since(up) >= BEGINS);
            for view in call.legs.iter().filter(is_old) {
                let counted = stats.iter().find(|leg| sound::leg(leg.key) == view.id);
                let Some(counted) = counted else {
                    continue;
                };
                let meets = self.meets(view, call.muted, &routing);
                let recent = self.sound.measures.lately(view.id, counted);
                let leg = leg_sound(view, meets, counted, &recent, at_us);
                if let Some(calls) = &mut self.wire.calls {
                    calls.sound(call.id, leg);
                }
            }
        }
    }

    /// A leg's sound ends: what was counted of it is kept.
    pub(super) fn sound_over(&mut self, leg: LegId) {
        if let Some(calls) = &mut self.wire.calls
            && let Some(counted) = self.sound.leg_stats(leg)
        {
            calls.sound_over(leg, &counted);
        }
    }

    fn meets(&self, view: &LegView, muted: bool, routing: &Routing) -> Meets {
        let audio = &self.identity.audio;
        let is_file = audio.end == api::AudioEnd::File;
        Meets {
            held: view.held,
            far_held: view.far_held,
            muted,
            ear: is_file || audio.ear.is_some(),
            microphone: is_file || audio.microphone.is_some(),
            route: Route::of(view.id, routing),
        }
    }
}

fn leg_sound(
    view: &LegView,
    meets: Meets,
    counted: &trialog_engine::LegStats,
    recent: &Recent,
    at_us: u64,
) -> api::LegSound {
    let (from, to) = (
        from_party(meets, recent),
        to_party(meets, recent, counted.far_loss),
    );
    let (from_text, to_text) = (messages::sound_from(from), messages::sound_to(to));
    api::LegSound {
        leg: names::leg(view.id),
        party: names::party(&view.party).name,
        at_us,
        from_party: api::SoundFrom {
            received: counted.received,
            received_lately: recent.received,
            lost: counted.lost,
            late: counted.late,
            decoded: counted.decoded,
            decoded_lately: recent.decoded,
            routed: meets.route.heard,
            played: meets.route.by_us && meets.ear,
            verdict: from,
            verdict_text: from_text.en,
            verdict_text_de: from_text.de,
        },
        to_party: api::SoundTo {
            sent: counted.sent,
            sent_lately: recent.sent,
            routed: meets.route.hears,
            spoken: meets.route.us_alone && meets.microphone && !meets.muted,
            far_lost_percent: counted
                .far_loss
                .map(|share| (1000.0 * share).round() / 10.0),
            verdict: to,
            verdict_text: to_text.en,
            verdict_text_de: to_text.de,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_call::Group;

    const LEG: LegId = LegId::Placed(1);

    fn entry(party: Party, speaks: bool, hears: bool) -> RouteEntry {
        RouteEntry {
            party,
            group: Group(0),
            speaks,
            hears,
            tone: None,
        }
    }

    fn meets() -> Meets {
        let entries = vec![
            entry(Party::Local, true, true),
            entry(Party::Leg(LEG), true, true),
        ];
        Meets {
            held: false,
            far_held: false,
            muted: false,
            ear: true,
            microphone: true,
            route: Route::of(LEG, &Routing { entries }),
        }
    }

    fn all() -> Recent {
        Recent {
            received: 150,
            decoded: 150,
            sent: 150,
        }
    }

    #[test]
    fn where_sound_from_a_party_stops_is_named_first_things_first() {
        let well = meets();
        assert_eq!(from_party(well, &all()), Verdict::Fine);
        let deaf = Meets { ear: false, ..well };
        assert_eq!(from_party(deaf, &all()), Verdict::NoEar);
        let apart = Meets {
            route: Route::default(),
            ..deaf
        };
        assert_eq!(from_party(apart, &all()), Verdict::NotRouted);
        let noise = Recent {
            decoded: 0,
            ..all()
        };
        assert_eq!(from_party(apart, &noise), Verdict::NotDecoded);
        let nothing = Recent::default();
        assert_eq!(from_party(apart, &nothing), Verdict::NothingArrives);
        let waits = Meets {
            far_held: true,
            ..apart
        };
        assert_eq!(from_party(waits, &nothing), Verdict::FarHeld);
        let held = Meets {
            held: true,
            ..waits
        };
        assert_eq!(from_party(held, &nothing), Verdict::Held);
    }

    #[test]
    fn where_sound_to_a_party_stops_is_named_first_things_first() {
        let well = meets();
        assert_eq!(to_party(well, &all(), Some(0.1)), Verdict::Fine);
        assert_eq!(to_party(well, &all(), Some(0.5)), Verdict::FarLoses);
        let silent = Recent { sent: 0, ..all() };
        assert_eq!(to_party(well, &silent, Some(0.5)), Verdict::NothingSent);
        let dumb = Meets {
            microphone: false,
            ..well
        };
        assert_eq!(to_party(dumb, &silent, None), Verdict::NoMicrophone);
        let muted = Meets {
            muted: true,
            ..dumb
        };
        assert_eq!(to_party(muted, &silent, None), Verdict::Muted);
        let apart = Meets {
            route: Route::default(),
            ..muted
        };
        assert_eq!(to_party(apart, &silent, None), Verdict::NotRouted);
        let held = Meets {
            held: true,
            ..apart
        };
        assert_eq!(to_party(held, &silent, None), Verdict::Held);
    }

    #[test]
    fn in_a_conference_a_party_hears_the_other_without_our_microphone() {
        let other = LegId::Placed(2);
        let entries = vec![
            entry(Party::Local, false, true),
            entry(Party::Leg(LEG), true, true),
            entry(Party::Leg(other), true, true),
        ];
        let muted = Meets {
            muted: true,
            microphone: false,
            route: Route::of(LEG, &Routing { entries }),
            ..meets()
        };
        assert_eq!(to_party(muted, &all(), None), Verdict::Fine);
        assert!(muted.route.heard && muted.route.by_us);
    }
}
