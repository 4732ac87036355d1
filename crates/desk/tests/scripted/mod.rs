//! A desk on a real loopback port, in front of a phone that answers every command by a script.
#![allow(dead_code, reason = "each suite uses a part of it")]
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use tokio::net::TcpListener;
use trialog_api::{Audio, AudioEnd};
use trialog_call::{Input, Presence, Snapshot};
use trialog_desk::{
    Command, CommandRequest, Desk, Feed, Identity, Look, Reply, Token, UnixTime, serve,
};

pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) feed: Feed,
    pub(crate) shown: Arc<Mutex<Snapshot>>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) asked: mpsc::Receiver<Command>,
}

pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        presence: Presence::Available,
        calls: Vec::new(),
        wrap_ups: Vec::new(),
        terminating: false,
    }
}

fn identity() -> Identity {
    Identity {
        name: "desk-test".to_owned(),
        version: "1".to_owned(),
        accounts: Vec::new(),
        reasons: Vec::new(),
        audio: Audio {
            end: AudioEnd::None,
            started_unix_us: None,
        },
        start: UnixTime(0),
    }
}

/// A phone that answers every command by `script`, until it is told to end.
pub(crate) fn phone(script: fn(&Command) -> Reply) -> Phone {
    let feed = Feed::new(1_000);
    let shown = Arc::new(Mutex::new(snapshot()));
    let identity = Arc::new(identity());
    let seen = Seen {
        feed: feed.clone(),
        shown: Arc::clone(&shown),
        identity: Arc::clone(&identity),
    };
    let token = Token::new([7; 32]);
    let (commands, mut received) = tokio::sync::mpsc::channel::<CommandRequest>(8);
    let (note, asked) = mpsc::channel();
    let (told, address) = mpsc::channel();
    let desk = Desk {
        token: token.clone(),
        commands,
        feed: feed.clone(),
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            tokio::spawn(serve(listener, desk, std::future::pending()));
            while let Some(request) = received.recv().await {
                let over = request.command == Command::Shutdown;
                let outcome = match request.command {
                    Command::Look => seen.look(),
                    _ => script(&request.command),
                };
                if request.command != Command::Look {
                    let _ = note.send(request.command);
                }
                let _ = request.reply.send(outcome);
                if over {
                    break;
                }
            }
            drop(received);
            std::future::pending::<()>().await;
        });
    });
    Phone {
        address: address.recv().unwrap(),
        token: token.reveal().to_owned(),
        feed,
        shown,
        identity,
        asked,
    }
}

/// What the scripted phone looks like.
struct Seen {
    feed: Feed,
    shown: Arc<Mutex<Snapshot>>,
    identity: Arc<Identity>,
}

impl Seen {
    fn look(&self) -> Reply {
        let snapshot = self.shown.lock().unwrap().clone();
        let identity = Arc::clone(&self.identity);
        self.feed.publish(UnixTime(1), snapshot.clone(), &identity);
        Reply::Seen {
            look: Box::new(Look { snapshot, identity }),
            seq: self.feed.seq(),
        }
    }
}

impl Phone {
    /// A turn of the phone's loop, after which it looks like this.
    pub(crate) fn turn(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut shown = self.shown.lock().unwrap();
        change(&mut shown);
        self.feed
            .publish(UnixTime(2), shown.clone(), &self.identity);
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let mut response = agent()
            .post(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .send(body)
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (response.status().as_u16(), body)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let mut response = agent()
            .get(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (response.status().as_u16(), body)
    }

    pub(crate) fn asked(&self) -> Input {
        match self.asked.try_recv() {
            Ok(Command::Core(input)) => input,
            other => panic!("the core was not asked, but {other:?}"),
        }
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}
