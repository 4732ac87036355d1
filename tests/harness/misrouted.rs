//! The program `trialog` with a routing that is wrong on purpose: everybody is in one conversation, also the party that the
//! core keeps apart with music. A story played with it has to fail.
use std::process::ExitCode;

fn main() -> ExitCode {
    trialog_phone::program(|ports| {
        for port in ports {
            (port.group, port.speaks, port.hears, port.tone) = (0, true, true, None);
        }
    })
}
