//! The thread of one action.
use super::{Action, Does, Template, Values};
use crate::{os, post};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use ureq::Agent;

/// One attempt takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// So often a URL is asked for, with pauses that double from [`PAUSE`] on. An action that comes late is worth nothing.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// So long a program may run.
const LIFE: Duration = Duration::from_secs(60);

/// Does it for each event, in their order, until there are no more.
pub(super) fn all(action: &Action, events: &Receiver<Values>) {
    let agent = post::agent(PATIENCE);
    let name = &action.name;
    for values in events {
        let outcome = match &action.does {
            Does::Open(template) => open(&template.filled_url(&values)),
            Does::Get(template) => get(&agent, &template.filled_url(&values)),
            Does::Run(command) => run(command, &values),
        };
        match outcome {
            Ok(()) => tracing::debug!(action = name, event = values.event, "done"),
            // Neither URL nor arguments: a name in them is none of the log's business.
            Err(error) => {
                tracing::warn!(
                    action = name,
                    event = values.event,
                    error,
                    "an action has failed"
                );
            }
        }
    }
}

fn open(url: &str) -> Result<(), String> {
    match os::open_in_browser(url.as_ref()) {
        true => Ok(()),
        false => Err("no browser can be asked for".to_owned()),
    }
}

fn get(agent: &Agent, url: &str) -> Result<(), String> {
    let mut pause = PAUSE;
    for attempt in 1.. {
        let (why, may_pass) = match agent.get(url).call() {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status();
                // RFC 9110 §15.5.9, §15.6; RFC 6585 §4.
                let may_pass = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
                (format!("HTTP {}", status.as_u16()), may_pass)
            }
            Err(ureq::Error::Timeout(_)) => ("no answer in time".to_owned(), true),
            Err(error) => (error.to_string(), true),
        };
        if !may_pass || attempt == ATTEMPTS {
            return Err(why);
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
    unreachable!("the last attempt returns")
}

/// Starts a program, and ends it where it does not end by itself.
fn run(command: &[Template], values: &Values) -> Result<(), String> {
    let mut words = command.iter().map(|word| word.filled_argument(values));
    let program = words.next().unwrap_or_default();
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    ended(&mut child)
}

fn ended(child: &mut Child) -> Result<(), String> {
    let limit = Instant::now() + LIFE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if Instant::now() < limit => std::thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it ran for longer than {} s", LIFE.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
