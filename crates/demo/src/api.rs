//! A phone's control API over HTTP/1.1, one connection a request: as much of a client as the demo needs.
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Where a phone's API is.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    address: SocketAddr,
    token: String,
}

/// What came back: the status and the body.
pub(crate) type Answer = Result<(u16, Value), String>;

impl Api {
    /// Reads `api.json`; `None` while it is not there or not whole.
    pub(crate) fn find(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let url = value["url"].as_str()?;
        let address = url.strip_prefix("http://")?.trim_end_matches('/');
        Some(Self {
            address: address.parse().ok()?,
            token: value["token"].as_str()?.to_owned(),
        })
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, &body.to_string())
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        let words = |e: std::io::Error| e.to_string();
        let mut stream = TcpStream::connect_timeout(&self.address, LIMIT).map_err(words)?;
        stream.set_read_timeout(Some(LIMIT)).map_err(words)?;
        stream.set_write_timeout(Some(LIMIT)).map_err(words)?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(words)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(words)?;
        read(&bytes).ok_or_else(|| "something that is not HTTP".to_owned())
    }
}

fn read(bytes: &[u8]) -> Option<(u16, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("\r\ntransfer-encoding: chunked");
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_owned()
    };
    let value = serde_json::from_str(&body).unwrap_or(Value::Null);
    Some((status, value))
}

// RFC 9112 §7.1.
fn unchunk(mut body: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_chunked_answers_are_read() {
        let plain = b"HTTP/1.1 409 Conflict\r\ncontent-length: 17\r\n\r\n{\"refused\":\"no\"}";
        assert_eq!(
            read(plain).map(|(s, v)| (s, v["refused"].clone())),
            Some((409, "no".into()))
        );
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n5\r\n\":1}\n\r\n0\r\n\r\n";
        assert_eq!(
            read(chunked).map(|(s, v)| (s, v["a"].clone())),
            Some((200, 1.into()))
        );
    }
}
