//! What a start takes up again: what the agent owes, where the agent was, and which numbers are used.
use crate::history::peer_of;
use crate::journal::{self, JournalRow};
use crate::outbox;
use crate::row::{CallNumber, Party, WrapUpNumber};
use crate::store::Options;
use rusqlite::{Connection, OptionalExtension, params};

/// How a call ended whose phone was not there at its end.
pub(crate) const LOST: &str = "lost";

/// What was kept of this phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The agent's presence, in the word that it was kept by; `None`: never stated.
    pub presence: Option<String>,
    /// The sound devices that the agent has chosen, in the words that they were kept by; `None`: none were.
    pub devices: Option<String>,
    /// Wrap-ups that were opened and not handed in, oldest first. The calls of those that were drafts are over.
    pub wrap_ups: Vec<RestoredWrapUp>,
    /// Calls that went on when the phone died, oldest first: each is gone on with, or [`Entry::Lost`](crate::Entry::Lost).
    pub journal: Vec<JournalRow>,
    /// The highest number of a call; 0: there was none.
    pub last_call: u32,
    /// The highest number of a wrap-up; 0: there was none.
    pub last_wrap_up: u32,
}

/// A wrap-up that is still to be handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredWrapUp {
    /// Its number.
    pub wrap_up: WrapUpNumber,
    /// The number of its call.
    pub call: CallNumber,
    /// The party that the call was about.
    pub peer: Party,
    /// The reason chosen so far.
    pub reason: Option<String>,
    /// The agent's words so far.
    pub note: Option<String>,
    /// It was owed already.
    pub due: bool,
}

/// Reads it, and states the end of calls whose phone has died, but of those in the journal: no one knows when it was.
pub(crate) fn restore(
    connection: &mut Connection,
    options: &Options,
) -> rusqlite::Result<Restored> {
    let phone: &str = &options.phone;
    let step = connection.transaction()?;
    let journal = journal::restore(&step, phone)?;
    let lost: Vec<i64> = step
        .prepare(
            "UPDATE call SET outcome = ?2 WHERE phone = ?1 AND outcome IS NULL AND number NOT IN (
                SELECT number FROM journal WHERE phone = ?1 AND why IS NULL) RETURNING id",
        )?
        .query_map(params![phone, LOST], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if !lost.is_empty() {
        tracing::warn!(
            calls = lost.len(),
            "the phone has died in calls; they are recorded as lost"
        );
    }
    outbox::restore(&step, phone, options.outgoing.as_ref(), &lost)?;
    let (presence, devices) = step
        .query_row(
            "SELECT presence, devices FROM phone WHERE name = ?1",
            [phone],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?
        .unwrap_or_default();
    step.execute("INSERT OR IGNORE INTO phone (name) VALUES (?1)", [phone])?;
    let number = |table: &str| {
        step.query_row(
            &format!("SELECT coalesce(max(number), 0) FROM {table} WHERE phone = ?1"),
            [phone],
            |row| row.get(0),
        )
    };
    let (last_call, last_wrap_up) = (number("call")?, number("wrap_up")?);
    let wrap_ups = step
        .prepare(
            "SELECT w.number AS wrap_up, c.number AS number, w.reason, w.note, w.due_us IS NOT NULL AS due,
             c.peer_name, c.peer_number, c.peer_uri, c.peer_asserted, c.peer_anonymous
             FROM wrap_up w JOIN call c ON c.id = w.call
             WHERE w.phone = ?1 AND w.submitted_us IS NULL ORDER BY w.id",
        )?
        .query_map([phone], |row| {
            Ok(RestoredWrapUp {
                wrap_up: WrapUpNumber(row.get("wrap_up")?),
                call: CallNumber(row.get("number")?),
                peer: peer_of(row, "peer")?,
                reason: row.get("reason")?,
                note: row.get("note")?,
                due: row.get("due")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    step.commit()?;
    Ok(Restored {
        presence,
        devices,
        wrap_ups,
        journal,
        last_call,
        last_wrap_up,
    })
}
