//! The control side: what the phone calls. It may wait, allocate and fail; the audio thread never waits for it.
use crate::assemble;
use crate::baton::Baton;
use crate::bridge::{Bridge, LOCAL, Rings, tone_index};
use crate::device::Device;
use crate::file_end::Files;
use crate::handover::{COMMANDS, Command, EVENTS, LegShared, RETURNS, RoutingCell, Utterance};
use crate::lone::{self, Lone};
use crate::service::{Order, Service, Slots, Watch};
use crate::wav;
use crate::{
    AudioEnd, EngineError, EngineEvent, LegStats, LoneSound, MAX_LEGS, Options, PortOf, PortSpec,
    RtpSocket, SessionParams, Speech, Stats, Tone,
};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use trialog_codec::event_of_digit;
use trialog_dsp::HoldMusic;
use trialog_frame::RATE;
use trialog_mixer::{Port, PortRouting, PortTone};

struct Entry {
    slot: u16,
    session: SessionParams,
}

/// The running engine. Dropping it ends its threads.
pub struct Engine {
    options: Options,
    baton: Arc<Baton>,
    commands: rtrb::Producer<Command>,
    mailbox: Arc<RoutingCell>,
    orders: Sender<Order>,
    slots: Arc<Slots>,
    stats: Arc<Mutex<Vec<LegStats>>>,
    legs: BTreeMap<u64, Entry>,
    /// Those that stand alone, and the way to their thread, which is there where all do.
    lone: HashMap<u64, SessionParams>,
    lone_orders: Option<Sender<lone::Order>>,
    ports: Vec<PortSpec>,
    files: Option<Files>,
    device: Option<Device>,
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
    /// [`EngineError::NoDevice`], [`EngineError::File`] or [`EngineError::Thread`]: nothing runs then.
    pub fn start(
        end: AudioEnd,
        options: Options,
    ) -> Result<(Self, Receiver<EngineEvent>), EngineError> {
        let music = match &options.music {
            Some(path) => {
                let samples = wav::read(path)?;
                HoldMusic::from_samples(
                    samples
                        .into_iter()
                        .map(|sample| f32::from(sample) / 32_768.0)
                        .collect(),
                )
            }
            None => HoldMusic::new(),
        };
        let (file, files) = Files::open(&end)?.unzip();
        let (commands, command_end) = rtrb::RingBuffer::new(COMMANDS);
        let (return_end, returns) = rtrb::RingBuffer::new(RETURNS);
        let (event_end, audio) = rtrb::RingBuffer::new(EVENTS);
        let mailbox = Arc::new(RoutingCell::default());
        let rings = Rings {
            commands: command_end,
            returns: return_end,
            events: event_end,
            mailbox: Arc::clone(&mailbox),
        };
        let baton = Arc::new(Baton::new(Box::new(Bridge::new(
            rings,
            music,
            file,
            end == AudioEnd::None,
        ))));
        let (orders, order_end) = mpsc::channel();
        let (events, event_receiver) = mpsc::channel();
        let slots: Arc<Slots> = Arc::new([const { AtomicBool::new(false) }; MAX_LEGS + 1]);
        slots[LOCAL].store(true, Ordering::Relaxed);
        let stats = Arc::new(Mutex::new(Vec::new()));
        let service = Service {
            orders: order_end,
            events: events.clone(),
            returns,
            audio,
            baton: Arc::clone(&baton),
            slots: Arc::clone(&slots),
            stats: Arc::clone(&stats),
            options: options.clone(),
        };
        let lone = match options.alone {
            Some(_) => {
                let (orders, order_end) = mpsc::channel();
                let lone = Lone::new(order_end, events.clone(), Arc::clone(&baton))?;
                Some((orders, lone))
            }
            None => None,
        };
        let device = match end {
            AudioEnd::Device { input, output } => {
                Some(Device::start(input, output, Arc::clone(&baton), events)?)
            }
            _ => None,
        };
        let mut engine = Self {
            options,
            baton: Arc::clone(&baton),
            commands,
            mailbox,
            orders,
            slots,
            stats,
            legs: BTreeMap::new(),
            lone: HashMap::new(),
            lone_orders: None,
            ports: Vec::new(),
            files,
            device,
            threads: Vec::new(),
        };
        engine.spawn("trialog-service", move || service.run())?;
        engine.spawn("trialog-tick", move || baton.run_timer())?;
        if let Some((orders, lone)) = lone {
            engine.spawn("trialog-lone", move || lone.run())?;
            engine.lone_orders = Some(orders);
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
    /// [`Options::alone`] it has no port of the bridge, is never full, and sends no digits.
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
        if let Some(sound) = self.options.alone {
            self.open_lone(key, socket, session, sound);
            return Ok(());
        }
        let slot = self.free_slot().ok_or(EngineError::TooManyLegs)?;
        let (leg, watch, rtcp) = assemble::leg(key, socket, &session, &self.options)?;
        self.slots[usize::from(slot)].store(true, Ordering::Relaxed);
        self.command(Command::Open {
            slot,
            leg: Box::new(leg),
        })?;
        // The service ends only with the engine.
        let _ = self.orders.send(Order::Open {
            key,
            rtcp,
            leg: watch,
        });
        self.legs.insert(key, Entry { slot, session });
        self.publish();
        Ok(())
    }

    fn open_lone(&mut self, key: u64, socket: RtpSocket, session: SessionParams, sound: LoneSound) {
        let start = lone::Start {
            ssrc: random() as u32,
            sequence: random() as u16,
            timestamp: random() as u32,
        };
        let shared = Arc::new(LegShared::default());
        let watch = Watch {
            shared: Arc::clone(&shared),
            expected: assemble::expected(&session),
        };
        let (leg, rtcp) = lone::leg(key, socket, &session, sound, start, shared);
        self.order_lone(lone::Order::Open(leg));
        let leg = watch;
        // The service ends only with the engine.
        let _ = self.orders.send(Order::Open { key, rtcp, leg });
        self.lone.insert(key, session);
    }

    fn order_lone(&self, order: lone::Order) {
        if let Some(orders) = &self.lone_orders {
            // The thread ends only with the engine.
            let _ = orders.send(order);
        }
    }

    /// What was agreed anew. Jitter buffer, sequence and sound go on; a new codec begins with the next packet.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::Codec`]: the leg stays as it was.
    pub fn change_leg(&mut self, key: u64, session: SessionParams) -> Result<(), EngineError> {
        if let Some(before) = self.lone.get_mut(&key) {
            if *before != session {
                before.clone_from(&session);
                let watch = assemble::expected(&session);
                self.order_lone(lone::Order::Change { key, session });
                let _ = self.orders.send(Order::Change { key, watch });
            }
            return Ok(());
        }
        let entry = self.legs.get(&key).ok_or(EngineError::NoSuchLeg(key))?;
        let (slot, before) = (entry.slot, &entry.session);
        if *before == session {
            return Ok(());
        }
        let change = assemble::change(before, &session, &self.options)?;
        self.command(Command::Change {
            slot,
            change: Box::new(change),
        })?;
        let _ = self.orders.send(Order::Change {
            key,
            watch: assemble::expected(&session),
        });
        self.legs.insert(key, Entry { slot, session });
        Ok(())
    }

    /// Ends a leg: RTCP says BYE, the ports are given back within a tick or two. No such leg: nothing happens.
    pub fn close_leg(&mut self, key: u64) {
        if self.lone.remove(&key).is_some() {
            self.order_lone(lone::Order::Close { key });
            let _ = self.orders.send(Order::Close { key });
            return;
        }
        let Some(entry) = self.legs.remove(&key) else {
            return;
        };
        // First the routing, then the leg: see `Bridge::obey`.
        self.publish();
        if self.command(Command::Close { slot: entry.slot }).is_err() {
            self.legs.insert(key, entry);
            return;
        }
        let _ = self.orders.send(Order::Close { key });
    }

    /// States who hears whom, whole: whoever is not named hears nothing and is heard by nobody. Seats of legs that are
    /// not (yet, or any more) open are kept in mind and take effect when the leg is opened.
    pub fn set_routing(&mut self, ports: &[PortSpec]) {
        if self.ports != ports {
            self.ports = ports.to_vec();
            self.publish();
        }
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
            let tone = spec.tone.map(|tone| PortTone {
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

    /// Sends a digit, `0`–`9`, `*`, `#`, `A`–`D`, after those that are still being sent.
    ///
    /// # Errors
    /// [`EngineError::NoSuchLeg`], [`EngineError::NoDtmf`].
    pub fn send_dtmf(&mut self, key: u64, digit: u8) -> Result<(), EngineError> {
        if self.lone.contains_key(&key) {
            return Err(EngineError::NoDtmf);
        }
        let entry = self.legs.get(&key).ok_or(EngineError::NoSuchLeg(key))?;
        let event =
            event_of_digit(char::from(digit)).filter(|_| entry.session.telephone_event.is_some());
        let (slot, event) = (entry.slot, event.ok_or(EngineError::NoDtmf)?);
        self.command(Command::Dtmf { slot, event })
    }

    /// Microphone and ear are files, so that something can be said.
    pub fn is_file_end(&self) -> bool {
        self.files.is_some()
    }

    /// File end only: says this once, over what is being played, from the next tick on. Returns its length.
    ///
    /// # Errors
    /// [`EngineError::NotAFileEnd`].
    pub fn say(&mut self, speech: Speech) -> Result<Duration, EngineError> {
        if !self.is_file_end() {
            return Err(EngineError::NotAFileEnd);
        }
        let samples = speech.0;
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(RATE));
        self.command(Command::Say(Box::new(Utterance { samples, at: 0 })))?;
        Ok(length)
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        Stats {
            ticks: self.baton.ticks.load(Ordering::Relaxed),
            taken_over: self.baton.taken_over.load(Ordering::Relaxed),
            longest_tick_us: self.baton.longest_us.load(Ordering::Relaxed),
            device: self.baton.device_drives(),
            legs: self
                .stats
                .lock()
                .map(|legs| legs.clone())
                .unwrap_or_default(),
        }
    }

    /// What is heard or said is recorded.
    pub fn is_recording(&self) -> bool {
        self.files.as_ref().is_some_and(Files::is_recording)
    }

    /// When the first sample of the recordings was: unix time in microseconds; `None` before it, or without recordings.
    pub fn recording_started(&self) -> Option<u64> {
        self.files.as_ref().and_then(Files::started)
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
        self.baton.stop();
        let _ = self.orders.send(Order::Stop);
        // The thread of those that stand alone ends when nobody can order it any more.
        self.lone_orders = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        drop(self.baton.take());
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
                    self.baton.wake();
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

    #[cfg(feature = "count-heap")]
    pub(crate) fn heap_watch(&self) -> &crate::heap_count::HeapWatch {
        &self.baton.heap
    }
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
