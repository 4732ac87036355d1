//! Parallel legs: the far end of each hears silence or its own echo, and no other party, ever.
//!
//! They have no port of the bridge and no codec of their own, so that there may be thousands. A thread of their own serves
//! them all: it waits for what comes on any of their sockets, and every 10 ms takes commands and sends what is due. It is no
//! audio thread: what must not wait is in the bridge.
mod leg;
mod silence;

use crate::handover::LegShared;
use crate::os::Readiness;
use crate::tick_driver::TickDriver;
use crate::{EngineError, EngineEvent, ParallelSound, RtpSocket, SessionParams};
use leg::ParallelLeg;
use silence::Silences;
use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

pub(crate) use leg::Start;

/// How often commands are taken and silence is sent.
const TURN: Duration = Duration::from_millis(10);

/// What control tells the thread.
pub(crate) enum ParallelCommand {
    Open(Box<ParallelLeg>),
    Change {
        key: u64,
        session: Box<SessionParams>,
    },
    Close {
        key: u64,
    },
}

/// A leg, and its RTCP socket for the service.
pub(crate) fn leg(
    key: u64,
    socket: RtpSocket,
    session: &SessionParams,
    sound: ParallelSound,
    start: Start,
    shared: Arc<LegShared>,
) -> (Box<ParallelLeg>, UdpSocket) {
    let leg = ParallelLeg::new(key, socket.rtp, session, sound, start, shared);
    (Box::new(leg), socket.rtcp)
}

/// The thread.
pub(crate) struct ParallelLegs {
    commands: Receiver<ParallelCommand>,
    events: Sender<EngineEvent>,
    driver: Arc<TickDriver>,
    readiness: Readiness,
    legs: HashMap<u64, Box<ParallelLeg>>,
    silences: Silences,
    buffer: Box<[u8; 2048]>,
}

impl ParallelLegs {
    pub(crate) fn new(
        commands: Receiver<ParallelCommand>,
        events: Sender<EngineEvent>,
        driver: Arc<TickDriver>,
    ) -> Result<Self, EngineError> {
        let readiness = Readiness::new().map_err(EngineError::Thread)?;
        Ok(Self {
            commands,
            events,
            driver,
            readiness,
            legs: HashMap::new(),
            silences: Silences::default(),
            buffer: Box::new([0; 2048]),
        })
    }

    /// Until control is gone.
    pub(crate) fn run(mut self) {
        let mut next = Instant::now();
        loop {
            if self.legs.is_empty() {
                // Nothing to do but wait.
                let Ok(command) = self.commands.recv() else {
                    return;
                };
                self.handle_command(command);
                next = Instant::now();
            }
            loop {
                match self.commands.try_recv() {
                    Ok(command) => self.handle_command(command),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let millis = self.driver.millis();
            self.silences.turn();
            for leg in self.legs.values_mut() {
                leg.turn(millis, &mut self.silences);
            }
            next += TURN;
            let now = Instant::now();
            if next < now {
                // The machine was busy: what was missed is not made up for.
                next = now;
            }
            self.listen(next);
        }
    }

    /// Takes in what comes until then.
    fn listen(&mut self, until: Instant) {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let count = self.readiness.wait(left, |key| {
                let Some(leg) = self.legs.get_mut(&key) else {
                    return;
                };
                let millis = self.driver.millis();
                // One datagram a wake-up: where more wait, the socket is ready again at once.
                if let Some(digit) = leg.receive(millis, &mut self.buffer[..]) {
                    let _ = self.events.send(EngineEvent::Dtmf(leg.key(), digit));
                }
            });
            if left.is_zero() || count == 0 {
                return;
            }
        }
    }

    fn handle_command(&mut self, command: ParallelCommand) {
        match command {
            ParallelCommand::Open(leg) => {
                if let Err(error) = self.readiness.add(leg.key(), leg.socket()) {
                    let why = format!("a leg's RTP can't be listened to: {error}");
                    let _ = self.events.send(EngineEvent::Error(why));
                }
                self.legs.insert(leg.key(), leg);
            }
            ParallelCommand::Change { key, session } => {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.change(&session);
                }
            }
            ParallelCommand::Close { key } => {
                self.readiness.remove(key);
                self.legs.remove(&key);
            }
        }
    }
}
