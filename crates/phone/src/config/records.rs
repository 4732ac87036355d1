//! `[records]`: where calls and wrap-ups are kept, and for how long.
use super::Records;
use super::reader::Section;
use std::time::Duration;

pub(super) fn records(section: Section<'_, '_>) -> Records {
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let records = Records {
        file: section.path("file"),
        keep: section
            .number("keep_days", 1..=36_500)
            .map_or(Records::default().keep, days),
    };
    section.end();
    records
}
