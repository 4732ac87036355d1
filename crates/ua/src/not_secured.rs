//! A far end to which no secured stream came about (RFC 5922): nothing is sent there, and the account or call that it was to serve is
//! told why.
use crate::agent::UserAgent;
use crate::outbound::Purpose;
use crate::{Peer, TlsFault};
use std::fmt;
use std::sync::Arc;
use trialog_call::{EndReason, Time, WireEvent};

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
                    let reason = EndReason {
                        protocol: "TLS".to_owned(),
                        cause: None,
                        text: Some(fault.to_string().chars().take(WORDS).collect()),
                    };
                    self.event(leg, WireEvent::Reason(Arc::new(reason)));
                }
                _ => {}
            }
        }
        self.transport_error(now, peer);
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName(names) if names.is_empty() => {
                f.write_str("its certificate is for no name")
            }
            Self::OtherName(names) => {
                let names = names.join(", ");
                write!(f, "its certificate is for another name ({names})")
            }
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotYetValid => f.write_str("its certificate is not valid yet"),
            Self::UnknownIssuer => {
                f.write_str("its certificate is of an issuer that is not believed here")
            }
            Self::RefusesOurs => {
                f.write_str("it does not take this phone's certificate, or wants one")
            }
            Self::Other(why) => write!(f, "no TLS came about ({why})"),
        }
    }
}
