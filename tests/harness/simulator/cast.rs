//! Who is there: three to six phones, customers and agents, some of them odd.
use crate::chance::Chance;
use crate::phone::Model;
use crate::world::REGISTRAR;
use std::time::Duration;
use trialog_call::{Grade, Hangup, ReferralPolicy};
use trialog_ua::Transport;

/// One phone and its user.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name, also its user name.
    pub name: &'static str,
    /// Its settings.
    pub model: Model,
    /// How likely its user is to answer, of a thousand: most answer, some do late, some never.
    pub answers: u16,
}

impl Part {
    /// It is a customer's.
    #[must_use]
    pub fn is_customer(&self) -> bool {
        !self.model.policy.agent
    }
}

const CUSTOMERS: [&str; 2] = ["customer-1", "customer-2"];
const AGENTS: [&str; 5] = ["agent-1", "agent-2", "agent-3", "agent-4", "agent-5"];

/// Draws a cast. The first is a customer, the next two are agents.
#[must_use]
pub fn draw(chance: &mut Chance) -> Vec<Part> {
    let count = usize::try_from(3 + chance.below(4)).unwrap_or(3);
    let customers = 1 + usize::from(count > 3 && chance.happens(400));
    let mut cast: Vec<Part> = Vec::new();
    cast.push(customer(CUSTOMERS[0], chance));
    for name in AGENTS.into_iter().take(count - customers) {
        cast.push(agent(name, chance));
    }
    for name in CUSTOMERS.into_iter().take(customers).skip(1) {
        cast.push(customer(name, chance));
    }
    cast
}

fn customer(name: &'static str, chance: &mut Chance) -> Part {
    let mut model = Model::customer();
    if chance.happens(150) {
        // It knows neither REFER nor Replaces.
        model.policy.transfers = ReferralPolicy::Never;
    }
    connected(&mut model, chance);
    Part {
        name,
        model,
        answers: eagerness(chance),
    }
}

fn agent(name: &'static str, chance: &mut Chance) -> Part {
    let mut model = Model::agent();
    // To others, one in eight is a foreign phone.
    model.trialog = !chance.happens(120);
    let policy = &mut model.policy;
    policy.transfers = match chance.below(100) {
        0..12 => ReferralPolicy::Accept,
        12..20 => ReferralPolicy::Decline,
        20..30 => ReferralPolicy::Never,
        _ => ReferralPolicy::Ask,
    };
    if chance.happens(150) {
        policy.max_calls = 1 + u32::from(chance.happens(500));
    }
    policy.call_waiting = !chance.happens(100);
    policy.post_call = !chance.happens(120);
    policy.auto_answer = chance.happens(80).then_some(Grade::Stranger);
    policy.wrap_up_is_away = chance.happens(300);
    policy.away_status = (!chance.happens(100)).then_some(480);
    if chance.happens(150) {
        policy.hangup = Hangup::Ask;
    }
    if chance.happens(100) {
        policy.reasons.clear();
    } else if chance.happens(200) {
        policy.default_reason = Some("question".into());
        policy.wrap_up_time = Some(Duration::from_secs(1 + chance.below(30)));
    }
    if chance.happens(200) {
        policy.referral_time = Duration::from_secs(1 + chance.below(20));
    }
    connected(&mut model, chance);
    Part {
        name,
        model,
        answers: eagerness(chance),
    }
}

/// By what it speaks and where it is registered.
fn connected(model: &mut Model, chance: &mut Chance) {
    if chance.happens(250) {
        model.transport = Transport::Tcp;
    }
    if chance.happens(150) {
        model.accounts = 2;
    }
    if chance.happens(200) {
        model.registrar = Some(REGISTRAR);
    }
}

fn eagerness(chance: &mut Chance) -> u16 {
    match chance.below(20) {
        0 => 0,
        1..4 => 200,
        _ => 1000,
    }
}
