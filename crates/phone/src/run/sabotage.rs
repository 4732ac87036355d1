//! A routing that is broken on purpose, to see that the demo notices: only in a build for tests, and only where the environment
//! asks for it by `TRIALOG_SABOTAGE=routing`.
use trialog_engine::SeatSpec;

/// Puts everybody into one conversation, also whom the core keeps apart with music.
#[cfg(debug_assertions)]
pub(super) fn spoil(seats: &mut [SeatSpec]) {
    if std::env::var_os("TRIALOG_SABOTAGE").is_some_and(|what| what == "routing") {
        for seat in seats {
            (seat.group, seat.speaks, seat.hears, seat.tone) = (0, true, true, None);
        }
    }
}

/// Nothing, in a build for users.
#[cfg(not(debug_assertions))]
pub(super) fn spoil(_seats: &mut [SeatSpec]) {}
