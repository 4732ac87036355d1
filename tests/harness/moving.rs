//! A phone whose network gives it another address, or whose program dies and is started again.
use crate::World;
use crate::phone::Phone;
use crate::sound::PhoneId;
use std::net::SocketAddr;
use trialog_call::AccountId;
use trialog_ua::{Contacts, EndpointInput, SavedCall};

/// The SIP port that a phone moves to, and back from.
const OTHER_PORT: u16 = 5080;

impl World {
    /// A phone gets another address, and knows. What is sent to the old one is lost.
    pub fn move_to(&mut self, phone: PhoneId, address: SocketAddr) {
        self.phones[phone.0].address = address;
        let contacts = Contacts {
            udp: address,
            tcp: Some(address),
            other: None,
            tls: None,
        };
        for account in (0..self.phones[phone.0].accounts).map(AccountId) {
            self.hand(
                phone,
                EndpointInput::LocalAddressChanged { account, contacts },
            );
        }
    }

    /// A phone's program dies, with all that it has not written down. Returns what it has.
    pub fn crash(&mut self, phone: PhoneId) -> Vec<SavedCall> {
        let saved = self.phones[phone.0].endpoint.saved_calls();
        self.kill(phone);
        saved
    }

    /// It is started again, with the same configuration and these calls.
    pub fn start_again(&mut self, phone: PhoneId, saved: &[SavedCall]) {
        self.network.plug(self.host(phone), true);
        let now = self.now;
        self.phones[phone.0].start_again(now, saved);
        // What it has to say comes out with the first input.
        self.hand(phone, EndpointInput::Register(None));
    }

    /// A phone's SIP port is another from now on, or again the one that it was. What is sent to either still arrives.
    pub fn change_port(&mut self, phone: PhoneId) {
        let now = self.phones[phone.0].address;
        let other = SocketAddr::new(now.ip(), OTHER_PORT);
        let other = self.phones[phone.0].former.unwrap_or(other);
        self.phones[phone.0].former = Some(now);
        self.move_to(phone, other);
    }
}

impl Phone {
    pub(crate) fn is_at(&self, address: SocketAddr) -> bool {
        self.address == address || self.former == Some(address)
    }
}
