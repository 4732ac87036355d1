//! PulseAudio as the sound card: the tick on its callbacks, its loss and its return.
mod common;
use common::{AGENT_2, CUSTOMER, Party, leg, local, session, unix_us, wait};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trialog_engine::{AudioEnd, Codec, DeviceNames, Engine, EngineEvent, Options};

#[global_allocator]
static HEAP: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

/// A private server with a loudspeaker (`spk`) and a microphone (`mic`), gone when dropped.
struct Pulse(Child);

impl Pulse {
    fn start(dir: &Path) -> Self {
        let script = dir.join("ci.pa");
        let socket = dir.join("native");
        let _ = std::fs::remove_file(&socket);
        let lines = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n\
             load-module module-null-sink norewinds=1 sink_name=spk rate=48000 channels=1\n\
             load-module module-null-sink norewinds=1 sink_name=mic rate=48000 channels=1\n\
             set-default-sink spk\nset-default-source mic.monitor\n",
            socket.display()
        );
        std::fs::write(&script, lines).expect("written");
        let child = Command::new("pulseaudio")
            .args(["-n", "-F"])
            .arg(&script)
            .args([
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--disallow-exit=yes",
                "--use-pid-file=no",
            ])
            .args(["--realtime=no", "--high-priority=no"])
            .env("XDG_RUNTIME_DIR", dir)
            .env("HOME", dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's package pulseaudio is installed");
        let begun = Instant::now();
        while !socket.exists() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "pulseaudio opens no socket"
            );
            wait(0.05);
        }
        wait(0.2);
        Self(child)
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tool(dir: &Path, name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .env(
            "PULSE_SERVER",
            format!("unix:{}", dir.join("native").display()),
        )
        .env("HOME", dir);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The environment of a process is one for all its threads, so one test holds all that needs it.
#[test]
fn a_sound_card_drives_the_bridge_is_lost_and_comes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // Nextest runs each test in a process of its own; this is the only one in this file.
    let server = format!("unix:{}", dir.join("native").display());
    if std::env::var("PULSE_SERVER").as_deref() != Ok(&server) {
        // Set for a child that runs this very test, as `set_var` is not safe with threads about.
        if std::env::var_os("TRIALOG_CARD_DIR").is_none() {
            let me = std::env::current_exe().expect("a test has a file");
            let status = Command::new(me)
                .args([
                    "--exact",
                    "a_sound_card_drives_the_bridge_is_lost_and_comes_back",
                    "--nocapture",
                ])
                .env("TRIALOG_CARD_DIR", dir)
                .env("PULSE_SERVER", server)
                .env("HOME", dir)
                .env("XDG_RUNTIME_DIR", dir)
                .status()
                .expect("it runs");
            assert!(status.success());
            return;
        }
    }
    let dir = std::path::PathBuf::from(std::env::var_os("TRIALOG_CARD_DIR").expect("set above"));
    story(&dir);
}

#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn story(dir: &Path) {
    let (mut owner, events) =
        Engine::start(AudioEnd::Device(DeviceNames::default()), Options::default())
            .expect("an engine starts without a card");
    let told: Vec<_> = events.try_iter().collect();
    assert!(told.contains(&EngineEvent::DeviceGone), "{told:?}");

    let pulse = Pulse::start(dir);
    // The microphone hears 997 Hz.
    let voice = dir.join("voice.wav");
    common::write_wav(&voice, &common::tone(997.0, -30.0, 48_000 * 12));
    let mut speaker = tool(dir, "paplay")
        .arg("--device=mic")
        .arg(&voice)
        .spawn()
        .expect("pulseaudio-utils is installed");
    let heard = dir.join("spk.raw");
    let mut listener = tool(dir, "parec")
        .args([
            "--device=spk.monitor",
            "--format=s16le",
            "--rate=48000",
            "--channels=1",
            "--latency-msec=20",
        ])
        .stdout(std::fs::File::create(&heard).expect("created"))
        .spawn()
        .expect("pulseaudio-utils is installed");

    let mut customer = Party::with_pilot(dir, "customer", CUSTOMER);
    let mut guest = Party::with_pilot(dir, "agent-2", AGENT_2);
    for (party, key) in [(&mut customer, 1), (&mut guest, 2)] {
        let (theirs, ours) = (
            party.bind(),
            owner.bind(common::LOOPBACK, 0..=0).expect("ports"),
        );
        let (at_theirs, at_ours) = (theirs.local_addr(), ours.local_addr());
        party
            .engine
            .open_leg(1, theirs, session(at_ours, Codec::Pcmu))
            .expect("opened");
        party.engine.set_routing(&[local(0), leg(1, 0)]);
        owner
            .open_leg(key, ours, session(at_theirs, Codec::Pcmu))
            .expect("opened");
    }
    owner.set_routing(&[local(0), leg(1, 0), leg(2, 0)]);
    wait(1.0);
    let conference = unix_us();
    wait(2.0);
    let stats = owner.stats();
    println!("with the card: {stats:?}");
    assert!(stats.device, "the card drives the tick");
    assert_eq!(owner.heap_uses(), 0, "no audio thread uses the heap");
    // The customer's drain of start-up effects is over: from here on the server is gone at some moment.
    let lost = unix_us();
    wait(0.5);
    let _ = listener.kill();
    let _ = listener.wait();
    drop(pulse);
    wait(1.5);
    let _ = speaker.wait();
    assert!(!owner.stats().device, "the timer drives the tick");
    let told: Vec<_> = events.try_iter().collect();
    assert!(told.contains(&EngineEvent::DeviceGone), "{told:?}");
    let named = |event: &EngineEvent| match event {
        EngineEvent::Devices(all) => all.microphone.is_some() && all.ear.is_some(),
        _ => false,
    };
    assert!(told.iter().any(named), "{told:?}");
    let pulse = Pulse::start(dir);
    let begun = Instant::now();
    while !owner.stats().device && begun.elapsed() < Duration::from_secs(6) {
        wait(0.05);
    }
    println!("the card drives again after {:?}", begun.elapsed());
    assert!(owner.stats().device);
    let told: Vec<_> = events.try_iter().collect();
    assert!(told.contains(&EngineEvent::DeviceBack), "{told:?}");
    assert!(told.iter().any(named), "{told:?}");
    wait(0.3);
    owner.shutdown().expect("nothing was recorded");
    drop(pulse);

    let customer = customer.heard();
    // The clock of the microphone is followed, so by half seconds: a narrow filter would measure the pitch as well.
    for n in 0..4 {
        let from = 0.45 * f64::from(n);
        let level = customer.level(997.0, conference, from, from + 0.45);
        println!("the customer hears the microphone at {level}");
        assert!(
            (-31.0..=-29.0).contains(&level),
            "the customer hears the microphone at {level}"
        );
    }
    let gap = customer.gap_ms(AGENT_2, lost, -0.5, 3.0);
    println!("the customer's gap at the loss and the return of the card: {gap} ms");
    assert!(gap <= 20, "a gap of {gap} ms when the card was lost");
    let ear = std::fs::read(&heard).expect("recorded");
    let ear: Vec<f32> = ear
        .chunks_exact(2)
        .map(|two| f32::from(i16::from_le_bytes([two[0], two[1]])) / 32_768.0)
        .collect();
    let last = &ear[ear.len().saturating_sub(48_000)..ear.len() - 24_000];
    for pilot in [CUSTOMER, AGENT_2] {
        let level = trialog_frame::Level::sine_amplitude(last, pilot, 48e3).0;
        println!("the loudspeaker plays {pilot} Hz at {level}");
        assert!(
            (-31.0..=-29.0).contains(&level),
            "the loudspeaker plays {pilot} Hz at {level}"
        );
    }
}
