//! The sound card, looked after by a thread of its own: which devices are asked for, which are there, which are open.
//!
//! Streams are open while there is a call or a ring, and closed when there is none. Each is bound to the device that was asked for:
//! where that is gone it is silent, and never moves to another one by itself. A device that is missing is looked for once a second, or
//! at once where the system tells what comes and goes. What runs on the streams' threads is in [`crate::card`].
mod cpal_system;
mod keeper;
mod list;
mod slot;
mod system;

pub(crate) use list::{Direction, Listed, Listing};
pub(crate) use system::{Opened, SoundSystem};

use crate::microphone::MicrophoneHandover;
use crate::tick_driver::TickDriver;
use crate::{DeviceNames, EngineError, EngineEvent};
use keeper::Keeper;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_dsp::Country;

/// So long the start waits for the first look at the devices; a sound server that hangs is not waited for.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// All devices now, by a sound system of its own.
pub(crate) fn list_devices() -> Result<Listing, String> {
    let (notes, _) = mpsc::channel();
    keeper::reach(&notes)?.devices()
}

/// What the keeper is told.
#[allow(dead_code, reason = "only a sound server tells of changes")]
pub(crate) enum Note {
    /// What the local party needs now.
    Need(Need),
    /// These devices, from now on.
    Choose(DeviceNames),
    /// Devices have come, gone or changed.
    Changed,
    /// The sound server is gone.
    Lost,
    Stop,
}

/// What the local party needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// Microphone and ear: there is a call.
    pub(crate) call: bool,
    /// It rings.
    pub(crate) ring: bool,
}

/// What the keeper is given once.
pub(crate) struct Parts {
    pub(crate) names: DeviceNames,
    pub(crate) country: Country,
    pub(crate) driver: Arc<TickDriver>,
    pub(crate) microphones: MicrophoneHandover,
    pub(crate) events: Sender<EngineEvent>,
}

/// The sound devices in use. Dropping it closes them.
pub(crate) struct Device {
    notes: Sender<Note>,
    /// It rings on a device of its own, not in the ear.
    rings_apart: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    /// Begins to look after the devices, whether they are there or not. Returns when it is known whether they are.
    pub(crate) fn start(parts: Parts) -> Result<Self, EngineError> {
        let (notes, inbox) = mpsc::channel();
        let (looked, first_look) = mpsc::channel();
        let rings_apart = Arc::new(AtomicBool::new(false));
        let keeper = Keeper::new(parts, notes.clone(), Arc::clone(&rings_apart));
        let thread = std::thread::Builder::new()
            .name("trialog-device".into())
            .spawn(move || keeper.run(&inbox, &looked))
            .map_err(EngineError::Thread)?;
        let _ = first_look.recv_timeout(FIRST_LOOK);
        Ok(Self {
            notes,
            rings_apart,
            thread: Some(thread),
        })
    }

    /// What the local party needs from now on.
    pub(crate) fn need(&self, need: Need) {
        self.tell(Note::Need(need));
    }

    /// These devices, from now on; also in a call.
    pub(crate) fn choose(&self, names: DeviceNames) {
        self.tell(Note::Choose(names));
    }

    /// It rings on a device of its own, not in the ear.
    pub(crate) fn rings_apart(&self) -> bool {
        self.rings_apart.load(Ordering::Acquire)
    }

    fn tell(&self, note: Note) {
        // The thread ends only with this value.
        let _ = self.notes.send(note);
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.tell(Note::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
