//! One run: the phone's books before, the calls, the books after.
use super::capture::{Capture, Seen};
use super::loopback::Loopback;
use super::sipp::{self, Load};
use super::target::Target;
use super::usage::Memory;
use super::{Options, Phone, Sound};
use crate::ExitError;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long the phone may take to let go of its last call.
const LETTING_GO: Duration = Duration::from_secs(3);

/// For so long a SIP phone must remember a transaction that is over (RFC 3261 §17.2.2: timer J), and its memory grows with
/// the calls; a little more. Only then can growth be told from that.
const REMEMBERED: Duration = Duration::from_secs(36);

/// Beyond what it was then: a share, and kB.
const GROWTH: (u64, u64) = (10, 2048);

/// One run's figures.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) phone: &'static str,
    /// What was asked for, and what was reached, in calls a second that were begun.
    pub(crate) asked: u32,
    pub(crate) rate: f64,
    pub(crate) hold: Duration,
    pub(crate) calls: u64,
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    /// By SIPp's names for them.
    pub(crate) failures: Vec<(String, u64)>,
    /// SIPp's own; the capture has both sides'.
    pub(crate) retransmissions: u64,
    /// Of the phone's process, user and system, in ms a call.
    pub(crate) cpu_ms: f64,
    pub(crate) memory: Memory,
    /// What memory grew by after the time for which a phone must remember, in kB; a run of more than 40 s can tell.
    pub(crate) grown: Option<i64>,
    /// Open descriptors before and after.
    pub(crate) descriptors: (usize, usize),
    /// The phone says that it has no call; `None`: it can't be asked.
    pub(crate) no_call: Option<bool>,
    pub(crate) captured: Option<Captured>,
    /// A stream is bound to come from the phone for each call.
    sends: bool,
}

/// Counts and times of a run, as the wire showed them.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    /// INVITE→200 in ms: p50, p95, p99.
    pub(crate) setup_ms: [f64; 3],
    /// Messages that were sent again, by either side.
    pub(crate) repeated: u64,
    /// Refusals of INVITE by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// RTP packets from the phone and its streams; packets to it.
    pub(crate) rtp: u64,
    pub(crate) streams: u64,
    pub(crate) rtp_in: u64,
    /// Packets that the capture missed.
    pub(crate) dropped: u64,
}

impl Figures {
    /// Why the run is no success.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.failed > 0 || self.answered < self.calls {
            let failed = self.failed.max(self.calls - self.answered.min(self.calls));
            faults.push(format!("{failed} of {} calls failed", self.calls));
        }
        if self.no_call == Some(false) {
            faults.push("the phone still has calls".to_owned());
        }
        let (before, after) = self.descriptors;
        if after > before {
            faults.push(format!("{} descriptors were left open", after - before));
        }
        if let Some(grown) = self.grown {
            let (share, base) = GROWTH;
            if grown > (self.memory.end / share + base) as i64 {
                faults.push(format!("memory grows: {grown} kB"));
            }
        }
        faults
    }

    /// No fault, nothing sent twice, and as fast as was asked.
    pub(crate) fn is_clean(&self) -> bool {
        let seen = self.captured.as_ref();
        self.faults().is_empty()
            && self.retransmissions == 0
            && seen.is_none_or(|seen| seen.repeated == 0)
            && seen.is_none_or(|seen| !self.sends || seen.dropped > 0 || seen.streams >= self.calls)
            && self.rate >= 0.95 * f64::from(self.asked)
    }
}

/// Starts the phone, calls it, ends it.
pub(crate) fn measure(options: &Options) -> Result<Figures, ExitError> {
    let net = Loopback::take()?;
    let target = Target::start(&options.phone, options.max_calls, options.hold, &net)?;
    drive(options, &net, &target)
}

/// Calls a phone that runs.
pub(super) fn drive(
    options: &Options,
    net: &Loopback,
    target: &Target,
) -> Result<Figures, ExitError> {
    let load = Load {
        rate: options.rate,
        calls: options.calls,
        hold: options.hold,
    };
    let capture = match options.capture {
        true => Some(Capture::start(net, target.address)?),
        false => None,
    };
    let usage = target.usage();
    let gone = || ExitError::because(format!("the phone has ended.\n{}", target.said()));
    let cpu = usage.cpu().ok_or_else(gone)?;
    let before = usage.descriptors().ok_or_else(gone)?;
    let start = usage.resident().ok_or_else(gone)?;
    let begun = Instant::now();
    let mut remembered = None;
    let told = sipp::run(load, target.address, net, || {
        if remembered.is_none() && begun.elapsed() > REMEMBERED {
            remembered = usage.resident();
        }
    })?;
    let cpu_ms = (usage.cpu().ok_or_else(gone)? - cpu) * 1000.0 / told.begun.max(1) as f64;
    let end = usage.resident().ok_or_else(gone)?;
    let peak = usage.peak().ok_or_else(gone)?;
    let mut after = usage.descriptors().ok_or_else(gone)?;
    let ended = Instant::now();
    while after > before && ended.elapsed() < LETTING_GO {
        std::thread::sleep(Duration::from_millis(50));
        after = usage.descriptors().ok_or_else(gone)?;
    }
    let no_call = target.has_no_call();
    Ok(Figures {
        phone: options.phone.name(),
        asked: options.rate,
        rate: told.rate,
        hold: options.hold,
        calls: told.begun,
        answered: told.answered,
        failed: told.failed,
        failures: told.failures,
        retransmissions: told.retransmissions,
        cpu_ms,
        memory: Memory { start, peak, end },
        grown: remembered.map(|before| end as i64 - before as i64),
        descriptors: (before, after),
        no_call,
        captured: capture.map(Capture::finish).transpose()?.map(captured),
        sends: !matches!(
            options.phone,
            Phone::Parallel {
                sound: Sound::Echo,
                ..
            }
        ),
    })
}

/// The nearest rank of ascending times in µs: the least, in ms, that so many of a hundred don't exceed. Not a number where there is none.
pub(super) fn percentile(ascending_us: &[u64], percent: usize) -> f64 {
    let rank = (ascending_us.len() * percent).div_ceil(100);
    let us = ascending_us.get(rank.saturating_sub(1));
    us.map_or(f64::NAN, |us| *us as f64 / 1000.0)
}

fn captured(seen: Seen) -> Captured {
    Captured {
        setup_ms: [50, 95, 99].map(|percent| percentile(&seen.setups, percent)),
        repeated: seen.repeated,
        refused: seen.refused.into_iter().collect(),
        rtp: seen.rtp,
        streams: seen.streams,
        rtp_in: seen.rtp_in,
        dropped: seen.dropped,
    }
}
