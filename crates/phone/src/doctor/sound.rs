//! What the agent speaks into and hears by, as the engine finds it. No device is opened.
use super::Subject;
use super::finding::{Check, Finding};
use std::path::Path;
use std::time::Duration;
use trialog_desk::messages::Text;
use trialog_desk::words::{Word, doctor as words};
use trialog_engine::{AudioEnd, DeviceInfo, DeviceNames, Devices, Engine, EngineEvent, Options};

/// A sound system that has not told its devices by then hangs.
const PATIENCE: Duration = Duration::from_secs(4);

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let config = &subject.config;
    let mut findings = match &config.audio {
        AudioEnd::None => vec![Finding::good(Check::Sound, words::SOUND_NONE, &[])],
        AudioEnd::File { play, .. } => {
            let unread = play.as_deref().and_then(|file| unreadable("play", file));
            let good = || Finding::good(Check::Sound, words::SOUND_FILE, &[]);
            vec![unread.unwrap_or_else(good)]
        }
        AudioEnd::Device(names) => devices(names),
    };
    let music = config.sounds.music.as_deref();
    findings.extend(music.and_then(|file| unreadable("music", file)));
    findings
}

fn unreadable(key: &str, file: &Path) -> Option<Finding> {
    let why = std::fs::File::open(file).err()?.to_string();
    let file = file.display().to_string();
    let values = [("file", &*file), ("why", &why)];
    let finding = Finding::wrong(Check::Sound, words::SOUND_FILE_MISSING, &values);
    Some(finding.hint(words::SOUND_FILE_HINT, &[("key", key)]))
}

fn devices(names: &DeviceNames) -> Vec<Finding> {
    let silent = || {
        let finding = Finding::wrong(Check::Sound, words::SOUND_SILENT, &[]);
        vec![finding.hint(words::SOUND_HINT, &[])]
    };
    let end = AudioEnd::Device(names.clone());
    let (engine, events) = match Engine::start(end, Options::default()) {
        Ok(started) => started,
        Err(error) => {
            let values = [("why", &*error.to_string())];
            let finding = Finding::wrong(Check::Sound, words::SOUND_FAILS, &values);
            return vec![finding.hint(words::SOUND_HINT, &[])];
        }
    };
    let found = loop {
        match events.recv_timeout(PATIENCE) {
            Ok(EngineEvent::Devices(devices)) => break Some(devices),
            Ok(_) => {}
            Err(_) => break None,
        }
    };
    drop(engine);
    found.map_or_else(silent, |devices| told(&devices))
}

fn told(devices: &Devices) -> Vec<Finding> {
    let Devices {
        asked,
        known,
        microphone,
        no_microphone,
        ear,
        no_ear,
        ring,
        no_ring,
        ..
    } = devices;
    let missing = |why: &Option<String>| why.clone().unwrap_or_default();
    let mut findings = vec![
        place(
            (words::MICROPHONE, "input", &known.microphones),
            asked.microphone.as_deref(),
            microphone.clone().ok_or_else(|| missing(no_microphone)),
        ),
        place(
            (words::EAR, "output", &known.ears),
            asked.ear.as_deref(),
            ear.clone().ok_or_else(|| missing(no_ear)),
        ),
    ];
    // Without one of its own it rings in the ear.
    if asked.ring.is_some() {
        let found = ring.clone().ok_or_else(|| missing(no_ring));
        let place = place(
            (words::RING, "ring", &known.ears),
            asked.ring.as_deref(),
            found,
        );
        findings.push(place.at_most_watch());
    }
    findings
}

/// What serves as one of them, or why nothing does.
fn place(
    (name, key, known): (Word, &str, &[DeviceInfo]),
    asked: Option<&str>,
    found: Result<String, String>,
) -> Finding {
    let known: Vec<_> = known
        .iter()
        .filter(|device| !device.is_monitor)
        .map(|device| format!("“{}”", device.name))
        .collect();
    let known = match known.is_empty() {
        true => words::NO_DEVICES.with(&[]),
        false => Text {
            en: known.join(", "),
            de: known.join(", "),
        },
    };
    let finding = match found {
        Ok(device) => {
            let values = [("device", &*device), ("asked", asked.unwrap_or_default())];
            let word = match asked {
                Some(_) => words::DEVICE_ASKED,
                None => words::DEVICE,
            };
            Finding::good(Check::Sound, word, &values)
        }
        Err(why) => {
            let values = [("why", &*why)];
            let finding = Finding::wrong(Check::Sound, words::DEVICE_MISSING, &values);
            finding.hint(words::DEVICE_HINT, &[("key", key)])
        }
    };
    finding.fill("place", &name.with(&[])).fill("known", &known)
}
