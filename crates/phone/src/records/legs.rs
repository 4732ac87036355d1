//! The legs of the calls, as they come, are answered and go: seen by how the phone looks after each step.
use super::entry::{call_number, party};
use std::collections::HashMap;
use trialog_call::{CallId, LegId, LegView, Role, Snapshot};
use trialog_desk::names;
use trialog_store::{LegRow, Party};

/// The legs that there are.
#[derive(Debug, Default)]
pub(super) struct Legs(HashMap<(CallId, LegId), Seen>);

#[derive(Debug)]
struct Seen {
    role: Role,
    row: LegRow,
}

impl Legs {
    /// The phone looks like this at `now_us`: what is new, has changed or is gone is handed to `keep`.
    pub(super) fn look(&mut self, snapshot: &Snapshot, now_us: i64, mut keep: impl FnMut(LegRow)) {
        let mut gone = std::mem::take(&mut self.0);
        for call in &snapshot.calls {
            for leg in &call.legs {
                let key = (call.id, leg.id);
                let before = gone.remove(&key);
                let row = seen(call.id, leg, before.as_ref().map(|seen| &seen.row), now_us);
                if before.is_none_or(|seen| seen.row != row) {
                    keep(row.clone());
                }
                let role = leg.role;
                self.0.insert(key, Seen { role, row });
            }
        }
        for Seen { mut row, .. } in gone.into_values() {
            row.ended_us = Some(now_us);
            keep(row);
        }
    }

    /// The far party of this role in a call.
    pub(super) fn party_of(&self, call: CallId, role: Role) -> Option<Party> {
        let mut all = self.0.iter();
        let (_, seen) = all.find(|((of, _), seen)| *of == call && seen.role == role)?;
        Some(seen.row.party.clone())
    }
}

fn seen(call: CallId, leg: &LegView, before: Option<&LegRow>, now_us: i64) -> LegRow {
    let answered_us = before.and_then(|before| before.answered_us);
    LegRow {
        call: call_number(call),
        leg: names::leg(leg.id),
        role: names::role(leg.role).name().to_owned(),
        party: party(&leg.party),
        began_us: before.map_or(now_us, |before| before.began_us),
        answered_us: answered_us.or(leg.up.then_some(now_us)),
        ended_us: None,
    }
}
