//! SIPp plays scripts against the phone, as its caller (`caller/`) and as whom it calls (`callee/`). Each script says in its
//! first line what it probes (`guest/` is whom the phone consults or is sent to); `matrix` plays all of them by each way (UDP, TCP, through record-routing proxies) and prints the
//! table. What SIPp would tidy up by itself is in `by_hand`, what it can't do to a TCP connection in `streams`, and what it plays without
//! any script in `as_it_comes`.
mod agent;
mod as_it_comes;
mod by_hand;
mod matrix;
mod play;
mod router;
mod script;
mod sipp;
mod streams;
