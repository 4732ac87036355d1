//! A call's messages as a ladder: this phone on the left, a column for each far end, an arrow for each message, with the time since
//! the first one. What went twice is marked.
use super::text::say_in;
use crate::cli::Language;
use crate::visible;
use trialog_client::api::{CallTrace, TraceMessage, Way};
use trialog_desk::words::ctl;

/// From one column's line to the next one's.
const WIDE: usize = 40;

/// Before the first line: the time.
const TIME: usize = 12;

/// The ladder.
pub(super) fn text(trace: &CallTrace, language: Language) -> String {
    let columns = columns(trace);
    let mut out = String::new();
    let mut push = |line: &str| {
        out.push_str(visible::text(line.trim_end()).as_ref());
        out.push('\n');
    };
    let party = |(leg, _): &(&str, &str)| {
        let known = trace.legs.iter().find(|known| known.leg == *leg);
        known.map_or_else(|| (*leg).to_owned(), |known| known.party.clone())
    };
    let heads: Vec<String> = columns.iter().map(party).collect();
    push(&row(&trace.phone, &heads));
    let ends: Vec<String> = columns
        .iter()
        .map(|(_, remote)| (*remote).to_owned())
        .collect();
    let local = trace.messages.first().map_or("", |first| &first.local[..]);
    push(&row(local, &ends));
    let start = trace.messages.first().map_or(0, |first| first.at_us);
    for (place, message) in trace.messages.iter().enumerate() {
        let column = columns.iter().position(|column| *column == of(message));
        push(&arrow(
            message,
            column.unwrap_or(0),
            columns.len(),
            start,
            language,
        ));
        if trace.left_out > 0 && place + 1 == trace.before_left_out as usize {
            let left_out = trace.left_out.to_string();
            let said = ctl::LEFT_OUT.with(&[("count", &left_out)]);
            push(super::text::in_language(language, &said.en, &said.de));
        }
    }
    out
}

/// Far ends in the order in which they were seen: the leg, and where its messages came from or went to.
fn columns(trace: &CallTrace) -> Vec<(&str, &str)> {
    let mut columns = Vec::new();
    for message in &trace.messages {
        if !columns.contains(&of(message)) {
            columns.push(of(message));
        }
    }
    columns
}

fn of(message: &TraceMessage) -> (&str, &str) {
    (&message.leg, &message.remote)
}

/// Heads over their lines.
fn row(own: &str, far: &[String]) -> String {
    let mut out = " ".repeat(TIME);
    out.push_str(&fitted(own, WIDE));
    for head in far {
        out.push_str(&fitted(head, WIDE));
    }
    out
}

/// Cut or filled up to this width, with a space behind it in any case.
fn fitted(text: &str, wide: usize) -> String {
    let cut: String = text.chars().take(wide - 1).collect();
    format!("{cut:wide$}")
}

fn arrow(
    message: &TraceMessage,
    column: usize,
    columns: usize,
    start: u64,
    language: Language,
) -> String {
    let since = message.at_us.saturating_sub(start) as f64 / 1e6;
    let again = if message.again {
        format!(" ({})", say_in(language, ctl::AGAIN))
    } else {
        String::new()
    };
    let label = format!("{}{again}", label(message));
    // From our line to that of the column, without the two.
    let length = (column + 1) * WIDE - 1;
    let label: String = label.chars().take(length - 6).collect();
    let filled = |dashes: usize| "─".repeat(dashes);
    let dashes = length - 4 - label.chars().count();
    let (before, after) = (dashes / 2, dashes - dashes / 2);
    let shaft = match message.way {
        Way::Out => format!("{} {label} {}▶ ", filled(before), filled(after)),
        Way::In => format!(" ◀{} {label} {}", filled(before), filled(after)),
    };
    let mut line = format!("{:<TIME$}│{shaft}│", format!("+{since:.3}"));
    for _ in column + 1..columns {
        line.push_str(&" ".repeat(WIDE - 1));
        line.push('│');
    }
    line
}

/// Method or status with the CSeq, and whether it has a session description.
fn label(message: &TraceMessage) -> String {
    let mut words = message.first_line.split(' ');
    let first = words.next().unwrap_or_default();
    let cseq = header(&message.text, "CSeq").unwrap_or_default();
    let (number, method) = cseq.split_once(' ').unwrap_or((cseq, ""));
    let mut label = match first.starts_with("SIP/") {
        true => {
            let status: Vec<&str> = words.collect();
            format!("{} ({number} {})", status.join(" "), method.trim())
        }
        false => format!("{first} ({number})"),
    };
    let is_described = header(&message.text, "Content-Type")
        .or_else(|| header(&message.text, "c"))
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("sdp"));
    if is_described {
        label.push_str(" SDP");
        let directions = ["sendonly", "recvonly", "inactive"];
        let stated = directions.into_iter().find(|direction| {
            let line = format!("a={direction}");
            message.text.lines().any(|own| own == line)
        });
        if let Some(direction) = stated {
            label.push(' ');
            label.push_str(direction);
        }
    }
    label
}

/// A header's value, of one that is written in one line.
fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = message.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.trim_end()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim())
    })
}

/// Each message whole, below its time, addresses and transport.
pub(super) fn messages(trace: &CallTrace, language: Language) -> String {
    let start = trace.messages.first().map_or(0, |first| first.at_us);
    let mut out = String::new();
    for message in &trace.messages {
        let since = message.at_us.saturating_sub(start) as f64 / 1e6;
        let (from, to) = match message.way {
            Way::In => (&message.remote, &message.local),
            Way::Out => (&message.local, &message.remote),
        };
        let mut head = format!("+{since:.3}  {from} → {to}  {}", message.transport);
        for (holds, word) in [(message.again, ctl::AGAIN), (message.cut, ctl::CUT)] {
            if holds {
                head.push_str(&format!(" ({})", say_in(language, word)));
            }
        }
        let lines = std::iter::once(&head[..]).chain(message.text.lines());
        for line in lines {
            out.push_str(visible::text(line).as_ref());
            out.push('\n');
        }
        out.push('\n');
    }
    out
}
