//! `trialog ctl watch`: the phone's events as they come, until the phone or the reader ends.
use super::client::Client;
use super::{Failure, text};
use crate::cli::Ctl;
use std::io::{self, Write};
use trialog_api::Event;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, Message};

pub(super) fn run(client: &Client, ctl: &Ctl) -> Result<(), Failure> {
    let lost = |error: Error| Failure::NoPhone(format!("the phone does not answer: {error}"));
    let url = format!("{}/api/events", client.api.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request().map_err(lost)?;
    let token = format!("Bearer {}", client.api.token);
    let token = HeaderValue::try_from(token).map_err(|error| lost(error.into()))?;
    request.headers_mut().insert("Authorization", token);
    let (mut socket, _) = tungstenite::connect(request).map_err(lost)?;
    let mut heard = false;
    loop {
        let line = match socket.read() {
            Ok(Message::Text(line)) => line,
            Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                return Ok(());
            }
            Ok(_) => continue,
            // The phone has ended; without a farewell where it was killed.
            Err(_) if heard => return Ok(()),
            Err(error) => return Err(lost(error)),
        };
        let event: Event = serde_json::from_str(&line).map_err(|error| {
            Failure::NoPhone(format!(
                "the phone speaks another version of the API: {error}"
            ))
        })?;
        let text = if ctl.json {
            format!("{line}\n")
        } else {
            text::event(&event, ctl.lang)
        };
        let mut out = io::stdout().lock();
        if out
            .write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .is_err()
        {
            // Nobody reads any more.
            return Ok(());
        }
        heard = true;
    }
}
