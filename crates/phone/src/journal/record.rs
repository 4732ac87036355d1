//! A call as the journal has it: texts, numbers and words ([`super::words`]), times of the wall clock in Unix microseconds.
use super::under_way::{Ringing, Transfer};
use super::words::{CODECS, DIRECTIONS, GRADES, ROLES, STAGES, SUITES, name, word};
use crate::clock::Clock;
use crate::records::{identity, party};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use trialog_call::{
    AccountId, CallId, CallOrigin, Capabilities, KeptCall, KeptLeg, LegId, PartyIdentity, WrapUpId,
};
use trialog_sdp::KeptSession;
use trialog_store::Party;
use trialog_ua::{KeptDialog, SavedCall};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    role: String,
    account: u16,
    peer: Party,
    called: Option<Party>,
    diverted_from: Vec<Party>,
    referred_by: Option<Party>,
    stage: String,
    muted: bool,
    wrap_up: Option<u32>,
    owed: bool,
    since_us: i64,
    answered_us: Option<i64>,
    legs: Vec<Leg>,
    // Versions before did not write these.
    #[serde(default)]
    transfer: Option<Transfer>,
    #[serde(default)]
    ringing: Option<Ringing>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Leg {
    /// Numbered by the core; else by the user agent.
    placed: bool,
    number: u32,
    role: String,
    party: Party,
    refer: bool,
    replaces: bool,
    trialog: bool,
    far_held: bool,
    far_focus: bool,
    up_us: Option<i64>,
    dialog: Dialog,
}

#[derive(Debug, Serialize, Deserialize)]
struct Dialog {
    account: u16,
    call_id: String,
    local: String,
    local_tag: String,
    remote: String,
    remote_tag: String,
    remote_target: String,
    route_set: Vec<String>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    owns_call_id: bool,
    private: bool,
    opened_by: Option<String>,
    refers: (u32, u32),
    #[serde(default)]
    refer: Option<(u32, bool)>,
    nameable: Option<Party>,
    allows_info: bool,
    allows_update: bool,
    focus: bool,
    description: String,
    numbers: Vec<(u8, String, u32)>,
    codec: String,
    suite: Option<String>,
    direction: String,
}

impl Record {
    pub(super) fn of(saved: &SavedCall, clock: Clock) -> Self {
        let KeptCall {
            id: _,
            role,
            account,
            peer,
            origin,
            stage,
            legs,
            transfer,
            ringing,
            muted,
            wrap_up,
            owed,
            since,
            answered,
        } = &saved.call;
        let legs = legs.iter().filter_map(|leg| {
            let mut dialogs = saved.dialogs.iter();
            let dialog = dialogs.find(|dialog| dialog.leg == leg.id)?;
            Some(Leg::of(leg, dialog, clock))
        });
        Self {
            role: word(ROLES, *role),
            account: account.0,
            peer: party(peer),
            called: origin.called.as_ref().map(party),
            diverted_from: origin.diverted_from.iter().map(party).collect(),
            referred_by: origin.referred_by.as_ref().map(party),
            stage: word(STAGES, *stage),
            muted: *muted,
            wrap_up: wrap_up.map(|id| id.0),
            owed: *owed,
            since_us: clock.wall_us(*since),
            answered_us: answered.map(|at| clock.wall_us(at)),
            legs: legs.collect(),
            transfer: transfer.as_ref().map(Transfer::of),
            ringing: ringing
                .as_ref()
                .map(|leg| Ringing::of(leg, saved.ringing.as_ref())),
        }
    }

    /// `None`: a word is unknown.
    pub(super) fn saved(self, id: CallId, clock: Clock) -> Option<SavedCall> {
        let origin = CallOrigin {
            called: self.called.map(identity),
            diverted_from: self.diverted_from.into_iter().map(identity).collect(),
            referred_by: self.referred_by.map(identity),
        };
        let legs = self.legs.into_iter().map(|leg| leg.kept(clock));
        let (legs, dialogs) = legs.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let transfer = match self.transfer {
            Some(transfer) => Some(transfer.kept()?),
            None => None,
        };
        let (leg, ringing) = match self.ringing {
            Some(ringing) => ringing.kept()?,
            None => (None, None),
        };
        let call = KeptCall {
            id,
            role: name(ROLES, &self.role)?,
            account: AccountId(self.account),
            peer: shared(self.peer),
            origin: Arc::new(origin),
            stage: name(STAGES, &self.stage)?,
            legs,
            transfer,
            ringing: leg,
            muted: self.muted,
            wrap_up: self.wrap_up.map(WrapUpId),
            owed: self.owed,
            since: clock.at_wall(self.since_us),
            answered: self.answered_us.map(|at_us| clock.at_wall(at_us)),
        };
        Some(SavedCall {
            call,
            dialogs,
            ringing,
        })
    }
}

pub(super) fn shared(party: Party) -> Arc<PartyIdentity> {
    Arc::new(identity(party))
}

impl Leg {
    fn of(leg: &KeptLeg, dialog: &KeptDialog, clock: Clock) -> Self {
        let (placed, number) = match leg.id {
            LegId::Placed(number) => (true, number),
            LegId::Received(number) => (false, number),
        };
        Self {
            placed,
            number,
            role: word(ROLES, leg.role),
            party: party(&leg.party),
            refer: leg.can.refer,
            replaces: leg.can.replaces,
            trialog: leg.can.trialog,
            far_held: leg.far_held,
            far_focus: leg.far_focus,
            up_us: leg.up_since.map(|at| clock.wall_us(at)),
            dialog: Dialog::of(dialog),
        }
    }

    fn kept(self, clock: Clock) -> Option<(KeptLeg, KeptDialog)> {
        let leg = KeptLeg {
            id: if self.placed {
                LegId::Placed(self.number)
            } else {
                LegId::Received(self.number)
            },
            role: name(ROLES, &self.role)?,
            party: shared(self.party),
            can: Capabilities {
                refer: self.refer,
                replaces: self.replaces,
                trialog: self.trialog,
            },
            far_held: self.far_held,
            far_focus: self.far_focus,
            up_since: self.up_us.map(|at_us| clock.at_wall(at_us)),
        };
        let dialog = self.dialog.kept(&leg)?;
        Some((leg, dialog))
    }
}

impl Dialog {
    fn of(kept: &KeptDialog) -> Self {
        let session = &kept.session;
        Self {
            account: kept.account.0,
            call_id: kept.call_id.clone(),
            local: kept.local.clone(),
            local_tag: kept.local_tag.clone(),
            remote: kept.remote.clone(),
            remote_tag: kept.remote_tag.clone(),
            remote_target: kept.remote_target.clone(),
            route_set: kept.route_set.clone(),
            local_cseq: kept.local_cseq,
            remote_cseq: kept.remote_cseq,
            owns_call_id: kept.owns_call_id,
            private: kept.private,
            opened_by: kept.opened_by.map(|grade| word(GRADES, grade)),
            refers: kept.refers,
            refer: kept.refer,
            nameable: kept.nameable.as_deref().map(party),
            allows_info: kept.allows_info,
            allows_update: kept.allows_update,
            focus: kept.focus,
            description: session.description.clone(),
            numbers: session.numbers.clone(),
            codec: word(CODECS, session.codec),
            suite: session.suite.map(|suite| word(SUITES, suite)),
            direction: word(DIRECTIONS, session.direction),
        }
    }

    fn kept(self, leg: &KeptLeg) -> Option<KeptDialog> {
        let opened_by = match self.opened_by {
            Some(grade) => Some(name(GRADES, &grade)?),
            None => None,
        };
        let suite = match self.suite {
            Some(suite) => Some(name(SUITES, &suite)?),
            None => None,
        };
        Some(KeptDialog {
            leg: leg.id,
            account: AccountId(self.account),
            call_id: self.call_id,
            local: self.local,
            local_tag: self.local_tag,
            remote: self.remote,
            remote_tag: self.remote_tag,
            remote_target: self.remote_target,
            route_set: self.route_set,
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
            owns_call_id: self.owns_call_id,
            private: self.private,
            opened_by,
            refers: self.refers,
            refer: self.refer,
            nameable: self.nameable.map(shared),
            capabilities: leg.can,
            allows_info: self.allows_info,
            allows_update: self.allows_update,
            focus: self.focus,
            far_focus: leg.far_focus,
            far_held: leg.far_held,
            session: KeptSession {
                description: self.description,
                numbers: self.numbers,
                codec: name(CODECS, &self.codec)?,
                suite,
                direction: name(DIRECTIONS, &self.direction)?,
            },
        })
    }
}
