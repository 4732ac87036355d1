//! SIPp plays scripts against the phone: as its caller (`caller/`), as whom it calls (`callee/`), and as whom it consults or is sent
//! to (`guest/`). Each script says in its first line what it probes. `matrix` plays all of them by each way (UDP, TCP, through
//! record-routing proxies) and prints the table.
//!
//! What SIPp would tidy up by itself is in `by_hand`, what it can't do to a TCP connection in `streams`, and what it plays without
//! any script in `as_it_comes`. The 32 s after which a lost ACK ends a call pass in virtual time, in the user agent's own tests.
mod agent;
mod as_it_comes;
mod by_hand;
mod matrix;
mod play;
mod router;
mod script;
mod sipp;
mod streams;
