//! How long from mouth to ear, from RTP in to RTP out of the bridge, and how steady are the packets?
//!
//! Everything in one process over loopback sockets, in real time, 20 starts at random phase each, without a sound card.
//! Prints the median (and for the bridge the 95th percentile) in ms.
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trialog_codec::{mu_law_decode, mu_law_encode};
use trialog_engine::{AudioEnd, Codec, Engine, Options, SeatOf, SeatSpec, SessionParams};
use trialog_rtp::Header;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STARTS: usize = 20;

fn main() {
    let dir = std::env::temp_dir().join(format!("trialog-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder for the recordings");
    let click = dir.join("click.wav");
    write_clicks(&click);
    for (name, hops, codec, goal) in [
        ("mouth_to_ear.2.pcmu", 1, Codec::Pcmu, 38.0),
        ("mouth_to_ear.3.pcmu", 2, Codec::Pcmu, 53.0),
        ("mouth_to_ear.3.opus", 2, Codec::Opus, 65.0),
    ] {
        let mut all: Vec<f64> = (0..STARTS)
            .map(|_| mouth_to_ear(&dir, &click, hops, codec))
            .collect();
        all.sort_by(f64::total_cmp);
        println!(
            "{name:<22} {:6.1} ms median ({:.1}–{:.1}; to reach: {goal})",
            all[STARTS / 2],
            all[0],
            all[STARTS - 1]
        );
    }
    let (mut delays, mut intervals) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (delay, interval) = through_the_bridge();
        delays.push(delay);
        intervals.push(interval);
    }
    delays.sort_by(f64::total_cmp);
    println!(
        "bridge.rtp_to_rtp      {:6.1} ms median (to reach: 15)",
        delays[STARTS / 2]
    );
    println!(
        "bridge.rtp_to_rtp.p95  {:6.1} ms (to reach: 23)",
        delays[STARTS * 95 / 100]
    );
    intervals.sort_by(f64::total_cmp);
    println!(
        "rtp.interval.sd        {:6.2} ms median of the starts (to reach: 0.3)",
        intervals[STARTS / 2]
    );
    for (name, codec, goal) in [
        ("cpu.3.pcmu", Codec::Pcmu, 1.2),
        ("cpu.3.opus", Codec::Opus, 5.0),
    ] {
        let share = cpu(&dir, &click, codec);
        println!(
            "{name:<22} {share:6.2} % of a core: the bridging engine's threads (to reach, for the phone: {goal})"
        );
    }
    let _ = std::fs::remove_dir_all(&dir);
}

/// What the engine that bridges two legs and a file end costs: its own threads' time on a core over 4 s, in percent.
fn cpu(dir: &Path, click: &Path, codec: Codec) -> f64 {
    let end = |name: &str| AudioEnd::File {
        play: Some(click.to_path_buf()),
        repeat: true,
        record: Some(dir.join(name)),
        record_spoken: None,
    };
    let others = threads();
    let mut owner = Engine::start(end("owner.wav"), Options::default())
        .expect("no hardware needed")
        .0;
    let own: Vec<_> = threads()
        .into_iter()
        .filter(|thread| !others.contains(thread))
        .collect();
    let mut customer = Engine::start(end("customer.wav"), Options::default())
        .expect("no hardware needed")
        .0;
    let mut guest = Engine::start(end("guest.wav"), Options::default())
        .expect("no hardware needed")
        .0;
    join(&mut customer, &mut owner, 1, codec);
    join(&mut guest, &mut owner, 2, codec);
    customer.set_routing(&[seat(SeatOf::Local), seat(SeatOf::Leg(1))]);
    guest.set_routing(&[seat(SeatOf::Local), seat(SeatOf::Leg(2))]);
    owner.set_routing(&[
        seat(SeatOf::Local),
        seat(SeatOf::Leg(1)),
        seat(SeatOf::Leg(2)),
    ]);
    std::thread::sleep(Duration::from_millis(500));
    let (begun, before) = (Instant::now(), used(&own));
    std::thread::sleep(Duration::from_secs(4));
    100.0 * (used(&own) - before) / begun.elapsed().as_secs_f64()
}

fn threads() -> Vec<std::ffi::OsString> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("a Linux");
    tasks.flatten().map(|task| task.file_name()).collect()
}

/// Seconds on a core so far.
fn used(threads: &[std::ffi::OsString]) -> f64 {
    let nanos = |thread: &std::ffi::OsString| {
        let text =
            std::fs::read_to_string(Path::new("/proc/self/task").join(thread).join("schedstat"))
                .ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    threads.iter().filter_map(nanos).sum::<f64>() / 1e9
}

/// A burst of 1 kHz, 4 ms long, with soft edges.
fn burst(rate: f64) -> Vec<f32> {
    let length = (0.004 * rate) as usize;
    (0..length)
        .map(|n| {
            let t = n as f64 / rate;
            let window = 0.5 - 0.5 * (std::f64::consts::TAU * t / 0.004).cos();
            (0.5 * window * (std::f64::consts::TAU * 1000.0 * t).sin()) as f32
        })
        .collect()
}

/// One burst every 150 ms.
fn write_clicks(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("created");
    let mut samples = burst(48e3);
    samples.resize(7200, 0.0);
    for sample in samples {
        writer
            .write_sample((sample * 32_767.0) as i16)
            .expect("written");
    }
    writer.finalize().expect("finished");
}

struct Party {
    engine: Engine,
    file: PathBuf,
}

impl Party {
    fn new(end: AudioEnd, file: PathBuf) -> Self {
        Self {
            engine: Engine::start(end, Options::default())
                .expect("no hardware needed")
                .0,
            file,
        }
    }

    /// Samples at 48 kHz, and when the first one was in unix ms.
    fn recording(self) -> (Vec<f32>, f64) {
        let started = self.engine.recording_started().expect("it recorded") as f64 / 1000.0;
        self.engine.shutdown().expect("written");
        let mut reader = hound::WavReader::open(&self.file).expect("it was written");
        (
            reader
                .samples::<i16>()
                .flatten()
                .map(|sample| f32::from(sample) / 32_768.0)
                .collect(),
            started,
        )
    }
}

fn session(remote: SocketAddr, codec: Codec) -> SessionParams {
    let payload = if codec == Codec::Opus { 96 } else { 0 };
    SessionParams {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        codec,
        send_payload: payload,
        receive_payloads: vec![(payload, codec)],
        telephone_event: None,
        ptime_ms: 20,
        sends: true,
        receives: true,
        far_sends: true,
    }
}

fn seat(seat: SeatOf) -> SeatSpec {
    SeatSpec {
        seat,
        group: 0,
        speaks: true,
        hears: true,
        tone: None,
    }
}

fn join(a: &mut Engine, b: &mut Engine, key: u64, codec: Codec) {
    let (ours, theirs) = (
        a.bind(LOOPBACK, 0..=0).expect("ports"),
        b.bind(LOOPBACK, 0..=0).expect("ports"),
    );
    let (at_a, at_b) = (ours.local_addr(), theirs.local_addr());
    a.open_leg(key, ours, session(at_b, codec)).expect("opened");
    b.open_leg(key, theirs, session(at_a, codec))
        .expect("opened");
}

/// Pseudo-random phase: up to 20 ms.
fn dither() {
    let nanos = u64::from(Instant::now().elapsed().subsec_nanos()) + std::process::id() as u64;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |t| t.as_nanos() as u64);
    let mixed = (now ^ nanos).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    std::thread::sleep(Duration::from_micros(mixed % 20_000));
}

/// With `hops` = 2 over a third engine that bridges.
fn mouth_to_ear(dir: &Path, click: &Path, hops: usize, codec: Codec) -> f64 {
    let (spoken, heard) = (dir.join("spoken.wav"), dir.join("heard.wav"));
    let mouth = AudioEnd::File {
        play: Some(click.to_path_buf()),
        repeat: true,
        record: None,
        record_spoken: Some(spoken.clone()),
    };
    let ear = AudioEnd::File {
        play: None,
        repeat: false,
        record: Some(heard.clone()),
        record_spoken: None,
    };
    let mut mouth = Party::new(mouth, spoken);
    dither();
    let mut ear = Party::new(ear, heard);
    dither();
    let mut bridge = Engine::start(AudioEnd::None, Options::default())
        .expect("no hardware needed")
        .0;
    dither();
    if hops == 1 {
        join(&mut mouth.engine, &mut ear.engine, 1, codec);
    } else {
        join(&mut mouth.engine, &mut bridge, 1, codec);
        join(&mut ear.engine, &mut bridge, 2, codec);
        bridge.set_routing(&[seat(SeatOf::Leg(1)), seat(SeatOf::Leg(2))]);
    }
    let key = if hops == 1 { 1 } else { 2 };
    mouth
        .engine
        .set_routing(&[seat(SeatOf::Local), seat(SeatOf::Leg(1))]);
    ear.engine
        .set_routing(&[seat(SeatOf::Local), seat(SeatOf::Leg(key))]);
    std::thread::sleep(Duration::from_millis(900));
    let (spoken, spoken_at) = mouth.recording();
    let (heard, heard_at) = ear.recording();
    let shape = burst(48e3);
    // The last burst that both have whole.
    let from = spoken.len() - 24_000;
    let said = from + strongest(&spoken[from..from + 7200 + shape.len()], &shape);
    let said_at = spoken_at + said as f64 / 48.0;
    let start = (((said_at - heard_at) * 48.0) as usize).min(heard.len());
    let end = (start + 7100).min(heard.len());
    start as f64 / 48.0 + strongest(&heard[start..end], &shape) as f64 / 48.0 + heard_at - said_at
}

/// Where the shape begins.
fn strongest(samples: &[f32], shape: &[f32]) -> usize {
    let likeness = |at: usize| {
        samples[at..]
            .iter()
            .zip(shape)
            .map(|(a, b)| a * b)
            .sum::<f32>()
    };
    let last = samples.len().saturating_sub(shape.len());
    (0..last)
        .max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
        .expect("some samples")
}

/// RTP in on one leg, RTP out on another: the delay of a burst, in ms, and the deviation of the packets' intervals.
fn through_the_bridge() -> (f64, f64) {
    let mut bridge = Engine::start(AudioEnd::None, Options::default())
        .expect("no hardware needed")
        .0;
    dither();
    let (from, to) = (
        UdpSocket::bind((LOOPBACK, 0)).expect("port"),
        UdpSocket::bind((LOOPBACK, 0)).expect("port"),
    );
    to.set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    let mut ours = Vec::new();
    for (key, far) in [(1, &from), (2, &to)] {
        let socket = bridge.bind(LOOPBACK, 0..=0).expect("ports");
        ours.push(socket.local_addr());
        bridge
            .open_leg(
                key,
                socket,
                session(far.local_addr().expect("bound"), Codec::Pcmu),
            )
            .expect("opened");
    }
    bridge.set_routing(&[seat(SeatOf::Leg(1)), seat(SeatOf::Leg(2))]);
    const PACKETS: usize = 60;
    // The burst begins 60 samples into packet 40.
    let shape = burst(8e3);
    let origin = Instant::now();
    let target = ours[0];
    let sender = std::thread::spawn(move || {
        let mut said = 0.0;
        for n in 0..PACKETS {
            let mut pcm = [0.0f32; 160];
            if n == 40 {
                pcm[60..60 + shape.len()].copy_from_slice(&shape);
            }
            let payload = pcm.map(|sample| mu_law_encode((sample * 32_767.0) as i16));
            let header = Header {
                payload_type: 0,
                marker: n == 0,
                sequence: n as u16,
                timestamp: n as u32 * 160,
                ssrc: 1,
            };
            let mut packet = [0; 200];
            let length = trialog_rtp::write(&header, &payload, &mut packet);
            let due = Duration::from_millis(20 * n as u64);
            std::thread::sleep(due.saturating_sub(origin.elapsed()));
            if n == 40 {
                said = origin.elapsed().as_secs_f64() * 1000.0 + 60.0 / 8.0;
            }
            from.send_to(&packet[..length], target).expect("sent");
        }
        said
    });
    let (mut pcm, mut arrivals) = (Vec::new(), Vec::new());
    let mut buffer = [0; 400];
    while pcm.len() < (PACKETS - 2) * 160 {
        let Ok(length) = to.recv(&mut buffer) else {
            break;
        };
        let at = origin.elapsed().as_secs_f64() * 1000.0;
        let (_, payload) = trialog_rtp::parse(&buffer[..length]).expect("RTP");
        arrivals.push(at);
        pcm.extend(
            payload
                .iter()
                .map(|byte| f32::from(mu_law_decode(*byte)) / 32_768.0),
        );
    }
    let said = sender.join().expect("it sends");
    let found = strongest(&pcm, &burst(8e3));
    let delay = arrivals[found / 160] + (found % 160) as f64 / 8.0 - said;
    let steps: Vec<f64> = arrivals
        .windows(2)
        .map(|two| two[1] - two[0] - 20.0)
        .collect();
    let variance = steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64;
    (delay, variance.sqrt())
}
