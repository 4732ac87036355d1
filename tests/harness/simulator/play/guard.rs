//! Customers whom no failure may touch, and what lets them go.
use super::{Deed, Play};
use crate::sound::PhoneId;
use std::collections::BTreeSet;
use trialog_call::{Act, CallView, Role, Stage};

impl Play {
    /// The customers who may be let go by this, or whom it may leave in silence.
    pub(super) fn let_go_by(&self, deed: &Deed) -> BTreeSet<PhoneId> {
        let nobody = BTreeSet::new();
        match deed {
            Deed::Act(who, place, act) => {
                let calls = self.world.calls(*who);
                let Some(call) = calls.get(*place) else {
                    return nobody;
                };
                let all = self.world.connected_to(*who);
                // Whoever is handed to somebody whose network is away is handed into silence.
                let into_silence = matches!(act, Act::Transfer(_) | Act::Accept)
                    && all.iter().any(|phone| self.is_down(*phone));
                let customer = self.cast[who.0].is_customer();
                if customer || into_silence || lets_the_customer_go(act, call) {
                    all
                } else {
                    nobody
                }
            }
            Deed::Hook(who) => {
                let guest = |call: &CallView| call.role == Role::Guest;
                if self.world.calls(*who).iter().all(guest) {
                    nobody
                } else {
                    self.world.connected_to(*who)
                }
            }
            Deed::Terminate(who) if !self.is_mere_guest(*who) => self.world.connected_to(*who),
            Deed::Die(who) | Deed::Plug(who, false) | Deed::Sound(who, false)
                if !self.is_mere_guest(*who) =>
            {
                self.world.connected_to(*who)
            }
            // What was under way is lost, and with it maybe an answer: it counts as given up after 64·T1.
            Deed::BreakStreams(one, other) => {
                let mut both = self.world.connected_to(*one);
                both.extend(self.world.connected_to(*other));
                both
            }
            _ => nobody,
        }
    }

    /// It is a guest and about to become nothing else: whatever becomes of it, the owner has the customer.
    pub(super) fn is_mere_guest(&self, phone: PhoneId) -> bool {
        let calm = |phone: PhoneId| {
            self.world.calls(phone).iter().all(|call| {
                !matches!(
                    call.stage,
                    Stage::ConsultRequested
                        | Stage::TransferPending
                        | Stage::Anchored
                        | Stage::Ending
                )
            })
        };
        let guest = |call: &CallView| call.role == Role::Guest;
        self.world.calls(phone).iter().all(guest)
            && self.world.connected_to(phone).into_iter().all(calm)
    }

    /// From now on no failure may touch a customer who talks to an agent.
    pub(super) fn guard(&mut self) {
        let customers: Vec<PhoneId> = self
            .alive()
            .filter(|phone| self.cast[phone.0].is_customer() && !self.world.is_guarded(*phone))
            .collect();
        for customer in customers {
            let talks = |phone: PhoneId| self.world.stage(phone) == Some(Stage::Connected);
            if !talks(customer) {
                continue;
            }
            let all = self.world.connected_to(customer);
            let whole = all.iter().all(|phone| {
                let snapshot = self.world.at(*phone).endpoint.snapshot(self.world.now());
                !self.world.at(*phone).dead && !self.is_down(*phone) && !snapshot.terminating
            });
            let owner = all.iter().find(|phone| {
                !self.cast[phone.0].is_customer()
                    && talks(**phone)
                    && self.world.streams_to(**phone, customer)
                    && self.world.role(**phone) == Some(Role::Owner)
                    && self.world.hears(**phone, customer)
                    && self.world.hears(customer, **phone)
            });
            if whole && owner.is_some() {
                let patience = self.world.patience;
                self.world.guard(customer, patience);
                self.guarded.0 += 1;
                self.guards.insert(customer, self.world.now());
            }
        }
        self.count_guards();
    }

    pub(super) fn count_guards(&mut self) {
        let now = self.world.now();
        for (customer, since) in std::mem::take(&mut self.guards) {
            self.guarded.1 += now.since(since);
            if self.world.is_guarded(customer) {
                self.guards.insert(customer, now);
            }
        }
    }
}

/// By this the owner ends the customer's call, or hands him on where nothing is promised.
fn lets_the_customer_go(act: &Act, call: &CallView) -> bool {
    match act {
        Act::End | Act::Cancel | Act::Transfer(Some(_)) => {
            !matches!(call.stage, Stage::Offered | Stage::Dialling)
        }
        Act::Exit => call.stage == Stage::Anchored || call.role == Role::Owner,
        _ => false,
    }
}
