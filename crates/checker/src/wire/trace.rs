//! The three trace files, put together: each message once, from whom to whom, in the order in which it was sent.
use super::Message;
use crate::Party;
use serde_json::Value;

/// One line of one phone's trace file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was sent or received, in µs since 1970.
    pub at_us: i64,
    /// The phone sent it; else it received it.
    pub sent: bool,
    /// The phone's own address.
    pub local: String,
    /// The other's address.
    pub remote: String,
    /// The message.
    pub message: Message,
}

/// One message among the three.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it was sent (or, where only its arrival was seen, arrived), in µs since 1970.
    pub at_us: i64,
    /// The sender.
    pub from: Party,
    /// The receiver.
    pub to: Party,
    /// How often it was sent, retransmissions included.
    pub times: u32,
    /// The message.
    pub message: Message,
}

/// Reads a trace file: one JSON object a line. Lines that are no SIP message are passed over.
///
/// # Errors
/// The number of the line that is no JSON or lacks a field, and what it lacks.
pub fn read_trace(text: &str) -> Result<Vec<Entry>, (usize, &'static str)> {
    let mut entries = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(line).map_err(|_| (i + 1, "is no JSON"))?;
        let word = |key: &str| value[key].as_str().map(str::to_owned);
        let entry = (|| {
            Some((
                value["t_us"].as_i64()?,
                word("dir")?,
                word("local")?,
                word("remote")?,
                word("message")?,
            ))
        })();
        let (at_us, dir, local, remote, text) =
            entry.ok_or((i + 1, "lacks t_us, dir, local, remote or message"))?;
        if let Some(message) = Message::read(&text) {
            entries.push(Entry {
                at_us,
                sent: dir == "out",
                local,
                remote,
                message,
            });
        }
    }
    Ok(entries)
}

/// Puts the traces of the three (in the order of [`Party::ALL`]) together.
#[must_use]
pub fn merge(traces: &[Vec<Entry>; 3]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for from in Party::ALL {
        for entry in traces[from.index()].iter().filter(|e| e.sent) {
            let arrived_at = from.others().into_iter().find(|p| {
                traces[p.index()]
                    .iter()
                    .any(|e| !e.sent && same(&e.message, &entry.message))
            });
            let by_address = || {
                from.others()
                    .into_iter()
                    .find(|p| traces[p.index()].iter().any(|e| e.local == entry.remote))
            };
            if let Some(to) = arrived_at.or_else(by_address) {
                add(&mut all, entry, from, to);
            }
        }
    }
    // What only its receiver saw: a phone whose trace is incomplete.
    for to in Party::ALL {
        for entry in traces[to.index()].iter().filter(|e| !e.sent) {
            if all.iter().any(|s| same(&s.message, &entry.message)) {
                continue;
            }
            let from = to
                .others()
                .into_iter()
                .find(|p| traces[p.index()].iter().any(|e| e.local == entry.remote));
            if let Some(from) = from {
                add(&mut all, entry, from, to);
            }
        }
    }
    all.sort_by_key(|s| s.at_us);
    all
}

fn add(all: &mut Vec<Seen>, entry: &Entry, from: Party, to: Party) {
    let again = all
        .iter_mut()
        .find(|s| s.from == from && s.to == to && same(&s.message, &entry.message));
    match again {
        Some(seen) => {
            seen.times += 1;
            seen.at_us = seen.at_us.min(entry.at_us);
        }
        None => all.push(Seen {
            at_us: entry.at_us,
            from,
            to,
            times: 1,
            message: entry.message.clone(),
        }),
    }
}

// A retransmission is the same message again; what a proxy or receiver adds to the first Via does not count.
fn same(a: &Message, b: &Message) -> bool {
    a.line == b.line
        && a.call_id() == b.call_id()
        && a.cseq() == b.cseq()
        && a.branch() == b.branch()
        && a.tag("to") == b.tag("to")
        && a.tag("from") == b.tag("from")
}
