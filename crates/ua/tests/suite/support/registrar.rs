//! A registrar that the test plays, and the phone that has it.
use super::{Pipe, config, header, reply};
use std::net::SocketAddr;
use trialog_sip::digest::{self, Algorithm, Challenge, Credentials, Secret};
use trialog_sip::{Method, Uri};
use trialog_ua::{Accept, Account, Config, RegistrationState};

/// Where the registrar is.
pub(crate) fn registrar() -> SocketAddr {
    "10.0.0.50:5060".parse().expect("address")
}

/// A phone of this registrar, that anyone may call.
pub(crate) fn with_registrar() -> Config {
    let mut config = config(0);
    config.accept = Some(Accept::Anyone);
    config.accounts = vec![Account {
        registrar: Some(Uri::parse("sip:10.0.0.50").expect("uri")),
        password: Some(Secret::new("secret")),
        display: Some("Agent One".to_owned()),
        ..Account::direct(Uri::parse("sip:agent@lab.test").expect("uri"))
    }];
    config
}

/// It alone.
pub(crate) fn phone() -> Pipe {
    Pipe::with(vec![with_registrar()], 5)
}

/// Its last REGISTER.
pub(crate) fn last_register(pipe: &Pipe) -> String {
    pipe.last(0, "REGISTER").to_owned()
}

/// The registrar answers it.
pub(crate) fn answer(pipe: &mut Pipe, status: &str, more: &str) {
    let text = reply(&last_register(pipe), status, "r", more);
    pipe.inject(registrar(), 0, &text);
    pipe.run_ms(50);
}

/// A question of the registrar.
pub(crate) fn challenge(algorithm: Algorithm, nonce: &str) -> Challenge {
    Challenge::new("lab.test", nonce, algorithm)
}

/// What the phone has told of its registration.
pub(crate) fn states(pipe: &Pipe) -> Vec<&RegistrationState> {
    pipe.ends[0].registrations.iter().collect()
}

/// These credentials in this header are the right ones for this nonce.
pub(crate) fn is_right(register: &str, name: &str, method: &Method, nonce: &str) -> bool {
    let credentials = Credentials::parse(header(register, name)).expect("credentials");
    credentials.nonce == nonce
        && digest::verify(&credentials, "agent", &Secret::new("secret"), method, b"")
}
