//! A command of the desk, carried out: handed to the core with its address completed, or to the sound.
use super::{Digit, Running, Verdict, address};
use crate::metrics::Now;
use crate::records::Ticket;
use std::sync::Arc;
use trialog_call::{AccountId, Act, CallId, CallView, Input, LegId, Presence, Refusal};
use trialog_desk::{Command, CommandRequest, IdleFor, Look, Reply, Wrong};
use trialog_ua::{Account, EndpointInput};

/// What came of an input of the core.
enum Outcome {
    Known(Reply),
    /// This digit has gone by INFO on this leg.
    DigitAsked(LegId, u8),
    /// It is on its way to the disk.
    Keeping(Ticket),
}

impl Running {
    pub(super) fn handle_command(&mut self, CommandRequest { command, reply }: CommandRequest) {
        let outcome = match command {
            Command::Core(input) => {
                if matches!(input, Input::Presence(_)) {
                    self.idle_for(None);
                }
                self.core(input, None)
            }
            Command::IdleFor(reason) => self.be_idle(reason),
            Command::CoreBy { account, input } => self.core(input, Some(account)),
            Command::Register(account) => {
                Outcome::Known(self.register(account, EndpointInput::Register(account)))
            }
            Command::Unregister(account) => {
                Outcome::Known(self.register(account, EndpointInput::Unregister(account)))
            }
            Command::Pickup(lamp) => match self.endpoint.agent().pickup(lamp) {
                Some((account, target)) => self.ask(Input::Dial { account, target }),
                None => Outcome::Known(Reply::Wrong(Wrong::NothingRings)),
            },
            Command::Devices(chosen) => Outcome::Known(self.choose_devices(&chosen)),
            Command::Look => Outcome::Known(self.look()),
            Command::Read(id) => Outcome::Known(self.read_notice(id)),
            Command::Say(file) => return self.read(file, reply),
            Command::Metrics => Outcome::Known(Reply::Metrics(self.metrics())),
            Command::Trace(call) => Outcome::Known(self.trace(call)),
            Command::Past(past) => return self.records.past(&past, reply),
            Command::Shutdown => {
                self.terminate();
                Outcome::Known(Reply::Done)
            }
        };
        let outcome = match outcome {
            Outcome::Known(known) => known,
            // Its answer follows the far side's.
            Outcome::DigitAsked(leg, digit) => {
                self.publish();
                return self.await_digit(leg, digit, reply);
            }
            // Its answer follows the disk's.
            Outcome::Keeping(ticket) => {
                self.publish();
                return self.await_disk(ticket, reply);
            }
        };
        // A client that follows the events has them before the answer.
        self.publish();
        let _ = reply.send(outcome);
    }

    fn look(&mut self) -> Reply {
        // What the look shows has its events before it.
        self.publish();
        let snapshot = self.endpoint.snapshot(self.clock.now());
        let identity = Arc::clone(&self.identity);
        Reply::Seen {
            look: Box::new(Look { snapshot, identity }),
            seq: self.feed.seq(),
        }
    }

    fn metrics(&self) -> String {
        let snapshot = self.endpoint.snapshot(self.clock.now());
        let identity = Arc::clone(&self.identity);
        let (sound, rtp) = self.sound.counted();
        self.metrics.text(&Now {
            status: &Look { snapshot, identity }.status(),
            started: self.clock.start_us() as f64 / 1e6,
            sound,
            rtp,
            waiting: self.records.waiting().collect(),
        })
    }

    /// The agent is idle for a reason, which is one of the configuration's.
    fn be_idle(&mut self, reason: String) -> Outcome {
        let mut known = self.identity.idle_reasons.iter();
        if !known.any(|known| known.code == reason) {
            return Outcome::Known(Reply::Refused {
                refusal: Refusal::NoSuchReason,
                allowed: Vec::new(),
            });
        }
        self.idle_for(Some(reason));
        self.core(Input::Presence(Presence::Idle), None)
    }

    fn idle_for(&mut self, reason: Option<String>) {
        let since = self.clock.now();
        let idle = reason.map(|reason| IdleFor { reason, since });
        Arc::make_mut(&mut self.identity).idle = idle;
    }

    fn core(&mut self, input: Input, by: Option<AccountId>) -> Outcome {
        let call = call_of(&input);
        if by.is_some_and(|by| usize::from(by.0) >= self.accounts.len()) {
            return Outcome::Known(Reply::Refused {
                refusal: Refusal::NoSuchAccount,
                allowed: call.map_or(Vec::new(), |call| self.allowed(call)),
            });
        }
        let account_of = |call| self.view(call).map(|view| view.account);
        match address::complete(input, by, &self.accounts, account_of) {
            Ok(input) => self.ask(input),
            Err(wrong) => Outcome::Known(Reply::Wrong(wrong)),
        }
    }

    fn ask(&mut self, input: Input) -> Outcome {
        let call = call_of(&input);
        let dialled = matches!(input, Input::Dial { .. });
        let digit = match &input {
            Input::Act {
                act: Act::Dtmf(digit),
                ..
            } => Some(*digit),
            _ => None,
        };
        self.verdict = Verdict {
            asks_for_digit: digit.is_some(),
            ..Verdict::default()
        };
        let asked = input.clone();
        let is_wrap_up = matches!(input, Input::WrapUp { .. });
        self.handle(EndpointInput::Core(input));
        match self.verdict.refused {
            Some(refusal) => self.feed.refused(&asked, refusal),
            None => {
                self.tell_act(&asked);
                self.records.act(&asked);
            }
        }
        let verdict = std::mem::take(&mut self.verdict);
        let reply = match (verdict, digit) {
            (
                Verdict {
                    refused: Some(refusal),
                    ..
                },
                _,
            ) => Reply::Refused {
                refusal,
                allowed: call.map_or(Vec::new(), |call| self.allowed(call)),
            },
            (
                Verdict {
                    began: Some(call), ..
                },
                _,
            ) if dialled => Reply::Began(call),
            (
                Verdict {
                    ticket: Some(ticket),
                    ..
                },
                _,
            ) if is_wrap_up => return Outcome::Keeping(ticket),
            (
                Verdict {
                    digit: Some(Digit::Asked(leg)),
                    ..
                },
                Some(digit),
            ) => return Outcome::DigitAsked(leg, digit),
            (
                Verdict {
                    digit: Some(Digit::Decided(reply)),
                    ..
                },
                Some(_),
            ) => reply,
            _ => Reply::Done,
        };
        Outcome::Known(reply)
    }

    /// Registers this account or all, or takes that back, as `input` states it.
    fn register(&mut self, account: Option<AccountId>, input: EndpointInput<'static>) -> Reply {
        let has_registrar = |account: &Account| account.registrar.is_some();
        let fits = match account.map(|account| self.accounts.get(usize::from(account.0))) {
            Some(None) => {
                return Reply::Refused {
                    refusal: Refusal::NoSuchAccount,
                    allowed: Vec::new(),
                };
            }
            Some(Some(account)) => has_registrar(account),
            None => self.accounts.iter().any(has_registrar),
        };
        if !fits {
            return Reply::Wrong(Wrong::NoRegistrar);
        }
        self.handle(input);
        Reply::Done
    }

    /// A call as it is now.
    fn view(&self, call: CallId) -> Option<CallView> {
        let snapshot = self.endpoint.snapshot(self.clock.now());
        snapshot.calls.into_iter().find(|view| view.id == call)
    }

    /// What may be done with a call now.
    fn allowed(&self, call: CallId) -> Vec<Act> {
        let acts = self.view(call).into_iter().flat_map(|view| view.acts);
        acts.filter(|view| view.refusal.is_none())
            .map(|view| view.act)
            .collect()
    }
}

/// The call that an act is asked for.
fn call_of(input: &Input) -> Option<CallId> {
    match input {
        Input::Act { call, .. } => Some(*call),
        _ => None,
    }
}
