//! A routing that is broken on purpose, to see that the demo notices: only in a build for tests, and only where the environment
//! asks for it by `TRIALOG_SABOTAGE=routing`.
use trialog_engine::PortSpec;

/// Puts everybody into one conversation, also whom the core keeps apart with music.
#[cfg(debug_assertions)]
pub(super) fn spoil(ports: &mut [PortSpec]) {
    if std::env::var_os("TRIALOG_SABOTAGE").is_some_and(|what| what == "routing") {
        for port in ports {
            (port.group, port.speaks, port.hears, port.tone) = (0, true, true, None);
        }
    }
}

/// Nothing, in a build for users.
#[cfg(not(debug_assertions))]
pub(super) fn spoil(_seats: &mut [PortSpec]) {}
