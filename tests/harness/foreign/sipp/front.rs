//! What stands between SIPp and the network: SIPp plays its scenarios over UDP to here; from here its messages go by the
//! party's transport, from the party's one address, and what comes is handed to the scenario whose call it is. So one party
//! can play several scenarios at once, and what passes says where its calls stand. Nothing in a message is changed.
use crate::foreign::{CallState, Registrar, RtpEnd, Transport};
use crate::wire::Text;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a thread that waits for messages looks whether it shall end.
const LOOK: Duration = Duration::from_millis(50);

/// After so long a scenario is told again what it has not done: it does not hear while it waits for something else.
const AGAIN: Duration = Duration::from_millis(200);
/// After so long what came at the wrong moment for the far side is tried once more.
const LATER: Duration = Duration::from_millis(700);

/// A call that passes.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    /// Its Call-ID.
    pub(super) id: String,
    /// Where it stands; `None` when it is over.
    pub(super) state: Option<CallState>,
    /// Its scenario has come to where it can be told what this state allows: it has rung, or the answer is acknowledged.
    pub(super) ready: bool,
    /// What its scenario was told and has not done yet, and when it is to be told again.
    pub(super) told: Option<(Instant, &'static str, String)>,
    /// What it was told last.
    last: &'static str,
    /// Why it was not answered.
    pub(super) refused: Option<(u16, String)>,
    /// The INVITE that it began with.
    pub(super) invite: Text,
    /// The last REFER in it, until it is taken.
    pub(super) refer: Option<Text>,
    /// The scenario that plays it.
    scenario: SocketAddr,
    /// Where the far side wants its sound.
    far: Option<SocketAddr>,
    /// Our tag and theirs, as far as they are known.
    tags: (String, String),
}

impl Passing {
    /// It is the dialog that this `Replaces` names (RFC 3891 §3: to-tag is our tag).
    pub(super) fn is_named_by(&self, replaces: &str) -> bool {
        let mut parts = replaces.split(';').map(str::trim);
        let id = parts.next();
        let tag = |name: &str| {
            let mut parts = replaces.split(';').map(str::trim);
            parts
                .find_map(|part| part.strip_prefix(name))
                .map(str::to_owned)
        };
        id == Some(self.id.as_str())
            && tag("to-tag=").as_ref() == Some(&self.tags.0)
            && tag("from-tag=").as_ref() == Some(&self.tags.1)
    }
}

/// Where a request came from, and its answers go to.
enum Hop {
    Udp(SocketAddr),
    Tcp(TcpStream),
}

struct State {
    calls: Vec<Passing>,
    /// The scenario that plays what has this Call-ID, be it a registration.
    scenarios: HashMap<String, SocketAddr>,
    /// By the branch of the topmost Via.
    hops: HashMap<String, Hop>,
    /// The scenario that new calls go to.
    callee: Option<SocketAddr>,
    /// The way to the registrar, by TCP.
    proxy: Option<TcpStream>,
}

struct Shared {
    state: Mutex<State>,
    inner: UdpSocket,
    outer: UdpSocket,
    registrar: Option<Registrar>,
    sound: RtpEnd,
    stop: AtomicBool,
}

/// A running front; it ends with this value.
pub(super) struct Front {
    /// Where SIPp sends to.
    pub(super) inner: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Front {
    /// Begins at this port of 127.0.0.1, where `registrar` is the next hop of all requests when there is one.
    pub(super) fn start(
        port: u16,
        registrar: Option<Registrar>,
        sound: RtpEnd,
    ) -> io::Result<Self> {
        let (outer, inner) = (
            UdpSocket::bind(("127.0.0.1", port))?,
            UdpSocket::bind("127.0.0.1:0")?,
        );
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        for socket in [&outer, &inner] {
            socket.set_read_timeout(Some(LOOK))?;
        }
        let proxy = match &registrar {
            Some(registrar) if registrar.transport == Transport::Tcp => {
                Some(TcpStream::connect(registrar.address)?)
            }
            _ => None,
        };
        let streams = proxy.as_ref().map(TcpStream::try_clone).transpose()?;
        let address = inner.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                calls: Vec::new(),
                scenarios: HashMap::new(),
                hops: HashMap::new(),
                callee: None,
                proxy,
            }),
            inner,
            outer,
            registrar,
            sound,
            stop: AtomicBool::new(false),
        });
        let (from_scenarios, from_outside, accepting) = (
            Arc::clone(&shared),
            Arc::clone(&shared),
            Arc::clone(&shared),
        );
        let threads = vec![
            std::thread::spawn(move || from_scenarios.take_from_scenarios()),
            std::thread::spawn(move || from_outside.take_datagrams()),
            std::thread::spawn(move || take_streams(&accepting, &listener, streams)),
        ];
        Ok(Self {
            inner: address,
            shared,
            threads,
        })
    }

    /// New calls go to this scenario.
    pub(super) fn set_callee(&self, scenario: SocketAddr) {
        self.shared.state().callee = Some(scenario);
    }

    /// All calls that have passed, oldest first.
    pub(super) fn calls(&self) -> Vec<Passing> {
        self.shared.state().calls.clone()
    }

    /// The REFERs that came since this was asked last, with the Call-ID that each came in.
    pub(super) fn take_refers(&self) -> Vec<(String, Text)> {
        let mut state = self.shared.state();
        let calls = state.calls.iter_mut();
        calls
            .filter_map(|call| Some((call.id.clone(), call.refer.take()?)))
            .collect()
    }

    /// Tells the scenario of this call a command: a request that only it understands, with this subject.
    pub(super) fn command(&self, call: &Passing, method: &'static str, subject: &str) {
        let mut state = self.shared.state();
        if let Some(call) = state.calls.iter_mut().find(|one| one.id == call.id) {
            call.told = Some((Instant::now() + AGAIN, method, subject.to_owned()));
            call.last = method;
        }
        drop(state);
        let first = call.invite.first_line();
        let text = match call.state {
            // What it answers is the INVITE, so the command is a copy of that.
            Some(CallState::Offered) => {
                call.invite
                    .as_str()
                    .replacen(first, &first.replacen("INVITE", method, 1), 1)
            }
            _ => format!(
                "{method} sip:scenario SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{method}\r\nFrom: <sip:harness>;tag=h\r\n\
                 To: <sip:scenario>\r\nCall-ID: {}\r\nCSeq: 1 {method}\r\nSubject: {subject}\r\nContent-Length: 0\r\n\r\n",
                self.inner, call.id
            ),
        };
        // A scenario that is gone has no call any more.
        let _ = self.shared.inner.send_to(text.as_bytes(), call.scenario);
    }

    /// Where the recording of the party's ear stands.
    pub(super) fn sound(&self) -> &RtpEnd {
        &self.shared.sound
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_from_scenarios(&self) {
        let mut buffer = [0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.inner.recv_from(&mut buffer) {
                let text = Text::new(&buffer[..length]);
                let mut state = self.state();
                let id = text.header("Call-ID").unwrap_or_default();
                state.scenarios.insert(id.to_owned(), from);
                self.note(&mut state, &text, true, from);
                self.send(&mut state, &text);
            }
        }
    }

    fn take_datagrams(&self) {
        let mut buffer = [0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.outer.recv_from(&mut buffer) {
                self.take(&Text::new(&buffer[..length]), || Some(Hop::Udp(from)));
            }
        }
    }

    /// Hands what came from outside to its scenario.
    fn take(&self, text: &Text, hop: impl FnOnce() -> Option<Hop>) {
        let mut state = self.state();
        if text.method().is_some()
            && let (Some(branch), Some(hop)) = (branch(text), hop())
        {
            state.hops.insert(branch, hop);
        }
        let id = text.header("Call-ID").unwrap_or_default();
        let scenario = state.scenarios.get(id).copied().or(state.callee);
        if let Some(scenario) = scenario {
            state.scenarios.insert(id.to_owned(), scenario);
            self.note(&mut state, text, false, scenario);
            // SIPp takes it from its socket as soon as it can; a full one shows as a timeout.
            let _ = self.inner.send_to(text.as_str().as_bytes(), scenario);
        }
    }

    /// Sends what a scenario says on its way.
    fn send(&self, state: &mut State, text: &Text) {
        let octets = text.as_str().as_bytes();
        if text.method().is_none() {
            match branch(text).and_then(|branch| state.hops.get_mut(&branch)) {
                Some(Hop::Udp(to)) => {
                    let _ = self.outer.send_to(octets, *to);
                }
                Some(Hop::Tcp(stream)) => {
                    let _ = stream.write_all(octets);
                }
                None => {}
            }
        } else if let Some(proxy) = &mut state.proxy {
            let _ = proxy.write_all(octets);
        } else if let Some(to) = match &self.registrar {
            Some(registrar) => Some(registrar.address),
            None => next_hop(text),
        } {
            let _ = self.outer.send_to(octets, to);
        }
    }

    /// Keeps what this message says about its call; `own`: it is one of ours.
    fn note(&self, state: &mut State, text: &Text, own: bool, scenario: SocketAddr) {
        let Some(id) = text.header("Call-ID") else {
            return;
        };
        let place = state.calls.iter().position(|call| call.id == id);
        let first = text.method() == Some("INVITE") && !text.has_to_tag();
        let Some(place) = place else {
            if first {
                state.calls.push(Passing {
                    id: id.to_owned(),
                    state: Some(if own {
                        CallState::Placed
                    } else {
                        CallState::Offered
                    }),
                    ready: own,
                    told: None,
                    last: "",
                    refused: None,
                    invite: text.clone(),
                    refer: None,
                    scenario,
                    far: rtp_address(text.body()).filter(|_| !own),
                    tags: (String::new(), String::new()),
                });
            }
            return;
        };
        let call = &mut state.calls[place];
        if own
            && call
                .told
                .as_ref()
                .is_some_and(|(_, told, _)| does(told, text))
        {
            call.told = None;
        }
        match (text.method(), text.status(), text.about()) {
            (Some("BYE"), ..) => call.state = None,
            (Some("ACK"), ..) => call.ready = true,
            (None, Some(180), "INVITE") if own => call.ready = true,
            // RFC 3261 §14.1: another time, somewhat later.
            (None, Some(491), "INVITE") if !own && call.state == Some(CallState::Up) => {
                call.told = Some((Instant::now() + LATER, call.last, String::new()));
            }
            (Some("REFER"), ..) if !own => call.refer = Some(text.clone()),
            (None, Some(status @ 200..=299), "INVITE") => {
                if call.state == Some(CallState::Placed) {
                    call.tags = (tag(text, "From"), tag(text, "To"));
                } else if call.state == Some(CallState::Offered) {
                    call.tags = (tag(text, "To"), tag(text, "From"));
                }
                if call.state.is_some_and(|state| state != CallState::Up) && status == 200 {
                    call.state = Some(CallState::Up);
                    call.ready = false;
                }
            }
            // The one is answered with another INVITE, the other ends only a re-INVITE.
            (None, Some(401 | 407), "INVITE") => {}
            (None, Some(status @ 300..), "INVITE") if call.state != Some(CallState::Up) => {
                call.state = None;
                let reason = text.first_line().splitn(3, ' ').nth(2).unwrap_or_default();
                call.refused = Some((status, reason.to_owned()));
            }
            _ => {}
        }
        if !own && let Some(far) = rtp_address(text.body()) {
            call.far = Some(far);
        }
        // Where the newest call that is up wants its sound.
        let mut up = state.calls.iter().rev();
        let up = up.find(|call| call.state == Some(CallState::Up));
        self.sound.aim(up.and_then(|call| call.far));
    }
}

/// Takes what comes by TCP: on the connection to the registrar and on those that others make.
fn take_streams(shared: &Arc<Shared>, listener: &TcpListener, first: Option<TcpStream>) {
    let mut readers: Vec<JoinHandle<()>> = Vec::new();
    let read = |stream: TcpStream| {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || take_stream(&shared, stream))
    };
    readers.extend(first.map(read));
    while !shared.stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => readers.push(read(stream)),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
    for reader in readers {
        let _ = reader.join();
    }
}

fn take_stream(shared: &Shared, mut stream: TcpStream) {
    let (mut held, mut buffer) = (Vec::new(), [0; 65_536]);
    if stream.set_nonblocking(false).is_err() || stream.set_read_timeout(Some(LOOK)).is_err() {
        return;
    }
    while !shared.stop.load(Ordering::Relaxed) {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => held.extend_from_slice(&buffer[..length]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(_) => return,
        }
        while let Some(text) = framed(&mut held) {
            shared.take(&text, || stream.try_clone().ok().map(Hop::Tcp));
        }
    }
}

/// The first whole message of a stream (RFC 3261 §18.3), taken out of it.
fn framed(held: &mut Vec<u8>) -> Option<Text> {
    // Empty lines between messages keep a connection alive (RFC 5626 §3.5.1).
    let empty = held
        .iter()
        .take_while(|octet| b"\r\n".contains(octet))
        .count();
    held.drain(..empty);
    let head = held.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let length = Text::new(&held[..head])
        .header("Content-Length")
        .and_then(|length| length.parse::<usize>().ok())
        .unwrap_or(0);
    (held.len() >= head + length)
        .then(|| Text::new(&held.drain(..head + length).collect::<Vec<u8>>()))
}

/// A scenario that sends this does what it was told by that command.
fn does(command: &str, text: &Text) -> bool {
    match command {
        "HOLD" | "RESUME" => text.method() == Some("INVITE"),
        "TELL" => text.method() == Some("NOTIFY"),
        "ANSWER" => text.status() == Some(200),
        _ => matches!(text.method(), Some("BYE" | "CANCEL")) || text.status() == Some(603),
    }
}

fn branch(text: &Text) -> Option<String> {
    let via = text.header("Via").or_else(|| text.header("v"))?;
    let via = via.split(',').next()?;
    let mut parameters = via.split(';').map(str::trim);
    Some(
        parameters
            .find_map(|one| one.strip_prefix("branch="))?
            .to_owned(),
    )
}

fn tag(text: &Text, header: &str) -> String {
    let value = text.header(header).unwrap_or_default();
    let parameters = value.rsplit('>').next().unwrap_or_default();
    let mut parameters = parameters.split(';').map(str::trim);
    parameters
        .find_map(|one| one.strip_prefix("tag="))
        .unwrap_or_default()
        .to_owned()
}

/// Where a request goes without a proxy: to its first Route, else to its target; here all have numbers for names.
fn next_hop(text: &Text) -> Option<SocketAddr> {
    let uri = match text.header("Route") {
        Some(route) => route.split('>').next()?,
        None => text.first_line().split(' ').nth(1)?,
    };
    let uri = uri.trim_start_matches('<').split(';').next()?;
    let host = uri.rsplit('@').next()?.trim_start_matches("sip:");
    host.parse()
        .ok()
        .or_else(|| Some(SocketAddr::new(host.parse().ok()?, 5060)))
}

/// Where a description wants its sound.
fn rtp_address(body: &str) -> Option<SocketAddr> {
    let host = body
        .lines()
        .find_map(|line| line.strip_prefix("c=IN IP4 "))?;
    let port = body
        .lines()
        .find_map(|line| line.strip_prefix("m=audio "))?;
    let port = port.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(host.trim().parse().ok()?, port))
}
