//! User agents wired to each other by a pipe in virtual time.
mod calls;
mod damage;
mod many;
mod order;
mod referring;
mod registering;
mod stations;
mod strangers;
mod support;
