//! What the courses came to, so that chance is known to have led to the interesting places.
use super::Course;
use super::deed::Deed;
use super::play::Play;
use crate::sound::PhoneId;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use trialog_call::{CallRecord, Notice, Stage};

/// How often each thing happened.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    counts: BTreeMap<(Group, String), u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Courses,
    Calls,
    Stages,
    Transfers,
    Faults,
    Wire,
    Requests,
    Answers,
    Acts,
    Refused,
}

impl Coverage {
    fn add_to(&mut self, group: Group, what: impl Into<String>, count: u64) {
        if count > 0 {
            *self.counts.entry((group, what.into())).or_default() += count;
        }
    }

    fn one(&mut self, group: Group, what: impl Into<String>) {
        self.add_to(group, what, 1);
    }

    /// Puts the other's counts to ours.
    pub fn add(&mut self, other: &Self) {
        for ((group, what), count) in &other.counts {
            self.add_to(*group, what.clone(), *count);
        }
    }

    /// How often this happened, by the name that the summary gives it.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        let named = self.counts.iter().filter(|((_, name), _)| name == what);
        named.map(|(_, count)| count).sum()
    }

    /// Counts what a course came to.
    pub fn count(&mut self, course: &Course, play: &Play) {
        self.one(Group::Courses, "courses");
        self.add_to(Group::Courses, "phones", course.cast.len() as u64);
        let seconds = play.world.now().0.as_secs();
        self.add_to(Group::Courses, "seconds of virtual time", seconds);
        self.add_to(Group::Courses, "acts", course.script.len() as u64);
        let (guarded, time) = play.guarded;
        self.add_to(Group::Courses, "customers under guard", guarded);
        self.add_to(Group::Courses, "seconds under guard", time.as_secs());
        for (name, (done, refused)) in &play.done {
            self.add_to(Group::Acts, *name, *done);
            self.add_to(Group::Refused, format!("{name}, refused"), *refused);
        }
        for phone in play.world.everybody() {
            self.count_phone(play, phone);
        }
        self.count_stages(play);
        self.count_crossed(course);
        self.count_wire(play);
    }

    fn count_phone(&mut self, play: &Play, phone: PhoneId) {
        let phone = play.world.at(phone);
        if phone.dead {
            self.one(Group::Faults, "phones that died");
        }
        for record in &phone.records {
            match record {
                CallRecord::Began {
                    incoming: false, ..
                } => self.one(Group::Calls, "calls placed"),
                CallRecord::Connected { .. } => self.one(Group::Calls, "calls connected, by end"),
                CallRecord::Finished { outcome, .. } => {
                    let outcome = format!("{outcome:?}");
                    let outcome = outcome.split('(').next().unwrap_or_default();
                    self.one(Group::Calls, format!("calls that were {outcome}"));
                }
                CallRecord::WrapUpOpened { due: true, .. } => {
                    self.one(Group::Calls, "wrap-ups owed");
                }
                _ => {}
            }
        }
        for (_, notice) in &phone.notices {
            match notice {
                Notice::Transferred { .. } => self.one(Group::Transfers, "transferred"),
                Notice::Anchored { .. } => self.one(Group::Transfers, "anchored"),
                Notice::TransferFailed { status, .. } => {
                    self.one(Group::Transfers, format!("transfer failed: {status}"));
                }
                Notice::TransferFailedCustomerGone { .. } => {
                    self.one(Group::Transfers, "transfer failed, customer gone");
                }
                Notice::TransferDeclined { .. } => {
                    self.one(Group::Transfers, "transfer declined");
                }
                Notice::TransferWithdrawn { .. } => {
                    self.one(Group::Transfers, "transfer withdrawn");
                }
                Notice::NowOwner { .. } => self.one(Group::Transfers, "guest became owner"),
                Notice::NoAudio { .. } => self.one(Group::Faults, "no audio from a party"),
                Notice::SwapUndone { .. } => self.one(Group::Faults, "swaps undone"),
                Notice::HoldRefused { .. } => self.one(Group::Faults, "holds refused"),
                Notice::ResumeRefused { .. } => self.one(Group::Faults, "resumes refused"),
                Notice::GuestRefused { .. } => self.one(Group::Calls, "guests not reached"),
                Notice::GuestLeft { .. } => self.one(Group::Calls, "guests who left"),
                Notice::CustomerLeft { .. } => self.one(Group::Calls, "customers who left"),
                _ => {}
            }
        }
    }

    /// Each call's stages, and the conferences of their owners.
    fn count_stages(&mut self, play: &Play) {
        for (phone, call, stage) in &play.world.lived {
            self.one(Group::Stages, format!("{stage:?}"));
            let owner = |record: &CallRecord| match record {
                CallRecord::Began { call: of, role, .. } => {
                    of == call && *role == trialog_call::Role::Owner
                }
                _ => false,
            };
            if *stage == Stage::Conference && play.world.at(*phone).records.iter().any(owner) {
                self.one(Group::Calls, "conferences");
            }
        }
    }

    /// Two users acted at the same instant.
    fn count_crossed(&mut self, course: &Course) {
        let user = |deed: &Deed| match deed {
            Deed::Dial(who, ..) | Deed::Act(who, ..) | Deed::Hook(who) => Some(*who),
            _ => None,
        };
        let crossed = course.script.windows(2).filter(|pair| {
            let (one, other) = (user(&pair[0].1), user(&pair[1].1));
            pair[0].0 == pair[1].0 && one.is_some() && other.is_some() && one != other
        });
        let count = crossed.count() as u64;
        self.add_to(Group::Faults, "acts that crossed another's", count);
    }

    fn count_wire(&mut self, play: &Play) {
        let mut before = HashSet::new();
        for seen in &play.world.network.seen {
            self.one(Group::Wire, "messages");
            let again = !before.insert((seen.from, seen.to, seen.text.as_str()));
            if again {
                self.one(Group::Wire, "sent again");
            }
            match seen.fate {
                "" => {}
                fate => self.one(Group::Wire, fate),
            }
            let late = seen
                .arrives
                .is_some_and(|at| at.since(seen.at).as_millis() >= 500);
            if late {
                self.one(Group::Wire, "half a second late or more");
            }
            if again {
                continue;
            }
            let text = &seen.text;
            match text.status() {
                Some(status) => self.one(Group::Answers, status.to_string()),
                None => {
                    let method = text.method().unwrap_or_default();
                    let kind = match method {
                        "INVITE" if text.has_to_tag() => "re-INVITE",
                        "INVITE" if text.header("Replaces").is_some() => "INVITE with Replaces",
                        "REFER" => refer(play, seen.to, text.header("Refer-To")),
                        method => method,
                    };
                    self.one(Group::Requests, kind);
                }
            }
        }
    }
}

/// By which variant a party is referred, as far as the wire tells.
fn refer(play: &Play, to: std::net::SocketAddr, refer_to: Option<&str>) -> &'static str {
    let whose = play
        .world
        .everybody()
        .find(|phone| play.world.at(*phone).address == to);
    let customer = whose.is_some_and(|phone| play.cast[phone.0].is_customer());
    let attended = refer_to.is_some_and(|target| target.contains("Replaces"));
    match (attended, customer) {
        (false, _) => "REFER, blind",
        (true, true) => "REFER of a customer with Replaces (A)",
        (true, false) => "REFER of an agent with Replaces (B, or A among agents)",
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for ((group, what), count) in &self.counts {
            if last != Some(*group) {
                let end = if last.is_some() { "\n" } else { "" };
                write!(out, "{end}{:<9}", format!("{group:?}:").to_lowercase())?;
                last = Some(*group);
            } else {
                write!(out, " ·")?;
            }
            write!(out, " {count} {what}")?;
        }
        writeln!(out)
    }
}
