//! An independent witness of a story: it hears three recordings, reads the SIP that each phone saw at its socket, and
//! says which claims hold.
//!
//! It sees **only** what each party heard ([`Recording`]), what each party said, and the SIP messages ([`wire`]): no state
//! of a phone, no log, no intent. It shares no code with the phone, its SIP reading included. From the SIP it derives who
//! was connected with whom when ([`Course`]); in the recordings it measures who heard what ([`hear`]); the list of what must
//! hold for each story is data ([`STORIES`]). A claim that can't be measured does not hold.
mod course;
mod draw;
mod evidence;
pub mod hear;
mod judge;
mod party;
mod report;
mod story;
pub mod wire;

pub use course::{Course, Moment, Phase, Span};
pub use draw::{ladder, timeline};
pub use evidence::{Evidence, EvidenceError};
pub use hear::Recording;
pub use judge::{Line, judge};
pub use party::Party;
pub use report::{Claim, Report};
pub use story::{ClaimSpec, Measure, STORIES, Story, WireFact, claims_as_markdown, story};
