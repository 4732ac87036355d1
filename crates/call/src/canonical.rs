//! The same phone with names and times that depend on nothing but its state, so that a search meets each state once.
use crate::call::{By, Call, State};
use crate::leg::Leg;
use crate::{CallId, LegId, Phone, Time, WrapUpId};
use alloc::vec::Vec;
use core::time::Duration;

/// What became of the names: old, new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Legs, in order of appearance; placed and received ones are counted apart.
    pub legs: Vec<(LegId, LegId)>,
    /// Calls, in order of appearance.
    pub calls: Vec<(CallId, CallId)>,
    /// Wrap-ups, in order of appearance.
    pub wrap_ups: Vec<(WrapUpId, WrapUpId)>,
}

impl Names {
    fn leg(&mut self, old: LegId) -> LegId {
        if let Some((_, new)) = self.legs.iter().find(|(known, _)| *known == old) {
            return *new;
        }
        let count = |placed: bool| {
            let same = |leg: &&(LegId, LegId)| matches!(leg.0, LegId::Placed(_)) == placed;
            u32::try_from(self.legs.iter().filter(same).count()).unwrap_or(u32::MAX)
        };
        let new = match old {
            LegId::Placed(_) => LegId::Placed(count(true) + 1),
            LegId::Received(_) => LegId::Received(count(false)),
        };
        self.legs.push((old, new));
        new
    }

    fn call(&mut self, old: CallId) -> CallId {
        if let Some((_, new)) = self.calls.iter().find(|(known, _)| *known == old) {
            return *new;
        }
        let new = CallId(u32::try_from(self.calls.len()).unwrap_or(u32::MAX) + 1);
        self.calls.push((old, new));
        new
    }

    fn wrap_up(&mut self, old: WrapUpId) -> WrapUpId {
        if let Some((_, new)) = self.wrap_ups.iter().find(|(known, _)| *known == old) {
            return *new;
        }
        let new = WrapUpId(u32::try_from(self.wrap_ups.len()).unwrap_or(u32::MAX) + 1);
        self.wrap_ups.push((old, new));
        new
    }
}

impl Phone {
    /// This phone with its names counted anew in order of appearance, its deadlines replaced by their order (the
    /// earliest is one second, the next two, …) and what is only remembered for the screen forgotten. It does what
    /// this one does, under those names.
    #[must_use]
    pub fn canonical(&self) -> (Self, Names) {
        let mut phone = self.clone();
        let mut names = Names::default();
        let mut times = Vec::new();
        phone.each_time(|time| times.push(*time));
        times.sort_unstable();
        times.dedup();
        phone.each_time(|time| {
            let rank = times.binary_search(time).unwrap_or(0);
            *time = Time(Duration::from_secs(rank as u64 + 1));
        });
        for wrap_up in &mut phone.common.wrap_ups {
            wrap_up.id = names.wrap_up(wrap_up.id);
        }
        for call in &mut phone.calls {
            call.id = names.call(call.id);
            call.since = Time::ZERO;
            call.wrap_up = call.wrap_up.map(|id| names.wrap_up(id));
            each_leg(call, |leg| leg.id = names.leg(leg.id));
            call.leaving.sort_unstable_by_key(|leaving| leaving.id);
            for leaving in &mut call.leaving {
                leaving.id = names.leg(leaving.id);
            }
        }
        for wrap_up in &mut phone.common.wrap_ups {
            wrap_up.call = names.call(wrap_up.call);
        }
        let most = |numbers: &mut dyn Iterator<Item = u32>| numbers.max().unwrap_or(0);
        phone.common.last_call = most(&mut names.calls.iter().map(|(_, new)| new.0));
        phone.common.last_wrap_up = most(&mut names.wrap_ups.iter().map(|(_, new)| new.0));
        phone.common.last_leg = most(&mut names.legs.iter().filter_map(|(_, new)| match new {
            LegId::Placed(number) => Some(*number),
            LegId::Received(_) => None,
        }));
        (phone, names)
    }

    fn each_time(&mut self, mut with: impl FnMut(&mut Time)) {
        for call in &mut self.calls {
            match &mut call.state {
                State::Transfer(transfer) => with(&mut transfer.until),
                State::Handover { until } => with(until),
                State::Offered
                | State::Dialling
                | State::Single
                | State::ConsultRequested { .. }
                | State::Consult { .. }
                | State::Conference
                | State::Anchored
                | State::PostCall
                | State::Guest { .. }
                | State::Carried
                | State::Ending => {}
            }
            if let Some(next) = &mut call.next
                && let By::Replaces(Some(until)) = &mut next.by
            {
                with(until);
            }
            let referral = call.referral.as_mut().map(|asked| &mut asked.until);
            let leaving = call
                .leaving
                .iter_mut()
                .filter_map(|leaving| leaving.until.as_mut());
            referral
                .into_iter()
                .chain(leaving)
                .chain(call.ask.as_mut())
                .for_each(&mut with);
        }
        let wrap_ups = self.common.wrap_ups.iter_mut();
        wrap_ups
            .filter_map(|wrap_up| wrap_up.deadline.as_mut())
            .for_each(with);
    }
}

fn each_leg(call: &mut Call, with: impl FnMut(&mut Leg)) {
    let next = call.next.as_mut().map(|next| &mut next.leg);
    [call.first.as_mut(), call.second.as_mut(), next]
        .into_iter()
        .flatten()
        .for_each(with);
}
