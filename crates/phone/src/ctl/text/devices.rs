//! Sound devices, for people.
use super::{line, say_in};
use crate::cli::Language;
use trialog_client::api::{Audio, AudioEnd, SoundDevice};
use trialog_desk::words::{Word, ctl};

/// The devices of the phone, and all that there are.
pub(in crate::ctl) fn devices(audio: &Audio, language: Language) -> String {
    let say = |word: Word| say_in(language, word);
    let mut out = String::new();
    if audio.end != AudioEnd::Device {
        line(&mut out, say(ctl::NO_SOUND_DEVICES));
        return out;
    }
    let places = [
        (say(ctl::MICROPHONE_IS), &audio.microphone),
        (say(ctl::EAR_IS), &audio.ear),
        (say(ctl::RING_IS), &audio.ring),
    ];
    for (place, name) in places {
        if let Some(name) = name {
            line(&mut out, &format!("{place}: {name}"));
        }
    }
    missing(&mut out, "", audio, language);
    list(
        &mut out,
        say(ctl::MICROPHONES_ARE),
        &audio.known.microphones,
        language,
    );
    list(&mut out, say(ctl::EARS_ARE), &audio.known.ears, language);
    out
}

/// What is asked for and not there.
pub(super) fn missing(out: &mut String, margin: &str, audio: &Audio, language: Language) {
    let say = |word: Word| say_in(language, word);
    if audio.end != AudioEnd::Device {
        return;
    }
    let places = [
        (say(ctl::NO_MICROPHONE), &audio.no_microphone),
        (say(ctl::NO_EAR), &audio.no_ear),
        (say(ctl::RINGS_IN_THE_EAR), &audio.no_ring),
    ];
    for (place, why) in places {
        if let Some(why) = why {
            line(out, &format!("{margin}{place}: {why}"));
        }
    }
}

/// Devices with what tells them apart.
pub(crate) fn list(out: &mut String, title: &str, devices: &[SoundDevice], language: Language) {
    line(out, title);
    for device in devices {
        let SoundDevice { id, name, .. } = device;
        let mark = match (device.is_default, device.is_monitor) {
            (true, _) => say_in(language, ctl::IS_DEFAULT),
            (false, true) => say_in(language, ctl::IS_MONITOR),
            (false, false) => "",
        };
        line(out, &format!("  {name} ({id}{mark})"));
    }
}
