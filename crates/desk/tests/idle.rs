//! Connections that ask nothing keep none waiting that asks.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::{events, phone};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use trialog_desk::Reply;

/// Longer than a request takes on a busy machine, and shorter than idle connections are kept.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn three_hundred_idle_connections_and_as_many_half_requests_delay_no_client() {
    let phone = phone(|_| Reply::Done);
    let (mut follows, _) = tungstenite::connect(events(&phone, "")).unwrap();
    follows.read().unwrap();
    let connect = || TcpStream::connect(phone.address).unwrap();
    let mut idle: Vec<_> = (0..300).map(|_| connect()).collect();
    let begun = Instant::now();
    assert_eq!(phone.get("/api/status").0, 200);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    for _ in 0..300 {
        let mut stream = connect();
        stream
            .write_all(b"GET /api/status HTTP/1.1\r\nHost: 127")
            .unwrap();
        idle.push(stream);
    }
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(phone.get("/api/status").0, 200);
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // The one that follows the events is no idle one.
    phone.post("/api/hook", "");
    follows
        .send(tungstenite::Message::Ping(Vec::new().into()))
        .unwrap();
    follows.read().unwrap();
    // The oldest that has asked nothing was closed, not left to wait.
    idle[0].set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(idle[0].read(&mut [0; 64]).unwrap(), 0);
}
