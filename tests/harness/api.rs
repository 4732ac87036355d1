//! A phone's control API over HTTP/1.1, one connection a request: as much of a client as the suites need.
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Where a phone's API is.
#[derive(Clone, Debug)]
pub struct Api {
    address: SocketAddr,
    token: String,
}

impl Api {
    /// Reads the `api.json` that a running phone has written; `None` while it is not there or not whole.
    #[must_use]
    pub fn find(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let url = value["url"].as_str()?;
        let address = url.strip_prefix("http://")?.trim_end_matches('/');
        Some(Self {
            address: address.parse().ok()?,
            token: value["token"].as_str()?.to_owned(),
        })
    }

    /// The status and the JSON (null, where it is none) that `GET path` is answered with.
    ///
    /// # Errors
    /// No answer, or none that is HTTP, in words.
    pub fn get(&self, path: &str) -> Result<(u16, Value), String> {
        self.request("GET", path, "")
    }

    /// As [`Api::get`], for `POST path` with this body.
    ///
    /// # Errors
    /// As for [`Api::get`].
    pub fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), String> {
        self.request("POST", path, &body.to_string())
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Result<(u16, Value), String> {
        let words = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut stream = TcpStream::connect_timeout(&self.address, LIMIT).map_err(words)?;
        stream.set_read_timeout(Some(LIMIT)).map_err(words)?;
        stream.set_write_timeout(Some(LIMIT)).map_err(words)?;
        // RFC 1945: a response of HTTP/1.0 is never in chunks.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(words)?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(words)?;
        let read = || {
            let (head, body) = text.split_once("\r\n\r\n")?;
            let status = head.split_whitespace().nth(1)?.parse().ok()?;
            Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
        };
        read().ok_or_else(|| format!("{method} {path}: something that is not HTTP: {text:?}"))
    }
}
