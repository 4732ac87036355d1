//! What a test does to the world: agents act, phones die, networks go away.
use super::World;
use crate::sound::PhoneId;
use trialog_call::{AccountId, Act, CallId, Input, Refusal, Target, WrapUpAct};
use trialog_ua::EndpointInput;

impl World {
    /// An agent, the engine or the machine says something to a phone's core.
    pub fn say(&mut self, phone: PhoneId, input: Input) {
        self.hand(phone, EndpointInput::Core(input));
    }

    /// A phone calls another.
    pub fn dial(&mut self, from: PhoneId, to: PhoneId) {
        let target = self.target(to);
        let done = self.try_dial(from, AccountId(0), target);
        assert_eq!(done, Ok(()), "{} may not call", self.name(from));
    }

    /// A phone places a call, if it may.
    ///
    /// # Errors
    /// Why it may not.
    pub fn try_dial(
        &mut self,
        from: PhoneId,
        account: AccountId,
        target: Target,
    ) -> Result<(), Refusal> {
        self.try_input(from, Input::Dial { account, target })
    }

    /// Something is asked of a phone. What is refused must change nothing and send nothing.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn try_input(&mut self, phone: PhoneId, input: Input) -> Result<(), Refusal> {
        let core = self.phones[phone.0].endpoint.phone().clone();
        let sent = self.network.seen.len();
        let asked = format!("{input:?}");
        self.say(phone, input);
        let Some(refusal) = self.phones[phone.0].refused.take() else {
            return Ok(());
        };
        let same = core == *self.phones[phone.0].endpoint.phone();
        assert!(same, "the refused {asked} changed something");
        let quiet = sent == self.network.seen.len();
        assert!(quiet, "the refused {asked} sent something");
        Err(refusal)
    }

    /// An agent acts on his newest call, and may.
    pub fn act(&mut self, phone: PhoneId, act: Act) {
        let (stage, name) = (self.stage(phone), self.name(phone));
        let done = self.try_act(phone, act.clone());
        assert_eq!(done, Ok(()), "{name} may not {act:?} when {stage:?}");
    }

    /// An agent acts on his newest call as soon as he may.
    pub fn act_soon(&mut self, phone: PhoneId, act: Act) {
        let may = |w: &Self| {
            w.call(phone)
                .is_some_and(|call| w.at(phone).endpoint.permits(call.id, &act).is_ok())
        };
        self.run_until("the act is allowed", may);
        self.act(phone, act);
    }

    /// An agent tries to act on his newest call. A refused act must change nothing and send nothing.
    ///
    /// # Errors
    /// Why he may not.
    pub fn try_act(&mut self, phone: PhoneId, act: Act) -> Result<(), Refusal> {
        let call = self.call(phone).map_or(CallId(u32::MAX), |call| call.id);
        self.try_act_on(phone, call, act)
    }

    /// As [`World::try_act`], on this call.
    ///
    /// # Errors
    /// Why he may not.
    pub fn try_act_on(&mut self, phone: PhoneId, call: CallId, act: Act) -> Result<(), Refusal> {
        let permitted = self.phones[phone.0].endpoint.permits(call, &act);
        let input = Input::Act {
            call,
            act: act.clone(),
        };
        let refused = self.try_input(phone, input);
        assert_eq!(
            permitted,
            refused,
            "{}: `permits` and `step` do not agree about {act:?}",
            self.name(phone)
        );
        refused
    }

    /// An agent hands in the reason of his only wrap-up.
    pub fn submit(&mut self, phone: PhoneId, reason: &str) {
        let id = self.wrap_ups(phone).first().expect("a wrap-up is owed").id;
        self.say(
            phone,
            Input::WrapUp {
                id,
                act: WrapUpAct::Submit {
                    reason: reason.to_owned(),
                    note: None,
                },
            },
        );
        let refused = self.phones[phone.0].refused.take();
        assert_eq!(refused, None, "{} may not submit", self.name(phone));
    }

    /// From now on a phone's network carries no sound, or carries it again. Signalling goes on.
    pub fn cut_sound(&mut self, phone: PhoneId, cut: bool) {
        self.phones[phone.0].bridge.cut = cut;
        self.phones[phone.0].changed = true;
        self.look();
    }

    /// From now on a phone sends no sound though it should, or sends it again.
    pub fn strike_dumb(&mut self, phone: PhoneId, dumb: bool) {
        self.phones[phone.0].bridge.dumb = dumb;
        self.phones[phone.0].changed = true;
        self.look();
    }

    /// A phone does nothing any more, for good: power, program or machine is gone.
    pub fn kill(&mut self, phone: PhoneId) {
        self.phones[phone.0].dead = true;
        self.network.plug(self.host(phone), false);
        self.cut_sound(phone, true);
    }

    /// A phone's network goes away, sound and signalling, or comes back.
    pub fn plug(&mut self, phone: PhoneId, plugged: bool) {
        self.network.plug(self.host(phone), plugged);
        self.cut_sound(phone, !plugged);
    }

    /// The streams between two phones break, and both notice.
    pub fn break_streams(&mut self, one: PhoneId, other: PhoneId) {
        self.network.break_streams(self.host(one), self.host(other));
        for (phone, far) in [(one, other), (other, one)] {
            let destination = self.phones[far.0].address;
            self.fail_to_send(phone, destination);
        }
    }

    /// Registers a phone's accounts.
    pub fn register(&mut self, phone: PhoneId) {
        self.hand(phone, EndpointInput::Register(None));
    }

    /// Takes its registrations back.
    pub fn unregister(&mut self, phone: PhoneId) {
        self.hand(phone, EndpointInput::Unregister(None));
    }
}
