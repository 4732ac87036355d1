//! Human speech to be sent and scored, and the scores: see `scores/score.py`. `cargo xtask bench` fetches both.
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use trialog_codec::Codec;
use trialog_dsp::{Band, Downsampler, Upsampler};

/// A minute and a half by one speaker, 16 bits at 8 kHz (CC-BY-SA 3.0): of Debian's `asterisk-core-sounds-en-wav`.
const PROMPTS: [&str; 2] = ["demo-instruct.wav", "conf-adminmenu.wav"];

/// The speech at the rate that a codec takes.
///
/// # Panics
/// The recordings are not there.
#[must_use]
pub fn speech(codec: Codec) -> Vec<f32> {
    let narrow = prompts();
    if codec.rate() == 8_000 {
        return narrow;
    }
    let mut full = vec![0.0; narrow.len() * Band::Narrow.factor()];
    Upsampler::new(Band::Narrow).process(&narrow, &mut full);
    if codec == Codec::Opus {
        return full;
    }
    let mut wide = vec![0.0; full.len() / Band::Wide.factor()];
    Downsampler::new(Band::Wide).process(&full, &mut wide);
    wide
}

fn prompts() -> Vec<f32> {
    let folder = folder().join("speech");
    let mut all = Vec::new();
    for prompt in PROMPTS {
        let path = folder.join(prompt);
        let mut reader = hound::WavReader::open(&path)
            .unwrap_or_else(|why| panic!("{}: {why}: {CURE}", path.display()));
        let samples = reader.samples::<i16>().map_while(Result::ok);
        all.extend(samples.map(|sample| f32::from(sample) / 32_768.0));
    }
    all
}

/// One recording to be scored.
pub struct Heard {
    /// What was sent, as a WAV file.
    pub said: PathBuf,
    /// What was recorded.
    pub heard: PathBuf,
    /// So many seconds before the first packet was sent the recording begins.
    pub ahead: f64,
}

/// What it is worth.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    /// PESQ, MOS-LQO in narrow band, the mean of the pieces.
    pub pesq: f64,
    /// From a packet's sending to its first sample in the ear, the median of the pieces, in ms.
    pub delay: f64,
}

/// Scores them all, in their order.
///
/// # Panics
/// The scores can't be had.
#[must_use]
pub fn scores(all: &[Heard]) -> Vec<Score> {
    let python = folder().join("venv/bin/python3");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scores/score.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("{}: {why}: {CURE}", python.display()));
    let mut wishes = String::new();
    for one in all {
        let wish = json!({
            "said": one.said, "heard": one.heard, "ahead": one.ahead,
        });
        wishes += &format!("{wish}\n");
    }
    // What it reads is read whole before it answers.
    let mut input = child.stdin.take().expect("its input is a pipe");
    input.write_all(wishes.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it was started");
    let text = String::from_utf8_lossy(&output.stdout);
    let scores: Vec<Score> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|answer| {
            Some(Score {
                pesq: answer["pesq"].as_f64()?,
                delay: answer["delay"].as_f64()?,
            })
        })
        .collect();
    assert_eq!(
        scores.len(),
        all.len(),
        "the scores ended early, with {}: {CURE}",
        output.status
    );
    scores
}

const CURE: &str = "`cargo xtask bench audio` fetches speech and scores before it measures";

/// Where they lie.
fn folder() -> PathBuf {
    // …/target/release/deps/bench-0123456789abcdef
    let own = std::env::current_exe().expect("a bench has a program");
    let target = own
        .ancestors()
        .nth(3)
        .expect("it lies in target/PROFILE/deps");
    target.join("scores")
}

/// Writes mono samples of 16 bits.
///
/// # Panics
/// The file can't be written.
pub fn write_wav(path: &Path, samples: &[f32], rate: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the folder can be written");
    for sample in samples {
        let sample = (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
        writer.write_sample(sample).expect("the disk has room");
    }
    writer.finalize().expect("the disk has room");
}
