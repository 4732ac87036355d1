//! How late packets come: from each packet's transit time to the delay at which all but few would be in time.
//!
//! Transit is arrival minus media position, both in samples at 48 kHz; its zero means nothing, its changes do. The base
//! is the fastest packet of the last seconds, so a drift between the clocks moves it along; what a packet took longer
//! than that goes into a histogram that forgets, and the target is a high quantile of it. What was late is judged
//! by the base of its own time, so that a drift is no lateness.
//!
//! A stall, such as a wireless card's look at other channels every few seconds, makes a handful of packets late in a row: too few
//! of all packets for that quantile, and a word to the ear. So a second histogram takes what covers all but one packet of each half second,
//! and the target is the higher one of the two quantiles. A lone straggler counts in neither.
use trialog_frame::{RATE, SampleTime};

/// Buckets of the moving minimum, and how long each lasts.
const BUCKETS: usize = 8;
const BUCKET: u64 = SampleTime::from_millis(500).0;

/// The histogram's step: 1 ms.
const STEP: i64 = 48;
const STEPS: usize = 512;

/// Over how many seconds the slope of the base is taken.
const SECONDS: usize = 8;

/// All but 2 % are to be in time.
const QUANTILE: f32 = 0.98;

/// What the newest packet weighs when many have come: a memory of 500 packets, 10 s of 20 ms each.
const WEIGHT: f32 = 0.002;

/// What is later than this comes from an outage: its many packets count for the half seconds only, or the delay would follow a single one.
const OUTAGE: i64 = 160 * STEP;

/// Of the half seconds, all but 5 % are to be in time but for one packet each; they are remembered for 15 s. A stall every four
/// seconds is known from its second time on, and one that was the only one never.
const STALL_QUANTILE: f32 = 0.95;
const STALL_WEIGHT: f32 = 1.0 / 30.0;

/// The statistics of one stream's arrival.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Minimum transit in each of the last buckets, by number of the bucket.
    minima: [(u64, i64); BUCKETS],
    base: Option<i64>,
    /// The base of each of the last seconds, and how many of them follow one another.
    bases: [i64; SECONDS],
    seconds: usize,
    last_second: u64,
    packets: Histogram,
    stalls: Histogram,
    /// Of the half second that runs: its number, and the two latest packets' lateness, the latest first.
    latest: (u64, [i64; 2]),
    /// The quantiles of the two.
    spread: [i64; 2],
}

/// How late things were, as shares by milliseconds; what is old weighs less and less.
#[derive(Clone, Debug)]
struct Histogram {
    shares: Box<[f32; STEPS]>,
    count: u32,
}

impl Histogram {
    fn new() -> Self {
        Self {
            shares: Box::new([0.0; STEPS]),
            count: 0,
        }
    }

    /// One more, with the weight that the newest has when many have come.
    fn count(&mut self, late: i64, weight: f32) {
        self.count = self.count.saturating_add(1);
        let weight = (1.0 / self.count as f32).max(weight);
        let step = (late / STEP).clamp(0, STEPS as i64 - 1) as usize;
        for share in self.shares.iter_mut() {
            *share *= 1.0 - weight;
        }
        self.shares[step] += weight;
    }

    /// How late all but the latest were, rounded up to a step; 0 where nothing was counted.
    fn quantile(&self, quantile: f32) -> i64 {
        let mut above = 0.0;
        let late = self.shares.iter().rposition(|share| {
            above += share;
            above > 1.0 - quantile
        });
        late.map_or(0, |step| (step as i64 + 1) * STEP)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::new()
    }
}

impl Timing {
    /// Nothing has come yet. Allocates.
    pub fn new() -> Self {
        Self {
            minima: [(0, i64::MAX); BUCKETS],
            base: None,
            bases: [0; SECONDS],
            seconds: 0,
            last_second: 0,
            packets: Histogram::new(),
            stalls: Histogram::new(),
            latest: (0, [0; 2]),
            spread: [0; 2],
        }
    }

    /// A packet arrived at `at`, having taken `transit`.
    pub fn arrived(&mut self, at: SampleTime, transit: i64) {
        let bucket = at.0 / BUCKET;
        let minimum = &mut self.minima[(bucket % BUCKETS as u64) as usize];
        if minimum.0 == bucket {
            minimum.1 = minimum.1.min(transit);
        } else {
            *minimum = (bucket, transit);
        }
        let oldest = (bucket + 1).saturating_sub(BUCKETS as u64);
        let base = self
            .minima
            .iter()
            .filter(|(n, _)| *n >= oldest)
            .map(|(_, minimum)| *minimum)
            .min();
        let base = base.unwrap_or(transit).min(transit);
        self.base = Some(base);
        self.trace(at, base);
        self.count(bucket, transit - base);
    }

    /// Keeps a base for each second, for the slope.
    fn trace(&mut self, at: SampleTime, base: i64) {
        let second = at.0 / u64::from(RATE);
        if self.seconds > 0 && second == self.last_second {
            return;
        }
        if self.seconds > 0 && second != self.last_second + 1 {
            self.seconds = 0;
        }
        self.last_second = second;
        self.bases.copy_within(1.., 0);
        self.bases[SECONDS - 1] = base;
        self.seconds = (self.seconds + 1).min(SECONDS);
    }

    fn count(&mut self, bucket: u64, late: i64) {
        if late < OUTAGE {
            self.packets.count(late, WEIGHT);
            self.spread[0] = self.packets.quantile(QUANTILE);
        }
        if bucket != self.latest.0 {
            self.stalls.count(self.latest.1[1], STALL_WEIGHT);
            self.spread[1] = self.stalls.quantile(STALL_QUANTILE);
            self.latest = (bucket, [0; 2]);
        }
        let [latest, second] = &mut self.latest.1;
        *second = late.min(*latest).max(*second);
        *latest = late.max(*latest);
    }

    /// The clock of arrivals was put forward by so much: what is known moves along.
    pub fn shift(&mut self, by: i64) {
        for (_, minimum) in self
            .minima
            .iter_mut()
            .filter(|(_, minimum)| *minimum != i64::MAX)
        {
            *minimum += by;
        }
        for base in self.bases.iter_mut().chain(&mut self.base) {
            *base += by;
        }
    }

    /// The transit of the fastest packet of the last seconds; `None` before the first one.
    pub fn base(&self) -> Option<i64> {
        self.base
    }

    /// How fast the base rises, because the sender's clock is slower than ours, in parts per million: negative where
    /// it is faster, 0 while that is not known. Bounded, because jitter moves the base too.
    pub fn slowness_ppm(&self) -> i64 {
        if self.seconds < SECONDS {
            return 0;
        }
        let rise = self.bases[SECONDS - 1] - self.bases[0];
        (rise * 1_000_000 / (i64::from(RATE) * (SECONDS as i64 - 1))).clamp(-1000, 1000)
    }

    /// How much longer than the base all but 2 % of the packets took, and in all but 5 % of the half seconds all but one, rounded up to
    /// whole milliseconds.
    pub fn spread(&self) -> SampleTime {
        SampleTime(self.spread[0].max(self.spread[1]) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(packets: u64, transit: impl Fn(u64) -> i64) -> Timing {
        let mut timing = Timing::new();
        for n in 0..packets {
            let transit = transit(n);
            timing.arrived(
                SampleTime((n as i64 * 960 + 1_000_000 + transit) as u64),
                transit,
            );
        }
        timing
    }

    #[test]
    fn a_clean_stream_has_next_to_no_spread() {
        assert_eq!(run(500, |n| 77 + (n % 3) as i64).spread(), SampleTime(48));
    }

    #[test]
    fn one_packet_in_ten_that_is_20_ms_late_counts_and_one_in_a_hundred_does_not() {
        let spread = run(2000, |n| if n % 10 == 0 { 960 } else { 0 }).spread();
        assert_eq!(spread.as_millis(), 21);
        let spread = run(2000, |n| if n % 100 == 50 { 960 } else { 0 }).spread();
        assert_eq!(spread.as_millis(), 1);
    }

    #[test]
    fn a_stall_that_comes_again_is_known_from_its_second_time_on() {
        // Of 120 ms each 4 s: six packets in 200 come at its end.
        let stall = |n: u64| {
            if n % 200 >= 194 {
                (200 - n % 200) as i64 * 960
            } else {
                0
            }
        };
        let after = |packets| run(packets, |n| if n < 3000 { 0 } else { stall(n) }).spread();
        assert_eq!(after(3000 + 230).as_millis(), 1);
        // All but one packet of each stall.
        assert_eq!(after(3000 + 430).as_millis(), 101);
        assert_eq!(after(3000 + 20_000).as_millis(), 101);
    }

    #[test]
    fn a_drift_of_the_clocks_is_no_spread() {
        for ppm in [-200, 200] {
            let timing = run(100_000, |n| n as i64 * 960 * ppm / 1_000_000);
            assert!(
                timing.spread().as_millis() <= 2,
                "{ppm} ppm: {:?}",
                timing.spread()
            );
            let last = 99_999 * 960 * ppm / 1_000_000;
            assert!((timing.base().expect("packets came") - last).abs() < 48);
            assert!((timing.slowness_ppm() - ppm).abs() < 10);
        }
    }

    #[test]
    fn spread_rises_within_half_a_second_and_falls_within_a_minute() {
        let wild = |n: u64| (n * 7919 % 40) as i64 * 48;
        assert!(
            run(1025, |n| if n < 1000 { 0 } else { wild(n) })
                .spread()
                .as_millis()
                >= 20
        );
        let late = run(1000 + 3000, |n| if n < 1000 { wild(n) } else { 0 });
        assert_eq!(late.spread().as_millis(), 1);
    }
}
