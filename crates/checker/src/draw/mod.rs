//! The two pictures.
mod ladder;
mod timeline;
pub use ladder::ladder;
pub use timeline::timeline;
