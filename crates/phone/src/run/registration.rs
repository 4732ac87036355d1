//! How an account stands with its registrar, as the desk shows it: what failed by whom, and what to do about it.
use super::Running;
use crate::clock::Clock;
use std::sync::Arc;
use trialog_api as api;
use trialog_call::AccountId;
use trialog_desk::messages::{self, RegistrarFault};
use trialog_ua::{Account, RegistrationFault, RegistrationState};

impl Running {
    /// An account's registration changed.
    pub(super) fn registered(&mut self, id: AccountId, state: RegistrationState) {
        let place = usize::from(id.0);
        let identity = Arc::make_mut(&mut self.identity);
        let (Some(shown), Some(account)) =
            (identity.accounts.get_mut(place), self.accounts.get(place))
        else {
            return;
        };
        let fresh = shows(shown, account, state, self.clock);
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
    let plain = |state| api::Account::new(shown.id, shown.aor.clone(), state);
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
            let fault = match cause {
                RegistrationFault::Refused => RegistrarFault::Refused { status, reason },
                RegistrationFault::NoAddress => RegistrarFault::NoAddress,
                RegistrationFault::Unreachable => RegistrarFault::Unreachable,
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
