//! SIPp plays scripts against the phone, as its caller (`caller/`) and as whom it calls (`callee/`). Each script says in its
//! first line what it probes (`guest/` is whom the phone consults or is sent to); `matrix` plays all of them by each way (UDP, TCP, through record-routing proxies) and prints the
//! table. What SIPp would tidy up by itself is in `by_hand`.
mod agent;
mod by_hand;
mod matrix;
mod play;
mod router;
mod script;
mod sipp;
