//! The three phones: their configuration files, their processes, and that none is left behind.
use crate::cast::Party;
use crate::network::{Host, Network};
use crate::script::Policy;
use crate::voices::Voices;
use crate::{Fault, Options, certificates, make_folder};
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use trialog_client::api::Status;
use trialog_client::{Address, Client, Error};

const POLL: Duration = Duration::from_millis(25);
const START: Duration = Duration::from_secs(15);
const LEAVE: Duration = Duration::from_secs(4);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on Ctrl-C and SIGTERM end the demo in order.
pub(crate) fn heed_signals() -> Result<(), Fault> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(flag))
            .map_err(|e| Fault::File(PathBuf::from("signals"), e.to_string()))?;
    }
    Ok(())
}

/// Whether it was interrupted.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|f| f.load(Ordering::Relaxed))
}

/// Sleeps, in pieces, and wakes when interrupted.
pub(crate) fn pause(time: Duration) -> Result<(), Fault> {
    let end = Instant::now() + time;
    loop {
        if interrupted() {
            return Err(Fault::Interrupted);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(POLL));
    }
}

/// Three running phones. Dropping ends them.
pub(crate) struct Phones {
    phones: Vec<Phone>,
    /// Ends after the phones.
    network: Option<Network>,
    secure: bool,
    run: PathBuf,
}

/// Where a phone takes SIP.
#[derive(Clone, Copy)]
struct Addresses {
    /// By UDP and TCP.
    plain: SocketAddr,
    /// By TLS.
    tls: SocketAddr,
}

struct Phone {
    party: Party,
    child: Child,
    api: Option<Client>,
    addresses: Addresses,
    config: PathBuf,
    log: PathBuf,
}

impl Phones {
    /// Writes the configurations into the folder and starts the phones.
    pub(crate) fn start(
        folder: &Path,
        options: &Options,
        policy: Policy,
        voices: &Voices,
    ) -> Result<Self, Fault> {
        for name in ["config", "trace", "spoken", "records", "log", "run"] {
            make_folder(&folder.join(name))?;
        }
        if options.secure {
            certificates::make(&folder.join("config"))?;
        }
        let run = folder.join("run");
        let mut phones = Self {
            secure: options.secure,
            phones: Vec::new(),
            network: None,
            run: run.clone(),
        };
        let mut given = starting();
        let addresses = free_addresses(&mut given)?;
        if options.lossy {
            let ports = addresses.map(|addresses| addresses.plain.port());
            phones.network = Some(Network::start(ports)?);
        }
        for (party, addresses) in Party::ALL.into_iter().zip(addresses) {
            let name = party.name();
            for stale in [
                folder.join(format!("{name}.wav")),
                folder.join(format!("spoken/{name}.wav")),
                folder.join(format!("trace/{name}.jsonl")),
                folder.join(format!("records/{name}.db")),
                folder.join(format!("records/{name}.db-wal")),
                folder.join(format!("records/{name}.db-shm")),
                run.join("trialog").join(name).join("api.json"),
            ] {
                // What is not there need not be removed.
                let _ = std::fs::remove_file(stale);
            }
            let config = folder.join("config").join(format!("{name}.toml"));
            let host = phones
                .network
                .as_ref()
                .map(|network| network.hosts[party.index()]);
            let addresses = match host {
                Some(host) => Addresses {
                    plain: SocketAddr::V4(host.outer),
                    ..addresses
                },
                None => addresses,
            };
            let pilot = voices.pilot(party);
            let text = configuration(party, addresses, host, options, policy, pilot);
            std::fs::write(&config, text)
                .map_err(|e| Fault::File(config.clone(), e.to_string()))?;
            let log = folder.join("log").join(format!("{name}.log"));
            let child = spawn(&config, &run, &log)?;
            phones.phones.push(Phone {
                party,
                child,
                api: None,
                addresses,
                config,
                log,
            });
        }
        drop(given);
        for party in Party::ALL {
            phones.find_api(party)?;
        }
        Ok(phones)
    }

    /// Kills this party's phone, in a way that it can do nothing about, and starts it again with the same configuration, once what
    /// it left was seen to.
    pub(crate) fn kill_and_start(
        &mut self,
        party: Party,
        see_to_it: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let phone = &mut self.phones[party.index()];
        phone.api = None;
        let killed = phone.child.kill().and_then(|()| phone.child.wait());
        killed.map_err(|e| phone.fault(&e.to_string()))?;
        see_to_it()?;
        phone.log.set_extension("again.log");
        let starting = starting();
        phone.child = spawn(&phone.config, &self.run, &phone.log)?;
        drop(starting);
        self.find_api(party)
    }

    fn find_api(&mut self, party: Party) -> Result<(), Fault> {
        let file = self.run.join("trialog").join(party.name()).join("api.json");
        let end = Instant::now() + START;
        loop {
            if let Some(api) = Address::read(&file).map(Client::new)
                && api.status().is_ok()
            {
                self.phones[party.index()].api = Some(api);
                return Ok(());
            }
            self.alive(party)?;
            if Instant::now() > end {
                return Err(self.phones[party.index()].fault("did not start in time"));
            }
            pause(POLL)?;
        }
    }

    /// A fault when the phone's process has ended.
    fn alive(&mut self, party: Party) -> Result<(), Fault> {
        let phone = &mut self.phones[party.index()];
        match phone.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(phone.fault(&format!("ended early ({status})"))),
            Err(e) => Err(phone.fault(&e.to_string())),
        }
    }

    /// Where the party is called.
    pub(crate) fn uri(&self, party: Party) -> String {
        let (name, at) = (party.name(), self.phones[party.index()].addresses);
        match self.secure {
            false => format!("sip:{name}@{}", at.plain),
            true => format!("sip:{name}@{};transport=tls", at.tls),
        }
    }

    /// The phone's status.
    pub(crate) fn status(&mut self, party: Party) -> Result<Status, Fault> {
        self.alive(party)?;
        self.tell(party, "for its status", Client::status)
    }

    /// The phone's API.
    pub(crate) fn client(&self, party: Party) -> &Client {
        let api = self.phones[party.index()].api.as_ref();
        api.expect("every phone's API was found at the start")
    }

    /// Asks for something that must be done.
    pub(crate) fn tell<T>(
        &self,
        party: Party,
        what: &str,
        ask: impl FnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        ask(self.client(party)).map_err(|error| api_fault(party, what, &error))
    }

    /// Ends all three, in order, and says when one had to be killed.
    pub(crate) fn end(mut self) -> Result<(), Fault> {
        let mut fault = None;
        for phone in std::mem::take(&mut self.phones) {
            if let Err(e) = phone.end() {
                fault.get_or_insert(e);
            }
        }
        fault.map_or(Ok(()), Err)
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        for phone in std::mem::take(&mut self.phones) {
            // Whatever was wrong has been told; here only that nobody stays behind counts.
            let _ = phone.end();
        }
        // It held nothing but tokens that no longer open anything.
        let _ = std::fs::remove_dir_all(&self.run);
    }
}

impl Phone {
    fn fault(&self, what: &str) -> Fault {
        Fault::Phone {
            name: self.party.name(),
            what: what.to_owned(),
            log: self.log.clone(),
        }
    }

    fn end(mut self) -> Result<(), Fault> {
        // The first one may wait for a conference; the second one ends everything.
        for _ in 0..2 {
            if let Some(api) = &self.api {
                let _ = api.shutdown();
            }
            let end = Instant::now() + LEAVE / 2;
            while self.api.is_some() && Instant::now() < end {
                match self.child.try_wait() {
                    Ok(Some(status)) if status.success() => return Ok(()),
                    Ok(Some(status)) => return Err(self.fault(&format!("ended with {status}"))),
                    _ => std::thread::sleep(POLL),
                }
            }
        }
        let killed = self.child.kill();
        let _ = self.child.wait();
        match (killed, &self.api) {
            (Ok(()), Some(_)) => Err(self.fault("had to be killed")),
            _ => Ok(()),
        }
    }
}

pub(crate) fn api_fault(party: Party, what: &str, error: &Error) -> Fault {
    Fault::Api {
        name: party.name(),
        request: what.to_owned(),
        answer: error.to_string(),
    }
}

/// The ports that phones have been given, behind a lock that is held from the search for ports until their phones are spawned,
/// and while any other program is spawned. A child has a copy of every socket of this process from its fork to its exec: on a
/// busy machine the ports that one story had just found free could still be taken by another story's child.
pub(crate) fn starting() -> MutexGuard<'static, BTreeSet<u16>> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    // A set of ports is whole at any time.
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Addresses for three phones whose port is free for UDP and TCP. They are all held until the last one is found, so that they differ. The
/// system hands out ports from 32768 on by itself, as phones ask it to for RTP: one from below is still free when the phone
/// that it is meant for starts.
fn free_addresses(given: &mut BTreeSet<u16>) -> Result<[Addresses; 3], Fault> {
    let mut held = Vec::new();
    let mut tries = 0;
    while held.len() < 6 {
        tries += 1;
        let chance = RandomState::new().build_hasher().finish();
        let port = 16_384 + u16::try_from(chance % 16_384).expect("it is less than a u16 holds");
        if !given.insert(port) {
            continue;
        }
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
        let found = udp.and_then(|udp| {
            let address = udp.local_addr()?;
            Ok((TcpListener::bind(address)?, udp, address))
        });
        match found {
            Ok(both) => held.push(both),
            Err(e) if tries > 50 => {
                return Err(Fault::File(PathBuf::from("127.0.0.1"), e.to_string()));
            }
            Err(_) => {}
        }
    }
    Ok([0, 1, 2].map(|phone| Addresses {
        plain: held[2 * phone].2,
        tls: held[2 * phone + 1].2,
    }))
}

fn spawn(config: &Path, run: &Path, log: &Path) -> Result<Child, Fault> {
    let file = |path: &Path, e: std::io::Error| Fault::File(path.to_owned(), e.to_string());
    let program = std::env::current_exe().map_err(|e| file(Path::new("this program"), e))?;
    let out = File::create(log).map_err(|e| file(log, e))?;
    let err = out.try_clone().map_err(|e| file(log, e))?;
    Command::new(&program)
        .args(["phone", "--headless", "--config"])
        .arg(config)
        .env("XDG_RUNTIME_DIR", run)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|e| file(&program, e))
}

/// A configuration as a person would write it; paths are meant from the file's folder.
fn configuration(
    party: Party,
    at: Addresses,
    host: Option<Host>,
    options: &Options,
    policy: Policy,
    pilot: &Path,
) -> String {
    let (name, sip, codec) = (party.name(), at.plain, &options.codec);
    // At its default bit rate Opus spends its bits on speech and renders steady tones with noise at −40 dB, which would hide
    // what is to be measured beside them.
    let opus = match codec.as_str() {
        "opus" => "opus_bitrate = 64000\n",
        _ => "",
    };
    let (srtp, tls) = match options.secure {
        false => ("", String::new()),
        true => (
            "srtp = \"require\"\n",
            format!(
                "[tls]\nport = {}\ncertificate = \"{name}.crt\"\nkey = \"{name}.key\"\nca = \"ca.pem\"\n\n",
                at.tls.port()
            ),
        ),
    };
    let (listen, advertise, rtp_ports) = match host {
        None => (sip, String::new(), "0".to_owned()),
        Some(host) => (
            SocketAddr::V4(host.inner),
            format!("advertise = \"{}\"\n", host.advertised()),
            format!("{}-{}", host.rtp.0, host.rtp.1),
        ),
    };
    let mut text = format!(
        "# One of the three phones of a demo.\nname = \"{name}\"\n\n[sip]\nlisten = \"{listen}\"\n{advertise}trace = \"../trace/{name}.jsonl\"\n\
         trusted = [\"127.0.0.0/8\"]\n\n{tls}[media]\nrtp_ports = \"{rtp_ports}\"\ncodecs = [\"{codec}\"]\n{srtp}{opus}\n[audio]\nend = \"file\"\nplay = {}\nrepeat = true\n\
         record = \"../{name}.wav\"\nrecord_spoken = \"../spoken/{name}.wav\"\n\n[records]\nfile = \"../records/{name}.db\"\n\n\
         [[account]]\naor = \"sip:{name}@{sip}\"\ndisplay = \"{}\"\n\n[agent]\n",
        quoted(pilot),
        party.display(),
    );
    if party == Party::Customer {
        text.push_str("agent = false\n");
    }
    let line = match (policy, party) {
        (Policy::NobodyReferred, Party::Customer | Party::Agent2) => "transfers = \"never\"\n",
        (Policy::CustomerDeclines, Party::Customer) => "transfers = \"decline\"\n",
        (Policy::GuestBusy, Party::Agent2) => "away_status = 486\n",
        _ => "",
    };
    text.push_str(line);
    if party != Party::Customer {
        let reasons = [
            ("solved", "Solved", "Gelöst"),
            ("handed-over", "Handed over", "Übergeben"),
        ];
        let list: Vec<String> = reasons
            .iter()
            .map(|(code, en, de)| format!("{{ code = \"{code}\", en = \"{en}\", de = \"{de}\" }}"))
            .collect();
        let _ = writeln!(text, "\n[wrap_up]\nreasons = [{}]", list.join(", "));
    }
    text
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
