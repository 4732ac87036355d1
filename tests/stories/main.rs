//! The demo as a user runs it: real processes, real SIP and RTP on loopback, in real time. Each story with each codec must be
//! judged to hold by the checker.
mod stories;
