//! `[idle]`: why an agent may be idle.
use super::reader::Section;
use super::sections::reason;
use trialog_call::WrapUpReason;

/// Reasons in the shape of those of a wrap-up.
pub(super) fn idle(section: Section<'_, '_>) -> Vec<WrapUpReason> {
    let mut reasons = Vec::new();
    for table in section.tables("reasons") {
        let reason = reason(table, &reasons);
        reasons.push(reason);
    }
    section.end();
    reasons
}
