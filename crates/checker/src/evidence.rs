//! All that the witness sees, read from a story's folder.
use crate::wire::{self, Wire};
use crate::{Party, Recording};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};

/// Three ears, three microphones, the SIP.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What each heard, in the order of [`Party::ALL`].
    pub ears: [Recording; 3],
    /// What each said, in the order of [`Party::ALL`].
    pub spoken: [Recording; 3],
    /// The SIP among them.
    pub wire: Wire,
}

/// What is missing or can't be read.
#[derive(Clone, Debug)]
pub struct EvidenceError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub fault: String,
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.fault)
    }
}

impl std::error::Error for EvidenceError {}

impl Evidence {
    /// Reads `customer.wav`, `agent-1.wav`, `agent-2.wav`, `spoken/` with the same names, `spoken.json` with
    /// `{"customer": {"started_unix_us": …}, …}`, and `trace/` with a `.jsonl` for each.
    ///
    /// # Errors
    /// The first file that is missing or can't be read.
    pub fn read(folder: &Path) -> Result<Self, EvidenceError> {
        let fail = |file: PathBuf, fault: String| EvidenceError { file, fault };
        let path = folder.join("spoken.json");
        let text = std::fs::read_to_string(&path).map_err(|e| fail(path.clone(), e.to_string()))?;
        let starts: Value =
            serde_json::from_str(&text).map_err(|e| fail(path.clone(), e.to_string()))?;
        let mut ears = Vec::new();
        let mut spoken = Vec::new();
        let mut traces: [Vec<wire::Entry>; 3] = Default::default();
        for party in Party::ALL {
            let name = party.file();
            let started = starts[name]["started_unix_us"]
                .as_i64()
                .ok_or_else(|| fail(path.clone(), format!("lacks {name}.started_unix_us")))?;
            for (list, file) in [
                (&mut ears, folder.join(format!("{name}.wav"))),
                (
                    &mut spoken,
                    folder.join("spoken").join(format!("{name}.wav")),
                ),
            ] {
                list.push(Recording::read(&file, started).map_err(|e| fail(file, e))?);
            }
            let file = folder.join("trace").join(format!("{name}.jsonl"));
            let text =
                std::fs::read_to_string(&file).map_err(|e| fail(file.clone(), e.to_string()))?;
            traces[party.index()] = wire::read_trace(&text)
                .map_err(|(line, what)| fail(file, format!("line {line} {what}")))?;
        }
        let three = |list: Vec<Recording>| -> [Recording; 3] {
            list.try_into()
                .expect("one was pushed for each of the three parties")
        };
        Ok(Self {
            ears: three(ears),
            spoken: three(spoken),
            wire: wire::dialogs(wire::merge(&traces)),
        })
    }
}
