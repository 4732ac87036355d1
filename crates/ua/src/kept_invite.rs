//! An INVITE of ours that has no final answer when the phone dies: the next run can't go on with it, since its session is gone, and ends
//! it as a call that is cancelled: CANCEL, and the ACK of what comes; a 2xx gets ACK and BYE.
use crate::agent::UserAgent;
use crate::dialog::{Dialog, tag_of};
use crate::invite_usage::{Calling, InviteState, InviteUsage};
use crate::media::Media;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::Destination;
use crate::{Peer, Transport};
use std::net::SocketAddr;
use trialog_call::{AccountId, LegId, Time};
use trialog_sdp::Security;
use trialog_sip::{HeaderName, Message, Method, NameAddr, Request, Via};

/// Such an INVITE, without its body and its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptInvite {
    /// The leg that it is.
    pub leg: LegId,
    /// Its account.
    pub account: AccountId,
    /// The transport that it went by.
    pub transport: Transport,
    /// Where it went.
    pub address: SocketAddr,
    /// The host name that was found there.
    pub name: Option<String>,
    /// As it was sent (RFC 3261 §9.1: CANCEL has the same Via, Call-ID, From, To, number and Route).
    pub head: String,
}

impl UserAgent {
    /// A leg's INVITE, to be cancelled by the next run; `None`: none was sent, or it is answered or cancelled.
    pub(crate) fn kept_invite(&self, id: LegId) -> Option<KeptInvite> {
        let InviteState::Calling(calling) = &self.calls.get(id)?.stage else {
            return None;
        };
        let client = calling.client.filter(|_| !calling.cancelled)?;
        let account = self.transactions.purpose(client)?.account;
        let peer = &self.transactions.destination(client)?.peer;
        let mut head = self.transactions.request(client)?.clone();
        head.body.clear();
        for name in [
            HeaderName::Authorization,
            HeaderName::ProxyAuthorization,
            HeaderName::ContentType,
        ] {
            head.headers.remove(&name);
        }
        Some(KeptInvite {
            leg: id,
            account: AccountId(u16::try_from(account).ok()?),
            transport: peer.transport,
            address: peer.address,
            name: peer.name.as_deref().map(str::to_owned),
            head: String::from_utf8(head.to_bytes()).ok()?,
        })
    }

    /// Cancels an INVITE of an earlier run; `Gone` follows. False: what was kept is none of ours.
    pub(crate) fn take_up_invite(&mut self, now: Time, kept: &KeptInvite) -> bool {
        let account = usize::from(kept.account.0);
        let Some((invite, mut dialog, branch)) = self
            .invite_of(kept, account)
            .filter(|_| account < self.flows.len())
        else {
            return false;
        };
        if self.calls.get(kept.leg).is_some() || self.dialogs.tagged(&dialog.local_tag).is_some() {
            return false;
        }
        dialog.call = Some(kept.leg);
        let peer = Peer {
            name: kept.name.as_deref().map(Into::into),
            ..Peer::at(kept.transport, kept.address)
        };
        let sent = RequestContext::new(Purpose::Invite(kept.leg), account);
        let destination = Destination::of_request(peer);
        let client = self
            .transactions
            .resume(now, invite, &branch, destination, sent);
        // RFC 3261 §9.1 wants a provisional response first, so that no CANCEL overtakes its INVITE: this one was sent a life ago.
        let stage = InviteState::Calling(Calling {
            client: Some(client),
            provisional: true,
            cancelled: true,
            ..Calling::default()
        });
        let media = Media::new(None, &[], Security::default(), 0);
        let leg = InviteUsage::new(kept.leg, stage, self.dialogs.open(dialog), media);
        self.calls.take_up(leg);
        self.send_cancel(now, kept.leg);
        true
    }

    fn invite_of(&self, kept: &KeptInvite, account: usize) -> Option<(Request, Dialog, String)> {
        let message = Message::parse_datagram(kept.head.as_bytes(), &self.limits);
        let Ok(Message::Request(invite)) = message else {
            return None;
        };
        let headers = &invite.headers;
        let via: Via = headers.typed(&HeaderName::Via)?.ok()?;
        let branch = via.branch()?.to_owned();
        let mut local: NameAddr = headers.typed(&HeaderName::From)?.ok()?;
        local.params.remove("tag");
        let local_tag = tag_of(headers, &HeaderName::From)?.to_owned();
        let remote: NameAddr = headers.typed(&HeaderName::To)?.ok()?;
        let call_id = headers.get(&HeaderName::CallId)?.to_owned();
        let target = invite.uri.clone();
        let mut dialog = Dialog::invited(call_id, local, local_tag, remote, target, account);
        dialog.local_cseq = cseq_of(&invite);
        let is_invite = invite.method == Method::Invite && dialog.local_cseq > 0;
        is_invite.then_some((invite, dialog, branch))
    }
}
