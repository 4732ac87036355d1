//! The engine as the phone uses it: the stock of RTP sockets, legs by their names in the core, the routing in the engine's words.
use crate::RoutingFilter;
use crate::config::Media;
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use trialog_call::{LegId, Party, Routing, Tone};
use trialog_engine::{
    Codec, Engine, EngineError, PortOf, PortSpec, RtpSocket, SessionParams, Speech,
};
use trialog_sdp::Negotiated;
use trialog_ua::Endpoint;

/// How many bound and unused pairs of RTP ports the endpoint is kept supplied with.
const STOCK: usize = 8;

/// The engine and the sockets that are not its own yet.
pub(super) struct Sound {
    engine: Engine,
    filter: RoutingFilter,
    media: Media,
    /// Where sockets are bound, and the address that others are told.
    bind: IpAddr,
    tell: IpAddr,
    unused: HashMap<SocketAddr, RtpSocket>,
    taken: HashMap<LegId, RtpSocket>,
    open: HashSet<LegId>,
    /// It was said already that there are no more ports.
    short: bool,
}

impl Sound {
    pub(super) fn new(
        engine: Engine,
        media: Media,
        bind: IpAddr,
        tell: IpAddr,
        filter: RoutingFilter,
    ) -> Self {
        Self {
            engine,
            filter,
            media,
            bind,
            tell,
            unused: HashMap::new(),
            taken: HashMap::new(),
            open: HashSet::new(),
            short: false,
        }
    }

    /// Fills the stock up. An error where there is nothing left to offer at all.
    pub(super) fn stock_up(&mut self, endpoint: &mut Endpoint) -> io::Result<()> {
        while endpoint.media_left() < STOCK {
            let socket = match self.engine.bind(self.bind, self.media.rtp_ports.clone()) {
                Ok(socket) => socket,
                Err(error) if endpoint.media_left() > 0 || self.short => {
                    if !self.short {
                        tracing::warn!(%error, "no more ports for RTP; see the key media.rtp_ports");
                    }
                    self.short = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let address = SocketAddr::new(self.tell, socket.local_addr().port());
            self.unused.insert(address, socket);
            endpoint.offer_media(address);
        }
        self.short = false;
        Ok(())
    }

    /// A leg has taken an address of the stock.
    pub(super) fn taken(&mut self, leg: LegId, address: SocketAddr) {
        if let Some(socket) = self.unused.remove(&address) {
            self.taken.insert(leg, socket);
        }
    }

    /// What a leg has agreed; nothing: its sound ends.
    pub(super) fn agreed(
        &mut self,
        leg: LegId,
        session: Option<&Negotiated>,
    ) -> Result<(), EngineError> {
        let Some(session) = session else {
            self.taken.remove(&leg);
            if self.open.remove(&leg) {
                self.engine.close_leg(key(leg));
            }
            return Ok(());
        };
        let session = params(session);
        match self.taken.remove(&leg) {
            Some(socket) => {
                self.engine.open_leg(key(leg), socket, session)?;
                self.open.insert(leg);
                Ok(())
            }
            None => self.engine.change_leg(key(leg), session),
        }
    }

    pub(super) fn route(&mut self, routing: &Routing) {
        let mut ports: Vec<_> = routing.entries.iter().map(port).collect();
        (self.filter)(&mut ports);
        self.engine.set_routing(&ports);
    }

    pub(super) fn dtmf(&mut self, leg: LegId, digit: u8) -> Result<(), EngineError> {
        self.engine.send_dtmf(key(leg), digit)
    }

    pub(super) fn is_file_end(&self) -> bool {
        self.engine.is_file_end()
    }

    pub(super) fn say(&mut self, speech: Speech) -> Result<(), EngineError> {
        self.engine.say(speech).map(|_| ())
    }

    /// What is heard or said is recorded.
    pub(super) fn is_recording(&self) -> bool {
        self.engine.is_recording()
    }

    /// When the recordings began, in Unix microseconds.
    pub(super) fn recording_started(&self) -> Option<u64> {
        self.engine.recording_started()
    }

    /// Finishes the recordings.
    pub(super) fn shutdown(self) {
        if let Err(error) = self.engine.shutdown() {
            tracing::error!(%error, "the recordings could not be finished");
        }
    }
}

/// A leg's name in the engine.
fn key(leg: LegId) -> u64 {
    match leg {
        LegId::Placed(number) => u64::from(number) << 1,
        LegId::Received(number) => u64::from(number) << 1 | 1,
    }
}

/// The leg of that name.
pub(super) fn leg(key: u64) -> LegId {
    let number = u32::try_from(key >> 1).expect("only legs' names are given to the engine");
    match key & 1 {
        0 => LegId::Placed(number),
        _ => LegId::Received(number),
    }
}

fn port(entry: &trialog_call::RouteEntry) -> PortSpec {
    use trialog_engine::Tone as Sounding;
    PortSpec {
        port: match entry.party {
            Party::Local => PortOf::Local,
            Party::Leg(leg) => PortOf::Leg(key(leg)),
        },
        group: entry.group.0,
        speaks: entry.speaks,
        hears: entry.hears,
        tone: entry.tone.map(|tone| match tone {
            Tone::Music => Sounding::Music,
            Tone::RingBack => Sounding::RingBack,
            Tone::Busy => Sounding::Busy,
            Tone::Ringing => Sounding::Ringing,
            Tone::Waiting => Sounding::Waiting,
        }),
    }
}

fn params(session: &Negotiated) -> SessionParams {
    SessionParams {
        remote: session.remote,
        remote_rtcp: session.remote_rtcp,
        codec: codec(session.codec),
        send_payload: session.send_payload,
        receive_payloads: session
            .receive_payloads
            .iter()
            .map(|(payload, name)| (*payload, codec(*name)))
            .collect(),
        telephone_event: session
            .telephone_event
            .map(|event| (event.send, event.receive)),
        ptime_ms: session.ptime_ms,
        sends: session.direction.sends(),
        receives: session.direction.receives(),
        far_sends: session.far_direction.sends(),
    }
}

fn codec(codec: trialog_sdp::Codec) -> Codec {
    match codec {
        trialog_sdp::Codec::Opus => Codec::Opus,
        trialog_sdp::Codec::G722 => Codec::G722,
        trialog_sdp::Codec::Pcma => Codec::Pcma,
        trialog_sdp::Codec::Pcmu => Codec::Pcmu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_known_again_by_its_name_in_the_engine() {
        for id in [
            LegId::Placed(0),
            LegId::Received(0),
            LegId::Placed(7),
            LegId::Received(u32::MAX),
        ] {
            assert_eq!(leg(key(id)), id);
        }
    }
}
