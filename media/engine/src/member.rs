//! A leg as the service sees it: RTCP both ways, and whether its far side is heard, silent or lost.
//!
//! Its time is an argument, milliseconds since the engine's start; only the NTP time in reports is the system's.
use crate::handover::LegShared;
use crate::{EngineEvent, LegStats, Options, Srtp};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};
use trialog_rtp::rtcp::{self, LastReport, Sent};
use trialog_srtp::{RtcpProtector, RtcpUnprotector};

/// RFC 3550 §6.2: five seconds between reports, here for two members always the minimum; half more or less at random.
const REPORT_EVERY_MS: u64 = 5000;

/// Without a packet for so long, sound before the answer has stopped: a network that makes ring-back sends its pauses as well.
const EARLY_PAUSE_MS: u64 = 2000;

/// Unix time's start in NTP time.
const NTP_EPOCH: u64 = 2_208_988_800;

/// What a session lets us expect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) remote_rtcp: SocketAddr,
    /// RTP is due from the far side.
    pub(crate) due: bool,
    /// It may come, before the far side has answered.
    pub(crate) early: bool,
    /// RTP clock of what we receive, and of what we send.
    pub(crate) clock: u32,
}

/// A leg as the service sees it.
pub(crate) struct Watch {
    pub(crate) shared: Arc<LegShared>,
    pub(crate) expected: Expected,
    pub(crate) srtp: Option<Srtp>,
}

/// SRTCP, both ways.
struct Protection {
    keys: Srtp,
    out: RtcpProtector,
    back: RtcpUnprotector,
}

impl Protection {
    fn new(keys: &Srtp) -> Option<Self> {
        Some(Self {
            keys: keys.clone(),
            out: RtcpProtector::new(&keys.send)?,
            back: RtcpUnprotector::new(&keys.receive)?,
        })
    }
}

/// The leg.
pub(crate) struct Member {
    rtcp: UdpSocket,
    watch: Watch,
    protection: Option<Protection>,
    /// Milliseconds since the engine's start.
    since: u64,
    last_rtcp: u64,
    /// It was heard at all.
    heard: bool,
    silent: bool,
    /// As early sound does.
    stopped: bool,
    lost: bool,
    /// When the next report is due, in milliseconds since the engine's start.
    pub(crate) next_report: u64,
    sent_before: u64,
    received_before: (u64, i64),
    far_report: Option<(u32, Instant)>,
    round_trip_ms: Option<f32>,
    far_loss: Option<f32>,
}

impl Member {
    /// From `now` on. `rtcp`: bound, not blocking.
    pub(crate) fn new(rtcp: UdpSocket, watch: Watch, now: u64) -> Self {
        Self {
            rtcp,
            protection: watch.srtp.as_ref().and_then(Protection::new),
            watch,
            since: now,
            last_rtcp: 0,
            heard: false,
            silent: false,
            stopped: false,
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
    pub(crate) fn change(&mut self, expected: Expected, srtp: Option<Srtp>, now: u64) {
        // With the same keys the numbers go on.
        if self.protection.as_ref().map(|own| &own.keys) != srtp.as_ref() {
            self.protection = srtp.as_ref().and_then(Protection::new);
        }
        let before = self.watch.expected;
        if before.due != expected.due || before.remote_rtcp != expected.remote_rtcp {
            self.since = now;
        }
        self.watch.expected = expected;
    }

    /// Takes in what came by RTCP. Only the far side's host is believed.
    pub(crate) fn hear(&mut self, now: u64) {
        let mut buffer = [0; 2048];
        for _ in 0..16 {
            let Ok((length, source)) = self.rtcp.recv_from(&mut buffer) else {
                break;
            };
            if source.ip() != self.watch.expected.remote_rtcp.ip() {
                continue;
            }
            let ours = self.watch.shared.sent_ssrc.load(Relaxed);
            let report = match &mut self.protection {
                Some(protection) => protection.back.unprotect(&mut buffer[..length]),
                None => Some(&buffer[..length]),
            };
            let Some(report) = report.and_then(|report| rtcp::parse(report, ours)) else {
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

    /// Tells what changed: first heard, silent, lost, heard again.
    pub(crate) fn judge(
        &mut self,
        key: u64,
        now: u64,
        options: &Options,
        events: &Sender<EngineEvent>,
    ) {
        let last_rtp = self.watch.shared.last_rtp.load(Relaxed);
        // A packet that came is not yet to be heard: it waits in the jitter buffer, and may be of no codec that was agreed.
        let first = !self.heard && self.watch.shared.sounded.load(Relaxed);
        let was_away = self.silent || self.stopped;
        if first || self.heard && was_away && last_rtp > self.since {
            (self.silent, self.stopped, self.lost) = (false, false, false);
            self.heard = true;
            let _ = events.send(EngineEvent::Heard(key));
        }
        let announced = self.watch.shared.quiet.load(Relaxed);
        if self.watch.expected.early && self.heard && !self.stopped && !announced {
            let last = last_rtp.max(self.since);
            if now.saturating_sub(last) >= EARLY_PAUSE_MS {
                self.stopped = true;
                // So that Heard is told for a packet after this only.
                self.since = last;
                let _ = events.send(EngineEvent::Stopped(key));
            }
        }
        if !self.watch.expected.due {
            return;
        }
        let last = last_rtp.max(self.last_rtcp).max(self.since);
        let quiet = Duration::from_millis(now.saturating_sub(last));
        // Comfort noise and DTX say themselves that nothing follows for a while; a dead line is then found by Lost.
        let patience = if announced {
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

    /// Sends an RTCP report and sets when the next one is due.
    pub(crate) fn report(&mut self, now: u64, cname: &str) {
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
        self.send(bytes);
    }

    /// Says goodbye (RFC 3550 §6.6).
    pub(crate) fn leave(&mut self, cname: &str) {
        let ssrc = self.watch.shared.sent_ssrc.load(Relaxed);
        self.send(rtcp::bye(ssrc, cname));
    }

    /// To the far side, if there is an address: a party that holds us by `c=0.0.0.0` has none.
    fn send(&mut self, mut report: Vec<u8>) {
        let remote = self.watch.expected.remote_rtcp;
        if remote.ip().is_unspecified() {
            return;
        }
        if let Some(protection) = &mut self.protection
            && !protection.out.protect(&mut report)
        {
            return;
        }
        let _ = self.rtcp.send_to(&report, remote);
    }

    /// For a screen or a log.
    pub(crate) fn stats(&self, key: u64) -> LegStats {
        let shared = &self.watch.shared;
        let ms = |samples: u64| samples as f32 / 48.0;
        LegStats {
            key,
            received: shared.received.load(Relaxed),
            lost: shared.lost.load(Relaxed).max(0) as u64,
            late: shared.late.load(Relaxed),
            decoded: shared.decoded.load(Relaxed),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::sync::mpsc::{Receiver, channel};

    /// A leg, early or answered, at a time of its own.
    struct Leg {
        member: Member,
        shared: Arc<LegShared>,
        now: u64,
        events: Sender<EngineEvent>,
        told: Receiver<EngineEvent>,
    }

    impl Leg {
        fn new() -> Self {
            let shared = Arc::new(LegShared::default());
            let rtcp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            let watch = Watch {
                shared: Arc::clone(&shared),
                expected: Self::expected(true),
                srtp: None,
            };
            let (events, told) = channel();
            Self {
                member: Member::new(rtcp, watch, 1000),
                shared,
                now: 1000,
                events,
                told,
            }
        }

        fn expected(early: bool) -> Expected {
            Expected {
                remote_rtcp: (Ipv4Addr::LOCALHOST, 9).into(),
                due: !early,
                early,
                clock: 8000,
            }
        }

        fn passes(&mut self, ms: u64, sounds: bool) -> Vec<EngineEvent> {
            for _ in 0..ms / 20 {
                self.now += 20;
                if sounds {
                    self.shared.last_rtp.store(self.now, Relaxed);
                    self.shared.sounded.store(true, Relaxed);
                }
                self.member
                    .judge(7, self.now, &Options::default(), &self.events);
            }
            self.told.try_iter().collect()
        }
    }

    #[test]
    fn early_sound_that_stops_is_told_after_2_s_and_heard_again_when_it_comes() {
        let mut leg = Leg::new();
        assert_eq!(leg.passes(10_000, false), [], "nothing is due");
        assert_eq!(leg.passes(400, true), [EngineEvent::Heard(7)]);
        assert_eq!(leg.passes(1_900, false), []);
        assert_eq!(leg.passes(40_000, false), [EngineEvent::Stopped(7)]);
        assert_eq!(leg.passes(100, true), [EngineEvent::Heard(7)]);
        assert_eq!(leg.passes(2_000, false), [EngineEvent::Stopped(7)]);
    }

    #[test]
    fn early_sound_that_says_that_it_pauses_has_not_stopped() {
        let mut leg = Leg::new();
        leg.passes(400, true);
        leg.shared.quiet.store(true, Relaxed);
        assert_eq!(leg.passes(10_000, false), []);
    }

    #[test]
    fn after_the_answer_silence_is_judged_as_ever() {
        let mut leg = Leg::new();
        leg.passes(400, true);
        assert_eq!(leg.passes(2_000, false), [EngineEvent::Stopped(7)]);
        leg.member.change(Leg::expected(false), None, leg.now);
        assert_eq!(leg.passes(4_900, false), []);
        assert_eq!(leg.passes(200, false), [EngineEvent::Silent(7)]);
        assert_eq!(leg.passes(100, true), [EngineEvent::Heard(7)]);
    }
}
