//! `trialog ctl watch`: the phone's events as they come, until the phone or the reader ends.
use super::{Failure, text};
use crate::cli::Ctl;
use crate::visible;
use std::io::{self, Write};
use trialog_client::{Client, Error};

pub(super) fn run(client: &Client, ctl: &Ctl) -> Result<(), Failure> {
    let mut events = client.events(None)?;
    while let Some(line) = events.next_text()? {
        let text = if ctl.json {
            format!("{}\n", visible::json(&line))
        } else {
            let event = serde_json::from_str(&line);
            let event = event.map_err(|error| Error::Version(error.to_string()))?;
            text::event(&event, ctl.lang)
        };
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if written.is_err() {
            // The reader of our output is gone.
            return Ok(());
        }
    }
    Ok(())
}
