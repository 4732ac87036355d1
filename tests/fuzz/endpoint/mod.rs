//! Datagrams, time and the agent's acts, in any order, into a whole endpoint.
//!
//! An input is a sequence of records, each ended by ASCII's record separator. The first letter of a record is what it is:
//!
//! | letter | the rest |
//! |---|---|
//! | `u`, `g`, `p` | a message from the customer, from a colleague who is trusted, or from the registrar; `t`: the customer's, over a stream |
//! | `w` | so many milliseconds go by |
//! | `a` | an act of the agent, by one letter; see [`act`] |
//! | `m` | what the audio engine notices, the transport reports or the headset does |
//!
//! In a message `{via}`, `{from}`, `{to}`, `{id}` and `{cseq}` stand for what the last request to that peer had, `{tag}` and `{contact}` for the
//! tag in To and the Contact of the last response to it, so that an input can stay in a dialog. Line ends are made CRLF.
mod ears;
mod play;

use crate::mutator::END;
use play::Play;

/// More records than this are not looked at.
const MOST: usize = 200;

/// Records that inputs are made of: the messages of calls, conferences and transfers.
pub const RECORDS: &[u8] = include_bytes!("records.sip");

/// Plays an input to its end, then ends the phone and waits until all is quiet.
pub(crate) fn play(octets: &[u8]) {
    let mut play = Play::new();
    for record in octets.split(|octet| *octet == END).take(MOST) {
        if let [kind, rest @ ..] = record {
            play.record(*kind, rest);
        }
    }
    play.end();
}
