//! The arguments of what looks into a call.
use super::{Ctl, Language, Verb};
use clap::Args;
use std::path::PathBuf;

/// How a call's messages are shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct TraceShown {
    /// Each message whole, below the ladder.
    #[arg(long)]
    pub(crate) text: bool,
    /// Write them to this file instead, which Wireshark opens.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub(crate) pcapng: Option<PathBuf>,
}

/// Which call of which phone.
#[derive(Debug, Args)]
pub(crate) struct CallOf {
    /// The call's number; without it: the one that goes on, else the last one.
    #[arg(value_name = "CALL")]
    call: Option<u32>,
    /// Which phone; may be left out where only one runs.
    #[arg(long, value_name = "NAME", env = "TRIALOG_PHONE")]
    phone: Option<String>,
    /// The language of texts.
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
    /// JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    of: CallOf,
    #[command(flatten)]
    shown: TraceShown,
}

/// Where a report goes.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportTo {
    /// The folder, which is made; without it: trialog-report-PHONE-CALL here.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    of: CallOf,
    #[command(flatten)]
    to: ReportTo,
}

impl From<Report> for Ctl {
    fn from(Report { of, to }: Report) -> Self {
        of.ctl(Verb::Report(to))
    }
}

impl CallOf {
    /// The same by `trialog ctl`.
    fn ctl(self, verb: Verb) -> Ctl {
        Ctl {
            phone: self.phone,
            json: self.json,
            lang: self.lang,
            call: self.call,
            verb,
        }
    }
}

impl From<Trace> for Ctl {
    fn from(Trace { of, shown }: Trace) -> Self {
        of.ctl(Verb::Trace(shown))
    }
}
