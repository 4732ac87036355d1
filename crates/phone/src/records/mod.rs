//! What is kept of calls, wrap-ups and the agent's presence: the core's records, and what the phone sees of legs and acts, as entries
//! of the store ([`trialog_store`]), which has a thread of its own.
//!
//! Nothing here waits for the disk. What an agent has entered is answered when the store has said that it is on the disk, or why
//! not ([`Told`]); all else is written as soon as the thread comes to it, and on a phone for load, where no agent waits, in bulk.
//! Times are those of the wall clock when they are written down, so that setting it is followed.
mod entry;
mod export;
mod import;
mod legs;
mod said;
mod shown;

use crate::clock::Clock;
use crate::journal::Journal;
use crate::os::for_user_only;
use crate::webhook::{self, Webhook, Webhooks};
use entry::{call_number, entry};
pub(crate) use entry::{identity, party};
use legs::Legs;
use said::Said;
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use trialog_api::request::Past;
use trialog_api::request::SetDevices;
use trialog_call::{
    Act, CallId, CallRecord, Input, Kept, KeptWrapUp, Notice, Outcome, PartyIdentity, Presence,
    Role, Snapshot, WebhookState, WrapUpId,
};
use trialog_desk::{Reply, messages, names};
use trialog_store::{
    Entry, Filter, HistoryCall, JournalRow, Options, Party, Report, Restored, SetAside, Store,
    StoreError,
};
use trialog_ua::SavedCall;

/// So long a phone for load gathers what it writes.
const GATHERED: Duration = Duration::from_millis(100);

/// Calls of a page, where the client does not say.
const DEFAULT_PAGE: u32 = 50;

/// What the store says to the loop.
#[derive(Debug)]
pub(crate) enum Told {
    /// The disk refuses, or takes entries again.
    Report(Report),
    /// How what was to be kept at once went.
    Kept {
        ticket: Ticket,
        /// What was handed in, if that is it.
        wrap_up: Option<WrapUpId>,
        outcome: Result<(), StoreError>,
    },
    /// How a webhook is.
    Webhook { name: String, state: WebhookState },
}

/// Names something that is on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(u64);

/// The store, and what the entries are made from.
#[derive(Debug)]
pub(crate) struct Records {
    store: Store,
    told: mpsc::UnboundedSender<Told>,
    clock: Clock,
    /// Its name.
    phone: String,
    /// What is seen of legs; `None` on a phone for load.
    legs: Option<Legs>,
    presence: Presence,
    /// The code of the reason for being idle.
    idle: Option<String>,
    /// Whom a call is to be handed to.
    transfers: HashMap<CallId, Party>,
    /// What far sides have said in this step of why their legs end.
    said: Said,
    /// Ends of calls. They are kept when all else of the step is, so that the record is whole that others are told of.
    ended: Vec<Entry>,
    webhooks: Webhooks,
    last_ticket: u64,
}

/// What a start finds.
pub(crate) struct Opened {
    pub(crate) kept: Kept,
    /// The code of the reason that the agent has given for being idle.
    pub(crate) idle: Option<String>,
    /// The sound devices that the agent has chosen.
    pub(crate) devices: SetDevices,
    pub(crate) told: mpsc::UnboundedReceiver<Told>,
    pub(crate) set_aside: Option<SetAside>,
    /// Calls that went on when an earlier run died.
    pub(crate) journal: Vec<JournalRow>,
}

/// Where and how long.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// The phone's name.
    pub(crate) phone: &'a str,
    pub(crate) keep: Duration,
    /// A phone for load.
    pub(crate) in_bulk: bool,
    pub(crate) webhooks: &'a [Webhook],
}

impl Records {
    /// Opens the file, and makes it and its folder where they are not there.
    pub(crate) fn open(place: &Place<'_>, clock: Clock) -> Result<(Self, Opened), StoreError> {
        let (path, old) = paths(place.path).map_err(|error| StoreError::Open {
            path: place.path.to_owned(),
            why: error.to_string(),
        })?;
        let mut file = trialog_store::open(&path, |path| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            for_user_only(&mut options).open(path).map(drop)
        })?;
        if let Some(aside) = &file.set_aside {
            let why = &aside.why;
            let kept_as = aside.path.display();
            tracing::error!(path = %path.display(), %kept_as, why, "the records were broken; a new file is begun");
        }
        import::import(&mut file, &old, place.phone, clock)?;
        let set_aside = file.set_aside.clone();
        let (told, receiver) = mpsc::unbounded_channel();
        let options = Options {
            phone: place.phone.to_owned(),
            gather: if place.in_bulk {
                GATHERED
            } else {
                Duration::ZERO
            },
            keep: Some(place.keep),
            outgoing: webhook::outgoing(place.webhooks),
        };
        let reports = told.clone();
        let tell = move |name, state| drop(reports.send(Told::Webhook { name, state }));
        let webhooks = Webhooks::start(place.webhooks.to_vec(), &path, place.phone, tell).map_err(
            |error| StoreError::Open {
                path: path.clone(),
                why: error.to_string(),
            },
        )?;
        let (reports, bell) = (told.clone(), webhooks.bell());
        // The loop's end is the end of all reports.
        let report = move |report| match report {
            Report::Outgoing => bell.ring(false),
            report => drop(reports.send(Told::Report(report))),
        };
        let (store, restored) =
            Store::start(file, options, report).map_err(|error| StoreError::Open {
                path,
                why: error.to_string(),
            })?;
        let idle = restored.presence.as_deref().and_then(idle_reason);
        let journal = restored.journal.clone();
        let devices = restored.devices.as_deref().map(serde_json::from_str);
        let devices = devices.and_then(Result::ok).unwrap_or_default();
        let kept = kept(restored);
        let records = Self {
            store,
            told,
            clock,
            phone: place.phone.to_owned(),
            legs: (!place.in_bulk).then(Legs::default),
            presence: kept.presence.unwrap_or(Presence::Available),
            idle: idle.clone(),
            transfers: HashMap::new(),
            said: Said::default(),
            ended: Vec::new(),
            webhooks,
            last_ticket: 0,
        };
        let opened = Opened {
            kept,
            idle,
            devices,
            told: receiver,
            set_aside,
            journal,
        };
        Ok((records, opened))
    }

    /// Keeps a record of the core. Where a client waits for it, and a wrap-up with it, [`Told::Kept`] follows.
    pub(crate) fn keep(&mut self, record: &CallRecord) -> Option<Ticket> {
        if let CallRecord::Finished { call, outcome, .. } = record
            && let Some(to) = self.transfers.remove(call)
            && *outcome == Outcome::Transferred
        {
            let call = call_number(*call);
            self.store.keep(Entry::TransferredTo { call, to });
        }
        if let CallRecord::Finished {
            call,
            reason: Some(reason),
            ..
        } = record
        {
            // One BYE with words is one event, with the party that has said them.
            let party = self.said.remove(*call, reason);
            let words = entry::words(reason);
            self.event(*call, "end-reason".to_owned(), party, Some(words));
        }
        let entry = entry(record, self.clock);
        let wrap_up = match record {
            CallRecord::WrapUpSubmitted { id, .. } => Some(*id),
            CallRecord::WrapUpDrafted { .. } => None,
            CallRecord::Finished { .. } if self.legs.is_some() => {
                self.ended.push(entry);
                return None;
            }
            _ => {
                self.store.keep(entry);
                return None;
            }
        };
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let told = self.told.clone();
        self.store.keep_now(entry, move |outcome| {
            // A phone on its way out wants no word.
            let _ = told.send(Told::Kept {
                ticket,
                wrap_up,
                outcome,
            });
        });
        Some(ticket)
    }

    /// Keeps what the agent was told about a call. Digits may be anyone's secret.
    pub(crate) fn notice(&mut self, notice: &Notice) {
        let Some(call) = messages::notice_call(notice) else {
            return;
        };
        if self.legs.is_none() || matches!(notice, Notice::Dtmf { .. }) {
            return;
        }
        let (about, detail) = entry::about(notice);
        let kind = names::notice(notice).name().to_owned();
        let entry = self.happened(call, kind, about.as_deref().map(party), detail);
        match notice {
            Notice::Reason { reason, .. } => self.said.add(call, reason, entry),
            _ => self.store.keep(entry),
        }
    }

    /// Keeps what the agent did to a call.
    pub(crate) fn act(&mut self, input: &Input) {
        let Input::Act { call, act } = input else {
            return;
        };
        let Some(legs) = self.legs.as_ref().filter(|_| !matches!(act, Act::Dtmf(_))) else {
            return;
        };
        let target = match act {
            Act::Forward(target)
            | Act::Consult(target)
            | Act::ConsultBy { target, .. }
            | Act::Transfer(Some(target)) => Some(party(&PartyIdentity::called(target))),
            Act::Transfer(None) => legs.party_of(*call, Role::Guest),
            _ => None,
        };
        if let (Act::Transfer(_), Some(to)) = (act, &target) {
            self.transfers.insert(*call, to.clone());
        }
        self.event(*call, names::act(act).name().to_owned(), target, None);
    }

    fn event(&self, call: CallId, kind: String, party: Option<Party>, detail: Option<String>) {
        self.store.keep(self.happened(call, kind, party, detail));
    }

    fn happened(
        &self,
        call: CallId,
        kind: String,
        party: Option<Party>,
        detail: Option<String>,
    ) -> Entry {
        Entry::Event {
            call: call_number(call),
            kind,
            party,
            detail,
            at_us: self.clock.wall_us(self.clock.now()),
        }
    }

    /// Answers with calls that were kept of this phone.
    pub(crate) fn past(&self, past: &Past, reply: oneshot::Sender<Reply>) {
        let filter = Filter {
            phone: Some(self.phone.clone()),
            ..shown::filter(past)
        };
        let limit = past.limit.unwrap_or(DEFAULT_PAGE);
        self.store.read(filter, limit, move |page| {
            let outcome = match page {
                Ok(page) => Reply::Past(Box::new(shown::history(page))),
                Err(error) => Reply::NotRead(error.to_string()),
            };
            // A client that has gone wants no answer.
            let _ = reply.send(outcome);
        });
    }

    /// Whether [`Records::look`] has a use for a look.
    pub(crate) fn looks(&self) -> bool {
        self.legs.is_some()
    }

    /// Keeps which sound devices the agent has chosen.
    pub(crate) fn devices(&self, devices: &SetDevices) {
        let words = serde_json::to_string(devices).expect("it has string keys only");
        self.store.keep(Entry::Devices(words));
    }

    /// Keeps which legs there are now, and the agent's presence; `idle`: the code of the reason for being idle.
    pub(crate) fn look(&mut self, snapshot: &Snapshot, idle: Option<&str>) {
        if let Some(legs) = &mut self.legs {
            let now = self.clock.wall_us(self.clock.now());
            legs.look(snapshot, now, |leg| {
                self.store.keep(Entry::Leg(Box::new(leg)));
            });
        }
        let idle = idle.filter(|_| snapshot.presence == Presence::Idle);
        if self.presence != snapshot.presence || self.idle.as_deref() != idle {
            self.presence = snapshot.presence;
            self.idle = idle.map(str::to_owned);
            let word = presence_word(self.presence);
            let word = idle.map_or_else(|| word.to_owned(), |code| format!("{word}:{code}"));
            self.store.keep(Entry::Presence(word));
        }
        self.keep_ends();
    }

    fn keep_ends(&mut self) {
        for entry in self.said.drain().chain(self.ended.drain(..)) {
            self.store.keep(entry);
        }
    }

    /// Writes down which calls go on, as far as that has changed.
    pub(crate) fn journal(&self, journal: &mut Journal, calls: Vec<SavedCall>) {
        journal.look(calls, self.clock, |entry| self.store.keep(entry));
    }

    /// An earlier run has died in this call, and the phone can't go on with it.
    pub(crate) fn lost(&self, call: CallId, why: &str) {
        tracing::error!(
            call = call.0,
            why,
            "the phone has died in this call, and can't go on with it"
        );
        self.store.keep(Entry::Lost {
            call: call_number(call),
            why: why.to_owned(),
            at_us: self.clock.wall_us(self.clock.now()),
        });
    }

    /// How many messages wait, for each webhook.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&str, u64)> {
        self.webhooks.depths()
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.keep_ends();
    }
}

/// A call in the API's words.
pub(crate) fn in_words(call: HistoryCall) -> trialog_api::HistoryCall {
    shown::call(call)
}

/// The words that presences are kept by.
const PRESENCES: [(Presence, &str); 3] = [
    (Presence::Available, "available"),
    (Presence::Idle, "idle"),
    (Presence::NotAnswered, "not-answered"),
];

fn presence_word(presence: Presence) -> &'static str {
    let mut all = PRESENCES.iter();
    all.find(|(own, _)| *own == presence)
        .map_or("available", |(_, word)| word)
}

/// The reason's code behind the word.
fn idle_reason(word: &str) -> Option<String> {
    let (_, code) = word.split_once(':')?;
    Some(code.to_owned())
}

/// What was kept, in the core's words.
fn kept(restored: Restored) -> Kept {
    let presence = restored.presence.and_then(|word| {
        let word = word.split(':').next().unwrap_or_default();
        let mut all = PRESENCES.iter();
        all.find(|(_, own)| *own == word)
            .map(|(presence, _)| *presence)
    });
    let wrap_ups = restored.wrap_ups.into_iter().map(|left| KeptWrapUp {
        id: WrapUpId(left.wrap_up.0),
        call: CallId(left.call.0),
        peer: entry::identity(left.peer).into(),
        reason: left.reason,
        note: left.note,
    });
    Kept {
        presence,
        wrap_ups: wrap_ups.collect(),
        last_call: restored.last_call,
        last_wrap_up: restored.last_wrap_up,
    }
}

/// The store's file, where this one is configured.
pub(crate) fn place_of(configured: &Path) -> PathBuf {
    if configured.extension().is_some_and(|end| end == "jsonl") {
        configured.with_extension("db")
    } else {
        configured.to_owned()
    }
}

/// The store's file, and the one that an earlier version of the phone has left. Its name was the configured one: a file `.jsonl` stays
/// where it is, and the store's is beside it; another one that is not the store's makes room.
fn paths(configured: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let path = place_of(configured);
    if path != configured {
        return Ok((path, configured.to_owned()));
    }
    let mut old = configured.as_os_str().to_owned();
    old.push(".jsonl");
    let old = PathBuf::from(old);
    if import::is_json_lines(configured) {
        std::fs::rename(configured, &old)?;
    }
    let beside = configured.with_extension("jsonl");
    Ok((
        configured.to_owned(),
        if old.exists() { old } else { beside },
    ))
}

pub(crate) use export::export;

#[cfg(test)]
mod tests;
