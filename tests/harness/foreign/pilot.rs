//! The steady tones that the parties speak.
use super::{Done, Fault, Role};
use std::fs;
use std::path::PathBuf;

/// Their level, in dB below full scale.
pub const LEVEL: f64 = -30.0;

/// A WAV file (mono, 16 bits) with the pilot of this party, at so many samples a second and for so many whole seconds: it can be
/// repeated without a seam. Made at first use, in the folder of all tests' files.
///
/// # Errors
/// The folder can't be written.
pub fn file(role: Role, rate: u32, seconds: u32) -> Done<PathBuf> {
    let folder = crate::program::shared_folder("pilots");
    let path = folder.join(format!("{}-{rate}-{seconds}.wav", role.name()));
    if path.is_file() {
        return Ok(path);
    }
    let fault = |error: &dyn std::fmt::Display| Fault(format!("{}: {error}", path.display()));
    // Whole or not at all: another test may look for it now.
    let fresh = path.with_extension(format!(
        "{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    crate::tone::write_at(&fresh, f64::from(role.pilot()), LEVEL, seconds, rate);
    fs::rename(&fresh, &path).map_err(|error| fault(&error))?;
    Ok(path)
}
