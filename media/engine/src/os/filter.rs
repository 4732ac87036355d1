//! Packets of sources that are not believed end in the kernel, before they take a place in the socket's queue: thousands a
//! second from elsewhere neither push out the far side's nor cost time on the audio thread.
use crate::socket::MOST_ADMITTED;
use socket2::{SockFilter, SockRef};
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Loads a word or half word at a fixed offset, compares with a constant, returns (linux/bpf_common.h).
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const JUMP_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// A UDP socket's filter sees the datagram from the UDP header on: source port first (RFC 768). The IP header is
/// reached from this offset on (SKF_NET_OFF, linux/filter.h).
const SOURCE_PORT: u32 = 0;
const IP_HEADER: u32 = (-0x10_0000_i32) as u32;
/// RFC 791 §3.1, RFC 8200 §3.
const SOURCE_V4: u32 = IP_HEADER + 12;
const SOURCE_V6: u32 = IP_HEADER + 8;

/// Four words, a port and a return, each of the five compared.
const LONGEST: usize = 11;

/// Lets only these sources' packets through, or all for `None`. What the system refuses changes nothing but the cost.
pub(crate) fn admit(socket: &UdpSocket, sources: Option<impl Iterator<Item = SocketAddr>>) {
    let socket = SockRef::from(socket);
    let _ = match sources {
        Some(sources) => {
            let mut program = Program::new();
            for source in sources {
                program.admit(source);
            }
            socket.attach_filter(program.finish())
        }
        None => socket.detach_filter(),
    };
}

/// A filter in the making; it lives on the stack.
struct Program {
    steps: [SockFilter; MOST_ADMITTED * LONGEST + 1],
    length: usize,
}

impl Program {
    fn new() -> Self {
        Self {
            steps: std::array::from_fn(|_| SockFilter::new(RETURN, 0, 0, 0)),
            length: 0,
        }
    }

    /// Packets of this source are let through whole; of others the next ones decide.
    fn admit(&mut self, source: SocketAddr) {
        let (words, first) = match source.ip() {
            IpAddr::V4(ip) => ([ip.to_bits(), 0, 0, 0], SOURCE_V4),
            IpAddr::V6(ip) => {
                let bits = ip.to_bits();
                let word = |index: u32| (bits >> (96 - 32 * index)) as u32;
                ([word(0), word(1), word(2), word(3)], SOURCE_V6)
            }
        };
        let words = &words[..if source.is_ipv4() { 1 } else { 4 }];
        if self.length + LONGEST >= self.steps.len() {
            return;
        }
        // From a comparison that fails to behind this source's return.
        let mut left = 2 * words.len() as u8 + 2;
        let port = (LOAD_HALF, SOURCE_PORT, u32::from(source.port()));
        let compared = words.iter().enumerate();
        let compared = compared.map(|(n, word)| (LOAD_WORD, first + 4 * n as u32, *word));
        for (load, from, value) in compared.chain([port]) {
            self.push(SockFilter::new(load, 0, 0, from));
            left -= 2;
            self.push(SockFilter::new(JUMP_EQUAL, 0, left + 1, value));
        }
        self.push(SockFilter::new(RETURN, 0, 0, u32::MAX));
    }

    /// Of all other sources nothing is let through.
    fn finish(&self) -> &[SockFilter] {
        &self.steps[..=self.length]
    }

    fn push(&mut self, step: SockFilter) {
        self.steps[self.length] = step;
        self.length += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    /// Which of so many senders get through when only some of them are admitted.
    fn through(ip: IpAddr, admitted: &[usize]) -> Vec<usize> {
        let bind = |_| UdpSocket::bind((ip, 0)).expect("loopback has ports");
        let ours = bind(0);
        ours.set_read_timeout(Some(Duration::from_millis(20)))
            .expect("it takes a time-out");
        let senders: Vec<_> = (0..4).map(bind).collect();
        let address = |index: &usize| senders[*index].local_addr().expect("bound");
        admit(&ours, Some(admitted.iter().map(address)));
        for (index, sender) in senders.iter().enumerate() {
            let to = ours.local_addr().expect("bound");
            sender.send_to(&[index as u8], to).expect("sent");
        }
        let mut buffer = [0; 8];
        std::iter::from_fn(|| ours.recv(&mut buffer).ok().map(|_| usize::from(buffer[0]))).collect()
    }

    #[test]
    fn only_admitted_sources_get_through() {
        for ip in [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ] {
            assert_eq!(through(ip, &[2]), [2]);
            assert_eq!(through(ip, &[0, 3]), [0, 3]);
            assert_eq!(through(ip, &[]), [0usize; 0]);
            assert_eq!(through(ip, &[0, 1, 2, 3]), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn all_get_through_where_all_are_admitted_again() {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
        let (ours, theirs) = (bind(), bind());
        admit(&ours, Some(std::iter::empty()));
        admit(&ours, None::<std::iter::Empty<SocketAddr>>);
        theirs
            .send_to(&[7], ours.local_addr().expect("bound"))
            .expect("sent");
        assert_eq!(ours.recv(&mut [0; 8]).expect("it comes"), 1);
    }
}
