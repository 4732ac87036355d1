//! `trialog audio`: which sound devices there are, and whether microphone and ear can be used.
use crate::cli::{AudioOptions, AudioVerb, Language};
use crate::config::Config;
use crate::ctl::text::{self, devices};
use crate::run::known;
use crate::visible;
use serde_json::json;
use std::process::ExitCode;
use trialog_engine::{AudioEnd, DeviceNames, Echo, EngineError, known_devices, play_and_hear};
use trialog_frame::{Level, RATE};

/// The tone, in Hz.
const TONE: f64 = 1_000.0;

/// How loud it is played: 0.1 is −20 dB.
const LOUD: f32 = 0.1;

/// When each tone begins, and how long it is, in milliseconds.
const BEGINS: [usize; 3] = [1_000, 1_700, 2_400];
const LONG: usize = 200;

/// How long the agent speaks, in milliseconds.
const SPOKEN: usize = 3_000;

/// A microphone that gives less than this, in dB, is silent: it is switched off, or it is another one that is spoken into.
const SILENT: f32 = -60.0;

/// So much above what is heard otherwise a tone is heard, in dB.
const CLEAR: f32 = 12.0;

pub(crate) fn run(options: &AudioOptions) -> ExitCode {
    let done = match &options.verb {
        AudioVerb::List => list(options),
        AudioVerb::Test {
            config,
            input,
            output,
        } => {
            let config = match crate::load(config.as_deref(), None) {
                Ok(config) => config,
                Err(exit) => return exit,
            };
            test(options, &names(&config, input.as_ref(), output.as_ref()))
        }
    };
    match done {
        Ok(exit) => exit,
        Err(error) => {
            let text = match (options.lang, &error) {
                (Language::De, EngineError::NoDevice(why)) => {
                    format!("Mikrofon oder Hörer fehlt: {why}")
                }
                _ => error.to_string(),
            };
            eprintln!("trialog: {}", visible::text(&text));
            ExitCode::FAILURE
        }
    }
}

fn list(options: &AudioOptions) -> Result<ExitCode, EngineError> {
    let all = known_devices()?;
    let all = trialog_api::KnownDevices {
        microphones: known(all.microphones),
        ears: known(all.ears),
    };
    if options.json {
        println!("{}", visible::json(&json!(all).to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    let say = |en: &'static str, de: &'static str| text::in_language(options.lang, en, de);
    let mut out = String::new();
    let titles = (say("microphones:", "Mikrofone:"), say("ears:", "Hörer:"));
    devices::list(&mut out, titles.0, &all.microphones, options.lang);
    devices::list(&mut out, titles.1, &all.ears, options.lang);
    print!("{out}");
    Ok(ExitCode::SUCCESS)
}

/// What the command line names, else what the configuration does.
fn names(config: &Config, input: Option<&String>, output: Option<&String>) -> DeviceNames {
    let configured = match &config.audio {
        AudioEnd::Device(names) => names.clone(),
        _ => DeviceNames::default(),
    };
    DeviceNames {
        microphone: input.cloned().or(configured.microphone),
        ear: output.cloned().or(configured.ear),
        ring: None,
    }
}

fn test(options: &AudioOptions, names: &DeviceNames) -> Result<ExitCode, EngineError> {
    let say = |en: String, de: String| {
        if !options.json {
            let text = match options.lang {
                Language::En => en,
                Language::De => de,
            };
            println!("{}", visible::text(&text));
        }
    };
    say(
        "You hear three tones.".to_owned(),
        "Sie hören drei Töne.".to_owned(),
    );
    let tones = play_and_hear(names, &tones())?;
    let named = |name: &Option<String>| name.clone().unwrap_or_default();
    let (microphone, ear) = (named(&tones.devices.microphone), named(&tones.devices.ear));
    say(
        format!("The ear is {ear}, the microphone {microphone}. Say something, for three seconds."),
        format!(
            "Der Hörer ist {ear}, das Mikrofon {microphone}. Sagen Sie etwas, drei Sekunden lang."
        ),
    );
    let spoken = play_and_hear(names, &vec![0.0; samples(SPOKEN)])?;
    say(
        "That is how you sound.".to_owned(),
        "So klingen Sie.".to_owned(),
    );
    play_and_hear(names, &spoken.heard)?;
    let loudest = loudest(&spoken);
    let latency = latency(&tones);
    if options.json {
        let told = json!({
            "microphone": microphone,
            "ear": ear,
            "microphone_db": loudest.round(),
            "silent": loudest < SILENT,
            "latency_ms": latency,
        });
        println!("{}", visible::json(&told.to_string()));
    }
    match latency {
        Some(ms) => say(
            format!(
                "The microphone hears the ear {ms} ms later, as a far end of a call has it: use a headset."
            ),
            format!(
                "Das Mikrofon hört den Hörer {ms} ms später, wie es die Gegenstelle hört: verwenden Sie ein Headset."
            ),
        ),
        None => say(
            "The microphone does not hear the ear, as it should be.".to_owned(),
            "Das Mikrofon hört den Hörer nicht, wie es sein soll.".to_owned(),
        ),
    }
    if loudest < SILENT {
        say(
            "Your microphone is silent: is it switched off, or is it another one? `trialog audio list` shows them all.".to_owned(),
            "Ihr Mikrofon ist stumm: Ist es ausgeschaltet, oder ist es ein anderes? `trialog audio list` zeigt alle.".to_owned(),
        );
        return Ok(ExitCode::FAILURE);
    }
    let loudest = loudest.round();
    say(
        format!("Your microphone is heard, at {loudest} dB."),
        format!("Ihr Mikrofon ist zu hören, mit {loudest} dB."),
    );
    Ok(ExitCode::SUCCESS)
}

fn samples(ms: usize) -> usize {
    ms * RATE as usize / 1_000
}

/// Three tones with pauses.
fn tones() -> Vec<f32> {
    let mut all = vec![0.0; samples(BEGINS[2] + 2 * LONG + 400)];
    for begin in BEGINS {
        for (index, sample) in all[samples(begin)..][..samples(LONG)]
            .iter_mut()
            .enumerate()
        {
            let turn = std::f64::consts::TAU * TONE * index as f64 / f64::from(RATE);
            *sample = LOUD * turn.sin() as f32;
        }
    }
    all
}

/// The loudest 100 ms.
fn loudest(echo: &Echo) -> f32 {
    let pieces = echo.heard.chunks(samples(100));
    let levels = pieces.map(|piece| Level::rms(piece).0);
    levels.fold(Level::FLOOR.0, f32::max)
}

/// How much later the tones are heard than played, in milliseconds; nothing: they are not.
fn latency(echo: &Echo) -> Option<usize> {
    let step = samples(10);
    let levels: Vec<f32> = echo
        .heard
        .chunks_exact(step)
        .map(|piece| Level::sine_amplitude(piece, TONE, f64::from(RATE)).0)
        .collect();
    let before = levels.get(20..90)?.iter().copied().fold(-90.0, f32::max);
    let mut found: Vec<usize> = BEGINS
        .iter()
        .filter_map(|begin| {
            let first = begin / 10;
            let within = levels.get(first..first + 60)?;
            let at = within
                .iter()
                .position(|level| *level > (before + CLEAR).max(SILENT))?;
            // To the millisecond: where half of the tone's height is reached.
            let from = (first + at).saturating_sub(1) * step;
            let top = echo.heard[from..][..3 * step]
                .iter()
                .fold(0.0_f32, |top, one| top.max(one.abs()));
            let rise = echo.heard[from..]
                .iter()
                .position(|one| one.abs() > top / 2.0)?;
            Some((from + rise).saturating_sub(samples(*begin)) / samples(1))
        })
        .collect();
    found.sort_unstable();
    (found.len() == BEGINS.len()).then(|| found[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_engine::Devices;

    fn later(by: usize, quieter: f32) -> Echo {
        let mut heard = vec![0.0; by];
        heard.extend(tones().iter().map(|sample| sample * quieter));
        Echo {
            devices: Devices::default(),
            heard,
        }
    }

    #[test]
    fn the_way_there_and_back_is_measured_to_the_millisecond() {
        for ms in [0, 1, 37, 80, 250] {
            for quieter in [1.0, 0.1] {
                let measured = latency(&later(samples(ms), quieter));
                let off = measured.map(|measured| measured.abs_diff(ms));
                assert!(off.is_some_and(|off| off <= 1), "{ms}: {measured:?}");
            }
        }
    }

    #[test]
    fn a_microphone_that_hears_nothing_is_silent_and_has_no_latency() {
        let echo = later(0, 0.0);
        assert!(loudest(&echo) < SILENT);
        assert_eq!(latency(&echo), None);
        assert!(loudest(&later(0, 1.0)) > -25.0);
    }
}
