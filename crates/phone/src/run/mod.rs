//! The running phone: one loop that carries what happens to the core and the user agent, and what they decide to the sockets,
//! the sound, the records and the desk. It decides nothing itself.
mod address;
mod command;
mod ending;
mod error;
mod registration;
mod say;
mod sound;
mod start;
mod turn;
mod wire;

pub(crate) use error::StartError;

use crate::RoutingFilter;
use crate::clock::Clock;
use crate::config::Config;
use crate::net::{Resolution, Resolver, StreamEvent};
use crate::place::Place;
use crate::platform::{Signals, more_descriptors};
use crate::records::Records;
use ending::Ending;
use say::Reading;
use sound::Sound;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trialog_call::{CallId, Refusal};
use trialog_desk::{CommandRequest, Feed, Identity};
use trialog_engine::EngineEvent;
use trialog_ua::{Account, Endpoint, EndpointInput};
use wire::Wire;

/// So long the API's last answers may take on their way to slow clients.
const FAREWELL: Duration = Duration::from_millis(200);

/// Is a phone until it is told to end.
pub(crate) fn run(config: Config, headless: bool, filter: RoutingFilter) -> Result<(), StartError> {
    more_descriptors();
    // One thread for the loop and the desk: what comes need not be handed from thread to thread, and the loop is always first.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let sound = runtime.block_on(async {
        let (mut running, sources) = start::start(config, headless, filter).await?;
        running.go(sources).await;
        Ok::<_, StartError>(running.end().await)
    })?;
    // Streams and clients that still talk are cut off; the recordings are finished.
    runtime.shutdown_background();
    sound.shutdown();
    Ok(())
}

/// All that the loop holds.
struct Running {
    clock: Clock,
    endpoint: Endpoint,
    wire: Wire,
    resolver: Resolver,
    sound: Sound,
    /// To the loop, from the threads that read files.
    readings: mpsc::Sender<Reading>,
    records: Records,
    feed: Feed,
    identity: Arc<Identity>,
    accounts: Vec<Account>,
    ending: Ending,
    /// What came up while something else was handled.
    next: VecDeque<EndpointInput<'static>>,
    /// What came of the command that is being handled.
    verdict: Verdict,
    place: Place,
    desk: Serving,
}

/// Where things happen beside the sockets.
struct Sources {
    streams: mpsc::Receiver<StreamEvent>,
    resolutions: mpsc::Receiver<Resolution>,
    commands: mpsc::Receiver<CommandRequest>,
    sounds: mpsc::Receiver<EngineEvent>,
    readings: mpsc::Receiver<Reading>,
    signals: Signals,
}

/// The desk at work.
struct Serving {
    task: JoinHandle<()>,
    /// Dropping it ends the desk, after the answers that are on their way.
    _until: oneshot::Sender<()>,
}

/// What the core said to the input that is being handled.
#[derive(Debug, Default)]
struct Verdict {
    refused: Option<Refusal>,
    began: Option<CallId>,
}

impl Running {
    /// Lets go of everything; the sound is left to be finished.
    async fn end(self) -> Sound {
        self.feed.end();
        drop(self.place);
        let Serving {
            task,
            _until: until,
        } = self.desk;
        drop(until);
        let _ = timeout(FAREWELL, task).await;
        self.sound
    }
}
