//! A PulseAudio server (or PipeWire's, which speaks the same protocol), by its socket: messages and their encoding are the crate
//! `pulseaudio`'s, the sockets and threads are ours. So a stream can be bound to its device (the server ends it when the device goes, and
//! never moves it), what comes and goes is told at once, and nothing waits or allocates on the streams' threads.
mod connection;
mod stream;

use crate::card::{Bell, Capture, Playback, StreamState};
use crate::device::{Listed, Listing, Note, Opened, SoundSystem};
use connection::Connection;
use pulseaudio::protocol::{Command, ServerInfo, SinkInfoList, SourceInfoList, SubscriptionMask};
use std::ffi::{CStr, CString};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

/// The tag of a message that tells of a change.
const SUBSCRIBE_EVENT: u32 = 66;

/// The sound server of this session, where one runs. It tells by `notes` what changes.
pub(crate) fn sound_server(notes: &Sender<Note>) -> Option<Result<Box<dyn SoundSystem>, String>> {
    let path = pulseaudio::socket_path_from_env()?;
    // A socket that its server has left behind.
    drop(UnixStream::connect(&path).ok()?);
    let server = Server::reach(&path, notes.clone());
    Some(server.map(|server| Box::new(server) as Box<dyn SoundSystem>))
}

struct Server {
    path: PathBuf,
    notes: Sender<Note>,
    asks: Connection,
    watch: UnixStream,
    over: Arc<AtomicBool>,
}

impl Server {
    fn reach(path: &Path, notes: Sender<Note>) -> Result<Self, String> {
        let asks = Connection::open(path)?;
        let mut watch = Connection::open(path)?;
        let mask = SubscriptionMask::SINK
            | SubscriptionMask::SOURCE
            | SubscriptionMask::SERVER
            | SubscriptionMask::CARD;
        watch.acknowledged(&Command::Subscribe(mask))?;
        let over = Arc::new(AtomicBool::new(false));
        let socket = watch.socket()?;
        {
            let (notes, over) = (notes.clone(), Arc::clone(&over));
            std::thread::Builder::new()
                .name("trialog-devices".into())
                .spawn(move || follow(watch, &notes, &over))
                .map_err(|error| error.to_string())?;
        }
        Ok(Self {
            path: path.to_owned(),
            notes,
            asks,
            watch: socket,
            over,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        let _ = self.watch.shutdown(Shutdown::Both);
    }
}

/// Tells what the server tells, until it is gone.
fn follow(mut watch: Connection, notes: &Sender<Note>, over: &AtomicBool) {
    if watch.wait_for_ever().is_ok() {
        while let Ok(message) = watch.message() {
            if connection::tag(&message) == Some(SUBSCRIBE_EVENT)
                && notes.send(Note::Changed).is_err()
            {
                return;
            }
        }
    }
    if !over.load(Ordering::Acquire) {
        let _ = notes.send(Note::Lost);
    }
}

impl SoundSystem for Server {
    fn devices(&mut self) -> Result<Listing, String> {
        let server: ServerInfo = self.asks.ask(&Command::GetServerInfo)?;
        let sinks: SinkInfoList = self.asks.ask(&Command::GetSinkInfoList)?;
        let sources: SourceInfoList = self.asks.ask(&Command::GetSourceInfoList)?;
        let listed = |id: &CStr, name: Option<&CString>, monitor_of: Option<&CString>| Listed {
            id: text(id),
            name: name.map_or_else(|| text(id), |name| text(name)),
            monitor_of: monitor_of.map(|name| text(name)),
        };
        let playback = sinks
            .iter()
            .map(|sink| listed(&sink.name, sink.description.as_ref(), None));
        let capture = sources.iter().map(|source| {
            let monitor_of = source.monitor_of_sink_name.as_ref();
            listed(&source.name, source.description.as_ref(), monitor_of)
        });
        Ok(Listing {
            playback: playback.collect(),
            capture: capture.collect(),
            default_playback: server.default_sink_name.map(|name| text(&name)),
            default_capture: server.default_source_name.map(|name| text(&name)),
        })
    }

    fn tells(&self) -> bool {
        true
    }

    fn capture(
        &mut self,
        device: &Listed,
        side: Capture,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        stream::capture(&self.path, &device.id, side, state, self.notes.clone())
    }

    fn play(
        &mut self,
        device: &Listed,
        side: Playback,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        stream::play(&self.path, &device.id, side, state, self.notes.clone())
    }

    fn ring(
        &mut self,
        device: &Listed,
        side: Bell,
        state: Arc<StreamState>,
    ) -> Result<Opened, String> {
        stream::play(&self.path, &device.id, side, state, self.notes.clone())
    }
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}
