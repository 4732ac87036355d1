//! What a check has found, in both languages, and how it is shown.
use crate::cli::Language;
use crate::visible;
use serde_json::{Value, json};
use std::fmt::Write as _;
use trialog_desk::messages::Text;
use trialog_desk::words::{Word, doctor as words};

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Configuration,
    Dns,
    Reach,
    Nat,
    Certificate,
    Time,
    SipPort,
    RtpPorts,
    Sound,
    Records,
    Phone,
    Registration,
}

impl Check {
    /// For programs.
    fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Dns => "dns",
            Self::Reach => "reach",
            Self::Nat => "nat",
            Self::Certificate => "certificate",
            Self::Time => "time",
            Self::SipPort => "sip-port",
            Self::RtpPorts => "rtp-ports",
            Self::Sound => "sound",
            Self::Records => "records",
            Self::Phone => "phone",
            Self::Registration => "registration",
        }
    }

    fn word(self) -> Word {
        match self {
            Self::Configuration => words::CONFIGURATION,
            Self::Dns => words::DNS,
            Self::Reach => words::REACH,
            Self::Nat => words::NAT,
            Self::Certificate => words::CERTIFICATE,
            Self::Time => words::TIME,
            Self::SipPort => words::SIP_PORT,
            Self::RtpPorts => words::RTP_PORTS,
            Self::Sound => words::SOUND,
            Self::Records => words::RECORDS,
            Self::Phone => words::PHONE,
            Self::Registration => words::REGISTRATION,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Good,
    /// The phone works; it is to be seen to.
    Watch,
    /// The phone lacks something.
    Wrong,
}

impl Verdict {
    fn mark(self) -> char {
        match self {
            Self::Good => '✔',
            Self::Watch => '!',
            Self::Wrong => '✖',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Watch => "watch",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    check: Check,
    /// The account's address of record, where it is about one.
    account: Option<String>,
    pub(super) verdict: Verdict,
    text: Text,
    /// What to do.
    hint: Option<Text>,
}

impl Finding {
    pub(super) fn good(check: Check, word: Word, values: &[(&str, &str)]) -> Self {
        Self {
            check,
            account: None,
            verdict: Verdict::Good,
            text: word.with(values),
            hint: None,
        }
    }

    pub(super) fn watch(check: Check, word: Word, values: &[(&str, &str)]) -> Self {
        Self {
            verdict: Verdict::Watch,
            ..Self::good(check, word, values)
        }
    }

    pub(super) fn wrong(check: Check, word: Word, values: &[(&str, &str)]) -> Self {
        Self {
            verdict: Verdict::Wrong,
            ..Self::good(check, word, values)
        }
    }

    /// Wrong, in words that the phone has for it.
    pub(super) fn said(check: Check, (text, hint): (Text, Text)) -> Self {
        Self {
            check,
            account: None,
            verdict: Verdict::Wrong,
            text,
            hint: Some(hint),
        }
    }

    /// With what to do about it.
    pub(super) fn hint(self, word: Word, values: &[(&str, &str)]) -> Self {
        self.hinted(word.with(values))
    }

    pub(super) fn hinted(self, hint: Text) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// With this value, which is another one in each language, in place of its name in braces.
    pub(super) fn fill(self, name: &str, value: &Text) -> Self {
        let name = format!("{{{name}}}");
        let filled = |text: Text| Text {
            en: text.en.replace(&name, &value.en),
            de: text.de.replace(&name, &value.de),
        };
        Self {
            text: filled(self.text),
            hint: self.hint.map(filled),
            ..self
        }
    }

    pub(super) fn of_account(self, aor: &str) -> Self {
        Self {
            account: Some(aor.to_owned()),
            ..self
        }
    }

    /// It is no more than to be seen to, since something else serves in its place.
    pub(super) fn at_most_watch(self) -> Self {
        Self {
            verdict: self.verdict.min(Verdict::Watch),
            ..self
        }
    }
}

/// All findings as JSON, in both languages.
pub(super) fn document(name: &str, findings: &[Finding]) -> String {
    let all = findings.iter().map(|finding| {
        let hint = finding.hint.as_ref();
        let members = [
            ("check", Some(finding.check.name())),
            ("account", finding.account.as_deref()),
            ("verdict", Some(finding.verdict.name())),
            ("text", Some(&*finding.text.en)),
            ("text_de", Some(&*finding.text.de)),
            ("hint", hint.map(|hint| &*hint.en)),
            ("hint_de", hint.map(|hint| &*hint.de)),
        ];
        let there = members.into_iter();
        let there = there.filter_map(|(name, text)| Some((name.to_owned(), json!(text?))));
        Value::Object(there.collect())
    });
    let (wrong, watch) = counts(findings);
    let document = json!({
        "name": name,
        "version": env!("CARGO_PKG_VERSION"),
        "wrong": wrong,
        "watch": watch,
        "findings": all.collect::<Vec<_>>(),
    });
    visible::json(&document.to_string()).into_owned()
}

/// All findings for people: a line each, and one below with what to do.
pub(super) fn text(findings: &[Finding], language: Language) -> String {
    let mut out = String::new();
    let said = |text: &Text| match language {
        Language::En => text.en.clone(),
        Language::De => text.de.clone(),
    };
    for finding in findings {
        let check = said(&finding.check.word().with(&[]));
        let account = finding.account.as_deref();
        let account = account.map_or(String::new(), |aor| format!(" {aor}"));
        let lines = format!("{check}{account}: {}", said(&finding.text));
        // A configuration's faults are a line each.
        let lines = lines.lines().map(visible::text).collect::<Vec<_>>();
        // Writing to a string can't fail.
        let _ = writeln!(out, "{} {}", finding.verdict.mark(), lines.join("\n  "));
        if let Some(hint) = &finding.hint {
            let _ = writeln!(out, "  → {}", visible::text(&said(hint)));
        }
    }
    let (wrong, watch) = counts(findings);
    let word = match (wrong, watch) {
        (0, 0) => words::ALL_WELL,
        (0, _) => words::SOME_WATCH,
        _ => words::SOME_WRONG,
    };
    let values = [
        ("wrong", &*wrong.to_string()),
        ("warned", &watch.to_string()),
    ];
    let _ = writeln!(out, "{}", said(&word.with(&values)));
    out
}

/// How many are wrong, and how many to be seen to.
pub(super) fn counts(findings: &[Finding]) -> (usize, usize) {
    let of = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    (of(Verdict::Wrong), of(Verdict::Watch))
}
