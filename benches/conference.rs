//! What does a conference cost the phone that bridges it?
//!
//! Whole phones: three processes with file ends that all speak at once. Prints the share of a core that the bridging one
//! uses, all its threads, and its resident memory in MB of 1024² octets.
use std::f64::consts::TAU;
use std::fs::{read_dir, read_to_string};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_benches::chance::long;
use trialog_benches::phones::{OPUS_BITRATE, OPUS_COMPLEXITY, Stage, confer};
use trialog_benches::print::{measured, note};
use trialog_benches::statistics::median;
use trialog_tests::program::PhoneProcess;

fn main() {
    let windows = if long() { 10 } else { 3 };
    let (pcmu, memory) = conference("pcmu", windows);
    let (opus, _) = conference("opus", windows);
    measured("cpu.3.pcmu", pcmu, "% of a core");
    measured("cpu.3.opus", opus, "% of a core");
    measured("memory.3", memory, "MB");
    note(&format!(
        "cpu.3.opus: complexity {OPUS_COMPLEXITY}, {} kb/s, all three speak; memory.3: with PCMU",
        OPUS_BITRATE / 1000
    ));
}

/// Percent of a core, the median of windows of 2.5 s, and MB.
fn conference(codec: &'static str, windows: usize) -> (f64, f64) {
    let stage = Stage::new(&format!("conference-{codec}"), codec);
    let [customer, owner, guest] = [("customer", 118.0), ("owner", 163.0), ("guest", 207.0)]
        .map(|(name, pitch)| speaking(&stage, name, pitch));
    confer(&customer, &owner, &guest);
    std::thread::sleep(Duration::from_secs(1));
    let id = owner.running.id();
    let mut shares: Vec<f64> = (0..windows)
        .map(|_| {
            let (begun, before) = (Instant::now(), seconds_used(id));
            std::thread::sleep(Duration::from_millis(2500));
            100.0 * (seconds_used(id) - before) / begun.elapsed().as_secs_f64()
        })
        .collect();
    assert_eq!(owner.stage(), "conference", "it lasted");
    (median(&mut shares), resident(id))
}

fn speaking(stage: &Stage, name: &str, pitch: f64) -> PhoneProcess {
    let file = format!("{name}.wav");
    voice(&stage.folder().join(&file), pitch);
    stage.phone(name, &format!("play = \"{file}\"\nrepeat = true\n"))
}

/// What keeps a codec as busy as a voice does: two seconds of many harmonics of a gliding pitch, in syllables.
fn voice(path: &Path, pitch: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("the folder can be written");
    let mut phase = 0.0;
    for n in 0..96_000 {
        let t = f64::from(n) / 48e3;
        phase += pitch * (1.0 + 0.1 * (TAU * t * 1.5).sin()) / 48e3;
        let harmonics = (1..=30).map(|k| (TAU * phase * f64::from(k)).sin() / f64::from(k));
        let syllable = (TAU * t * 2.0).sin().powi(2);
        let sample = 0.12 * syllable * harmonics.sum::<f64>();
        file.write_sample((sample * 32_767.0) as i16)
            .expect("the disk has room");
    }
    file.finalize().expect("the disk has room");
}

/// What all threads of a process have used of the cores so far. `/proc/ID/stat` says the same in steps of 10 ms.
fn seconds_used(id: u32) -> f64 {
    let threads = read_dir(format!("/proc/{id}/task")).expect("it runs");
    let nanos = threads.flatten().filter_map(|thread| {
        let text = read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1e9
}

fn resident(id: u32) -> f64 {
    let text = read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let kilos = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
        .expect("Linux says it");
    kilos.parse::<f64>().expect("a number") / 1024.0
}
