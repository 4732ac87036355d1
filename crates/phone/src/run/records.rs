//! What is kept, and when a command that depends on the disk is answered: not before the store has said how it went.
use super::Running;
use crate::records::{Ticket, Told};
use std::sync::Arc;
use tokio::sync::oneshot;
use trialog_call::{CallRecord, Input, Notice, Time};
use trialog_desk::Reply;
use trialog_store::Report;
use trialog_ua::EndpointInput;

/// What is on its way to the disk.
#[derive(Default)]
pub(super) struct OnItsWay {
    /// Commands that are answered when it is there.
    replies: Vec<(Ticket, oneshot::Sender<Reply>)>,
    /// What was handed in; clients are told when it is there.
    handed_in: Vec<(Ticket, CallRecord)>,
}

/// What has this ticket.
fn take<T>(from: &mut Vec<(Ticket, T)>, ticket: Ticket) -> Option<T> {
    let place = from.iter().position(|(own, _)| *own == ticket)?;
    Some(from.swap_remove(place).1)
}

impl Running {
    pub(super) fn record(&mut self, record: CallRecord) {
        self.changed = true;
        if let CallRecord::Began { call, .. } = &record {
            self.verdict.began = Some(*call);
        }
        self.tell_record(&record);
        self.metrics.record(&record);
        self.actions.record(&record);
        let ticket = self.records.keep(&record);
        self.verdict.ticket = ticket.or(self.verdict.ticket);
        match (&record, ticket) {
            (CallRecord::WrapUpSubmitted { .. }, Some(ticket)) => {
                self.on_its_way.handed_in.push((ticket, record));
            }
            _ => self.feed.record(&record),
        }
    }

    /// The legs are as they are now.
    pub(super) fn look_for_records(&mut self, now: Time) {
        if std::mem::take(&mut self.changed) && self.records.looks() {
            let idle = self.identity.idle.as_ref();
            let idle = idle.map(|idle| idle.reason.as_str());
            self.records.look(&self.endpoint.snapshot(now), idle);
        }
    }

    /// The calls go on as they are now. A phone for load has none that outlives it.
    pub(super) fn look_for_journal(&mut self) {
        if self.records.looks() {
            let calls = self.endpoint.saved_calls();
            self.records.journal(&mut self.journal, calls);
        }
    }

    /// The command's answer waits for the disk.
    pub(super) fn await_disk(&mut self, ticket: Ticket, reply: oneshot::Sender<Reply>) {
        self.on_its_way.replies.push((ticket, reply));
    }

    /// The store says how something went.
    pub(super) fn told(&mut self, told: Told) {
        match told {
            Told::Report(report) => self.report(report),
            Told::Webhook { name, state } => {
                let notice = Notice::Webhook { name, state };
                tracing::warn!("{}", trialog_desk::messages::notice(&notice).en);
                self.feed.notice(&notice);
            }
            Told::Kept {
                ticket,
                wrap_up,
                outcome,
            } => {
                let record = take(&mut self.on_its_way.handed_in, ticket);
                if outcome.is_err() {
                    self.metrics.records_refused();
                }
                if let (Some(record), Ok(())) = (&record, &outcome) {
                    self.feed.record(record);
                }
                if let Some(id) = wrap_up {
                    let kept = outcome.is_ok();
                    self.handle(EndpointInput::Core(Input::WrapUpKept { id, kept }));
                }
                let reply = match outcome {
                    Ok(()) => Reply::Done,
                    Err(error) => Reply::NotKept(error.to_string()),
                };
                // A client that follows the events has them before the answer.
                self.publish();
                if let Some(waiting) = take(&mut self.on_its_way.replies, ticket) {
                    let _ = waiting.send(reply);
                }
            }
        }
    }

    fn report(&mut self, report: Report) {
        let (failing, notice) = match report {
            Report::Failing(error) => {
                let why = error.to_string();
                (Some(why.clone()), Notice::RecordsFailing { why })
            }
            Report::Well => (None, Notice::RecordsKept),
            // The webhooks' threads hear of it themselves.
            Report::Outgoing => return,
        };
        Arc::make_mut(&mut self.identity).records.failing = failing;
        self.feed.notice(&notice);
    }
}
