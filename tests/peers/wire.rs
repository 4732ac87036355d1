//! What agent 1's trace says about a transfer: which party was sent to which.
use serde_json::Value;
use std::path::Path;
use trialog_tests::wire::Text;

/// The messages that were sent, in order; those of the first `skip` lines are left out.
fn sent(trace: &Path, skip: usize) -> Vec<Text> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let sent = |line: &str| {
        let entry: Value = serde_json::from_str(line).ok()?;
        let message = Text::new(entry["message"].as_str()?.as_bytes());
        (entry["dir"] != "in").then_some(message)
    };
    text.lines().skip(skip).filter_map(sent).collect()
}

/// The requests REFER that were sent, as the user that each went to and whether it carried `Replaces`; those of the first `skip`
/// lines are left out.
pub(crate) fn referred(trace: &Path, skip: usize) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for message in sent(trace, skip) {
        if message.method() != Some("REFER") {
            continue;
        }
        let of = |name| message.header(name).unwrap_or_default();
        let user = of("To")
            .split_once("sip:")
            .and_then(|(_, rest)| rest.split('@').next())
            .unwrap_or_default();
        let one = (user.to_owned(), of("Refer-To").contains("Replaces="));
        // A second time with credentials it is still one.
        if found.last() != Some(&one) {
            found.push(one);
        }
    }
    found
}

/// Whether an INVITE that was sent has no ACK yet, in a call that goes on.
pub(crate) fn offers(trace: &Path) -> bool {
    has_open_offer(sent(trace, 0))
}

fn has_open_offer(sent: impl IntoIterator<Item = Text>) -> bool {
    let mut open: Vec<(String, String)> = Vec::new();
    for message in sent {
        let of = |name| message.header(name).unwrap_or_default();
        let (number, method) = of("CSeq").split_once(' ').unwrap_or_default();
        let one = (of("Call-ID").to_owned(), number.to_owned());
        match (message.method(), method.trim()) {
            (Some("INVITE"), _) if !open.contains(&one) => open.push(one),
            (Some("ACK"), _) => open.retain(|other| *other != one),
            // A call that has ended, by our BYE or by our answer to one, owes no more answers.
            (_, "BYE") => open.retain(|(call, _)| *call != one.0),
            _ => {}
        }
    }
    !open.is_empty()
}

/// How many lines a trace has now.
pub(crate) fn lines(trace: &Path) -> usize {
    std::fs::read_to_string(trace).map_or(0, |text| text.lines().count())
}

#[test]
fn an_offer_is_open_until_its_ack_or_the_end_of_its_call() {
    let message = |first: &str, call: &str, number: &str| {
        Text::new(format!("{first}\r\nCall-ID: {call}\r\nCSeq: {number}\r\n\r\n").as_bytes())
    };
    let invite = |number: &str| message("INVITE sip:a SIP/2.0", "one", &format!("{number} INVITE"));
    let open = |others: Vec<Text>| has_open_offer([vec![invite("1")], others].concat());
    assert!(open(vec![]));
    assert!(open(vec![message("BYE sip:b SIP/2.0", "two", "2 BYE")]));
    assert!(!open(vec![message("ACK sip:a SIP/2.0", "one", "1 ACK")]));
    assert!(!open(vec![message("BYE sip:a SIP/2.0", "one", "2 BYE")]));
    assert!(!open(vec![message("SIP/2.0 200 OK", "one", "9 BYE")]));
}
