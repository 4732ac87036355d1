//! A call's messages as a ladder: this phone on the left, a column for each far end, an arrow for each message, with the time since
//! the first one. What went twice is marked.
use super::text::say_in;
use crate::cli::Language;
use crate::visible;
use trialog_client::api::{CallTrace, TraceMessage, Way};
use trialog_desk::words::ctl;

/// From one column's line to the next one's.
const WIDE: usize = 46;

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
    let cut: String = visible::text(text).chars().take(wide - 1).collect();
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
    let label = label(message, &again);
    // From our line to that of the column, without the two.
    let length = (column + 1) * WIDE - 1;
    let label: String = visible::text(&label).chars().take(length - 6).collect();
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

/// Method or status with the CSeq, whether it went before, and whether it has a session description.
fn label(message: &TraceMessage, again: &str) -> String {
    let mut words = message.first_line.split(' ');
    let first = words.next().unwrap_or_default();
    let cseq = header(&message.text, "CSeq").unwrap_or_default();
    let (number, method) = cseq.split_once(' ').unwrap_or((cseq, ""));
    let mut label = match first.starts_with("SIP/") {
        true => {
            let status: Vec<&str> = words.collect();
            format!("{} ({number} {}){again}", status.join(" "), method.trim())
        }
        false => format!("{first} ({number}){again}"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_client::api::{TraceLeg, WireTransport};

    fn message(at_us: u64, way: Way, (leg, remote): (&str, &str), text: &str) -> TraceMessage {
        TraceMessage {
            at_us,
            way,
            transport: WireTransport::Udp,
            local: "192.0.2.1:5060".to_owned(),
            remote: remote.to_owned(),
            leg: leg.to_owned(),
            first_line: text.lines().next().unwrap_or_default().to_owned(),
            again: false,
            cut: false,
            text: text.to_owned(),
        }
    }

    fn trace() -> CallTrace {
        let (carla, gus) = (("r1", "192.0.2.2:5060"), ("p2", "192.0.2.3:5060"));
        let invite =
            "INVITE sip:a SIP/2.0\r\nCSeq: 7 INVITE\r\nc: application/sdp\r\n\r\na=sendonly\r\n";
        let party = |leg: &str, party: &str| TraceLeg {
            leg: leg.to_owned(),
            party: party.to_owned(),
        };
        CallTrace {
            phone: "anna".to_owned(),
            legs: vec![party("r1", "Carla\u{1b}[2J\u{202e}"), party("p2", "Gus")],
            messages: vec![
                message(1_000_000, Way::In, carla, invite),
                TraceMessage {
                    again: true,
                    ..message(1_500_000, Way::In, carla, invite)
                },
                message(
                    2_000_000,
                    Way::Out,
                    gus,
                    "SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n",
                ),
            ],
            left_out: 4,
            before_left_out: 2,
            ..CallTrace::default()
        }
    }

    #[test]
    fn each_party_has_a_column_and_each_message_an_arrow_to_it() {
        let ladder = text(&trace(), Language::En);
        let lines: Vec<&str> = ladder.lines().collect();
        assert_eq!(lines.len(), 6, "{ladder}");
        let column = |line: &str, of: &str| line.find(of).map(|at| line[..at].chars().count());
        assert_eq!(column(lines[0], "Carla"), Some(TIME + WIDE));
        assert_eq!(column(lines[1], "192.0.2.3"), Some(TIME + 2 * WIDE));
        assert!(lines[2].starts_with("+0.000 ") && lines[2].contains(" INVITE (7) SDP sendonly "));
        assert_eq!(lines[2].matches('│').count(), 3, "{ladder}");
        assert!(
            lines[3].starts_with("+0.500 ") && lines[3].contains("(again)"),
            "{ladder}"
        );
        assert!(lines[4].contains("4 messages were left out"), "{ladder}");
        assert!(lines[5].contains(" 486 Busy Here (1 INVITE) "), "{ladder}");
        let ends = lines[2..].iter().filter(|line| line.contains('│'));
        for line in ends {
            let width = line.chars().count();
            assert_eq!(width, TIME + 2 * WIDE + 1, "{line}");
        }
        let german = text(&trace(), Language::De);
        assert!(german.contains("noch einmal") && german.contains("4 Nachrichten ausgelassen"));
    }

    #[test]
    fn what_would_steer_a_terminal_is_written_out() {
        let mut trace = trace();
        trace.messages[0].text.push_str("\u{1b}]0;x\u{7}\u{202e}");
        for shown in [text(&trace, Language::En), messages(&trace, Language::En)] {
            let steers = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
            assert!(!shown.contains(steers), "{shown}");
        }
    }

    #[test]
    fn a_call_without_a_message_is_an_empty_ladder() {
        let ladder = text(&CallTrace::default(), Language::En);
        assert_eq!(ladder.trim(), "");
    }
}
