//! The HTTP client by which the phone tells others something.
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// A client that takes this long at most for a request, and answers it with whatever status there is. It follows no redirection:
/// what is sent, and the secrets with it, is for one address alone.
pub(crate) fn agent(patience: Duration) -> Agent {
    // The system's authorities: those of a company are among them.
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .tls_config(tls)
        .user_agent(concat!("Trialog/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}
