//! The phone that is called: configured, started, seen to answer, ended by its process id.
use super::loopback::{Loopback, free_port};
use super::usage::Usage;
use super::{Phone, Sound};
use crate::ExitError;
use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
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
    /// `max_calls`: at once; beyond it is busy. `hold`: the length of a call.
    pub(super) fn start(
        phone: &Phone,
        max_calls: u32,
        hold: Duration,
        net: &Loopback,
    ) -> Result<Self, ExitError> {
        let address = free_port(net.phone)?;
        let (mut command, ask) = match phone {
            Phone::Parallel { program, sound } => {
                let config = parallel(address, *sound, max_calls);
                ours(program, &config, net)?
            }
            Phone::Agent { program } => {
                let voice = net.folder.join("voice.wav");
                write(&voice, silence(hold.as_secs_f64() + 2.0))?;
                ours(program, &agent(address, &voice, max_calls), net)?
            }
            Phone::Baresip => {
                let most = hold.as_secs_f64() + 2.0;
                write(&net.folder.join("voice.wav"), silence(most))?;
                write(&net.folder.join("config"), baresip(address, max_calls, net))?;
                write(
                    &net.folder.join("accounts"),
                    format!("<sip:load@{address}>;regint=0;answermode=auto\n"),
                )?;
                write(&net.folder.join("contacts"), String::new())?;
                let mut command = Command::new("baresip");
                command.arg("-4").arg("-f").arg(&net.folder);
                (command, None)
            }
        };
        let log = net.folder.join("phone.log");
        let out = File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = out.map_err(|error| failed(&log, &error))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| ExitError::because(format!("{:?}: {error}", command.get_program())))?;
        let mut target = Self {
            child,
            address,
            log,
            ask,
        };
        target.await_answer(net)?;
        Ok(target)
    }

    pub(super) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Its log so far, standard output and error.
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
    fn await_answer(&mut self, net: &Loopback) -> Result<(), ExitError> {
        let socket = UdpSocket::bind((net.caller, 0))
            .and_then(|socket| {
                socket.set_read_timeout(Some(Duration::from_millis(50)))?;
                Ok(socket)
            })
            .map_err(|error| ExitError::because(format!("{}: {error}", net.caller)))?;
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
                return Err(ExitError::because(format!(
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

fn write(file: &Path, what: impl AsRef<[u8]>) -> Result<(), ExitError> {
    std::fs::write(file, what).map_err(|error| failed(file, &error))
}

fn failed(file: &Path, error: &std::io::Error) -> ExitError {
    ExitError::because(format!("{}: {error}", file.display()))
}

/// Our program with this configuration; program and folder by which it is asked about itself.
type Ours = (Command, Option<(PathBuf, PathBuf)>);

fn ours(program: &Path, config: &str, net: &Loopback) -> Result<Ours, ExitError> {
    let file = net.folder.join("phone.toml");
    write(&file, config)?;
    let mut command = Command::new(program);
    command.args(["--log", "warn", "phone", "--headless", "--config"]);
    command.arg(file).env("XDG_RUNTIME_DIR", &net.folder);
    Ok((command, Some((program.to_owned(), net.folder.clone()))))
}

/// What both configurations of ours begin with. SIPp sends no sound, so that silence is no fault here.
fn common(address: SocketAddr) -> String {
    format!(
        "name = \"load\"\n\n[sip]\nlisten = \"{address}\"\ntcp = false\ntrusted = [\"127.0.0.0/8\"]\n\n\
         [media]\nrtp_ports = \"0\"\nsilent_after = 3600\nlost_after = 86400\n\n\
         [records]\nfile = \"records.db\"\n\n"
    )
}

/// An agent's phone that answers at once, and speaks from a file.
fn agent(address: SocketAddr, voice: &Path, max_calls: u32) -> String {
    format!(
        "{}[audio]\nend = \"file\"\nplay = \"{}\"\nrepeat = true\n\n\
         [agent]\nauto_answer = true\nmax_calls = {max_calls}\n",
        common(address),
        voice.display()
    )
}

fn parallel(address: SocketAddr, sound: Sound, max_calls: u32) -> String {
    let end = match sound {
        Sound::None => "none",
        Sound::Echo => "echo",
    };
    format!(
        "{}[audio]\nend = \"{end}\"\n\n\
         [agent]\nagent = false\nparallel = true\nauto_answer = true\nmax_calls = {max_calls}\n",
        common(address)
    )
}

/// As small as it runs with sound: one codec, the sound from a file, to nowhere.
fn baresip(address: SocketAddr, max_calls: u32, net: &Loopback) -> String {
    let modules = ["/usr/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    let modules = modules
        .iter()
        .find(|folder| Path::new(folder).is_dir())
        .unwrap_or(&modules[0]);
    format!(
        "sip_listen {address}\nnet_interface {}\ncall_max_calls {max_calls}\nmodule_path {modules}\n\
         audio_player aubridge,nil\naudio_source aufile,{}\naudio_alert aubridge,alert\n\
         ausrc_srate 8000\nausrc_channels 1\nauplay_srate 8000\nauplay_channels 1\n\
         jitter_buffer_delay 1-2\naudio_buffer 20-60\nstatmode_default off\n\
         module g711.so\nmodule aubridge.so\nmodule aufile.so\nmodule_app account.so\nmodule_app menu.so\n",
        address.ip(),
        net.folder.join("voice.wav").display()
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
