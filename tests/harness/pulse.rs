//! A sound card in real time: a PulseAudio server of our own, with two sinks that lead nowhere. What is played to `mic` is in
//! the microphone, what the loudspeaker `spk` plays can be recorded from its monitor.
use crate::program::Running;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The server; it ends with this value.
pub struct SoundCard {
    server: Running,
    folder: PathBuf,
    socket: PathBuf,
}

impl SoundCard {
    /// Starts the server in this folder, which is its runtime folder too.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, "", "no")
    }

    /// The same with a source `voice` besides: what is played to `mic`, for programs that see no microphone in a monitor. Several
    /// of these run at once on a busy machine, so that the server takes precedence where it may.
    #[must_use]
    pub fn start_with_voice(folder: &Path) -> Self {
        Self::start_with(
            folder,
            "load-module module-remap-source source_name=voice master=mic.monitor source_properties=device.description=voice\n\
             set-default-source voice\n",
            "yes",
        )
    }

    /// A server that has only the sinks that are plugged in later ([`SoundCard::plug`]).
    #[must_use]
    pub fn start_bare(folder: &Path) -> Self {
        Self::at(folder).serve("", "no")
    }

    fn start_with(folder: &Path, more: &str, urgent: &str) -> Self {
        let two = format!(
            "{}{}set-default-sink spk\nset-default-source mic.monitor\n{more}",
            sink("spk", 48_000, 1),
            sink("mic", 48_000, 1)
        );
        Self::at(folder).serve(&two, urgent)
    }

    /// Where a server will be ([`Place::serve`]): a phone can be started before it.
    #[must_use]
    pub fn at(folder: &Path) -> Place {
        fs::create_dir_all(folder).expect("the folder can be made");
        Place {
            folder: folder.to_owned(),
            socket: socket(),
        }
    }

    fn answers(&self) -> bool {
        let mut info = self.client("pactl");
        info.arg("info")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null());
        info.status().expect("pactl can be started").success()
    }

    /// What a program needs in its environment to use this card.
    #[must_use]
    pub fn environment(&self) -> [(String, String); 2] {
        environment(&self.folder, &self.socket)
    }

    /// What `pactl` says to this.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.client("pactl").args(arguments).output();
        let output = output.expect("pactl can be started");
        assert!(output.status.success(), "pactl {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A sink comes, as if a headset was plugged in; what is played to it is captured from its monitor. Returns its module.
    pub fn plug(&self, name: &str, rate: u32, channels: u32) -> String {
        let properties = format!("sink_properties=device.description={name}");
        self.ask(&[
            "load-module",
            "module-null-sink",
            "norewinds=1",
            &format!("sink_name={name}"),
            &format!("rate={rate}"),
            &format!("channels={channels}"),
            &properties,
        ])
    }

    /// This module goes, and its devices.
    pub fn pull(&self, module: &str) {
        self.ask(&["unload-module", module]);
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .envs(self.environment())
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("HOME", &self.folder);
        command
    }

    /// Plays a WAV file into the microphone until the value is dropped.
    #[must_use]
    pub fn speak(&self, wav: &Path) -> Running {
        self.speak_to("mic", wav)
    }

    /// Plays a WAV file to this sink.
    #[must_use]
    pub fn speak_to(&self, sink: &str, wav: &Path) -> Running {
        let mut command = self.client("paplay");
        command
            .args([&format!("--device={sink}"), "--latency-msec=40"])
            .arg(wav);
        Running::start(&mut command, &self.folder.join(format!("speak-{sink}.log")))
    }

    /// Records the loudspeaker into a file of raw 16-bit samples until the value is dropped.
    #[must_use]
    pub fn listen(&self, raw: &Path) -> Running {
        self.listen_as("spk", raw, "raw")
    }

    /// The same into a WAV file, which grows as the sound is heard.
    #[must_use]
    pub fn listen_to_wav(&self, wav: &Path) -> Running {
        self.listen_as("spk", wav, "wav")
    }

    /// Records this sink into a file of raw 16-bit samples.
    #[must_use]
    pub fn listen_at(&self, sink: &str, raw: &Path) -> Running {
        self.listen_as(sink, raw, "raw")
    }

    fn listen_as(&self, sink: &str, file: &Path, format: &str) -> Running {
        let mut command = self.client("parec");
        command
            .args([
                &format!("--device={sink}.monitor"),
                "--format=s16le",
                "--rate=48000",
                "--channels=1",
                "--latency-msec=20",
            ])
            .arg(if format == "raw" {
                "--raw".to_owned()
            } else {
                format!("--file-format={format}")
            })
            .arg(file);
        Running::start(
            &mut command,
            &self.folder.join(format!("listen-{sink}.log")),
        )
    }

    /// Takes microphone and loudspeaker away, as if the headset was pulled out.
    pub fn unplug(&self) {
        let status = self
            .client("pactl")
            .args(["unload-module", "module-null-sink"])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the sinks can't be unloaded"
        );
    }

    /// The server itself is gone.
    pub fn stop(&mut self) {
        self.server.end(Duration::from_secs(5));
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_file(&self.socket);
    }
}

/// A server that is not started yet.
pub struct Place {
    folder: PathBuf,
    socket: PathBuf,
}

impl Place {
    /// As [`SoundCard::environment`].
    #[must_use]
    pub fn environment(&self) -> [(String, String); 2] {
        environment(&self.folder, &self.socket)
    }

    /// Starts the server, which has what these lines load.
    #[must_use]
    pub fn serve(self, lines: &str, urgent: &str) -> SoundCard {
        let Self { folder, socket } = self;
        let script = folder.join("sound-card.pa");
        let text = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n{lines}",
            socket.display(),
        );
        fs::write(&script, text).expect("the folder can be written");
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "-F"]).arg(&script);
        command.args([
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disallow-exit=yes",
            "--use-pid-file=no",
        ]);
        command.arg(format!("--realtime={urgent}"));
        command.arg(format!("--high-priority={urgent}"));
        command.env("XDG_RUNTIME_DIR", &folder).env("HOME", &folder);
        let server = Running::start(&mut command, &folder.join("pulseaudio.log"));
        let card = SoundCard {
            server,
            folder,
            socket,
        };
        let started = Instant::now();
        while !card.answers() {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "pulseaudio did not start: {}",
                card.server.said()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        card
    }
}

/// The line by which the server loads a sink that leads nowhere.
fn sink(name: &str, rate: u32, channels: u32) -> String {
    format!(
        "load-module module-null-sink norewinds=1 sink_name={name} rate={rate} channels={channels} \
         sink_properties=device.description={name}\n"
    )
}

fn environment(folder: &Path, socket: &Path) -> [(String, String); 2] {
    [
        ("PULSE_SERVER".into(), format!("unix:{}", socket.display())),
        ("PULSE_RUNTIME_PATH".into(), folder.display().to_string()),
    ]
}

/// A path that no other card has. A Unix socket's path has room for 107 octets, which a test's own folder may go beyond.
fn socket() -> PathBuf {
    static CARDS: AtomicU32 = AtomicU32::new(0);
    let card = CARDS.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("trialog-card-{}-{card}", std::process::id()));
    // What a process of the same number has left.
    let _ = fs::remove_file(&path);
    path
}
