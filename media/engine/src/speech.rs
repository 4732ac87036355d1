//! Sound from a file, to be said by a file end. Reading it takes time in proportion to its length, so it is done apart from the
//! engine, on a thread that may wait; and within limits, because the client that names the file may not know it.
use crate::{EngineError, wav};
use std::path::Path;
use std::time::Duration;

/// No file of speech is larger, in bytes.
const LARGEST: u64 = 64 << 20;

/// No speech is longer.
const LONGEST: Duration = Duration::from_secs(600);

/// What can be said: mono at 48 kHz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech(pub(crate) Vec<i16>);

impl Speech {
    /// Reads a regular file in the WAV format: any rate and number of channels, up to 64 MB and ten minutes.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let failed = |reason: String| EngineError::File {
            path: path.to_path_buf(),
            reason,
        };
        // A pipe or a device would keep the reader waiting.
        let file = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        if !file.is_file() {
            return Err(failed("it is no regular file".to_owned()));
        }
        if file.len() > LARGEST {
            return Err(failed(format!("it is larger than {} MB", LARGEST >> 20)));
        }
        if wav::length(path)? > LONGEST {
            return Err(failed(format!("it is longer than {} s", LONGEST.as_secs())));
        }
        wav::read(path).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_a_bounded_length_is_refused_and_does_not_keep_the_reader_waiting() {
        let dir = tempfile::tempdir().expect("a folder");
        let said = |path: &Path| Speech::read(path).expect_err("refused").to_string();
        assert!(said(dir.path()).contains("no regular file"));
        assert!(said(Path::new("/dev/zero")).contains("no regular file"));
        let path = dir.path().join("long.wav");
        let mut writer = wav::Writer::create(&path).expect("created");
        let second = vec![0.0; 48_000];
        for _ in 0..601 {
            writer.write(&second).expect("written");
        }
        writer.finish().expect("finished");
        assert!(said(&path).contains("longer than 600 s"));
        let path = dir.path().join("large.wav");
        let file = std::fs::File::create(&path).expect("created");
        file.set_len(LARGEST + 1).expect("sparse");
        assert!(said(&path).contains("larger than 64 MB"));
    }
}
