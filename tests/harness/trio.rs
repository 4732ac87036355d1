//! Customer, owner and guest, and the steps that every story begins with.
use crate::network::Link;
use crate::phone::Model;
use crate::sound::PhoneId;
use crate::world::World;
use std::time::Duration;
use trialog_call::{Act, Role, Stage, Tone};

/// Only talks and hangs up.
pub const CUSTOMER: PhoneId = PhoneId(0);
/// Agent 1.
pub const OWNER: PhoneId = PhoneId(1);
/// Agent 2.
pub const GUEST: PhoneId = PhoneId(2);

/// After a step: time for what is still under way.
const CALM: Duration = Duration::from_secs(1);

impl World {
    /// Three phones in a good network.
    #[must_use]
    pub fn trio(seed: u64) -> Self {
        Self::trio_of(
            seed,
            Link::GOOD,
            &Model::customer(),
            &Model::agent(),
            &Model::agent(),
        )
    }

    /// Three phones in a network that loses, doubles and mixes up.
    #[must_use]
    pub fn trio_in_bad_weather(seed: u64) -> Self {
        Self::trio_of(
            seed,
            Link::BAD,
            &Model::customer(),
            &Model::agent(),
            &Model::agent(),
        )
    }

    /// These phones in this network.
    #[must_use]
    pub fn trio_of(seed: u64, link: Link, customer: &Model, owner: &Model, guest: &Model) -> Self {
        let mut world = Self::with_link(seed, link);
        for (phone, name, model) in [
            (CUSTOMER, "customer", customer),
            (OWNER, "agent-1", owner),
            (GUEST, "agent-2", guest),
        ] {
            assert_eq!(world.phone(name, model), phone);
        }
        world
    }

    /// The customer calls the owner, and they talk. From now on no failure may touch the customer.
    #[must_use]
    pub fn connected(mut self) -> Self {
        self.dial(CUSTOMER, OWNER);
        self.run_until("it rings at the owner's", |w| {
            w.stage(OWNER) == Some(Stage::Offered)
        });
        self.act_soon(OWNER, Act::Answer);
        self.run_until("they are connected", |w| {
            w.stage(OWNER) == Some(Stage::Connected) && w.stage(CUSTOMER) == Some(Stage::Connected)
        });
        self.run_until("owner and customer hear each other", |w| {
            w.hears(OWNER, CUSTOMER) && w.hears(CUSTOMER, OWNER)
        });
        let patience = self.patience;
        self.guard(CUSTOMER, patience);
        self.run_for(CALM);
        self
    }

    /// The owner puts the customer on hold and calls the guest, whose phone rings.
    #[must_use]
    pub fn consult_ringing(self) -> Self {
        let mut trio = self.connected();
        let target = trio.target(GUEST);
        trio.act_soon(OWNER, Act::Consult(target));
        trio.run_until("it rings at the guest's", |w| {
            w.stage(GUEST) == Some(Stage::Offered)
        });
        trio
    }

    /// Owner and guest talk, the customer hears music.
    #[must_use]
    pub fn consulting(self) -> Self {
        let mut trio = self.consult_ringing();
        trio.act_soon(GUEST, Act::Answer);
        trio.until_consulting();
        trio
    }

    /// Waits for owner and guest to talk, and for the wire to be calm again.
    pub fn until_consulting(&mut self) {
        self.run_until("owner and guest consult", |w| {
            w.stage(OWNER) == Some(Stage::Consulting) && w.stage(GUEST) == Some(Stage::Consulting)
        });
        self.run_until(
            "owner and guest hear each other, and the customer the music",
            |w| w.hears(OWNER, GUEST) && w.hears(GUEST, OWNER) && w.on_hold(CUSTOMER),
        );
        self.run_for(CALM);
    }

    /// Owner and customer talk, the guest hears music.
    #[must_use]
    pub fn swapped(self) -> Self {
        let mut trio = self.consulting();
        trio.act_soon(OWNER, Act::Swap);
        trio.run_until("the swap is done", |w| {
            w.stage(OWNER) == Some(Stage::Swapped)
        });
        trio.run_until(
            "owner and customer hear each other, and the guest the music",
            |w| w.hears(OWNER, CUSTOMER) && w.hears(CUSTOMER, OWNER) && w.on_hold(GUEST),
        );
        trio.run_for(CALM);
        trio
    }

    /// All three talk.
    #[must_use]
    pub fn conference(self) -> Self {
        let mut trio = self.consulting();
        trio.act_soon(OWNER, Act::Conference);
        trio.until_conference();
        trio
    }

    /// Waits for all three to talk, and for the wire to be calm again.
    pub fn until_conference(&mut self) {
        self.run_until("the conference stands", |w| {
            w.stage(OWNER) == Some(Stage::Conference) && w.stage(GUEST) == Some(Stage::Conference)
        });
        let all = [CUSTOMER, OWNER, GUEST];
        self.run_until("all three hear each other", |w| {
            everybody_hears_everybody(w, &all)
        });
        self.run_for(CALM);
    }

    /// The owner has asked for the transfer, and the guest is being asked.
    #[must_use]
    pub fn transfer_pending(self) -> Self {
        let mut trio = self.conference();
        trio.act_soon(OWNER, Act::Transfer(None));
        trio.run_until("the guest is asked", |w| {
            w.stage(OWNER) == Some(Stage::TransferPending)
                && w.stage(GUEST) == Some(Stage::TransferPending)
        });
        trio
    }

    /// Waits for guest and customer to be alone with each other over a call of their own, the guest its owner.
    pub fn until_transferred(&mut self) {
        self.run_until("the owner is out", |w| w.calls(OWNER).is_empty());
        self.run_until("the guest owns the call", |w| {
            w.stage(GUEST) == Some(Stage::Connected) && w.role(GUEST) == Some(Role::Owner)
        });
        self.run_until("guest and customer hear each other", |w| {
            w.hears(GUEST, CUSTOMER) && w.hears(CUSTOMER, GUEST)
        });
        assert_eq!(self.calls(GUEST).len(), 1, "the guest has one call");
        assert_eq!(self.calls(CUSTOMER).len(), 1, "the customer has one call");
        assert_eq!(
            self.wrap_ups(OWNER).len(),
            1,
            "r8: the old owner owes a wrap-up"
        );
        assert!(self.wrap_ups(OWNER)[0].due, "r8: and at once");
        assert!(
            self.wrap_ups(GUEST).is_empty(),
            "r15: the guest owes none yet"
        );
    }

    /// The customer hangs up, or is let go: the promise has ended. The longest time that he heard nothing.
    pub fn let_go(&mut self) -> Duration {
        self.release(CUSTOMER)
    }

    /// All is still as it was: the conference goes on, and all three hear each other.
    pub fn assert_conference_goes_on(&self) {
        assert_eq!(self.stage(OWNER), Some(Stage::Conference));
        assert_eq!(self.stage(GUEST), Some(Stage::Conference));
        assert!(everybody_hears_everybody(self, &[CUSTOMER, OWNER, GUEST]));
    }

    /// All three hear each other.
    pub fn assert_all_hear_each_other(&self) {
        assert!(everybody_hears_everybody(self, &[CUSTOMER, OWNER, GUEST]));
    }

    /// The customer hears music, as does nobody else.
    pub fn assert_customer_on_hold(&self) {
        assert!(
            self.on_hold(CUSTOMER),
            "the customer hears {:?}",
            self.audible().ear(CUSTOMER)
        );
        assert!(
            !self.audible().has_tone(OWNER, Tone::Music),
            "the owner hears the music"
        );
    }

    /// Owner and customer hear each other and nobody else.
    pub fn assert_owner_with_customer(&self) {
        assert_eq!(self.audible().voices(OWNER), [CUSTOMER].into());
        assert_eq!(self.audible().voices(CUSTOMER), [OWNER].into());
    }

    /// Everybody hangs up who still can, and nothing must be left: no call, no sound, no timer, no datagram.
    pub fn close(mut self) {
        self.let_go();
        for phone in [CUSTOMER, OWNER, GUEST] {
            for call in self.calls(phone) {
                for act in [
                    Act::End,
                    Act::Exit,
                    Act::EndConsult,
                    Act::Reject(None),
                    Act::Cancel,
                ] {
                    if self.at(phone).endpoint.permits(call.id, &act).is_ok() {
                        assert_eq!(self.try_act_on(phone, call.id, act), Ok(()));
                        break;
                    }
                }
            }
            self.run_for(Duration::from_secs(2));
        }
        // The longest that a transaction lives is 64·T1, and the longest that a leg is brought to an end two of them.
        self.run_for(Duration::from_secs(150));
        for phone in [CUSTOMER, OWNER, GUEST] {
            let name = self.name(phone);
            assert!(
                self.calls(phone).is_empty(),
                "{name} is left with {:?}",
                self.calls(phone)
            );
            assert!(
                self.at(phone).bridge.streams.is_empty(),
                "{name} is left with sound"
            );
            assert_eq!(
                self.at(phone).endpoint.next_deadline(),
                None,
                "{name} is left with a timer"
            );
        }
        assert_eq!(self.network.next(), None, "something is left under way");
    }
}

/// Each hears all others.
#[must_use]
pub fn everybody_hears_everybody(world: &World, all: &[PhoneId]) -> bool {
    all.iter().all(|ear| {
        all.iter()
            .all(|voice| ear == voice || world.hears(*ear, *voice))
    })
}
