//! A running phone as a program sees it: its address, its token, its answers byte by byte, its events.
use crate::judge::Answer;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_tests::program::PhoneProcess;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// No sound: what is heard is proved elsewhere.
pub(crate) const SILENT: &str =
    "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[audio]\nend = \"none\"\n";

pub(crate) struct Phone {
    pub(crate) process: PhoneProcess,
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Phone {
    /// A phone of this name in this folder, with these lines in its configuration.
    pub(crate) fn start(folder: &Path, name: &str, settings: &str) -> Self {
        let runtime = folder.join("run");
        std::fs::create_dir_all(&runtime).expect("the folder can be written");
        let process = PhoneProcess::start(name, folder, &runtime, settings, &[]);
        let file = runtime.join("trialog").join(name).join("api.json");
        let api = std::fs::read_to_string(file).expect("a running phone says where it is");
        let api: Value = serde_json::from_str(&api).expect("in JSON");
        let text = |name: &str| api[name].as_str().expect("a string").to_owned();
        Self {
            process,
            address: text("url").replace("http://", ""),
            token: text("token"),
        }
    }

    /// The answer to a request with this body, if any.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the phone listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let (head, body) = text.split_once("\r\n\r\n").expect("in HTTP");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        Answer {
            status: status.and_then(|code| code.parse().ok()).expect("a status"),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn status(&self) -> Value {
        self.ask("GET", "/api/status", "").json()
    }

    pub(crate) fn follow(&self, query: &str) -> Events {
        let url = format!(
            "ws://{}/api/events?token={}{query}",
            self.address, self.token
        );
        let (socket, _) = tungstenite::connect(url).expect("the phone takes a WebSocket");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        }
        Events {
            socket,
            seen: Vec::new(),
            known: Value::Null,
        }
    }
}

/// A phone's events, and what who applies them knows.
pub(crate) struct Events {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    pub(crate) seen: Vec<Value>,
    pub(crate) known: Value,
}

impl Events {
    /// The next event; `None` where the phone has said that it ends.
    pub(crate) fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let event: Value = serde_json::from_str(&text).expect("in JSON");
                    apply(&mut self.known, &event);
                    self.seen.push(event.clone());
                    return Some(event);
                }
                Ok(Message::Close(frame)) => {
                    let code = frame.map(|frame| u16::from(frame.code));
                    assert_eq!(code, Some(1001), "the phone has ended");
                    return None;
                }
                Ok(_) => {}
                Err(error) => panic!("{error} after {:#?}", self.seen.last()),
            }
        }
    }

    /// Reads on to an event that is meant.
    pub(crate) fn until(&mut self, what: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        while let Some(event) = self.next() {
            if is_meant(&event) {
                return event;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{what} did not come: {:#?}",
                self.seen
            );
        }
        panic!("the phone ended before {what}: {:#?}", self.seen)
    }

    /// Reads on to a call in this stage, and gives its number.
    pub(crate) fn stage(&mut self, stage: &str) -> u64 {
        let event = self.until(stage, |event| {
            let view = &event["view"]["stage"];
            let news = event["changed"].as_array();
            let is_new = news.is_none_or(|news| news.contains(&json!("stage")));
            view == stage && is_new
        });
        event["call"].as_u64().expect("a number")
    }
}

/// What a client knows that applies each event to what it knew.
fn apply(known: &mut Value, event: &Value) {
    fn place(list: &mut Value, view: &Value) {
        let list = list.as_array_mut().expect("a list");
        match list.iter_mut().find(|old| old["id"] == view["id"]) {
            Some(old) => *old = view.clone(),
            None => list.push(view.clone()),
        }
    }
    fn remove(list: &mut Value, id: &Value) {
        let list = list.as_array_mut().expect("a list");
        list.retain(|one| one["id"] != *id);
    }
    match event["event"].as_str().unwrap_or_default() {
        "status" => *known = event["status"].clone(),
        "call-offered" | "call-placed" | "call-changed" if event.get("view").is_some() => {
            place(&mut known["calls"], &event["view"]);
        }
        "call-gone" => remove(&mut known["calls"], &event["call"]),
        "wrap-up-changed" => place(&mut known["wrap_ups"], &event["view"]),
        "wrap-up-submitted" | "wrap-up-dropped" => {
            remove(&mut known["wrap_ups"], &event["wrap_up"]);
        }
        "registration" => place(&mut known["accounts"], &event["account"]),
        "presence" => known["presence"] = event["presence"].clone(),
        "audio" => known["audio"] = event["audio"].clone(),
        "ending" => known["terminating"] = json!(true),
        _ => {}
    }
}
