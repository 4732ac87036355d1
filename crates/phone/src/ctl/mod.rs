//! `trialog ctl`: a verb of the command line as one request to a running phone. It knows the API only; what an act does and
//! whether it may be done, the phone says.
mod evidence;
mod failure;
mod history;
mod ladder;
mod moment;
mod pcapng;
mod report;
pub(crate) mod text;
mod watch;

use crate::cli::{Ctl, Verb};
use crate::visible;
use failure::{Failure, Said};
use moment::Edge;
use std::process::ExitCode;
use trialog_client::api::request::{Past, SetDevices};
use trialog_client::api::{self, ActName, AskedDevices, DigitWay, Done, Placed, Stage, Status};
use trialog_client::{Address, Client};
use trialog_desk::words::ctl;

/// Does what the command line says, and says what came of it.
pub(crate) fn run(ctl: &Ctl) -> ExitCode {
    let failure = match handle_command(ctl) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let exit = failure.exit();
    match failure {
        failure if ctl.json => {
            println!("{}", json(&failure.document()));
        }
        Failure::Problem(problem) => eprint!("{}", text::problem(&problem, ctl.lang)),
        Failure::Usage(Said { en, de }) | Failure::NoPhone(Said { en, de }) => {
            let error = text::in_language(ctl.lang, &en, &de);
            eprintln!("trialog: {}", visible::text(error));
        }
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
        Verb::Trace(shown) => evidence::trace(&client, ctl, shown),
        Verb::Why => evidence::why(&client, ctl),
        Verb::Report(to) => evidence::report(&client, ctl, to),
        Verb::History { .. } => {
            let history = client.history(&past(&ctl.verb)?)?;
            if ctl.json {
                println!("{}", json(&history));
            } else {
                print!("{}", history::text(&history, ctl.lang));
            }
            Ok(())
        }
        Verb::Call { to, account } => {
            placed(ctl, client.call(to, Some(*account))?);
            Ok(())
        }
        Verb::Pickup { lamp } => {
            placed(ctl, client.pick_up(*lamp)?);
            Ok(())
        }
        Verb::Dtmf { digits } => dial_digits(&client, ctl, digits),
        Verb::Devices {
            microphone: None,
            ear: None,
            ring: None,
            configured: false,
        } => {
            let audio = client.status()?.audio;
            if ctl.json {
                println!("{}", json(&audio));
            } else {
                print!("{}", text::devices::devices(&audio, ctl.lang));
            }
            Ok(())
        }
        verb => {
            request(&client, ctl, verb)?;
            if ctl.json {
                println!("{}", json(&done(None)));
            } else {
                println!("{}", text::done(ctl.lang));
            }
            Ok(())
        }
    }
}

fn json(answer: &impl serde::Serialize) -> String {
    let document = serde_json::to_string(answer).expect("the API's types have string keys only");
    visible::json(&document).into_owned()
}

/// This text is none of the names that are known.
fn unknown(text: &str, error: &api::UnknownName) -> Failure {
    let values = [("text", text), ("error", &error.to_string())];
    Failure::Usage(Said::of(ctl::NO_SUCH_NAME, &values))
}

/// Which calls a verb asks for.
fn past(verb: &Verb) -> Result<Past, Failure> {
    let Verb::History {
        limit,
        before,
        party,
        kind,
        from,
        to,
    } = verb
    else {
        return Ok(Past::default());
    };
    let kind = kind
        .as_deref()
        .map(|kind| kind.parse().map_err(|error| unknown(kind, &error)));
    let now = jiff::ZonedDateTime::now();
    let time = |option: &str, text: &Option<String>, edge| {
        let text = text.as_deref();
        let read = text.map(|text| moment::read(text, edge, &now));
        let read = read.transpose();
        read.map_err(|said| Failure::Usage(said.about(option)))
    };
    let since_ms = time("--from", from, Edge::From)?;
    let until_ms = time("--to", to, Edge::To)?;
    if since_ms
        .zip(until_ms)
        .is_some_and(|(since, until)| since >= until)
    {
        return Err(Failure::Usage(Said::of(ctl::NOTHING_BETWEEN, &[])));
    }
    Ok(Past {
        limit: Some(*limit),
        before: *before,
        party: party.clone(),
        kind: kind.transpose()?,
        since_ms,
        until_ms,
    })
}

/// Asks for what a verb means.
fn request(client: &Client, ctl: &Ctl, verb: &Verb) -> Result<(), Failure> {
    let act = |act| -> Result<(), Failure> {
        client.act(call_for(client, ctl, act)?, act)?;
        Ok(())
    };
    let act_to = |act, to: &str, account| -> Result<(), Failure> {
        client.act_to(call_for(client, ctl, act)?, act, to, account)?;
        Ok(())
    };
    match verb {
        Verb::Answer => act(ActName::Answer),
        Verb::Reject { everywhere } => {
            let call = call_for(client, ctl, ActName::Reject)?;
            client
                .reject(call, everywhere.then_some(true))
                .map_err(Failure::from)
        }
        Verb::Forward { to, account } => act_to(ActName::Forward, to, *account),
        Verb::Cancel => act(ActName::Cancel),
        Verb::Hold => act(ActName::Hold),
        Verb::Resume => act(ActName::Resume),
        Verb::Consult { to, account } => act_to(ActName::Consult, to, *account),
        Verb::EndConsult => act(ActName::EndConsult),
        Verb::Swap => act(ActName::Swap),
        Verb::Conference => act(ActName::Conference),
        Verb::Transfer {
            to: Some(to),
            account,
        } => act_to(ActName::Transfer, to, *account),
        Verb::Transfer { to: None, .. } => act(ActName::Transfer),
        Verb::Withdraw => act(ActName::Withdraw),
        Verb::Accept => act(ActName::Accept),
        Verb::Decline => act(ActName::Decline),
        Verb::Exit => act(ActName::Exit),
        Verb::End => act(ActName::End),
        Verb::Stay => act(ActName::Stay),
        Verb::Mute => act(ActName::Mute),
        Verb::Unmute => act(ActName::Unmute),
        Verb::WrapUp {
            reason,
            id,
            note,
            draft,
        } => {
            let id = wrap_up(client, *id)?;
            let note = note.as_deref();
            let done = if *draft {
                client.draft_wrap_up(id, Some(reason), note)
            } else {
                client.submit_wrap_up(id, reason, note)
            };
            done.map_err(Failure::from)
        }
        Verb::Extend { id } => client
            .extend_wrap_up(wrap_up(client, *id)?)
            .map_err(Failure::from),
        Verb::Presence {
            presence,
            reason: Some(reason),
        } if presence == "idle" => client.set_idle(reason).map_err(Failure::from),
        Verb::Presence { presence, .. } => {
            let presence = presence
                .parse()
                .map_err(|error| unknown(presence, &error))?;
            client.set_presence(presence).map_err(Failure::from)
        }
        Verb::Register { account } => client.register(*account).map_err(Failure::from),
        Verb::Unregister { account } => client.unregister(*account).map_err(Failure::from),
        verb @ Verb::Devices { .. } => choose_devices(client, verb),
        Verb::Hook => client.hook().map_err(Failure::from),
        Verb::Say { file } => {
            // The phone has a current folder of its own.
            let usage = |said: Said| Failure::Usage(said.about(&file.display().to_string()));
            let path = std::path::absolute(file).map_err(|error| {
                let why = error.to_string();
                usage(Said {
                    en: why.clone(),
                    de: why,
                })
            })?;
            let no_text = || usage(Said::of(ctl::NO_UTF8, &[]));
            let path = path.to_str().ok_or_else(no_text)?;
            client.say(path).map_err(Failure::from)
        }
        Verb::Shutdown => client.shutdown().map_err(Failure::from),
        Verb::Status
        | Verb::Trace(_)
        | Verb::Why
        | Verb::Report(_)
        | Verb::Watch
        | Verb::History { .. }
        | Verb::Call { .. }
        | Verb::Pickup { .. }
        | Verb::Dtmf { .. } => {
            unreachable!("these have answers of their own")
        }
    }
}

/// Chooses sound devices: those that are named, beside those that are asked for now.
fn choose_devices(client: &Client, verb: &Verb) -> Result<(), Failure> {
    let Verb::Devices {
        microphone,
        ear,
        ring,
        configured,
    } = verb
    else {
        return Ok(());
    };
    let asked = if *configured {
        AskedDevices::default()
    } else {
        client.status()?.audio.asked
    };
    let devices = SetDevices {
        microphone: microphone.clone().or(asked.microphone),
        ear: ear.clone().or(asked.ear),
        ring: ring.clone().or(asked.ring),
    };
    client.set_devices(&devices).map_err(Failure::from)
}

/// Says which call began.
fn placed(ctl: &Ctl, call: u32) {
    if ctl.json {
        println!("{}", json(&Placed { call }));
    } else {
        println!("{}", text::placed(call, ctl.lang));
    }
}

fn done(digit: Option<DigitWay>) -> Done {
    Done { done: true, digit }
}

/// Sends each digit and says how it went, before the next one.
fn dial_digits(client: &Client, ctl: &Ctl, digits: &str) -> Result<(), Failure> {
    if digits.is_empty() {
        return Err(Failure::Usage(Said::of(ctl::WHICH_DIGITS, &[])));
    }
    let call = call_for(client, ctl, ActName::Dtmf)?;
    for digit in digits.chars() {
        let way = client.dtmf(call, digit)?;
        if ctl.json {
            println!("{}", json(&done(way)));
        } else {
            println!("{}", text::digit(digit, way, ctl.lang));
        }
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
            Err(Failure::Usage(Said::of(ctl::WHICH_CALL, &[("ids", &ids)])))
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
                json!({"id": id, "account": 0, "role": "owner", "stage": stage, "stage_text": "", "stage_text_de": "",
                    "muted": false, "since_ms": 0, "legs": [],
                    "acts": [{"act": act, "label": "", "label_de": "", "allowed": allowed}]})
            })
            .collect();
        serde_json::from_value(
            json!({"name": "a", "version": "1", "presence": "idle", "presence_since_ms": 0, "terminating": false,
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
