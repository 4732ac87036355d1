//! Actions on events: a page of a CRM is opened in the browser, a URL is asked for, or a program is started, when a call comes, is
//! connected or ends. What others have sent (a caller's name may be anything) is only ever a value in it: encoded in a URL, one argument of
//! a program, and never a command. Each action has a thread of its own; the loop leaves an event and goes on.
mod perform;
mod template;

pub(crate) use template::Template;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use trialog_call::{CallId, CallOrigin, CallRecord, PartyIdentity};

/// Events that wait for one action; more are left out, and that is logged.
const WAITING: usize = 32;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// In logs.
    pub(crate) name: String,
    pub(crate) on: Vec<Occasion>,
    pub(crate) does: Does,
}

/// When it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A call came.
    Offered,
    /// One was placed.
    Placed,
    /// Sound was agreed with its first party.
    Connected,
    Ended,
}

impl Occasion {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Offered => "call-offered",
            Self::Placed => "call-placed",
            Self::Connected => "call-connected",
            Self::Ended => "call-ended",
        }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Opens it in the user's browser.
    Open(Template),
    /// Asks for it by GET, and looks at the status alone.
    Get(Template),
    /// Starts a program, without a shell: path and arguments.
    Run(Vec<Template>),
}

/// What a template's names stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) event: &'static str,
    pub(crate) call: u32,
    pub(crate) direction: &'static str,
    pub(crate) phone: String,
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) uri: String,
    /// The number or address that the caller has called.
    pub(crate) called: String,
}

/// The actions at work.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    phone: String,
    lines: Vec<Line>,
    /// Of the calls that go on.
    calls: HashMap<CallId, Values>,
}

#[derive(Debug)]
struct Line {
    action: Action,
    waiting: SyncSender<Values>,
}

impl Actions {
    /// Starts a thread for each.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(actions: &[Action], phone: &str) -> std::io::Result<Self> {
        let line = |action: &Action| {
            let (waiting, events) = sync_channel(WAITING);
            let own = action.clone();
            std::thread::Builder::new()
                .name("action".to_owned())
                .spawn(move || perform::all(&own, &events))?;
            Ok(Line {
                action: action.clone(),
                waiting,
            })
        };
        Ok(Self {
            phone: phone.to_owned(),
            lines: actions.iter().map(line).collect::<std::io::Result<_>>()?,
            calls: HashMap::new(),
        })
    }

    /// Goes on with the calls of those before, which do no more than what has happened already.
    pub(crate) fn follow(&mut self, before: Self) {
        self.calls = before.calls;
    }

    /// Something about a call is recorded.
    pub(crate) fn record(&mut self, record: &CallRecord) {
        if self.lines.is_empty() {
            return;
        }
        match record {
            CallRecord::Began {
                call,
                peer,
                origin,
                incoming,
                ..
            } => {
                let mut values = Values {
                    call: call.0,
                    direction: if *incoming { "incoming" } else { "outgoing" },
                    phone: self.phone.clone(),
                    called: called(origin),
                    ..Values::default()
                };
                values.identify(peer);
                self.calls.insert(*call, values);
                let occasion = if *incoming {
                    Occasion::Offered
                } else {
                    Occasion::Placed
                };
                self.happened(*call, occasion);
            }
            CallRecord::Identified { call, peer, .. } | CallRecord::Owned { call, peer, .. } => {
                if let Some(values) = self.calls.get_mut(call) {
                    values.identify(peer);
                }
            }
            CallRecord::Connected { call, .. } => self.happened(*call, Occasion::Connected),
            CallRecord::Finished { call, .. } => {
                self.happened(*call, Occasion::Ended);
                self.calls.remove(call);
            }
            _ => {}
        }
    }

    fn happened(&self, call: CallId, occasion: Occasion) {
        let Some(values) = self.calls.get(&call) else {
            return;
        };
        for line in self
            .lines
            .iter()
            .filter(|line| line.action.on.contains(&occasion))
        {
            let values = Values {
                event: occasion.name(),
                ..values.clone()
            };
            if let Err(TrySendError::Full(_)) = line.waiting.try_send(values) {
                let action = &line.action.name;
                tracing::warn!(action, "an action is too slow: an event is left out");
            }
        }
    }
}

impl Values {
    fn identify(&mut self, peer: &Arc<PartyIdentity>) {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        self.name = text(&peer.name);
        self.number = text(&peer.number);
        self.uri = text(&peer.uri);
    }
}

fn called(origin: &CallOrigin) -> String {
    let Some(called) = &origin.called else {
        return String::new();
    };
    let parts = [&called.number, &called.uri, &called.name];
    parts
        .into_iter()
        .flatten()
        .next()
        .cloned()
        .unwrap_or_default()
}
