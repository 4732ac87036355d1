//! What a client may do.
use crate::name::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

names! {
    /// What a client may do, by the token or the pairing that it shows. Each may what those before it may.
    AccessRole {
        /// Look: status, events, history, directory and metrics.
        Supervisor = "supervisor",
        /// Act as the agent does.
        Agent = "agent",
        /// Let others in, and end the phone.
        Admin = "admin",
    }

    /// What a page may do in a browser that is paired.
    PageRole {
        /// Look.
        Supervisor = "supervisor",
        /// Act as the agent does.
        Agent = "agent",
    }
}

impl From<PageRole> for AccessRole {
    fn from(role: PageRole) -> Self {
        match role {
            PageRole::Supervisor => Self::Supervisor,
            PageRole::Agent => Self::Agent,
        }
    }
}

impl AccessRole {
    /// Whether a client of this role may do what needs `needed`.
    #[must_use]
    pub fn may(self, needed: Self) -> bool {
        let rank = |role: Self| Self::ALL.iter().position(|other| *other == role);
        rank(self) >= rank(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::AccessRole::{Admin, Agent, Supervisor};

    #[test]
    fn each_role_may_what_those_before_it_may() {
        assert!(Admin.may(Admin) && Admin.may(Agent) && Admin.may(Supervisor));
        assert!(!Agent.may(Admin) && Agent.may(Agent) && Agent.may(Supervisor));
        assert!(!Supervisor.may(Admin) && !Supervisor.may(Agent) && Supervisor.may(Supervisor));
    }
}
