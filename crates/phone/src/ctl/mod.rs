//! `trialog ctl`: a verb of the command line as one request to a running phone. It knows the API only; what an act does and
//! whether it may be done, the phone says.
mod text;
mod watch;

use crate::cli::{Ctl, Verb};
use std::process::ExitCode;
use trialog_client::api::{self, ActName, Done, Placed, Stage, Status};
use trialog_client::{Address, Client, Error};

/// Why nothing was done.
#[derive(Debug)]
enum Failure {
    /// The phone did not do it, and says why.
    Problem(Box<api::Problem>),
    /// The command line asks for what there is not.
    Usage(String),
    /// No phone answers.
    NoPhone(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => Self::Problem(problem),
            Error::SeveralPhones(names) => {
                Self::Usage(format!("which phone? --phone {}", names.join(" | ")))
            }
            Error::Unreachable(_) | Error::Version(_) | Error::NoPhone | Error::NoSuchPhone(_) => {
                Self::NoPhone(error.to_string())
            }
        }
    }
}

impl Failure {
    fn exit(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Problem(problem) => match (problem.status, problem.refused.as_str()) {
                (409, _) | (404, "no-such-call" | "no-such-wrap-up") => 1,
                (400..=499, _) if !matches!(problem.status, 401 | 403) => 2,
                _ => 3,
            },
            Self::Usage(_) => 2,
            Self::NoPhone(_) => 3,
        })
    }

    /// The phone's document; or one of the same kind where the phone was not asked.
    fn document(self) -> api::Problem {
        match self {
            Self::Problem(problem) => *problem,
            Self::Usage(reason) => local(400, "usage", reason, "trialog ctl help"),
            Self::NoPhone(reason) => {
                let hint = "trialog phone --config FILE";
                local(503, "no-phone", reason, hint)
            }
        }
    }

    fn no_call() -> Self {
        Self::none(
            "no-such-call",
            "There is no such call.",
            "Diesen Anruf gibt es nicht.",
        )
    }

    fn no_wrap_up() -> Self {
        Self::none(
            "no-such-wrap-up",
            "There is no such wrap-up.",
            "Diese Nachbearbeitung gibt es nicht.",
        )
    }

    fn none(code: &str, reason: &str, reason_de: &str) -> Self {
        let mut problem = local(404, code, reason.to_owned(), "trialog ctl status");
        problem.reason_de = reason_de.to_owned();
        Self::Problem(Box::new(problem))
    }
}

/// A problem that is found here, before the phone is asked; `hint`: a command.
fn local(status: u16, code: &str, reason: String, hint: &str) -> api::Problem {
    api::Problem {
        r#type: format!("urn:trialog:problem:{code}"),
        title: reason.clone(),
        status,
        detail: reason.clone(),
        instance: String::new(),
        refused: code.to_owned(),
        reason_de: reason.clone(),
        reason,
        hint: hint.to_owned(),
        hint_de: hint.to_owned(),
        allowed: None,
        field: None,
        expected: None,
        known: None,
        line: None,
        column: None,
    }
}

/// Does what the command line says, and says what came of it.
pub(crate) fn run(ctl: &Ctl) -> ExitCode {
    let failure = match handle_command(ctl) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let exit = failure.exit();
    match failure {
        failure if ctl.json => {
            let document = serde_json::to_string(&failure.document());
            println!("{}", document.expect("the model has string keys only"));
        }
        Failure::Problem(problem) => eprint!("{}", text::problem(&problem, ctl.lang)),
        Failure::Usage(error) | Failure::NoPhone(error) => eprintln!("trialog: {error}"),
    }
    exit
}

fn handle_command(ctl: &Ctl) -> Result<(), Failure> {
    let client = Client::new(Address::of_running(ctl.phone.as_deref())?);
    match &ctl.verb {
        Verb::Status => {
            let status = client.status()?;
            if ctl.json {
                println!("{}", json(&status));
            } else {
                print!("{}", text::status(&status, ctl.lang));
            }
            Ok(())
        }
        Verb::Watch => watch::run(&client, ctl),
        Verb::Call { to, account } => {
            let call = client.call(to, Some(*account))?;
            if ctl.json {
                println!("{}", json(&Placed { call }));
            } else {
                println!("{}", text::placed(call, ctl.lang));
            }
            Ok(())
        }
        verb => {
            request(&client, ctl, verb)?;
            if ctl.json {
                println!("{}", json(&Done { done: true }));
            } else {
                println!("{}", text::done(ctl.lang));
            }
            Ok(())
        }
    }
}

fn json(answer: &impl serde::Serialize) -> String {
    serde_json::to_string(answer).expect("the API's types have string keys only")
}

/// Asks for what a verb means.
fn request(client: &Client, ctl: &Ctl, verb: &Verb) -> Result<(), Failure> {
    let act = |act| -> Result<(), Failure> {
        client.act(call_for(client, ctl, act)?, act)?;
        Ok(())
    };
    let act_to = |act, to: &str| -> Result<(), Failure> {
        client.act_to(call_for(client, ctl, act)?, act, to)?;
        Ok(())
    };
    match verb {
        Verb::Answer => act(ActName::Answer),
        Verb::Reject => act(ActName::Reject),
        Verb::Forward { to } => act_to(ActName::Forward, to),
        Verb::Cancel => act(ActName::Cancel),
        Verb::Hold => act(ActName::Hold),
        Verb::Resume => act(ActName::Resume),
        Verb::Consult { to } => act_to(ActName::Consult, to),
        Verb::EndConsult => act(ActName::EndConsult),
        Verb::Swap => act(ActName::Swap),
        Verb::Conference => act(ActName::Conference),
        Verb::Transfer { to: Some(to) } => act_to(ActName::Transfer, to),
        Verb::Transfer { to: None } => act(ActName::Transfer),
        Verb::Withdraw => act(ActName::Withdraw),
        Verb::Accept => act(ActName::Accept),
        Verb::Decline => act(ActName::Decline),
        Verb::Exit => act(ActName::Exit),
        Verb::End => act(ActName::End),
        Verb::Stay => act(ActName::Stay),
        Verb::Mute => act(ActName::Mute),
        Verb::Unmute => act(ActName::Unmute),
        Verb::Dtmf { digits } => dial_digits(client, ctl, digits),
        Verb::WrapUp { reason, id, draft } => {
            let id = wrap_up(client, *id)?;
            let done = if *draft {
                client.draft_wrap_up(id, reason)
            } else {
                client.submit_wrap_up(id, reason)
            };
            done.map_err(Failure::from)
        }
        Verb::Extend { id } => client
            .extend_wrap_up(wrap_up(client, *id)?)
            .map_err(Failure::from),
        Verb::Presence { presence } => {
            let presence = presence
                .parse()
                .map_err(|error| Failure::Usage(format!("{presence}: {error}")))?;
            client.set_presence(presence).map_err(Failure::from)
        }
        Verb::Hook => client.hook().map_err(Failure::from),
        Verb::Say { file } => {
            // The phone has a current folder of its own.
            let usage = |why: &str| Failure::Usage(format!("{}: {why}", file.display()));
            let path = std::path::absolute(file).map_err(|error| usage(&error.to_string()))?;
            let path = path.to_str().ok_or_else(|| usage("this is no UTF-8"))?;
            client.say(path).map_err(Failure::from)
        }
        Verb::Shutdown => client.shutdown().map_err(Failure::from),
        Verb::Status | Verb::Watch | Verb::Call { .. } => {
            unreachable!("these have answers of their own")
        }
    }
}

fn dial_digits(client: &Client, ctl: &Ctl, digits: &str) -> Result<(), Failure> {
    if digits.is_empty() {
        return Err(Failure::Usage("which digits?".to_owned()));
    }
    let call = call_for(client, ctl, ActName::Dtmf)?;
    for digit in digits.chars() {
        client.dtmf(call, digit)?;
    }
    Ok(())
}

fn call_for(client: &Client, ctl: &Ctl, act: ActName) -> Result<u32, Failure> {
    match ctl.call {
        Some(call) => Ok(call),
        None => meant(&client.status()?, act),
    }
}

/// The wrap-up that is meant: the one of this number, else the oldest that is owed, else the oldest.
fn wrap_up(client: &Client, id: Option<u32>) -> Result<u32, Failure> {
    if let Some(id) = id {
        return Ok(id);
    }
    let status = client.status()?;
    let owed = status.wrap_ups.iter().find(|wrap_up| wrap_up.due);
    let oldest = owed.or(status.wrap_ups.first());
    oldest
        .map(|wrap_up| wrap_up.id)
        .ok_or_else(Failure::no_wrap_up)
}

/// The call that an act without a number is meant for: the only one, or the only one that allows it, or the only one that says
/// why not. A call that is ending is never meant.
fn meant(status: &Status, act: ActName) -> Result<u32, Failure> {
    let calls = status
        .calls
        .iter()
        .filter(|call| call.stage != Stage::Ending);
    let calls: Vec<_> = calls.collect();
    let only = |fits: &dyn Fn(&api::Act) -> bool| {
        let mut fitting = calls.iter().filter(|call| call.acts.iter().any(fits));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    match calls.as_slice() {
        [] => return Err(Failure::no_call()),
        [call] => return Ok(call.id),
        _ => {}
    }
    let allowed = only(&|view| view.act == act && view.allowed);
    let named = || only(&|view| view.act == act);
    match allowed.or_else(named) {
        Some(call) => Ok(call.id),
        None => {
            let ids: Vec<_> = calls.iter().map(|call| call.id.to_string()).collect();
            let ids = ids.join(" | ");
            Err(Failure::Usage(format!("which call? --call {ids}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn status(calls: &[(u32, &str)]) -> Status {
        let calls: Vec<_> = calls
            .iter()
            .map(|(id, act)| (*id, "held", *act, true))
            .collect();
        status_with(&calls)
    }

    fn status_with(calls: &[(u32, &str, &str, bool)]) -> Status {
        let calls: Vec<Value> = calls
            .iter()
            .map(|(id, stage, act, allowed)| {
                json!({"id": id, "role": "owner", "stage": stage, "stage_text": "", "stage_text_de": "",
                    "muted": false, "since_ms": 0, "legs": [],
                    "acts": [{"act": act, "label": "", "label_de": "", "allowed": allowed}]})
            })
            .collect();
        serde_json::from_value(
            json!({"name": "a", "version": "1", "presence": "idle", "terminating": false,
            "accounts": [], "calls": calls, "wrap_ups": [], "reasons": [],
            "audio": {"end": "none", "started_unix_us": null}}),
        )
        .unwrap()
    }

    #[test]
    fn an_act_without_a_number_is_meant_for_the_only_call_that_allows_it() {
        assert_eq!(meant(&status(&[(7, "hold")]), ActName::End).unwrap(), 7);
        let two = status(&[(1, "resume"), (2, "answer")]);
        assert_eq!(meant(&two, ActName::Answer).unwrap(), 2);
        assert!(matches!(meant(&two, ActName::End), Err(Failure::Usage(_))));
        assert!(matches!(
            meant(&status(&[]), ActName::End),
            Err(Failure::Problem(_))
        ));
    }

    #[test]
    fn a_refused_act_is_meant_for_the_only_call_that_knows_it() {
        let waiting = status_with(&[
            (3, "consulting", "swap", true),
            (5, "offered", "answer", false),
        ]);
        assert_eq!(meant(&waiting, ActName::Answer).unwrap(), 5);
    }

    #[test]
    fn a_call_on_its_way_out_is_not_meant() {
        let one = status_with(&[(1, "ending", "end", true), (2, "connected", "hold", true)]);
        assert_eq!(meant(&one, ActName::Swap).unwrap(), 2);
        let none = status_with(&[(1, "ending", "end", true)]);
        assert!(matches!(
            meant(&none, ActName::End),
            Err(Failure::Problem(_))
        ));
    }
}
