//! A running phone as a program sees it: its address, its token, its answers byte by byte, its events.
use crate::judge::Answer;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_client::api::request::Follow;
use trialog_client::{Address, Client};
use trialog_tests::program::PhoneProcess;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// No sound: what is heard is proved elsewhere.
pub(crate) const SILENT: &str =
    "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[audio]\nend = \"none\"\n";

pub(crate) struct Phone {
    pub(crate) process: PhoneProcess,
    client: Client,
}

impl Phone {
    /// A phone of this name in this folder, with these lines in its configuration.
    pub(crate) fn start(folder: &Path, name: &str, settings: &str) -> Self {
        let runtime = folder.join("run");
        std::fs::create_dir_all(&runtime).expect("the folder can be written");
        let process = PhoneProcess::start(name, folder, &runtime, settings, &[]);
        let file = runtime.join("trialog").join(name).join("api.json");
        let address = Address::read(&file).expect("a running phone says where it is");
        Self {
            process,
            client: Client::new(address),
        }
    }

    /// The answer to a request with this body, if any.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let answer = self.client.request(method, path, body);
        let (head, body) = answer.expect("the phone answers").into_parts();
        let headers = head.headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("the phone's headers are ASCII");
            (name.as_str().to_owned(), value.to_owned())
        });
        Answer {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body,
        }
    }

    pub(crate) fn status(&self) -> Value {
        self.ask("GET", "/api/status", "").json()
    }

    pub(crate) fn follow(&self, follow: &Follow) -> Events {
        let events = self
            .client
            .follow(follow)
            .expect("the phone takes a WebSocket");
        events.wait_at_most(PATIENCE).expect("a socket");
        Events {
            events,
            seen: Vec::new(),
            known: Value::Null,
        }
    }
}

/// A phone's events, and what a client that applies them knows.
pub(crate) struct Events {
    events: trialog_client::Events,
    pub(crate) seen: Vec<Value>,
    pub(crate) known: Value,
}

impl Events {
    /// The next event; `None` where the phone has said that it ends.
    pub(crate) fn next(&mut self) -> Option<Value> {
        let text = self.events.next_text();
        let text = text.unwrap_or_else(|error| panic!("{error} after {:#?}", self.seen.last()))?;
        let event: Value = serde_json::from_str(&text).expect("in JSON");
        apply(&mut self.known, &event);
        self.seen.push(event.clone());
        Some(event)
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
        "wrap-up-submitted" => {
            remove(&mut known["wrap_ups"], &event["wrap_up"]);
        }
        "registration" => place(&mut known["accounts"], &event["account"]),
        "lamp" => place(&mut known["lamps"], &event["lamp"]),
        "voicemail" => {
            let accounts = known["accounts"].as_array_mut().expect("a list");
            let own = accounts
                .iter_mut()
                .find(|one| one["id"] == event["account"]);
            let own = own.and_then(Value::as_object_mut).expect("an account");
            match event.get("voicemail") {
                Some(state) => own.insert("voicemail".to_owned(), state.clone()),
                None => own.remove("voicemail"),
            };
        }
        "presence" => {
            known["presence"] = event["presence"].clone();
            known["presence_since_ms"] = event["since_ms"].clone();
            let known = known.as_object_mut().expect("an object");
            match event.get("callers_get") {
                Some(status) => known.insert("callers_get".to_owned(), status.clone()),
                None => known.remove("callers_get"),
            };
        }
        "audio" => known["audio"] = event["audio"].clone(),
        "ending" => known["terminating"] = json!(true),
        _ => {}
    }
}
