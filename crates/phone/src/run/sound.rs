//! The engine as the phone uses it: the pool of RTP sockets, legs by their names in the core, the routing in the engine's words.
use super::devices;
use super::measures::Measures;
pub(super) use super::measures::Recent;
use crate::RoutingFilter;
use crate::config::{Config, Media};
use crate::metrics::Rtp;
use crate::net::Families;
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use trialog_api::request::SetDevices;
use trialog_api::{LegLevel, Levels};
use trialog_call::{LegId, Party, Routing, Time, Tone};
use trialog_engine::{
    AudioEnd, Codec, DeviceNames, Engine, EngineError, EventParams, LegStats, MasterKey,
    OpusLimits, PortOf, PortSpec, RtpSocket, SessionParams, Speech, Srtp, Stats, Suite,
};
use trialog_frame::Level;
use trialog_sdp::Negotiated;
use trialog_ua::Endpoint;

/// How often a port is tried that is free for both families.
const TRIES: u32 = 20;

/// How many bound and free pairs of RTP ports the endpoint's pool is kept filled with.
const FREE: usize = 8;

/// How long after no port could be bound it is tried again.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// The engine and the sockets that are not its own yet.
pub(super) struct Sound {
    engine: Engine,
    filter: RoutingFilter,
    media: Media,
    /// The sound devices of the configuration; nothing: the audio end is another.
    devices: Option<DeviceNames>,
    /// Where sockets are bound, for each family that we listen at.
    bind: Families<IpAddr>,
    /// By their RTP ports, of which the endpoint's pool knows that they are free: one for each family.
    free: HashMap<u16, Families<RtpSocket>>,
    taken: HashMap<LegId, Families<RtpSocket>>,
    open: HashSet<LegId>,
    /// Packets of the legs that are over.
    over: Rtp,
    /// Since when no more ports can be bound, as far as was tried.
    short: Option<Time>,
    pub(super) measures: Measures,
}

impl Sound {
    pub(super) fn new(
        engine: Engine,
        config: &Config,
        bind: Families<IpAddr>,
        filter: RoutingFilter,
    ) -> Self {
        Self {
            engine,
            filter,
            devices: match &config.audio {
                AudioEnd::Device(configured) => Some(configured.clone()),
                _ => None,
            },
            media: config.media.clone(),
            bind,
            free: HashMap::new(),
            taken: HashMap::new(),
            open: HashSet::new(),
            over: Rtp::default(),
            short: None,
            measures: Measures::default(),
        }
    }

    /// Fills the pool up as far as ports can be bound. What the system refuses is logged once, until it has worked again.
    pub(super) fn fill_up(&mut self, now: Time, endpoint: &mut Endpoint) {
        // To ask for each port of a whole range takes a while.
        if self.short.is_some_and(|since| now < since + ASK_AGAIN) {
            return;
        }
        match self.bind(endpoint) {
            Ok(()) => self.short = None,
            Err(error) => {
                if self.short.replace(now).is_none() {
                    let ips = &self.bind;
                    tracing::warn!(%error, ?ips, "no more ports for RTP; see the key media.rtp_ports");
                }
            }
        }
    }

    /// Binds ports until the pool is full. An error says why it is not.
    pub(super) fn bind(&mut self, endpoint: &mut Endpoint) -> io::Result<()> {
        while endpoint.free_rtp_ports() < FREE {
            let (port, sockets) = self.bind_one()?;
            self.free.insert(port, sockets);
            endpoint.offer_rtp_port(port);
        }
        Ok(())
    }

    /// Sockets at one port that is free for each family.
    fn bind_one(&self) -> io::Result<(u16, Families<RtpSocket>)> {
        let mut ips = self.bind.iter();
        let (first, other) = (ips.next(), ips.next());
        let first = *first.ok_or(io::ErrorKind::AddrNotAvailable)?;
        for attempt in 1.. {
            let socket = self.engine.bind(first, self.media.rtp_ports.clone())?;
            let local = socket.local_addr();
            let mut sockets = vec![(local, socket)];
            if let Some(other) = other {
                match self.engine.bind(*other, local.port()..=local.port() + 1) {
                    Ok(socket) => sockets.push((socket.local_addr(), socket)),
                    // Another program has it by the other family.
                    Err(error) if attempt < TRIES && error.kind() == io::ErrorKind::AddrInUse => {
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            return Ok((local.port(), sockets.into_iter().collect()));
        }
        unreachable!("the last attempt returns")
    }

    /// A leg has taken a port of the pool.
    pub(super) fn taken(&mut self, leg: LegId, port: u16) {
        if let Some(sockets) = self.free.remove(&port) {
            self.taken.insert(leg, sockets);
        }
    }

    /// A leg's offer has gone to this host: what it sends by these payload numbers is heard, before there is an answer.
    pub(super) fn listen(
        &mut self,
        leg: LegId,
        payloads: &[(u8, trialog_sdp::Codec)],
        host: IpAddr,
    ) -> Result<(), EngineError> {
        // Parallel legs hear nothing that comes before the answer.
        if self.engine.is_parallel() {
            return Ok(());
        }
        self.set_up(leg, SessionParams::offered(host, codecs(payloads)))
    }

    /// What a leg has agreed; nothing: its sound ends. `early`: the far side may send, and need not.
    pub(super) fn agreed(
        &mut self,
        leg: LegId,
        session: Option<&Negotiated>,
        early: bool,
    ) -> Result<(), EngineError> {
        let Some(session) = session else {
            self.taken.remove(&leg);
            if self.open.remove(&leg) {
                if let Some(counted) = self.engine.leg_stats(key(leg)) {
                    self.over.add(&counted);
                }
                self.engine.close_leg(key(leg));
            }
            return Ok(());
        };
        self.set_up(leg, params(session, early)?)
    }

    fn set_up(&mut self, leg: LegId, session: SessionParams) -> Result<(), EngineError> {
        let sockets = self.taken.remove(&leg);
        // A far end of a family that we do not listen at can't be sent to; it may send to us all the same.
        match sockets.and_then(|sockets| sockets.take(session.remote.ip())) {
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

    pub(super) fn tones(&mut self, leg: LegId, digit: u8) -> Result<(), EngineError> {
        self.engine.send_tones(key(leg), digit)
    }

    /// The agent has chosen these; false: there are no sound devices to choose.
    pub(super) fn choose_devices(&mut self, chosen: &SetDevices) -> bool {
        let Some(configured) = &self.devices else {
            return false;
        };
        let names = devices::names(chosen, configured);
        self.engine.choose_devices(names);
        true
    }

    /// What rings where may be other than before.
    pub(super) fn devices_changed(&self) {
        self.engine.devices_changed();
    }

    pub(super) fn is_file_end(&self) -> bool {
        self.engine.is_file_end()
    }

    pub(super) fn say(&mut self, speech: Speech) -> Result<(), EngineError> {
        self.engine.say(speech).map(|_| ())
    }

    /// Legs are up whose sound can be measured; a parallel phone measures none.
    pub(super) fn has_legs(&self) -> bool {
        !self.open.is_empty() && !self.engine.is_parallel()
    }

    /// What has been counted of each leg.
    pub(super) fn stats(&self) -> Vec<LegStats> {
        self.engine.stats().legs
    }

    /// What has been counted of this leg; `None`: nothing yet, or it is over.
    pub(super) fn leg_stats(&self, id: LegId) -> Option<LegStats> {
        self.engine.leg_stats(key(id))
    }

    /// How loud the parties were since this was asked last.
    pub(super) fn levels(&self) -> Levels {
        let all = self.engine.levels();
        let legs = all.legs.into_iter().map(|(key, level)| LegLevel {
            leg: trialog_desk::names::leg(leg(key)),
            db: whole(level),
        });
        Levels {
            microphone_db: whole(all.microphone),
            ear_db: whole(all.ear),
            legs: legs.collect(),
        }
    }

    /// No level is asked for any more.
    pub(super) fn rest_meters(&self) {
        self.engine.rest_meters();
    }

    /// What is heard or said is recorded.
    pub(super) fn is_recording(&self) -> bool {
        self.engine.is_recording()
    }

    /// When the recordings began, in Unix microseconds.
    pub(super) fn recording_started(&self) -> Option<u64> {
        self.engine.recording_started()
    }

    /// What was counted: of the engine, and of all legs that were or are.
    pub(super) fn counted(&self) -> (Stats, Rtp) {
        let stats = self.engine.stats();
        let mut rtp = self.over;
        for counted in &stats.legs {
            if self.open.contains(&leg(counted.key)) {
                rtp.add(counted);
            }
        }
        (stats, rtp)
    }

    /// Finishes the recordings.
    pub(super) fn shutdown(self) {
        if let Err(error) = self.engine.shutdown() {
            tracing::error!(%error, "the recordings could not be finished");
        }
    }
}

/// In whole decibels, of which people hear no less than one.
fn whole(level: Level) -> i8 {
    level.0.round().clamp(-90.0, 0.0) as i8
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
            Tone::Congestion => Sounding::Congestion,
            Tone::Ringing => Sounding::Ringing,
            Tone::Waiting => Sounding::Waiting,
            Tone::Answered => Sounding::Answered,
            Tone::Voice => Sounding::Voice,
        }),
    }
}

fn codecs(payloads: &[(u8, trialog_sdp::Codec)]) -> Vec<(u8, Codec)> {
    let all = payloads.iter();
    all.map(|(number, name)| (*number, codec(*name))).collect()
}

fn params(session: &Negotiated, early: bool) -> Result<SessionParams, EngineError> {
    // Never in the clear for want of a key.
    let srtp = match &session.srtp {
        Some(agreed) => Some(srtp(agreed).ok_or(EngineError::Keys)?),
        None => None,
    };
    Ok(SessionParams {
        remote: session.remote,
        remote_rtcp: session.remote_rtcp,
        codec: codec(session.codec),
        send_payload: session.send_payload,
        receive_payloads: codecs(&session.receive_payloads),
        telephone_event: session.telephone_event.map(|event| EventParams {
            send: event.send,
            receive: event.receive,
            clock: event.clock_rate,
        }),
        comfort_noise: session.comfort_noise,
        opus: OpusLimits {
            max_bitrate: session.opus.max_average_bitrate,
            playback_rate: session.opus.max_playback_rate.unwrap_or(48_000),
            fec: session.opus.in_band_fec,
            constant_bitrate: session.opus.constant_bit_rate,
            dtx: session.opus.dtx,
        },
        ptime_ms: session.ptime_ms,
        sends: session.direction.sends(),
        receives: session.direction.receives(),
        far_sends: session.far_direction.sends() && !early,
        early,
        srtp,
    })
}

/// A leg's keys.
fn srtp(agreed: &trialog_sdp::Srtp) -> Option<Srtp> {
    let suite = match agreed.suite {
        trialog_sdp::Suite::AesGcm256 => Suite::AesGcm256,
        trialog_sdp::Suite::AesGcm128 => Suite::AesGcm128,
        trialog_sdp::Suite::AesCm80 => Suite::AesCm80,
        trialog_sdp::Suite::AesCm32 => Suite::AesCm32,
    };
    Some(Srtp {
        send: MasterKey::new(suite, agreed.ours.octets())?,
        receive: MasterKey::new(suite, agreed.theirs.octets())?,
    })
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
