//! One entry, written. Entries of a call that is not there change nothing: what a purge has taken does not come back.
use crate::journal;
use crate::outbox::{self, News, Occasion, Outgoing};
use crate::restore::LOST;
use crate::row::{Began, CallNumber, Entry, LegRow, Party, TurnedAway};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

/// Writes entries of one phone, within a transaction of the caller's.
pub(crate) struct Pen<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) phone: &'a str,
    /// What is to be told to others, beside; `None`: nothing.
    pub(crate) outgoing: Option<&'a Outgoing>,
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a party has string keys only")
}

impl Pen<'_> {
    /// Writes the entry, and beside it what is to be told of it. Whether there is something.
    pub(crate) fn write(&self, entry: &Entry) -> rusqlite::Result<bool> {
        self.row(entry)?;
        match self.outgoing {
            Some(outgoing) => self.tell(outgoing, entry),
            None => Ok(false),
        }
    }

    fn tell(&self, outgoing: &Outgoing, entry: &Entry) -> rusqlite::Result<bool> {
        let call = |call: &CallNumber| {
            let sql = "SELECT id FROM call WHERE phone = ?1 AND number = ?2";
            self.id(sql, call.0)
        };
        let (occasion, id, wrap_up, at_us) = match entry {
            Entry::Began(began) => (Occasion::Began, call(&began.call)?, None, began.at_us),
            Entry::Connected { call: of, at_us } => (Occasion::Connected, call(of)?, None, *at_us),
            Entry::Finished {
                call: of, at_us, ..
            } => (Occasion::Ended, call(of)?, None, *at_us),
            Entry::Lost {
                call: of, at_us, ..
            } => (Occasion::Ended, call(of)?, None, *at_us),
            Entry::TurnedAway(away) => {
                let id = self.connection.last_insert_rowid();
                (Occasion::TurnedAway, Some(id), None, away.at_us)
            }
            Entry::WrapUpSubmitted { wrap_up, at_us, .. } => {
                let sql = "SELECT call FROM wrap_up WHERE phone = ?1 AND number = ?2";
                let id = self.id(sql, wrap_up.0)?;
                (Occasion::WrapUp, id, Some(wrap_up.0), *at_us)
            }
            _ => return Ok(false),
        };
        let Some(call) = id else {
            return Ok(false);
        };
        let news = News {
            occasion,
            call,
            wrap_up,
            at_us,
        };
        outbox::put(self.connection, self.phone, outgoing, &news)
    }

    fn id(&self, sql: &str, number: u32) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(sql)?
            .query_row(params![self.phone, number], |row| row.get(0))
            .optional()
    }

    fn row(&self, entry: &Entry) -> rusqlite::Result<()> {
        let of_call = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            self.connection
                .prepare_cached(sql)?
                .execute(values)
                .map(drop)
        };
        let phone = &self.phone;
        match entry {
            Entry::Began(began) => self.began(began),
            Entry::Connected { call, at_us } => of_call(
                "UPDATE call SET connected_us = coalesce(connected_us, ?3) WHERE phone = ?1 AND number = ?2",
                &[phone, &call.0, at_us],
            ),
            Entry::Owned { call, peer, at_us } => {
                of_call(
                    "UPDATE call SET owned_us = ?3, connected_us = coalesce(connected_us, ?3) WHERE phone = ?1 AND number = ?2",
                    &[phone, &call.0, at_us],
                )?;
                self.peer(call.0, peer)
            }
            Entry::Identified { call, peer } => self.peer(call.0, peer),
            Entry::TransferredTo { call, to } => of_call(
                "UPDATE call SET transferred_to = ?3 WHERE phone = ?1 AND number = ?2",
                &[phone, &call.0, &json(to)],
            ),
            Entry::Finished {
                call,
                outcome,
                status,
                at_us,
            } => of_call(
                "UPDATE call SET ended_us = ?3, outcome = ?4, status = ?5 WHERE phone = ?1 AND number = ?2",
                &[phone, &call.0, at_us, outcome, status],
            ),
            Entry::TurnedAway(away) => self.turned_away(away),
            Entry::Leg(leg) => self.leg(leg),
            Entry::Event {
                call,
                kind,
                party,
                detail,
                at_us,
            } => of_call(
                "INSERT INTO event (call, at_us, kind, party, detail)
                 SELECT id, ?3, ?4, ?5, ?6 FROM call WHERE phone = ?1 AND number = ?2",
                &[
                    phone,
                    &call.0,
                    at_us,
                    kind,
                    &party.as_ref().map(json),
                    detail,
                ],
            ),
            Entry::WrapUpOpened {
                wrap_up,
                call,
                due,
                at_us,
            } => of_call(
                "INSERT INTO wrap_up (phone, number, call, opened_us, due_us)
                 SELECT ?1, ?3, id, ?4, iif(?5, ?4, NULL) FROM call WHERE phone = ?1 AND number = ?2
                 ON CONFLICT DO UPDATE SET due_us = coalesce(due_us, excluded.due_us)",
                &[phone, &call.0, &wrap_up.0, at_us, due],
            ),
            Entry::WrapUpDrafted {
                wrap_up,
                reason,
                note,
            } => of_call(
                "UPDATE wrap_up SET reason = ?3, note = ?4 WHERE phone = ?1 AND number = ?2 AND submitted_us IS NULL",
                &[phone, &wrap_up.0, reason, note],
            ),
            Entry::WrapUpSubmitted {
                wrap_up,
                reason,
                note,
                timed,
                at_us,
            } => of_call(
                "UPDATE wrap_up SET reason = ?3, note = ?4, timed = ?5, submitted_us = ?6 WHERE phone = ?1 AND number = ?2",
                &[phone, &wrap_up.0, reason, note, timed, at_us],
            ),
            Entry::Journal(row) => journal::write(self.connection, phone, row),
            Entry::StruckOut { call } => journal::strike_out(self.connection, phone, call.0),
            Entry::Lost { call, why, .. } => {
                of_call(
                    "UPDATE call SET outcome = ?3 WHERE phone = ?1 AND number = ?2 AND outcome IS NULL",
                    &[phone, &call.0, &LOST],
                )?;
                journal::set_aside(self.connection, phone, call.0, why)
            }
            Entry::Devices(devices) => self.of_phone("devices", devices),
            Entry::Presence(presence) => self.of_phone("presence", presence),
        }
    }

    /// What stands in this column of the phone's own row.
    fn of_phone(&self, column: &'static str, value: &dyn rusqlite::ToSql) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT INTO phone (name, {column}) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET {column} = excluded.{column}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.execute(params![self.phone, value]).map(drop)
    }

    fn began(&self, began: &Began) -> rusqlite::Result<()> {
        let Began {
            call,
            role,
            peer,
            origin,
            incoming,
            at_us,
        } = began;
        let diverted = (!origin.diverted_from.is_empty()).then(|| json(&origin.diverted_from));
        self.connection
            .prepare_cached(
                "INSERT INTO call (phone, number, incoming, role, peer_name, peer_number, peer_uri, peer_asserted, peer_anonymous,
                 called, diverted_from, referred_by, began_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                self.phone,
                call.0,
                incoming,
                role,
                peer.name,
                peer.number,
                peer.uri,
                peer.asserted,
                peer.anonymous,
                origin.called.as_ref().map(json),
                diverted,
                origin.referred_by.as_ref().map(json),
                at_us,
            ])
            .map(drop)
    }

    fn peer(&self, call: u32, peer: &Party) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE call SET peer_name = ?3, peer_number = ?4, peer_uri = ?5, peer_asserted = ?6, peer_anonymous = ?7
                 WHERE phone = ?1 AND number = ?2",
            )?
            .execute(params![
                self.phone,
                call,
                peer.name,
                peer.number,
                peer.uri,
                peer.asserted,
                peer.anonymous
            ])
            .map(drop)
    }

    fn turned_away(&self, away: &TurnedAway) -> rusqlite::Result<()> {
        let TurnedAway {
            peer,
            status,
            why,
            calls,
            at_us,
        } = away;
        self.connection
            .prepare_cached(
                "INSERT INTO call (phone, incoming, role, peer_name, peer_number, peer_uri, peer_asserted, peer_anonymous, began_us,
                 ended_us, outcome, status, why, calls)
                 VALUES (?1, 1, 'owner', ?2, ?3, ?4, ?5, ?6, ?7, ?7, 'turned-away', ?8, ?9, ?10)",
            )?
            .execute(params![
                self.phone,
                peer.name,
                peer.number,
                peer.uri,
                peer.asserted,
                peer.anonymous,
                at_us,
                status,
                why,
                calls
            ])
            .map(drop)
    }

    fn leg(&self, row: &LegRow) -> rusqlite::Result<()> {
        let LegRow {
            call,
            leg,
            role,
            party,
            began_us,
            answered_us,
            ended_us,
        } = row;
        self.connection
            .prepare_cached(
                "INSERT INTO leg (call, leg, role, party_name, party_number, party_uri, party_asserted, party_anonymous,
                 began_us, answered_us, ended_us)
                 SELECT id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM call WHERE phone = ?1 AND number = ?2
                 ON CONFLICT DO UPDATE SET role = excluded.role, party_name = excluded.party_name,
                 party_number = excluded.party_number, party_uri = excluded.party_uri,
                 party_asserted = excluded.party_asserted, party_anonymous = excluded.party_anonymous,
                 answered_us = coalesce(answered_us, excluded.answered_us), ended_us = excluded.ended_us",
            )?
            .execute(params![
                self.phone,
                call.0,
                leg,
                role,
                party.name,
                party.number,
                party.uri,
                party.asserted,
                party.anonymous,
                began_us,
                answered_us,
                ended_us
            ])
            .map(drop)
    }
}
