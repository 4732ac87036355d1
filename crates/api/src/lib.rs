//! The JSON of the phone's API as types: what a client sends, and what it gets. The desk, which serves the API, and every client
//! read and write these same types, so neither needs to guess at the other's spelling.
//!
//! There is no logic here but the reading: which values a member of a request may have. Times are Unix milliseconds unless
//! a member's name has another unit.
#[macro_use]
mod name;
mod access;
mod answer;
mod asked;
mod event;
mod history;
mod not_secured;
mod problem;
pub mod request;
mod status;
mod trace;
mod webhook;

pub use access::{AccessRole, PageRole};
pub use answer::{Contact, Directory, Done, Invitation, Paired, Placed, Ticket};
pub use asked::Asked;
pub use event::{Began, EndReason, Event, LegLevel, Levels, Notice, Refused, Unread, What};
pub use history::{History, HistoryCall, HistoryEvent, HistoryLeg, HistoryWrapUp};
pub use name::{
    ActName, AudioEnd, AwayReason, CallPart, DigitWay, HistoryKind, LampState, Member, NoticeKind,
    Outcome, OwnPresence, PhoneAct, Presence, RefusalCode, RegistrationState, Role, Stage,
    StatusCause, UnknownName, Verdict,
};
pub use not_secured::NotSecured;
pub use problem::Problem;
pub use status::{
    Account, Act, AskedDevices, Audio, Call, CallLeg, IdleReason, KnownDevices, Lamp, Party,
    Quality, Records, Secured, SoundDevice, Status, TransferRequest, Voicemail, WrapUp,
    WrapUpReason,
};
pub use trace::{
    CallTrace, LegSound, SoundFrom, SoundTo, SoundVerdict, TraceLeg, TraceMessage, TraceStep, Way,
    WireTransport,
};
pub use webhook::{WebhookEvent, WebhookMessage};
