//! pjsua2 as a party: a Python script beside this file, told by one JSON object a line and answering by one.
use super::{
    Abilities, CallState, Done, Fault, Kind, Manner, PATIENCE, Peer, PhoneSetup, RecordingPosition,
    Way,
};
use super::{pilot, wait_for};
use crate::program::{fetched, free_port, shared_folder, spawn};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

/// Samples a second of its bridge and recording.
const RATE: u32 = 8_000;

/// So many samples it holds back at most: it writes 4,000 bytes at once, and what stands longer than 100 ms is a stall of its bridge.
const UNWRITTEN: u64 = 2_000 + 800;

/// A running pjsua2.
pub struct Pjsua2 {
    setup: PhoneSetup,
    port: u16,
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    errors: PathBuf,
    recording: PathBuf,
    recording_started_us: u64,
}

/// The Python that has the module `pjsua2`: what `TRIALOG_PYTHON` names, else that of the tests' own environment.
#[must_use]
pub fn python() -> PathBuf {
    fetched("TRIALOG_PYTHON", "venv/bin/python3")
}

impl Pjsua2 {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It is not installed, or did not come up in time.
    pub fn start(setup: &PhoneSetup) -> Done<Self> {
        let port = free_port();
        let name = setup.role.name();
        let recording = setup.folder.join(format!("{name}.wav"));
        let log = setup.folder.join("pjsua2.log");
        let errors = setup.folder.join("pjsua2-errors.log");
        let words = |error: std::io::Error| Fault(format!("{}: {error}", setup.folder.display()));
        let mut orders = json!({
            "user": setup.user,
            "port": port,
            "pilot": pilot::file(setup.role, RATE, 1)?,
            "silence": silence()?,
            "record": recording,
            "log": log,
            "rate": RATE,
        });
        if let Way::Through(registrar) = &setup.way {
            orders["aor"] = registrar.aor(&setup.user).into();
            orders["registrar"] = format!("sip:{}", registrar.domain).into();
            orders["proxy"] = format!("{};lr", registrar.uri()).into();
            orders["password"] = registrar.password.clone().into();
            orders["ca"] = registrar
                .ca
                .clone()
                .map(|ca| ca.display().to_string())
                .into();
            orders["requires_srtp"] = setup.requires_srtp.into();
            orders["transport"] = registrar.transport.name().into();
        }
        let said = File::create(&errors).map_err(words)?;
        let mut command = Command::new(python());
        command
            .arg("-u")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/foreign/pjsua2_phone.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said);
        let mut child = spawn(&mut command).map_err(|error| {
            Fault(format!(
                "{} (Python with pjsua2): {error}: cargo xtask setup",
                python().display()
            ))
        })?;
        let stdin = child.stdin.take().expect("it is a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut phone = Self {
            setup: setup.clone(),
            port,
            child,
            stdin,
            answers,
            errors,
            recording,
            recording_started_us: 0,
        };
        // The password goes by the pipe, where nobody else reads.
        let ready = phone.ask(&orders)?;
        phone.recording_started_us = ready["started_us"].as_u64().unwrap_or_default();
        Ok(phone)
    }

    /// Tells it something; gives its answer, which must not be an error.
    fn ask(&mut self, order: &Value) -> Done<Value> {
        writeln!(self.stdin, "{order}")
            .map_err(|error| self.fault(&format!("can't be told {order}: {error}")))?;
        let line = self.answers.recv_timeout(PATIENCE).map_err(|error| {
            let what = match error {
                RecvTimeoutError::Timeout => "does not answer",
                RecvTimeoutError::Disconnected => "has ended:",
            };
            let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
            self.fault(&format!(
                "{what} {} {said} ({})",
                order["do"],
                self.errors.display()
            ))
        })?;
        let answer: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        match answer["error"].as_str() {
            None if answer.is_object() => Ok(answer),
            _ => Err(self.fault(&format!("answers {} with {line}", order["do"]))),
        }
    }

    fn tell(&mut self, what: &str) -> Done {
        self.ask(&json!({ "do": what })).map(drop)
    }

    /// As [`Pjsua2::tell`], for what it refuses to begin while an offer of the far side is not yet answered.
    fn tell_between_offers(&mut self, what: &str) -> Done {
        wait_for(&format!("pjsua2 can “{what}”"), || {
            match self.tell(what) {
                Ok(()) => Ok(Some(())),
                Err(Fault(words)) if words.contains("PJ_EINVALIDOP") => Ok(None),
                Err(fault) => Err(fault),
            }
        })
    }

    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{} (pjsua2) {what}", self.setup.role.name()))
    }
}

impl Drop for Pjsua2 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer for Pjsua2 {
    fn kind(&self) -> Kind {
        Kind::Pjsua2
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            asks: Err("pjsua2's script follows a REFER without asking"),
            changes_without_gap: Err("pjsua2 makes a new stream when its direction changes"),
            ..Abilities::ALL
        }
    }

    fn uri(&self) -> String {
        match &self.setup.way {
            Way::Direct => format!("sip:{}@127.0.0.1:{}", self.setup.user, self.port),
            Way::Through(registrar) => registrar.aor(&self.setup.user),
        }
    }

    fn behave(&mut self, manner: Manner) -> Done {
        // 0: it is followed.
        let status = match manner {
            Manner::Plain | Manner::FollowsTransfers => 0,
            Manner::RefusesTransfers => 603,
            Manner::CannotBeReferred => 405,
        };
        self.ask(&json!({ "do": "refuse", "status": status }))
            .map(drop)
    }

    fn calls(&mut self) -> Done<Vec<CallState>> {
        let answer = self.ask(&json!({ "do": "calls" }))?;
        let calls = answer["calls"].as_array().cloned().unwrap_or_default();
        let state = |call: &Value| match call.as_str() {
            Some("offered") => CallState::Offered,
            Some("up") => CallState::Up,
            _ => CallState::Placed,
        };
        Ok(calls.iter().map(state).collect())
    }

    fn call(&mut self, to: &str) -> Done {
        self.ask(&json!({ "do": "call", "to": to })).map(drop)
    }

    fn answer(&mut self) -> Done {
        self.tell("answer")
    }

    fn hang_up(&mut self) -> Done {
        self.tell("hang_up")
    }

    fn hold(&mut self) -> Done {
        self.tell_between_offers("hold")
    }

    fn resume(&mut self) -> Done {
        self.tell_between_offers("resume")
    }

    fn transfer(&mut self, to: &str) -> Done {
        self.ask(&json!({ "do": "transfer", "to": to })).map(drop)
    }

    fn transfer_attended(&mut self) -> Done {
        self.tell("transfer_attended")
    }

    fn consent(&mut self, _yes: bool) -> Done {
        Err(self.fault("asks nobody"))
    }

    fn position(&mut self) -> RecordingPosition {
        RecordingPosition::timed(&self.recording, self.recording_started_us, RATE)
            .written(UNWRITTEN)
    }
}

/// A second of nothing, which keeps the recording going while nobody speaks.
fn silence() -> Done<PathBuf> {
    let path = shared_folder("pilots").join(format!("silence-{RATE}.wav"));
    if !path.is_file() {
        let fresh = path.with_extension(std::process::id().to_string());
        crate::tone::write_at(&fresh, 1.0, -200.0, 1, RATE);
        std::fs::rename(&fresh, &path)
            .map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    }
    Ok(path)
}
