//! What is to be told to others: rows that are written with the record that they are about, and handed out in their order.
//! The text of a row is the caller's ([`Outgoing::body`]); how it is sent, and when it is tried again, is none of the store's.
use crate::error::StoreError;
use crate::file::OpenFile;
use crate::history::{self, HistoryCall};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is told.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Each with a name of its own.
    pub subscriptions: Vec<Subscription>,
    /// The text of a row: the row's id, which no other row ever has; what happened; its time in Unix microseconds; the call with
    /// all that is kept of it; and the number of the wrap-up that was handed in, where that is it.
    pub body: fn(&str, Occasion, i64, HistoryCall, Option<u32>) -> String,
}

/// What one webhook wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub webhook: String,
    /// Of these.
    pub occasions: Vec<Occasion>,
}

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A call came or was placed.
    Began,
    /// Sound was agreed with its first party.
    Connected,
    /// It is over, also where the phone died in it.
    Ended,
    /// Callers were turned away.
    TurnedAway,
    /// A wrap-up was handed in.
    WrapUp,
}

/// Something to tell.
pub(crate) struct News {
    pub(crate) occasion: Occasion,
    /// Row of the call.
    pub(crate) call: i64,
    pub(crate) wrap_up: Option<u32>,
    pub(crate) at_us: i64,
}

/// Puts a row for each webhook that wants to be told. Whether there is one.
pub(crate) fn put(
    connection: &Connection,
    phone: &str,
    outgoing: &Outgoing,
    news: &News,
) -> rusqlite::Result<bool> {
    let mut wants = outgoing
        .subscriptions
        .iter()
        .filter(|one| one.occasions.contains(&news.occasion))
        .peekable();
    if wants.peek().is_none() {
        return Ok(false);
    }
    let Some(call) = history::one(connection, news.call)? else {
        return Ok(false);
    };
    for Subscription { webhook, .. } in wants {
        let message: String = connection
            .prepare_cached("SELECT 'msg_' || lower(hex(randomblob(16)))")?
            .query_row([], |row| row.get(0))?;
        let body = (outgoing.body)(
            &message,
            news.occasion,
            news.at_us,
            call.clone(),
            news.wrap_up,
        );
        connection
            .prepare_cached(
                "INSERT INTO outbox (phone, webhook, message, body, made_us) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![phone, webhook, message, body, news.at_us])?;
    }
    Ok(true)
}

/// At a start: what waits for a webhook that there is no more is forgotten, and these calls are told as over.
pub(crate) fn restore(
    connection: &Connection,
    phone: &str,
    outgoing: Option<&Outgoing>,
    lost: &[i64],
) -> rusqlite::Result<()> {
    let subscriptions = outgoing.map_or(&[][..], |outgoing| &outgoing.subscriptions);
    let names: Vec<&str> = subscriptions
        .iter()
        .map(|one| one.webhook.as_str())
        .collect();
    let names = serde_json::to_string(&names).expect("texts are JSON");
    let gone = connection.execute(
        "DELETE FROM outbox WHERE phone = ?1 AND webhook NOT IN (SELECT value FROM json_each(?2))",
        params![phone, names],
    )?;
    if gone > 0 {
        tracing::warn!(
            messages = gone,
            "what waited for webhooks that are no longer configured is forgotten"
        );
    }
    let Some(outgoing) = outgoing else {
        return Ok(());
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let at_us = i64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(i64::MAX);
    for call in lost {
        let news = News {
            occasion: Occasion::Ended,
            call: *call,
            wrap_up: None,
            at_us,
        };
        put(connection, phone, outgoing, &news)?;
    }
    Ok(())
}

/// What waits for one webhook, read and crossed out by a connection of its own.
#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    phone: String,
    webhook: String,
}

/// The oldest of what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// By which it is crossed out.
    pub row: i64,
    /// Its id, which no other row has, and which it keeps however often it is sent.
    pub message: String,
    /// What is sent.
    pub body: String,
    /// When it was written, in Unix microseconds.
    pub made_us: i64,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// When it may be sent; `None`: now.
    pub next_us: Option<i64>,
}

impl Outbox {
    /// Of a file that a phone has opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open(path: &Path, phone: &str, webhook: &str) -> Result<Self, StoreError> {
        let OpenFile { connection, .. } = crate::file::open_beside(path)?;
        // A row that a power failure brings back is sent twice, and known by its id.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(Self {
            connection,
            phone: phone.to_owned(),
            webhook: webhook.to_owned(),
        })
    }

    /// The oldest.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn next(&self) -> Result<Option<Parcel>, StoreError> {
        let parcel = self
            .connection
            .prepare_cached(
                "SELECT id, message, body, made_us, attempts, next_us FROM outbox
                 WHERE phone = ?1 AND webhook = ?2 ORDER BY id LIMIT 1",
            )?
            .query_row([&self.phone, &self.webhook], |row| {
                Ok(Parcel {
                    row: row.get("id")?,
                    message: row.get("message")?,
                    body: row.get("body")?,
                    made_us: row.get("made_us")?,
                    attempts: row.get("attempts")?,
                    next_us: row.get("next_us")?,
                })
            })
            .optional()?;
        Ok(parcel)
    }

    /// How many wait.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn depth(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM outbox WHERE phone = ?1 AND webhook = ?2";
        let count: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row([&self.phone, &self.webhook], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// It has arrived, or is to be forgotten.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn cross_out(&self, row: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([row])?;
        Ok(())
    }

    /// It has not arrived, and is to be sent again, not before `next_us`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_off(&self, row: i64, next_us: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE outbox SET attempts = attempts + 1, next_us = ?2 WHERE id = ?1",
            )?
            .execute(params![row, next_us])?;
        Ok(())
    }

    /// Forgets what was written before `before_us`, and the oldest of more than `most`. How many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn trim(&self, before_us: i64, most: u32) -> Result<usize, StoreError> {
        let gone = self
            .connection
            .prepare_cached(
                "DELETE FROM outbox WHERE phone = ?1 AND webhook = ?2 AND (made_us < ?3 OR id <= (
                    SELECT id FROM outbox WHERE phone = ?1 AND webhook = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?4))",
            )?
            .execute(params![self.phone, self.webhook, before_us, most])?;
        Ok(gone)
    }
}
