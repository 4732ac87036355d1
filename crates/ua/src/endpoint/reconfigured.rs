//! What the administrator changes while the phone runs: the switches that the core obeys, and which senders are believed. No call and no
//! registration is touched.
use super::Endpoint;
use crate::{Colleague, Net};
use trialog_call::Policy;

impl Endpoint {
    /// From the next input on these count. Of the policy, what a phone has from its start on stays ([`Policy::with_fixed_of`]).
    pub fn reconfigure(&mut self, policy: Policy, trusted: Vec<Net>, colleagues: Vec<Colleague>) {
        self.phone.set_policy(policy);
        self.agent.settings.trusted = trusted;
        self.agent.settings.colleagues = colleagues;
    }
}
