//! The events of one client: the status first, or what it missed since it was here last, then each event in the feed's order,
//! until either side closes.
//!
//! A client is pinged, so that one that is gone is noticed; one that takes nothing for a while is cut off. Neither keeps the
//! phone or the other clients waiting.
use crate::command::{Command, CommandRequest, Reply};
use crate::feed::{self, Got, Reader, Start};
use crate::guard::Shown;
use crate::messages::Text;
use crate::problem::{Failure, Kind};
use crate::server::Shared;
use crate::view::Look;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, interval_at, timeout};
use trialog_api::request::Follow;
use trialog_api::{AccessRole, Event, Levels, StatusCause, What};
use trialog_call::Input;

/// Messages of a client have no meaning here.
const LONGEST_MESSAGE: usize = 1024;

/// How often a client is pinged. One that has said nothing at all from one ping to the next but one is gone.
const PING: Duration = Duration::from_secs(20);

/// So long a client may leave what it is sent unread.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many clients may follow the events at once.
pub(crate) const READERS: usize = 128;

/// Becomes the WebSocket that a client asked for.
pub(crate) fn open(
    shared: Arc<Shared>,
    upgrade: WebSocketUpgrade,
    follow: &Follow,
    shown: Option<Shown>,
) -> Result<Response, Failure> {
    let readers = Arc::clone(&shared.readers);
    let place = readers.try_acquire_owned().map_err(|_| too_many())?;
    let Follow {
        since,
        status,
        page,
        levels,
        ..
    } = *follow;
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| async move {
        // The hook asks only where an agent can answer.
        let acts = shown
            .as_ref()
            .is_some_and(|shown| shown.role.may(AccessRole::Agent));
        let page = (page && acts).then(|| Page::open(&shared));
        if let Some(page) = &page {
            page.tell(true).await;
        }
        let (reader, start) = shared.desk.feed.reader(since);
        let levels = levels.then(|| shared.desk.feed.follow_levels());
        let client = Client {
            socket,
            reader,
            shared: &shared,
            status,
            shown,
            levels,
        };
        // Why it ended is the client's affair: it is gone.
        let _ = client.run(start).await;
        if let Some(page) = page {
            page.close().await;
        }
        drop(place);
    }))
}

pub(crate) fn too_many() -> Failure {
    let reason = Text::new(
        format!("{READERS} clients follow the events already."),
        format!("Es folgen schon {READERS} Clients den Ereignissen."),
    );
    let hint = Text::new(
        "Close one that is not needed, or let one follow and tell the others.",
        "Schließen Sie einen, der nicht gebraucht wird, oder lassen Sie einen folgen und es den anderen sagen.",
    );
    Failure::new(Kind::TooManyReaders, reason, hint)
}

/// The client can't be sent to any more, or the phone is over.
struct Over;

struct Client<'a> {
    socket: WebSocket,
    reader: Reader,
    shared: &'a Shared,
    /// The whole status follows each change.
    status: bool,
    /// By what it was let in.
    shown: Option<Shown>,
    /// Where the client asks how loud the parties are.
    levels: Option<watch::Receiver<Option<Levels>>>,
}

impl Client<'_> {
    async fn run(mut self, start: Start) -> Result<(), Over> {
        match start {
            Start::Fresh => self.whole(StatusCause::Connected, None).await?,
            Start::TooOld => self.whole(StatusCause::TooOld, None).await?,
            Start::Resumed => {}
        }
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                got = self.reader.next() => match got {
                    Got::Events(events) => {
                        for event in events {
                            self.send(Message::text(event.text())).await?;
                        }
                        if self.status {
                            self.whole(StatusCause::Asked, None).await?;
                        }
                    }
                    Got::Behind => {
                        let had = self.reader.cursor();
                        self.whole(StatusCause::TooSlow, Some(had)).await?;
                    }
                    Got::Ended => return self.farewell().await,
                },
                Some(levels) = changed(&mut self.levels) => self.loud(levels).await?,
                message = self.socket.recv() => match message {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return Ok(()),
                    // Pings are answered by the library; anything else shows only that the client is there.
                    Some(Ok(_)) => unanswered = 0,
                },
                _ = pings.tick() => {
                    if unanswered == 2 {
                        return Err(Over);
                    }
                    if self.is_no_longer_let_in() {
                        return Err(Over);
                    }
                    unanswered += 1;
                    self.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// Its token was taken back.
    fn is_no_longer_let_in(&self) -> bool {
        let token = self.shown.as_ref().and_then(|shown| shown.token.as_deref());
        token.is_some_and(|token| self.shared.desk.others.role_of(token).is_none())
    }

    /// Sends the whole status; `had`: the last event that the client got before some that are gone.
    async fn whole(&mut self, why: StatusCause, had: Option<u64>) -> Result<(), Over> {
        let Some((look, seq)) = look(self.shared).await else {
            return self.farewell().await.and(Err(Over));
        };
        self.reader.skip_to(seq);
        let what = What::Status {
            why,
            missed: had.map(|had| seq.saturating_sub(had)),
            status: Box::new(look.status()),
        };
        self.tell(seq, what).await
    }

    /// Sends how loud the parties are.
    async fn loud(&mut self, levels: Levels) -> Result<(), Over> {
        self.tell(self.reader.cursor(), What::Levels { levels })
            .await
    }

    /// Sends what is no change, with the number of the last one.
    async fn tell(&mut self, seq: u64, what: What) -> Result<(), Over> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let event = Event {
            seq,
            at_ms: now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX)),
            what,
        };
        self.send(Message::text(feed::text(&event))).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    /// The phone is over.
    async fn farewell(&mut self) -> Result<(), Over> {
        let frame = CloseFrame {
            code: close_code::AWAY,
            reason: "the phone has ended".into(),
        };
        self.send(Message::Close(Some(frame))).await
    }
}

/// The next levels; nothing where they are not asked for, or will never come again.
async fn changed(levels: &mut Option<watch::Receiver<Option<Levels>>>) -> Option<Levels> {
    let levels = levels.as_mut()?;
    loop {
        levels.changed().await.ok()?;
        let now = levels.borrow_and_update().clone();
        if now.is_some() {
            return now;
        }
    }
}

/// The phone as it is now, with the number of the last event; nothing where it is over.
async fn look(shared: &Shared) -> Option<(Box<Look>, u64)> {
    let (reply, outcome) = oneshot::channel();
    let command = Command::Look;
    let request = CommandRequest { command, reply };
    shared.desk.commands.send(request).await.ok()?;
    match outcome.await.ok()? {
        Reply::Seen { look, seq } => Some((look, seq)),
        _ => None,
    }
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
        let _ = self
            .0
            .desk
            .commands
            .send(CommandRequest { command, reply })
            .await;
    }
}
