//! Customer, owner and guest, two calls among them.
use super::Pipe;
use trialog_call::{AccountId, Action, LegId, Referral, WireEvent};

pub(crate) const CUSTOMER: usize = 0;
pub(crate) const OWNER: usize = 1;
pub(crate) const GUEST: usize = 2;

/// The customer has called the owner, and the owner the guest. Legs: customer's, owner's two, guest's.
pub(crate) struct Three {
    pub(crate) pipe: Pipe,
    pub(crate) customer: LegId,
    pub(crate) to_customer: LegId,
    pub(crate) to_guest: LegId,
    pub(crate) guest: LegId,
}

/// They on a network without faults.
pub(crate) fn three() -> Three {
    three_with(Pipe::of(3))
}

/// They on this network.
pub(crate) fn three_with(mut pipe: Pipe) -> Three {
    let (customer, to_customer) = pipe.call(CUSTOMER, OWNER);
    let (to_guest, guest) = pipe.call(OWNER, GUEST);
    pipe.forget_events();
    Three {
        pipe,
        customer,
        to_customer,
        to_guest,
        guest,
    }
}

/// The REFER that this end was told of on this leg.
pub(crate) fn referral(pipe: &Pipe, end: usize, leg: LegId) -> Referral {
    pipe.events(end, leg)
        .into_iter()
        .find_map(|event| match event {
            WireEvent::Referred(referral) => Some(referral),
            _ => None,
        })
        .expect("a REFER came")
}

/// It is followed; the leg that is called for it.
pub(crate) fn follow(pipe: &mut Pipe, end: usize, leg: LegId, referral: &Referral) -> LegId {
    let new = LegId::Placed(77);
    pipe.act(
        end,
        Action::Invite {
            leg: new,
            account: AccountId(0),
            target: referral.to.clone(),
            as_guest: false,
            referral: Some(leg),
        },
    );
    new
}
