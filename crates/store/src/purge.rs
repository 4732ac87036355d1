//! What is too old is forgotten, a little at a time, so that what comes meanwhile does not wait for it.
use rusqlite::{Connection, params};

/// Calls that are forgotten in one transaction.
const AT_ONCE: u32 = 500;

/// Forgets calls that ended before this time, with all that is kept of them, but none whose wrap-up is still to be handed in.
/// Whether there are more.
pub(crate) fn purge(connection: &Connection, before_us: i64) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached(
            "DELETE FROM call WHERE id IN (
                SELECT id FROM call WHERE began_us < ?1 AND coalesce(ended_us, began_us) < ?1 AND outcome IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM wrap_up w WHERE w.call = call.id AND w.submitted_us IS NULL)
                ORDER BY began_us LIMIT ?2)",
        )?
        .execute(params![before_us, AT_ONCE])?;
    Ok(gone >= AT_ONCE as usize)
}
