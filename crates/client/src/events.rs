//! The events, one after the other, by WebSocket.
use crate::{Address, Error};
use std::net::TcpStream;
use std::time::Duration;
use trialog_api::Event;
use trialog_api::request::Follow;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error as Fault, Message, WebSocket};

/// What happens in a phone, in order, none left out. It ends when the phone ends.
#[derive(Debug)]
pub struct Events {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    /// An event has come: the phone was there, so an end without a farewell is one, too (it was killed).
    heard: bool,
}

impl Events {
    pub(crate) fn open(address: &Address, follow: &Follow) -> Result<Self, Error> {
        let url = address.url.replacen("http", "ws", 1);
        let since = follow.since.map(|since| format!("since={since}"));
        let status = follow.status.then(|| "status=true".to_owned());
        let page = follow.page.then(|| "page=true".to_owned());
        let query: Vec<_> = [since, status, page].into_iter().flatten().collect();
        let mut request = format!("{url}/api/events?{}", query.join("&"))
            .into_client_request()
            .map_err(lost)?;
        let token = format!("Bearer {}", address.token);
        let token = HeaderValue::try_from(token).map_err(|error| lost(error.into()))?;
        request.headers_mut().insert("Authorization", token);
        let (socket, _) = tungstenite::connect(request).map_err(lost)?;
        Ok(Self {
            socket,
            heard: false,
        })
    }

    /// From now on no event is waited for longer than this; one that does not come in time is [`Error::Unreachable`].
    ///
    /// # Errors
    /// [`Error::Unreachable`]: the socket is gone.
    pub fn wait_at_most(&self, time: Duration) -> Result<(), Error> {
        match self.socket.get_ref() {
            MaybeTlsStream::Plain(stream) => stream
                .set_read_timeout(Some(time))
                .map_err(|error| lost(error.into())),
            _ => Ok(()),
        }
    }

    /// The next event as it is in JSON; `None` where the phone has ended.
    ///
    /// # Errors
    /// [`Error::Unreachable`]: the connection broke before any event came, or none came in time.
    pub fn next_text(&mut self) -> Result<Option<String>, Error> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    self.heard = true;
                    return Ok(Some(text.to_string()));
                }
                Ok(Message::Close(_)) | Err(Fault::ConnectionClosed | Fault::AlreadyClosed) => {
                    return Ok(None);
                }
                // Pings are answered by the library.
                Ok(_) => {}
                Err(Fault::Io(error)) if is_timeout(&error) => return Err(lost(error.into())),
                Err(_) if self.heard => return Ok(None),
                Err(error) => return Err(lost(error)),
            }
        }
    }
}

impl Iterator for Events {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.next_text().transpose()?;
        Some(text.and_then(|text| {
            serde_json::from_str(&text).map_err(|error| Error::Version(error.to_string()))
        }))
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as E;
    matches!(error.kind(), E::WouldBlock | E::TimedOut)
}

fn lost(error: Fault) -> Error {
    Error::Unreachable(error.to_string())
}
