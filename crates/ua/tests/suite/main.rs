//! User agents wired to each other by a pipe in virtual time.
mod calls;
mod damage;
mod early;
mod endpoints;
mod many;
mod order;
mod referring;
mod registering;
mod strangers;
mod support;
