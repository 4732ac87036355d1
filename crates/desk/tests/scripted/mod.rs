//! A desk on a real loopback port, in front of a phone that answers every command by a script.
#![allow(dead_code, reason = "each suite uses a part of it")]
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tokio::net::TcpListener;
use trialog_api::{AccessRole, Audio, Contact, Records};
use trialog_call::{Input, Presence, Snapshot, Time};
use trialog_desk::{
    Command, CommandRequest, Desk, Feed, Identity, Look, OtherTokens, PageKeys, Pairing, Reply,
    RoleKeys, Token, UnixTime, serve,
};

pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) pairing: Pairing,
    pub(crate) feed: Feed,
    pub(crate) shown: Arc<Mutex<Snapshot>>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) asked: mpsc::Receiver<Command>,
}

pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        presence: Presence::Available,
        presence_since: Time::ZERO,
        turns_away: None,
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
        lamps: Vec::new(),
        reasons: Vec::new(),
        idle_reasons: Vec::new(),
        idle: None,
        audio: Audio::default(),
        records: Records::default(),
        unread: Vec::new(),
        quality: Default::default(),
        start: UnixTime(0),
    }
}

fn other_each_time() -> [u8; 32] {
    static NEXT: AtomicU8 = AtomicU8::new(100);
    [NEXT.fetch_add(1, Ordering::Relaxed); 32]
}

/// A request for the events with this query, without its question mark.
pub(crate) fn events(phone: &Phone, query: &str) -> tungstenite::handshake::client::Request {
    use tungstenite::client::IntoClientRequest;
    let url = format!("ws://{}/api/events?{query}", phone.address);
    let mut request = url.into_client_request().unwrap();
    let token = format!("Bearer {}", phone.token).parse().unwrap();
    request.headers_mut().insert("Authorization", token);
    request
}

/// The token, beside the phone's own, of this role.
pub(crate) fn token_of(role: AccessRole) -> String {
    format!("token-{role}")
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
    let keys = |cookie, proof| PageKeys {
        cookie: Token::new([cookie; 32]),
        proof: Token::new([proof; 32]),
    };
    let keys = RoleKeys {
        agent: keys(8, 10),
        supervisor: keys(11, 12),
    };
    let others = OtherTokens::new(|shown| {
        let mut all = AccessRole::ALL.iter().copied();
        all.find(|role| shown == token_of(*role))
    });
    let contact = Contact {
        name: "Gus".to_owned(),
        number: "202".to_owned(),
    };
    let pairing = Pairing::new(keys, other_each_time);
    let (commands, mut received) = tokio::sync::mpsc::channel::<CommandRequest>(8);
    let (note, asked) = mpsc::channel();
    let (told, address) = mpsc::channel();
    let desk = Desk {
        token: token.clone(),
        others,
        pairing: pairing.clone(),
        directory: vec![contact].into(),
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
                    Command::Metrics => match script(&request.command) {
                        Reply::Done => Reply::Metrics("# nothing\n".to_owned()),
                        outcome => outcome,
                    },
                    Command::Trace(_) => match script(&request.command) {
                        Reply::Done => Reply::Trace(Box::default()),
                        outcome => outcome,
                    },
                    Command::Past(_) => match script(&request.command) {
                        Reply::Done => Reply::Past(Box::default()),
                        outcome => outcome,
                    },
                    _ => script(&request.command),
                };
                // What is asked is no order.
                if !matches!(
                    request.command,
                    Command::Look | Command::Metrics | Command::Trace(_) | Command::Past(_)
                ) {
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
        pairing,
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
