//! What the benches print, read: a line is a measurement, a note, or nothing to us.
use super::rows::{Better, Peer, ROWS, Row};

/// One row, measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) row: &'static Row,
    pub(crate) value: f64,
    /// Name and version, and what it reached.
    pub(crate) peer: (String, f64),
}

impl Measured {
    /// A measurement of this row, with the peer that ran beside it. `None`: the row's peer is live and was not measured, or
    /// the other way about.
    pub(crate) fn new(row: &'static Row, value: f64, live: Option<(String, f64)>) -> Option<Self> {
        let peer = match (row.peer, live) {
            (Peer::Live, Some(peer)) => peer,
            (Peer::Recorded, None) => {
                let figure = row.recorded()?;
                (figure.peer.to_owned(), figure.value)
            }
            _ => return None,
        };
        Some(Self { row, value, peer })
    }

    /// The value as far as it is shown.
    pub(crate) fn shown(&self) -> f64 {
        rounded(self.value, self.row.digits)
    }

    /// What we wanted is reached, as far as the value is shown.
    pub(crate) fn reached(&self) -> bool {
        match self.row.better {
            Better::Lower => self.shown() <= self.row.goal,
            Better::Higher => self.shown() >= self.row.goal,
        }
    }
}

/// As `format!` rounds, so that table and JSON say the same.
pub(crate) fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$}").parse().unwrap_or(value)
}

/// A line of a bench's output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    Measured(Measured),
    /// What a reader of the table should know beside it.
    Note(String),
    /// It begins like a measurement and is none.
    Wrong(String),
    Other,
}

/// Reads `NAME VALUE UNIT [| PEER VALUE]`, where NAME is a row's, or `# NOTE`.
pub(crate) fn line(text: &str) -> Line {
    if let Some(note) = text.strip_prefix("# ") {
        return Line::Note(note.to_owned());
    }
    let name = text.split(' ').next().unwrap_or_default();
    let Some(row) = ROWS.iter().find(|row| row.name == name) else {
        return Line::Other;
    };
    measured(row, text).map_or_else(|| Line::Wrong(text.to_owned()), Line::Measured)
}

fn measured(row: &'static Row, text: &str) -> Option<Measured> {
    let (own, peer) = match text.split_once(" | ") {
        Some((own, peer)) => (own, Some(peer)),
        None => (text, None),
    };
    let mut words = own.splitn(3, ' ').skip(1);
    let value = number(words.next()?)?;
    if words.next()? != row.unit {
        return None;
    }
    let live = match peer {
        Some(peer) => {
            let (name, value) = peer.rsplit_once(' ')?;
            Some((name.to_owned(), number(value)?))
        }
        None => None,
    };
    Measured::new(row, value, live)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Measured {
        match line(text) {
            Line::Measured(measured) => measured,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_live_peer_is_read_from_the_line() {
        let measured = read("parser.invite 1.6236 µs | rsip 0.4.0 11.8149");
        assert_eq!(measured.shown(), 1.62);
        assert_eq!(measured.peer, ("rsip 0.4.0".to_owned(), 11.8149));
        assert!(!measured.reached());
    }

    #[test]
    fn a_recorded_peer_is_taken_from_our_table() {
        let measured = read("cpu.3.opus 4.999 % of a core");
        assert_eq!(measured.peer, ("pjsua 2.17".to_owned(), 7.0));
        assert!(measured.reached());
    }

    #[test]
    fn more_calls_are_better() {
        let row = ROWS.iter().find(|row| row.name == "calls.rate").unwrap();
        let beside = || Some(("baresip 1.0.0".to_owned(), 250.0));
        assert!(Measured::new(row, 1200.0, beside()).unwrap().reached());
        assert!(!Measured::new(row, 1199.0, beside()).unwrap().reached());
    }

    #[test]
    fn a_live_row_without_its_peer_is_wrong_and_so_is_another_unit() {
        for text in [
            "parser.invite 1.6 µs",
            "mixer.3 1.0 µs | pjmedia 2.17 10.8",
            "mixer.3 1.0 ms",
            "mixer.3 NaN µs",
            "mixer.3",
        ] {
            assert_eq!(line(text), Line::Wrong(text.to_owned()));
        }
    }

    #[test]
    fn a_note_is_kept_and_the_rest_passed_over() {
        assert_eq!(
            line("# Opus complexity 5"),
            Line::Note("Opus complexity 5".to_owned())
        );
        assert_eq!(line("mixer.5 1.0 µs"), Line::Other);
        assert_eq!(line(""), Line::Other);
    }
}
