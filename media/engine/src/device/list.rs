//! The devices that the system has, and which of them a name means.
use crate::{DeviceInfo, KnownDevices};

/// Which way a device goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Capture,
    Playback,
}

/// A device that the system has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The system's own name of it, which is no other's.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// It captures what is played: the playback device of this id.
    pub(crate) monitor_of: Option<String>,
}

/// All devices at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) capture: Vec<Listed>,
    pub(crate) playback: Vec<Listed>,
    /// Ids of the system's defaults.
    pub(crate) default_capture: Option<String>,
    pub(crate) default_playback: Option<String>,
}

impl Listing {
    fn of(&self, direction: Direction) -> (&[Listed], Option<&str>) {
        match direction {
            Direction::Capture => (&self.capture, self.default_capture.as_deref()),
            Direction::Playback => (&self.playback, self.default_playback.as_deref()),
        }
    }

    /// The device of this name: its id or name, else a part of one. Without a name the system's default. An error says in words what is
    /// missing. What a loudspeaker plays is a microphone only where that is asked for by its whole name or id.
    pub(crate) fn find(&self, direction: Direction, name: Option<&str>) -> Result<&Listed, String> {
        let (all, default) = self.of(direction);
        let kind = match direction {
            Direction::Capture => "capture",
            Direction::Playback => "playback",
        };
        let Some(name) = name else {
            let found = default.and_then(|id| all.iter().find(|device| device.id == id));
            let found = found.ok_or_else(|| format!("there is no {kind} device"))?;
            let echo = found.monitor_of.is_some() && found.monitor_of == self.default_playback;
            return if echo {
                Err("there is no capture device but the loudspeaker's own".to_owned())
            } else {
                Ok(found)
            };
        };
        let whole = |device: &&Listed| device.id == name || device.name == name;
        let part = |device: &&Listed| {
            device.monitor_of.is_none() && (device.id.contains(name) || device.name.contains(name))
        };
        let found = all.iter().find(whole).or_else(|| all.iter().find(part));
        found.ok_or_else(|| format!("there is no {kind} device named {name:?}"))
    }

    /// As others are told.
    pub(crate) fn known(&self) -> KnownDevices {
        let told = |direction| {
            let (all, default) = self.of(direction);
            let info = |device: &Listed| DeviceInfo {
                id: device.id.clone(),
                name: device.name.clone(),
                is_default: default == Some(&device.id),
                is_monitor: device.monitor_of.is_some(),
            };
            all.iter().map(info).collect()
        };
        KnownDevices {
            microphones: told(Direction::Capture),
            ears: told(Direction::Playback),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, name: &str, monitor_of: Option<&str>) -> Listed {
        Listed {
            id: id.to_owned(),
            name: name.to_owned(),
            monitor_of: monitor_of.map(str::to_owned),
        }
    }

    fn listing() -> Listing {
        Listing {
            capture: vec![
                device("usb.monitor", "Monitor of Headset", Some("usb")),
                device("usb.mic", "Headset Mono", None),
                device("cam", "Webcam", None),
            ],
            playback: vec![
                device("usb", "Headset", None),
                device("hdmi", "Screen", None),
            ],
            default_capture: Some("cam".to_owned()),
            default_playback: Some("usb".to_owned()),
        }
    }

    #[test]
    fn a_device_is_known_by_its_id_its_name_or_a_part_of_them() {
        let all = listing();
        let id = |direction, name| all.find(direction, name).map(|found| found.id.as_str());
        assert_eq!(id(Direction::Capture, None), Ok("cam"));
        assert_eq!(id(Direction::Capture, Some("Web")), Ok("cam"));
        assert_eq!(id(Direction::Playback, Some("hdmi")), Ok("hdmi"));
        assert!(id(Direction::Playback, Some("Webcam")).is_err());
    }

    #[test]
    fn what_a_loudspeaker_plays_is_no_microphone_unless_it_is_named_whole() {
        let mut all = listing();
        let id = |all: &Listing, name: Option<&str>| {
            all.find(Direction::Capture, name)
                .map(|found| found.id.clone())
        };
        assert_eq!(id(&all, Some("Headset")).as_deref(), Ok("usb.mic"));
        assert_eq!(id(&all, Some("usb.monitor")).as_deref(), Ok("usb.monitor"));
        // The headset's microphone is gone: what its ear plays does not take its place.
        all.capture.remove(1);
        assert!(id(&all, Some("Headset")).is_err());
        all.default_capture = Some("usb.monitor".to_owned());
        assert!(id(&all, None).is_err());
        // Another loudspeaker's is what the system was told to use.
        all.default_playback = Some("hdmi".to_owned());
        assert_eq!(id(&all, None).as_deref(), Ok("usb.monitor"));
    }
}
