//! The call-state core: it decides, and nothing else does.
//!
//! Events come in ([`Input`]), actions go out ([`Action`]); who hears whom ([`Routing`]) and what a screen may show
//! ([`Snapshot`]) are derived from the state, always whole. It opens nothing, waits for nothing and reads no clock: time is
//! an argument of [`Phone::step`]. The same inputs give the same actions, so the whole of it can be searched.
//!
#![doc = include_str!("../RULES.md")]
#![cfg_attr(not(test), no_std)]
extern crate alloc;

mod action;
mod acts;
mod call;
mod call_set;
mod consult;
mod id;
mod input;
mod leg;
mod lifecycle;
mod parallel;
mod permissions;
mod phone;
mod policy;
#[cfg(test)]
#[path = "../proof/mod.rs"]
mod proof;
mod referral;
mod routing;
mod shutdown;
mod snapshot;
mod step_context;
mod time;
mod transfer;
mod wire;
mod wrapup;

pub use action::{Action, ByeReason, CallRecord, Info, Notice, Outcome, ReferTo, SessionIntent};
pub use id::{AccountId, CallId, LegId, Target, WrapUpId};
pub use input::{
    Act, Capabilities, EndCause, Incoming, Input, MediaEvent, Presence, Referral, WireEvent,
    WrapUpAct,
};
pub use permissions::{ActKind, Column, cell};
pub use phone::Phone;
pub use policy::{Hangup, Policy, ReferralPolicy, WrapUpReason};
pub use routing::{Direction, Group, Party, RouteEntry, Routing, Tone};
pub use snapshot::{ActView, CallView, LegView, Refusal, Role, Snapshot, Stage, WrapUpView};
pub use time::Time;
