//! The program `trialog`.
use std::process::ExitCode;

fn main() -> ExitCode {
    // The routing goes to the engine as the core has it.
    trialog_phone::program(|_| {})
}
