//! The wire as tcpdump saw it: when each INVITE came and its 200 left, what was sent twice, and the RTP.
use super::loopback::Loopback;
use super::target::signal;
use crate::ExitError;
use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::{Linktype, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_header};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use trialog_sip_text::Message;

/// Of each packet so much is kept: all that is read of a message stands before.
const LENGTH: &str = "1000";

/// tcpdump at work.
pub(super) struct Capture {
    child: Child,
    says: BufReader<ChildStderr>,
    file: PathBuf,
    phone: SocketAddr,
}

/// Counts and times of a run, as the wire showed them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// From each INVITE to its first 200, in µs, ascending.
    pub(super) setups: Vec<u64>,
    /// Messages that were seen before, from either side.
    pub(super) repeated: u64,
    /// Final answers to INVITE that were no 2xx, by status.
    pub(super) refused: HashMap<u16, u64>,
    /// RTP from the phone, and its streams.
    pub(super) rtp: u64,
    pub(super) streams: u64,
    /// RTP to the phone.
    pub(super) rtp_in: u64,
    /// Packets that tcpdump could not take.
    pub(super) dropped: u64,
}

impl Capture {
    /// Starts, and returns when it looks.
    pub(super) fn start(net: &Loopback, phone: SocketAddr) -> Result<Self, ExitError> {
        let file = net.folder.join("wire.pcap");
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-n", "-s", LENGTH, "-B", "65536", "-w"])
            .arg(&file)
            .arg(format!("udp and host {}", net.caller))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                ExitError::because(format!("tcpdump: {error}; or use --no-capture"))
            })?;
        let mut says = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
        let mut said = String::new();
        while !said.contains("listening on") {
            let before = said.len();
            if says.read_line(&mut said).is_err() || said.len() == before {
                let _ = child.wait();
                return Err(ExitError::because(format!(
                    "tcpdump: {}; without the right to look at the wire use --no-capture",
                    said.trim()
                )));
            }
        }
        Ok(Self {
            child,
            says,
            file,
            phone,
        })
    }

    /// Ends, and reads what was seen.
    pub(super) fn finish(mut self) -> Result<Seen, ExitError> {
        // It takes packets from the kernel in batches: the last ones may be a second old.
        std::thread::sleep(std::time::Duration::from_millis(1200));
        signal(self.child.id(), "INT");
        let _ = self.child.wait();
        let dropped = (&mut self.says)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let count = line.strip_suffix(" packets dropped by kernel")?;
                count.trim().parse().ok()
            });
        let bytes = std::fs::read(&self.file)
            .map_err(|error| ExitError::because(format!("{}: {error}", self.file.display())))?;
        let mut seen = read(&bytes, self.phone)
            .ok_or_else(|| ExitError::because("tcpdump wrote no capture that can be read"))?;
        seen.dropped = dropped.unwrap_or(0);
        Ok(seen)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a classic capture file (`man 5 pcap-savefile`) of Ethernet frames, as the loopback interface has them.
fn read(bytes: &[u8], phone: SocketAddr) -> Option<Seen> {
    let (mut rest, header) = parse_pcap_header(bytes).ok()?;
    if header.network != Linktype::ETHERNET {
        return None;
    }
    let frame = match header.is_bigendian() {
        true => parse_pcap_frame_be,
        false => parse_pcap_frame,
    };
    let mut reading = Reading::new(phone);
    // The last record may be torn: then there is no further one.
    while let Ok((after, record)) = frame(rest) {
        let at_us = u64::from(record.ts_sec) * 1_000_000 + u64::from(record.ts_usec);
        if let Some(datagram) = datagram(record.data) {
            reading.take(at_us, datagram);
        }
        rest = after;
    }
    Some(reading.finish())
}

struct Datagram<'a> {
    from: SocketAddr,
    to: SocketAddr,
    payload: &'a [u8],
}

/// UDP by IP in an Ethernet frame, of which only the first [`LENGTH`] bytes may be there.
fn datagram(frame: &[u8]) -> Option<Datagram<'_>> {
    let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
    let (from, to): (IpAddr, IpAddr) = match packet.net? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        LaxNetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Udp(udp)) = packet.transport else {
        return None;
    };
    Some(Datagram {
        from: SocketAddr::new(from, udp.source_port()),
        to: SocketAddr::new(to, udp.destination_port()),
        payload: udp.payload(),
    })
}

/// A capture while it is read.
struct Reading {
    phone: SocketAddr,
    /// When each call's INVITE came, until its 200 leaves.
    invited: HashMap<String, u64>,
    messages: HashSet<u64>,
    streams: HashSet<[u8; 4]>,
    seen: Seen,
}

impl Reading {
    fn new(phone: SocketAddr) -> Self {
        Self {
            phone,
            invited: HashMap::new(),
            messages: HashSet::new(),
            streams: HashSet::new(),
            seen: Seen::default(),
        }
    }

    fn take(&mut self, at_us: u64, datagram: Datagram<'_>) {
        if datagram.from == self.phone || datagram.to == self.phone {
            if let Some(message) = sip(datagram.payload) {
                self.message(at_us, datagram.from == self.phone, &message);
            }
        } else if datagram.payload.first().is_some_and(|first| first >> 6 == 2)
            // RTCP has its types where RTP has its payload type (RFC 5761 §4).
            && datagram.payload.get(1).is_some_and(|kind| !(192..=223).contains(kind))
        {
            self.rtp(&datagram);
        }
    }

    /// SIPp sends no RTP of its own accord: whatever comes from its media port is to the phone.
    fn rtp(&mut self, datagram: &Datagram<'_>) {
        if datagram.to.ip() == self.phone.ip() {
            self.seen.rtp_in += 1;
            return;
        }
        self.seen.rtp += 1;
        if let Some(ssrc) = datagram.payload.get(8..12) {
            let ssrc = ssrc.try_into().expect("four bytes");
            self.streams.insert(ssrc);
        }
    }

    fn message(&mut self, at_us: u64, ours: bool, message: &Message) {
        let mut hasher = DefaultHasher::new();
        (ours, identity(message)).hash(&mut hasher);
        if !self.messages.insert(hasher.finish()) {
            self.seen.repeated += 1;
            return;
        }
        if message.cseq().1 != "INVITE" {
            return;
        }
        match message.status() {
            None if message.method() == "INVITE" => {
                self.invited.insert(message.call_id().to_owned(), at_us);
            }
            Some(status @ 200..) => {
                let Some(begun) = self.invited.remove(message.call_id()) else {
                    return;
                };
                if status < 300 {
                    self.seen.setups.push(at_us.saturating_sub(begun));
                } else {
                    *self.seen.refused.entry(status).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Seen {
        self.seen.setups.sort_unstable();
        self.seen.streams = self.streams.len() as u64;
        self.seen
    }
}

/// A message as text; `None`: a keep-alive, or no SIP.
fn sip(payload: &[u8]) -> Option<Message> {
    Message::read(&String::from_utf8_lossy(payload))
}

/// What a message has in common with those that repeat it, and with no other.
fn identity(message: &Message) -> impl Hash + '_ {
    let of = |name| message.header(name).unwrap_or_default();
    (
        message.status(),
        message.method(),
        of("via"),
        message.call_id(),
        of("cseq"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const PHONE: ([u8; 4], u16) = ([127, 0, 0, 2], 5060);
    const CALLER: ([u8; 4], u16) = ([127, 0, 0, 3], 5060);

    /// A capture of these datagrams: when in µs, from, to, what.
    type Packet<'a> = (u32, ([u8; 4], u16), ([u8; 4], u16), &'a [u8]);

    fn pcap(packets: &[Packet<'_>]) -> Vec<u8> {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        file.extend([0; 8]);
        file.extend(1000u32.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        for (at, from, to, payload) in packets {
            let packet = PacketBuilder::ethernet2([0; 6], [0; 6])
                .ipv4(from.0, to.0, 64)
                .udp(from.1, to.1);
            let mut frame = Vec::new();
            packet.write(&mut frame, payload).unwrap();
            let length = frame.len() as u32;
            // A message may be longer than what is kept of it.
            frame.truncate(LENGTH.parse().unwrap());
            let kept = frame.len() as u32;
            for word in [at / 1_000_000, at % 1_000_000, kept, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(frame);
        }
        file
    }

    fn message(start: &str, call: &str, cseq: &str) -> Vec<u8> {
        format!("{start}\r\nVia: SIP/2.0/UDP 127.0.0.3;branch={call}{cseq}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\r\n{}", "x".repeat(1200)).into_bytes()
    }

    #[test]
    fn setup_repetition_refusal_and_rtp_are_read_out_of_a_capture() {
        let invite = |call| message("INVITE sip:load@127.0.0.2 SIP/2.0", call, "1 INVITE");
        let answer = |line, call| message(line, call, "1 INVITE");
        let (a, b) = (invite("a"), invite("b"));
        let ringing = answer("SIP/2.0 180 Ringing", "a");
        let ok = answer("SIP/2.0 200 OK", "a");
        let busy = answer("SIP/2.0 486 Busy Here", "b");
        let bye = message("BYE sip:load@127.0.0.2 SIP/2.0", "a", "2 BYE");
        let bye_ok = message("SIP/2.0 200 OK", "a", "2 BYE");
        let mut rtp = vec![0x80, 0];
        rtp.extend([7; 170]);
        let rtcp = [0x80, 201, 0, 1, 7, 7, 7, 7];
        let (media, echo) = (([127, 0, 0, 2], 4000), ([127, 0, 0, 3], 6000));
        let file = pcap(&[
            (1_000, CALLER, PHONE, &a),
            (1_200, PHONE, CALLER, &ringing),
            (501_000, CALLER, PHONE, &a),
            (501_500, PHONE, CALLER, &ok),
            (501_600, media, echo, &rtp),
            (501_700, echo, media, &rtp),
            (501_800, media, echo, &rtcp),
            (600_000, PHONE, CALLER, &ok),
            (700_000, CALLER, PHONE, &b),
            (700_100, PHONE, CALLER, &busy),
            (800_000, CALLER, PHONE, &bye),
            (800_000, PHONE, CALLER, &bye_ok),
        ]);
        let phone = SocketAddr::from(PHONE);
        let expected = Seen {
            setups: vec![500_500],
            repeated: 2,
            refused: HashMap::from([(486, 1)]),
            rtp: 1,
            streams: 1,
            rtp_in: 1,
            dropped: 0,
        };
        assert_eq!(read(&file, phone), Some(expected.clone()));
        // The last record may be torn.
        assert_eq!(read(&file[..file.len() - 3], phone), Some(expected));
        assert_eq!(read(b"no capture", phone), None);
    }
}
