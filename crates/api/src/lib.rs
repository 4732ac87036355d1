//! The JSON of the phone's API as types: what a client sends, and what it gets. The desk, which serves the API, and every client
//! read and write these same types, so neither needs to guess at the other's spelling.
//!
//! There is no logic here but the reading: which values a member of a request may have. Times are Unix milliseconds unless
//! a member's name has another unit.
mod answer;
mod event;
mod name;
mod problem;
pub mod request;
mod status;

pub use answer::{Done, Placed};
pub use event::{Began, Event, Notice, Refused, What};
pub use name::{
    ActName, Asked, AudioEnd, CallPart, Member, NoticeKind, Outcome, PhoneAct, Presence,
    RefusalCode, RegistrationState, Role, Stage, StatusCause, UnknownName,
};
pub use problem::Problem;
pub use status::{Account, Act, Audio, Call, CallLeg, Status, WrapUp, WrapUpReason};
