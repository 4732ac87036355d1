//! What of a leg is secured, for whoever shows a padlock.
use crate::Transport;
use crate::agent::UserAgent;
use crate::outbound::Hop;
use trialog_call::{LegId, Secured};

impl UserAgent {
    /// By the way that our next request in it would take, and by what was agreed last.
    pub(crate) fn secured(&self, leg: LegId) -> Secured {
        let leg = self.calls.get(leg);
        let dialog = leg.and_then(|leg| self.dialogs.get(leg.dialog));
        let Some((leg, dialog)) = leg.zip(dialog) else {
            return Secured::default();
        };
        let route = dialog.route_set.first().map(|route| &route.uri);
        let next_hop = route.unwrap_or(&dialog.remote_target);
        let transport = match self.hop(next_hop, dialog.account) {
            Hop::At(peer) => Some(peer.transport),
            Hop::Name(name) => name.transport,
            Hop::Nowhere => None,
        };
        Secured {
            signalling: transport == Some(Transport::Tls),
            media: leg.media.is_protected(),
        }
    }
}
