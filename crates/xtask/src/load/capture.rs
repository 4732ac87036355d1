//! The wire as tcpdump saw it: when each INVITE came and its 200 left, what was sent twice, and the RTP.
use super::place::Place;
use super::target::signal;
use crate::Stopped;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

/// Of each packet so much is kept: all that is read of a message stands before.
const LENGTH: &str = "1000";

/// tcpdump at work.
pub(super) struct Capture {
    child: Child,
    says: BufReader<ChildStderr>,
    file: PathBuf,
    phone: SocketAddr,
}

/// What the wire showed.
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
    pub(super) fn start(place: &Place, phone: SocketAddr) -> Result<Self, Stopped> {
        let file = place.folder.join("wire.pcap");
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-n", "-s", LENGTH, "-B", "65536", "-w"])
            .arg(&file)
            .arg(format!("udp and host {}", place.caller))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Stopped::saying(format!("tcpdump: {error}; or use --no-capture")))?;
        let mut says = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
        let mut said = String::new();
        while !said.contains("listening on") {
            let before = said.len();
            if says.read_line(&mut said).is_err() || said.len() == before {
                let _ = child.wait();
                return Err(Stopped::saying(format!(
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
    pub(super) fn finish(mut self) -> Result<Seen, Stopped> {
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
            .map_err(|error| Stopped::saying(format!("{}: {error}", self.file.display())))?;
        let mut seen = read(&bytes, self.phone)
            .ok_or_else(|| Stopped::saying("tcpdump wrote no capture that can be read"))?;
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
    let header = bytes.get(..24)?;
    let little = match header[..4] {
        [0xd4, 0xc3, 0xb2, 0xa1] => true,
        [0xa1, 0xb2, 0xc3, 0xd4] => false,
        _ => return None,
    };
    let word = |at: &[u8]| {
        let four = [at[0], at[1], at[2], at[3]];
        if little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        }
    };
    // LINKTYPE_ETHERNET.
    if word(&header[20..]) != 1 {
        return None;
    }
    let mut reading = Reading::new(phone);
    let mut rest = &bytes[24..];
    while let Some((record, after)) = rest.split_at_checked(16) {
        let at_us = u64::from(word(record)) * 1_000_000 + u64::from(word(&record[4..]));
        let length = word(&record[8..]) as usize;
        // The last one may be torn.
        let Some((frame, after)) = after.split_at_checked(length) else {
            break;
        };
        if let Some(datagram) = datagram(frame) {
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

/// UDP by IPv4 in an Ethernet frame.
fn datagram(frame: &[u8]) -> Option<Datagram<'_>> {
    let (ethernet, packet) = frame.split_at_checked(14)?;
    let first = *packet.first()?;
    if ethernet[12..] != [8, 0] || first >> 4 != 4 {
        return None;
    }
    let (ip, rest) = packet.split_at_checked(usize::from(first & 15) * 4)?;
    let (udp, payload) = rest.split_at_checked(8)?;
    let address = |at: &[u8], port: &[u8]| {
        let ip = IpAddr::V4(Ipv4Addr::new(at[0], at[1], at[2], at[3]));
        SocketAddr::new(ip, u16::from_be_bytes([port[0], port[1]]))
    };
    (ip.len() >= 20 && ip[9] == 17).then(|| Datagram {
        from: address(&ip[12..], udp),
        to: address(&ip[16..], &udp[2..]),
        payload,
    })
}

/// What is being put together.
struct Reading {
    phone: SocketAddr,
    /// When each call's INVITE came, until its 200 leaves.
    invited: HashMap<Vec<u8>, u64>,
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
            if let Some(message) = Message::read(datagram.payload) {
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

    fn message(&mut self, at_us: u64, ours: bool, message: &Message<'_>) {
        let mut hasher = DefaultHasher::new();
        (ours, message).hash(&mut hasher);
        if !self.messages.insert(hasher.finish()) {
            self.seen.repeated += 1;
            return;
        }
        if !message.cseq.ends_with(b"INVITE") {
            return;
        }
        match message.status() {
            None if message.start.starts_with(b"INVITE ") => {
                self.invited.insert(message.call_id.to_owned(), at_us);
            }
            Some(status @ 200..) => {
                let Some(begun) = self.invited.remove(message.call_id) else {
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

/// What tells one message from another.
#[derive(Debug, Hash)]
struct Message<'a> {
    start: &'a [u8],
    via: &'a [u8],
    call_id: &'a [u8],
    cseq: &'a [u8],
}

impl<'a> Message<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let mut lines = payload.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let start = lines.next().filter(|start| !start.is_empty())?;
        let (mut via, mut call_id, mut cseq) = (None, None, None);
        for line in lines.take_while(|line| !line.is_empty()) {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = (
                line[..colon].trim_ascii_end(),
                line[colon + 1..].trim_ascii(),
            );
            let place = match name {
                b"v" => &mut via,
                b"i" => &mut call_id,
                _ if name.eq_ignore_ascii_case(b"via") => &mut via,
                _ if name.eq_ignore_ascii_case(b"call-id") => &mut call_id,
                _ if name.eq_ignore_ascii_case(b"cseq") => &mut cseq,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        Some(Self {
            start,
            via: via?,
            call_id: call_id?,
            cseq: cseq?,
        })
    }

    fn status(&self) -> Option<u16> {
        let rest = self.start.strip_prefix(b"SIP/2.0 ")?;
        std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let length = (14 + 20 + 8 + payload.len()) as u32;
            file.extend((at / 1_000_000).to_le_bytes());
            file.extend((at % 1_000_000).to_le_bytes());
            file.extend(length.to_le_bytes());
            file.extend(length.to_le_bytes());
            file.extend([0; 12]);
            file.extend([8, 0]);
            file.extend([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0]);
            file.extend(from.0);
            file.extend(to.0);
            file.extend(from.1.to_be_bytes());
            file.extend(to.1.to_be_bytes());
            file.extend([0; 4]);
            file.extend(*payload);
        }
        file
    }

    fn message(start: &str, call: &str, cseq: &str) -> Vec<u8> {
        format!("{start}\r\nVia: SIP/2.0/UDP 127.0.0.3;branch={call}{cseq}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\r\n").into_bytes()
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
