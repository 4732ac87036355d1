//! What is done next: drawn among all that anybody could do now, the interesting more often than the dull.
use super::cast::Part;
use super::deed::{Deed, Kind};
use super::play::Play;
use crate::chance::Chance;
use crate::sound::PhoneId;
use std::time::Duration;
use trialog_call::{
    AccountId, Act, CallView, Presence, Role, Stage, Target, Time, WrapUpAct, WrapUpView,
};
use trialog_ua::Transport;

/// What kind of course it is to be.
pub(super) struct Temper {
    turns: u64,
    /// Things fail that no user did.
    faulty: bool,
    /// Users also do what they may not.
    mischief: bool,
    /// Some wait a long time between two acts.
    slow: bool,
    /// Phones die, and are switched off.
    mortal: bool,
}

impl Temper {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        Self {
            turns: 15 + chance.below(50),
            faulty: chance.happens(450),
            mischief: chance.happens(400),
            slow: chance.happens(250),
            mortal: true,
        }
    }

    /// All sorts of things happen, and nobody dies of it.
    pub(super) fn immortal() -> Self {
        Self {
            turns: 30,
            faulty: true,
            mischief: true,
            slow: false,
            mortal: false,
        }
    }

    /// Plays until the turns are over, and writes down what was done and when.
    pub(super) fn play(
        &mut self,
        play: &mut Play,
        chance: &mut Chance,
        script: &mut Vec<(Time, Deed)>,
    ) {
        for _ in 0..self.turns {
            let pause = self.pause(chance);
            play.wait_until(play.world.now() + pause);
            if let Some(deed) = self.next(play, chance) {
                script.push((play.world.now(), deed.clone()));
                play.perform(&deed);
            }
        }
    }

    /// Often none at all: two users act at the same moment, and what they send crosses.
    fn pause(&self, chance: &mut Chance) -> Duration {
        let longest = match chance.below(100) {
            0..18 => return Duration::ZERO,
            18..40 => 60,
            40..75 => 1_500,
            75..97 => 6_000,
            _ if self.slow => 90_000,
            _ => 20_000,
        };
        Duration::from_millis(chance.below(longest))
    }

    fn next(&self, play: &Play, chance: &mut Chance) -> Option<Deed> {
        let mut choices = Choices::default();
        let busy = play.alive().any(|phone| play.world.call(phone).is_some());
        for phone in play.alive() {
            let part = &play.cast[phone.0];
            let calls = play.world.calls(phone);
            if calls.iter().all(|call| call.stage == Stage::Ending) {
                who_to_call(play, phone, part, busy, chance, &mut choices);
            }
            for (place, call) in calls.iter().enumerate() {
                self.acts(play, phone, place, call, chance, &mut choices);
            }
            self.around(play, phone, &calls, chance, &mut choices);
            for wrap_up in play.world.wrap_ups(phone) {
                about_a_wrap_up(phone, part, &wrap_up, chance, &mut choices);
            }
        }
        if self.faulty {
            self.faults(play, chance, &mut choices);
        }
        choices.draw(chance)
    }

    fn acts(
        &self,
        play: &Play,
        phone: PhoneId,
        place: usize,
        call: &CallView,
        chance: &mut Chance,
        choices: &mut Choices,
    ) {
        let part = &play.cast[phone.0];
        for shown in &call.acts {
            let weight = match shown.refusal {
                None => eagerness(part, call, &shown.act),
                Some(_) if self.mischief => 1,
                Some(_) => 0,
            };
            if weight > 0 {
                let act = with_argument(play, phone, &shown.act, chance);
                choices.add(weight, Deed::Act(phone, place, act));
            }
        }
    }

    /// What happens at a phone beside its calls.
    fn around(
        &self,
        play: &Play,
        phone: PhoneId,
        calls: &[CallView],
        chance: &mut Chance,
        choices: &mut Choices,
    ) {
        if calls.is_empty() {
            return;
        }
        let asks = play.cast[phone.0].model.policy.hangup == trialog_call::Hangup::Ask;
        choices.add(if asks { 6 } else { 1 }, Deed::Hook(phone));
        choices.add(1, Deed::NetworkChanged(phone));
        if play.cast[phone.0].is_customer() {
            return;
        }
        choices.add(
            if asks { 6 } else { 1 },
            Deed::PageOpen(phone, chance.happens(700)),
        );
        choices.add(1, Deed::Device(phone, chance.happens(600)));
        let presence = if chance.happens(700) {
            Presence::Available
        } else {
            Presence::Idle
        };
        if chance.happens(400) {
            choices.add(1, Deed::Presence(phone, presence));
        }
        if self.mortal && chance.happens(60) {
            choices.add(1, Deed::Terminate(phone));
        }
        // A second call beside the first.
        if chance.happens(300) {
            let target = somebody(play, phone, false, chance);
            choices.add(2, Deed::Dial(phone, AccountId(0), target));
        }
    }

    fn faults(&self, play: &Play, chance: &mut Chance, choices: &mut Choices) {
        let alive: Vec<PhoneId> = play.alive().collect();
        for &phone in &alive {
            let busy = !play.world.calls(phone).is_empty();
            if self.mortal && busy && alive.len() > 2 {
                choices.add(1, Deed::Die(phone));
            }
            if play.is_down(phone) {
                choices.add(25, Deed::Plug(phone, true));
                choices.add(10, Deed::Sound(phone, true));
            } else if busy {
                choices.add(1, Deed::Plug(phone, false));
                choices.add(1, Deed::Sound(phone, false));
            }
            let other = alive.get(usize::try_from(chance.below(alive.len() as u64)).unwrap_or(0));
            let tcp = |phone: PhoneId| play.cast[phone.0].model.transport == Transport::Tcp;
            if let Some(&other) = other
                && other != phone
                && (tcp(phone) || tcp(other))
            {
                choices.add(2, Deed::BreakStreams(phone, other));
            }
        }
        let status = [491, 486, 488, 500, 501, 503, 603, 404, 405, 420];
        let status = status[usize::try_from(chance.below(10)).unwrap_or(0)];
        let kinds = [
            Kind::FirstInvite,
            Kind::Reinvite,
            Kind::Reinvite,
            Kind::Refer,
            Kind::Refer,
            Kind::Notify,
            Kind::Info,
        ];
        let kind = kinds[usize::try_from(chance.below(7)).unwrap_or(0)];
        let (header, word) = match chance.below(3) {
            0 => ("Allow", "REFER"),
            1 => ("Supported", "replaces"),
            _ => ("Recv-Info", "trialog"),
        };
        let many = 1 + usize::try_from(chance.below(12)).unwrap_or(0);
        choices.add(2, Deed::Strip(header, word, many));
        let times = 1 + usize::try_from(chance.below(3)).unwrap_or(0);
        choices.add(6, Deed::Refuse(kind, status, times));
    }
}

/// All that could be done, each as often as it is to be drawn.
#[derive(Default)]
struct Choices {
    deeds: Vec<(u64, Deed)>,
    sum: u64,
}

impl Choices {
    fn add(&mut self, weight: u64, deed: Deed) {
        self.sum += weight;
        self.deeds.push((weight, deed));
    }

    fn draw(self, chance: &mut Chance) -> Option<Deed> {
        let mut left = chance.below(self.sum);
        self.deeds.into_iter().find_map(|(weight, deed)| {
            let drawn = left < weight;
            left = left.saturating_sub(weight);
            drawn.then_some(deed)
        })
    }
}

/// How often a user does this in this stage.
fn eagerness(part: &Part, call: &CallView, act: &Act) -> u64 {
    let owner = call.role == Role::Owner;
    match (call.stage, act) {
        (Stage::Offered, Act::Answer) => u64::from(part.answers) / 8,
        (Stage::Offered, Act::Reject(_) | Act::Forward(_)) => 1,
        (Stage::Dialling, Act::Cancel | Act::End) => 2,
        (Stage::Connected, Act::Consult(_)) => 50,
        (Stage::Connected, Act::Hold) => 10,
        (Stage::Connected, Act::Transfer(Some(_))) => 7,
        (Stage::Held, Act::Resume) => 20,
        (Stage::Held, Act::Consult(_)) => 25,
        (Stage::Held, Act::Transfer(Some(_))) => 4,
        (Stage::ConsultRequested, Act::Transfer(None)) => 5,
        (Stage::ConsultRequested, Act::EndConsult) => 3,
        (Stage::Consulting, Act::Conference) => 60,
        (Stage::Swapped, Act::Conference) => 25,
        (Stage::Consulting | Stage::Swapped, Act::Transfer(None)) => 18,
        (Stage::Consulting | Stage::Swapped, Act::Swap) => 14,
        (Stage::Consulting | Stage::Swapped, Act::EndConsult) => 3,
        (Stage::Conference, Act::Transfer(None)) => 45,
        (Stage::Conference, Act::Exit) => 5,
        (Stage::TransferPending, Act::Accept) => 40,
        (Stage::TransferPending, Act::Decline) => 15,
        (Stage::TransferPending, Act::Withdraw) => 10,
        (Stage::TransferPending | Stage::PostCall | Stage::Anchored, Act::Exit) => 3,
        (_, Act::Stay) => 40,
        (_, Act::Mute | Act::Unmute | Act::Dtmf(_)) => 1,
        (_, Act::End) if owner => 2,
        (_, Act::End) => 1,
        _ => 2,
    }
}

fn with_argument(play: &Play, phone: PhoneId, act: &Act, chance: &mut Chance) -> Act {
    match act {
        Act::Consult(_) => Act::Consult(somebody(play, phone, true, chance)),
        Act::Forward(_) => Act::Forward(somebody(play, phone, true, chance)),
        Act::Transfer(Some(_)) => Act::Transfer(Some(somebody(play, phone, true, chance))),
        Act::Dtmf(_) => Act::Dtmf(b'0' + u8::try_from(chance.below(10)).unwrap_or(0)),
        act => act.clone(),
    }
}

/// The address of somebody else, an agent more often; now and then by name, now and then of nobody.
fn somebody(play: &Play, but: PhoneId, agent: bool, chance: &mut Chance) -> Target {
    if chance.happens(15) {
        return Target("sip:nobody@nobody.world".into());
    }
    let others: Vec<PhoneId> = play
        .world
        .everybody()
        .filter(|other| *other != but)
        .filter(|other| {
            let customer = play.cast[other.0].is_customer();
            // Who has no call is free to answer.
            let free = play.world.calls(*other).is_empty();
            (customer != agent || chance.happens(40)) && (free || chance.happens(350))
        })
        .collect();
    let which = chance.below(others.len() as u64);
    let other = others.get(usize::try_from(which).unwrap_or(0));
    let other = other
        .copied()
        .unwrap_or(PhoneId((but.0 + 1) % play.cast.len()));
    if chance.happens(100) {
        return play.world.named_target(other);
    }
    let account = u64::from(play.cast[other.0].model.accounts);
    match chance.below(account) {
        0 => play.world.target(other),
        number => {
            let address = play.world.at(other).address;
            let name = play.world.name(other);
            Target(format!("sip:{name}-{}@{address}", number + 1))
        }
    }
}

/// Customers call agents; agents call customers, and now and then each other.
fn who_to_call(
    play: &Play,
    phone: PhoneId,
    part: &Part,
    busy: bool,
    chance: &mut Chance,
    choices: &mut Choices,
) {
    let customer = part.is_customer();
    let weight = match (customer, busy) {
        (true, false) => 30,
        (true, true) => 5,
        (false, false) => 3,
        (false, true) => 1,
    };
    let account = u16::try_from(chance.below(u64::from(part.model.accounts))).unwrap_or(0);
    let agent = customer || chance.happens(500);
    let target = somebody(play, phone, agent, chance);
    choices.add(weight, Deed::Dial(phone, AccountId(account), target));
}

fn about_a_wrap_up(
    phone: PhoneId,
    part: &Part,
    wrap_up: &WrapUpView,
    chance: &mut Chance,
    choices: &mut Choices,
) {
    let Some(reason) = part.model.policy.reasons.first() else {
        return;
    };
    let act = match chance.below(10) {
        0 => WrapUpAct::Extend,
        1..3 => WrapUpAct::Draft {
            reason: Some(reason.code.clone()),
            note: None,
        },
        _ => WrapUpAct::Submit {
            reason: reason.code.clone(),
            note: None,
        },
    };
    let weight = if wrap_up.due { 12 } else { 2 };
    choices.add(weight, Deed::WrapUp(phone, wrap_up.id, act));
}
