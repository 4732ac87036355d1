//! The configuration is read again while the phone runs (SIGHUP, `systemctl reload`). What can change without touching a call or a
//! socket does so at once; the rest is named and waits for the next start. A file that is not good changes nothing.
use super::{Running, desk};
use crate::action::Actions;
use crate::config::Config;
use std::fmt::Debug;
use std::sync::Arc;
use trialog_api as api;

impl Running {
    /// Reads the configuration again.
    pub(super) fn reload(&mut self) {
        let Some(file) = self.config.file.clone() else {
            tracing::warn!("this phone has no configuration file that could be read again");
            return;
        };
        match Config::load(&file) {
            Ok(config) => self.reconfigure(config),
            Err(faults) => {
                tracing::error!(file = %file.display(), "the configuration is not good, and stays as it was: {faults}");
            }
        }
    }

    fn reconfigure(&mut self, mut read: Config) {
        // The command line may have given another one.
        read.name.clone_from(&self.config.name);
        let directory = match desk::directory(&read) {
            Ok(directory) => directory,
            Err(error) => {
                tracing::error!(%error, "the configuration is not good, and stays as it was");
                return;
            }
        };
        if read.actions != self.config.actions {
            match Actions::start(&read.actions, &read.name) {
                Ok(actions) => {
                    let before = std::mem::replace(&mut self.actions, actions);
                    self.actions.follow(before);
                }
                Err(error) => {
                    tracing::error!(%error, "the configuration can't be followed, and stays as it was");
                    return;
                }
            }
        }
        let waiting = self.config.take(read);
        self.directory.replace(directory);
        let config = &self.config;
        self.endpoint.reconfigure(
            config.policy.clone(),
            config.sip.trusted.clone(),
            config.sip.colleagues.clone(),
        );
        let identity = Arc::make_mut(&mut self.identity);
        identity.reasons = reasons(config);
        identity.idle_reasons = idle_reasons(config);
        // A reason that is not to be given any more is not shown.
        let known = |code: &str| config.idle_reasons.iter().any(|own| own.code == code);
        identity.idle.take_if(|idle| !known(&idle.reason));
        tracing::info!("the configuration was read again");
        if !waiting.is_empty() {
            let keys = waiting.join(", ");
            tracing::warn!(keys, "this takes effect at the next start");
        }
    }
}

impl Config {
    /// Takes what can change while the phone runs. Returns what of the rest is another: it takes effect at the next start.
    fn take(&mut self, read: Self) -> Vec<&'static str> {
        let before = self.clone();
        self.idle_reasons = read.idle_reasons.clone();
        self.directory = read.directory.clone();
        self.actions = read.actions.clone();
        self.sip.trusted = read.sip.trusted.clone();
        self.sip.colleagues = read.sip.colleagues.clone();
        self.policy = read.policy.clone().with_fixed_of(&before.policy);
        // Passwords and keys are compared, and not told.
        let pairs = [
            ("[sip]", is_other(&self.sip, &read.sip)),
            ("[tls]", is_other(&self.tls, &read.tls)),
            ("[media]", is_other(&self.media, &read.media)),
            (
                "[audio]",
                is_other(
                    (&self.audio, &self.sounds, self.parallel_sound),
                    (&read.audio, &read.sounds, read.parallel_sound),
                ),
            ),
            ("[agent]", is_other(&self.policy, &read.policy)),
            ("[api]", is_other(self.api, read.api)),
            ("[records]", is_other(&self.records, &read.records)),
            ("[acd]", is_other(&self.acd, &read.acd)),
            ("[[webhook]]", is_other(&self.webhooks, &read.webhooks)),
            ("[[account]]", is_other(&self.accounts, &read.accounts)),
            ("[[lamp]]", is_other(&self.lamps, &read.lamps)),
        ];
        let others = pairs.into_iter().filter(|(_, is_other)| *is_other);
        others.map(|(section, _)| section).collect()
    }
}

/// Whether the two are written differently.
fn is_other<T: Debug>(running: T, read: T) -> bool {
    format!("{running:?}") != format!("{read:?}")
}

/// What a wrap-up may be handed in with.
pub(super) fn reasons(config: &Config) -> Vec<api::WrapUpReason> {
    let reasons = config.policy.reasons.iter();
    let reasons = reasons.map(|reason| api::WrapUpReason {
        code: reason.code.clone(),
        en: reason.en.clone(),
        de: reason.de.clone(),
    });
    reasons.collect()
}

/// What an agent may be idle for.
pub(super) fn idle_reasons(config: &Config) -> Vec<api::IdleReason> {
    let reasons = config.idle_reasons.iter();
    let reasons = reasons.map(|reason| api::IdleReason {
        code: reason.code.clone(),
        en: reason.en.clone(),
        de: reason.de.clone(),
    });
    reasons.collect()
}
