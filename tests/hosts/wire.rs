//! What a phone's trace says about a transfer, message by message.
use serde_json::Value;
use std::path::Path;
use trialog_tests::wire::Text;

/// A message of a trace.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// It was sent by the phone whose trace it is.
    pub(crate) sent: bool,
    pub(crate) text: Text,
}

/// All messages of a trace, in order.
pub(crate) fn read(trace: &Path) -> Vec<Seen> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let entry = |line: &str| {
        let entry: Value = serde_json::from_str(line).ok()?;
        Some(Seen {
            sent: entry["dir"] == "out",
            text: Text::new(entry["message"].as_str()?.as_bytes()),
        })
    };
    text.lines().filter_map(entry).collect()
}

/// The first request with this method, sent or received.
pub(crate) fn request<'a>(seen: &'a [Seen], method: &str, sent: bool) -> Option<&'a Text> {
    let fits = |one: &&Seen| one.sent == sent && one.text.method() == Some(method);
    seen.iter().find(fits).map(|one| &one.text)
}

/// The INVITE that carries Replaces, sent or received; the last one, which has the credentials that were asked for.
pub(crate) fn replacing(seen: &[Seen], sent: bool) -> Option<&Text> {
    let fits = |one: &&Seen| {
        one.sent == sent
            && one.text.method() == Some("INVITE")
            && one.text.header("Replaces").is_some()
    };
    seen.iter().rev().find(fits).map(|one| &one.text)
}

/// The statuses that this request was answered with, in order.
pub(crate) fn answers(seen: &[Seen], request: &Text) -> Vec<u16> {
    let about = |text: &Text| {
        let of = |name: &str| text.header(name).map(str::to_owned);
        (of("Call-ID"), of("CSeq"))
    };
    // Both sides of a dialog number their requests, so the direction counts, too.
    let sent = seen
        .iter()
        .find(|one| one.text == *request)
        .map(|one| one.sent);
    let wanted = about(request);
    seen.iter()
        .filter(|one| sent == Some(!one.sent) && about(&one.text) == wanted)
        .filter_map(|one| one.text.status())
        .collect()
}

/// What was reported about a transfer: each NOTIFY's status, whether it ended the subscription, and how it was answered.
pub(crate) fn reports(seen: &[Seen]) -> Vec<(u16, bool, Vec<u16>)> {
    let notifies = seen.iter().filter(|one| {
        one.sent
            && one.text.method() == Some("NOTIFY")
            && one
                .text
                .header("Event")
                .is_some_and(|event| event.starts_with("refer"))
    });
    notifies
        .map(|one| {
            let status = one.text.body().split(' ').nth(1);
            let ends = one
                .text
                .header("Subscription-State")
                .is_some_and(|state| state.starts_with("terminated"));
            (
                status.and_then(|status| status.parse().ok()).unwrap_or(0),
                ends,
                answers(seen, &one.text),
            )
        })
        .collect()
}
