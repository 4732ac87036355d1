//! `trialog doctor`: looks at all that a phone needs on this machine, and says of each what it found and what to do. It changes
//! nothing and listens nowhere; a phone of the same name may run meanwhile, and is asked by its API.
mod account;
mod certificate;
mod finding;
mod ports;
mod probe;
mod records;
mod running;
mod sound;

use crate::cli::Doctor;
use crate::config::Config;
use crate::net::{Families, Security, Services};
use finding::{Check, Finding, counts, document, text};
use std::fmt::Display;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use trialog_client::Address;
use trialog_desk::words::doctor as words;

/// So long all checks may take, which run beside each other.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the checks share.
struct Subject {
    config: Config,
    /// Of the phone of this name, where one runs.
    running: Option<Address>,
    families: Families<SocketAddr>,
    services: Services,
    security: Security,
}

/// Looks, and says what was found. Exit status: 0 nothing is wrong, 1 something is, 2 wrong usage.
pub(crate) fn run(options: &Doctor) -> ExitCode {
    let config = match options.config.as_deref() {
        Some(file) => Config::load(file),
        None => Ok(Config::default()),
    };
    let (name, findings) = match config {
        Ok(mut config) => {
            if let Err(exit) = crate::rename(&mut config, options.name.as_deref()) {
                return exit;
            }
            let first = configuration(options);
            let name = config.name.clone();
            match examined(config, first) {
                Ok(findings) => (name, findings),
                Err(error) => {
                    eprintln!("trialog: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
        Err(faults) => {
            let name = options.name.clone().unwrap_or_default();
            (name, vec![faulty(&faults)])
        }
    };
    if options.json {
        println!("{}", document(&name, &findings));
    } else {
        print!("{}", text(&findings, options.lang));
    }
    match counts(&findings) {
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn configuration(options: &Doctor) -> Finding {
    match &options.config {
        Some(file) => {
            let file = file.display().to_string();
            Finding::good(Check::Configuration, words::LOADED, &[("file", &file)])
        }
        None => Finding::good(Check::Configuration, words::DEFAULTS, &[])
            .hint(words::DEFAULTS_HINT, &[]),
    }
}

fn faulty(faults: &impl Display) -> Finding {
    let fault = faults.to_string();
    Finding::wrong(Check::Configuration, words::FAULTY, &[("fault", &fault)])
        .hint(words::FAULTY_HINT, &[])
}

/// All checks beside each other, told in a fixed order.
fn examined(config: Config, first: Finding) -> std::io::Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tls = &config.tls;
    let subject = Arc::new(Subject {
        running: Address::of_running(Some(&config.name)).ok(),
        families: config.sip.listen.iter().map(|at| (*at, *at)).collect(),
        services: Services::default(),
        security: Security::new(tls.identity.clone(), tls.believed.clone(), tls.wildcards),
        config,
    });
    let findings = runtime.block_on(async {
        let blocking = [
            (Check::SipPort, ports::sip as fn(&Subject) -> Vec<Finding>),
            (Check::RtpPorts, ports::rtp),
            (Check::Sound, sound::check),
            (Check::Records, records::check),
            (Check::Phone, running::check),
        ];
        let beside = blocking.map(|(check, look)| {
            let subject = Arc::clone(&subject);
            (check, tokio::task::spawn_blocking(move || look(&subject)))
        });
        let accounts = subject.config.accounts.iter().enumerate();
        let accounts = accounts.map(|(index, account)| {
            let (subject, aor) = (Arc::clone(&subject), account.aor.to_string());
            let look = tokio::spawn(async move { account::check(&subject, index).await });
            (aor, look)
        });
        let accounts: Vec<_> = accounts.collect();
        let deadline = Instant::now() + PATIENCE;
        let mut all = vec![first];
        all.extend(certificate::own(&subject.config));
        for (aor, look) in accounts {
            let found = within(deadline, Check::Reach, look).await;
            all.extend(found.into_iter().map(|finding| finding.of_account(&aor)));
        }
        for (check, look) in beside {
            all.extend(within(deadline, check, look).await);
        }
        all
    });
    // What hangs is not waited for.
    runtime.shutdown_background();
    Ok(findings)
}

/// What a check that was begun has found; that it was not done, where it takes too long.
async fn within(deadline: Instant, check: Check, look: JoinHandle<Vec<Finding>>) -> Vec<Finding> {
    match timeout_at(deadline, look).await {
        Ok(Ok(found)) => found,
        Ok(Err(fault)) => std::panic::resume_unwind(fault.into_panic()),
        Err(_) => {
            let seconds = PATIENCE.as_secs().to_string();
            vec![
                Finding::wrong(check, words::TOOK_TOO_LONG, &[("seconds", &seconds)])
                    .hint(words::TOOK_TOO_LONG_HINT, &[]),
            ]
        }
    }
}
