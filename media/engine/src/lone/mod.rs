//! Legs that stand alone: whoever is there hears silence or himself, and nobody else, ever.
//!
//! They have no port of the bridge and no codec of their own, so that there may be thousands. A thread of their own serves
//! them all: it waits for what comes on any of their sockets, and every 10 ms takes orders and sends what is due. It is no
//! audio thread: what must not wait is in the bridge.
mod leg;
mod silence;

use crate::baton::Baton;
use crate::handover::LegShared;
use crate::{EngineError, EngineEvent, LoneSound, RtpSocket, SessionParams};
use leg::Leg;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use silence::Silences;
use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

pub(crate) use leg::Start;

/// How often orders are taken and silence is sent.
const TURN: Duration = Duration::from_millis(10);

/// So many sockets are looked at between two turns' work.
const READY: usize = 256;

/// What control tells the thread.
pub(crate) enum Order {
    Open(Box<Leg>),
    Change { key: u64, session: SessionParams },
    Close { key: u64 },
}

/// A leg, and its RTCP socket for the service.
pub(crate) fn leg(
    key: u64,
    socket: RtpSocket,
    session: &SessionParams,
    sound: LoneSound,
    start: Start,
    shared: Arc<LegShared>,
) -> (Box<Leg>, UdpSocket) {
    let leg = Leg::new(key, socket.rtp, session, sound, start, shared);
    (Box::new(leg), socket.rtcp)
}

/// The thread.
pub(crate) struct Lone {
    orders: Receiver<Order>,
    events: Sender<EngineEvent>,
    baton: Arc<Baton>,
    epoll: Epoll,
    legs: HashMap<u64, Box<Leg>>,
    silences: Silences,
    buffer: Box<[u8; 2048]>,
}

impl Lone {
    pub(crate) fn new(
        orders: Receiver<Order>,
        events: Sender<EngineEvent>,
        baton: Arc<Baton>,
    ) -> Result<Self, EngineError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(|error| EngineError::Thread(error.into()))?;
        Ok(Self {
            orders,
            events,
            baton,
            epoll,
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
                let Ok(order) = self.orders.recv() else {
                    return;
                };
                self.obey(order);
                next = Instant::now();
            }
            loop {
                match self.orders.try_recv() {
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let millis = self.baton.millis();
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
        let mut ready = [EpollEvent::empty(); READY];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let wait = u16::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
            let Ok(count) = self.epoll.wait(&mut ready, EpollTimeout::from(wait)) else {
                // A signal, which is nothing to us.
                return;
            };
            let millis = self.baton.millis();
            for event in &ready[..count] {
                let Some(leg) = self.legs.get_mut(&event.data()) else {
                    continue;
                };
                // One datagram a wake-up: where more wait, the socket is ready again at once.
                if let Some(digit) = leg.receive(millis, &mut self.buffer[..]) {
                    let _ = self.events.send(EngineEvent::Dtmf(leg.key(), digit));
                }
            }
            if left.is_zero() || count == 0 {
                return;
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Open(leg) => {
                let event = EpollEvent::new(EpollFlags::EPOLLIN, leg.key());
                if let Err(error) = self.epoll.add(leg.socket(), event) {
                    let why = format!("a leg's RTP can't be listened to: {error}");
                    let _ = self.events.send(EngineEvent::Error(why));
                }
                self.legs.insert(leg.key(), leg);
            }
            Order::Change { key, session } => {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.change(&session);
                }
            }
            // Its socket is closed with it, and so no longer listened to.
            Order::Close { key } => {
                self.legs.remove(&key);
            }
        }
    }
}
