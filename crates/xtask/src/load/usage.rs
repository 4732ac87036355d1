//! What the kernel's books say of a process (proc(5)).
use std::path::PathBuf;

/// The kernel counts CPU time for programs in these, on every architecture of Linux (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// A process that is looked at.
#[derive(Debug)]
pub(super) struct Usage(PathBuf);

/// Resident memory in kB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Before the first call.
    pub(crate) start: u64,
    /// The most.
    pub(crate) peak: u64,
    /// After the last call.
    pub(crate) end: u64,
}

impl Usage {
    pub(super) fn of(process: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{process}")))
    }

    /// CPU time used so far, by it and in its name by the kernel, in seconds.
    pub(super) fn cpu(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(self.0.join("stat")).ok()?;
        ticks(&stat).map(|ticks| ticks as f64 / TICKS_A_SECOND)
    }

    /// Resident memory now, in kB.
    pub(super) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most that it was, in kB.
    pub(super) fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> Option<u64> {
        let status = std::fs::read_to_string(self.0.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Open descriptors.
    pub(super) fn descriptors(&self) -> Option<usize> {
        Some(std::fs::read_dir(self.0.join("fd")).ok()?.count())
    }
}

/// User and system time out of `/proc/PID/stat`: the 14th and 15th field. The second, the name, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 800 0 0 0 31 11 0 0 20 0 4 0 5 6 7";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("nothing"), None);
    }

    #[test]
    fn our_own_process_is_in_the_books() {
        let own = Usage::of(std::process::id());
        assert!(own.cpu().is_some());
        assert!(own.resident() <= own.peak());
        assert!(own.descriptors() > Some(0));
    }
}
