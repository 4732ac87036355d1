//! `trialog ctl`: a verb of the command line as one request to a running phone. It knows the API only; what an act does and
//! whether it may be done, the phone says.
mod client;
mod text;
mod watch;

use crate::cli::{Ctl, Verb};
use crate::place;
use client::{Answer, Client};
use serde_json::{Value, json};
use std::process::ExitCode;
use trialog_api::{self as api, ActName, Stage, Status};

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
    let client = Client::new(find(ctl)?);
    match &ctl.verb {
        Verb::Status => {
            let status = client.get("/api/status")?;
            if ctl.json {
                println!("{status}");
            } else {
                print!("{}", text::status(&read(status)?, ctl.lang));
            }
            Ok(())
        }
        Verb::Watch => watch::run(&client, ctl),
        Verb::Dtmf { digits } => {
            if digits.is_empty() {
                return Err(Failure::Usage("which digits?".to_owned()));
            }
            let path = act_path(&client, ctl, ActName::Dtmf)?;
            for digit in digits.chars() {
                client.post(&path, &json!({"digit": digit.to_string()}))?;
            }
            done(ctl, &json!({"done": true}))
        }
        verb => {
            let (path, body) = request(&client, ctl, verb)?;
            let answer = client.post(&path, &body)?;
            done(ctl, &answer)
        }
    }
}

/// The API of the phone that is meant.
fn find(ctl: &Ctl) -> Result<place::Api, Failure> {
    let name = match &ctl.phone {
        Some(name) => name.clone(),
        None => {
            let mut running = place::running();
            match running.len() {
                0 => return Err(Failure::NoPhone("no phone is running".to_owned())),
                1 => running.remove(0),
                _ => {
                    return Err(Failure::Usage(format!(
                        "which phone? --phone {}",
                        running.join(" | ")
                    )));
                }
            }
        }
    };
    place::find(&name)
        .ok_or_else(|| Failure::NoPhone(format!("no phone named “{name}” is running")))
}

/// Path and body of a verb's request.
fn request(client: &Client, ctl: &Ctl, verb: &Verb) -> Result<(String, Value), Failure> {
    let act = |name: ActName, body: Value| Ok((act_path(client, ctl, name)?, body));
    let to = |to: &str| json!({ "to": to });
    match verb {
        Verb::Call { to, account } => Ok((
            "/api/calls".to_owned(),
            json!({"to": to, "account": account}),
        )),
        Verb::Answer => act(ActName::Answer, json!({})),
        Verb::Reject => act(ActName::Reject, json!({})),
        Verb::Forward { to: target } => act(ActName::Forward, to(target)),
        Verb::Cancel => act(ActName::Cancel, json!({})),
        Verb::Hold => act(ActName::Hold, json!({})),
        Verb::Resume => act(ActName::Resume, json!({})),
        Verb::Consult { to: target } => act(ActName::Consult, to(target)),
        Verb::EndConsult => act(ActName::EndConsult, json!({})),
        Verb::Swap => act(ActName::Swap, json!({})),
        Verb::Conference => act(ActName::Conference, json!({})),
        Verb::Transfer { to: Some(target) } => act(ActName::Transfer, to(target)),
        Verb::Transfer { to: None } => act(ActName::Transfer, json!({})),
        Verb::Withdraw => act(ActName::Withdraw, json!({})),
        Verb::Accept => act(ActName::Accept, json!({})),
        Verb::Decline => act(ActName::Decline, json!({})),
        Verb::Exit => act(ActName::Exit, json!({})),
        Verb::End => act(ActName::End, json!({})),
        Verb::Stay => act(ActName::Stay, json!({})),
        Verb::Mute => act(ActName::Mute, json!({})),
        Verb::Unmute => act(ActName::Unmute, json!({})),
        Verb::WrapUp { reason, id, draft } => {
            let name = if *draft { "draft" } else { "submit" };
            let path = wrap_up_path(client, *id, name)?;
            Ok((path, json!({ "reason": reason })))
        }
        Verb::Extend { id } => Ok((wrap_up_path(client, *id, "extend")?, json!({}))),
        Verb::Presence { presence } => {
            Ok(("/api/presence".to_owned(), json!({ "presence": presence })))
        }
        Verb::Hook => Ok(("/api/hook".to_owned(), json!({}))),
        Verb::Say { file } => {
            // The phone has a current folder of its own.
            let file = std::path::absolute(file)
                .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
            Ok(("/api/audio/say".to_owned(), json!({ "file": file })))
        }
        Verb::Shutdown => Ok(("/api/shutdown".to_owned(), json!({}))),
        Verb::Status | Verb::Watch | Verb::Dtmf { .. } => {
            unreachable!("these are no single request")
        }
    }
}

fn act_path(client: &Client, ctl: &Ctl, act: ActName) -> Result<String, Failure> {
    let call = match ctl.call {
        Some(call) => call,
        None => meant(&read(client.get("/api/status")?)?, act)?,
    };
    Ok(format!("/api/calls/{call}/{act}"))
}

/// The call that an act without a number is meant for: the only one, or the only one that allows it, or the only one that says
/// why not. A call that is on its way out is meant by nobody.
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

fn wrap_up_path(client: &Client, id: Option<u32>, act: &str) -> Result<String, Failure> {
    let id = match id {
        Some(id) => id,
        None => {
            let status = read(client.get("/api/status")?)?;
            let oldest = status.wrap_ups.iter().find(|wrap_up| wrap_up.due);
            let oldest = oldest.or(status.wrap_ups.first());
            oldest
                .map(|wrap_up| wrap_up.id)
                .ok_or_else(Failure::no_wrap_up)?
        }
    };
    Ok(format!("/api/wrap-ups/{id}/{act}"))
}

fn read(status: Value) -> Result<Status, Failure> {
    serde_json::from_value(status).map_err(|error| {
        Failure::NoPhone(format!(
            "the phone speaks another version of the API: {error}"
        ))
    })
}

fn done(ctl: &Ctl, answer: &Answer) -> Result<(), Failure> {
    if ctl.json {
        println!("{answer}");
    } else {
        println!("{}", text::done(answer, ctl.lang));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
