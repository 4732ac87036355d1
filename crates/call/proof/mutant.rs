//! A phone with a fault on purpose: it wraps the sound one and spoils what that does and answers, from outside.
use crate::proof::mutation::{
    Mutation, tamper, tamper_deadline, tamper_permit, tamper_routing, tamper_wrap_up,
};
use crate::{Act, Action, CallId, Input, Phone, Refusal, Routing, Time};
use std::ops::{Deref, DerefMut};

/// A phone, sound or with one fault. What it does not spoil is the phone's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    phone: Phone,
    fault: Option<Mutation>,
}

impl Mutant {
    /// Without a fault.
    pub(crate) fn sound(phone: Phone) -> Self {
        Self { phone, fault: None }
    }

    /// The same phone with this fault.
    pub(crate) fn with_fault(self, fault: Mutation) -> Self {
        let fault = Some(fault);
        Self { fault, ..self }
    }

    /// As [`Phone::step`].
    pub(crate) fn step(&mut self, now: Time, input: Input) -> Vec<Action> {
        let Some(fault) = self.fault else {
            return self.phone.step(now, input);
        };
        let before = self.phone.clone();
        let permitted = self.permits_input(fault, &input);
        let sound = self.sound_permits(&input);
        let mut actions = if fault.is_of_a_cell() && permitted.is_ok() && sound.is_err() {
            // A cell that lets pass what the core has no step for: that it passes is the fault, and there is nothing to do.
            Vec::new()
        } else {
            self.phone.decided(permitted, now, input.clone())
        };
        tamper(fault, &mut self.phone, &before, &input, &mut actions);
        actions
    }

    /// As [`Phone::routing`].
    pub(crate) fn routing(&self) -> Routing {
        let mut routing = self.phone.routing();
        if let Some(fault) = self.fault {
            tamper_routing(fault, &self.phone, &mut routing);
        }
        routing
    }

    /// As [`Phone::next_deadline`].
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let next = self.phone.next_deadline();
        self.fault
            .map_or(next, |fault| tamper_deadline(fault, next))
    }

    /// As [`Phone::permits`].
    pub(crate) fn permits(&self, call: CallId, act: &Act) -> Result<(), Refusal> {
        match self.fault {
            Some(fault) => self.permits_with(fault, call, act),
            None => self.phone.permits(call, act),
        }
    }

    fn permits_with(&self, fault: Mutation, call: CallId, act: &Act) -> Result<(), Refusal> {
        let Some(found) = self.phone.calls.get(call) else {
            return self.phone.permits(call, act);
        };
        tamper_permit(fault, found, act, found.permits(act))?;
        self.phone.permits_beside(found, act)
    }

    fn permits_input(&self, fault: Mutation, input: &Input) -> Result<(), Refusal> {
        let permits = |call, act: &Act| self.permits_with(fault, call, act);
        let said = self.phone.permits_input(input, permits);
        match input {
            Input::WrapUp { .. } => tamper_wrap_up(fault, &self.phone, said),
            _ => said,
        }
    }

    fn sound_permits(&self, input: &Input) -> Result<(), Refusal> {
        let permits = |call, act: &Act| self.phone.permits(call, act);
        self.phone.permits_input(input, permits)
    }
}

impl Deref for Mutant {
    type Target = Phone;

    fn deref(&self) -> &Phone {
        &self.phone
    }
}

impl DerefMut for Mutant {
    fn deref_mut(&mut self) -> &mut Phone {
        &mut self.phone
    }
}
