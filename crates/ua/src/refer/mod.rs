//! REFER (RFC 3515) and its implicit subscription, from both sides. The core decides whom to send and whether to go; here
//! are the messages between.
mod referee;
mod referrer;

use std::time::Duration;

/// How long the subscription of a REFER lasts unless it is refreshed.
pub(crate) const LASTS: Duration = Duration::from_secs(180);
/// How long a NOTIFY is awaited in a dialog whose call is over.
pub(crate) const LINGER: Duration = Duration::from_secs(90);
/// The event package.
pub(crate) const PACKAGE: &str = "refer";

/// `refer`, with the REFER's number where it is not the dialog's first (RFC 3515 §2.4.6).
fn event(cseq: u32, first: bool) -> String {
    if first {
        PACKAGE.to_owned()
    } else {
        format!("{PACKAGE};id={cseq}")
    }
}

/// Whether an Event names the REFER of this number.
fn names(event: &trialog_sip::Event, cseq: u32) -> bool {
    event.package.eq_ignore_ascii_case(PACKAGE)
        && event
            .id()
            .is_none_or(|id| id.parse::<u32>().is_ok_and(|id| id == cseq))
}
