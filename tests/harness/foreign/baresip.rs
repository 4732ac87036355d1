//! baresip as a party: a configuration folder by template, told by its control socket (`ctrl_tcp`: netstrings of JSON).
use super::{
    Abilities, CallState, Done, Fault, FifoEar, Kind, Manner, Peer, PhoneSetup, RecordingPosition,
    Way,
};
use super::{pilot, wait_for};
use crate::program::{Running, free_ports_in_a_row};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// The folder of its modules, by Debian's package.
const MODULES: &str = "/usr/lib/baresip/modules";
/// For how long its pilot lasts in one stream, in seconds.
const PILOT: u32 = 120;

/// How much it keeps before it plays, in ms: more than one burst of [`FifoEar`].
const BUFFER: u64 = 320;
/// Such a burst, in ms.
const BURST: u64 = 128;

/// A running baresip.
pub struct Baresip {
    setup: PhoneSetup,
    port: u16,
    control: TcpStream,
    read: Vec<u8>,
    calls: BTreeMap<String, CallState>,
    order: Vec<String>,
    registered: bool,
    ear: FifoEar,
    running: Running,
}

impl Baresip {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It is not installed, or did not come up in time.
    pub fn start(setup: &PhoneSetup) -> Done<Self> {
        // It takes the port after its SIP port, too (TLS); the control socket and RTP follow.
        let port = free_ports_in_a_row(3);
        let folder = setup.folder.as_path();
        let words = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        let ear = FifoEar::start(folder)?;
        for (name, text) in [
            ("config", configuration(setup, port)?),
            ("accounts", account(setup, port)),
            ("contacts", String::new()),
        ] {
            fs::write(folder.join(name), text).map_err(words)?;
        }
        if !crate::program::is_on_path("baresip") {
            return Err(Fault(
                "baresip (package baresip-core) is not installed: cargo xtask setup".into(),
            ));
        }
        let mut command = Command::new("baresip");
        command.args(["-4", "-f"]).arg(folder).env("HOME", folder);
        command.env("ALSA_CONFIG_PATH", &ear.alsa);
        let mut running = Running::start(&mut command, &folder.join("baresip.log"));
        let control = wait_for("baresip's control socket", || {
            if running.has_ended() {
                return Err(Fault(format!("baresip ended: {}", running.said())));
            }
            Ok(TcpStream::connect(("127.0.0.1", port + 2)).ok())
        })?;
        control
            .set_read_timeout(Some(Duration::from_millis(5)))
            .map_err(words)?;
        let mut phone = Self {
            setup: setup.clone(),
            port,
            control,
            read: Vec::new(),
            calls: BTreeMap::new(),
            order: Vec::new(),
            registered: false,
            ear,
            running,
        };
        if let Way::Through(_) = setup.way {
            let said = folder.join("baresip.log");
            wait_for("baresip registers", || {
                phone.listen()?;
                let log = fs::read_to_string(&said).unwrap_or_default();
                Ok((phone.registered || log.contains("200 OK")).then_some(()))
            })?;
        }
        Ok(phone)
    }

    /// Tells it a command and waits for its response.
    fn tell(&mut self, command: &str, parameters: &str) -> Done {
        let message = json!({ "command": command, "params": parameters, "token": "t" }).to_string();
        let framed = format!("{}:{message},", message.len());
        self.control
            .write_all(framed.as_bytes())
            .map_err(|error| self.fault(&format!("can't be told “{command}”: {error}")))?;
        let end = Instant::now() + super::PATIENCE;
        while Instant::now() < end {
            if let Some(response) = self.listen()? {
                return match response["ok"].as_bool() {
                    Some(true) => Ok(()),
                    _ => Err(self.fault(&format!("answers “{command}” with {response}"))),
                };
            }
        }
        Err(self.fault(&format!("does not answer “{command}”")))
    }

    /// Takes in what it has said; gives the last response in it.
    fn listen(&mut self) -> Done<Option<Value>> {
        if self.running.has_ended() {
            return Err(self.fault(&format!("ended: {}", self.running.said())));
        }
        let mut bytes = [0; 16_384];
        match self.control.read(&mut bytes) {
            Ok(length) => self.read.extend_from_slice(&bytes[..length]),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(self.fault(&format!("lost its control socket: {error}"))),
        }
        let mut response = None;
        while let Some(message) = self.next_message() {
            if message["response"] == true {
                response = Some(message);
            } else {
                self.heed(&message);
            }
        }
        Ok(response)
    }

    /// A netstring: length, colon, content, comma.
    fn next_message(&mut self) -> Option<Value> {
        let colon = self.read.iter().position(|octet| *octet == b':')?;
        let length: usize = std::str::from_utf8(&self.read[..colon])
            .ok()?
            .parse()
            .ok()?;
        let content = self.read.get(colon + 1..colon + 1 + length)?;
        let message = serde_json::from_slice(content).unwrap_or(Value::Null);
        self.read.drain(..(colon + 2 + length).min(self.read.len()));
        Some(message)
    }

    fn heed(&mut self, event: &Value) {
        let state = match event["type"].as_str() {
            Some("CALL_OUTGOING" | "CALL_RINGING" | "CALL_PROGRESS")
                if event["direction"] == "outgoing" =>
            {
                Some(CallState::Placed)
            }
            Some("CALL_INCOMING") => Some(CallState::Offered),
            Some("CALL_ESTABLISHED") => Some(CallState::Up),
            Some("CALL_CLOSED") => None,
            Some("REGISTER_OK") => {
                self.registered = true;
                return;
            }
            _ => return,
        };
        let Some(id) = event["id"].as_str() else {
            return;
        };
        match state {
            Some(CallState::Placed) if self.calls.contains_key(id) => {}
            Some(state) => {
                if self.calls.insert(id.to_owned(), state).is_none() {
                    self.order.push(id.to_owned());
                }
            }
            None => {
                self.calls.remove(id);
                self.order.retain(|one| one != id);
            }
        }
    }

    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{} (baresip) {what}", self.setup.role.name()))
    }
}

impl Peer for Baresip {
    fn kind(&self) -> Kind {
        Kind::Baresip
    }

    fn abilities(&self) -> Abilities {
        const NO_REPLACES: &str = "baresip answers Require: replaces with 420";
        Abilities {
            replaces: Err(NO_REPLACES),
            asks: Err("baresip follows a REFER without asking"),
            transfers_attended: Err("baresip 1.0 has no attended transfer"),
            refuses_transfers: Err("baresip follows every REFER"),
            cannot_be_referred: Err("baresip follows every REFER"),
            // It waits for its play-out buffer, and for the old stream's player to be closed.
            starts_late: Duration::from_millis(700),
            changes_without_gap: Err(
                "baresip empties its buffer when a stream's direction changes",
            ),
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
        self.abilities()
            .can_be(manner)
            .map_err(|why| self.fault(why))
    }

    fn calls(&mut self) -> Done<Vec<CallState>> {
        self.listen()?;
        Ok(self.order.iter().map(|id| self.calls[id]).collect())
    }

    fn call(&mut self, to: &str) -> Done {
        self.tell("dial", to)
    }

    fn answer(&mut self) -> Done {
        self.tell("accept", "")
    }

    fn hang_up(&mut self) -> Done {
        self.tell("hangup", "")
    }

    fn hold(&mut self) -> Done {
        self.tell("hold", "")
    }

    fn resume(&mut self) -> Done {
        self.tell("resume", "")
    }

    fn transfer(&mut self, to: &str) -> Done {
        self.tell("transfer", to)
    }

    fn transfer_attended(&mut self) -> Done {
        Err(self.fault("has no attended transfer"))
    }

    fn consent(&mut self, _yes: bool) -> Done {
        Err(self.fault("asks nobody"))
    }

    fn position(&mut self) -> RecordingPosition {
        self.ear.position(BUFFER - BURST)
    }
}

/// It has no jitter buffer: after a change of SSRC to lower sequence numbers, that of baresip 1.0 takes all packets for late ones. On loopback packets come in order.
fn configuration(setup: &PhoneSetup, port: u16) -> Done<String> {
    let pilot = pilot::file(setup.role, 8_000, PILOT)?;
    let (transports, srtp) = match setup.way.ca() {
        Some(ca) => (
            format!("udp,tcp,tls\nsip_cafile {}", ca.display()),
            "module srtp.so\n",
        ),
        None => ("udp,tcp".to_owned(), ""),
    };
    Ok(format!(
        "sip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\nsip_transports {transports}\naudio_player alsa,ear\n\
         audio_source aufile,{}\naudio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\n\
         auplay_channels 1\njitter_buffer_delay 0-0\naudio_buffer {BUFFER}-{}\ncall_max_calls 4\ncall_local_timeout 120\n\
         module_path {MODULES}\nmodule g711.so\nmodule aubridge.so\nmodule alsa.so\nmodule aufile.so\n{srtp}\
         module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{}\n\
         statmode_default off\nredial_attempts 0\nringback_disabled yes\naudio_path {}\n",
        pilot.display(),
        2 * BUFFER,
        port + 2,
        setup.folder.display(),
    ))
}

fn account(setup: &PhoneSetup, port: u16) -> String {
    let user = &setup.user;
    match &setup.way {
        Way::Direct => format!("<sip:{user}@127.0.0.1:{port}>;regint=0;answermode=manual\n"),
        Way::Through(registrar) => format!(
            "<sip:{user}@{};transport={}>;auth_user={user};auth_pass={};outbound=\"{}\";regint=600;answermode=manual{}\n",
            registrar.domain,
            registrar.transport.name(),
            registrar.password,
            registrar.uri(),
            match (&registrar.ca, setup.requires_srtp) {
                (None, _) => "",
                // Keys beside plain RTP.
                (Some(_), false) => ";mediaenc=srtp",
                (Some(_), true) => ";mediaenc=srtp-mand",
            }
        ),
    }
}
