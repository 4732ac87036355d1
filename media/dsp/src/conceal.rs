//! Fills the gap of a lost packet from the sound before it, for codecs that can't themselves (G.711, G.722).
//!
//! In the spirit of G.711 Appendix I: the last pitch periods are repeated, with their ends overlapped so that they join,
//! more of them the longer the gap lasts so that it does not buzz, and fade; the first milliseconds after the gap blend
//! with what the repetition would have gone on to. Unlike there, nothing is held back: instead of overlapping what was
//! already played, the difference to it is faded out of the repetition.
use crate::pitch::best_lag;

/// The pitch periods that are looked for, in samples at 8 kHz: 66 to 250 Hz. The period of a higher voice is found as a
/// multiple.
const SHORTEST: usize = 32;
const LONGEST: usize = 120;

/// How much of the past is compared, in samples at 8 kHz.
const COMPARED: usize = 160;

/// One stream's concealment.
pub struct Concealer {
    /// Samples per sample at 8 kHz.
    scale: usize,
    /// What was heard last, the latest at the end; in a gap that is what filled it.
    past: Vec<f32>,
    /// What was heard last before the gap.
    before: Vec<f32>,
    gap: Option<Gap>,
}

/// A gap that is being filled.
#[derive(Clone, Copy)]
struct Gap {
    /// Samples since its begin.
    at: usize,
    /// Of the sound before it, in samples.
    period: usize,
    /// How alike the last periods were.
    voiced: f32,
}

impl Concealer {
    /// For PCM at `rate`: 8000 or 16 000. Allocates.
    pub fn new(rate: u32) -> Self {
        let scale = (rate as usize / 8_000).max(1);
        // Three of the longest periods and the quarter that is overlapped, or what a comparison takes.
        let past = (LONGEST * 13 / 4).max(LONGEST + COMPARED) * scale;
        Self {
            scale,
            past: vec![0.0; past],
            before: vec![0.0; past],
            gap: None,
        }
    }

    /// A packet has come: remembers its sound and, after a gap, blends the repetition into its first milliseconds (`pcm` is
    /// changed then).
    pub fn received(&mut self, pcm: &mut [f32]) {
        if let Some(gap) = self.gap.take() {
            // The longer the gap, the less the two have in common, and the longer the blend: 4 ms and 4 more a packet.
            let length = ((4 + gap.at / (40 * self.scale)) * 8 * self.scale)
                .min(80 * self.scale)
                .min(pcm.len());
            for (n, sample) in pcm[..length].iter_mut().enumerate() {
                let in_gain = (n + 1) as f32 / (length + 1) as f32;
                *sample = *sample * in_gain + self.repetition(gap, gap.at + n) * (1.0 - in_gain);
            }
        }
        self.remember(pcm);
    }

    /// A packet is missing: writes what may have been in it. After 70 ms without a packet that is silence.
    pub fn lost(&mut self, pcm: &mut [f32]) {
        let mut gap = match self.gap {
            Some(gap) => gap,
            None => self.begin(),
        };
        for (n, sample) in pcm.iter_mut().enumerate() {
            *sample = self.repetition(gap, gap.at + n);
        }
        gap.at = gap.at.saturating_add(pcm.len());
        self.gap = Some(gap);
        self.remember(pcm);
    }

    /// Forgets what it heard, as at the begin of a new stream.
    pub fn reset(&mut self) {
        self.past.fill(0.0);
        self.gap = None;
    }

    fn begin(&mut self) -> Gap {
        self.before.copy_from_slice(&self.past);
        let compared = COMPARED * self.scale;
        let lags = SHORTEST * self.scale..=LONGEST * self.scale;
        let found = best_lag(
            &self.past,
            self.past.len() - compared,
            compared,
            lags,
            self.scale,
        );
        let voiced = found.correlation.clamp(0.0, 1.0);
        // What has no pitch would get one by being repeated: then the longest piece that there is.
        let period = if voiced < 0.4 {
            LONGEST * self.scale
        } else {
            found.lag
        };
        Gap {
            at: 0,
            period,
            voiced,
        }
    }

    /// The sample `n` after the begin of the gap.
    fn repetition(&self, gap: Gap, n: usize) -> f32 {
        let gain = self.gain(gap, n);
        if gain <= 0.0 {
            return 0.0;
        }
        let end = self.before.len();
        let quarter = gap.period / 4;
        // After each 10 ms one period more is repeated, up to three.
        let stage = 80 * self.scale;
        let periods = (n / stage + 1).min(3);
        let mut sample = self.looped(gap.period, periods, n);
        let since = n - (periods - 1) * stage;
        if periods > 1 && since < quarter {
            let share = since as f32 / quarter as f32;
            sample = sample * share + self.looped(gap.period, periods - 1, n) * (1.0 - share);
        }
        // At the begin: the difference between what was played and the period before, mirrored, so that the wave goes on
        // where it was.
        if n < quarter {
            let share = 1.0 - (n + 1) as f32 / (quarter + 1) as f32;
            sample += share * (self.before[end - 1 - n] - self.before[end - 1 - n - gap.period]);
        }
        sample * gain
    }

    /// The sample `n` of the last `periods` periods repeated, each round ending as what came before its begin.
    fn looped(&self, period: usize, periods: usize, n: usize) -> f32 {
        let (end, length, quarter) = (self.before.len(), period * periods, period / 4);
        let at = n % length;
        let sample = self.before[end - length + at];
        let left = length - at;
        if left > quarter {
            return sample;
        }
        let share = (quarter - left + 1) as f32 / (quarter + 1) as f32;
        sample * (1.0 - share) + self.before[end - length - left] * share
    }

    /// Full for the first packet where the pitch is clear, and falling from the begin where it isn't; nothing after 70 ms.
    fn gain(&self, gap: Gap, n: usize) -> f32 {
        let millis = n as f32 / (8 * self.scale) as f32;
        let firm = 1.0 - 0.015 * (1.0 - gap.voiced) * millis;
        let fade = if millis < 20.0 {
            1.0
        } else {
            1.0 - (millis - 20.0) / 50.0
        };
        (firm * fade).max(0.0)
    }

    fn remember(&mut self, pcm: &[f32]) {
        let length = self.past.len();
        let new = &pcm[pcm.len().saturating_sub(length)..];
        self.past.copy_within(new.len().., 0);
        self.past[length - new.len()..].copy_from_slice(new);
    }
}
