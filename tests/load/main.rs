//! A phone for load, as a process: parallel calls, their sound, and what is left when they are over. Nothing here
//! measures time; `cargo xtask load` does.
mod caller;
mod parallel;
