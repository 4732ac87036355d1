//! Streams: each has a connection and a thread of its own. The thread sleeps in the read of its socket, which is its clock; beside that
//! it neither waits nor allocates.
use super::connection::{Connection, tag};
use crate::card::{Capture, Played, Side, StreamState};
use crate::device::{Note, Opened};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, Command, CreatePlaybackStreamReply, CreateRecordStreamReply, DESCRIPTOR_SIZE,
    PlaybackStreamParams, Prop, Props, RecordStreamParams, SampleFormat, SampleSpec,
};
use std::ffi::CString;
use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use trialog_frame::{FRAME_SAMPLES, RATE};

/// A sample is a float.
const SAMPLE: usize = 4;

/// Ten milliseconds.
const PERIOD: u32 = (FRAME_SAMPLES * SAMPLE) as u32;

/// Most octets that are read or written at once.
const BLOCK: usize = 8 * PERIOD as usize;

/// Numbers of messages that the server sends.
const REQUEST: u32 = 61;
const PLAYBACK_KILLED: u32 = 64;
const RECORD_KILLED: u32 = 65;
const PLAYBACK_MOVED: u32 = 78;
const RECORD_MOVED: u32 = 79;

/// A stream. Dropping it ends its thread.
struct Stream {
    socket: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn spec() -> SampleSpec {
    // The server makes of it what the device takes: any rate, mono or stereo.
    SampleSpec {
        format: SampleFormat::Float32Le,
        channels: 1,
        sample_rate: RATE,
    }
}

/// Bound to its device: the server ends the stream when that goes, and moves it nowhere.
fn flags() -> StreamFlags {
    StreamFlags {
        no_move: true,
        adjust_latency: true,
        ..StreamFlags::default()
    }
}

fn props() -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaRole, c"phone");
    props.set(Prop::MediaName, c"Trialog");
    props
}

fn name(id: &str) -> Result<CString, String> {
    CString::new(id).map_err(|error| error.to_string())
}

/// Opens a source.
pub(super) fn capture(
    path: &Path,
    id: &str,
    side: Capture,
    state: Arc<StreamState>,
    notes: Sender<Note>,
) -> Result<Opened, String> {
    let mut connection = Connection::open(path)?;
    let params = RecordStreamParams {
        sample_spec: spec(),
        channel_map: ChannelMap::mono(),
        source_name: Some(name(id)?),
        buffer_attr: BufferAttr {
            max_length: 8 * PERIOD,
            fragment_size: PERIOD,
            ..BufferAttr::default()
        },
        flags: flags(),
        props: props(),
        ..RecordStreamParams::default()
    };
    let _: CreateRecordStreamReply = connection.ask(&Command::CreateRecordStream(params))?;
    let run = move |reader, _| listen(reader, side);
    start("trialog-capture", connection, state, notes, run)
}

/// Opens a sink.
pub(super) fn play(
    path: &Path,
    id: &str,
    side: impl Played,
    state: Arc<StreamState>,
    notes: Sender<Note>,
) -> Result<Opened, String> {
    let mut connection = Connection::open(path)?;
    let params = PlaybackStreamParams {
        sample_spec: spec(),
        channel_map: ChannelMap::mono(),
        sink_name: Some(name(id)?),
        // Twice the period: what is played, and what is being made.
        buffer_attr: BufferAttr {
            max_length: 2 * PERIOD,
            target_length: 2 * PERIOD,
            minimum_request_length: PERIOD,
            ..BufferAttr::default()
        },
        flags: flags(),
        props: props(),
        ..PlaybackStreamParams::default()
    };
    let reply: CreatePlaybackStreamReply =
        connection.ask(&Command::CreatePlaybackStream(params))?;
    let (channel, first) = (reply.channel, reply.requested_bytes as usize);
    let run = move |reader, writer| speak(reader, writer, channel, first, side);
    start("trialog-playback", connection, state, notes, run)
}

fn start(
    name: &str,
    mut connection: Connection,
    state: Arc<StreamState>,
    notes: Sender<Note>,
    run: impl FnOnce(BufReader<UnixStream>, UnixStream) -> io::Result<()> + Send + 'static,
) -> Result<Opened, String> {
    connection.wait_for_ever()?;
    let (socket, writer) = (connection.socket()?, connection.socket()?);
    let reader = connection.into_reader();
    let thread = std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            // However it ends, it gives or takes nothing any more.
            let _ = run(reader, writer);
            state.fail();
            let _ = notes.send(Note::Changed);
        })
        .map_err(|error| error.to_string())?;
    Ok(Box::new(Stream {
        socket,
        thread: Some(thread),
    }))
}

/// A message that is no samples': its beginning, with the descriptor.
struct Message {
    head: [u8; DESCRIPTOR_SIZE + 20],
    known: usize,
}

impl Message {
    fn descriptor(reader: &mut impl Read) -> io::Result<(Self, usize)> {
        let mut head = [0; DESCRIPTOR_SIZE + 20];
        reader.read_exact(&mut head[..DESCRIPTOR_SIZE])?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let known = DESCRIPTOR_SIZE;
        Ok((Self { head, known }, length as usize))
    }

    fn is_samples(&self) -> bool {
        self.head[4..8] != [0xff; 4]
    }

    /// Reads what follows, as far as it is of use.
    fn read(&mut self, reader: &mut impl Read, length: usize) -> io::Result<()> {
        let used = length.min(self.head.len() - DESCRIPTOR_SIZE);
        reader.read_exact(&mut self.head[DESCRIPTOR_SIZE..][..used])?;
        self.known = DESCRIPTOR_SIZE + used;
        skip(reader, length - used)
    }

    fn tag(&self) -> Option<u32> {
        tag(&self.head[..self.known])
    }

    /// How many octets are asked for: the number after tag, sequence and channel, each with its type before it.
    fn requested(&self) -> usize {
        let at = DESCRIPTOR_SIZE + 3 * 5 + 1;
        match self.head.get(at..at + 4) {
            Some(octets) if self.known >= at + 4 => {
                u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]) as usize
            }
            _ => 0,
        }
    }
}

fn skip(reader: &mut impl Read, mut octets: usize) -> io::Result<()> {
    let mut waste = [0; 256];
    while octets > 0 {
        let some = octets.min(waste.len());
        reader.read_exact(&mut waste[..some])?;
        octets -= some;
    }
    Ok(())
}

/// Takes what a source gives, until it is over.
fn listen(mut reader: BufReader<UnixStream>, mut side: Capture) -> io::Result<()> {
    let mut block = [0; BLOCK];
    loop {
        let (mut message, mut length) = Message::descriptor(&mut reader)?;
        if !message.is_samples() {
            message.read(&mut reader, length)?;
            if matches!(message.tag(), Some(RECORD_KILLED | RECORD_MOVED)) {
                return Ok(());
            }
            continue;
        }
        while length > 0 {
            let some = length.min(BLOCK);
            reader.read_exact(&mut block[..some])?;
            length -= some;
            side.watched(|side| {
                let samples = block[..some].as_chunks::<SAMPLE>().0;
                side.begins(samples.len());
                for sample in samples {
                    side.push(f32::from_le_bytes(*sample));
                }
            });
        }
    }
}

/// Gives a sink what it asks for, until it is over.
fn speak(
    mut reader: BufReader<UnixStream>,
    mut writer: UnixStream,
    channel: u32,
    first: usize,
    mut side: impl Played,
) -> io::Result<()> {
    let mut block = [0; DESCRIPTOR_SIZE + BLOCK];
    block[4..8].copy_from_slice(&channel.to_be_bytes());
    let mut asked = first;
    loop {
        while asked >= SAMPLE {
            let some = asked.min(BLOCK) / SAMPLE * SAMPLE;
            side.watched(|side| {
                block[..4].copy_from_slice(&(some as u32).to_be_bytes());
                side.begins(some / SAMPLE);
                let samples = block[DESCRIPTOR_SIZE..][..some].as_chunks_mut::<SAMPLE>().0;
                for sample in samples {
                    *sample = side.sample().to_le_bytes();
                }
            });
            writer.write_all(&block[..DESCRIPTOR_SIZE + some])?;
            asked -= some;
        }
        let (mut message, length) = Message::descriptor(&mut reader)?;
        if message.is_samples() {
            skip(&mut reader, length)?;
            continue;
        }
        message.read(&mut reader, length)?;
        match message.tag() {
            Some(REQUEST) => asked += message.requested(),
            Some(PLAYBACK_KILLED | PLAYBACK_MOVED) => return Ok(()),
            _ => {}
        }
    }
}
