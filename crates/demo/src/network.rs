//! A bad network between the three phones: each has a host of its own at a loopback address, and behind a router of its own, which
//! translates addresses one to one (`sip.advertise` names it) and loses and delays what is not SIP.
use crate::Fault;
use crate::cast::Party;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Of what the phones send as sound, on each way from one to another, in 1000ths.
const LOST: u64 = 50;

/// How much longer a datagram may take than the fastest.
const JITTER: Duration = Duration::from_millis(40);

/// RTP ports of a phone: of four legs, with their RTCP. What a story has at once are two.
const RTP_PORTS: u16 = 8;

/// How long a thread sleeps at most before it looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(100);

/// The largest datagram of IPv4.
const LARGEST: usize = 65_535;

/// Where a phone of a bad network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    /// Where it listens.
    pub(crate) inner: SocketAddrV4,
    /// Where others find it.
    pub(crate) outer: SocketAddrV4,
    /// The first and last port for RTP, the same inside and outside.
    pub(crate) rtp: (u16, u16),
}

/// The routers. Dropping ends them.
pub(crate) struct Network {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    pub(crate) hosts: [Host; 3],
}

/// A socket of a router, and what stands behind it.
#[derive(Clone)]
struct Door {
    socket: Arc<UdpSocket>,
    inner: SocketAddrV4,
    carries_sip: bool,
}

/// A datagram on its way, the first to arrive first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Underway {
    arrives: Instant,
    /// Places in the list of doors: whose address it comes from, and behind which it goes.
    from: usize,
    to: usize,
    octets: Vec<u8>,
}

impl Network {
    /// Opens the routers of three phones whose SIP ports are free.
    pub(crate) fn start(ports: [u16; 3]) -> Result<Self, Fault> {
        let mut doors = Vec::new();
        let mut hosts = Vec::new();
        for (party, port) in Party::ALL.into_iter().zip(ports) {
            let last = 1 + u8::try_from(party.index()).expect("there are three");
            let (inner, outer) = (
                Ipv4Addr::new(127, 0, 101, last),
                Ipv4Addr::new(127, 0, 102, last),
            );
            let rtp = routers(inner, outer, port, &mut doors)?;
            hosts.push(Host {
                inner: SocketAddrV4::new(inner, port),
                outer: SocketAddrV4::new(outer, port),
                rtp,
            });
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let all: Arc<[Door]> = doors.into();
        let mut threads = Vec::new();
        for place in 0..all.len() {
            let (all, stop, sender) = (Arc::clone(&all), Arc::clone(&stop), sender.clone());
            threads.push(std::thread::spawn(move || {
                take_in(place, &all, &sender, &stop)
            }));
        }
        threads.push(std::thread::spawn(move || let_out(&all, &receiver)));
        Ok(Self {
            stop,
            threads,
            hosts: hosts.try_into().expect("one for each of the three"),
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It has nothing more to tell.
            let _ = thread.join();
        }
    }
}

/// Opens the doors of one router: the port for SIP, and ports for RTP that are free.
fn routers(
    inner: Ipv4Addr,
    outer: Ipv4Addr,
    port: u16,
    doors: &mut Vec<Door>,
) -> Result<(u16, u16), Fault> {
    let open = |port: u16, carries_sip| -> std::io::Result<Door> {
        let socket = UdpSocket::bind((outer, port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Door {
            socket: Arc::new(socket),
            inner: SocketAddrV4::new(inner, port),
            carries_sip,
        })
    };
    let fault = |e: std::io::Error| {
        // Linux has all of 127.0.0.0/8 by itself; elsewhere each address has to be given to the loopback interface.
        let why = format!(
            "{e}; a network for the demo needs {inner} and {outer} at the loopback interface"
        );
        Fault::File(PathBuf::from(outer.to_string()), why)
    };
    doors.push(open(port, true).map_err(fault)?);
    let mut first = (port / 2 + 1) * 2;
    loop {
        let ports = first..first + RTP_PORTS;
        let opened: std::io::Result<Vec<Door>> =
            ports.clone().map(|port| open(port, false)).collect();
        match opened {
            Ok(opened) => {
                doors.extend(opened);
                return Ok((first, first + RTP_PORTS - 1));
            }
            Err(e) if e.kind() == ErrorKind::AddrInUse && first < u16::MAX - 2 * RTP_PORTS => {
                first += RTP_PORTS;
            }
            Err(e) => return Err(fault(e)),
        }
    }
}

/// Takes in what comes at one door until it is to end.
fn take_in(place: usize, doors: &[Door], out: &mpsc::Sender<Underway>, stop: &AtomicBool) {
    let mut buffer = vec![0; LARGEST];
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (place as u64 + 1));
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, SocketAddr::V4(source))) = doors[place].socket.recv_from(&mut buffer)
        else {
            continue;
        };
        // What comes from elsewhere than one of the phones is nobody's.
        let Some(from) = doors.iter().position(|door| door.inner == source) else {
            continue;
        };
        let mut arrives = Instant::now();
        if !doors[place].carries_sip {
            if random.below(1000) < LOST {
                continue;
            }
            let jitter = u64::try_from(JITTER.as_micros()).expect("it is short");
            arrives += Duration::from_micros(random.below(jitter + 1));
        }
        let _ = out.send(Underway {
            arrives,
            from,
            to: place,
            octets: buffer[..length].to_vec(),
        });
    }
}

/// Lets out each datagram when its time has come, until no door takes in any more.
fn let_out(doors: &[Door], taken: &mpsc::Receiver<Underway>) {
    let mut underway = BinaryHeap::new();
    loop {
        let next = underway
            .peek()
            .map(|Reverse(next): &Reverse<Underway>| next.arrives);
        let wait = next.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
        match taken.recv_timeout(wait) {
            Ok(one) => underway.push(Reverse(one)),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        while let Some(Reverse(one)) = underway.peek()
            && one.arrives <= Instant::now()
        {
            // A phone that has ended takes nothing in.
            let _ = doors[one.from]
                .socket
                .send_to(&one.octets, doors[one.to].inner);
            underway.pop();
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

impl Host {
    /// Its address for others.
    pub(crate) const fn advertised(&self) -> IpAddr {
        IpAddr::V4(*self.outer.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(at: SocketAddrV4) -> UdpSocket {
        let socket = UdpSocket::bind(at).expect("the port is free inside, too");
        socket
            .set_read_timeout(Some(Duration::from_millis(500)))
            .expect("a timeout that is not zero");
        socket
    }

    fn network() -> Network {
        let held = [0, 1, 2].map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("free"));
        let ports = held
            .each_ref()
            .map(|socket| socket.local_addr().expect("bound").port());
        drop(held);
        Network::start(ports).expect("loopback has all these addresses")
    }

    #[test]
    fn sip_arrives_whole_and_seems_to_come_from_the_senders_router() {
        let network = network();
        let [customer, owner, _] = network.hosts;
        let (a, b) = (bound(customer.inner), bound(owner.inner));
        let mut buffer = [0; 100];
        for n in 0..200u8 {
            a.send_to(&[n], owner.outer).expect("sent");
            let (length, from) = b.recv_from(&mut buffer).expect("nothing of SIP is lost");
            assert_eq!(buffer[..length], [n]);
            assert_eq!(from, SocketAddr::V4(customer.outer));
        }
    }

    #[test]
    fn sound_is_lost_and_late_now_and_then() {
        let network = network();
        let [customer, owner, _] = network.hosts;
        let of = |host: Host| SocketAddrV4::new(*host.inner.ip(), host.rtp.0);
        let (a, b) = (bound(of(customer)), bound(of(owner)));
        let to = SocketAddrV4::new(*owner.outer.ip(), owner.rtp.0);
        let mut buffer = [0; 2];
        let mut came = Vec::new();
        for n in 0..1000u16 {
            a.send_to(&n.to_be_bytes(), to).expect("sent");
            if n % 50 == 49 {
                // Read as they come: a socket's buffer holds some hundred.
                while came.len() < usize::from(n) * 8 / 10
                    && let Ok((2, _)) = b.recv_from(&mut buffer)
                {
                    came.push(u16::from_be_bytes(buffer));
                }
            }
        }
        while let Ok((2, _)) = b.recv_from(&mut buffer) {
            came.push(u16::from_be_bytes(buffer));
        }
        assert!(
            (900..990).contains(&came.len()),
            "{} of 1000 came",
            came.len()
        );
        assert!(
            came.windows(2).any(|pair| pair[0] > pair[1]),
            "none was late"
        );
    }

    #[test]
    fn what_is_from_elsewhere_is_not_let_in() {
        let network = network();
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("free");
        let phone = bound(network.hosts[0].inner);
        stranger
            .send_to(b"x", network.hosts[0].outer)
            .expect("sent");
        assert!(phone.recv_from(&mut [0; 10]).is_err());
    }
}
