//! The running phone: one loop that carries what happens to the core and the user agent, and what they decide to the sockets,
//! the sound, the records and the desk. It decides nothing itself.
mod acd;
mod address;
mod command;
mod desk;
mod devices;
mod digits;
mod ending;
mod error;
mod learnt;
mod listening;
mod local_address;
mod measures;
mod records;
mod registration;
mod reload;
mod say;
mod sound;
mod sound_verdict;
mod start;
mod steps;
mod turn;
mod unread;
mod wire;

pub(crate) use devices::known;
pub(crate) use error::StartError;
pub(crate) use registration::not_secured;

use crate::RoutingFilter;
use crate::acd::AcdLine;
use crate::action::Actions;
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::net::{NetworkWatch, Resolution, Resolver, StreamEvent};
use crate::os::{Signals, more_descriptors};
use crate::records::{Records, Ticket, Told};
use crate::runtime_dir::RuntimeDir;
use digits::Digit;
use ending::Ending;
use local_address::LocalAddresses;
use say::Reading;
use sound::Sound;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trialog_call::{CallId, Refusal, Stage};
use trialog_desk::{CommandRequest, Contacts, Feed, Identity};
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
    journal: Journal,
    /// The calls as they were when their steps were told last.
    stages: Vec<(CallId, Stage)>,
    /// Calls of an earlier run that could not be gone on with, and of which the agent is to be told.
    lost: Vec<CallId>,
    feed: Feed,
    acd: Option<AcdLine>,
    metrics: Metrics,
    actions: Actions,
    /// As it was read last; what takes effect only at a start, as it was then.
    config: Box<Config>,
    /// What the page finds numbers in.
    directory: Contacts,
    identity: Arc<Identity>,
    accounts: Vec<Account>,
    ending: Ending,
    /// What came up while something else was handled.
    next: VecDeque<EndpointInput<'static>>,
    /// What came of the command that is being handled.
    verdict: Verdict,
    /// Commands whose digit waits for the far side's answer, the oldest first.
    digits: VecDeque<digits::Asked>,
    /// What waits for the disk.
    on_its_way: records::OnItsWay,
    /// Legs or the agent's presence may have changed since they were looked at for the records.
    changed: bool,
    runtime_dir: RuntimeDir,
    local: LocalAddresses,
    desk: Serving,
}

/// Where things happen beside the sockets.
struct Sources {
    streams: mpsc::Receiver<StreamEvent>,
    resolutions: mpsc::Receiver<Resolution>,
    commands: mpsc::Receiver<CommandRequest>,
    sounds: mpsc::Receiver<EngineEvent>,
    readings: mpsc::Receiver<Reading>,
    told: mpsc::UnboundedReceiver<Told>,
    network: NetworkWatch,
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
    /// What was recorded is on its way to the disk, and its answer is awaited.
    ticket: Option<Ticket>,
    /// The input is to send a digit, and what has become of that.
    asks_for_digit: bool,
    digit: Option<Digit>,
}

impl Running {
    /// Lets go of everything; the sound is left to be finished.
    async fn end(self) -> Sound {
        self.feed.end();
        drop(self.acd);
        drop(self.runtime_dir);
        let Serving {
            task,
            _until: until,
        } = self.desk;
        drop(until);
        let _ = timeout(FAREWELL, task).await;
        self.sound
    }
}
