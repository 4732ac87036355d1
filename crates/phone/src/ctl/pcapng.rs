//! A call's messages as a capture file that Wireshark opens: pcapng (draft-ietf-opsawg-pcapng), raw IP packets, each message one UDP
//! datagram between the addresses that it had. What went by TCP or TLS is made a datagram too: of a stream there is nothing left to show but
//! its messages, and in the clear. Since secrets are struck out, Content-Length is that of the body as it is here.
use std::net::{IpAddr, SocketAddr};
use trialog_client::api::{CallTrace, TraceMessage, Way};

/// Section Header Block, Interface Description Block, Enhanced Packet Block (§4.1, §4.2, §4.3).
const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

/// Told from its bytes, so that a reader knows their order.
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

/// LINKTYPE_RAW: the packet begins with its IP header.
const RAW_IP: u16 = 101;

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const UDP_HEADER: usize = 8;

/// UDP's number, as IP has it.
const UDP: u8 = 17;

const HOPS: u8 = 64;

/// So much of a message fits into one datagram of IPv4.
const LONGEST: usize = 65_535 - IPV4_HEADER - UDP_HEADER;

/// The whole file. Times are in microseconds, as they are where nothing else is stated.
pub(super) fn file(trace: &CallTrace) -> Vec<u8> {
    let mut file = Vec::new();
    let mut section = Vec::new();
    section.extend(BYTE_ORDER.to_le_bytes());
    section.extend(1_u16.to_le_bytes());
    section.extend(0_u16.to_le_bytes());
    // The section's length is not stated.
    section.extend(u64::MAX.to_le_bytes());
    block(&mut file, SECTION, &section);
    let mut interface = Vec::new();
    interface.extend(RAW_IP.to_le_bytes());
    interface.extend(0_u16.to_le_bytes());
    // No packet is cut.
    interface.extend(0_u32.to_le_bytes());
    block(&mut file, INTERFACE, &interface);
    for message in &trace.messages {
        let Some(packet) = packet(message) else {
            continue;
        };
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(packet.len() + 24);
        body.extend(0_u32.to_le_bytes());
        let [low, high] = [message.at_us as u32, (message.at_us >> 32) as u32];
        for number in [high, low, length, length] {
            body.extend(number.to_le_bytes());
        }
        body.extend(packet);
        block(&mut file, PACKET, &body);
    }
    file
}

/// A block: its type, its length before and after its body, and the body filled up to 32 bits.
fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).unwrap_or(u32::MAX);
    file.extend(kind.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(body);
    file.resize(file.len() + padded - body.len(), 0);
    file.extend(length.to_le_bytes());
}

/// The message as an IP packet; `None` where its addresses are none.
fn packet(message: &TraceMessage) -> Option<Vec<u8>> {
    let local: SocketAddr = message.local.parse().ok()?;
    let remote: SocketAddr = message.remote.parse().ok()?;
    let (from, to) = match message.way {
        Way::In => (remote, local),
        Way::Out => (local, remote),
    };
    let text = with_its_length(&message.text);
    let text = &text.as_bytes()[..text.len().min(LONGEST)];
    let length = u16::try_from(UDP_HEADER + text.len()).ok()?;
    let mut udp = Vec::with_capacity(UDP_HEADER + text.len());
    for number in [from.port(), to.port(), length, 0] {
        udp.extend(number.to_be_bytes());
    }
    udp.extend(text);
    let (mut packet, pseudo) = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = u16::try_from(IPV4_HEADER).ok()? + length;
            // Version and header length, total length, "don't fragment".
            let mut header = vec![0x45, 0];
            header.extend(total.to_be_bytes());
            header.extend([0, 0, 0x40, 0, HOPS, UDP, 0, 0]);
            header.extend(from.octets());
            header.extend(to.octets());
            let check = checksum(&[&header]);
            header[10..12].copy_from_slice(&check.to_be_bytes());
            (header, [&from.octets()[..], &to.octets()[..]].concat())
        }
        (from, to) => {
            // Of two families one is written as the other has it (RFC 4291 §2.5.5.2).
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            let mut header = Vec::with_capacity(IPV6_HEADER);
            header.extend([0x60, 0, 0, 0]);
            header.extend(length.to_be_bytes());
            header.extend([UDP, HOPS]);
            header.extend(octets(from));
            header.extend(octets(to));
            let pseudo = header[8..].to_vec();
            (header, pseudo)
        }
    };
    // RFC 768: over addresses, protocol and length, too; a sum of 0 is sent as all ones.
    let rest = [0, UDP, udp[4], udp[5]];
    let sum = match checksum(&[&pseudo, &rest, &udp]) {
        0 => u16::MAX,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    packet.extend(udp);
    Some(packet)
}

/// The Internet checksum (RFC 1071) of parts of which all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let words =
        words.map(|word| u64::from(word[0]) << 8 | word.get(1).copied().map_or(0, u64::from));
    let mut sum: u64 = words.sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

/// The message with the Content-Length (RFC 3261 §20.14) of its body as it is here.
fn with_its_length(text: &str) -> String {
    let Some(end) = text.find("\r\n\r\n") else {
        return text.to_owned();
    };
    let (head, body) = text.split_at(end);
    let length = body.len() - "\r\n\r\n".len();
    let lines = head.split("\r\n").map(|line| match line.split_once(':') {
        Some((name, _)) if is_content_length(name) => format!("{name}: {length}"),
        _ => line.to_owned(),
    });
    let head = lines.collect::<Vec<_>>().join("\r\n");
    format!("{head}{body}")
}

fn is_content_length(name: &str) -> bool {
    let name = name.trim_end();
    name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l")
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};
    use pcap_parser::{Block, parse_block_le};
    use trialog_client::api::WireTransport;

    fn message(at_us: u64, way: Way, (local, remote): (&str, &str), text: &str) -> TraceMessage {
        TraceMessage {
            at_us,
            way,
            transport: WireTransport::Tls,
            local: local.to_owned(),
            remote: remote.to_owned(),
            leg: "p1".to_owned(),
            first_line: String::new(),
            again: false,
            cut: false,
            text: text.to_owned(),
        }
    }

    /// Time, source, destination and payload of each packet, as others read them.
    fn read(mut bytes: &[u8]) -> Vec<(u64, String, String, String)> {
        let mut packets = Vec::new();
        while !bytes.is_empty() {
            let (rest, block) = parse_block_le(bytes).expect("a block");
            bytes = rest;
            let Block::EnhancedPacket(block) = block else {
                continue;
            };
            let at = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
            let data = &block.data[..block.caplen as usize];
            let packet = SlicedPacket::from_ip(data).expect("an IP packet");
            let (from, to): (IpAddr, IpAddr) = match packet.net.expect("it has addresses") {
                NetSlice::Ipv4(ip) => {
                    let header = ip.header();
                    assert_eq!(
                        header.to_header().calc_header_checksum(),
                        header.header_checksum()
                    );
                    (
                        header.source_addr().into(),
                        header.destination_addr().into(),
                    )
                }
                NetSlice::Ipv6(ip) => {
                    let header = ip.header();
                    (
                        header.source_addr().into(),
                        header.destination_addr().into(),
                    )
                }
                other => panic!("{other:?}"),
            };
            let Some(TransportSlice::Udp(udp)) = packet.transport else {
                panic!("no UDP");
            };
            let header = udp.to_header();
            let sum = match (from, to) {
                (IpAddr::V4(from), IpAddr::V4(to)) => {
                    header.calc_checksum_ipv4_raw(from.octets(), to.octets(), udp.payload())
                }
                (IpAddr::V6(from), IpAddr::V6(to)) => {
                    header.calc_checksum_ipv6_raw(from.octets(), to.octets(), udp.payload())
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(sum.expect("it fits"), udp.checksum());
            packets.push((
                at,
                SocketAddr::new(from, udp.source_port()).to_string(),
                SocketAddr::new(to, udp.destination_port()).to_string(),
                String::from_utf8_lossy(udp.payload()).into_owned(),
            ));
        }
        packets
    }

    #[test]
    fn other_readers_find_each_message_with_its_time_addresses_and_checksums() {
        let four = ("192.0.2.1:5061", "192.0.2.2:40001");
        let six = ("[2001:db8::1]:5060", "[2001:db8::2]:5062");
        let at = 1_795_340_718_123_456;
        let trace = CallTrace {
            messages: vec![
                message(at, Way::In, four, "INVITE sip:b SIP/2.0\r\n\r\n"),
                message(at + 1, Way::Out, four, "SIP/2.0 200 OK\r\n\r\nx"),
                message(at + 2, Way::Out, six, "BYE sip:ä SIP/2.0\r\n\r\n"),
                message(at + 3, Way::Out, ("nowhere", "192.0.2.2:1"), "BYE"),
            ],
            ..CallTrace::default()
        };
        let read = read(&file(&trace));
        let ends: Vec<_> = read
            .iter()
            .map(|(at, from, to, _)| (*at, &from[..], &to[..]))
            .collect();
        assert_eq!(
            ends,
            [
                (at, four.1, four.0),
                (at + 1, four.0, four.1),
                (at + 2, six.0, six.1)
            ]
        );
        assert_eq!(read[2].3, "BYE sip:ä SIP/2.0\r\n\r\n");
    }

    #[test]
    fn a_body_out_of_which_keys_were_struck_has_its_own_length() {
        let text = "INVITE sip:b SIP/2.0\r\nl: 4711\r\nContent-Length : 3\r\n\r\nv=0\r\n";
        let expected = "INVITE sip:b SIP/2.0\r\nl: 5\r\nContent-Length : 5\r\n\r\nv=0\r\n";
        assert_eq!(with_its_length(text), expected);
        for whole in ["", "l: 4711", "BYE sip:b SIP/2.0\r\n\r\n"] {
            assert_eq!(with_its_length(whole), whole);
        }
    }

    #[test]
    fn the_longest_message_is_one_packet() {
        let text = "x".repeat(70_000);
        let long = message(0, Way::In, ("192.0.2.1:1", "192.0.2.2:2"), &text);
        let trace = CallTrace {
            messages: vec![long],
            ..CallTrace::default()
        };
        assert_eq!(read(&file(&trace))[0].3.len(), LONGEST);
    }
}
