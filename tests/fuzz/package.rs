//! Bodies of event packages: what a NOTIFY carries.
use trialog_sip::{DialogInfo, MessageSummary};

/// A mailbox (RFC 3842). What was read and is written as the RFC has it is read as the same.
pub(crate) fn message_summary(octets: &[u8]) {
    let Some(summary) = MessageSummary::read(octets) else {
        return;
    };
    let MessageSummary {
        waiting,
        new,
        old,
        urgent,
    } = summary;
    let waits = if waiting { "yes" } else { "no" };
    let written =
        format!("Messages-Waiting: {waits}\r\nVoice-Message: {new}/{old} ({urgent}/0)\r\n");
    assert_eq!(MessageSummary::read(written.as_bytes()), Some(summary));
}

/// The dialogs of somebody else's phone (RFC 4235). However large a body is, what is kept of it is bounded.
pub(crate) fn dialog_info(octets: &[u8]) {
    let Ok(info) = DialogInfo::read(octets) else {
        return;
    };
    assert!(info.dialogs.len() <= 32, "{}", info.dialogs.len());
    assert!(info.entity.len() <= 512);
    for dialog in &info.dialogs {
        let texts = [
            Some(&dialog.id),
            dialog.call_id.as_ref(),
            dialog.local_tag.as_ref(),
            dialog.remote_tag.as_ref(),
            dialog.remote_target.as_ref(),
        ];
        for text in texts.into_iter().flatten() {
            assert!(text.len() <= 512, "{}", text.len());
        }
    }
    assert_eq!(
        DialogInfo::read(octets),
        Ok(info),
        "read again it is the same"
    );
}
