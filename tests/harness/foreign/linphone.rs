//! linphone-daemon as a party: told by its control socket, with a sound card of its own as its microphone and loudspeaker.
use super::{
    Abilities, CallState, Done, Fault, Kind, Manner, Peer, PhoneSetup, RecordingPosition,
    Registrar, Way,
};
use super::{options, pilot, wait_for};
use crate::program::{Running, free_port, is_on_path};
use crate::pulse::SoundCard;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// For how long its pilot lasts, in seconds.
const PILOT: u32 = 900;

/// A running linphone-daemon.
pub struct Linphone {
    setup: PhoneSetup,
    port: u16,
    control: UnixStream,
    socket: PathBuf,
    /// The numbers of its calls, oldest first.
    calls: Vec<u32>,
    /// The highest number that a call had.
    last: u32,
    recording: PathBuf,
    // In the order in which they end.
    running: Running,
    _speaks: Running,
    _listens: Running,
    _card: SoundCard,
}

impl Linphone {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It is not installed, or did not come up in time.
    pub fn start(setup: &PhoneSetup) -> Done<Self> {
        if !is_on_path("linphone-daemon") {
            return Err(Fault(
                "linphone-daemon (package linphone-cli) is not installed: cargo xtask setup".into(),
            ));
        }
        let folder = setup.folder.as_path();
        let words = |error: std::io::Error| Fault(format!("{}: {error}", folder.display()));
        let card = SoundCard::start_with_voice(&folder.join("card"));
        let speaks = card.speak(&pilot::file(setup.role, 8_000, PILOT)?);
        let recording = folder.join("ear.wav");
        let listens = card.listen_to_wav(&recording);
        let port = free_port();
        // It writes into the one and reads both.
        let (config, defaults) = (folder.join("linphonerc"), folder.join("defaults"));
        fs::write(&config, "").map_err(words)?;
        fs::write(&defaults, configuration(setup, port)).map_err(words)?;
        let name = socket_name();
        let mut command = Command::new("linphone-daemon");
        command.arg("--config").arg(&config);
        command.arg("--factory-config").arg(&defaults);
        command.args(["--pipe", &name, "--disable-stats-events"]);
        command.env("HOME", folder).envs(card.environment());
        let mut running = Running::start(&mut command, &folder.join("linphone.log"));
        // The socket's folder is built into the program.
        let socket = PathBuf::from("/tmp").join(&name);
        let control = wait_for("linphone-daemon's control socket", || {
            if running.has_ended() {
                return Err(Fault(format!("linphone-daemon ended: {}", running.said())));
            }
            Ok(UnixStream::connect(&socket).ok())
        })?;
        control
            .set_read_timeout(Some(Duration::from_secs(5)))
            .map_err(words)?;
        let mut phone = Self {
            setup: setup.clone(),
            port,
            control,
            socket,
            calls: Vec::new(),
            last: 0,
            recording,
            running,
            _speaks: speaks,
            _listens: listens,
            _card: card,
        };
        // Its control socket is there before it takes calls.
        wait_for("linphone-daemon takes SIP", || {
            let there = options::status(([127, 0, 0, 1], port).into(), &phone.uri());
            Ok(there.map(drop))
        })?;
        if let Way::Through(_) = setup.way {
            wait_for("linphone-daemon registers", || {
                let status = phone.tell("register-status ALL")?;
                Ok(status.contains("LinphoneRegistrationOk").then_some(()))
            })?;
        }
        Ok(phone)
    }

    /// Tells it a command and gives what it says beyond its `Status: Ok`.
    fn tell(&mut self, command: &str) -> Done<String> {
        self.try_tell(command)?
            .map_err(|said| self.fault(&format!("answers “{command}” with {said:?}")))
    }

    /// As [`Linphone::tell`]; what it refuses is not a fault.
    fn try_tell(&mut self, command: &str) -> Done<Result<String, String>> {
        if self.running.has_ended() {
            return Err(self.fault(&format!("ended: {}", self.running.said())));
        }
        let lost = |error: std::io::Error| format!("can't be told “{command}”: {error}");
        // A command has no end, and an answer neither: each comes in one piece.
        let told = self.control.write_all(command.as_bytes()).and_then(|()| {
            let mut answer = vec![0; 65_536];
            let length = self.control.read(&mut answer)?;
            answer.truncate(length);
            Ok(answer)
        });
        let answer = told.map_err(|error| self.fault(&lost(error)))?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        Ok(match answer.strip_prefix("Status: Ok") {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => Err(answer.trim().to_owned()),
        })
    }

    /// What it says of this call; `None` when it has ended.
    fn state(&mut self, call: u32) -> Done<Option<String>> {
        let status = self.try_tell(&format!("call-status {call}"))?;
        let state = |text: &str| Some(text.split_once("State: ")?.1.lines().next()?.to_owned());
        Ok(status.ok().as_deref().and_then(state))
    }

    /// Takes notice of calls that came in: they are numbered as they come and go.
    fn look(&mut self) -> Done<Vec<(u32, String)>> {
        while self.state(self.last + 1)?.is_some() {
            self.last += 1;
            self.calls.push(self.last);
        }
        let mut states = Vec::new();
        for call in self.calls.clone() {
            match self.state(call)? {
                Some(state) if !is_over(&state) => states.push((call, state)),
                _ => self.calls.retain(|one| *one != call),
            }
        }
        Ok(states)
    }

    /// The number of its newest call.
    fn newest(&mut self) -> Done<u32> {
        self.look()?;
        let newest = self.calls.last().copied();
        newest.ok_or_else(|| self.fault("has no call"))
    }

    /// Tells its newest call to go from one state to another; when the far side has an offer under way, it stays where it is and is
    /// told again.
    fn change(&mut self, command: &str, from: &str, to: &str) -> Done {
        let call = self.newest()?;
        wait_for(&format!("linphone's {command}"), || {
            let state = self.state(call)?.unwrap_or_default();
            if state == from {
                self.tell(&format!("{command} {call}"))?;
            }
            Ok((state == to).then_some(()))
        })
    }

    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{} (linphone) {what}", self.setup.role.name()))
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

impl Peer for Linphone {
    fn kind(&self) -> Kind {
        Kind::Linphone
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            asks: Err("linphone-daemon follows a REFER without asking"),
            refuses_transfers: Err("linphone-daemon follows every REFER"),
            cannot_be_referred: Err("linphone-daemon follows every REFER"),
            changes_without_gap: Err(
                "linphone-daemon makes a new stream when its direction changes",
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
        let states = self.look()?;
        Ok(states
            .iter()
            .map(|(_, state)| match state.as_str() {
                "LinphoneCallIncomingReceived" | "LinphoneCallIncomingEarlyMedia" => {
                    CallState::Offered
                }
                state if state.starts_with("LinphoneCallOutgoing") => CallState::Placed,
                _ => CallState::Up,
            })
            .collect())
    }

    fn call(&mut self, to: &str) -> Done {
        self.tell(&format!("call {to}")).map(|_| ())
    }

    fn answer(&mut self) -> Done {
        let offered = self.look()?;
        let offered = offered
            .iter()
            .find(|(_, state)| state.starts_with("LinphoneCallIncoming"));
        let Some((call, _)) = offered else {
            return Err(self.fault("is offered no call"));
        };
        self.tell(&format!("answer {call}")).map(|_| ())
    }

    fn hang_up(&mut self) -> Done {
        let call = self.newest()?;
        self.tell(&format!("terminate {call}")).map(|_| ())
    }

    fn hold(&mut self) -> Done {
        self.change(
            "call-pause",
            "LinphoneCallStreamsRunning",
            "LinphoneCallPaused",
        )
    }

    fn resume(&mut self) -> Done {
        self.change(
            "call-resume",
            "LinphoneCallPaused",
            "LinphoneCallStreamsRunning",
        )
    }

    fn transfer(&mut self, to: &str) -> Done {
        let call = self.newest()?;
        self.tell(&format!("call-transfer {call} {to}")).map(|_| ())
    }

    fn transfer_attended(&mut self) -> Done {
        self.look()?;
        let &[first, second] = self.calls.as_slice() else {
            return Err(self.fault(&format!("has not two calls but {}", self.calls.len())));
        };
        self.tell(&format!("call-transfer {first} {second}"))
            .map(|_| ())
    }

    fn consent(&mut self, _yes: bool) -> Done {
        Err(self.fault("asks nobody"))
    }

    fn position(&mut self) -> RecordingPosition {
        RecordingPosition::grown([self.recording.clone()])
    }
}

fn is_over(state: &str) -> bool {
    [
        "LinphoneCallEnd",
        "LinphoneCallError",
        "LinphoneCallReleased",
    ]
    .contains(&state)
}

/// A name for a control socket that no other has.
fn socket_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("trialog-linphone-{}-{number}", std::process::id())
}

/// By TLS it believes the issuer alone: its mbed TLS finds no IP address among a certificate's names. It has no databases. It would write each call into them when it begins and when it ends, with an fsync each time, and answer neither
/// SIP nor its control socket meanwhile: where the disk is busy that is seconds.
fn configuration(setup: &PhoneSetup, port: u16) -> String {
    let user = &setup.user;
    let proxy = match &setup.way {
        Way::Direct => String::new(),
        Way::Through(registrar) => proxy(registrar, user),
    };
    let (port_of_tls, root, protection) = match setup.way.ca() {
        Some(ca) => (
            -1,
            format!("verify_server_cn=0\nroot_ca={}\n", ca.display()),
            "srtp",
        ),
        None => (-2, String::new(), "none"),
    };
    let default = if proxy.is_empty() { -1 } else { 0 };
    format!(
        "[sip]\nsip_port={port}\nsip_tcp_port={port}\nsip_tls_port={port_of_tls}\n{root}bind_address=127.0.0.1\nipv6_migration_done=1\nuse_ipv6=0\nguess_hostname=0\n\
         contact=<sip:{user}@127.0.0.1:{port}>\ndefault_proxy={default}\nmedia_encryption={protection}\nmedia_encryption_mandatory={}\nregister_only_when_network_is_up=0\ninc_timeout=120\n\n\
         [rtp]\naudio_rtp_port=-1\naudio_jitt_comp=40\n\n\
         [sound]\nechocancellation=0\nagc=0\nnoisegate=0\necholimiter=0\nremote_ring=\nringer_dev_id=PulseAudio Unknown: spk\ntone_indications=0\n\
         playback_dev_id=PulseAudio Unknown: spk\nmedia_dev_id=PulseAudio Unknown: spk\ncapture_dev_id=PulseAudio Unknown: voice\n\n\
         [audio_codec_0]\nmime=PCMU\nrate=8000\nchannels=1\nenabled=1\n\n\
         [net]\nadaptive_rate_control=0\nstun_server=\n\n[video]\nenabled=0\ncapture=0\ndisplay=0\n\n\
         [storage]\nuri=null\ncall_logs_db_uri=null\nzrtp_secrets_db_uri=null\n\n{proxy}",
        u8::from(setup.requires_srtp),
    )
}

fn proxy(registrar: &Registrar, user: &str) -> String {
    let uri = registrar.uri();
    format!(
        "[proxy_0]\nreg_proxy=<{uri}>\nreg_route=<{uri};lr>\nreg_identity={}\nreg_expires=600\nreg_sendregister=1\n\
         publish=0\n\n[auth_info_0]\nusername={user}\npasswd={}\nrealm={domain}\ndomain={domain}\n",
        registrar.aor(user),
        registrar.password,
        domain = registrar.domain
    )
}
