//! The measurements as a table for people and as JSON for programs.
use super::reading::{Measured, rounded};
use super::rows::{Better, Peer};
use serde_json::{Value, json};
use std::fmt::Write;

/// The table, its columns as wide as they must be.
pub(crate) fn table(measured: &[Measured]) -> String {
    let mut lines = vec![[
        "".to_owned(),
        "Trialog".to_owned(),
        "unit".to_owned(),
        "to reach".to_owned(),
        "".to_owned(),
        "peer".to_owned(),
        "its value".to_owned(),
        "".to_owned(),
    ]];
    for one in measured {
        let (row, digits) = (one.row, one.row.digits);
        let goal = match row.better {
            Better::Lower => "≤",
            Better::Higher => "≥",
        };
        lines.push([
            row.name.to_owned(),
            format!("{:.digits$}", one.value),
            row.unit.to_owned(),
            format!("{goal} {}", row.goal),
            if one.reached() {
                "reached"
            } else {
                "NOT REACHED"
            }
            .to_owned(),
            one.peer.0.clone(),
            peer_value(one).to_string(),
            source(row.peer).to_owned(),
        ]);
    }
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let mut whole = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            // Numbers stand below one another by their ends.
            let _ = match column {
                1 | 3 | 6 => write!(whole, "{cell:>width$}  "),
                _ => write!(whole, "{cell:<width$}  "),
            };
        }
        let _ = writeln!(text, "{}", whole.trim_end());
    }
    text
}

/// An array of rows.
pub(crate) fn json(measured: &[Measured]) -> String {
    let row = |one: &Measured| {
        json!({
            "name": one.row.name,
            "value": one.shown(),
            "unit": one.row.unit,
            "peer": one.peer.0,
            "peer_value": peer_value(one),
            "peer_source": source(one.row.peer),
            "lower_is_better": one.row.better == Better::Lower,
        })
    };
    let rows: Vec<Value> = measured.iter().map(row).collect();
    format!("{:#}\n", Value::from(rows))
}

/// A recorded value as it was recorded, a live one as far as ours is shown.
fn peer_value(one: &Measured) -> f64 {
    match one.row.peer {
        Peer::Live => rounded(one.peer.1, one.row.digits),
        Peer::Recorded => one.peer.1,
    }
}

fn source(peer: Peer) -> &'static str {
    match peer {
        Peer::Live => "live",
        Peer::Recorded => "recorded",
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::{Line, line};
    use super::*;

    fn measured(lines: &[&str]) -> Vec<Measured> {
        let read = |text: &&str| match line(text) {
            Line::Measured(measured) => measured,
            other => panic!("{other:?}"),
        };
        lines.iter().map(read).collect()
    }

    #[test]
    fn a_row_has_the_seven_members_and_no_other() {
        let rows = measured(&[
            "mixer.254 123.456 µs",
            "parser.invite.allocations 3.0 allocations | rs\"ip\\ 112.0",
        ]);
        let read: Value = serde_json::from_str(&json(&rows)).unwrap();
        assert_eq!(
            read,
            json!([
                {
                    "name": "mixer.254", "value": 123.5, "unit": "µs", "peer": "pjmedia 2.17", "peer_value": 62449.0,
                    "peer_source": "recorded", "lower_is_better": true
                },
                {
                    "name": "parser.invite.allocations", "value": 3.0, "unit": "allocations", "peer": "rs\"ip\\",
                    "peer_value": 112.0, "peer_source": "live", "lower_is_better": true
                }
            ])
        );
    }

    #[test]
    fn the_table_says_what_is_reached_and_what_is_not() {
        let rows = measured(&["mixer.3 1.6049 µs", "cpu.3.opus 5.1 % of a core"]);
        assert_eq!(
            table(&rows),
            "            Trialog  unit         to reach               peer          its value
mixer.3        1.60  µs                ≤ 2  reached      pjmedia 2.17       10.8  recorded
cpu.3.opus     5.10  % of a core       ≤ 5  NOT REACHED  pjsua 2.17            7  recorded
"
        );
    }
}
