//! The command line.
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// An agent's SIP phone whose own audio engine bridges a conference.
#[derive(Debug, Parser)]
#[command(name = "trialog", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What is logged to stderr: error, warn, info, debug, trace, or by module (`trialog_ua=debug`).
    #[arg(long, global = true, env = "TRIALOG_LOG", default_value = "info")]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Be a phone.
    Phone(Phone),
    /// Ask or tell a running phone something. Exit status: 0 done, 1 refused, 2 usage, 3 no phone.
    Ctl(Ctl),
    /// Play a story among three phones on this machine, and judge it by what was heard.
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct Phone {
    /// The configuration; without it, a phone that is called by its address.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Without a page: say nothing but the log.
    #[arg(long)]
    pub(crate) headless: bool,
    /// Only check the configuration.
    #[arg(long)]
    pub(crate) check: bool,
    /// The phone's name, in place of the configuration's.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// A story's name, or “all”.
    #[arg(long, default_value = "conference")]
    pub(crate) story: String,
    /// opus, pcmu, pcma or g722.
    #[arg(long, default_value = "opus", value_parser = ["opus", "pcmu", "pcma", "g722"])]
    pub(crate) codec: String,
    /// Where everything is written.
    #[arg(long, value_name = "DIR", default_value = "out/demo")]
    pub(crate) out: PathBuf,
    /// A folder with recordings to be spoken: customer*.wav, agent-1*.wav, agent-2*.wav.
    #[arg(long, value_name = "DIR")]
    pub(crate) voices: Option<PathBuf>,
    /// How many stories are played at once.
    #[arg(long, default_value_t = 1)]
    pub(crate) jobs: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Ctl {
    /// Which phone; may be left out where only one runs.
    #[arg(long, value_name = "NAME", env = "TRIALOG_PHONE", global = true)]
    pub(crate) phone: Option<String>,
    /// JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of texts.
    #[arg(long, global = true, value_enum, default_value_t = Language::En)]
    pub(crate) lang: Language,
    /// Which call; may be left out where only one is meant.
    #[arg(long, value_name = "ID", global = true)]
    pub(crate) call: Option<u32>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    En,
    De,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Verb {
    /// Accounts, calls, and what may be done with each.
    Status,
    /// Place a call.
    Call {
        /// sip:user@host, user@host or a number.
        to: String,
        /// From which account.
        #[arg(long, default_value_t = 0)]
        account: u16,
    },
    /// Take an offered call.
    Answer,
    /// Refuse an offered call.
    Reject,
    /// Send an offered call elsewhere.
    Forward {
        /// Where to.
        to: String,
    },
    /// Give up dialling.
    Cancel,
    /// Put the customer on hold.
    Hold,
    /// Take the customer off hold.
    Resume,
    /// Hold the customer and call a second agent.
    Consult {
        /// sip:user@host, user@host or a number.
        to: String,
    },
    /// End the consult, from either side.
    EndConsult,
    /// Change between customer and guest.
    Swap,
    /// Join all three.
    Conference,
    /// Hand the call to the guest, or to another address.
    Transfer {
        /// Where to; without it: the guest.
        to: Option<String>,
    },
    /// Take a transfer back before it is done.
    Withdraw,
    /// Take the transfer, as guest.
    Accept,
    /// Decline the transfer, as guest.
    Decline,
    /// Leave the conference, as guest.
    Exit,
    /// End the call; a conference for all.
    End,
    /// Asked whether to end the conference for all: no.
    Stay,
    /// Stop the microphone.
    Mute,
    /// Start the microphone again.
    Unmute,
    /// Send digits: 0–9, *, #, A–D.
    Dtmf {
        /// One or more.
        digits: String,
    },
    /// Hand in a wrap-up, or draft it while the talk goes on.
    WrapUp {
        /// The code of a reason.
        reason: String,
        /// Which wrap-up; without it: the oldest.
        #[arg(long)]
        id: Option<u32>,
        /// Only choose the reason.
        #[arg(long)]
        draft: bool,
    },
    /// Ask for more time for a wrap-up.
    Extend {
        /// Which wrap-up; without it: the oldest.
        #[arg(long)]
        id: Option<u32>,
    },
    /// Show what happens until interrupted.
    Watch,
    /// Be available for calls, or idle.
    Presence {
        /// Whether new calls ring here.
        #[arg(value_parser = ["available", "idle"])]
        presence: String,
    },
    /// Press the headset's hook.
    Hook,
    /// Speak a WAV file into the microphone (audio end “file” only).
    Say {
        /// The file; where its path is relative, from the current folder.
        file: PathBuf,
    },
    /// End the phone, as SIGTERM does.
    Shutdown,
}
