//! What is wrong with a configuration file: where, and what was expected there.
use std::fmt;
use std::path::PathBuf;

/// All that is wrong with one file.
#[derive(Debug)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In which file.
    pub(crate) file: PathBuf,
    /// In which line, from 1; 0 where it is the file as a whole.
    pub(crate) line: usize,
    /// Which key, with its table: `sip.listen`.
    pub(crate) key: Option<String>,
    /// What should have been there.
    pub(crate) expected: String,
    /// What was there.
    pub(crate) found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if let Some(key) = &self.key {
            write!(f, " key {key}:")?;
        }
        write!(f, " expected {}, found {}", self.expected, self.found)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The known name nearest to a misspelt one, if any is near: at most a third of it is wrong.
pub(crate) fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (distance(wrong, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3)
        .map(|(_, name)| name)
}

/// How many letters are to be added, dropped, changed or swapped with their neighbour to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_near_its_right_spelling_and_a_strange_one_to_none() {
        let known = ["listen", "tcp", "trace", "trusted"];
        assert_eq!(nearest("lisetn", &known), Some("listen"));
        assert_eq!(nearest("trused", &known), Some("trusted"));
        assert_eq!(nearest("tpc", &known), Some("tcp"));
        assert_eq!(nearest("colour", &known), None);
    }
}
