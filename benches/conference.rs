//! What does a conference cost the phone that bridges it?
//!
//! Whole phones: three processes with file ends that all speak at once. Prints the share of a core that the bridging one
//! uses, all its threads, and its resident memory in MB of 1024² octets.
use std::f64::consts::TAU;
use std::fs::{read_dir, read_to_string};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_benches::chance::long;
use trialog_benches::phones::{OPUS_BITRATE, OPUS_COMPLEXITY, Testbed, confer};
use trialog_benches::print::{measured, measured_beside, note};
use trialog_benches::statistics::median;
use trialog_tests::program::PhoneProcess;

fn main() {
    let windows = if long() { 10 } else { 3 };
    let (pcmu, memory) = measure(&conference("pcmu", false), windows);
    let (opus, _) = measure(&conference("opus", false), windows);
    let srtp = beside_rtp(windows);
    measured("cpu.3.pcmu", pcmu, "% of a core");
    measured("cpu.3.opus", opus, "% of a core");
    measured_beside("cpu.3.srtp", srtp, "% of RTP's", "RTP alone", 100.0);
    measured("memory.3", memory, "MB");
    note(&format!(
        "cpu.3.opus: complexity {OPUS_COMPLEXITY}, {} kb/s, all three speak; memory.3: with PCMU",
        OPUS_BITRATE / 1000
    ));
    note("cpu.3.srtp: of a conference with PCMU by SRTP what one by RTP takes at the same time");
}

/// Three phones in a conference: customer, owner and guest.
fn conference(codec: &'static str, protected: bool) -> [PhoneProcess; 3] {
    let plain = Testbed::new(&format!("conference-{codec}-{protected}"), codec);
    let testbed = if protected { plain.protected() } else { plain };
    let phones = [("customer", 118.0), ("owner", 163.0), ("guest", 207.0)]
        .map(|(name, pitch)| speaking(&testbed, name, pitch));
    let [customer, owner, guest] = &phones;
    confer(customer, owner, guest);
    phones
}

/// Percent of a core, the median of windows of 2.5 s, and MB.
fn measure([_, owner, _]: &[PhoneProcess; 3], windows: usize) -> (f64, f64) {
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

/// What the bridging phone of a conference by SRTP takes, in percent of what one by RTP takes in the same time: both are measured in
/// the same windows, so that what else the machine does falls on both.
fn beside_rtp(windows: usize) -> f64 {
    let both = [false, true].map(|protected| conference("pcmu", protected));
    std::thread::sleep(Duration::from_secs(1));
    let used = || {
        both.each_ref()
            .map(|[_, owner, _]| seconds_used(owner.running.id()))
    };
    let mut ratios: Vec<f64> = (0..2 * windows)
        .map(|_| {
            let before = used();
            std::thread::sleep(Duration::from_millis(2500));
            let after = used();
            100.0 * (after[1] - before[1]) / (after[0] - before[0])
        })
        .collect();
    for [_, owner, _] in &both {
        assert_eq!(owner.stage(), "conference", "it lasted");
    }
    median(&mut ratios)
}

fn speaking(testbed: &Testbed, name: &str, pitch: f64) -> PhoneProcess {
    let file = format!("{name}.wav");
    voice(&testbed.folder().join(&file), pitch);
    testbed.phone(name, &format!("play = \"{file}\"\nrepeat = true\n"))
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
