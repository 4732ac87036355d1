//! The phone that is called: configured, started, seen to answer, ended by its process id.
use super::place::{Place, free_port};
use super::usage::Usage;
use super::{Options, Phone, Sound};
use crate::Stopped;
use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So long a phone may take to its first answer.
const START: Duration = Duration::from_secs(10);

/// So long a phone may take to end when it is asked to.
const END: Duration = Duration::from_secs(3);

/// The running phone.
pub(super) struct Target {
    child: Child,
    pub(super) address: SocketAddr,
    log: PathBuf,
    /// The program and the folder by which ours is asked about itself.
    ask: Option<(PathBuf, PathBuf)>,
}

impl Target {
    pub(super) fn start(options: &Options, place: &Place) -> Result<Self, Stopped> {
        let address = free_port(place.phone)?;
        let (mut command, ask) = match &options.phone {
            Phone::Trialog { program, sound } => {
                let config = place.folder.join("phone.toml");
                write(&config, trialog(address, *sound, options.max_calls))?;
                let mut command = Command::new(program);
                command.args(["--log", "warn", "phone", "--headless", "--config"]);
                command.arg(config).env("XDG_RUNTIME_DIR", &place.folder);
                (command, Some((program.clone(), place.folder.clone())))
            }
            Phone::Baresip => {
                let most = options.hold.as_secs_f64() + 2.0;
                write(&place.folder.join("voice.wav"), silence(most))?;
                write(
                    &place.folder.join("config"),
                    baresip(address, options.max_calls, place),
                )?;
                write(
                    &place.folder.join("accounts"),
                    format!("<sip:load@{address}>;regint=0;answermode=auto\n"),
                )?;
                write(&place.folder.join("contacts"), String::new())?;
                let mut command = Command::new("baresip");
                command.arg("-4").arg("-f").arg(&place.folder);
                (command, None)
            }
        };
        let log = place.folder.join("phone.log");
        let out = File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = out.map_err(|error| failed(&log, &error))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| Stopped::saying(format!("{:?}: {error}", command.get_program())))?;
        let mut target = Self {
            child,
            address,
            log,
            ask,
        };
        target.await_answer(place)?;
        Ok(target)
    }

    pub(super) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// What it said.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// It has no call any more, by its own word. `None`: it can't be asked.
    pub(super) fn has_no_call(&self) -> Option<bool> {
        let (program, folder) = self.ask.as_ref()?;
        let output = Command::new(program)
            .args(["ctl", "--phone", "load", "status"])
            .env("XDG_RUNTIME_DIR", folder)
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        output
            .status
            .success()
            .then(|| said.lines().any(|line| line == "no calls"))
    }

    /// Asks by OPTIONS until something is answered.
    fn await_answer(&mut self, place: &Place) -> Result<(), Stopped> {
        let socket = UdpSocket::bind((place.caller, 0))
            .and_then(|socket| {
                socket.set_read_timeout(Some(Duration::from_millis(50)))?;
                Ok(socket)
            })
            .map_err(|error| Stopped::saying(format!("{}: {error}", place.caller)))?;
        let own = socket.local_addr().map(|own| own.to_string());
        let own = own.unwrap_or_default();
        let to = self.address;
        let begun = Instant::now();
        for number in 1.. {
            let question = format!(
                "OPTIONS sip:load@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKstart{number}\r\n\
                 From: <sip:start@{own}>;tag=start\r\nTo: <sip:load@{to}>\r\nCall-ID: start-{number}@{own}\r\n\
                 CSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            );
            // Before the phone listens the system may refuse: asked again.
            let _ = socket.send_to(question.as_bytes(), to);
            let mut answer = [0; 2048];
            if socket.recv(&mut answer).is_ok() {
                return Ok(());
            }
            let ended = !matches!(self.child.try_wait(), Ok(None));
            if ended || begun.elapsed() > START {
                let said = self.said();
                return Err(Stopped::saying(format!(
                    "the phone does not answer.\n{said}"
                )));
            }
        }
        unreachable!("the loop ends by its returns")
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        signal(self.child.id(), "TERM");
        let begun = Instant::now();
        while begun.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal; the standard library can't, every shell can.
pub(super) fn signal(process: u32, name: &str) {
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -{name} {process}")])
        .stderr(Stdio::null())
        .status();
}

fn write(file: &std::path::Path, what: impl AsRef<[u8]>) -> Result<(), Stopped> {
    std::fs::write(file, what).map_err(|error| failed(file, &error))
}

fn failed(file: &std::path::Path, error: &std::io::Error) -> Stopped {
    Stopped::saying(format!("{}: {error}", file.display()))
}

/// SIPp sends no sound, so that silence is no fault here.
fn trialog(address: SocketAddr, sound: Sound, max_calls: u32) -> String {
    let end = match sound {
        Sound::None => "none",
        Sound::Echo => "echo",
    };
    format!(
        "name = \"load\"\n\n[sip]\nlisten = \"{address}\"\ntcp = false\n\n\
         [media]\nrtp_ports = \"0\"\nsilent_after = 3600\nlost_after = 86400\n\n\
         [audio]\nend = \"{end}\"\n\n\
         [agent]\nagent = false\nparallel = true\nauto_answer = true\nmax_calls = {max_calls}\n\n\
         [records]\nfile = \"records.jsonl\"\n"
    )
}

/// As small as it runs with sound: one codec, the sound from a file, to nowhere.
fn baresip(address: SocketAddr, max_calls: u32, place: &Place) -> String {
    let modules = ["/usr/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    let modules = modules
        .iter()
        .find(|folder| std::path::Path::new(folder).is_dir())
        .unwrap_or(&modules[0]);
    format!(
        "sip_listen {address}\nnet_interface {}\ncall_max_calls {max_calls}\nmodule_path {modules}\n\
         audio_player aubridge,nil\naudio_source aufile,{}\naudio_alert aubridge,alert\n\
         ausrc_srate 8000\nausrc_channels 1\nauplay_srate 8000\nauplay_channels 1\n\
         jitter_buffer_delay 1-2\naudio_buffer 20-60\nstatmode_default off\n\
         module g711.so\nmodule aubridge.so\nmodule aufile.so\nmodule_app account.so\nmodule_app menu.so\n",
        address.ip(),
        place.folder.join("voice.wav").display()
    )
}

/// A WAV file of silence: mono, 8 kHz, 16 bits.
fn silence(seconds: f64) -> Vec<u8> {
    let length = (seconds * 8000.0) as u32 * 2;
    let mut wav = Vec::with_capacity(44 + length as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16u32.to_le_bytes());
    // PCM, one channel.
    wav.extend_from_slice(&[1, 0, 1, 0]);
    wav.extend_from_slice(&8000u32.to_le_bytes());
    wav.extend_from_slice(&16_000u32.to_le_bytes());
    wav.extend_from_slice(&[2, 0, 16, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.resize(44 + length as usize, 0);
    wav
}
