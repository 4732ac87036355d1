//! The call-state core: it decides, and nothing else does.
//!
//! Events come in ([`Input`]), actions go out ([`Action`]); who hears whom ([`Routing`]) and what a screen may show
//! ([`Snapshot`]) are derived from the state, always whole. It opens nothing, waits for nothing and reads no clock: time is
//! an argument of [`Phone::step`]. The same inputs give the same actions, so the whole of it can be searched.
//!
//! ```
//! use trialog_call::{
//!     AccountId, Act, Action, Capabilities, Grade, Incoming, Input, LegId, PartyIdentity, Phone, Policy, Stage, Target, Time, WireEvent,
//! };
//!
//! let mut phone = Phone::new(Policy::default(), 1);
//! let (now, leg) = (Time::ZERO, LegId::Received(1));
//! let incoming = Incoming {
//!     account: AccountId(0),
//!     from: PartyIdentity::named("Carol").into(),
//!     origin: Default::default(),
//!     as_guest: false,
//!     grade: Grade::Stranger,
//!     replaces: None,
//!     by_peer: false,
//!     answer_after: None,
//!     capabilities: Capabilities::default(),
//! };
//! let event = WireEvent::Incoming(incoming);
//! assert!(phone.step(now, Input::Wire { leg, event }).contains(&Action::Ring(leg)));
//!
//! let call = phone.snapshot(now).calls[0].id;
//! assert!(phone.permits(call, &Act::Conference).is_err()); // R1
//!
//! let actions = phone.step(now, Input::Act { call, act: Act::Answer });
//! assert!(actions.contains(&Action::Answer(leg)));
//! phone.step(now, Input::Wire { leg, event: WireEvent::Confirmed });
//! assert_eq!(phone.snapshot(now).calls[0].stage, Stage::Connected);
//! // Who hears whom: Carol and the agent.
//! assert_eq!(phone.routing().entries.len(), 2);
//! ```
//!
#![doc = include_str!("../RULES.md")]
#![cfg_attr(not(test), no_std)]
extern crate alloc;

mod action;
mod acts;
mod asked;
mod availability;
mod call;
mod call_set;
mod consult;
mod grade;
mod id;
mod identity;
mod input;
mod kept;
mod leg;
mod legs;
mod lifecycle;
mod notice;
mod parallel;
mod permissions;
mod phone;
mod policy;
#[cfg(test)]
#[path = "../proof/mod.rs"]
mod proof;
mod reason;
mod redirection;
mod referral;
mod routing;
mod shutdown;
mod snapshot;
mod step_context;
mod taking_up;
mod time;
mod transfer;
mod webhook;
mod wire;
mod wrapup;

pub use action::{Action, ByeReason, CallRecord, Info, Outcome, ReferTo, SessionIntent};
pub use availability::{AwayReason, TurnedAway};
pub use grade::Grade;
pub use id::{AccountId, CallId, LegId, Target, WrapUpId};
pub use identity::{CallOrigin, PartyIdentity, number_of};
pub use input::{
    Act, CallRequest, Capabilities, EndCause, Incoming, Input, MediaEvent, Presence, Redirection,
    Referral, Rejection, WireEvent, WrapUpAct,
};
pub use kept::{Kept, KeptCall, KeptLeg, KeptTransfer, KeptWrapUp};
pub use notice::Notice;
pub use permissions::{ActKind, Column, cell};
pub use phone::Phone;
pub use policy::{Hangup, Policy, RedirectionPolicy, ReferralPolicy, WrapUpReason};
pub use reason::{EndReason, NotSecured};
pub use routing::{Direction, Group, Party, RouteEntry, Routing, Tone};
pub use snapshot::{
    ActView, CallView, LegView, ReferralView, Refusal, Role, Secured, Snapshot, Stage, WrapUpView,
};
pub use time::Time;
pub use webhook::WebhookState;
