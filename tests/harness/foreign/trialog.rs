//! Our own phone as a party: a process with a configuration file, driven by its control API.
use super::{Abilities, CallState, Done, Fault, Kind, Manner, Peer, Place, Role, Seat, Way};
use super::{pilot, wait_for};
use crate::api::Api;
use crate::program::{Running, free_port, trialog};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Samples a second of its recording.
const RATE: u32 = 48_000;

/// A running phone. As agent 1 it is told more than a [`Peer`] is: [`Trialog::act`], [`Trialog::status`].
pub struct Trialog {
    seat: Seat,
    port: u16,
    started: u32,
    api: Api,
    running: Running,
    recording: PathBuf,
    recording_started_us: u64,
}

impl Trialog {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It ended at its start, or did not come up in time.
    pub fn start(seat: &Seat) -> Done<Self> {
        Self::start_as(seat.clone(), 1)
    }

    fn start_as(seat: Seat, started: u32) -> Done<Self> {
        let port = free_port();
        let name = format!("{}-{started}", seat.role.name());
        let folder = seat.folder.as_path();
        let runtime = folder.join("run");
        let words = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        fs::create_dir_all(&runtime).map_err(words)?;
        let config = folder.join(format!("{name}.toml"));
        fs::write(&config, configuration(&seat, &name, port)?).map_err(words)?;
        let mut command = Command::new(trialog());
        command
            .args(["phone", "--headless", "--config"])
            .arg(&config)
            .env("XDG_RUNTIME_DIR", &runtime);
        let mut running = Running::start(&mut command, &folder.join(format!("{name}.log")));
        let file = runtime.join("trialog").join(&name).join("api.json");
        let what = format!("{name} (trialog) can be told things and is registered");
        let (api, recording_started_us) = wait_for(&what, || {
            if running.has_ended() {
                return Err(Fault(format!(
                    "{name} (trialog) ended at its start: {}",
                    running.said()
                )));
            }
            let ready = |api: Api| {
                let (_, status) = api.get("/api/status").ok()?;
                let account = status["accounts"][0]["state"].as_str()?;
                let reachable = match seat.way {
                    Way::Direct => account == "direct",
                    Way::Through(_) => account == "registered",
                };
                let began = status["audio"]["started_unix_us"].as_u64()?;
                reachable.then_some((api, began))
            };
            Ok(Api::find(&file).and_then(ready))
        })?;
        let recording = folder.join(format!("{name}.wav"));
        Ok(Self {
            seat,
            port,
            started,
            api,
            running,
            recording,
            recording_started_us,
        })
    }

    /// All that it says about itself, as `GET /api/status` has it.
    ///
    /// # Errors
    /// It does not answer, or its process has ended.
    pub fn status(&mut self) -> Done<Value> {
        if self.running.has_ended() {
            return Err(self.fault(&format!("ended: {}", self.running.said())));
        }
        match self.api.get("/api/status") {
            Ok((200, status)) => Ok(status),
            other => Err(self.fault(&format!("answers {other:?}"))),
        }
    }

    /// The stage of its oldest call; empty without one.
    ///
    /// # Errors
    /// As for [`Trialog::status`].
    pub fn stage(&mut self) -> Done<String> {
        let status = self.status()?;
        let stage = status["calls"][0]["stage"].as_str();
        Ok(stage.unwrap_or_default().to_owned())
    }

    /// Does this act as soon as a call allows it; `to` is what it aims at.
    ///
    /// # Errors
    /// It is not allowed in time, or refused.
    pub fn act(&mut self, act: &str, to: Option<&str>) -> Done {
        let what = format!("{} (trialog) is allowed to “{act}”", self.seat.role.name());
        let body = to.map_or(json!({}), |to| json!({ "to": to }));
        wait_for(&what, || {
            let status = self.status()?;
            let allows = |call: &&Value| {
                let acts = call["acts"].as_array();
                acts.is_some_and(|acts| {
                    acts.iter().any(|one| {
                        one["act"] == act
                            && one["allowed"] == true
                            && one["takes"].is_string() == to.is_some()
                    })
                })
            };
            let calls = status["calls"].as_array();
            let Some(id) = calls.and_then(|calls| calls.iter().find(allows)?["id"].as_u64()) else {
                return Ok(None);
            };
            match self.api.post(&format!("/api/calls/{id}/{act}"), &body) {
                Ok((200..=299, _)) => Ok(Some(())),
                // Something came in between; the next status says.
                Ok((409, _)) => Ok(None),
                other => Err(self.fault(&format!("answers “{act}” with {other:?}"))),
            }
        })
    }

    /// Waits until its oldest call is in this stage; none is "".
    ///
    /// # Errors
    /// It never was.
    pub fn comes_to(&mut self, stage: &str) -> Done {
        let mut seen = String::new();
        let name = self.seat.role.name();
        wait_for(&format!("{name} (trialog) comes to “{stage}”"), || {
            seen = self.stage()?;
            Ok((seen == stage).then_some(()))
        })
        .map_err(|fault| Fault(format!("{fault}; it is in “{seen}”")))
    }

    /// The trace of its SIP: one JSON object a message.
    #[must_use]
    pub fn trace(&self) -> PathBuf {
        self.seat
            .folder
            .join(format!("{}-{}.jsonl", self.seat.role.name(), self.started))
    }

    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{} (trialog) {what}", self.seat.role.name()))
    }
}

impl Peer for Trialog {
    fn kind(&self) -> Kind {
        Kind::Trialog
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds_in_conference: Err(
                "Trialog holds nobody in a conference, and a customer's never",
            ),
            asks: match self.seat.role {
                Role::Customer => Err("a customer's phone follows a REFER by itself"),
                Role::Agent1 | Role::Agent2 => Ok(()),
            },
            ..Abilities::ALL
        }
    }

    fn uri(&self) -> String {
        match &self.seat.way {
            Way::Direct => format!("sip:{}@127.0.0.1:{}", self.seat.user, self.port),
            Way::Through(registrar) => registrar.aor(&self.seat.user),
        }
    }

    fn behave(&mut self, manner: Manner) -> Done {
        if self.seat.manner == manner {
            return Ok(());
        }
        // The first one may wait for a conference; the second one ends everything.
        for _ in 0..2 {
            if self.running.end(Duration::from_secs(2)) {
                break;
            }
        }
        let seat = Seat {
            manner,
            ..self.seat.clone()
        };
        *self = Self::start_as(seat, self.started + 1)?;
        Ok(())
    }

    fn calls(&mut self) -> Done<Vec<CallState>> {
        let status = self.status()?;
        let calls = status["calls"].as_array().cloned().unwrap_or_default();
        let state = |call: &Value| match call["stage"].as_str() {
            Some("offered") => CallState::Offered,
            Some("dialling") => CallState::Placed,
            _ => CallState::Up,
        };
        Ok(calls.iter().map(state).collect())
    }

    fn call(&mut self, to: &str) -> Done {
        match self.api.post("/api/calls", &json!({ "to": to })) {
            Ok((200..=299, _)) => Ok(()),
            other => Err(self.fault(&format!("can't call {to}: {other:?}"))),
        }
    }

    fn answer(&mut self) -> Done {
        self.act("answer", None)
    }

    fn hang_up(&mut self) -> Done {
        let status = self.status()?;
        let acts = status["calls"][0]["acts"].as_array();
        let allowed = |act: &str| {
            acts.is_some_and(|acts| {
                acts.iter()
                    .any(|one| one["act"] == act && one["allowed"] == true)
            })
        };
        let ways = ["reject", "exit", "end", "end-consult", "cancel"];
        match ways.into_iter().find(|act| allowed(act)) {
            Some(act) => self.act(act, None),
            None => Err(self.fault(&format!("has nothing to hang up: {status:#}"))),
        }
    }

    fn hold(&mut self) -> Done {
        self.act("hold", None)
    }

    fn resume(&mut self) -> Done {
        self.act("resume", None)
    }

    fn transfer(&mut self, to: &str) -> Done {
        self.act("transfer", Some(to))
    }

    fn transfer_attended(&mut self) -> Done {
        self.act("transfer", None)
    }

    fn consent(&mut self, yes: bool) -> Done {
        self.act(if yes { "accept" } else { "decline" }, None)
    }

    fn consent_if_asked(&mut self) -> Done<bool> {
        let asked = self.stage()? == "transfer-pending";
        if asked {
            self.consent(true)?;
        }
        Ok(asked)
    }

    fn place(&mut self) -> Place {
        Place::timed(&self.recording, self.recording_started_us, RATE)
    }
}

/// A configuration as a person would write it; paths are meant from the file's folder.
fn configuration(seat: &Seat, name: &str, port: u16) -> Done<String> {
    let Seat { role, user, .. } = seat;
    let account = match &seat.way {
        Way::Direct => format!("aor = \"sip:{user}@127.0.0.1:{port}\"\n"),
        Way::Through(registrar) => format!(
            "aor = \"{}\"\nregistrar = \"sip:{}\"\noutbound_proxy = \"{}\"\nusername = \"{user}\"\npassword = \"{}\"\n\
             transport = \"{}\"\n",
            registrar.aor(user),
            registrar.domain,
            registrar.uri(),
            registrar.password,
            registrar.transport.name()
        ),
    };
    let agent = match role {
        Role::Customer => "agent = false\n",
        Role::Agent1 | Role::Agent2 => "",
    };
    let transfers = match seat.manner {
        Manner::Plain => "",
        Manner::FollowsTransfers => "transfers = \"accept\"\n",
        Manner::RefusesTransfers => "transfers = \"decline\"\n",
        Manner::CannotBeReferred => "transfers = \"never\"\n",
    };
    Ok(format!(
        "name = \"{name}\"\n\n[sip]\nlisten = \"127.0.0.1:{port}\"\ntrusted = [\"127.0.0.1\"]\ntrace = \"{name}.jsonl\"\n\n\
         [media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[audio]\nend = \"file\"\nplay = {}\nrepeat = true\n\
         record = \"{name}.wav\"\n\n[records]\nfile = \"{name}-records.jsonl\"\n\n[agent]\n{agent}{transfers}\n\
         [[account]]\n{account}display = \"{name}\"\n",
        quoted(&pilot::file(*role, RATE, 1)?),
    ))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
