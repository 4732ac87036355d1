//! How long each suite took, out of what nextest prints.
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Tests and their times by suite, in nextest's words: `package::program`.
#[derive(Debug, Default)]
pub(crate) struct SuiteTimes(BTreeMap<String, (u32, Duration)>);

impl SuiteTimes {
    /// Reads a line of the output. Those that tell of a finished test have a status, its time and its suite.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((status, rest)) = line.split_once('[') else {
            return;
        };
        let Some((time, rest)) = rest.split_once("s]") else {
            return;
        };
        let finished = [
            "PASS", "FAIL", "TIMEOUT", "ABORT", "SIGABRT", "SIGSEGV", "LEAK",
        ];
        let (true, Ok(seconds)) = (finished.contains(&status.trim()), time.trim().parse()) else {
            return;
        };
        // `(3/14)` may stand before the suite.
        let suite = rest
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        if let Some(suite) = suite {
            let (tests, took) = self.0.entry(suite.to_owned()).or_default();
            *tests += 1;
            *took += Duration::from_secs_f64(seconds);
        }
    }
}

/// A line a suite, the longest first. Tests that ran beside each other count for both.
impl fmt::Display for SuiteTimes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut suites: Vec<_> = self.0.iter().collect();
        suites.sort_by_key(|(_, (_, took))| std::cmp::Reverse(*took));
        writeln!(out, "seconds  tests  suite")?;
        for (suite, (tests, took)) in suites {
            writeln!(out, "{:7.1}  {tests:5}  {suite}", took.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_tests_are_added_up_by_suite() {
        let mut times = SuiteTimes::default();
        for line in [
            "    Starting 6 tests across 2 binaries (13 tests skipped)",
            "        PASS [   0.005s] (1/6) trialog-tests::architecture arrows::an_arrow",
            "        SLOW [> 60.000s] trialog-tests::stories stories::all",
            "        FAIL [   1.500s] (2/6) trialog-tests::architecture arrows::packages",
            "        PASS [  70.250s] (3/6) trialog-tests::stories stories::all",
        ] {
            times.read(line);
        }
        assert_eq!(
            times.to_string(),
            "seconds  tests  suite\n   70.2      1  trialog-tests::stories\n    1.5      2  trialog-tests::architecture\n"
        );
    }
}
