//! What was under way in a call when it was written: a transfer, and a guest whose phone rings.
use super::record::shared;
use super::words::{TRANSPORTS, name, word};
use crate::records::party;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use trialog_call::{AccountId, Capabilities, KeptLeg, KeptTransfer, LegId, ReferTo, Role, Target};
use trialog_store::Party;
use trialog_ua::KeptInvite;

/// A leg's id.
#[derive(Debug, Serialize, Deserialize)]
struct Id {
    /// Numbered by the core; else by the user agent.
    placed: bool,
    number: u32,
}

impl Id {
    fn of(id: LegId) -> Self {
        let (placed, number) = match id {
            LegId::Placed(number) => (true, number),
            LegId::Received(number) => (false, number),
        };
        Self { placed, number }
    }

    fn leg(&self) -> LegId {
        if self.placed {
            LegId::Placed(self.number)
        } else {
            LegId::Received(self.number)
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Transfer {
    referred: Id,
    /// One of the two is there.
    to_leg: Option<Id>,
    to_target: Option<String>,
    then_reversed: bool,
}

impl Transfer {
    pub(super) fn of(kept: &KeptTransfer) -> Self {
        let (to_leg, to_target) = match &kept.to {
            ReferTo::Leg(leg) => (Some(Id::of(*leg)), None),
            ReferTo::Target(target) => (None, Some(target.0.clone())),
        };
        Self {
            referred: Id::of(kept.referred),
            to_leg,
            to_target,
            then_reversed: kept.then_reversed,
        }
    }

    pub(super) fn kept(self) -> Option<KeptTransfer> {
        let to = match (self.to_leg, self.to_target) {
            (Some(leg), None) => ReferTo::Leg(leg.leg()),
            (None, Some(target)) => ReferTo::Target(Target(target)),
            _ => return None,
        };
        Some(KeptTransfer {
            referred: self.referred.leg(),
            to,
            then_reversed: self.then_reversed,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ringing {
    leg: Id,
    party: Party,
    /// `None`: none was sent yet.
    invite: Option<Invite>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Invite {
    account: u16,
    transport: String,
    address: SocketAddr,
    name: Option<String>,
    head: String,
}

impl Ringing {
    pub(super) fn of(leg: &KeptLeg, invite: Option<&KeptInvite>) -> Self {
        let invite = invite.map(|kept| Invite {
            account: kept.account.0,
            transport: word(TRANSPORTS, kept.transport),
            address: kept.address,
            name: kept.name.clone(),
            head: kept.head.clone(),
        });
        Self {
            leg: Id::of(leg.id),
            party: party(&leg.party),
            invite,
        }
    }

    /// `None`: a word is unknown.
    pub(super) fn kept(self) -> Option<(Option<KeptLeg>, Option<KeptInvite>)> {
        let id = self.leg.leg();
        let invite = match self.invite {
            Some(invite) => Some(KeptInvite {
                leg: id,
                account: AccountId(invite.account),
                transport: name(TRANSPORTS, &invite.transport)?,
                address: invite.address,
                name: invite.name,
                head: invite.head,
            }),
            None => None,
        };
        let leg = KeptLeg {
            id,
            role: Role::Guest,
            party: shared(self.party),
            can: Capabilities::default(),
            far_held: false,
            far_focus: false,
            up_since: None,
        };
        Some((Some(leg), invite))
    }
}
