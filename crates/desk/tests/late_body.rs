//! A client that sends more than the answer needs has the answer whole.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod scripted;

use scripted::phone;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use trialog_desk::Reply;

#[test]
fn an_answer_is_whole_though_a_body_that_it_does_not_need_comes_late() {
    let phone = phone(|_| Reply::Done);
    for _ in 0..10 {
        let mut stream = TcpStream::connect(phone.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let head = format!(
            "GET /api/openapi.json HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n",
            phone.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The answer is longer than what a client's socket takes unread: its end is still at the phone.
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(b"{}").unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        assert_eq!(body.len().to_string(), length);
    }
}
