//! WAV files: read whole as mono at 48 kHz, written as mono at 48 kHz with 16 bits. For control threads.
use crate::EngineError;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trialog_frame::RATE;

fn failed(path: &Path, reason: impl std::fmt::Display) -> EngineError {
    EngineError::File {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

/// Reads any number of channels (their mean) at any rate.
pub(crate) fn read(path: &Path) -> Result<Vec<i16>, EngineError> {
    let mut reader = hound::WavReader::open(path).map_err(|error| failed(path, error))?;
    let spec = reader.spec();
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            let full = (1u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|sample| sample as f32 / full))
                .collect()
        }
    };
    let samples = samples.map_err(|error| failed(path, error))?;
    let channels = usize::from(spec.channels.max(1));
    let mono: Vec<f32> = samples
        .chunks_exact(channels)
        .map(|all| all.iter().sum::<f32>() / channels as f32)
        .collect();
    Ok(trialog_dsp::resample(&mono, spec.sample_rate, RATE)
        .iter()
        .map(|sample| (sample * 32_768.0).round() as i16)
        .collect())
}

/// How long the sound is, as the file's head says.
pub(crate) fn length(path: &Path) -> Result<Duration, EngineError> {
    let reader = hound::WavReader::open(path).map_err(|error| failed(path, error))?;
    let rate = f64::from(reader.spec().sample_rate.max(1));
    Ok(Duration::from_secs_f64(f64::from(reader.duration()) / rate))
}

/// A file being written.
pub(crate) struct Writer {
    path: PathBuf,
    file: hound::WavWriter<BufWriter<File>>,
}

impl Writer {
    pub(crate) fn create(path: &Path) -> Result<Self, EngineError> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let file = hound::WavWriter::create(path, spec).map_err(|error| failed(path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Louder samples than ±1.0 are clipped.
    pub(crate) fn write(&mut self, samples: &[f32]) -> Result<(), EngineError> {
        samples
            .iter()
            .try_for_each(|sample| self.file.write_sample((sample * 32_768.0).round() as i16))
            .map_err(|error| failed(&self.path, error))
    }

    pub(crate) fn flush(&mut self) -> Result<(), EngineError> {
        self.file.flush().map_err(|error| failed(&self.path, error))
    }

    pub(crate) fn finish(self) -> Result<(), EngineError> {
        self.file
            .finalize()
            .map_err(|error| failed(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_frame::Level;

    #[test]
    fn channels_are_mixed_and_another_rate_is_raised_to_48_khz() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("stereo.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(&path, spec).expect("created");
        for n in 0..16_000 {
            let turn = std::f64::consts::TAU * 997.0 * f64::from(n) / 16_000.0;
            let sample = (6_000.0 * turn.sin()) as i16;
            for sample in [sample, 0] {
                file.write_sample(sample).expect("written");
            }
        }
        file.finalize().expect("finished");
        assert_eq!(length(&path).expect("read"), Duration::from_secs(1));
        let sound = read(&path).expect("read");
        assert_eq!(sound.len(), 48_000);
        let sound: Vec<f32> = sound.iter().map(|sample| f32::from(*sample)).collect();
        let level = Level::sine_amplitude(&sound[4800..43_200], 997.0, 48e3);
        assert!((level.amplitude() - 3_000.0).abs() < 3.0, "{level}");
    }

    #[test]
    fn what_is_written_is_read_and_a_wrong_file_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        let mut writer = Writer::create(&path).expect("created");
        writer.write(&[0.5, -0.25, 2.0]).expect("written");
        writer.flush().expect("flushed");
        // Not finished, as if killed: it can be read already.
        assert_eq!(read(&path).expect("read"), [16_384, -8_192, 32_767]);
        writer.finish().expect("finished");
        let error = read(&dir.path().join("none.wav")).expect_err("there is none");
        assert!(error.to_string().contains("none.wav"));
    }
}
