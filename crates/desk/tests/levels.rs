//! How loud the parties are, on a real WebSocket: for the clients that ask, and for as long as they do.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::{Phone, events, phone};
use serde_json::Value;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use trialog_api::{LegLevel, Levels};
use trialog_desk::Reply;
use tungstenite::WebSocket;
use tungstenite::stream::MaybeTlsStream;

type Client = WebSocket<MaybeTlsStream<TcpStream>>;

fn follow(phone: &Phone, query: &str) -> Client {
    let (socket, _) = tungstenite::connect(events(phone, query)).unwrap();
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
    }
    socket
}

fn next(client: &mut Client) -> Value {
    loop {
        if let tungstenite::Message::Text(text) = client.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn levels(db: i8) -> Option<Levels> {
    let leg = "r1".to_owned();
    Some(Levels {
        microphone_db: -90,
        ear_db: db,
        legs: vec![LegLevel { leg, db }],
    })
}

fn wait(what: &str, until: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !until() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn levels_go_to_the_client_that_asks_and_are_no_change_of_the_status() {
    let phone = phone(|_| Reply::Done);
    let mut other = follow(&phone, "");
    let mut meter = follow(&phone, "levels=true");
    let first = next(&mut meter);
    assert!(phone.feed.wants_levels());
    phone.feed.levels(levels(-24));
    let heard = next(&mut meter);
    assert_eq!(heard["event"], "levels");
    assert_eq!(heard["levels"]["legs"][0]["db"], -24);
    assert_eq!(heard["seq"], first["seq"], "it has no number of its own");
    // The same again is not told again.
    phone.feed.levels(levels(-24));
    phone.feed.levels(levels(-30));
    assert_eq!(next(&mut meter)["levels"]["ear_db"], -30);
    // A client that comes later has what is known at once.
    let mut late = follow(&phone, "levels=true");
    next(&mut late);
    assert_eq!(next(&mut late)["levels"]["ear_db"], -30);
    next(&mut other);
    phone.turn(|now| now.terminating = true);
    assert_eq!(next(&mut other)["event"], "ending", "and nothing before");
}

#[test]
fn levels_are_wanted_for_as_long_as_a_client_asks() {
    let phone = phone(|_| Reply::Done);
    let mut other = follow(&phone, "levels=false");
    next(&mut other);
    assert!(!phone.feed.wants_levels());
    let mut meter = follow(&phone, "levels=true");
    next(&mut meter);
    assert!(phone.feed.wants_levels());
    meter.close(None).unwrap();
    wait("it has gone", || !phone.feed.wants_levels());
}
