//! Event and Subscription-State (RFC 6665 §8.2).
use super::{Value, before_params};
use crate::grammar::is_token;
use crate::{Params, Text, ValueError};
use std::fmt;

/// What is subscribed to: a package, and an id where there are several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// `refer`, `conference`, `dialog`, …
    pub package: Text,
    /// With `id`, which tells the REFERs of one dialog apart.
    pub params: Params,
}

impl Event {
    /// The id, as a REFER's CSeq number gave it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.params.get("id")
    }
}

impl Value for Event {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (package, params) = token(whole, text, "Event")?;
        Ok(Self { package, params })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.params)
    }
}

/// How a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated`, or another token.
    pub state: Text,
    /// With `expires`, `reason`, `retry-after`.
    pub params: Params,
}

impl SubscriptionState {
    /// Active for so many seconds more.
    #[must_use]
    pub fn active(expires: u32) -> Self {
        Self {
            state: "active".into(),
            params: Params::new().with("expires", expires.to_string()),
        }
    }

    /// At its end, for this reason (RFC 6665 §4.1.3), `noresource` say.
    #[must_use]
    pub fn terminated(reason: &str) -> Self {
        Self {
            state: "terminated".into(),
            params: Params::new().with("reason", reason),
        }
    }

    /// It is at its end.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }

    /// Seconds that are left of it.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires")?.parse().ok()
    }

    /// Why it is at its end.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.params.get("reason")
    }
}

impl Value for SubscriptionState {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (state, params) = token(whole, text, "Subscription-State")?;
        Ok(Self { state, params })
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.state, self.params)
    }
}

fn token(whole: &Text, text: &str, what: &'static str) -> Result<(Text, Params), ValueError> {
    let (value, params) = before_params(text);
    if !is_token(value) {
        return Err(ValueError::new(what, "it does not begin with a token"));
    }
    Ok((whole.share(value), Params::read(whole, params, what)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_and_its_id_are_told_apart() {
        let event = Event::parse("refer;id=93809824").unwrap();
        assert_eq!((&*event.package, event.id()), ("refer", Some("93809824")));
        assert!(Event::parse(";id=1").is_err());
    }

    #[test]
    fn an_ended_subscription_says_why() {
        let state = SubscriptionState::parse("terminated ; reason=noresource").unwrap();
        assert!(state.is_terminated());
        assert_eq!(state.reason(), Some("noresource"));
        let state = SubscriptionState::active(60);
        assert_eq!(state.to_string(), "active;expires=60");
        assert_eq!(state.expires(), Some(60));
        assert_eq!(
            SubscriptionState::terminated("giveup").to_string(),
            "terminated;reason=giveup"
        );
    }
}
