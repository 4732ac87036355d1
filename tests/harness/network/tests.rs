//! The network by itself.
use super::*;

fn datagram(number: usize) -> Datagram {
    let message = format!(
        "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{number}\r\nCSeq: {number} OPTIONS\r\n\r\n"
    );
    Datagram {
        from: SocketAddr::from(([10, 0, 0, 1], 5060)),
        to: SocketAddr::from(([10, 0, 0, 2], 5060)),
        transport: Transport::Udp,
        bytes: message.into_bytes(),
    }
}

fn all(network: &mut Network) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| {
        let at = network.next()?;
        network.arrived(at).map(|datagram| datagram.bytes)
    })
    .collect()
}

#[test]
fn a_good_link_keeps_all_in_order() {
    let mut network = Network::new(Link::GOOD, 1);
    for number in 0..100 {
        network.send(Time::ZERO, datagram(number));
    }
    let expected: Vec<_> = (0..100).map(|number| datagram(number).bytes).collect();
    assert_eq!(all(&mut network), expected);
}

#[test]
fn a_bad_link_loses_doubles_and_mixes_up_the_same_way_for_the_same_seed() {
    let run = |seed| {
        let mut network = Network::new(Link::BAD, seed);
        for number in 0..200 {
            network.send(Time::ZERO, datagram(number));
        }
        all(&mut network)
    };
    let arrived = run(7);
    assert_eq!(arrived, run(7));
    assert_ne!(arrived, run(8));
    let distinct: BTreeSet<_> = arrived.iter().collect();
    assert!(distinct.len() < 200, "some are lost");
    assert!(arrived.len() > distinct.len(), "some come twice");
}

#[test]
fn a_refused_request_does_not_arrive_and_is_answered_each_time_it_is_sent() {
    let mut network = Network::new(Link::GOOD, 1);
    let rule = network.meddle(Wanted::request("OPTIONS"), Meddling::Refuse(488), 1);
    for number in [1, 1, 2] {
        network.send(Time::ZERO, datagram(number));
    }
    let arrived: Vec<_> = all(&mut network)
        .iter()
        .map(|bytes| Text::new(bytes))
        .collect();
    assert_eq!(
        arrived.iter().filter_map(Text::status).collect::<Vec<_>>(),
        [488, 488]
    );
    assert_eq!(
        arrived.iter().filter_map(Text::method).collect::<Vec<_>>(),
        ["OPTIONS"]
    );
    assert_eq!(network.met(rule), 1);
}

#[test]
fn a_stream_keeps_its_order_and_loses_nothing() {
    let mut network = Network::new(Link::BAD, 3);
    for number in 0..100 {
        network.send(
            Time::ZERO,
            Datagram {
                transport: Transport::Tcp,
                ..datagram(number)
            },
        );
    }
    let expected: Vec<_> = (0..100).map(|number| datagram(number).bytes).collect();
    assert_eq!(all(&mut network), expected);
}
