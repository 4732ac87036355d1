//! The events of one client: the status first, then each event in the feed's order, until either side closes.
use crate::order::{Command, Order};
use crate::server::Shared;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use trialog_call::Input;

/// A client has nothing to say here.
const LONGEST_MESSAGE: usize = 1024;

#[derive(Debug, Deserialize)]
pub(crate) struct Options {
    /// The client is a page that can ask the agent something.
    #[serde(default)]
    page: bool,
}

pub(crate) async fn events(
    State(shared): State<Arc<Shared>>,
    Query(options): Query<Options>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(LONGEST_MESSAGE)
        .on_upgrade(move |socket| async move {
            let page = options.page.then(|| Page::open(&shared));
            if let Some(page) = &page {
                page.tell(true).await;
            }
            run(socket, &shared).await;
            if let Some(page) = page {
                page.close().await;
            }
        })
}

async fn run(mut socket: WebSocket, shared: &Shared) {
    let mut subscription = shared.desk.feed.subscribe();
    if send(&mut socket, &subscription.first).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            event = subscription.events.recv() => {
                let event = match event {
                    Ok(event) => event,
                    // The client is too slow: what it missed is in the status.
                    Err(RecvError::Lagged(_)) => {
                        subscription = shared.desk.feed.subscribe();
                        Arc::clone(&subscription.first)
                    }
                    // The phone ends.
                    Err(RecvError::Closed) => {
                        let _ = socket.send(Message::Close(None)).await;
                        return;
                    }
                };
                if send(&mut socket, &event).await.is_err() {
                    return;
                }
            }
            message = socket.recv() => match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                // Pings are answered by the library; anything else says nothing to us.
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn send(socket: &mut WebSocket, event: &str) -> Result<(), axum::Error> {
    socket.send(Message::text(event)).await
}

/// An open page, counted.
struct Page<'a>(&'a Shared, bool);

impl<'a> Page<'a> {
    fn open(shared: &'a Shared) -> Self {
        let first = shared.pages.fetch_add(1, Ordering::SeqCst) == 0;
        Self(shared, first)
    }

    async fn close(self) {
        if self.0.pages.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.tell(false).await;
        }
    }

    async fn tell(&self, open: bool) {
        if open && !self.1 {
            return;
        }
        let (reply, _) = oneshot::channel();
        let command = Command::Core(Input::PageOpen(open));
        // A phone on its way out need not know.
        let _ = self.0.desk.orders.send(Order { command, reply }).await;
    }
}
