//! How an account stands with its registrar, as the desk shows it: what failed, at which host, and what to do about it.
use super::Running;
use crate::clock::Clock;
use std::sync::Arc;
use trialog_api as api;
use trialog_call::AccountId;
use trialog_desk::messages::{self, RegistrarFault};
use trialog_ua::{Account, RegistrationFault, RegistrationState, TlsFault};

impl Running {
    /// The account's server has answered, or has not: we may be reached by another address on the way there.
    pub(super) fn follow_address(&mut self, account: AccountId) {
        let server = self.endpoint.server(account).map(|peer| peer.address);
        let moved = server.and_then(|server| self.local.follow(account, server));
        self.wire.own = self.local.own();
        self.next.extend(moved);
    }

    /// An account's registration changed.
    pub(super) fn registered(&mut self, id: AccountId, state: RegistrationState) {
        let index = usize::from(id.0);
        let identity = Arc::make_mut(&mut self.identity);
        let (Some(shown), Some(account)) =
            (identity.accounts.get_mut(index), self.accounts.get(index))
        else {
            return;
        };
        let fresh = api::Account {
            voicemail: shown.voicemail,
            ..shows(shown, account, state, self.clock)
        };
        if shown.state != fresh.state {
            self.metrics.registration(id.0, fresh.state);
        }
        if (&shown.state, &shown.detail) != (&fresh.state, &fresh.detail) {
            let detail = fresh.detail.as_deref();
            tracing::info!(account = fresh.aor, detail, "{}", fresh.state);
        }
        *shown = fresh;
    }
}

fn shows(
    shown: &api::Account,
    account: &Account,
    state: RegistrationState,
    clock: Clock,
) -> api::Account {
    let plain = |state| trialog_desk::account(shown.id, shown.aor.clone(), state);
    match state {
        RegistrationState::Registering => plain(api::RegistrationState::Registering),
        RegistrationState::Registered { .. } => plain(api::RegistrationState::Registered),
        RegistrationState::Unregistered => plain(api::RegistrationState::Unregistered),
        RegistrationState::Failed {
            status,
            reason,
            cause,
            again,
        } => {
            let reason = reason.as_str();
            let fault = match &cause {
                RegistrationFault::Refused => RegistrarFault::Refused { status, reason },
                RegistrationFault::NoAddress => RegistrarFault::NoAddress,
                RegistrationFault::Unreachable => RegistrarFault::Unreachable,
                RegistrationFault::NotSecured(fault) => not_secured(fault),
                RegistrationFault::NoAnswer => RegistrarFault::NoAnswer,
            };
            let (why, hint) = messages::registrar(&server(account), fault);
            api::Account {
                detail: Some(why.en),
                detail_de: Some(why.de),
                hint: Some(hint.en),
                hint_de: Some(hint.de),
                status: (cause == RegistrationFault::Refused).then_some(status),
                again_ms: Some(clock.unix_us(again) / 1_000),
                ..plain(api::RegistrationState::Failed)
            }
        }
    }
}

/// A fault of TLS in the words of the desk.
pub(crate) fn not_secured(fault: &TlsFault) -> RegistrarFault<'_> {
    match fault {
        TlsFault::OtherName(names) => RegistrarFault::OtherName(names),
        TlsFault::Expired => RegistrarFault::Expired,
        TlsFault::NotYetValid => RegistrarFault::NotYetValid,
        TlsFault::UnknownIssuer => RegistrarFault::UnknownIssuer,
        TlsFault::RefusesOurs => RegistrarFault::RefusesOurs,
        TlsFault::Other(why) => RegistrarFault::NoTls(why),
    }
}

/// Whom the account asks first, with its port where one is named.
fn server(account: &Account) -> String {
    let Some(uri) = account
        .outbound_proxy
        .as_ref()
        .or(account.registrar.as_ref())
    else {
        return String::new();
    };
    match uri.port {
        Some(port) => format!("{}:{port}", uri.host),
        None => uri.host.to_string(),
    }
}
