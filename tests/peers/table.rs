//! The table: a row for each pair, a column for each story, and the reasons below.
use crate::cell::{Cell, Outcome};
use crate::listening::Worst;
use crate::story::STORIES;
use std::fmt::Write;
use trialog_tests::standstill;

/// The cells of one way as text.
pub(crate) fn table(way: &str, cells: &[Cell]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut text = format!("\nagent 1 is trialog; way: {way}\n");
    let mut head = vec!["customer".to_owned(), "agent 2".to_owned()];
    head.extend(STORIES.iter().map(|story| story.name.to_owned()));
    head.push("s".to_owned());
    let mut rows = vec![head];
    for cell in cells {
        let mut row = vec![
            cell.customer.name().to_owned(),
            cell.guest.name().to_owned(),
        ];
        row.extend(STORIES.iter().map(|story| {
            let outcome = cell.outcomes.iter().find(|(name, _)| *name == story.name);
            word(outcome.map(|(_, outcome)| outcome), &mut reasons)
        }));
        row.push(format!("{:.1}", cell.took.as_secs_f64()));
        rows.push(row);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).filter_map(width).collect();
    for row in &rows {
        let line: String = row
            .iter()
            .zip(&widths)
            .map(|(word, width)| format!("{word:<width$}  "))
            .collect();
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for story in STORIES {
        let _ = writeln!(text, "{}: {}", story.name, story.about);
    }
    for (number, reason) in reasons.iter().enumerate() {
        let _ = writeln!(text, "n/a ({}) because {reason}", number + 1);
    }
    let worst = cells.iter().map(|cell| cell.worst).reduce(Worst::and);
    let _ = writeln!(text, "{}", worst.unwrap_or_default());
    if let Some((times, longest)) = standstill::all() {
        let _ = writeln!(
            text,
            "the machine stood still {times} times, at most {} ms: what was heard then was listened to again",
            longest.as_millis()
        );
    }
    let count = |wanted: fn(&Outcome) -> bool| {
        let all = cells.iter().flat_map(|cell| &cell.outcomes);
        all.filter(|(_, outcome)| wanted(outcome)).count()
    };
    let _ = writeln!(
        text,
        "{} hold, {} are n/a, {} are wrong",
        count(|outcome| matches!(outcome, Outcome::Holds(_))),
        count(|outcome| matches!(outcome, Outcome::NotApplicable(_))),
        count(|outcome| matches!(outcome, Outcome::Wrong(_))),
    );
    text
}

/// One outcome as it stands in the table; a reason that is new gets the next number.
fn word<'a>(outcome: Option<&'a Outcome>, reasons: &mut Vec<&'a str>) -> String {
    match outcome {
        None => "not played".to_owned(),
        Some(Outcome::Holds(note)) if note.is_empty() => "holds".to_owned(),
        Some(Outcome::Holds(note)) => format!("holds: {note}"),
        Some(Outcome::Wrong(_)) => "WRONG".to_owned(),
        Some(Outcome::NotApplicable(why)) => {
            let known = reasons.iter().position(|reason| reason == why);
            let number = known.unwrap_or_else(|| {
                reasons.push(why);
                reasons.len() - 1
            });
            format!("n/a ({})", number + 1)
        }
    }
}

/// What is wrong, cell by cell.
pub(crate) fn faults(way: &str, cells: &[Cell]) -> String {
    let mut text = String::new();
    for cell in cells {
        for (story, outcome) in &cell.outcomes {
            if let Outcome::Wrong(faults) = outcome {
                let (customer, guest) = (cell.customer.name(), cell.guest.name());
                let _ = writeln!(
                    text,
                    "{way}, customer {customer}, agent 2 {guest}, story {story}:"
                );
                for fault in faults {
                    let _ = writeln!(text, "  {fault}");
                }
            }
        }
    }
    text
}
