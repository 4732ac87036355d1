//! One request to the phone, and what its answer means for the exit status.
use super::Failure;
use crate::place::Api;
use serde_json::Value;
use std::time::Duration;
use ureq::http::Response;
use ureq::{Agent, Body};

/// The JSON of an answer that was no failure.
pub(super) type Answer = Value;

/// No request of the API takes longer; a phone that hangs is no phone.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Client {
    pub(super) api: Api,
    agent: Agent,
}

impl Client {
    pub(super) fn new(api: Api) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            // A proxy of the environment has no business with the loopback interface.
            .proxy(None)
            .build();
        Self {
            api,
            agent: agent.into(),
        }
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, Failure> {
        let request = self.agent.get(self.url(path));
        answer(request.header("Authorization", self.bearer()).call())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let request = self.agent.post(self.url(path));
        let request = request
            .header("Authorization", self.bearer())
            .header("Content-Type", "application/json");
        answer(request.send(body.to_string()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api.url)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.api.token)
    }
}

fn answer(response: Result<Response<Body>, ureq::Error>) -> Result<Answer, Failure> {
    let unreachable =
        |error: ureq::Error| Failure::NoPhone(format!("the phone does not answer: {error}"));
    let mut response = response.map_err(unreachable)?;
    let text = response.body_mut().read_to_string().map_err(unreachable)?;
    let status = response.status().as_u16();
    if (200..300).contains(&status) {
        return serde_json::from_str(&text).map_err(strange);
    }
    let problem = serde_json::from_str(&text).map_err(strange)?;
    Err(Failure::Problem(Box::new(problem)))
}

fn strange(error: serde_json::Error) -> Failure {
    Failure::NoPhone(format!(
        "the phone speaks another version of the API: {error}"
    ))
}
