//! One attempt to send one message.
use super::{Key, Webhook};
use std::time::Duration;
use trialog_store::Parcel;
use ureq::Agent;

/// One attempt takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of it.
pub(super) enum Answer {
    Taken,
    /// The receiver wants no more (410, RFC 9110 §15.5.11).
    Gone,
    Failed {
        why: String,
        /// The receiver's wish (Retry-After, RFC 9110 §10.2.3).
        again: Option<Duration>,
    },
}

/// Sends to one URL.
pub(super) struct Sender {
    agent: Agent,
    url: String,
    key: Option<Key>,
}

impl Sender {
    pub(super) fn new(webhook: &Webhook) -> Self {
        Self {
            agent: crate::post::agent(PATIENCE),
            url: webhook.url.clone(),
            key: webhook.key.clone(),
        }
    }

    pub(super) fn send(&self, parcel: &Parcel, unix_s: i64) -> Answer {
        let (id, body) = (&parcel.message, &parcel.body);
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", unix_s.to_string());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.signature(id, unix_s, body));
        }
        let answer = match request.send(body) {
            Ok(answer) => answer,
            Err(error) => {
                return Answer::Failed {
                    why: words(&error),
                    again: None,
                };
            }
        };
        let status = answer.status();
        if status.is_success() {
            return Answer::Taken;
        }
        if status.as_u16() == 410 {
            return Answer::Gone;
        }
        let again = answer.headers().get("retry-after");
        let again = again.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Answer::Failed {
            why: format!("HTTP {}", status.as_u16()),
            again: again.map(Duration::from_secs),
        }
    }
}

/// What went wrong, without the URL, which may have a secret in its path or query.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the URL can't be used".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    }
}
