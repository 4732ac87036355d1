//! The agent's state for the ACD. Each change is a POST to a URL of the configuration, in order, from a thread of its own: the loop
//! leaves a state and goes on, and an ACD that is slow or away costs it nothing. Where the ACD is the PBX, a change can be a feature
//! code that is called. What the state is, the core knows.
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use trialog_api::{AwayReason, Presence};
use trialog_call::{AccountId, Input, Target};
use trialog_sip::digest::Secret;
use ureq::Agent;

/// One attempt takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// So often a state is sent to an ACD that does not answer or is not well, with pauses that double from [`PAUSE`] on.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// States that wait; beyond, the oldest is forgotten, as the newest is what matters.
const WAITING: usize = 64;
/// So long the phone waits at its end for the last state to arrive.
const FAREWELL: Duration = Duration::from_millis(300);

/// Where the agent's state goes: to a URL, to feature codes, or to both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acd {
    pub(crate) hook: Option<Hook>,
    /// The account that calls the feature codes.
    pub(crate) account: AccountId,
    /// What is called when a state begins: a number or an address.
    pub(crate) codes: Vec<(Presence, String)>,
}

/// Where states are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    /// An `http:` or `https:` URL.
    pub(crate) url: String,
    /// By which name the ACD knows the agent.
    pub(crate) agent: String,
    /// Sent as bearer token (RFC 6750 §2.1).
    pub(crate) token: Option<Secret>,
}

/// What a new caller meets, and what the agent owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentState {
    pub(crate) presence: Presence,
    /// Why new calls are refused; `None`: they ring.
    pub(crate) reason: Option<AwayReason>,
    /// The code of the reason that the agent has given for being idle.
    pub(crate) idle_reason: Option<String>,
    /// A wrap-up is owed.
    pub(crate) wrap_up: bool,
}

/// The JSON of one POST.
#[derive(Debug, Serialize)]
struct Report {
    agent: String,
    presence: Presence,
    reason: Option<AwayReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_reason: Option<String>,
    wrap_up: bool,
    /// Since when it is so, in Unix milliseconds.
    since: u64,
}

/// What the ACD has been told, and is to be told.
#[derive(Debug)]
pub(crate) struct AcdLine {
    last: Option<AgentState>,
    hook: Option<HookThread>,
    account: AccountId,
    codes: Vec<(Presence, String)>,
    /// The feature code of the newest state that has one.
    code: Option<String>,
}

/// The thread, and what waits for it.
#[derive(Debug)]
struct HookThread {
    agent: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Report>,
    /// One is on its way.
    sending: bool,
    /// No more will come: nothing is tried twice any more.
    ended: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next state to be sent; `None` at the end.
    fn next(&self) -> Option<Report> {
        let mut queue = self.queue();
        queue.sending = false;
        loop {
            if let Some(report) = queue.waiting.pop_front() {
                queue.sending = true;
                return Some(report);
            }
            self.changed.notify_all();
            if queue.ended {
                return None;
            }
            queue = self
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits before the next attempt. Whether there is to be one.
    fn pause(&self, time: Duration) -> bool {
        let queue = self.queue();
        let waited = self
            .changed
            .wait_timeout_while(queue, time, |queue| !queue.ended);
        let (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !queue.ended
    }
}

impl AcdLine {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn open(acd: Acd) -> std::io::Result<Self> {
        Ok(Self {
            last: None,
            hook: acd.hook.map(HookThread::start).transpose()?,
            account: acd.account,
            codes: acd.codes,
            code: None,
        })
    }

    /// The agent's state at this time, in Unix milliseconds; it is told where it is another than before.
    pub(crate) fn state(&mut self, state: AgentState, since: u64) {
        let presence = state.presence;
        let before = self.last.replace(state.clone());
        if before.as_ref() == Some(&state) {
            return;
        }
        if let Some(hook) = &self.hook {
            hook.post(state, since);
        }
        if before.map(|before| before.presence) != Some(presence) {
            let mut codes = self.codes.iter();
            let code = codes.find(|(own, _)| *own == presence);
            self.code = code.map(|(_, code)| code.clone()).or(self.code.take());
        }
    }

    /// The account that calls the feature codes.
    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    /// The feature code that is to be called now. `reachable`: the account's PBX can be.
    pub(crate) fn code(&mut self, reachable: bool) -> Option<Input> {
        let code = self.code.take_if(|_| reachable)?;
        Some(Input::Dial {
            account: self.account,
            target: Target(code),
        })
    }
}

impl HookThread {
    fn start(hook: Hook) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (agent, own) = (hook.agent.clone(), Arc::clone(&shared));
        std::thread::Builder::new()
            .name("acd".to_owned())
            .spawn(move || send_all(&hook, &own))?;
        Ok(Self { agent, shared })
    }

    fn post(&self, state: AgentState, since: u64) {
        let mut queue = self.shared.queue();
        if queue.waiting.len() == WAITING {
            queue.waiting.pop_front();
            tracing::warn!("the ACD is too slow: an older state of the agent is not sent");
        }
        queue.waiting.push_back(Report {
            agent: self.agent.clone(),
            presence: state.presence,
            reason: state.reason,
            idle_reason: state.idle_reason,
            wrap_up: state.wrap_up,
            since,
        });
        drop(queue);
        self.shared.changed.notify_all();
    }
}

impl Drop for HookThread {
    fn drop(&mut self) {
        let end = Instant::now() + FAREWELL;
        let mut queue = self.shared.queue();
        queue.ended = true;
        self.shared.changed.notify_all();
        while queue.sending || !queue.waiting.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The thread.
fn send_all(hook: &Hook, shared: &Shared) {
    let agent = crate::post::agent(PATIENCE);
    while let Some(report) = shared.next() {
        let body = serde_json::to_string(&report).expect("a report has string keys only");
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            let Err(why) = send(&agent, hook, &body) else {
                break;
            };
            let again = why.may_pass && attempt < ATTEMPTS && shared.pause(pause);
            pause *= 2;
            let (presence, error) = (report.presence.name(), why.what);
            if !again {
                tracing::warn!(
                    presence,
                    error,
                    attempt,
                    "the ACD was not told of the agent's state; see [acd]"
                );
                break;
            }
            tracing::debug!(presence, error, attempt, "the ACD is told again");
        }
    }
}

/// Why a state did not arrive.
struct Failure {
    what: String,
    /// It may be otherwise in a moment.
    may_pass: bool,
}

fn send(agent: &Agent, hook: &Hook, body: &str) -> Result<(), Failure> {
    let mut request = agent
        .post(&hook.url)
        .header("Content-Type", "application/json");
    if let Some(token) = &hook.token {
        request = request.header("Authorization", format!("Bearer {}", token.expose()));
    }
    let answer = request.send(body).map_err(|error| Failure {
        what: error.to_string(),
        may_pass: true,
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Failure {
        what: format!("HTTP {}", status.as_u16()),
        // RFC 9110 §15.5.9, §15.6; RFC 6585 §4.
        may_pass: status.is_server_error() || matches!(status.as_u16(), 408 | 429),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    fn state(presence: Presence, reason: Option<AwayReason>) -> AgentState {
        AgentState {
            presence,
            reason,
            idle_reason: None,
            wrap_up: presence == Presence::WrapUp,
        }
    }

    /// An ACD that answers each request with the next of these statuses, the last one from then on; what it gets comes by the channel.
    fn acd(statuses: &'static [u16]) -> (Acd, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/agents", listener.local_addr().unwrap());
        let (got, requests) = mpsc::channel();
        std::thread::spawn(move || {
            let statuses = statuses
                .iter()
                .chain(std::iter::repeat(&statuses[statuses.len() - 1]));
            for (stream, status) in listener.incoming().zip(statuses) {
                let mut stream = stream.unwrap();
                let mut text = String::new();
                let length = |text: &str| {
                    let (head, body) = text.split_once("\r\n\r\n")?;
                    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                    let (_, length) =
                        lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
                    Some(body.len() >= length.parse().unwrap())
                };
                let mut buffer = [0; 4_096];
                while length(&text) != Some(true) {
                    let read = stream.read(&mut buffer).unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
                }
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).unwrap();
                if got.send(text).is_err() {
                    return;
                }
            }
        });
        let token = Some(Secret::new("Geheimnis"));
        (posting(url, token), requests)
    }

    fn posting(url: String, token: Option<Secret>) -> Acd {
        let agent = "anna".to_owned();
        Acd {
            hook: Some(Hook { url, agent, token }),
            account: AccountId(0),
            codes: Vec::new(),
        }
    }

    fn next(requests: &mpsc::Receiver<String>) -> String {
        requests
            .recv_timeout(Duration::from_secs(20))
            .expect("a request comes")
    }

    #[test]
    fn each_change_is_sent_once_in_order_with_agent_reason_time_and_token() {
        let (acd, requests) = acd(&[204]);
        let mut line = AcdLine::open(acd).unwrap();
        line.state(state(Presence::Available, None), 1_000);
        line.state(state(Presence::Available, None), 2_000);
        line.state(
            state(Presence::NotAnswered, Some(AwayReason::NotAnswered)),
            3_000,
        );
        let lunch = AgentState {
            idle_reason: Some("lunch".to_owned()),
            ..state(Presence::Idle, Some(AwayReason::Idle))
        };
        line.state(lunch, 4_000);
        let first = next(&requests);
        assert!(first.starts_with("POST /agents HTTP/1.1\r\n"), "{first}");
        assert!(
            first
                .to_ascii_lowercase()
                .contains("authorization: bearer geheimnis")
        );
        assert!(first.ends_with(
            r#"{"agent":"anna","presence":"available","reason":null,"wrap_up":false,"since":1000}"#
        ));
        let second = next(&requests);
        assert!(second.ends_with(
            r#"{"agent":"anna","presence":"not-answered","reason":"not-answered","wrap_up":false,"since":3000}"#
        ));
        assert!(next(&requests).ends_with(
            r#"{"agent":"anna","presence":"idle","reason":"idle","idle_reason":"lunch","wrap_up":false,"since":4000}"#
        ));
    }

    #[test]
    fn what_an_acd_that_is_not_well_refuses_is_sent_again_before_what_came_after() {
        let (acd, requests) = acd(&[503, 200]);
        let mut line = AcdLine::open(acd).unwrap();
        line.state(state(Presence::Idle, Some(AwayReason::Idle)), 1);
        line.state(state(Presence::Available, None), 2);
        let since = [0; 3].map(|_| {
            let text = next(&requests);
            text[text.len() - 2..].to_owned()
        });
        assert_eq!(since, ["1}", "1}", "2}"]);
    }

    #[test]
    fn what_an_acd_does_not_want_is_not_sent_again() {
        let (acd, requests) = acd(&[403]);
        let mut line = AcdLine::open(acd).unwrap();
        line.state(state(Presence::Idle, Some(AwayReason::Idle)), 1);
        line.state(state(Presence::Available, None), 2);
        assert!(next(&requests).ends_with("1}"));
        assert!(next(&requests).ends_with("2}"));
    }

    #[test]
    fn an_acd_that_is_away_holds_nothing_up_and_its_states_are_bounded() {
        // Port 9 discards, where anything listens there at all.
        let acd = posting("http://127.0.0.1:9/".to_owned(), None);
        let mut line = AcdLine::open(acd).unwrap();
        let begun = Instant::now();
        for turn in 0..1_000 {
            let idle = turn % 2 == 0;
            let presence = if idle {
                Presence::Idle
            } else {
                Presence::Available
            };
            line.state(state(presence, None), turn);
        }
        let hook = line.hook.as_ref().unwrap();
        assert!(hook.shared.queue().waiting.len() <= WAITING);
        drop(line);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_newest_states_feature_code_is_called_once_when_the_pbx_can_be_reached() {
        let codes = [(Presence::Available, "*22"), (Presence::Idle, "*23")];
        let mut line = AcdLine::open(Acd {
            hook: None,
            account: AccountId(1),
            codes: codes.map(|(on, code)| (on, code.to_owned())).into(),
        })
        .unwrap();
        line.state(state(Presence::Available, None), 1);
        assert_eq!(line.code(false), None);
        line.state(state(Presence::Idle, Some(AwayReason::Idle)), 2);
        // A state without a code leaves the one that is due.
        line.state(state(Presence::Busy, Some(AwayReason::Busy)), 3);
        let called = Input::Dial {
            account: AccountId(1),
            target: Target("*23".to_owned()),
        };
        assert_eq!(line.code(true), Some(called));
        assert_eq!(line.code(true), None);
    }

    #[test]
    fn the_token_does_not_show_itself() {
        let (acd, _requests) = acd(&[200]);
        assert!(!format!("{acd:?}").contains("Geheimnis"));
    }
}
