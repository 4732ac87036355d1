use super::*;
use crate::net::stream::{KEEP_ALIVE, PONG, WHOLE};
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use trialog_sip::Frame;

const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

/// For neither family.
fn nothing<T>() -> Families<T> {
    [].into_iter().collect()
}

async fn listening() -> (Streams, mpsc::Receiver<StreamEvent>, Peer) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let peer = Peer::named(
        "there.example",
        Transport::Tcp,
        listener.local_addr().unwrap(),
    );
    let (streams, events) = Streams::new(
        nothing(),
        [(listener.local_addr().unwrap(), listener)]
            .into_iter()
            .collect(),
    );
    (streams, events, peer)
}

#[tokio::test]
async fn a_message_goes_there_and_its_answer_comes_back_on_the_same_stream() {
    let (mut there, mut at_there, peer) = listening().await;
    let (mut here, mut at_here) = Streams::new(nothing(), nothing());
    let out = here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    assert_eq!(here.send(None, &peer, OPTIONS.to_vec()).unwrap(), out);
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    for _ in 0..2 {
        let Some(StreamEvent::Message {
            id,
            bytes,
            peer: from,
            ..
        }) = at_there.recv().await
        else {
            panic!("no message");
        };
        assert_eq!(bytes, OPTIONS);
        assert_eq!(
            from.name, None,
            "a stream that was opened to us has no name"
        );
        there.send(Some(id), &from, OPTIONS.to_vec()).unwrap();
        let Some(StreamEvent::Message { id, peer: by, .. }) = at_here.recv().await else {
            panic!("no answer");
        };
        assert_eq!((id, &by), (out, &peer));
    }
}

#[tokio::test]
async fn a_stream_of_ours_leaves_from_the_address_that_we_listen_at() {
    let (there, _at_there, peer) = listening().await;
    let own = IpAddr::from([127, 0, 0, 9]);
    let from = [(SocketAddr::new(own, 0), own)].into_iter().collect();
    let (mut here, _at_here) = Streams::new(from, nothing());
    here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    let connection = there.accepted().await;
    assert_eq!(connection.remote.ip(), own);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stream_of_ours_breaks_when_nothing_is_acknowledged_for_seconds() {
    let (there, _at_there, peer) = listening().await;
    let (ours, theirs) = tokio::join!(open(None, peer.address), there.accepted());
    let limit = |stream: &TcpStream| rustix::net::sockopt::tcp_user_timeout(stream).unwrap();
    assert_eq!(u128::from(limit(&ours.unwrap())), PATIENCE.as_millis());
    assert_eq!(limit(&theirs.stream), 0, "the far end's own is its matter");
}

#[tokio::test]
async fn a_ping_is_answered_and_after_garbage_the_answers_leave_and_the_stream_ends() {
    let (mut there, mut at_there, own) = listening().await;
    let mut peer = TcpStream::connect(own.address).await.unwrap();
    let connection = there.accepted().await;
    there.take(connection, |_| false);
    peer.write_all(Frame::PING).await.unwrap();
    let mut pong = [0; 2];
    peer.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, Frame::PONG);
    let good_and_bad = [OPTIONS, b"garbage\r\n\r\n"].concat();
    peer.write_all(&good_and_bad).await.unwrap();
    let Some(StreamEvent::Message { id, peer: from, .. }) = at_there.recv().await else {
        panic!("no message");
    };
    let event = at_there.recv().await;
    assert!(matches!(event, Some(StreamEvent::Unreadable { .. })));
    there.send(Some(id), &from, b"answer".to_vec()).unwrap();
    there.send(Some(id), &from, b"refusal".to_vec()).unwrap();
    there.over(id);
    let mut said = Vec::new();
    peer.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"answerrefusal");
    let event = at_there.recv().await;
    assert!(matches!(event, Some(StreamEvent::Closed { .. })));
}

#[tokio::test(start_paused = true)]
async fn who_only_holds_a_place_gives_it_back() {
    let (mut there, mut at_there, own) = listening().await;
    let whole = [OPTIONS, &OPTIONS[..20]].concat();
    for said in [
        &b""[..],
        b"OPTIONS sip:a@b SIP/2.0\r\n",
        b"\r\n\r\n",
        &whole,
    ] {
        let mut peer = TcpStream::connect(own.address).await.unwrap();
        let connection = there.accepted().await;
        there.take(connection, |_| false);
        peer.write_all(said).await.unwrap();
        let begun = Instant::now();
        if said == whole {
            let event = at_there.recv().await;
            assert!(matches!(event, Some(StreamEvent::Message { .. })));
        }
        let event = at_there.recv().await;
        assert!(
            matches!(event, Some(StreamEvent::Closed { .. })),
            "{event:?}"
        );
        // Virtual time: only what was waited for passes.
        let waited = begun.elapsed();
        assert!(
            (WHOLE..WHOLE + Duration::from_secs(1)).contains(&waited),
            "{waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_far_end_that_answers_no_ping_any_more_is_gone() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let peer = Peer::at(Transport::Tcp, listener.local_addr().unwrap());
    let (mut here, mut events) = Streams::new(nothing(), nothing());
    let id = here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let mut said = vec![0; OPTIONS.len()];
    far.read_exact(&mut said).await.unwrap();
    let begun = Instant::now();
    let mut ping = [0; 4];
    // Not answered: it may not know how. Answered: it does.
    for answered in [false, true, false] {
        far.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, Frame::PING);
        if answered {
            far.write_all(Frame::PONG).await.unwrap();
        }
    }
    let Some(StreamEvent::Failed {
        id: gone,
        peer: from,
        ..
    }) = events.recv().await
    else {
        panic!("no end");
    };
    assert_eq!((gone, &from), (id, &peer));
    let waited = begun.elapsed();
    let due = 3 * KEEP_ALIVE + PONG;
    assert!(
        (due..due + Duration::from_secs(1)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test]
async fn an_abandoned_stream_is_not_used_again() {
    let (mut there, mut at_there, peer) = listening().await;
    let (mut here, _at_here) = Streams::new(nothing(), nothing());
    let first = here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    here.abandon(&peer);
    let second = here.send(None, &peer, OPTIONS.to_vec()).unwrap();
    assert_ne!(first, second);
    for _ in 0..2 {
        let connection = there.accepted().await;
        there.take(connection, |_| false);
    }
    for _ in 0..2 {
        let event = at_there.recv().await;
        assert!(
            matches!(event, Some(StreamEvent::Message { .. })),
            "{event:?}"
        );
    }
}

/// A table with so many streams from each of these addresses, with or without a word.
fn table(from: &[(IpAddr, usize, bool)]) -> Streams {
    let (mut streams, _) = Streams::new(nothing(), nothing());
    for (ip, count, spoke) in from {
        for port in 0..*count {
            let address = SocketAddr::new(*ip, 1024 + port as u16);
            let (id, _) = streams.enter(Peer::at(Transport::Tcp, address), true);
            if *spoke {
                streams.spoke(id);
            }
        }
    }
    streams
}

#[test]
fn strangers_fill_no_table() {
    let ip = |last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
    let known = |address| address == ip(1);
    // One stranger has a share, and a known peer has no limit of its own.
    let mut streams = table(&[(ip(9), MOST_OF_STRANGER, true), (ip(1), 100, true)]);
    assert!(!streams.has_room(ip(9), known));
    assert!(streams.has_room(ip(8), known) && streams.has_room(ip(1), known));
    // A full table: silent strangers give way to all, strangers that spoke to known peers.
    let strangers: Vec<_> = (20..36).map(|last| (ip(last), 32, last > 20)).collect();
    let mut streams = table(&strangers);
    assert_eq!(streams.open.len(), MOST);
    assert!(streams.has_room(ip(8), known));
    assert!(
        !streams.open.contains_key(&ConnectionId(0)),
        "the oldest silent one"
    );
    let mut streams = table(&strangers[1..]);
    for port in 0..32 {
        let address = SocketAddr::new(ip(1), port);
        streams.enter(Peer::at(Transport::Tcp, address), true);
    }
    assert_eq!(streams.open.len(), MOST);
    assert!(!streams.has_room(ip(8), known));
    assert!(streams.has_room(ip(1), known));
}

#[tokio::test]
async fn where_nobody_listens_is_reported() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let (mut streams, mut events) = Streams::new(nothing(), nothing());
    let gone = Peer::named("gone.example", Transport::Tcp, address);
    streams.send(None, &gone, OPTIONS.to_vec()).unwrap();
    let Some(StreamEvent::Failed { peer, .. }) = events.recv().await else {
        panic!("no failure");
    };
    assert_eq!(peer, gone);
}
