//! The phone under test and its agent: the program as a process, told by `trialog ctl`, seen by its
//! events, of which none is missed, however late they are read.
use crate::script::Script;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use trialog_tests::program::{Running, trialog};

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the agent does, or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `dial`: calls SIPp.
    Dial,
    /// `until WHAT`: a stage of the call; `held-by-them` or `heard-again` (its first leg); `notice KIND`; `refused STATUS`
    /// (a call of ours); `over`; `registered` or `failed` (the account). It may have happened before, but not before what the step before it waited for.
    Until(String),
    /// Anything else is for `trialog ctl`, with `SIPP` and `GUEST` for their addresses.
    Act(Vec<String>),
}

impl Step {
    pub(crate) fn read(text: &str) -> Self {
        if text == "dial" {
            Self::Dial
        } else if let Some(what) = text.strip_prefix("until ") {
            Self::Until(what.to_owned())
        } else {
            Self::Act(text.split_whitespace().map(str::to_owned).collect())
        }
    }
}

/// A phone with an agent.
pub(crate) struct Phone {
    pub(crate) running: Running,
    folder: PathBuf,
    events: Events,
}

/// What `trialog ctl watch` has written, and how far the agent has read.
struct Events {
    watch: Running,
    /// Everything that happened, in order.
    seen: Vec<Value>,
    /// The one that the agent looks at.
    at: usize,
}

impl Events {
    /// Reads on until something like this has happened; what happened before the last such question is forgotten.
    fn come_to(&mut self, like: impl Fn(&Value) -> bool) -> bool {
        let said = self.watch.said();
        let whole = &said[..said.rfind('\n').map_or(0, |end| end + 1)];
        let new = whole.lines().skip(self.seen.len());
        self.seen
            .extend(new.map(|line| serde_json::from_str(line).unwrap_or_default()));
        let found = self.seen[self.at..].iter().position(like);
        self.at += found.unwrap_or_default();
        found.is_some()
    }
}

impl Phone {
    /// Starts the script's phone at this port and waits until it can be told things.
    pub(crate) fn start(
        script: &Script,
        port: u16,
        folder: &Path,
        sipp: &str,
    ) -> Result<Self, String> {
        let config = folder.join("phone.toml");
        let trusts = script.sip.iter().any(|line| line.starts_with("trusted"));
        let trusted = if trusts {
            ""
        } else {
            "trusted = [\"127.0.0.1\"]\n"
        };
        let text = format!(
            "name = \"phone\"\n{}\n\n[sip]\nlisten = \"127.0.0.1:{port}\"\n{trusted}follow_redirects = \"same-domain\"\n\
             trace = \"phone.jsonl\"\n{}\n\n\
             [media]\nrtp_ports = \"0\"\nsilent_after = 60\nlost_after = 120\n\n[audio]\nend = \"none\"\n\n\
             [records]\nfile = \"records.db\"\n\n[[account]]\naor = \"sip:phone@127.0.0.1:{port}\"\n{}\n",
            script.phone.join("\n"),
            script.sip.join("\n"),
            script.account.join("\n").replace("SIPP", sipp),
        );
        fs::write(&config, text).expect("the folder can be written");
        let mut command = Command::new(trialog());
        command
            .args(["phone", "--headless", "--config"])
            .arg(&config)
            .env("XDG_RUNTIME_DIR", runtime(folder));
        let mut running = Running::start(&mut command, &folder.join("phone.log"));
        wait(&mut running, "be told anything", || {
            tell(folder, &["status"]).is_ok()
        })?;
        let mut watch = ctl(folder, &["--json", "watch"]);
        let watch = Running::start(&mut watch, &folder.join("events.jsonl"));
        let mut events = Events {
            watch,
            seen: Vec::new(),
            at: 0,
        };
        wait(&mut running, "be watched", || events.come_to(|_| true))?;
        Ok(Self {
            running,
            folder: folder.to_owned(),
            events,
        })
    }

    /// All steps, one after the other.
    pub(crate) fn act(&mut self, steps: &[Step], sipp: &str, guest: &str) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Dial => tell(&self.folder, &["call", sipp])?,
                Step::Until(what) => self.until(what)?,
                Step::Act(words) => {
                    let known = |word: &String| word.replace("SIPP", sipp).replace("GUEST", guest);
                    let words: Vec<String> = words.iter().map(known).collect();
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    tell(&self.folder, &words)?;
                }
            }
        }
        Ok(())
    }

    /// Waits for what the word means: see [`Step::Until`].
    fn until(&mut self, what: &str) -> Result<(), String> {
        wait(&mut self.running, what, || {
            self.events.come_to(|event| means(what, event))
        })
        .map_err(|error| {
            let last = self.events.seen.last().cloned().unwrap_or_default();
            format!("{error}; its last word was {last:#}")
        })
    }

    /// Waits until no call is left; or no phone, where the agent has switched it off.
    pub(crate) fn has_no_call(&mut self, steps: &[Step]) -> Result<(), String> {
        if steps.last() == Some(&Step::Act(vec!["shutdown".to_owned()])) {
            let over = self.running.end(PATIENCE);
            return over.then_some(()).ok_or("the phone never ended".to_owned());
        }
        let folder = &self.folder;
        wait(&mut self.running, "no call", || {
            let output = ctl(folder, &["--json", "status"])
                .stdin(Stdio::null())
                .output();
            let status: Value = output
                .ok()
                .and_then(|output| serde_json::from_slice(&output.stdout).ok())
                .unwrap_or_default();
            status["calls"].as_array().is_some_and(Vec::is_empty)
        })
    }

    /// The SIP that it sent and received, as it would be read.
    pub(crate) fn trace(&self) -> String {
        let lines = fs::read_to_string(self.folder.join("phone.jsonl")).unwrap_or_default();
        let mut text = String::new();
        for line in lines.lines() {
            let seen: Value = serde_json::from_str(line).unwrap_or_default();
            let word = |key: &str| seen[key].as_str().unwrap_or_default().trim_end().to_owned();
            text += &format!(
                "--- {} {} {}\n{}\n",
                word("dir"),
                word("transport"),
                word("remote"),
                word("message")
            );
        }
        text
    }
}

/// Whether an event is what the words mean.
fn means(what: &str, event: &Value) -> bool {
    let (word, more) = what.split_once(' ').unwrap_or((what, ""));
    let view = &event["view"];
    match word {
        "over" => event["event"] == "call-gone",
        "refused" => event["outcome"] == "refused" && event["status"].as_u64() == more.parse().ok(),
        "registered" | "failed" => {
            event["account"]["state"] == word || event["status"]["accounts"][0]["state"] == word
        }
        "notice" => event["notice"]["kind"] == more,
        "held-by-them" => view["legs"][0]["far_held"] == true,
        "heard-again" => view["legs"][0]["far_held"] == false,
        stage => view["stage"] == stage,
    }
}

fn wait(running: &mut Running, what: &str, mut seen: impl FnMut() -> bool) -> Result<(), String> {
    let started = Instant::now();
    while !seen() {
        if running.has_ended() {
            return Err(format!("the phone ended before “{what}”"));
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("the phone never came to “{what}”"));
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

fn tell(folder: &Path, words: &[&str]) -> Result<(), String> {
    let output = ctl(folder, words).stdin(Stdio::null()).output();
    let output = output.expect("trialog can be started");
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("trialog ctl {}: {}", words.join(" "), why.trim()))
}

fn ctl(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(trialog());
    command
        .args(["ctl", "--phone", "phone"])
        .args(words)
        .env("XDG_RUNTIME_DIR", runtime(folder));
    command
}

/// Stands for `XDG_RUNTIME_DIR`.
fn runtime(folder: &Path) -> PathBuf {
    let runtime = folder.join("run");
    fs::create_dir_all(&runtime).expect("the folder can be made");
    runtime
}
