//! A caller's wish to be answered without the agent's doing, as PBXs and phones spell it: `Answer-Mode: Auto` (RFC 5373), `Call-Info` with
//! `answer-after`, `Alert-Info` with a word for it. Whether the wish is granted is the core's to say.
use std::time::Duration;
use trialog_sip::{HeaderName, Headers};

/// RFC 5373.
const ANSWER_MODE: &str = "Answer-Mode";

/// Who asks to be answered later than this does not mean an intercom: the call rings.
const LATEST: Duration = Duration::from_secs(60);

/// So many values of each header are looked at.
const VALUES: usize = 8;

/// Words of an Alert-Info that ask for it, without case, blanks and marks; the wish of `ring-answer` is a ring before, which the
/// agent's tone is.
const WORDS: [&str; 9] = [
    "autoanswer",
    "ringanswer",
    "alertautoanswer",
    "infoalertautoanswer",
    "infoautoanswer",
    "inforinganswer",
    "intercom",
    "intercomtrue",
    "infointercom",
];

/// After how long the caller wants to be answered; `None`: by the agent.
pub(crate) fn answer_after(headers: &Headers) -> Option<Duration> {
    let name = HeaderName::new(ANSWER_MODE);
    let modes = headers.all(&name).take(VALUES);
    let auto = |mode: &str| {
        let mode = mode.split(';').next().unwrap_or_default();
        mode.trim().eq_ignore_ascii_case("auto")
    };
    let mode = modes.filter(|mode| auto(mode)).map(|_| Duration::ZERO);
    let call = headers.all(&HeaderName::CallInfo).take(VALUES);
    let alert = headers.all(&HeaderName::AlertInfo).take(VALUES);
    let infos = call.filter_map(delay).chain(alert.filter_map(alerted));
    mode.chain(infos).min().filter(|after| *after <= LATEST)
}

/// `answer-after` among the parameters of a value, in seconds.
fn delay(value: &str) -> Option<Duration> {
    number(value, "answer-after")
}

fn alerted(value: &str) -> Option<Duration> {
    let word = |part: &str| {
        let letters = part.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.collect::<String>().to_ascii_lowercase();
        WORDS.contains(&letters.as_str())
    };
    let asks = parts(value).any(word);
    delay(value).or_else(|| asks.then(|| number(value, "delay").unwrap_or_default()))
}

/// What a value has beside a URI in angle brackets, cut at its semicolons; words in brackets that are no URI are as good.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let (before, rest) = value.split_once('<').unwrap_or((value, ""));
    let (inside, after) = rest.split_once('>').unwrap_or((rest, ""));
    let inside = if inside.contains(':') { "" } else { inside };
    [before, inside, after]
        .into_iter()
        .flat_map(|text| text.split(';'))
        .map(str::trim)
}

/// A parameter's value as seconds; what is no time is no wish.
fn number(value: &str, name: &str) -> Option<Duration> {
    let text = parts(value).find_map(|part| {
        let (key, text) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(text)
    })?;
    let seconds: f64 = text.trim().trim_matches('"').parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, value: &str) -> Option<Duration> {
        let mut headers = Headers::default();
        headers.push(HeaderName::new(name), value);
        answer_after(&headers)
    }

    #[test]
    fn the_wish_is_read_in_each_spelling_that_pbxs_send() {
        let now = Some(Duration::ZERO);
        for (name, value) in [
            ("Answer-Mode", "Auto"),
            ("answer-mode", "auto;require"),
            ("Call-Info", "<sip:pbx.example>;answer-after=0"),
            ("Call-Info", "answer-after=0"),
            ("Call-Info", "<sip:pbx.example>; Answer-After=\"0\""),
            (
                "Call-Info",
                "<http://x.example/icon.png>;purpose=icon, <sip:x.example>;answer-after=0",
            ),
            (
                "Alert-Info",
                "<http://www.notused.com>;info=alert-autoanswer;delay=0",
            ),
            ("Alert-Info", "info=alert-autoanswer"),
            ("Alert-Info", "alert-autoanswer"),
            ("Alert-Info", "Auto Answer"),
            ("Alert-Info", "Ring Answer"),
            ("Alert-Info", "ring-answer"),
            ("Alert-Info", "<Auto Answer>"),
            ("Alert-Info", "<http://pbx.example>;answer-after=0"),
            ("Alert-Info", "intercom=true"),
        ] {
            assert_eq!(asked(name, value), now, "{name}: {value}");
        }
        let after = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(asked("Call-Info", "<sip:x>;answer-after=5"), after(5));
        assert_eq!(
            asked("Alert-Info", "<http://x>;info=alert-autoanswer;delay=3"),
            after(3)
        );
    }

    #[test]
    fn what_asks_for_nothing_of_the_kind_rings() {
        for (name, value) in [
            ("Answer-Mode", "Manual"),
            ("Answer-Mode", ""),
            ("Call-Info", "<sip:answer-after=0@x.example>;purpose=info"),
            ("Call-Info", "<sip:x>;answer-after=-1"),
            ("Call-Info", "<sip:x>;answer-after=nan"),
            ("Call-Info", "<sip:x>;answer-after=inf"),
            ("Call-Info", "<sip:x>;answer-after=3600"),
            ("Call-Info", "<sip:x>;answer-after"),
            ("Alert-Info", "<http://x.example/auto-answer.wav>"),
            (
                "Alert-Info",
                "<http://x.example/bell.wav>;info=alert-internal",
            ),
            ("Alert-Info", "<"),
        ] {
            assert_eq!(asked(name, value), None, "{name}: {value}");
        }
    }
}
