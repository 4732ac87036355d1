//! What agent 1's trace says about a transfer: who was sent to whom.
use serde_json::Value;
use std::path::Path;

/// The requests REFER that were sent, as the user that each went to and whether it carried `Replaces`; those of the first `skip`
/// lines are left out.
pub(crate) fn referred(trace: &Path, skip: usize) -> Vec<(String, bool)> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let mut found: Vec<(String, bool)> = Vec::new();
    for line in text.lines().skip(skip) {
        let Ok(entry) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let message = entry["message"].as_str().unwrap_or_default();
        if !message.starts_with("REFER ") || entry["dir"] == "in" {
            continue;
        }
        let user = header(message, "To")
            .split_once("sip:")
            .and_then(|(_, rest)| rest.split('@').next())
            .unwrap_or_default();
        let one = (
            user.to_owned(),
            header(message, "Refer-To").contains("Replaces="),
        );
        // A second time with credentials it is still one.
        if found.last() != Some(&one) {
            found.push(one);
        }
    }
    found
}

/// Whether an INVITE that was sent has no ACK yet.
pub(crate) fn offers(trace: &Path) -> bool {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let mut open: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let message = entry["message"].as_str().unwrap_or_default();
        if entry["dir"] == "in" {
            continue;
        }
        let number = header(message, "CSeq")
            .split_whitespace()
            .next()
            .unwrap_or_default();
        let one = (header(message, "Call-ID").to_owned(), number.to_owned());
        if message.starts_with("INVITE ") && !open.contains(&one) {
            open.push(one);
        } else if message.starts_with("ACK ") {
            open.retain(|other| *other != one);
        }
    }
    !open.is_empty()
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let fields = message.lines().filter_map(|line| line.split_once(':'));
    let mut named = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    named.next().map_or("", |(_, value)| value.trim())
}

/// How many lines a trace has now.
pub(crate) fn lines(trace: &Path) -> usize {
    std::fs::read_to_string(trace).map_or(0, |text| text.lines().count())
}
