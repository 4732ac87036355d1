//! The control side: what the phone calls. It may wait, allocate and fail; the audio thread never waits for it.
mod digits;
mod file;
mod seen;

use crate::assemble;
use crate::bridge::{Bridge, LOCAL, Rings, Tones, tone_index};
use crate::device::{Device, Need, Parts};
use crate::file_end::Files;
use crate::handover::{COMMANDS, Command, EVENTS, LegShared, Meters, RETURNS, RoutingCell};
use crate::member::Watch;
use crate::microphone;
use crate::os::UdpDatagrams;
use crate::parallel::{self, ParallelCommand, ParallelLegs};
use crate::service::{Service, ServiceCommand, Slots};
use crate::tick_driver::TickDriver;
use crate::voice::{self, VoiceThread};
use crate::wav;
use crate::{
    AudioEnd, DeviceNames, EngineError, EngineEvent, LegStats, MAX_LEGS, Options, ParallelSound,
    PortOf, PortSpec, RtpSocket, SessionParams, Tone,
};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use trialog_dsp::HoldMusic;
use trialog_mixer::{Port, PortRouting, PortTone};

struct Entry {
    slot: u16,
    session: SessionParams,
    shared: Arc<LegShared>,
}

/// The running engine. Dropping it ends its threads.
pub struct Engine {
    options: Options,
    pub(crate) driver: Arc<TickDriver>,
    commands: rtrb::Producer<Command>,
    mailbox: Arc<RoutingCell>,
    meters: Arc<Meters>,
    service: Sender<ServiceCommand>,
    slots: Arc<Slots>,
    stats: Arc<Mutex<Vec<LegStats>>>,
    legs: BTreeMap<u64, Entry>,
    /// Parallel legs, and the way to their thread, which is there where all legs are parallel.
    parallel: HashMap<u64, SessionParams>,
    parallel_commands: Option<Sender<ParallelCommand>>,
    ports: Vec<PortSpec>,
    files: Option<Files>,
    device: Option<Device>,
    voice: Option<VoiceThread>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Engine")
            .field("legs", &self.legs.keys())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the local end and starts the tick. Legs come later. Events come by the receiver until the engine is gone.
    ///
    /// # Errors
    /// [`EngineError::File`] or [`EngineError::Thread`]: nothing runs then. A sound device that is not there is none: it is looked for
    /// until it comes.
    pub fn start(
        end: AudioEnd,
        options: Options,
    ) -> Result<(Self, Receiver<EngineEvent>), EngineError> {
        let music = music(options.music.as_deref())?;
        let (file, files) = Files::open(&end)?.unzip();
        let (commands, command_end) = rtrb::RingBuffer::new(COMMANDS);
        let (return_end, returns) = rtrb::RingBuffer::new(RETURNS);
        let (event_end, audio) = rtrb::RingBuffer::new(EVENTS);
        let mailbox = Arc::new(RoutingCell::default());
        let meters = Arc::new(Meters::default());
        let rings = Rings {
            commands: command_end,
            returns: return_end,
            events: event_end,
            mailbox: Arc::clone(&mailbox),
            meters: Arc::clone(&meters),
        };
        let (voice, voice_thread) = match end {
            AudioEnd::None => None,
            AudioEnd::Device { .. } | AudioEnd::File { .. } => voice::start(options.voice)?,
        }
        .unzip();
        let (microphones, microphone_end) = microphone::handover();
        let bridge = Bridge::new(
            rings,
            Tones::new(music, options.country),
            file,
            voice,
            end == AudioEnd::None,
        );
        let driver = Arc::new(TickDriver::new(bridge, microphone_end));
        let (service_commands, service_end) = mpsc::channel();
        let (events, event_receiver) = mpsc::channel();
        let slots: Arc<Slots> = Arc::new([const { AtomicBool::new(false) }; MAX_LEGS + 1]);
        slots[LOCAL].store(true, Ordering::Relaxed);
        let stats = Arc::new(Mutex::new(Vec::new()));
        let service = Service {
            commands: service_end,
            events: events.clone(),
            returns,
            audio,
            driver: Arc::clone(&driver),
            slots: Arc::clone(&slots),
            stats: Arc::clone(&stats),
            options: options.clone(),
        };
        let parallel = match options.parallel {
            Some(_) => {
                let (commands, command_end) = mpsc::channel();
                let parallel = ParallelLegs::new(command_end, events.clone(), Arc::clone(&driver))?;
                Some((commands, parallel))
            }
            None => None,
        };
        let device = match end {
            AudioEnd::Device(names) => Some(Device::start(Parts {
                names,
                country: options.country,
                driver: Arc::clone(&driver),
                microphones,
                events,
            })?),
            _ => None,
        };
        let mut engine = Self {
            options,
            driver: Arc::clone(&driver),
            commands,
            mailbox,
            meters,
            service: service_commands,
            slots,
            stats,
            legs: BTreeMap::new(),
            parallel: HashMap::new(),
            parallel_commands: None,
            ports: Vec::new(),
            files,
            device,
            voice: voice_thread,
            threads: Vec::new(),
        };
        engine.spawn("trialog-service", move || service.run())?;
        engine.spawn("trialog-tick", move || driver.run_timer())?;
        if let Some((commands, parallel)) = parallel {
            engine.spawn("trialog-parallel", move || parallel.run())?;
            engine.parallel_commands = Some(commands);
        }
        Ok((engine, event_receiver))
    }

    fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<(), EngineError> {
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(run)
            .map_err(EngineError::Thread)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Binds a pair of RTP and RTCP ports on `ip`, for the SDP to name, before there is a leg. `0..=0` lets the
    /// system choose.
    ///
    /// # Errors
    /// `AddrInUse` where no pair of the range is free; what the system says where the address can't be used.
    pub fn bind(&self, ip: IpAddr, range: RangeInclusive<u16>) -> io::Result<RtpSocket> {
        RtpSocket::bind(ip, &range, random() as u16 / 2)
    }

    /// A new leg, named `key` from now on. Its sound goes where [`Engine::set_routing`] says, now or later; with
    /// [`Options::parallel`] it has no port of the bridge, is never full, and sends no digits.
    ///
    /// # Errors
    /// [`EngineError::TooManyLegs`], [`EngineError::Codec`]. A leg that was open under this key is closed first.
    pub fn open_leg(
        &mut self,
        key: u64,
        socket: RtpSocket,
        session: SessionParams,
    ) -> Result<(), EngineError> {
        self.close_leg(key);
        if let Some(sound) = self.options.parallel {
            self.open_parallel(key, socket, session, sound);
            return Ok(());
        }
        let slot = self.free_slot().ok_or(EngineError::TooManyLegs)?;
        let rtp = Box::new(UdpDatagrams::new(socket.rtp));
        let (leg, watch) = assemble::leg(key, rtp, &session, &self.options)?;
        self.slots[usize::from(slot)].store(true, Ordering::Relaxed);
        self.command(Command::Open {
            slot,
            leg: Box::new(leg),
        })?;
        let entry = Entry {
            slot,
            session,
            shared: Arc::clone(&watch.shared),
        };
        // The service ends only with the engine.
        let _ = self.service.send(ServiceCommand::Open {
            key,
            rtcp: socket.rtcp,
            leg: watch,
        });
        self.legs.insert(key, entry);
        self.publish();
        Ok(())
    }

    fn open_parallel(
        &mut self,
        key: u64,
        socket: RtpSocket,
        session: SessionParams,
        sound: ParallelSound,
    ) {
        let start = parallel::Start {
            ssrc: random() as u32,
            sequence: random() as u16,
            timestamp: random() as u32,
        };
        let shared = Arc::new(LegShared::default());
        let watch = Watch {
            shared: Arc::clone(&shared),
            expected: assemble::expected(&session),
            srtp: None,
        };
        let (leg, rtcp) = parallel::leg(key, socket, &session, sound, start, shared);
        self.command_parallel(ParallelCommand::Open(leg));
        let leg = watch;
        // The service ends only with the engine.
        let _ = self.service.send(ServiceCommand::Open { key, rtcp, leg });
        self.parallel.insert(key, session);
    }

    fn command_parallel(&self, command: ParallelCommand) {
        if let Some(commands) = &self.parallel_commands {
            // The thread ends only with the engine.
            let _ = commands.send(command);
        }
    }

    /// All legs are parallel ([`Options::parallel`]).
    pub fn is_parallel(&self) -> bool {
        self.options.parallel.is_some()
    }

    /// What was agreed anew, or for the first time where the leg was opened with [`SessionParams::offered`]. Jitter buffer, sequence and sound go on; a new codec begins with the next packet.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::Codec`]: the leg stays as it was.
    pub fn change_leg(&mut self, key: u64, session: SessionParams) -> Result<(), EngineError> {
        if let Some(before) = self.parallel.get_mut(&key) {
            if *before != session {
                before.clone_from(&session);
                let watch = assemble::expected(&session);
                let session = Box::new(session);
                self.command_parallel(ParallelCommand::Change { key, session });
                let srtp = None;
                let _ = self
                    .service
                    .send(ServiceCommand::Change { key, watch, srtp });
            }
            return Ok(());
        }
        let entry = self.legs.get(&key).ok_or(EngineError::NoSuchLeg(key))?;
        let (slot, before) = (entry.slot, &entry.session);
        let shared = Arc::clone(&entry.shared);
        if *before == session {
            return Ok(());
        }
        let change = assemble::change(before, &session, &self.options)?;
        self.command(Command::Change {
            slot,
            change: Box::new(change),
        })?;
        let _ = self.service.send(ServiceCommand::Change {
            key,
            watch: assemble::expected(&session),
            srtp: session.srtp.clone(),
        });
        let entry = Entry {
            slot,
            session,
            shared,
        };
        self.legs.insert(key, entry);
        Ok(())
    }

    /// Ends a leg: RTCP says BYE, the ports are given back within a tick or two. No such leg: nothing happens.
    pub fn close_leg(&mut self, key: u64) {
        if self.parallel.remove(&key).is_some() {
            self.command_parallel(ParallelCommand::Close { key });
            let _ = self.service.send(ServiceCommand::Close { key });
            return;
        }
        let Some(entry) = self.legs.remove(&key) else {
            return;
        };
        // First the routing, then the leg: see `Bridge::take_commands`.
        self.publish();
        if self.command(Command::Close { slot: entry.slot }).is_err() {
            self.legs.insert(key, entry);
            return;
        }
        let _ = self.service.send(ServiceCommand::Close { key });
    }

    /// States the routing, whole: a party that is not named neither hears nor is heard. Ports of legs that are
    /// not (yet, or any more) open are kept in mind and take effect when the leg is opened.
    pub fn set_routing(&mut self, ports: &[PortSpec]) {
        if self.ports != ports {
            self.ports = ports.to_vec();
            self.need_devices();
            self.publish();
        }
    }

    /// Sound devices are open while there is a party to hear, or a tone.
    fn need_devices(&self) {
        let Some(device) = &self.device else {
            return;
        };
        let is_leg = |spec: &PortSpec| matches!(spec.port, PortOf::Leg(_));
        let call = self
            .ports
            .iter()
            .any(|spec| is_leg(spec) || spec.tone.is_some());
        let ring = self
            .ports
            .iter()
            .any(|spec| spec.port == PortOf::Local && spec.tone == Some(Tone::Ringing));
        if call {
            self.driver.rest_local(false);
        }
        device.need(Need { call, ring });
    }

    /// These sound devices from now on, also in a call; with another local end nothing happens.
    pub fn choose_devices(&mut self, names: DeviceNames) {
        if let Some(device) = &self.device {
            device.choose(names);
        }
    }

    /// Where it rings may have changed with the devices ([`EngineEvent::Devices`]).
    pub fn devices_changed(&self) {
        self.publish();
    }

    fn publish(&self) {
        let mut routing = PortRouting::new();
        for spec in &self.ports {
            let port = match spec.port {
                PortOf::Local => LOCAL,
                PortOf::Leg(key) => match self.legs.get(&key) {
                    Some(entry) => usize::from(entry.slot),
                    None => continue,
                },
            };
            let apart = spec.port == PortOf::Local
                && spec.tone == Some(Tone::Ringing)
                && self.device.as_ref().is_some_and(Device::rings_apart);
            let tone = spec.tone.filter(|_| !apart).map(|tone| PortTone {
                source: tone_index(tone),
                // Music is heard alone; the other tones over whatever is heard.
                over: !matches!(tone, Tone::Music),
            });
            routing.set(
                port,
                Port {
                    group: spec.group,
                    speaks: spec.speaks,
                    hears: spec.hears,
                    tone,
                },
            );
        }
        self.mailbox.publish(routing);
    }

    /// Ends the threads and finishes the recordings; returns when that is done (well under a second).
    ///
    /// # Errors
    /// [`EngineError::File`]: a recording could not be written whole.
    pub fn shutdown(mut self) -> Result<(), EngineError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), EngineError> {
        drop(self.device.take());
        self.driver.stop();
        let _ = self.service.send(ServiceCommand::Stop);
        // The thread of the parallel legs ends with the last sender of its commands.
        self.parallel_commands = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        drop(self.driver.take());
        drop(self.voice.take());
        self.files.as_mut().map_or(Ok(()), Files::finish)
    }

    fn free_slot(&self) -> Option<u16> {
        let free = (1..=MAX_LEGS).find(|slot| !self.slots[*slot].load(Ordering::Acquire));
        free.map(|slot| slot as u16)
    }

    /// Hands a command over. The ring is emptied every 10 ms; only a dead audio thread lets it fill.
    fn command(&mut self, command: Command) -> Result<(), EngineError> {
        let begun = Instant::now();
        let mut command = command;
        loop {
            match self.commands.push(command) {
                Ok(()) => {
                    self.driver.wake();
                    return Ok(());
                }
                Err(rtrb::PushError::Full(back)) if begun.elapsed() < Duration::from_secs(1) => {
                    command = back;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(rtrb::PushError::Full(_)) => return Err(EngineError::Stuck),
            }
        }
    }
}

/// What a held party hears: a file's sound, or music of our own.
fn music(file: Option<&Path>) -> Result<HoldMusic, EngineError> {
    let Some(file) = file else {
        return Ok(HoldMusic::new());
    };
    let samples = wav::read(file)?.into_iter();
    Ok(HoldMusic::from_samples(
        samples.map(|sample| f32::from(sample) / 32_768.0).collect(),
    ))
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// 64 bits from the system, by way of the hasher that the standard library seeds with them. For SSRCs, first sequence
/// numbers and ports: things that should not be guessed or meet, not secrets.
pub(crate) fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
