//! User agents wired to each other by a pipe in virtual time.
mod calls;
mod strangers;
mod support;
