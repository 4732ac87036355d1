//! Which messages a test means, and what it does to them.
use crate::wire::Text;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Which messages a test means. All that is said must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    method: Option<&'static str>,
    statuses: Option<(u16, u16)>,
    about: Option<&'static str>,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    in_dialog: Option<bool>,
    containing: Option<String>,
}

impl Wanted {
    /// Any message.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests with this method.
    #[must_use]
    pub fn request(method: &'static str) -> Self {
        Self {
            method: Some(method),
            ..Self::default()
        }
    }

    /// Responses to this method, with a status in this range.
    #[must_use]
    pub fn response(about: &'static str, lowest: u16, highest: u16) -> Self {
        Self {
            about: Some(about),
            statuses: Some((lowest, highest)),
            ..Self::default()
        }
    }

    /// An INVITE inside a dialog.
    #[must_use]
    pub fn reinvite() -> Self {
        Self {
            in_dialog: Some(true),
            ..Self::request("INVITE")
        }
    }

    /// An INVITE that opens a dialog.
    #[must_use]
    pub fn first_invite() -> Self {
        Self {
            in_dialog: Some(false),
            ..Self::request("INVITE")
        }
    }

    /// Only from here.
    #[must_use]
    pub fn from(self, host: IpAddr) -> Self {
        Self {
            from: Some(host),
            ..self
        }
    }

    /// Only to there.
    #[must_use]
    pub fn to(self, host: IpAddr) -> Self {
        Self {
            to: Some(host),
            ..self
        }
    }

    /// Only with this somewhere in the text.
    #[must_use]
    pub fn containing(self, text: &str) -> Self {
        Self {
            containing: Some(text.to_owned()),
            ..self
        }
    }

    /// This message is meant.
    #[must_use]
    pub fn is(&self, from: IpAddr, to: IpAddr, text: &Text) -> bool {
        self.method
            .is_none_or(|method| text.method() == Some(method))
            && self.about.is_none_or(|about| text.about() == about)
            && self.statuses.is_none_or(|(lowest, highest)| {
                text.status()
                    .is_some_and(|status| (lowest..=highest).contains(&status))
            })
            && self.from.is_none_or(|host| host == from)
            && self.to.is_none_or(|host| host == to)
            && self
                .in_dialog
                .is_none_or(|inside| inside == text.has_to_tag())
            && self
                .containing
                .as_ref()
                .is_none_or(|words| text.as_str().contains(words.as_str()))
    }
}

/// What is done to a message.
#[derive(Clone, Debug)]
pub enum Meddling {
    /// It never arrives.
    Lose,
    /// It arrives so much later.
    Delay(Duration),
    /// It does not arrive; its sender gets this answer instead.
    Refuse(u16),
    /// It arrives without this word in this header's list.
    Without(&'static str, &'static str),
    /// It arrives, and so does another answer, as from a second phone at this address that a proxy forked to.
    Fork(SocketAddr),
}
