//! SIPp as a party. Its scenarios are filled in from the files in `sipp/`, one process for each that is played: one that takes
//! all calls, and one for each call that is placed. They are told what to do by requests that only they understand (`HANGUP`,
//! `HOLD`, …), which the front sends into the call that is meant; the [`RtpEnd`] is mouth and ear.
mod front;

use super::{
    Abilities, CallState, Done, Fault, Kind, Manner, Peer, PhoneSetup, RecordingPosition, RtpEnd,
    Way,
};
use super::{POLL, Transport, wait_for};
use crate::program::{Running, free_port, is_on_path};
use front::{Front, Passing};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// Why a call was not answered, as a caller's scenario knows it.
const REFUSALS: [u16; 12] = [404, 405, 408, 420, 480, 481, 482, 486, 487, 488, 491, 603];

/// A party that SIPp plays. What is due without anybody's word (whom it is referred to is called, who takes another's place is
/// answered) is done by a thread of its own.
pub struct Sipp {
    party: Arc<Mutex<Party>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sipp {
    /// Starts it; it can be called, and is registered where there is a registrar.
    ///
    /// # Errors
    /// It is not installed, or did not come up in time.
    pub fn start(setup: &PhoneSetup) -> Done<Self> {
        let party = Arc::new(Mutex::new(Party::start(setup)?));
        let stop = Arc::new(AtomicBool::new(false));
        let (looked_after, stopped) = (Arc::clone(&party), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let mut party = looked_after.lock().unwrap_or_else(PoisonError::into_inner);
                // What goes wrong shows in the story: the party does not do its part.
                let _ = party.look();
                drop(party);
                std::thread::sleep(POLL);
            }
        });
        Ok(Self {
            party,
            stop,
            thread: Some(thread),
        })
    }

    fn party(&self) -> MutexGuard<'_, Party> {
        self.party.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Party {
    setup: PhoneSetup,
    port: u16,
    front: Front,
    /// How many scenarios were started.
    started: u32,
    running: Vec<Running>,
    /// Calls in which we were referred, each with the call that was placed for it.
    referred: Vec<(String, u32)>,
}

impl Party {
    fn start(setup: &PhoneSetup) -> Done<Self> {
        if !is_on_path("sipp") {
            return Err(Fault(
                "SIPp (package sip-tester) is not installed: cargo xtask setup".into(),
            ));
        }
        let port = free_port();
        let setup = &in_the_clear(setup);
        let registrar = match &setup.way {
            Way::Direct => None,
            Way::Through(registrar) => Some(registrar.clone()),
        };
        let sound = RtpEnd::start(setup.role, &setup.folder.join("ear.wav"))?;
        let front = Front::start(port, registrar, sound)
            .map_err(|error| Fault(format!("SIPp's front at port {port}: {error}")))?;
        let mut party = Self {
            setup: setup.clone(),
            port,
            front,
            started: 0,
            running: Vec::new(),
            referred: Vec::new(),
        };
        if let Way::Through(_) = setup.way {
            party.play("register", include_str!("sipp/register.xml"), &[])?;
            wait_for("SIPp registers", || {
                let registers = party.running.last_mut();
                Ok(registers.and_then(Running::outcome))
            })
            .and_then(|done| {
                if done {
                    Ok(())
                } else {
                    Err(party.fault("could not register"))
                }
            })?;
        }
        let callee = party.play("callee", include_str!("sipp/callee.xml"), &[])?;
        party.front.set_callee(callee);
        Ok(party)
    }

    /// Starts a scenario; gives the address that it plays at. `more` is filled in besides what all have.
    fn play(&mut self, name: &str, text: &str, more: &[(&str, &str)]) -> Done<SocketAddr> {
        self.started += 1;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let folder = self.setup.folder.as_path();
        let file = folder.join(format!("{name}-{}.xml", self.started));
        fs::write(&file, self.filled_in(text, more))
            .map_err(|error| Fault(format!("{}: {error}", file.display())))?;
        let mut command = Command::new("sipp");
        command.args(["-i", "127.0.0.1", "-p", &address.port().to_string(), "-sf"]);
        command.arg(&file);
        // What a scenario does not expect is left to the far side to repeat.
        command.args(["-nostdin", "-default_behaviors", "-abortunexp"]);
        if name != "callee" {
            command.args(["-m", "1"]);
        }
        command.args(["-trace_err", "-error_file"]);
        command.arg(file.with_extension("errors"));
        command
            .arg(self.front.inner.to_string())
            .current_dir(folder);
        self.running
            .push(Running::start(&mut command, &file.with_extension("log")));
        Ok(address)
    }

    fn filled_in(&self, text: &str, more: &[(&str, &str)]) -> String {
        let (way, own) = (&self.setup.way, format!("127.0.0.1:{}", self.port));
        let user = &self.setup.user;
        let (transport, domain, password) = match way {
            Way::Direct => (Transport::Udp, own.as_str(), ""),
            Way::Through(registrar) => (
                registrar.transport,
                registrar.domain.as_str(),
                registrar.password.as_str(),
            ),
        };
        // RFC 5923 §4: by `alias` the other way is by the same connection.
        let (via, alias) = match transport {
            Transport::Udp => ("UDP", ""),
            Transport::Tcp => ("TCP", ";alias"),
            Transport::Tls => ("TLS", ";alias"),
        };
        let (refer, trying, allow) = match self.setup.manner {
            Manner::Plain | Manner::FollowsTransfers => {
                ("202 Accepted", include_str!("sipp/trying.xml"), ", REFER")
            }
            // A 603 to the REFER itself, at once, would be the "can't" of a PBX.
            Manner::RefusesTransfers => {
                ("202 Accepted", include_str!("sipp/declines.xml"), ", REFER")
            }
            Manner::CannotBeReferred => ("405 Method Not Allowed", "<nop next=\"4\"/>", ""),
        };
        let sound = self.front.sound().address;
        let refused = |to: u32| {
            let one =
                |status| format!("<recv response=\"{status}\" optional=\"true\" next=\"{to}\"/>");
            REFUSALS.map(one).join("\n  ")
        };
        let cancel = |label: &str, refused: &str, which: &str| {
            include_str!("sipp/cancel.xml")
                .replace("@LABEL@", label)
                .replace("@REFUSED@", refused)
                .replace("@WHICH@", which)
        };
        let number = format!("{}-{}", self.port, self.started);
        let local_tag = if text.contains("scenario name=\"callee\"") {
            format!(";tag=callee-{number}-[call_number]")
        } else {
            String::new()
        };
        let mut text = text
            .replace("@CANCEL_FIRST@", &cancel("70", "72", "first"))
            .replace("@CANCEL_SECOND@", &cancel("71", "73", "second"))
            .replace("@REFUSED_FIRST@", &refused(72))
            .replace("@REFUSED_SECOND@", &refused(73))
            .replace("@ESTABLISHED@", include_str!("sipp/established.xml"))
            .replace("@TRYING@", trying);
        let aor = match way {
            Way::Direct => format!("sip:{user}@{own}"),
            Way::Through(registrar) => registrar.aor(user),
        };
        let sdp = format!(
            "v=0\n    o=sipp 1 1 IN IP4 127.0.0.1\n    s=-\n    c=IN IP4 127.0.0.1\n    t=0 0\n    m=audio {} RTP/AVP 0\n    \
             a=rtpmap:0 PCMU/8000",
            sound.port()
        );
        for (name, value) in more {
            text = text.replace(name, value);
        }
        for (name, value) in [
            ("@SDP@", sdp.as_str()),
            ("@TRANSPORT@", via),
            (";branch=", &format!("{alias};branch=")),
            ("@OWN@", &own),
            ("@DOMAIN@", domain),
            ("@AOR@", &aor),
            ("@USER@", user),
            ("@PASSWORD@", password),
            (
                "@CONTACT@",
                &format!("sip:{user}@{own};transport={}", transport.name()),
            ),
            (
                "@ALLOW@",
                &format!("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY{allow}"),
            ),
            ("@REFER@", refer),
            ("@LOCAL_TAG@", &local_tag),
            ("@NUMBER@", &number),
        ] {
            text = text.replace(name, value);
        }
        text
    }

    /// Places a call, with these headers besides; gives the number of its scenario.
    fn place_call(&mut self, to: &str, headers: &[String]) -> Done<u32> {
        let more = if headers.is_empty() {
            "X-Harness: none".to_owned()
        } else {
            headers.join("\n    ")
        };
        let text = include_str!("sipp/caller.xml");
        self.play("caller", text, &[("@TARGET@", to), ("@MORE@", &more)])?;
        Ok(self.started)
    }

    /// Does what is due: calls whom it was referred to, reports of it, and answers who takes another's place.
    fn look(&mut self) -> Done<Vec<Passing>> {
        for (within, refer) in self.front.take_refers() {
            if follows(self.setup.manner) {
                let (to, headers) = refer_to(refer.header("Refer-To").unwrap_or_default());
                let number = self.place_call(&to, &headers)?;
                self.referred.push((within, number));
            }
        }
        let calls = self.front.calls();
        let placed = |number: u32| {
            let tag = format!(";tag={}-{number}", self.port);
            calls.iter().find(|call| {
                let from = call.invite.header("From").unwrap_or_default();
                from.ends_with(&tag)
            })
        };
        self.referred.retain(|(within, number)| {
            let Some(new) = placed(*number) else {
                return true;
            };
            let result = match (&new.state, &new.refused) {
                (Some(CallState::Up), _) => "SIP/2.0 200 OK".to_owned(),
                (_, Some((status, reason))) => format!("SIP/2.0 {status} {reason}"),
                (Some(_), None) => return true,
                (None, None) => "SIP/2.0 200 OK".to_owned(),
            };
            if let Some(old) = calls.iter().find(|call| call.id == *within) {
                self.front.command(old, "TELL", &result);
            }
            false
        });
        for call in &calls {
            if let Some((due, told, subject)) = &call.told
                && *due < Instant::now()
                && call.state.is_some()
            {
                self.front.command(call, told, subject);
            }
        }
        for new in calls.iter().filter(|call| call.ready) {
            let Some(replaces) = new.invite.header("Replaces") else {
                continue;
            };
            let old = calls.iter().find(|old| old.is_named_by(replaces));
            match (new.state, old) {
                // RFC 3891 §3: it is answered at once, and then the one that it replaces is ended.
                (Some(CallState::Offered), Some(_)) if new.told.is_none() => {
                    self.front.command(new, "ANSWER", "")
                }
                (Some(CallState::Up), Some(old))
                    if old.state == Some(CallState::Up) && old.told.is_none() =>
                {
                    self.front.command(old, "HANGUP", "");
                }
                _ => {}
            }
        }
        Ok(calls
            .into_iter()
            .filter(|call| call.state.is_some() && call.ready)
            .collect())
    }

    /// Tells its newest call that is in this state.
    fn tell(&mut self, state: CallState, command: &'static str) -> Done {
        let calls = self.look()?;
        match calls.iter().rev().find(|call| call.state == Some(state)) {
            Some(call) => {
                self.front.command(call, command, "");
                Ok(())
            }
            None => Err(self.fault(&format!("has no call for {command}"))),
        }
    }

    fn fault(&self, what: &str) -> Fault {
        let said: String = self.running.iter().map(Running::said).collect();
        let errors = fs::read_dir(&self.setup.folder).into_iter().flatten();
        let errors = errors.flatten().map(|entry| entry.path());
        let errors: String = errors
            .filter(|path| path.extension().is_some_and(|end| end == "errors"))
            .filter_map(|path| fs::read_to_string(path).ok())
            .collect();
        let name = self.setup.role.name();
        Fault(format!("{name} (sipp) {what}\n{errors}\n{said}"))
    }
}

impl Peer for Sipp {
    fn kind(&self) -> Kind {
        Kind::Sipp
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            secures: Err("SIPp's scripts speak neither TLS nor SRTP"),
            asks: Err("SIPp's script follows a REFER without asking"),
            transfers: Err("SIPp's script sends no REFER"),
            transfers_attended: Err("SIPp's script sends no REFER"),
            ..Abilities::ALL
        }
    }

    fn uri(&self) -> String {
        let party = self.party();
        match &party.setup.way {
            Way::Direct => format!("sip:{}@127.0.0.1:{}", party.setup.user, party.port),
            Way::Through(registrar) => registrar.aor(&party.setup.user),
        }
    }

    fn behave(&mut self, manner: Manner) -> Done {
        let mut party = self.party();
        party.setup.manner = manner;
        // The scenarios that are played know nothing of it; the next ones will.
        let callee = party.play("callee", include_str!("sipp/callee.xml"), &[])?;
        party.front.set_callee(callee);
        Ok(())
    }

    fn calls(&mut self) -> Done<Vec<CallState>> {
        let calls = self.party().look()?;
        Ok(calls.iter().filter_map(|call| call.state).collect())
    }

    fn call(&mut self, to: &str) -> Done {
        self.party().place_call(to, &[]).map(drop)
    }

    fn answer(&mut self) -> Done {
        self.party().tell(CallState::Offered, "ANSWER")
    }

    fn hang_up(&mut self) -> Done {
        let mut party = self.party();
        let calls = party.look()?;
        match calls.last().and_then(|call| call.state) {
            Some(state) => party.tell(state, "HANGUP"),
            None => Err(party.fault("has no call to hang up")),
        }
    }

    fn hold(&mut self) -> Done {
        self.party().tell(CallState::Up, "HOLD")
    }

    fn resume(&mut self) -> Done {
        self.party().tell(CallState::Up, "RESUME")
    }

    fn transfer(&mut self, _to: &str) -> Done {
        Err(self.party().fault("sends no REFER"))
    }

    fn transfer_attended(&mut self) -> Done {
        Err(self.party().fault("sends no REFER"))
    }

    fn consent(&mut self, _yes: bool) -> Done {
        Err(self.party().fault("asks nobody"))
    }

    fn position(&mut self) -> RecordingPosition {
        self.party().front.sound().position()
    }
}

fn follows(manner: Manner) -> bool {
    matches!(manner, Manner::Plain | Manner::FollowsTransfers)
}

/// Whom a Refer-To means, and the headers that its URI asks for (RFC 3261 §19.1.1, escapes undone).
fn refer_to(value: &str) -> (String, Vec<String>) {
    let uri = match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    };
    let (uri, headers) = uri.split_once('?').unwrap_or((uri, ""));
    let headers = headers.split('&').filter_map(|header| {
        let (name, value) = header.split_once('=')?;
        Some(format!("{name}: {}", unescaped(value)))
    });
    let mut headers: Vec<String> = headers.collect();
    if headers.iter().any(|header| header.starts_with("Replaces")) {
        headers.push("Require: replaces".into());
    }
    (uri.trim().to_owned(), headers)
}

fn unescaped(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Its scenarios speak neither TLS nor SRTP: where the others do, it is at the same registrar by UDP.
fn in_the_clear(setup: &PhoneSetup) -> PhoneSetup {
    let mut setup = setup.clone();
    if let Way::Through(registrar) = &mut setup.way
        && registrar.transport == Transport::Tls
    {
        registrar.transport = Transport::Udp;
        registrar.ca = None;
    }
    setup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replaces_of_a_refer_to_becomes_a_header() {
        let (to, headers) =
            refer_to("<sip:bob@127.0.0.1:5070?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>;x=y");
        assert_eq!(to, "sip:bob@127.0.0.1:5070");
        assert_eq!(
            headers,
            ["Replaces: a@b;to-tag=1;from-tag=2", "Require: replaces"]
        );
    }
}
