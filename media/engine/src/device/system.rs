//! What a sound system does for us: it names its devices, and opens them.
use super::{Listed, Listing};
use crate::card::{Bell, Capture, Playback, StreamState};
use std::sync::Arc;

/// An open stream; it is closed when this is dropped, which may take a while.
pub(crate) type Opened = Box<dyn Send>;

/// A sound system, reached.
pub(crate) trait SoundSystem: Send {
    /// All devices now. An error: the system is gone.
    fn devices(&mut self) -> Result<Listing, String>;

    /// Tells by a note what comes and goes; else it has to be asked.
    fn tells(&self) -> bool;

    /// Opens a capture device.
    fn capture(
        &mut self,
        device: &Listed,
        side: Capture,
        state: Arc<StreamState>,
    ) -> Result<Opened, String>;

    /// Opens a playback device that drives the tick.
    fn play(
        &mut self,
        device: &Listed,
        side: Playback,
        state: Arc<StreamState>,
    ) -> Result<Opened, String>;

    /// Opens a playback device that rings.
    fn ring(
        &mut self,
        device: &Listed,
        side: Bell,
        state: Arc<StreamState>,
    ) -> Result<Opened, String>;
}
