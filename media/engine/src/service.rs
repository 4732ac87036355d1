//! The control side's own thread: RTCP, who is silent or lost, digits told, what the audio thread gave back freed.
use crate::baton::Baton;
use crate::bridge::LOCAL;
use crate::handover::{AudioEvent, LegShared, Retired};
use crate::{EngineEvent, LegStats, MAX_LEGS, Options};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{self, Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use trialog_rtp::rtcp::{self, LastReport, Sent};

/// How often it looks around.
const TURN: Duration = Duration::from_millis(20);

/// And how often while there is no leg to look after.
const REST: Duration = Duration::from_secs(1);

/// RFC 3550 §6.2: five seconds between reports, here for two members always the minimum; half more or less at random.
const REPORT_EVERY_MS: u64 = 5000;

/// Unix time's start in NTP time.
const NTP_EPOCH: u64 = 2_208_988_800;

/// What control tells the service.
pub(crate) enum Order {
    Open {
        key: u64,
        rtcp: UdpSocket,
        leg: Watch,
    },
    Change {
        key: u64,
        watch: Expected,
    },
    Close {
        key: u64,
    },
    Stop,
}

/// What a session lets us expect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) remote_rtcp: SocketAddr,
    /// RTP is due from the far side.
    pub(crate) due: bool,
    /// RTP clock of what we receive, and of what we send.
    pub(crate) clock: u32,
}

/// A leg as the service sees it.
pub(crate) struct Watch {
    pub(crate) shared: Arc<LegShared>,
    pub(crate) expected: Expected,
}

struct Member {
    rtcp: UdpSocket,
    watch: Watch,
    /// Milliseconds since the engine's start.
    since: u64,
    last_rtcp: u64,
    /// A packet has come at all.
    heard: bool,
    silent: bool,
    lost: bool,
    next_report: u64,
    sent_before: u64,
    received_before: (u64, i64),
    far_report: Option<(u32, Instant)>,
    round_trip_ms: Option<f32>,
    far_loss: Option<f32>,
}

/// The slots that are taken, by number; slot 0 is the local party's.
pub(crate) type Slots = [AtomicBool; MAX_LEGS + 1];

/// All that the thread needs.
pub(crate) struct Service {
    pub(crate) orders: Receiver<Order>,
    pub(crate) events: Sender<EngineEvent>,
    pub(crate) returns: rtrb::Consumer<Retired>,
    pub(crate) audio: rtrb::Consumer<AudioEvent>,
    pub(crate) baton: Arc<Baton>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) stats: Arc<Mutex<Vec<LegStats>>>,
    pub(crate) options: Options,
}

impl Service {
    /// Until it is told to stop or control is gone.
    pub(crate) fn run(mut self) {
        let mut members: BTreeMap<u64, Member> = BTreeMap::new();
        let mut ears = Ears::open();
        'turns: loop {
            let rests = members.is_empty() && self.nobody_is_seated();
            let mut order = if rests {
                self.orders.recv_timeout(REST)
            } else {
                // Orders wait for the turn: being woken for each of them would cost more than most take.
                std::thread::sleep(TURN);
                self.next_order()
            };
            let now = self.baton.millis();
            loop {
                match order {
                    Ok(Order::Open { key, rtcp, leg }) => {
                        ears.add(key, &rtcp);
                        members.insert(key, Member::new(rtcp, leg, now));
                    }
                    Ok(Order::Change { key, watch }) => {
                        if let Some(member) = members.get_mut(&key) {
                            member.change(watch, now);
                        }
                    }
                    Ok(Order::Close { key }) => {
                        if let Some(member) = members.remove(&key) {
                            member.leave(&self.options.cname);
                        }
                    }
                    Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break 'turns,
                    Err(RecvTimeoutError::Timeout) => break,
                }
                order = self.next_order();
            }
            self.collect();
            ears.hear(&mut members, now);
            for (key, member) in &mut members {
                member.judge(*key, now, &self.options, &self.events);
                if now >= member.next_report {
                    member.report(now, &self.options.cname);
                }
            }
            if let Ok(mut stats) = self.stats.lock() {
                stats.clear();
                stats.extend(members.iter().map(|(key, member)| member.stats(*key)));
            }
        }
        for member in members.into_values() {
            member.leave(&self.options.cname);
        }
        self.collect();
    }

    /// An order that waits; else a time-out of none at all.
    fn next_order(&self) -> Result<Order, RecvTimeoutError> {
        self.orders.try_recv().map_err(|error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// The audio thread has no leg, and none to give back.
    fn nobody_is_seated(&self) -> bool {
        let mut legs = self.slots.iter().skip(LOCAL + 1);
        !legs.any(|slot| slot.load(Relaxed))
    }

    /// Tells what the audio thread noticed, frees what it gave back.
    fn collect(&mut self) {
        while let Ok(AudioEvent::Dtmf(key, digit)) = self.audio.pop() {
            // Nobody listens any more: the engine is being shut down.
            let _ = self.events.send(EngineEvent::Dtmf(key, digit));
        }
        while let Ok(retired) = self.returns.pop() {
            let slot = if let Retired::Leg { slot, .. } = &retired {
                Some(usize::from(*slot))
            } else {
                None
            };
            drop(retired);
            if let Some(place) = slot.and_then(|slot| self.slots.get(slot)) {
                place.store(false, Ordering::Release);
            }
        }
    }
}

/// Says on whose socket something waits, so that the silent ones, and there may be thousands, cost nothing.
struct Ears(Option<Epoll>);

impl Ears {
    fn open() -> Self {
        Self(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).ok())
    }

    /// From now on; a closed socket is forgotten by itself.
    fn add(&mut self, key: u64, rtcp: &UdpSocket) {
        if let Some(epoll) = &self.0
            && epoll
                .add(rtcp, EpollEvent::new(EpollFlags::EPOLLIN, key))
                .is_err()
        {
            // Then everybody is asked every time.
            self.0 = None;
        }
    }

    fn hear(&self, members: &mut BTreeMap<u64, Member>, now: u64) {
        let Some(epoll) = &self.0 else {
            members.values_mut().for_each(|member| member.hear(now));
            return;
        };
        let mut ready = [EpollEvent::empty(); 256];
        let count = epoll.wait(&mut ready, EpollTimeout::ZERO).unwrap_or(0);
        for event in &ready[..count] {
            if let Some(member) = members.get_mut(&event.data()) {
                member.hear(now);
            }
        }
    }
}

impl Member {
    fn new(rtcp: UdpSocket, watch: Watch, now: u64) -> Self {
        Self {
            rtcp,
            watch,
            since: now,
            last_rtcp: 0,
            heard: false,
            silent: false,
            lost: false,
            next_report: now + REPORT_EVERY_MS / 2,
            sent_before: 0,
            received_before: (0, 0),
            far_report: None,
            round_trip_ms: None,
            far_loss: None,
        }
    }

    /// A change of what is due, or of where it comes from, begins the patience anew.
    fn change(&mut self, expected: Expected, now: u64) {
        let before = self.watch.expected;
        if before.due != expected.due || before.remote_rtcp != expected.remote_rtcp {
            self.since = now;
        }
        self.watch.expected = expected;
    }

    /// Takes in what came by RTCP. Only the far side's host is believed.
    fn hear(&mut self, now: u64) {
        let mut buffer = [0; 2048];
        for _ in 0..16 {
            let Ok((length, source)) = self.rtcp.recv_from(&mut buffer) else {
                break;
            };
            if source.ip() != self.watch.expected.remote_rtcp.ip() {
                continue;
            }
            let ours = self.watch.shared.sent_ssrc.load(Relaxed);
            let Some(report) = rtcp::parse(&buffer[..length], ours) else {
                continue;
            };
            self.last_rtcp = now;
            if let Some(ntp) = report.sender_ntp {
                self.far_report = Some((ntp, Instant::now()));
            }
            if let Some(about) = report.about_us {
                self.far_loss = Some(f32::from(about.fraction_lost) / 256.0);
                let percent = (u32::from(about.fraction_lost) * 100).div_ceil(256);
                self.watch.shared.far_loss.store(percent, Relaxed);
                if about.last.ntp != 0 {
                    // RFC 3550 §6.4.1: A − LSR − DLSR.
                    let trip = (ntp_now() >> 16) as u32;
                    let trip = trip
                        .wrapping_sub(about.last.ntp)
                        .wrapping_sub(about.last.delay);
                    if trip < 60 << 16 {
                        self.round_trip_ms = Some(trip as f32 * 1000.0 / 65_536.0);
                    }
                }
            }
        }
    }

    fn judge(&mut self, key: u64, now: u64, options: &Options, events: &Sender<EngineEvent>) {
        let last_rtp = self.watch.shared.last_rtp.load(Relaxed);
        // A packet that came is not yet to be heard: it waits in the jitter buffer, and may be of no codec that was agreed.
        let first = !self.heard && self.watch.shared.played.load(Relaxed) > 0;
        if first || self.heard && self.silent && last_rtp > self.since {
            (self.heard, self.silent, self.lost) = (true, false, false);
            let _ = events.send(EngineEvent::Heard(key));
        }
        if !self.watch.expected.due {
            return;
        }
        let last = last_rtp.max(self.last_rtcp).max(self.since);
        let quiet = Duration::from_millis(now.saturating_sub(last));
        // Comfort noise and DTX say themselves that nothing follows for a while; a dead line is then found by Lost.
        let patience = if self.watch.shared.quiet.load(Relaxed) {
            options.lost_after
        } else {
            options.silent_after
        };
        if !self.silent && quiet >= patience {
            self.silent = true;
            // So that Heard is told for a packet after this only.
            self.since = self.since.max(last);
            let _ = events.send(EngineEvent::Silent(key));
        }
        if !self.lost && quiet >= options.lost_after {
            self.lost = true;
            let _ = events.send(EngineEvent::Lost(key));
        }
    }

    fn report(&mut self, now: u64, cname: &str) {
        // RFC 3550 §6.3.1: between half and one and a half of the interval, so that members do not fall into step.
        let spread = u64::from(crate::control::random() as u16) * REPORT_EVERY_MS / 65_536;
        self.next_report = now + REPORT_EVERY_MS / 2 + spread;
        let shared = &self.watch.shared;
        let packets = shared.sent.load(Relaxed);
        let clock = self.watch.expected.clock;
        let passed = now.saturating_sub(shared.sent_at.load(Relaxed));
        let sent = Sent {
            ssrc: shared.sent_ssrc.load(Relaxed),
            packets: packets as u32,
            octets: shared.sent_octets.load(Relaxed) as u32,
            timestamp: shared
                .sent_timestamp
                .load(Relaxed)
                .wrapping_add((passed * u64::from(clock) / 1000) as u32),
        };
        let mut heard = shared.reception();
        let (received, lost) = self.received_before;
        let (came, missed) = ((heard.received - received) as i64, heard.lost - lost);
        if came + missed > 0 && missed > 0 {
            heard.fraction_lost = (missed * 256 / (came + missed)).min(255) as u8;
        }
        self.received_before = (heard.received, heard.lost);
        let last = self
            .far_report
            .map_or(LastReport::default(), |(ntp, at)| LastReport {
                ntp,
                delay: (at.elapsed().as_secs_f64() * 65_536.0) as u32,
            });
        let active = packets > self.sent_before;
        self.sent_before = packets;
        let heard = (heard.received > 0).then_some((heard, clock));
        let bytes = rtcp::report(&sent, active, ntp_now(), heard, last, cname);
        self.send(&bytes);
    }

    /// RFC 3550 §6.6.
    fn leave(&self, cname: &str) {
        let ssrc = self.watch.shared.sent_ssrc.load(Relaxed);
        self.send(&rtcp::bye(ssrc, cname));
    }

    /// To the far side, if there is an address: a party that holds us by `c=0.0.0.0` has none.
    fn send(&self, report: &[u8]) {
        let remote = self.watch.expected.remote_rtcp;
        if !remote.ip().is_unspecified() {
            let _ = self.rtcp.send_to(report, remote);
        }
    }

    fn stats(&self, key: u64) -> LegStats {
        let shared = &self.watch.shared;
        let ms = |samples: u64| samples as f32 / 48.0;
        LegStats {
            key,
            received: shared.received.load(Relaxed),
            lost: shared.lost.load(Relaxed).max(0) as u64,
            late: shared.late.load(Relaxed),
            concealed_ms: shared.concealed.load(Relaxed) / 48,
            sent: shared.sent.load(Relaxed),
            jitter_ms: ms(u64::from(shared.jitter.load(Relaxed))),
            target_ms: ms(shared.target.load(Relaxed)),
            delay_ms: ms(shared.delay.load(Relaxed)),
            round_trip_ms: self.round_trip_ms,
            far_loss: self.far_loss,
        }
    }
}

fn ntp_now() -> u64 {
    let unix = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
    (unix.as_secs() + NTP_EPOCH) << 32 | fraction
}
