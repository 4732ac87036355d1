//! Requests and their answers.
use crate::{Address, Error, Events};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use trialog_api::request::{Aim, Dial, Dtmf, Follow, NoMembers, Say, SetPresence, WrapUp};
use trialog_api::{ActName, Done, Placed, Presence, Status};
use ureq::Agent;
use ureq::http::{Request, Response};

/// No request of the API takes longer; a phone that hangs is no phone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of one phone. Each method is one request, and blocks until it is answered, 10 s at most. An act that was taken is not
/// done yet: what comes of it, the events tell.
///
/// # Errors
/// Each method that asks: [`Error::Problem`] where the phone did not do it, [`Error::Unreachable`] where no answer came,
/// [`Error::Version`] where the answer could not be read.
#[derive(Clone, Debug)]
pub struct Client {
    address: Address,
    agent: Agent,
}

#[allow(clippy::missing_errors_doc, reason = "the type's doc has them")]
impl Client {
    /// A client of the phone at this address. Nothing is asked yet.
    #[must_use]
    pub fn new(address: Address) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            // A proxy of the environment has no business with the loopback interface.
            .proxy(None)
            .build();
        Self {
            address,
            agent: agent.into(),
        }
    }

    /// The address that it was made with.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The whole phone as it is now.
    pub fn status(&self) -> Result<Status, Error> {
        answer(&self.request("GET", "/api/status", "")?)
    }

    /// Places a call from this account, by its number in the status (`None`: the first). Gives the call's number.
    pub fn call(&self, to: &str, account: Option<u16>) -> Result<u32, Error> {
        let to = to.to_owned();
        let placed: Placed = self.post("/api/calls", &Dial { to, account })?;
        Ok(placed.call)
    }

    /// An act that takes no member, on the call of this number.
    pub fn act(&self, call: u32, act: ActName) -> Result<(), Error> {
        self.done(&format!("/api/calls/{call}/{act}"), &NoMembers {})
    }

    /// An act with a party's address as its aim: forward, consult, or a blind transfer.
    pub fn act_to(&self, call: u32, act: ActName, to: &str) -> Result<(), Error> {
        let to = to.to_owned();
        self.done(&format!("/api/calls/{call}/{act}"), &Aim { to })
    }

    /// Sends one digit: `0` to `9`, `*`, `#`, `A` to `D`.
    pub fn dtmf(&self, call: u32, digit: char) -> Result<(), Error> {
        self.done(&format!("/api/calls/{call}/dtmf"), &Dtmf { digit })
    }

    /// Hands in the wrap-up of this number, with the code of one of the status's reasons.
    pub fn submit_wrap_up(&self, wrap_up: u32, reason: &str) -> Result<(), Error> {
        let reason = reason.to_owned();
        self.done(
            &format!("/api/wrap-ups/{wrap_up}/submit"),
            &WrapUp { reason },
        )
    }

    /// Chooses the wrap-up's reason without handing it in.
    pub fn draft_wrap_up(&self, wrap_up: u32, reason: &str) -> Result<(), Error> {
        let reason = reason.to_owned();
        self.done(
            &format!("/api/wrap-ups/{wrap_up}/draft"),
            &WrapUp { reason },
        )
    }

    /// Gives the wrap-up more time before the timer submits the default reason.
    pub fn extend_wrap_up(&self, wrap_up: u32) -> Result<(), Error> {
        self.done(&format!("/api/wrap-ups/{wrap_up}/extend"), &NoMembers {})
    }

    /// Presses the headset's hook.
    pub fn hook(&self) -> Result<(), Error> {
        self.done("/api/hook", &NoMembers {})
    }

    /// Makes the agent available or idle.
    pub fn set_presence(&self, presence: Presence) -> Result<(), Error> {
        self.done("/api/presence", &SetPresence { presence })
    }

    /// Speaks a WAV file into the microphone; its absolute path on the phone's machine. Only where the audio end is `file`.
    pub fn say(&self, file: &str) -> Result<(), Error> {
        let file = file.to_owned();
        self.done("/api/audio/say", &Say { file })
    }

    /// Ends the phone as SIGTERM does: a conference or an anchored call is waited for, unless it is asked for twice.
    pub fn shutdown(&self) -> Result<(), Error> {
        self.done("/api/shutdown", &NoMembers {})
    }

    /// Follows what happens: the whole status first, then each event; with `since`, the events after the one of this number.
    pub fn events(&self, since: Option<u64>) -> Result<Events, Error> {
        self.follow(&Follow {
            since,
            ..Follow::default()
        })
    }

    /// As [`Client::events`], with all that the query may have; the token is shown in the header.
    pub fn follow(&self, follow: &Follow) -> Result<Events, Error> {
        Events::open(&self.address, follow)
    }

    /// Any request with the token, and its answer as it comes, problems too. The body is sent as JSON where there is one.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Result<Response<String>, Error> {
        let lost = |error: ureq::Error| Error::Unreachable(error.to_string());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address.url))
            .header("Authorization", format!("Bearer {}", self.address.token))
            .header("Content-Type", "application/json")
            .body(body.to_owned())
            .map_err(|error| lost(error.into()))?;
        let (head, mut body) = self.agent.run(request).map_err(lost)?.into_parts();
        let text = body.read_to_string().map_err(lost)?;
        Ok(Response::from_parts(head, text))
    }

    fn done(&self, path: &str, members: &impl Serialize) -> Result<(), Error> {
        self.post::<Done>(path, members).map(|_| ())
    }

    fn post<T: DeserializeOwned>(&self, path: &str, members: &impl Serialize) -> Result<T, Error> {
        let body = serde_json::to_string(members).expect("requests have string keys only");
        answer(&self.request("POST", path, &body)?)
    }
}

fn answer<T: DeserializeOwned>(response: &Response<String>) -> Result<T, Error> {
    let strange = |error: serde_json::Error| Error::Version(error.to_string());
    if response.status().is_success() {
        return serde_json::from_str(response.body()).map_err(strange);
    }
    let problem = serde_json::from_str(response.body()).map_err(strange)?;
    Err(Error::Problem(Box::new(problem)))
}
