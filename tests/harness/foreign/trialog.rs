//! Our own phone as a party: a process with a configuration file, driven by its control API.
use super::{
    Abilities, CallState, Done, Fault, Kind, Manner, Peer, PhoneSetup, RecordingPosition,
    RegistrarKind, Role, Way,
};
use super::{pilot, wait_for};
use crate::program::{Running, free_port, trialog};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use trialog_client::api::{self, ActName, RegistrationState, Stage, Status};
use trialog_client::{Address, Client, Error};

/// Samples a second of its recording.
const RATE: u32 = 48_000;

/// A running phone. As agent 1 it is told more than a [`Peer`] is: [`Trialog::act`], [`Trialog::status`].
pub struct Trialog {
    setup: PhoneSetup,
    port: u16,
    started: u32,
    api: Client,
    running: Running,
    recording: PathBuf,
    recording_started_us: u64,
}

impl Trialog {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It ended at its start, or did not come up in time.
    pub fn start(setup: &PhoneSetup) -> Done<Self> {
        Self::start_as(setup.clone(), 1)
    }

    fn start_as(setup: PhoneSetup, started: u32) -> Done<Self> {
        let port = free_port();
        let name = format!("{}-{started}", setup.role.name());
        let folder = setup.folder.as_path();
        let runtime = folder.join("run");
        let words = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        fs::create_dir_all(&runtime).map_err(words)?;
        let config = folder.join(format!("{name}.toml"));
        fs::write(&config, configuration(&setup, &name, port)?).map_err(words)?;
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
            let ready = |api: Client| {
                let status = api.status().ok()?;
                let wanted = match setup.way {
                    Way::Direct => RegistrationState::Direct,
                    Way::Through(_) => RegistrationState::Registered,
                };
                let reachable = status.accounts.first()?.state == wanted;
                let began = status.audio.started_unix_us?;
                reachable.then_some((api, began))
            };
            Ok(Address::read(&file).map(Client::new).and_then(ready))
        })?;
        let recording = folder.join(format!("{name}.wav"));
        Ok(Self {
            setup,
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
    pub fn status(&mut self) -> Done<Status> {
        if self.running.has_ended() {
            return Err(self.fault(&format!("ended: {}", self.running.said())));
        }
        self.api
            .status()
            .map_err(|error| self.fault(&format!("gives no status: {error}")))
    }

    /// The stage of its oldest call; none without one.
    ///
    /// # Errors
    /// As for [`Trialog::status`].
    pub fn stage(&mut self) -> Done<Option<Stage>> {
        Ok(self.status()?.calls.first().map(|call| call.stage))
    }

    /// Does this act as soon as a call allows it; `to` is its aim.
    ///
    /// # Errors
    /// It is not allowed in time, or refused.
    pub fn act(&mut self, act: ActName, to: Option<&str>) -> Done {
        let what = format!("{} (trialog) is allowed to “{act}”", self.setup.role.name());
        wait_for(&what, || {
            let status = self.status()?;
            let mut calls = status.calls.iter();
            let call = calls.find(|call| {
                let mut acts = call.acts.iter();
                acts.any(|one| one.act == act && one.allowed && one.takes.is_some() == to.is_some())
            });
            let Some(call) = call else {
                return Ok(None);
            };
            let answer = match to {
                Some(to) => self.api.act_to(call.id, act, to, None),
                None => self.api.act(call.id, act),
            };
            match answer {
                Ok(()) => Ok(Some(())),
                // Something came in between; the next status has it.
                Err(Error::Problem(problem)) if problem.status == 409 => Ok(None),
                Err(error) => Err(self.fault(&format!("does not “{act}”: {error}"))),
            }
        })
    }

    /// Waits until its oldest call is in this stage.
    ///
    /// # Errors
    /// It never was.
    pub fn comes_to(&mut self, stage: Stage) -> Done {
        self.wait_for_stage(Some(stage))
    }

    /// Waits until it has no call.
    ///
    /// # Errors
    /// It always had one.
    pub fn has_no_call(&mut self) -> Done {
        self.wait_for_stage(None)
    }

    fn wait_for_stage(&mut self, wanted: Option<Stage>) -> Done {
        let mut seen = None;
        let name = |stage: Option<Stage>| stage.map_or("no call", Stage::name);
        let what = format!(
            "{} (trialog) comes to “{}”",
            self.setup.role.name(),
            name(wanted)
        );
        wait_for(&what, || {
            seen = self.stage()?;
            Ok((seen == wanted).then_some(()))
        })
        .map_err(|fault| Fault(format!("{fault}; it is in “{}”", name(seen))))
    }

    /// The trace of its SIP: one JSON object a message.
    #[must_use]
    pub fn trace(&self) -> PathBuf {
        self.setup
            .folder
            .join(format!("{}-{}.jsonl", self.setup.role.name(), self.started))
    }

    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{} (trialog) {what}", self.setup.role.name()))
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
            asks: match self.setup.role {
                Role::Customer => Err("a customer's phone follows a REFER by itself"),
                Role::Agent1 | Role::Agent2 => Ok(()),
            },
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
        if self.setup.manner == manner {
            return Ok(());
        }
        // The first one may wait for a conference; the second one ends everything.
        for _ in 0..2 {
            if self.running.end(Duration::from_secs(2)) {
                break;
            }
        }
        let setup = PhoneSetup {
            manner,
            ..self.setup.clone()
        };
        *self = Self::start_as(setup, self.started + 1)?;
        Ok(())
    }

    fn calls(&mut self) -> Done<Vec<CallState>> {
        let status = self.status()?;
        let calls = status.calls.iter().map(|call| match call.stage {
            Stage::Offered => CallState::Offered,
            Stage::Dialling => CallState::Placed,
            _ => CallState::Up,
        });
        Ok(calls.collect())
    }

    fn own_role(&mut self) -> Done<Option<api::Role>> {
        if self.setup.role == Role::Customer {
            // A customer's phone has none.
            return Ok(None);
        }
        Ok(self.status()?.calls.first().map(|call| call.role))
    }

    fn call(&mut self, to: &str) -> Done {
        let placed = self.api.call(to, None);
        placed
            .map(|_| ())
            .map_err(|error| self.fault(&format!("can't call {to}: {error}")))
    }

    fn answer(&mut self) -> Done {
        self.act(ActName::Answer, None)
    }

    fn hang_up(&mut self) -> Done {
        let status = self.status()?;
        let acts = status.calls.first().map_or(&[][..], |call| &call.acts);
        let allowed = |act: &ActName| acts.iter().any(|one| one.act == *act && one.allowed);
        let ways = [
            ActName::Reject,
            ActName::Exit,
            ActName::End,
            ActName::EndConsult,
            ActName::Cancel,
        ];
        match ways.into_iter().find(allowed) {
            Some(act) => self.act(act, None),
            None => Err(self.fault(&format!("has nothing to hang up: {status:#?}"))),
        }
    }

    fn hold(&mut self) -> Done {
        self.act(ActName::Hold, None)
    }

    fn resume(&mut self) -> Done {
        self.act(ActName::Resume, None)
    }

    fn transfer(&mut self, to: &str) -> Done {
        self.act(ActName::Transfer, Some(to))
    }

    fn transfer_attended(&mut self) -> Done {
        self.act(ActName::Transfer, None)
    }

    fn consent(&mut self, yes: bool) -> Done {
        let act = if yes {
            ActName::Accept
        } else {
            ActName::Decline
        };
        self.act(act, None)
    }

    fn consent_if_asked(&mut self) -> Done<bool> {
        let asked = self.stage()? == Some(Stage::TransferPending);
        if asked {
            self.consent(true)?;
        }
        Ok(asked)
    }

    fn position(&mut self) -> RecordingPosition {
        RecordingPosition::timed(&self.recording, self.recording_started_us, RATE)
    }
}

/// A configuration as a person would write it; paths are meant from the file's folder.
fn configuration(setup: &PhoneSetup, name: &str, port: u16) -> Done<String> {
    let PhoneSetup { role, user, .. } = setup;
    let account = match &setup.way {
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
    let believed = match &setup.way {
        Way::Through(registrar) => {
            // Its address says nothing of the caller behind it; the identity that it asserts does.
            let others = user.strip_prefix(role.name()).unwrap_or_default();
            let agents = [Role::Agent1, Role::Agent2];
            let agents = agents.map(|role| registrar.aor(&format!("{}{others}", role.name())));
            format!("colleagues = {agents:?}\n")
        }
        Way::Direct => "trusted = [\"127.0.0.1\"]\n".to_owned(),
    };
    let (tls, srtp) = match setup.way.ca() {
        Some(ca) => (
            format!("[tls]\nca = {}\n\n", quoted(ca)),
            match setup.requires_srtp {
                true => "srtp = \"require\"\n",
                false => "srtp = \"offer\"\n",
            },
        ),
        None => (String::new(), ""),
    };
    let drops_role = RegistrarKind::B2bua { passes_role: false };
    let states = match (role, setup.way.has_b2bua()) {
        (Role::Agent1, true) => "states_parties = true\n",
        _ => "",
    };
    let consult = match (role, &setup.way) {
        (Role::Agent2, Way::Through(registrar)) if registrar.kind == drops_role => {
            "consult_from_colleagues = true\n"
        }
        _ => "",
    };
    let transfers = match setup.manner {
        Manner::Plain => "",
        Manner::FollowsTransfers => "transfers = \"accept\"\n",
        Manner::RefusesTransfers => "transfers = \"decline\"\n",
        Manner::CannotBeReferred => "transfers = \"never\"\n",
    };
    Ok(format!(
        "name = \"{name}\"\n\n[sip]\nlisten = \"127.0.0.1:{port}\"\n{believed}trace = \"{name}.jsonl\"\n\n\
         {tls}[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n{srtp}\n[audio]\nend = \"file\"\nplay = {}\nrepeat = true\n\
         record = \"{name}.wav\"\n\n[records]\nfile = \"{name}-records.db\"\n\n[agent]\n{agent}{consult}{transfers}\n\
         [[account]]\n{account}{states}display = \"{name}\"\n",
        quoted(&pilot::file(*role, RATE, 1)?),
    ))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
