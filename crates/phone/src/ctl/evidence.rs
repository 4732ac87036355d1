//! What looks into a call: its messages.
use super::failure::{Failure, Said};
use super::text::in_language;
use super::{json, ladder, pcapng};
use crate::cli::{Ctl, TraceShown};
use crate::{os, visible};
use std::path::Path;
use trialog_client::Client;
use trialog_client::api::Stage;
use trialog_client::api::request::Past;
use trialog_desk::words::ctl;

/// Shows a call's messages, or writes them.
pub(super) fn trace(client: &Client, ctl: &Ctl, shown: &TraceShown) -> Result<(), Failure> {
    let trace = client.trace(which(client, ctl)?)?;
    if let Some(path) = &shown.pcapng {
        write(path, &pcapng::file(&trace))?;
        let written = in_language(ctl.lang, ctl::WRITTEN.en, ctl::WRITTEN.de);
        let path = path.display().to_string();
        println!("{written} {}", visible::text(&path));
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
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    os::write_private(path, bytes).map_err(|error| {
        let why = error.to_string();
        let said = Said {
            en: why.clone(),
            de: why,
        };
        Failure::Usage(said.about(&path.display().to_string()))
    })
}
