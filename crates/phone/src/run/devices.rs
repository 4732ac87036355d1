//! The sound devices as the engine says they are, in the words of the API.
use super::Running;
use std::sync::Arc;
use trialog_api as api;
use trialog_api::request::SetDevices;
use trialog_desk::{Reply, Wrong};
use trialog_engine::{DeviceInfo, DeviceNames, Devices};

impl Running {
    /// The sound devices are these from now on.
    pub(super) fn has_devices(&mut self, devices: Devices) {
        let missing = [
            ("microphone", &devices.no_microphone),
            ("ear", &devices.no_ear),
            ("ring", &devices.no_ring),
        ];
        for (place, why) in missing {
            if let Some(why) = why {
                tracing::warn!(place, why, "a sound device is missing");
            }
        }
        let audio = &mut Arc::make_mut(&mut self.identity).audio;
        *audio = api::Audio {
            end: audio.end,
            started_unix_us: audio.started_unix_us,
            asked: asked(devices.asked),
            microphone: devices.microphone,
            no_microphone: devices.no_microphone,
            ear: devices.ear,
            no_ear: devices.no_ear,
            ring: devices.ring,
            no_ring: devices.no_ring,
            open: devices.open,
            known: api::KnownDevices {
                microphones: known(devices.known.microphones),
                ears: known(devices.known.ears),
            },
        };
        self.sound.devices_changed();
    }

    /// The agent chooses devices, until another choice.
    pub(super) fn choose_devices(&mut self, chosen: &SetDevices) -> Reply {
        if !self.sound.choose_devices(chosen) {
            return Reply::Wrong(Wrong::NoDeviceEnd);
        }
        self.records.devices(chosen);
        Reply::Done
    }
}

/// What is asked for: what the agent has chosen, else what the configuration has.
pub(super) fn names(chosen: &SetDevices, configured: &DeviceNames) -> DeviceNames {
    let one = |chosen: &Option<String>, configured: &Option<String>| {
        chosen.clone().or_else(|| configured.clone())
    };
    DeviceNames {
        microphone: one(&chosen.microphone, &configured.microphone),
        ear: one(&chosen.ear, &configured.ear),
        ring: one(&chosen.ring, &configured.ring),
    }
}

fn asked(names: DeviceNames) -> api::AskedDevices {
    api::AskedDevices {
        microphone: names.microphone,
        ear: names.ear,
        ring: names.ring,
    }
}

/// In the words of the API.
pub(crate) fn known(devices: Vec<DeviceInfo>) -> Vec<api::SoundDevice> {
    let device = |device: DeviceInfo| api::SoundDevice {
        id: device.id,
        name: device.name,
        is_default: device.is_default,
        is_monitor: device.is_monitor,
    };
    devices.into_iter().map(device).collect()
}
