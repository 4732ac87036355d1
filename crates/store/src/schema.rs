//! The tables, by versions. `user_version` of the file is the number of the migrations that it has seen; each runs once, in a
//! transaction of its own. A migration that has been shipped is never changed.
use rusqlite::{Connection, TransactionBehavior};

/// The migrations, in order.
const MIGRATIONS: &[&str] = &[FIRST, OUTBOX, JOURNAL, DEVICES];

/// The latest version that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// `number` is NULL in `call` for callers that were turned away. Parties that are not searched for are JSON.
const FIRST: &str = "
CREATE TABLE call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL,
    number INTEGER,
    incoming INTEGER NOT NULL,
    role TEXT NOT NULL,
    peer_name TEXT,
    peer_number TEXT,
    peer_uri TEXT,
    peer_asserted INTEGER NOT NULL,
    peer_anonymous INTEGER NOT NULL,
    called TEXT,
    diverted_from TEXT,
    referred_by TEXT,
    began_us INTEGER NOT NULL,
    connected_us INTEGER,
    owned_us INTEGER,
    ended_us INTEGER,
    outcome TEXT,
    status INTEGER,
    why TEXT,
    calls INTEGER NOT NULL DEFAULT 1,
    transferred_to TEXT,
    UNIQUE (phone, number)
) STRICT;
CREATE INDEX call_began ON call (began_us);
CREATE INDEX call_open ON call (phone) WHERE outcome IS NULL;

CREATE TABLE leg (
    call INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    leg TEXT NOT NULL,
    role TEXT NOT NULL,
    party_name TEXT,
    party_number TEXT,
    party_uri TEXT,
    party_asserted INTEGER NOT NULL,
    party_anonymous INTEGER NOT NULL,
    began_us INTEGER NOT NULL,
    answered_us INTEGER,
    ended_us INTEGER,
    PRIMARY KEY (call, leg)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    party TEXT,
    detail TEXT
) STRICT;
CREATE INDEX event_call ON event (call);

CREATE TABLE wrap_up (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    number INTEGER NOT NULL,
    call INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    opened_us INTEGER NOT NULL,
    due_us INTEGER,
    reason TEXT,
    note TEXT,
    timed INTEGER NOT NULL DEFAULT 0,
    submitted_us INTEGER,
    UNIQUE (phone, number)
) STRICT;
CREATE INDEX wrap_up_call ON wrap_up (call);
CREATE INDEX wrap_up_open ON wrap_up (phone) WHERE submitted_us IS NULL;

CREATE TABLE phone (
    name TEXT PRIMARY KEY,
    presence TEXT,
    synced INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE imported (
    path TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What waits for a webhook, oldest first by `id`. `body` is whole: it outlives its call. `next_us`: not before this time.
const OUTBOX: &str = "
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL,
    webhook TEXT NOT NULL,
    message TEXT NOT NULL,
    body TEXT NOT NULL,
    made_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_us INTEGER
) STRICT;
CREATE INDEX outbox_of ON outbox (phone, webhook, id);
";

/// Calls that go on, for the next run of the phone. `tries`: starts that have read it since it was written. `why`: none could go on with it.
const JOURNAL: &str = "
CREATE TABLE journal (
    phone TEXT NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    why TEXT,
    PRIMARY KEY (phone, number)
) STRICT, WITHOUT ROWID;
";

/// The sound devices that the agent has chosen, in the caller's words.
const DEVICES: &str = "ALTER TABLE phone ADD COLUMN devices TEXT;";

/// The version of a file's tables.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables from the version that they have to the latest.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    migrate_by(connection, MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let seen = usize::try_from(version(connection)?).unwrap_or(0);
    for (place, migration) in migrations.iter().enumerate().skip(seen) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another phone with this file may have come first.
        if version(&step)? == place as i64 {
            step.execute_batch(migration)?;
            step.pragma_update(None, "user_version", place as i64 + 1)?;
        }
        step.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_migration_runs_once_and_one_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE a (x INTEGER)";
        migrate_by(&mut connection, &[first]).unwrap();
        let second = "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2)";
        let broken = "CREATE TABLE b (x INTEGER); SELECT nothing FROM nowhere";
        migrate_by(&mut connection, &[first, second, broken]).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 2);
        let left = connection.query_row("SELECT count(*) FROM b", [], |_| Ok(()));
        assert!(left.is_err(), "a half of a migration is there");
        migrate_by(&mut connection, &[first, second]).unwrap();
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn the_tables_are_made_from_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), KNOWN);
    }
}
