//! The command line.
mod evidence;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use trialog_api::{AccessRole, PageRole};

pub(crate) use evidence::{Report, ReportTo, Trace, TraceShown};

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
    /// Look at all that a phone needs, and say what is wrong and what to do. Exit status: 0 nothing is wrong, 1 something is, 2 usage.
    Doctor(Doctor),
    /// Ask the phone that runs to call a number, an address or a link. Exit status as ctl's.
    Call(Call),
    /// Show the SIP messages of a call as a ladder, secrets struck out. Exit status as ctl's.
    Trace(Trace),
    /// Write all that is known of a call into a folder, secrets struck out. Exit status as ctl's.
    Report(Report),
    /// Let links of pages and mails (tel:, sip:) call by this program.
    Desktop(Desktop),
    /// Open a running phone's page in the browser.
    Page(Page),
    /// Show the sound devices, or try whether microphone and ear can be used.
    Audio(AudioOptions),
    /// Let a wallboard, a CRM or Prometheus into a phone's API.
    Token(Tokens),
    /// What is kept of calls and wrap-ups.
    Records(Records),
    /// Play a story among three phones on this machine, and judge it by what was heard.
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct Phone {
    /// The configuration; without it, a phone that is called by its address.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Open no page in a browser, and say nothing but the log.
    #[arg(long)]
    pub(crate) headless: bool,
    /// Start the phone in a process of its own, and anew when that dies: its calls go on.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Only check the configuration.
    #[arg(long)]
    pub(crate) check: bool,
    /// The phone's name, in place of the configuration's.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The phone's configuration; without it, that of a phone without one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The phone's name, in place of the configuration's; it may run or not.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The language of texts.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) lang: Language,
    /// JSON, for scripts, in both languages.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// A number, user@host, or a link: tel:+49301234567, sip:user@host, callto:…
    pub(crate) to: String,
    /// Which phone; may be left out where only one runs.
    #[arg(long, value_name = "NAME", env = "TRIALOG_PHONE")]
    pub(crate) phone: Option<String>,
    /// From which account; without it, the first one.
    #[arg(long)]
    pub(crate) account: Option<u16>,
    /// It comes from a page or a mail: the agent is asked first, here or in the page.
    #[arg(long)]
    pub(crate) link: bool,
    /// Do not ask, but for codes with * or #.
    #[arg(long, requires = "link")]
    pub(crate) at_once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Desktop {
    #[command(subcommand)]
    pub(crate) verb: DesktopVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DesktopVerb {
    /// Make this program the one that such links are given to.
    Install {
        /// The phone that calls, where several run.
        #[arg(long, value_name = "NAME")]
        phone: Option<String>,
        /// A click on a link calls at once, without a question, but for codes with * or #.
        #[arg(long)]
        at_once: bool,
    },
    /// Take that back.
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Which phone; may be left out where only one runs.
    #[arg(long, value_name = "NAME", env = "TRIALOG_PHONE")]
    pub(crate) phone: Option<String>,
    /// Only print the address; it is good once, for five minutes.
    #[arg(long)]
    pub(crate) print: bool,
    /// What that browser may do: act as the agent, or only look.
    #[arg(long, value_enum, default_value_t = Role::Agent)]
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    Supervisor,
    Agent,
}

impl From<Role> for PageRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Supervisor => Self::Supervisor,
            Role::Agent => Self::Agent,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// Which phone; it need not run.
    #[arg(
        long,
        value_name = "NAME",
        env = "TRIALOG_PHONE",
        default_value = "phone",
        global = true
    )]
    pub(crate) phone: String,
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token, and print it: it is shown this once.
    Create {
        /// What it is for: by this name it is revoked.
        name: String,
        /// What it is good for: supervisor only looks, agent acts, admin also lets others in and ends the phone.
        #[arg(long, value_enum, default_value_t = TokenRole::Supervisor)]
        role: TokenRole,
    },
    /// Names and roles of the tokens that there are.
    List,
    /// Take a token back, at once.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenRole {
    Supervisor,
    Agent,
    Admin,
}

impl From<TokenRole> for AccessRole {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Supervisor => Self::Supervisor,
            TokenRole::Agent => Self::Agent,
            TokenRole::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Records {
    #[command(subcommand)]
    pub(crate) verb: RecordsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsVerb {
    /// Write all calls to stdout, the newest first; the phone may run meanwhile.
    Export {
        /// The phone's configuration; without it, that of a phone without one.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The phone's name, in place of the configuration's.
        #[arg(long)]
        name: Option<String>,
        /// A row a call, for spreadsheets.
        #[arg(long, conflicts_with = "json", required_unless_present = "json")]
        csv: bool,
        /// One JSON object a line, with legs, events and wrap-ups, as the API's history has them.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AudioOptions {
    /// JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of texts.
    #[arg(long, global = true, value_enum, default_value_t = Language::En)]
    pub(crate) lang: Language,
    #[command(subcommand)]
    pub(crate) verb: AudioVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AudioVerb {
    /// All sound devices, as `audio.input`, `output` and `ring` can name them.
    List,
    /// Play three tones, take in what is said, play that, and say whether the microphone is heard. Exit status: 0 it is, 1 it is silent or a
    /// device is missing.
    Test {
        /// The devices of this configuration; without it, the system's defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The microphone, in place of the configuration's.
        #[arg(long, value_name = "NAME")]
        input: Option<String>,
        /// The ear, in place of the configuration's.
        #[arg(long, value_name = "NAME")]
        output: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// A story's name, several with commas between them, or “all”.
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
    /// The phones speak TLS, with certificates made for it, and SRTP.
    #[arg(long)]
    pub(crate) secure: bool,
    /// The network between the phones: good, or lossy, which takes 5 % of the sound on each way and delays the rest by up to 40 ms.
    #[arg(long, value_enum, default_value_t = DemoNetwork::Good, conflicts_with = "secure")]
    pub(crate) network: DemoNetwork,
    /// How many stories are played at once.
    #[arg(long, default_value_t = 1)]
    pub(crate) jobs: usize,
}

/// What is between the phones of a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoNetwork {
    Good,
    Lossy,
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
    Reject {
        /// For all phones that it rings at, not for this one alone.
        #[arg(long)]
        everywhere: bool,
    },
    /// Send an offered call elsewhere.
    Forward {
        /// Where to.
        to: String,
        /// At which account's registrar a number is; without it: the call's.
        #[arg(long)]
        account: Option<u16>,
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
        /// By which account; without it: the call's.
        #[arg(long)]
        account: Option<u16>,
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
        /// At which account's registrar a number is; without it: the call's.
        #[arg(long, requires = "to")]
        account: Option<u16>,
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
        /// What there is to say about the call; without it, what was drafted.
        #[arg(long)]
        note: Option<String>,
        /// Only keep it, without handing it in.
        #[arg(long)]
        draft: bool,
    },
    /// Ask for more time for a wrap-up.
    Extend {
        /// Which wrap-up; without it: the oldest.
        #[arg(long)]
        id: Option<u32>,
    },
    /// Show the SIP messages of a call as a ladder.
    Trace(TraceShown),
    /// Say why there is no sound, leg by leg and both ways.
    Why,
    /// Write all that is known of a call into a folder, secrets struck out.
    Report(ReportTo),
    /// Show what happens until interrupted.
    Watch,
    /// Calls that were, the newest first.
    History {
        /// So many at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Those before this one: the number that the page before ends with.
        #[arg(long, value_name = "ID")]
        before: Option<u64>,
        /// Those with a party that has this in its name, number or URI.
        #[arg(long, value_name = "TEXT")]
        party: Option<String>,
        /// Those of this kind: answered, placed, missed, rejected, answered-elsewhere, turned-away or consulted.
        #[arg(long)]
        kind: Option<String>,
        /// Those that began at this time or later, by this machine's clock: 2026-11-27, "2026-11-27 08:30", 08:30, today, yesterday.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Those that began before this time; a day is meant with its end.
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
    },
    /// Be available for calls, or idle.
    Presence {
        /// Whether new calls ring here.
        #[arg(value_parser = ["available", "idle"])]
        presence: String,
        /// Why idle: the code of one of the status's reasons.
        #[arg(long, value_name = "CODE")]
        reason: Option<String>,
    },
    /// Take a call that rings at somebody else's phone.
    Pickup {
        /// Its number in the status.
        lamp: u16,
    },
    /// Register an account, or all.
    Register {
        /// Its number in the status.
        account: Option<u16>,
    },
    /// Take the registration of an account back, or all, until they are registered again.
    Unregister {
        /// Its number in the status.
        account: Option<u16>,
    },
    /// Choose sound devices, also in a call; without any, show them. The choice is kept.
    Devices {
        /// What to speak into: a name, an id or a part of one.
        #[arg(long, value_name = "NAME")]
        microphone: Option<String>,
        /// What to hear by.
        #[arg(long, value_name = "NAME")]
        ear: Option<String>,
        /// What rings.
        #[arg(long, value_name = "NAME")]
        ring: Option<String>,
        /// Back to the configuration's, but for those that are named.
        #[arg(long)]
        configured: bool,
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
