//! The two pictures: the SIP as a ladder, and who heard whom as a timeline. Plain SVG, readable on white without any style of
//! the viewer's own.
mod ladder;
mod svg;
mod timeline;

pub use ladder::ladder;
pub use timeline::timeline;
