//! What the parties say: utterances made by `espeak-ng` at first use, or taken from recordings; and the pilot tones.
//!
//! Everything is kept as mono WAV in one folder, utterances at the rate that they came with, and made again only where it is missing.
use crate::cast::Party;
use crate::script::Step;
use crate::{Fault, Story, make_folder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Speech at −20 dB (rms while it is active); its peaks stay where the bridge's limiter does nothing.
const LEVEL: f32 = 0.1;
const PEAK: f32 = 0.42;
/// A sine at −30 dB of full scale.
const PILOT: f32 = 0.031_62;
const LONGEST: f64 = 3.0;
/// Samples a second of the pilots.
const RATE: u32 = 48_000;

/// The files that are played.
#[derive(Debug)]
pub(crate) struct Voices {
    said: HashMap<(Party, &'static str), Utterance>,
    pilots: [PathBuf; 3],
}

/// One utterance.
#[derive(Clone, Debug)]
pub(crate) struct Utterance {
    pub(crate) file: PathBuf,
    pub(crate) length: Duration,
}

impl Voices {
    /// Makes whatever these stories say, in this folder, unless it is there.
    pub(crate) fn ready(
        folder: &Path,
        recordings: Option<&Path>,
        stories: &[&Story],
    ) -> Result<Self, Fault> {
        make_folder(folder)?;
        let mut pilots = Vec::new();
        for party in Party::ALL {
            let file = folder.join(format!("{}-pilot.wav", party.name()));
            write(&file, &pilot(party), RATE)?;
            pilots.push(file);
        }
        let mut voices = Self {
            said: HashMap::new(),
            pilots: pilots
                .try_into()
                .expect("there is one for each of the three"),
        };
        let mut taken = Taken::default();
        println!("voices: {}", folder.display());
        for (party, text) in stories.iter().flat_map(|s| lines(s)) {
            if voices.said.contains_key(&(party, text)) {
                continue;
            }
            let file = match recordings {
                Some(from) => taken.next(from, party, folder)?,
                None => spoken(folder, party, text)?,
            };
            let utterance = Utterance {
                length: length(&file)?,
                file,
            };
            voices.said.insert((party, text), utterance);
        }
        Ok(voices)
    }

    /// The utterance of a line of these stories.
    pub(crate) fn of(&self, party: Party, text: &'static str) -> &Utterance {
        self.said
            .get(&(party, text))
            .expect("every line of the stories was made ready")
    }

    pub(crate) fn pilot(&self, party: Party) -> &Path {
        &self.pilots[party.index()]
    }
}

fn lines(story: &Story) -> Vec<(Party, &'static str)> {
    story
        .steps()
        .flat_map(|step| match step {
            Step::Say(party, text) => vec![(party, text)],
            Step::All(texts) => Party::ALL.into_iter().zip(texts).collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// One second, which begins and ends at the same phase, so that it can be repeated for ever.
fn pilot(party: Party) -> Vec<f32> {
    let step = std::f64::consts::TAU * f64::from(party.pilot()) / f64::from(RATE);
    (0..RATE)
        .map(|i| PILOT * (step * f64::from(i)).sin() as f32)
        .collect()
}

/// The line, made by espeak-ng.
fn spoken(folder: &Path, party: Party, text: &str) -> Result<PathBuf, Fault> {
    let [voice, pitch, speed] = party.voice();
    let words = format!("{voice} {pitch} {speed} {text}");
    let file = folder.join(format!("{}-{:08x}.wav", party.name(), hash(&words)));
    if length(&file).is_ok() {
        return Ok(file);
    }
    let raw = file.with_extension("raw.wav");
    let made = Command::new("espeak-ng")
        .args(["-v", voice, "-p", pitch, "-s", speed, "-w"])
        .arg(&raw)
        .arg(text)
        .output();
    let output = match made {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(Fault::NoVoices),
        Err(e) => return Err(Fault::Voice(e.to_string())),
        Ok(output) => output,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Fault::Voice(said));
    }
    prepare(&raw, &file)?;
    // A rest that can't be removed is no fault of the voice.
    let _ = std::fs::remove_file(&raw);
    Ok(file)
}

// FNV-1a: a new line or voice gets a file of its own.
fn hash(words: &str) -> u32 {
    words.bytes().fold(0x811c_9dc5, |h, b| {
        (h ^ u32::from(b)).wrapping_mul(0x0100_0193)
    })
}

/// Recordings of somebody's own, one after the other for each party.
#[derive(Default)]
struct Taken {
    used: [usize; 3],
}

impl Taken {
    fn next(&mut self, from: &Path, party: Party, folder: &Path) -> Result<PathBuf, Fault> {
        let fail = |e: std::io::Error| Fault::File(from.to_owned(), e.to_string());
        let mut found: Vec<PathBuf> = std::fs::read_dir(from)
            .map_err(fail)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path
                    .file_name()
                    .and_then(|n| n.to_str())
                    .unwrap_or_default();
                name.starts_with(party.name()) && name.ends_with(".wav")
            })
            .collect();
        found.sort();
        if found.is_empty() {
            return Err(Fault::NoVoiceOf(from.to_owned(), party.name()));
        }
        let number = self.used[party.index()];
        self.used[party.index()] += 1;
        let file = folder.join(format!("{}-own-{number:02}.wav", party.name()));
        prepare(&found[number % found.len()], &file)?;
        Ok(file)
    }
}

/// Writes a recording as it is played: mono, without silence around it, not too long, at the level of all others. Its rate stays;
/// a phone plays any.
fn prepare(file: &Path, played: &Path) -> Result<(), Fault> {
    let fail = |e: hound::Error| Fault::File(file.to_owned(), e.to_string());
    let mut wav = hound::WavReader::open(file).map_err(fail)?;
    let spec = wav.spec();
    let step = usize::from(spec.channels.max(1));
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().step_by(step).collect(),
        hound::SampleFormat::Int => {
            let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            let all = wav.samples::<i32>().step_by(step);
            all.map(|s| s.map(|s| s as f32 / full)).collect()
        }
    };
    let samples = samples.map_err(fail)?;
    let rate = spec.sample_rate;
    // 10 ms.
    let short = (rate as usize / 100).max(1);
    let peak = samples.iter().fold(0.0f32, |p, s| p.max(s.abs()));
    let audible = |s: &f32| s.abs() > peak * 0.02;
    let from = samples.iter().position(audible).unwrap_or(0);
    let to = samples.iter().rposition(audible).map_or(0, |at| at + 1);
    let to = to.min(from + (LONGEST * f64::from(rate)) as usize);
    let mut samples = samples[from..to.max(from)].to_vec();
    let loud: Vec<f32> = samples
        .chunks(short)
        .map(|c| c.iter().map(|s| s * s).sum::<f32>() / c.len() as f32)
        .filter(|power| *power > peak * peak * 1e-4)
        .collect();
    let rms = (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt();
    let gain = (LEVEL / rms.max(1e-6)).min(PEAK / peak.max(1e-6));
    let n = samples.len();
    for (i, s) in samples.iter_mut().enumerate() {
        let edge = (i.min(n - 1 - i) as f32 / short as f32).min(1.0);
        *s *= gain * edge;
    }
    write(played, &samples, rate)
}

fn length(file: &Path) -> Result<Duration, Fault> {
    let wav =
        hound::WavReader::open(file).map_err(|e| Fault::File(file.to_owned(), e.to_string()))?;
    let rate = f64::from(wav.spec().sample_rate.max(1));
    Ok(Duration::from_secs_f64(f64::from(wav.duration()) / rate))
}

fn write(file: &Path, samples: &[f32], rate: u32) -> Result<(), Fault> {
    let fail = |e: hound::Error| Fault::File(file.to_owned(), e.to_string());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    // Whole or not at all: another demo may be reading it.
    let fresh = file.with_extension(format!("{}.new", std::process::id()));
    let mut wav = hound::WavWriter::create(&fresh, spec).map_err(fail)?;
    for s in samples {
        let full = (s * 32_767.0).round().clamp(-32_768.0, 32_767.0);
        wav.write_sample(full as i16).map_err(fail)?;
    }
    wav.finalize().map_err(fail)?;
    std::fs::rename(&fresh, file).map_err(|e| Fault::File(file.to_owned(), e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &Path) -> Vec<f32> {
        let mut wav = hound::WavReader::open(file).expect("it was written");
        let samples = wav.samples::<i16>();
        samples
            .map(|s| f32::from(s.expect("a sample")) / 32_768.0)
            .collect()
    }

    #[test]
    fn every_line_is_spoken_at_one_level_and_never_into_the_limiter() {
        let folder = std::env::temp_dir().join(format!("trialog-voices-{}", std::process::id()));
        let stories: Vec<&Story> = crate::STORIES.iter().collect();
        let voices = Voices::ready(&folder, None, &stories).expect("espeak-ng is installed");
        for ((party, text), utterance) in &voices.said {
            let samples = read(&utterance.file);
            let peak = samples.iter().fold(0.0f32, |p, s| p.max(s.abs()));
            let seconds = utterance.length.as_secs_f64();
            assert!(peak <= PEAK + 0.001, "{party:?} “{text}”: peak {peak}");
            assert!(
                (1.0..=LONGEST).contains(&seconds),
                "{party:?} “{text}”: {seconds} s"
            );
        }
        // A second time nothing is made anew, and the same files are found.
        let again = Voices::ready(&folder, None, &stories).expect("they are there");
        assert_eq!(again.said.len(), voices.said.len());
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn a_pilot_can_be_repeated_without_a_seam() {
        for party in Party::ALL {
            let tone = pilot(party);
            let step = tone[1] - tone[0];
            assert!((tone[0] - tone[47_999] - step).abs() < 1e-4);
        }
    }

    #[test]
    fn recordings_are_taken_in_turn_and_a_missing_party_is_named() {
        let folder = std::env::temp_dir().join(format!("trialog-own-{}", std::process::id()));
        make_folder(&folder).expect("a folder can be made");
        let tone: Vec<f32> = (0..72_000).map(|i| 0.9 * (i as f32 * 0.05).sin()).collect();
        for name in ["customer-a.wav", "customer-b.wav", "agent-1.wav"] {
            write(&folder.join(name), &tone, RATE).expect("it can be written");
        }
        let out = folder.join("made");
        let stories: Vec<&Story> = crate::STORIES.iter().take(1).collect();
        let fault = Voices::ready(&out, Some(&folder), &stories).expect_err("agent 2 has none");
        assert_eq!(fault, Fault::NoVoiceOf(folder.clone(), "agent-2"));
        write(&folder.join("agent-2.wav"), &tone, RATE).expect("it can be written");
        let voices = Voices::ready(&out, Some(&folder), &stories).expect("all are there");
        let lengths: Vec<_> = voices.said.values().map(|u| u.length).collect();
        assert!(
            lengths
                .iter()
                .all(|l| (1.4..1.6).contains(&l.as_secs_f64()))
        );
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }
}
