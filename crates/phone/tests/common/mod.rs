//! Real `trialog` processes on the loopback interface, driven through their API.
#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use trialog_client::{Address, Client};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn trialog() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trialog"))
}

/// A folder for one test: configurations, recordings, and the runtime folder.
pub(crate) struct Stage(TempDir);

impl Stage {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The runtime folder, made as a login would.
    fn runtime(&self) -> PathBuf {
        let folder = self.path("run");
        let _ = std::fs::create_dir(&folder);
        folder
    }

    pub(crate) fn command(&self) -> Command {
        self.at_home(trialog())
    }

    fn at_home(&self, mut command: Command) -> Command {
        command
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("XDG_STATE_HOME", self.path("state"))
            .env_remove("TRIALOG_LOG")
            .env_remove("TRIALOG_PHONE");
        command
    }

    /// Starts a phone with the rest of its configuration, and waits until its API answers.
    pub(crate) fn phone(&self, name: &str, rest: &str) -> Phone {
        self.phone_with(name, rest, &[])
    }

    /// The same with further arguments.
    pub(crate) fn phone_with(&self, name: &str, rest: &str, arguments: &[&str]) -> Phone {
        self.phone_at(name, "127.0.0.1:0", rest, arguments)
    }

    /// The same at another address, or at several, as a list in TOML.
    pub(crate) fn phone_at(
        &self,
        name: &str,
        listen: &str,
        rest: &str,
        arguments: &[&str],
    ) -> Phone {
        let rest = format!("[media]\nrtp_ports = \"0\"\n{rest}");
        self.start(name, listen, &rest, arguments)
    }

    /// The same in a process with this variable in its environment.
    pub(crate) fn phone_in(&self, name: &str, rest: &str, (key, value): (&str, &Path)) -> Phone {
        let mut command = self.command();
        command.env(key, value);
        let rest = format!("[media]\nrtp_ports = \"0\"\n{rest}");
        self.start_by(command, name, "127.0.0.1:0", &rest, &[])
    }

    /// The same in a process that this signal does not end.
    #[cfg(unix)]
    pub(crate) fn phone_ignoring(&self, name: &str, rest: &str, signal: &str) -> Phone {
        let mut shell = Command::new("sh");
        let script = format!("trap '' {signal}; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(script).arg(trialog().get_program());
        let rest = format!("[media]\nrtp_ports = \"0\"\n{rest}");
        self.start_by(self.at_home(shell), name, "127.0.0.1:0", &rest, &[])
    }

    /// The same with all of its configuration but `[sip]` and `[records]`.
    pub(crate) fn start(&self, name: &str, listen: &str, rest: &str, arguments: &[&str]) -> Phone {
        self.start_by(self.command(), name, listen, rest, arguments)
    }

    fn start_by(
        &self,
        mut command: Command,
        name: &str,
        listen: &str,
        rest: &str,
        arguments: &[&str],
    ) -> Phone {
        let listen = match listen.starts_with("[\"") {
            true => listen.to_owned(),
            false => format!("\"{listen}\""),
        };
        let config = format!(
            "name = \"{name}\"\n[sip]\nlisten = {listen}\ntrace = \"{name}.trace\"\ntrusted = [\"127.0.0.1\"]\n\
             [records]\nfile = \"{name}.records\"\n{rest}\n"
        );
        let config = self.write(&format!("{name}.toml"), config);
        let log = File::create(self.path(&format!("{name}.log"))).unwrap();
        let child = command
            .args(["phone", "--headless", "--config"])
            .arg(config)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut phone = Phone {
            child,
            url: String::new(),
            token: String::new(),
        };
        let file = self.runtime().join("trialog").join(name).join("api.json");
        let api = wait("the API", || {
            let text = std::fs::read_to_string(&file).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        });
        phone.is_at(&api);
        phone
    }

    pub(crate) fn ctl(&self, arguments: &[&str]) -> Output {
        self.command().arg("ctl").args(arguments).output().unwrap()
    }
}

/// A running phone; killed when dropped.
pub(crate) struct Phone {
    pub(crate) child: Child,
    url: String,
    token: String,
}

impl Phone {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A client of its API.
    pub(crate) fn client(&self) -> Client {
        Client::new(Address {
            url: self.url.clone(),
            token: self.token.clone(),
            pid: self.child.id(),
        })
    }

    /// The status of the answer to a GET.
    pub(crate) fn get(&self, path: &str) -> u16 {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let request = agent.get(format!("{}{path}", self.url));
        let bearer = format!("Bearer {}", self.token);
        let response = request.header("Authorization", bearer).call().unwrap();
        response.status().as_u16()
    }

    /// Type and text of the answer to a GET.
    pub(crate) fn text(&self, path: &str) -> (String, String) {
        let mut response = ureq::get(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .unwrap();
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (kind, response.body_mut().read_to_string().unwrap())
    }

    /// The status of an answer to a client with this token.
    pub(crate) fn as_client(&self, token: &str, method: &str, path: &str) -> u16 {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {token}"));
        let response = agent.run(request.body(()).unwrap()).unwrap();
        response.status().as_u16()
    }

    /// Follows the events with this token.
    pub(crate) fn follow(
        &self,
        token: &str,
    ) -> tungstenite::WebSocket<tungstenite::stream::MaybeTlsStream<std::net::TcpStream>> {
        use tungstenite::client::IntoClientRequest;
        let url = format!("{}/api/events", self.url.replace("http:", "ws:"));
        let mut request = url.into_client_request().unwrap();
        let token = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("Authorization", token);
        tungstenite::connect(request).unwrap().0
    }

    pub(crate) fn status(&self) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        let mut response = agent
            .get(format!("{}/api/status", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Asks for something and expects this status.
    pub(crate) fn post(&self, path: &str, body: &Value, expected: u16) -> Value {
        let (status, answer) = self.ask(path, body);
        assert_eq!(status, expected, "{path}: {answer}");
        answer
    }

    /// Asks for something: status and document of the answer.
    pub(crate) fn ask(&self, path: &str, body: &Value) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(crate) fn act(&self, act: &str) {
        let call = wait("a call", || self.status()["calls"][0]["id"].as_u64());
        self.post(&format!("/api/calls/{call}/{act}"), &json!({}), 200);
    }

    /// Where it is called.
    pub(crate) fn aor(&self) -> String {
        let status = self.status();
        status["accounts"][0]["aor"].as_str().unwrap().to_owned()
    }

    /// Waits for the first call to be in this state; `none` for no call at all.
    pub(crate) fn stage(&self, stage: &str) {
        let mut last = Value::Null;
        wait_or(
            || {
                last = self.status()["calls"][0]["stage"].clone();
                (last.as_str().unwrap_or("none") == stage).then_some(())
            },
            || format!("the stage is not {stage}"),
        );
    }

    /// Its API is where this file of its runtime folder says.
    pub(crate) fn is_at(&mut self, api: &Value) {
        api["url"].as_str().unwrap().clone_into(&mut self.url);
        api["token"].as_str().unwrap().clone_into(&mut self.token);
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end: how, and after how long.
    pub(crate) fn end(mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let status = wait("the end", || self.child.try_wait().unwrap());
        (status, start.elapsed())
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a library dumps stands in rows of sixteen characters at the ends of a log's lines: they as one text.
pub(crate) fn rows(log: &str) -> String {
    let ends = log.lines().map(|line| {
        let start = line.char_indices().rev().nth(15);
        &line[start.map_or(0, |(start, _)| start)..]
    });
    ends.collect()
}

pub(crate) fn wait<T>(what: &str, ready: impl FnMut() -> Option<T>) -> T {
    wait_or(ready, || format!("{what} did not come"))
}

fn wait_or<T>(mut ready: impl FnMut() -> Option<T>, complain: impl Fn() -> String) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "{}", complain());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Two seconds of a tone at −12 dB as a WAV file: mono, 48 kHz, 16 bits.
pub(crate) fn tone(hertz: f64) -> Vec<u8> {
    let samples = (0..96_000).map(|at| {
        let phase = std::f64::consts::TAU * hertz * f64::from(at) / 48_000.0;
        (phase.sin() * 8_192.0) as i16
    });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = Vec::from(*b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(48_000_u32.to_le_bytes());
    wav.extend(96_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    wav
}

/// The loudest half second of a tone in a recording, in dB of full scale (Goertzel).
pub(crate) fn loudest(recording: &Path, hertz: f64) -> f64 {
    let mut bytes = Vec::new();
    File::open(recording)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    let samples: Vec<f64> = bytes[44..]
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
        .collect();
    let turn = 2.0 * (std::f64::consts::TAU * hertz / 48_000.0).cos();
    let levels = samples.chunks_exact(24_000).map(|chunk| {
        let (mut one, mut two) = (0.0, 0.0);
        for sample in chunk {
            (one, two) = (sample + turn * one - two, one);
        }
        let power: f64 = one * one + two * two - turn * one * two;
        20.0 * (power.max(1e-20).sqrt() * 2.0 / 24_000.0).log10()
    });
    levels.fold(f64::NEG_INFINITY, f64::max)
}
