//! A far end to which no secured stream came about (RFC 5922): nothing is sent there, and the account or call that it was to serve is
//! told why.
use crate::agent::UserAgent;
use crate::outbound::Purpose;
use crate::{Peer, TlsFault};
use std::sync::Arc;
use trialog_call::{EndReason, NotSecured, Time, WireEvent};

/// The most of its words that go with a call's end, in characters.
const WORDS: usize = 100;

impl UserAgent {
    /// As if nothing could be sent there; a REGISTER that was on its way states the fault, and so does a call that has no other way.
    pub(crate) fn not_secured(&mut self, now: Time, peer: &Peer, fault: &TlsFault) {
        for id in self.transactions.unheard_from(peer) {
            let Some(sent) = self.transactions.purpose(id) else {
                continue;
            };
            match sent.purpose {
                Purpose::Register(account) => {
                    let registration = &mut self.flows[account].registration;
                    registration.on_not_secured(fault.clone());
                }
                Purpose::Invite(leg) if sent.others.is_empty() && sent.by_udp.is_none() => {
                    self.event(leg, WireEvent::Reason(Arc::new(reason(fault))));
                }
                _ => {}
            }
        }
        self.transport_error(now, peer);
    }
}

/// What the core is told.
fn reason(fault: &TlsFault) -> EndReason {
    let (not_secured, text) = match fault {
        TlsFault::OtherName(names) => (NotSecured::OtherName, names.join(", ")),
        TlsFault::Expired => (NotSecured::Expired, String::new()),
        TlsFault::NotYetValid => (NotSecured::NotYetValid, String::new()),
        TlsFault::UnknownIssuer => (NotSecured::UnknownIssuer, String::new()),
        TlsFault::RefusesOurs => (NotSecured::RefusesOurs, String::new()),
        TlsFault::Other(why) => (NotSecured::NoTls, why.clone()),
    };
    EndReason {
        protocol: "TLS".to_owned(),
        not_secured: Some(not_secured),
        cause: None,
        text: (!text.is_empty()).then(|| text.chars().take(WORDS).collect()),
    }
}
