//! Requests and their answers.
use crate::{Address, Error, Events, percent_encoded};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use trialog_api::request::{
    Aim, Dial, Dtmf, Follow, Invite, NoMembers, Past, Pickup, Registration, Reject, Say,
    SetDevices, SetPresence, WrapUp, WrapUpDraft,
};
use trialog_api::{
    ActName, CallTrace, DigitWay, Done, History, Invitation, OwnPresence, PageRole, Placed, Status,
};
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

    /// Calls that were, the newest first, as many as the query asks for and that fit it.
    pub fn history(&self, past: &Past) -> Result<History, Error> {
        let members = serde_json::to_value(past).expect("requests have string keys only");
        let pairs = members.as_object().into_iter().flatten();
        let pairs = pairs.map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), percent_encoded);
            format!("{name}={text}")
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        answer(&self.request("GET", &format!("/api/history?{query}"), "")?)
    }

    /// The SIP messages of a call, and its steps.
    pub fn trace(&self, call: u32) -> Result<CallTrace, Error> {
        answer(&self.request("GET", &format!("/api/calls/{call}/trace"), "")?)
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

    /// Refuses an offered call, for all phones that it rings at or for this one; `None`: as the phone's configuration has it.
    pub fn reject(&self, call: u32, everywhere: Option<bool>) -> Result<(), Error> {
        self.done(&format!("/api/calls/{call}/reject"), &Reject { everywhere })
    }

    /// An act with a party's address as its aim: forward, consult, or a blind transfer. `account`: by its number, in place of the
    /// call's own, whose registrar a number or name is at, and by which a consult is called.
    pub fn act_to(
        &self,
        call: u32,
        act: ActName,
        to: &str,
        account: Option<u16>,
    ) -> Result<(), Error> {
        let to = to.to_owned();
        self.done(&format!("/api/calls/{call}/{act}"), &Aim { to, account })
    }

    /// Sends one digit, `0` to `9`, `*`, `#`, `A` to `D`, and gives how it went. [`Error::Problem`] also where it could not be sent, or
    /// was refused.
    pub fn dtmf(&self, call: u32, digit: char) -> Result<Option<DigitWay>, Error> {
        let done: Done = self.post(&format!("/api/calls/{call}/dtmf"), &Dtmf { digit })?;
        Ok(done.digit)
    }

    /// Hands in the wrap-up of this number, with the code of one of the status's reasons; `note`: the agent's words (`None`: the drafted
    /// ones). It is on the disk when this returns.
    pub fn submit_wrap_up(
        &self,
        wrap_up: u32,
        reason: &str,
        note: Option<&str>,
    ) -> Result<(), Error> {
        let (reason, note) = (reason.to_owned(), note.map(str::to_owned));
        self.done(
            &format!("/api/wrap-ups/{wrap_up}/submit"),
            &WrapUp { reason, note },
        )
    }

    /// Keeps what was entered of the wrap-up so far without handing it in; `None` leaves what is there.
    pub fn draft_wrap_up(
        &self,
        wrap_up: u32,
        reason: Option<&str>,
        note: Option<&str>,
    ) -> Result<(), Error> {
        let (reason, note) = (reason.map(str::to_owned), note.map(str::to_owned));
        self.done(
            &format!("/api/wrap-ups/{wrap_up}/draft"),
            &WrapUpDraft { reason, note },
        )
    }

    /// Gives the wrap-up more time before the timer submits the default reason.
    pub fn extend_wrap_up(&self, wrap_up: u32) -> Result<(), Error> {
        self.done(&format!("/api/wrap-ups/{wrap_up}/extend"), &NoMembers {})
    }

    /// Takes the call that rings where this lamp is; the number of the new call.
    pub fn pick_up(&self, lamp: u16) -> Result<u32, Error> {
        let placed: Placed = self.post("/api/pickup", &Pickup { lamp })?;
        Ok(placed.call)
    }

    /// Presses the headset's hook.
    pub fn hook(&self) -> Result<(), Error> {
        self.done("/api/hook", &NoMembers {})
    }

    /// Makes the agent idle, for the reason of this code.
    pub fn set_idle(&self, reason: &str) -> Result<(), Error> {
        let (presence, reason) = (OwnPresence::Idle, Some(reason.to_owned()));
        self.done("/api/presence", &SetPresence { presence, reason })
    }

    /// Makes the agent available or idle.
    pub fn set_presence(&self, presence: OwnPresence) -> Result<(), Error> {
        let reason = None;
        self.done("/api/presence", &SetPresence { presence, reason })
    }

    /// Registers the account of this number (`None`: each that has a registrar).
    pub fn register(&self, account: Option<u16>) -> Result<(), Error> {
        self.done("/api/register", &Registration { account })
    }

    /// Takes the registration of the account of this number back (`None`: of each), until it is registered again.
    pub fn unregister(&self, account: Option<u16>) -> Result<(), Error> {
        self.done("/api/unregister", &Registration { account })
    }

    /// Speaks a WAV file into the microphone; its absolute path on the phone's machine. Only where the audio end is `file`.
    pub fn say(&self, file: &str) -> Result<(), Error> {
        let file = file.to_owned();
        self.done("/api/audio/say", &Say { file })
    }

    /// Chooses sound devices, also in a call; those that are `None` are the configuration's.
    pub fn set_devices(&self, devices: &SetDevices) -> Result<(), Error> {
        let body = serde_json::to_string(devices).expect("requests have string keys only");
        answer::<Done>(&self.request("PUT", "/api/audio/devices", &body)?).map(|_| ())
    }

    /// A code that pairs one browser with the phone, for this role: its page is opened with `/#pair=` and the code.
    pub fn invite(&self, role: PageRole) -> Result<Invitation, Error> {
        self.post("/api/page/code", &Invite { role })
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
