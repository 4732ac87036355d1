//! A record-routing proxy between SIPp and the phone, by UDP: loose as RFC 3261 §16 has it, or strict as RFC 2543 had it. It
//! remembers no call: what comes from the phone goes to SIPp, and the reverse. It notes each request of the phone that does not
//! follow the route that it asked for.
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use trialog_tests::wire::Text;

/// A running proxy, which ends with this value.
pub(crate) struct Router {
    pub(crate) port: u16,
    sipp: Arc<Mutex<SocketAddr>>,
    faults: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Router {
    pub(crate) fn start(phone: u16, strict: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("there are free ports");
        socket
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("it is some time");
        let port = socket.local_addr().expect("it is bound").port();
        let sipp = Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], 9))));
        let faults = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let mut hop = Hop {
            phone: SocketAddr::from(([127, 0, 0, 1], phone)),
            own: format!("127.0.0.1:{port}"),
            strict,
            refused: Vec::new(),
            faults: Arc::clone(&faults),
        };
        let (to, ended) = (Arc::clone(&sipp), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while !ended.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let from_phone = from == hop.phone;
                let sipp = *to.lock().expect("nobody panics with it");
                let next = if from_phone { sipp } else { hop.phone };
                let passed = hop.pass(from_phone, &String::from_utf8_lossy(&buffer[..length]));
                let _ = socket.send_to(passed.as_bytes(), next);
            }
        });
        Self {
            port,
            sipp,
            faults,
            over,
            thread: Some(thread),
        }
    }

    /// SIPp is at this port.
    pub(crate) fn leads_to(&self, sipp: u16) {
        *self.sipp.lock().expect("nobody panics with it") =
            SocketAddr::from(([127, 0, 0, 1], sipp));
    }

    /// The phone's requests that went astray.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What it does to one message.
struct Hop {
    phone: SocketAddr,
    own: String,
    strict: bool,
    /// Branches of INVITEs that were refused: their ACK is hop by hop, and follows no route set (RFC 3261 §17.1.1.3).
    refused: Vec<String>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Hop {
    fn pass(&mut self, from_phone: bool, message: &str) -> String {
        let text = Text::new(message.as_bytes());
        if let Some(status) = text.status() {
            if status >= 300 && text.about() == "INVITE" {
                self.refused
                    .extend(vias(&text).get(1).and_then(|via| branch(via)));
            }
            return without_first(message, "Via");
        }
        let method = text.method().unwrap_or_default();
        let via = text.header("Via").unwrap_or_default().to_owned();
        let hop_by_hop = method == "CANCEL"
            || method == "ACK" && branch(&via).is_some_and(|branch| self.refused.contains(&branch));
        let mut passed = message.to_owned();
        if from_phone && text.has_to_tag() && !hop_by_hop {
            passed = self.follow(&text, &passed);
        }
        // The same branch for what must meet the same transaction: a copy, CANCEL, the ACK of a refusal.
        let mut own = DefaultHasher::new();
        branch(&via).unwrap_or(via).hash(&mut own);
        let mut added = format!(
            "Via: SIP/2.0/UDP {};branch=z9hG4bKr{:x}\r\n",
            self.own,
            own.finish()
        );
        if !text.has_to_tag() && method != "CANCEL" {
            let lr = if self.strict { "" } else { ";lr" };
            added += &format!("Record-Route: <sip:{}{lr}>\r\n", self.own);
        }
        match passed.split_once("\r\n") {
            Some((first, rest)) => format!("{first}\r\n{added}{rest}"),
            None => passed,
        }
    }

    /// The phone's request in a dialog: it must follow the route set (RFC 3261 §12.2.1.1), of which we take ourselves.
    fn follow(&mut self, text: &Text, message: &str) -> String {
        let uri = text.first_line().split(' ').nth(1).unwrap_or_default();
        let is_own = |value: &str| value.contains(&format!("sip:{}", self.own));
        let route = text.header("Route").unwrap_or_default();
        let right = if self.strict {
            is_own(uri) && !is_own(route) && !route.is_empty()
        } else {
            is_own(route) && route.contains(";lr") && !is_own(uri)
        };
        if !right {
            let fault = format!("{} with Route “{route}”", text.first_line());
            self.faults
                .lock()
                .expect("nobody panics with it")
                .push(fault);
        }
        let rest = without_first(message, "Route");
        if self.strict {
            let target = route
                .trim_start_matches('<')
                .split('>')
                .next()
                .unwrap_or_default();
            return rest.replacen(uri, target, 1);
        }
        rest
    }
}

/// The branch of a Via.
fn branch(via: &str) -> Option<String> {
    let (_, rest) = via.split_once("branch=")?;
    Some(rest.split([';', ',', ' ']).next()?.to_owned())
}

/// All Vias, also those that share a row.
fn vias(text: &Text) -> Vec<String> {
    let rows = text.all("Via").into_iter();
    rows.flat_map(|row| row.split(',').map(|via| via.trim().to_owned()))
        .collect()
}

/// The message without the first value of this header, which may share its row with others.
fn without_first(message: &str, header: &str) -> String {
    let start = format!("\r\n{header}: ");
    let Some((before, rest)) = message.split_once(&start) else {
        return message.to_owned();
    };
    let (row, after) = rest.split_once("\r\n").unwrap_or((rest, ""));
    match row.split_once(',') {
        Some((_, others)) => format!("{before}{start}{}\r\n{after}", others.trim_start()),
        None => format!("{before}\r\n{after}"),
    }
}

/// A BYE of the phone, as it came to a hop.
fn bye(strict: bool, uri: &str, route: &str) -> (String, Vec<String>) {
    let faults = Arc::default();
    let mut hop = Hop {
        phone: SocketAddr::from(([127, 0, 0, 1], 5070)),
        own: "127.0.0.1:5080".to_owned(),
        strict,
        refused: Vec::new(),
        faults: Arc::clone(&faults),
    };
    let passed = hop.pass(
        true,
        &format!(
            "BYE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\n{route}To: <sip:a@b>;tag=1\r\n\r\n"
        ),
    );
    let faults = faults.lock().expect("nobody panics with it").clone();
    (passed, faults)
}

#[test]
fn a_request_on_its_route_is_passed_on_as_each_kind_of_router_does() {
    let (loose, faults) = bye(false, "sip:sipp@far", "Route: <sip:127.0.0.1:5080;lr>\r\n");
    assert_eq!(faults, [""; 0]);
    assert!(loose.starts_with("BYE sip:sipp@far SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;"));
    assert!(!loose.contains("Route:"));
    let (strict, faults) = bye(true, "sip:127.0.0.1:5080", "Route: <sip:sipp@far>\r\n");
    assert_eq!(faults, [""; 0]);
    assert!(strict.starts_with("BYE sip:sipp@far SIP/2.0\r\n") && !strict.contains("Route:"));
}

#[test]
fn a_request_off_its_route_is_noted() {
    for (strict, uri, route) in [
        (false, "sip:sipp@far", ""),
        (false, "sip:127.0.0.1:5080", "Route: <sip:sipp@far>\r\n"),
        (true, "sip:sipp@far", "Route: <sip:127.0.0.1:5080>\r\n"),
        (true, "sip:127.0.0.1:5080", ""),
    ] {
        let (_, faults) = bye(strict, uri, route);
        assert_eq!(faults.len(), 1, "{strict} {uri} {route}");
    }
}
