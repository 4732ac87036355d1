//! A time as a person writes it on the command line: of the clock on the wall, where this machine is.
use super::Said;
use jiff::ZonedDateTime;
use jiff::civil::{Date, DateTime, Time};
use trialog_desk::words::ctl;

/// Whether the beginning or the end is meant of a day that is written without a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    From,
    To,
}

/// The time in Unix milliseconds; `now`: with the time zone that is meant. A time that a clock change leaves out is the one as
/// much later; of one that comes twice the first is meant.
///
/// # Errors
/// What was expected, and what was found.
pub(super) fn read(text: &str, edge: Edge, now: &ZonedDateTime) -> Result<u64, Said> {
    let wrong = || Said::of(ctl::NO_TIME, &[("text", text)]);
    let written = text.trim();
    let whole = |date: Date| {
        let date = match edge {
            Edge::From => date,
            // The end of a day is the beginning of the next.
            Edge::To => date.tomorrow().ok()?,
        };
        Some(date.to_datetime(Time::midnight()))
    };
    let today = now.date();
    let moment = match written {
        "today" | "heute" => whole(today),
        "yesterday" | "gestern" => today.yesterday().ok().and_then(whole),
        _ => match written.split_once([' ', 'T']) {
            Some((date, time)) => date_of(date).zip(time_of(time)).map(at),
            None => match date_of(written) {
                Some(date) => whole(date),
                None => time_of(written).map(|time| at((today, time))),
            },
        },
    };
    let moment = moment.ok_or_else(wrong)?;
    let zoned = moment
        .to_zoned_datetime(now.time_zone().clone())
        .map_err(|_| wrong())?;
    u64::try_from(zoned.timestamp().as_millisecond()).map_err(|_| wrong())
}

fn at((date, time): (Date, Time)) -> DateTime {
    date.to_datetime(time)
}

/// `2026-11-27`, or `27.11.2026` as people write it in German.
fn date_of(text: &str) -> Option<Date> {
    let (year, month, day) = match text.split_once('.') {
        Some((day, rest)) => {
            let (month, year) = rest.split_once('.')?;
            (year, month, day)
        }
        None => {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            (year, month, day)
        }
    };
    let year = (year.len() == 4).then_some(year)?;
    Date::new(digits(year)?, digits(month)?, digits(day)?).ok()
}

/// `08:30` or `08:30:15`.
fn time_of(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), digits)?;
    let is_whole = parts.next().is_none();
    Time::new(hour, minute, second, 0).ok().filter(|_| is_whole)
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    /// 2026-11-27 10:00 in a zone with summer time.
    fn now() -> ZonedDateTime {
        let rules = "CET-1CEST,M3.5.0,M10.5.0/3";
        let zone = TimeZone::posix(rules).unwrap();
        jiff::civil::date(2026, 11, 27)
            .at(10, 0, 0, 0)
            .to_zoned_datetime(zone)
            .unwrap()
    }

    fn shown(text: &str, edge: Edge) -> String {
        let ms = read(text, edge, &now()).unwrap_or_else(|error| panic!("{error:?}"));
        let stamp = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap();
        stamp.to_string()
    }

    #[test]
    fn times_are_those_of_the_wall_where_this_machine_is() {
        for (text, utc) in [
            ("2026-11-27 08:30", "2026-11-27T07:30:00Z"),
            ("2026-11-27T08:30:15", "2026-11-27T07:30:15Z"),
            ("2026-07-01 08:30", "2026-07-01T06:30:00Z"),
            ("27.11.2026 08:30", "2026-11-27T07:30:00Z"),
            ("08:30", "2026-11-27T07:30:00Z"),
            ("today", "2026-11-26T23:00:00Z"),
            ("gestern", "2026-11-25T23:00:00Z"),
            // Left out in the night to summer time, and twice in the one to winter time.
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(shown(text, Edge::From), utc, "{text}");
        }
    }

    #[test]
    fn a_day_is_meant_whole_at_either_edge() {
        assert_eq!(shown("2026-11-27", Edge::From), "2026-11-26T23:00:00Z");
        assert_eq!(shown("2026-11-27", Edge::To), "2026-11-27T23:00:00Z");
        assert_eq!(shown("yesterday", Edge::To), "2026-11-26T23:00:00Z");
        assert_eq!(shown("2026-11-27 12:00", Edge::To), "2026-11-27T11:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_said_with_what_is() {
        for text in [
            "",
            "soon",
            "2026-13-01",
            "2026-02-30",
            "26-11-27",
            "25:00",
            "8",
            "08:30:15:1",
            "2026-11-27 8",
            "1.2.3",
            "-1:00",
        ] {
            let Said { en: error, de } = read(text, Edge::From, &now()).unwrap_err();
            assert!(de.contains("erwartet 27.11.2026"), "{de}");
            assert!(
                error.contains("expected 2026-11-27")
                    && error.ends_with(&format!("found “{text}”")),
                "{error}"
            );
        }
    }
}
