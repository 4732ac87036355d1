//! The gaps of many kills as a table by situation, and as a histogram.
use std::fmt;
use std::time::Duration;
use trialog_tests::killing::Situation;

/// The upper ends of the histogram's rows, in ms.
const ROWS: [u128; 9] = [50, 75, 100, 150, 200, 300, 500, 1_000, 2_000];

/// Stars of the longest row.
const WIDTH: usize = 50;

/// One gap for each call that was kept.
#[derive(Default)]
pub(crate) struct Gaps(Vec<(Situation, Duration)>);

impl Gaps {
    pub(crate) fn add(&mut self, situation: Situation, gap: Duration) {
        self.0.push((situation, gap));
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, of: Option<Situation>) -> fmt::Result {
        let kept = self
            .0
            .iter()
            .filter(|(situation, _)| of.is_none_or(|of| of == *situation));
        let mut ms: Vec<u128> = kept.map(|(_, gap)| gap.as_millis()).collect();
        ms.sort_unstable();
        let Some(max) = ms.last() else {
            return Ok(());
        };
        // Nearest rank.
        let at = |percent: usize| ms[(ms.len() * percent).div_ceil(100).saturating_sub(1)];
        writeln!(
            f,
            "{name:<18}{:>6}{:>8} ms{:>8} ms{max:>8} ms",
            ms.len(),
            at(50),
            at(95)
        )
    }
}

impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<18}{:>6}{:>11}{:>11}{:>11}",
            "situation", "kills", "median", "p95", "max"
        )?;
        for situation in Situation::ALL {
            self.row(f, &situation.to_string(), Some(situation))?;
        }
        self.row(f, "all", None)?;
        let mut rows = [0; ROWS.len() + 1];
        for (_, gap) in &self.0 {
            rows[ROWS.partition_point(|end| *end < gap.as_millis())] += 1;
        }
        let longest = rows.iter().copied().max().unwrap_or(0).max(1);
        writeln!(f)?;
        for (place, count) in rows.into_iter().enumerate() {
            let stars = "*".repeat((count * WIDTH).div_ceil(longest));
            match ROWS.get(place) {
                Some(end) => writeln!(f, "{:>9} ms {count:>5} {stars}", format!("≤ {end}"))?,
                None if count > 0 => writeln!(f, "     longer  {count:>5} {stars}")?,
                None => {}
            }
        }
        Ok(())
    }
}
