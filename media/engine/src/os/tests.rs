//! Both sides do the same for the engine, but for the times of arrival.
use crate::socket::Datagrams;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
    socket.set_nonblocking(true).expect("it can be set");
    socket
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("bound")
}

#[test]
fn a_sleep_ends_at_its_time_and_a_time_that_is_over_is_none() {
    for sleep_until in [super::linux::sleep_until, super::portable::sleep_until] {
        let deadline = Instant::now() + Duration::from_millis(5);
        sleep_until(deadline);
        assert!(Instant::now() >= deadline);
        let before = Instant::now();
        sleep_until(deadline);
        assert!(before.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn a_thread_goes_on_whether_or_not_its_priority_is_raised() {
    for raise_priority in [
        super::linux::raise_priority,
        super::portable::raise_priority,
    ] {
        let thread = std::thread::spawn(raise_priority);
        thread.join().expect("it goes on");
    }
}

/// A test for each side.
macro_rules! on_both_sides {
    ($($side:ident)*) => { $(
        mod $side {
            use super::super::$side::{Readiness, UdpDatagrams, note_arrivals};
            use super::*;

            #[test]
            fn a_socket_with_something_to_read_is_named_and_one_that_is_gone_is_not() {
                let mut readiness = Readiness::new().expect("there is one");
                let (ours, theirs) = (socket(), socket());
                readiness.add(7, &ours).expect("it is watched");
                theirs.send_to(&[1], address(&ours)).expect("sent");
                let (mut named, begun) = (Vec::new(), Instant::now());
                while named.is_empty() && begun.elapsed() < Duration::from_secs(5) {
                    readiness.wait(Duration::from_millis(10), |key| named.push(key));
                }
                assert_eq!(named, [7]);
                readiness.remove(7);
                drop(ours);
                assert_eq!(readiness.wait(Duration::ZERO, |_| ()), 0);
            }

            #[test]
            fn datagrams_come_whole_one_by_one_and_none_is_waited_for() {
                let (own, theirs) = (socket(), socket());
                note_arrivals(&own);
                let to = address(&own);
                let mut ours = UdpDatagrams::new(own);
                assert!(ours.receive().is_none());
                for datagram in [&[1, 2, 3][..], &[9; 5000], &[], &[4]] {
                    theirs.send_to(datagram, to).expect("sent");
                }
                let mut come = Vec::new();
                while let Some((datagram, source, _)) = ours.receive() {
                    assert_eq!(source, address(&theirs));
                    come.push(datagram.to_vec());
                }
                assert_eq!(come, [&[1, 2, 3][..], &[], &[], &[4]]);
                // Nowhere, and somewhere.
                assert!(!ours.send(&[1], SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9))));
                assert!(ours.send(&[1], address(&theirs)));
                assert_eq!(theirs.recv(&mut [0; 8]).expect("it came"), 1);
                ours.admit(None);
            }
        }
    )* };
}

on_both_sides!(linux portable);
