//! A script: a SIPp scenario whose first comment says, in a line, what it probes, and then, line by line, what else it takes.
//!
//! ```text
//! <!-- The far side holds us by a=inactive and takes us back.
//!      phone: agent = { auto_answer = true }
//!      agent: until held-by-them, until heard-again
//!      router: n/a, the script is one itself
//! -->
//! ```
//! - `phone:` a line of the phone's configuration; `sip:` one of its section of that name; `account:` one of its account, with `SIPP` for the address of whom it calls.
//! - `first:` what the phone's agent does before SIPp is there; `agent:` what he does meanwhile: see [`crate::agent::Step`].
//! - `guest: NAME`: another SIPp plays `guest/NAME.xml` and can be called as `GUEST`, in the script `[guest]`.
//! - `udp:`, `tcp:`, `loose:`, `strict:` or `router:` (both of these) `n/a, WHY`.
use crate::agent::Step;
use std::fmt;
use std::path::{Path, PathBuf};

/// Which way the messages between SIPp and the phone take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    Tcp,
    /// By UDP through a proxy that record-routes as RFC 3261 wants it.
    Loose,
    /// By UDP through one that does as RFC 2543 wanted it.
    Strict,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Udp, Self::Tcp, Self::Loose, Self::Strict];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Loose => "loose",
            Self::Strict => "strict",
        })
    }
}

/// The direction of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// SIPp calls.
    Caller,
    /// SIPp is called.
    Callee,
}

/// A script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// `caller/answered`.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) side: Side,
    /// The question that it answers, from the comment at its head.
    pub(crate) probe: String,
    pub(crate) phone: Vec<String>,
    pub(crate) sip: Vec<String>,
    pub(crate) account: Vec<String>,
    pub(crate) first: Vec<Step>,
    pub(crate) agent: Vec<Step>,
    pub(crate) guest: Option<PathBuf>,
    skipped: Vec<(Way, String)>,
}

impl Script {
    /// All scripts, by name.
    pub(crate) fn all() -> Vec<Self> {
        let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let mut all = Vec::new();
        for (folder, side) in [("caller", Side::Caller), ("callee", Side::Callee)] {
            let entries =
                std::fs::read_dir(room.join(folder)).expect("the scripts' folder is there");
            for entry in entries {
                let file = entry.expect("it can be listed").path();
                if file.extension().is_some_and(|kind| kind == "xml") {
                    all.push(Self::read(file, folder, side));
                }
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn read(file: PathBuf, folder: &str, side: Side) -> Self {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{folder}/{stem}");
        let text = std::fs::read_to_string(&file).expect("a script is text");
        let comment = text
            .split_once("<!--")
            .and_then(|(_, rest)| rest.split_once("-->"))
            .map(|(comment, _)| comment)
            .unwrap_or_else(|| panic!("{name}: the first comment says what it probes"));
        let mut lines = comment
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let probe = lines.next().unwrap_or_default().to_owned();
        let mut script = Self {
            name,
            file,
            side,
            probe,
            phone: Vec::new(),
            sip: Vec::new(),
            account: Vec::new(),
            first: Vec::new(),
            agent: Vec::new(),
            guest: None,
            skipped: Vec::new(),
        };
        for line in lines {
            script.take(line);
        }
        script
    }

    fn take(&mut self, line: &str) {
        let name = &self.name;
        let (key, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("{name}: “{line}” has no key"));
        let value = value.trim();
        let ways: &[Way] = match key {
            "phone" => return self.phone.push(value.to_owned()),
            "sip" => return self.sip.push(value.to_owned()),
            "account" => return self.account.push(value.to_owned()),
            "first" => return self.first.extend(steps(value)),
            "agent" => return self.agent.extend(steps(value)),
            "guest" => {
                let room = self
                    .file
                    .ancestors()
                    .nth(2)
                    .expect("a script is in a folder");
                self.guest = Some(room.join("guest").join(value).with_extension("xml"));
                return;
            }
            "udp" => &[Way::Udp],
            "tcp" => &[Way::Tcp],
            "loose" => &[Way::Loose],
            "strict" => &[Way::Strict],
            "router" => &[Way::Loose, Way::Strict],
            _ => panic!("{name}: there is no key “{key}”"),
        };
        let why = value
            .strip_prefix("n/a, ")
            .unwrap_or_else(|| panic!("{name}: “{key}” is “n/a, WHY”"));
        self.skipped
            .extend(ways.iter().map(|way| (*way, why.to_owned())));
    }

    /// Why it is not played this way.
    pub(crate) fn skipped(&self, way: Way) -> Option<&str> {
        let found = self.skipped.iter().find(|(skipped, _)| *skipped == way);
        found.map(|(_, why)| why.as_str())
    }
}

fn steps(value: &str) -> impl Iterator<Item = Step> {
    let steps = value.split(',').map(str::trim);
    steps.filter(|step| !step.is_empty()).map(Step::read)
}
