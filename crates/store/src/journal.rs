//! The journal: for each call that goes on, what the next run of the phone needs to go on with it. The text of a row is the caller's;
//! it is written anew with each change, and struck out when the call is over. What can't be used is set aside in its place.
use crate::row::CallNumber;
use rusqlite::{Connection, params};

/// Rows that a start reads; a phone has fewer calls.
const MOST: u32 = 64;

/// Starts that may read a row which none has written anew: a phone that dies of it is to start without it.
const TRIES: u32 = 5;

/// Rows that are set aside and stay, the latest.
const ASIDE: u32 = 20;

/// A call that went on when the phone died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its number.
    pub call: CallNumber,
    /// Of the text's form, as it was given.
    pub version: u32,
    /// As it was given.
    pub text: String,
}

/// Writes a call's row.
pub(crate) fn write(
    connection: &Connection,
    phone: &str,
    row: &JournalRow,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO journal (phone, number, version, text) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET version = excluded.version, text = excluded.text, tries = 0, why = NULL",
        )?
        .execute(params![phone, row.call.0, row.version, row.text])
        .map(drop)
}

/// The call goes on no more.
pub(crate) fn strike_out(connection: &Connection, phone: &str, call: u32) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM journal WHERE phone = ?1 AND number = ?2")?
        .execute(params![phone, call])
        .map(drop)
}

/// The call can't be gone on with: its row stays for who looks into it, and no start reads it again.
pub(crate) fn set_aside(
    connection: &Connection,
    phone: &str,
    call: u32,
    why: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE journal SET why = ?3 WHERE phone = ?1 AND number = ?2")?
        .execute(params![phone, call, why])?;
    connection
        .prepare_cached(
            "DELETE FROM journal WHERE phone = ?1 AND why IS NOT NULL AND number NOT IN (
                SELECT number FROM journal WHERE phone = ?1 AND why IS NOT NULL ORDER BY number DESC LIMIT ?2)",
        )?
        .execute(params![phone, ASIDE])
        .map(drop)
}

/// The calls that went on, oldest first. A row without its call is forgotten.
pub(crate) fn restore(connection: &Connection, phone: &str) -> rusqlite::Result<Vec<JournalRow>> {
    connection.execute(
        "DELETE FROM journal WHERE phone = ?1 AND why IS NULL AND number NOT IN (
            SELECT number FROM call WHERE phone = ?1 AND number IS NOT NULL AND outcome IS NULL)",
        [phone],
    )?;
    connection.execute(
        "UPDATE journal SET tries = tries + 1, why = iif(tries < ?2, NULL, 'each start has ended with it')
         WHERE phone = ?1 AND why IS NULL",
        params![phone, TRIES],
    )?;
    connection
        .prepare(
            "SELECT number, version, text FROM journal WHERE phone = ?1 AND why IS NULL ORDER BY number LIMIT ?2",
        )?
        .query_map(params![phone, MOST], |row| {
            Ok(JournalRow {
                call: CallNumber(row.get(0)?),
                version: row.get(1)?,
                text: row.get(2)?,
            })
        })?
        .collect()
}
