//! The session timer of one call (RFC 4028): how long its session lasts unless it is refreshed, and by whom. Headers go in, headers
//! and times come out; it sends nothing.
use std::time::Duration;
use trialog_call::Time;
use trialog_sip::{HeaderName, Headers, Refresher, Seconds, SessionExpires};

/// The option tag.
pub(crate) const TIMER: &str = "timer";

/// The shortest interval (RFC 4028 §4).
pub(crate) const LEAST: u32 = 90;

/// The shortest that is followed where the far side breaks that rule: each refresh costs a message.
const SHORTEST: u32 = 10;

/// What we want of the timer, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    /// 0: we ask for none.
    pub(crate) wanted: u32,
    /// The shortest that is agreed to, as the far side's Min-SE has it for its own.
    pub(crate) least: u32,
}

impl Interval {
    /// Both keep to RFC 4028 §4.
    pub(crate) fn new(wanted: Duration, least: Duration) -> Self {
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let least = seconds(least).max(LEAST);
        let wanted = match seconds(wanted) {
            0 => 0,
            wanted => wanted.max(least),
        };
        Self { wanted, least }
    }
}

/// What a request says of the timer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Its sender knows the extension.
    knows: bool,
    seconds: Option<u32>,
    refresher: Option<Refresher>,
    /// Its Min-SE.
    least: u32,
}

impl Asked {
    pub(crate) fn of(headers: &Headers) -> Self {
        let expires = headers.typed::<SessionExpires>(&HeaderName::SessionExpires);
        let expires = expires.and_then(Result::ok);
        let least = headers.typed::<Seconds>(&HeaderName::MinSe);
        Self {
            knows: headers.has_token(&HeaderName::Supported, TIMER)
                || headers.has_token(&HeaderName::Require, TIMER),
            seconds: expires.as_ref().map(|expires| expires.seconds),
            refresher: expires.and_then(|expires| expires.refresher),
            least: least.and_then(Result::ok).map_or(0, |least| least.0),
        }
    }

    /// RFC 4028 §9: 422 is the answer, where its sender knows what that means.
    pub(crate) fn is_too_short(&self, least: u32) -> bool {
        self.knows && self.seconds.is_some_and(|seconds| seconds < least)
    }
}

/// What was agreed of the timer.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    seconds: u32,
    /// We refresh.
    ours: bool,
    /// The call ends then (RFC 4028 §10).
    ends: Time,
    /// A refresh of ours is on its way.
    refreshing: bool,
}

/// The timer of a call.
#[derive(Debug, Default)]
pub(crate) struct SessionTimer {
    agreed: Option<Agreed>,
    /// The longest Min-SE that somebody on the way has asked for by 422.
    least: u32,
}

impl SessionTimer {
    /// Somebody on the way wants an interval of so many seconds at least.
    pub(crate) fn lengthen(&mut self, least: u32) {
        self.least = self.least.max(least);
    }

    /// States what we want in a request that refreshes the session.
    pub(crate) fn state(&self, interval: Interval, headers: &mut Headers) {
        let seconds = match (&self.agreed, interval.wanted) {
            (Some(agreed), _) => agreed.seconds,
            (None, 0) => return,
            (None, wanted) => wanted,
        };
        // RFC 4028 §7.4: who refreshes goes on with it. At first the called side chooses.
        let refresher = self.agreed.map(|agreed| match agreed.ours {
            true => Refresher::Uac,
            false => Refresher::Uas,
        });
        let seconds = seconds.max(self.least);
        let expires = SessionExpires { seconds, refresher };
        headers.push(HeaderName::SessionExpires, expires.to_string());
        // What the far side has agreed to is gone on with, though it be shorter than what it could have asked for; no interval is
        // shorter than the Min-SE beside it (§7.1).
        let least = self.least.max(interval.least).min(seconds);
        if least > LEAST {
            headers.push(HeaderName::MinSe, least.to_string());
        }
    }

    /// States what is agreed in our 2xx to such a request (RFC 4028 §9).
    pub(crate) fn answer(&mut self, now: Time, asked: &Asked, wanted: u32, headers: &mut Headers) {
        let own = Some(wanted).filter(|wanted| *wanted > 0 && asked.knows);
        let Some(seconds) = asked.seconds.into_iter().chain(own).min() else {
            self.agreed = None;
            return;
        };
        let seconds = seconds.max(asked.least).max(LEAST);
        // A caller that does not know the extension can't refresh. Who has refreshed so far goes on with it.
        let so_far = self.agreed.map(|agreed| match agreed.ours {
            true => Refresher::Uas,
            false => Refresher::Uac,
        });
        let chosen = asked.refresher.or(so_far).unwrap_or(Refresher::Uac);
        let refresher = if asked.knows { chosen } else { Refresher::Uas };
        if asked.knows {
            headers.push(HeaderName::Require, TIMER);
        }
        let expires = SessionExpires {
            seconds,
            refresher: Some(refresher),
        };
        headers.push(HeaderName::SessionExpires, expires.to_string());
        self.agree(now, seconds, refresher == Refresher::Uas);
    }

    /// Reads the 2xx to ours (RFC 4028 §7.2). Without Session-Expires the session does not end by itself.
    pub(crate) fn answered(&mut self, now: Time, headers: &Headers) {
        match headers.typed::<SessionExpires>(&HeaderName::SessionExpires) {
            Some(Ok(SessionExpires { seconds, refresher })) => {
                let ours = refresher != Some(Refresher::Uas);
                self.agree(now, seconds.max(SHORTEST), ours);
            }
            _ => self.agreed = None,
        }
    }

    fn agree(&mut self, now: Time, seconds: u32, ours: bool) {
        // RFC 4028 §10: a little before its end, so that both sides come to the same.
        let early = (seconds / 3).min(32);
        self.agreed = Some(Agreed {
            seconds,
            ours,
            ends: now + Duration::from_secs((seconds - early).into()),
            refreshing: false,
        });
    }

    /// When the timer is to fire next; `None`: the session does not end by itself.
    pub(crate) fn due(&self, now: Time) -> Option<Time> {
        let agreed = self.agreed.as_ref()?;
        let half = now + Duration::from_secs(u64::from(agreed.seconds) / 2);
        let refreshes = agreed.ours && !agreed.refreshing;
        Some(if refreshes {
            half.min(agreed.ends)
        } else {
            agreed.ends
        })
    }

    /// It has fired: whether the session is over; else it is to be refreshed.
    pub(crate) fn is_over(&mut self, now: Time) -> bool {
        match &mut self.agreed {
            Some(agreed) if now < agreed.ends => {
                agreed.refreshing = true;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// A refresh was put off until then, but not beyond the end.
    pub(crate) fn put_off(&mut self, until: Time) -> Option<Time> {
        let agreed = self.agreed.as_mut()?;
        agreed.refreshing = false;
        Some(until.min(agreed.ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time(Duration::from_secs(seconds))
    }

    fn headers(rows: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in rows {
            headers.push(name.clone(), *value);
        }
        headers
    }

    /// Session-Expires of the answer to a request with these rows, where we want so many seconds.
    fn answer(rows: &[(HeaderName, &str)], wanted: u32) -> Option<String> {
        let (asked, mut said) = (Asked::of(&headers(rows)), Headers::new());
        SessionTimer::default().answer(at(0), &asked, wanted, &mut said);
        let expires = said.get(&HeaderName::SessionExpires)?;
        Some(expires.to_owned())
    }

    #[test]
    fn rfc_4028_the_called_side_shortens_the_interval_and_names_who_refreshes() {
        use HeaderName::{MinSe, SessionExpires, Supported};
        let knows = (Supported, TIMER);
        for (rows, wanted, said) in [
            (vec![], 1800, None),
            (vec![knows.clone()], 0, None),
            (vec![knows.clone()], 1800, Some("1800;refresher=uac")),
            (
                vec![knows.clone(), (MinSe, "3600")],
                1800,
                Some("3600;refresher=uac"),
            ),
            (
                vec![knows.clone(), (SessionExpires, "600;refresher=uas")],
                1800,
                Some("600;refresher=uas"),
            ),
            (
                vec![knows.clone(), (SessionExpires, "4000"), (MinSe, "120")],
                90,
                Some("120;refresher=uac"),
            ),
            (
                vec![(SessionExpires, "600;refresher=uac")],
                0,
                Some("600;refresher=uas"),
            ),
            (vec![(SessionExpires, "5")], 0, Some("90;refresher=uas")),
        ] {
            assert_eq!(answer(&rows, wanted).as_deref(), said, "{rows:?}");
        }
    }

    #[test]
    fn rfc_4028_who_refreshes_does_so_at_half_time_and_the_other_ends_it_before_the_end() {
        let mut timer = SessionTimer::default();
        let ours = headers(&[(HeaderName::SessionExpires, "90;refresher=uac")]);
        timer.answered(at(0), &ours);
        assert_eq!(timer.due(at(0)), Some(at(45)));
        assert!(!timer.is_over(at(45)), "a refresh");
        assert_eq!(timer.due(at(45)), Some(at(60)));
        assert!(timer.is_over(at(60)));
        let theirs = headers(&[(HeaderName::SessionExpires, "1800;refresher=uas")]);
        timer.answered(at(100), &theirs);
        assert_eq!(timer.due(at(100)), Some(at(100 + 1800 - 32)));
        timer.answered(at(100), &headers(&[]));
        assert_eq!(timer.due(at(100)), None);
    }
}
