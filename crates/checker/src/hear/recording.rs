//! A mono recording at 48 kHz and the instant at which it began.
use crate::Span;
use std::path::Path;

/// Samples a second.
pub const RATE: f64 = 48_000.0;

/// What one party heard, or what one party said.
#[derive(Clone, Debug)]
pub struct Recording {
    /// −1.0..=1.0.
    pub samples: Vec<f32>,
    /// The instant of the first sample, in µs since 1970.
    pub started_us: i64,
}

impl Recording {
    /// Reads a WAV file of 48 kHz; of several channels the first counts.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn read(path: &Path, started_us: i64) -> Result<Self, String> {
        let mut wav = hound::WavReader::open(path).map_err(|e| e.to_string())?;
        let spec = wav.spec();
        if f64::from(spec.sample_rate) != RATE {
            return Err(format!("has {} Hz, expected 48000 Hz", spec.sample_rate));
        }
        let step = usize::from(spec.channels.max(1));
        let samples: Result<Vec<f32>, _> = match spec.sample_format {
            hound::SampleFormat::Float => wav.samples::<f32>().step_by(step).collect(),
            hound::SampleFormat::Int => {
                let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
                wav.samples::<i32>()
                    .step_by(step)
                    .map(|s| s.map(|s| s as f32 / full))
                    .collect()
            }
        };
        Ok(Self {
            samples: samples.map_err(|e| e.to_string())?,
            started_us,
        })
    }

    /// The sample at this instant; before the start it is the first, beyond the end the one past the last.
    #[must_use]
    pub fn at(&self, t_us: i64) -> usize {
        let n = (t_us - self.started_us) as f64 * RATE / 1e6;
        (n.max(0.0).round() as usize).min(self.samples.len())
    }

    /// The samples of a stretch of time.
    #[must_use]
    pub fn slice(&self, span: Span) -> &[f32] {
        let (from, to) = (self.at(span.from_us), self.at(span.to_us));
        &self.samples[from..to.max(from)]
    }

    /// Whether the whole stretch was recorded.
    #[must_use]
    pub fn covers(&self, span: Span) -> bool {
        span.from_us >= self.started_us && span.to_us <= self.ended_us()
    }

    /// The instant past the last sample.
    #[must_use]
    pub fn ended_us(&self) -> i64 {
        self.started_us + (self.samples.len() as f64 * 1e6 / RATE) as i64
    }
}
