//! What looks into a call: its messages, its sound, and a report of all that is known.
use super::failure::{Failure, Said};
use super::text::{in_language, say_in};
use super::{json, ladder, pcapng, report};
use crate::cli::{Ctl, Language, ReportTo, TraceShown};
use crate::{os, visible};
use std::path::Path;
use trialog_client::Client;
use trialog_client::api::request::Past;
use trialog_client::api::{CallTrace, Stage};
use trialog_desk::words::ctl;

/// Shows a call's messages, or writes them.
pub(super) fn trace(client: &Client, ctl: &Ctl, shown: &TraceShown) -> Result<(), Failure> {
    let trace = client.trace(which(client, ctl)?)?;
    if let Some(path) = &shown.pcapng {
        write(path, &pcapng::file(&trace))?;
        written(ctl, path);
    } else if ctl.json {
        println!("{}", json(&trace));
    } else {
        print!("{}", ladder::text(&trace, ctl.lang));
        if shown.text {
            println!();
            print!("{}", ladder::messages(&trace, ctl.lang));
        }
    }
    Ok(())
}

/// Says why there is no sound.
pub(super) fn why(client: &Client, ctl: &Ctl) -> Result<(), Failure> {
    let trace = client.trace(which(client, ctl)?)?;
    if ctl.json {
        println!("{}", json(&trace.sound));
    } else {
        print!("{}", sound(&trace, ctl.lang));
    }
    Ok(())
}

/// Writes a report.
pub(super) fn report(client: &Client, ctl: &Ctl, to: &ReportTo) -> Result<(), Failure> {
    let folder = report::write(client, ctl, which(client, ctl)?, to)?;
    written(ctl, &folder);
    Ok(())
}

fn written(ctl: &Ctl, path: &Path) {
    let path = path.display().to_string();
    if ctl.json {
        println!("{}", json(&serde_json::json!({ "written": path })));
    } else {
        let written = say_in(ctl.lang, ctl::WRITTEN);
        println!("{written} {}", visible::text(&path));
    }
}

/// Of each leg and way the packets, and where the sound stops.
pub(super) fn sound(trace: &CallTrace, language: Language) -> String {
    let say = |word| say_in(language, word);
    if trace.sound.is_empty() {
        return format!("{}\n", say(ctl::NO_SOUND_YET));
    }
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(visible::text(text).as_ref());
        out.push('\n');
    };
    for leg in &trace.sound {
        let (from, to) = (&leg.from_party, &leg.to_party);
        let is = |holds: bool| say(if holds { ctl::YES } else { ctl::NO });
        line(&format!("{} ({})", leg.party, leg.leg));
        line(&format!(
            "  {} {} ({} {}), {} {} ({} {}), {} {}, {} {}, {} {}, {} {}",
            say(ctl::RECEIVED),
            from.received,
            say(ctl::LATELY),
            from.received_lately,
            say(ctl::DECODED),
            from.decoded,
            say(ctl::LATELY),
            from.decoded_lately,
            say(ctl::LOST),
            from.lost,
            say(ctl::LATE),
            from.late,
            say(ctl::ROUTED),
            is(from.routed),
            say(ctl::PLAYED),
            is(from.played),
        ));
        let text = in_language(language, &from.verdict_text, &from.verdict_text_de);
        line(&format!("    {text}"));
        let lost = to.far_lost_percent;
        let lost = lost.map_or(String::new(), |lost| {
            format!(", {} {lost} %", say(ctl::FAR_LOST))
        });
        line(&format!(
            "  {} {} ({} {}), {} {}, {} {}{lost}",
            say(ctl::SENT),
            to.sent,
            say(ctl::LATELY),
            to.sent_lately,
            say(ctl::ROUTED),
            is(to.routed),
            say(ctl::SPOKEN),
            is(to.spoken),
        ));
        let text = in_language(language, &to.verdict_text, &to.verdict_text_de);
        line(&format!("    {text}"));
    }
    out
}

/// The call that is meant: the one of this number, else the only one that goes on, else the last one that was.
fn which(client: &Client, ctl: &Ctl) -> Result<u32, Failure> {
    if let Some(call) = ctl.call {
        return Ok(call);
    }
    let calls = client.status()?.calls;
    let calls: Vec<_> = calls
        .iter()
        .filter(|call| call.stage != Stage::Ending)
        .collect();
    match calls.as_slice() {
        [call] => Ok(call.id),
        [] => {
            let newest = Past {
                limit: Some(20),
                ..Past::default()
            };
            let calls = client.history(&newest)?.calls;
            let last = calls.into_iter().find_map(|call| call.call);
            last.ok_or_else(Failure::no_call)
        }
        several => {
            let ids: Vec<_> = several.iter().map(|call| call.id.to_string()).collect();
            Err(Failure::Usage(Said::of(
                ctl::WHICH_CALL,
                &[("ids", &ids.join(" | "))],
            )))
        }
    }
}

/// Writes a file that only the user may read.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    os::write_private(path, bytes).map_err(|error| failed(path, &error))
}

/// Nothing can be written there.
pub(super) fn failed(path: &Path, error: &std::io::Error) -> Failure {
    let why = error.to_string();
    let said = Said {
        en: why.clone(),
        de: why,
    };
    Failure::Usage(said.about(&path.display().to_string()))
}
