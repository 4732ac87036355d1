//! The next peer of the same host name (RFC 3263 §4.3), where one refuses with 503, can't be reached or does not answer; and the same
//! peer by UDP, where it was tried by TCP for a request's size (RFC 3261 §18.1.1).
//!
//! A request outside a dialog has other peers to go to and a person who waits: it goes on after [`PATIENCE`], long before
//! timers B and F fire. A server that is there answers an INVITE with 100 within 200 ms (RFC 3261 §17.2.1). So does one in a
//! dialog whose stream is silent; RFC 3261 §18.1.1 asks for that only where none can be opened.
use crate::agent::{Timer, UserAgent};
use crate::answered::LIVES;
use crate::dialog::tag_of;
use crate::invariant::Invariant;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use crate::{Output, Peer};
use std::time::Duration;
use trialog_call::Time;
use trialog_sip::{HeaderName, Method, Request, Response};

/// How long a peer may leave an INVITE without any answer, or another request without a final one, while others are left.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whether a request may go another way where its peer is silent: to another peer of its name, while there is no dialog, or by
/// UDP, where it goes by TCP for its size only. A REFER or INFO that did arrive must not be done twice: it goes another way only when
/// its stream breaks, as one does soon on which nothing is acknowledged.
fn has_another_way(sent: &RequestContext) -> bool {
    match sent.purpose {
        Purpose::Invite(_) | Purpose::Register(_) | Purpose::Watch(_) => {
            !sent.others.is_empty() || sent.by_udp.is_some()
        }
        Purpose::Reinvite(_) | Purpose::Bye(_) | Purpose::Notify(_) | Purpose::Subscribe(_) => {
            sent.by_udp.is_some()
        }
        Purpose::Refer(_)
        | Purpose::Info(_)
        | Purpose::Update(_)
        | Purpose::Offer(_)
        | Purpose::Prack(_)
        | Purpose::Digit(..)
        | Purpose::GivenUp
        | Purpose::Abandoned { .. }
        | Purpose::Cancel
        | Purpose::Stray
        | Purpose::KeepAlive(_) => false,
    }
}

impl UserAgent {
    /// A request was sent: where other peers of its name are left, the wait for this one is short.
    pub(crate) fn watch(&mut self, now: Time, id: ClientId) {
        self.have_a_new_stream(id);
        let sent = self.transactions.purpose(id);
        if sent.is_some_and(has_another_way) {
            self.timers.set(Timer::NextPeer(id), now + PATIENCE);
        }
    }

    /// A REGISTER on the stream that its binding lives by, with no other peer left, has the same peer by a new stream, once: a far side
    /// that has lost the stream without a word (a restart, a translator) takes what is sent on it, and never answers.
    fn have_a_new_stream(&mut self, id: ClientId) {
        let Some(peer) = self.transactions.destination(id).map(|to| to.peer.clone()) else {
            return;
        };
        let Some(sent) = self.transactions.purpose_mut(id) else {
            return;
        };
        if matches!(sent.purpose, Purpose::Register(_))
            && sent.others.is_empty()
            && sent.new_stream
            && self.flows[sent.account].lives_by(&peer)
        {
            sent.new_stream = false;
            sent.others.push_back(peer);
        }
    }

    /// A response came, which ends the wait.
    pub(crate) fn heard(&mut self, now: Time, id: ClientId, response: &Response) {
        let status = response.status.code();
        let sent = self.transactions.purpose(id);
        let is_invite = |sent: &RequestContext| {
            matches!(sent.purpose, Purpose::Invite(_) | Purpose::Reinvite(_))
        };
        if status >= 200 || sent.is_some_and(is_invite) {
            self.timers.cancel(Timer::NextPeer(id));
        }
        if status == 503 {
            // RFC 3261 §21.5.4: who answers so would rather not be asked, by any transport.
            if let Some(sent) = self.transactions.purpose_mut(id) {
                sent.by_udp = None;
            }
        } else if let Some(peer) = self.peer_asked(id) {
            self.standing.answered(&peer);
            let sent = self.transactions.purpose(id);
            if sent.is_some_and(|sent| !matches!(sent.purpose, Purpose::Register(_))) {
                self.heard_from(now, &peer);
            }
        }
    }

    /// The peer of this request has not answered in time.
    pub(crate) fn next_peer_timer(&mut self, now: Time, id: ClientId) {
        let Some(sent) = self.transactions.purpose(id) else {
            return;
        };
        if !self.is_still_wanted(sent) {
            // A call that was given up waits for a provisional answer, to be cancelled (RFC 3261 §9.1).
            return;
        }
        let (purpose, dialog, account) = (sent.purpose, sent.dialog, sent.account);
        let is_register = matches!(purpose, Purpose::Register(_));
        self.lost_silent(now, id);
        let Some((mut request, next)) = self.next_try(id) else {
            return;
        };
        if dialog.is_some() {
            // The first may have arrived after all: with its number again the far side could take this one for a copy, and with a
            // new one both are answered (RFC 3261 §12.2.2).
            let Some(number) = self.next_number(now, purpose, dialog, &request) else {
                return;
            };
            let number = format!("{number} {}", request.method);
            request.headers.set(HeaderName::CSeq, number);
        }
        let sent = if request.method != Method::Invite {
            if is_register
                && let Some(destination) = self.transactions.destination(id)
                && destination.peer.transport.is_reliable()
            {
                let stream = destination.peer.clone();
                self.out.push_back(Output::AbandonStream(stream));
            }
            self.transactions.forget(id)
        } else {
            let abandoned = Purpose::Abandoned { cancelled: false };
            let mut abandoned = RequestContext::new(abandoned, account);
            abandoned.dialog = dialog;
            self.transactions.abandon(now, id, abandoned)
        };
        if let Some(sent) = sent.asserted(LIVES) {
            self.launch(now, request, sent, next);
        }
    }

    /// The peer that a request of ours is for: by UDP, where it goes by TCP for its size only.
    pub(crate) fn peer_asked(&self, id: ClientId) -> Option<Peer> {
        let by_udp = self.transactions.purpose(id)?.by_udp.clone();
        by_udp.or_else(|| Some(self.transactions.destination(id)?.peer.clone()))
    }

    /// The peer of this request is taken for dead, or for one that takes no streams.
    pub(crate) fn lost_silent(&mut self, now: Time, id: ClientId) {
        let Some(peer) = self.peer_asked(id) else {
            return;
        };
        let sent = self.transactions.purpose(id);
        if sent.is_some_and(|sent| sent.by_udp.is_some()) {
            self.standing.has_no_stream(now, &peer);
        } else {
            self.standing.silent(now, &peer);
        }
    }

    /// This transaction is over: its request goes to the next peer, where there is one.
    pub(crate) fn try_next_peer(&mut self, now: Time, id: ClientId) -> bool {
        let Some((request, next)) = self.next_try(id) else {
            return false;
        };
        self.timers.cancel(Timer::NextPeer(id));
        let Some(sent) = self.transactions.forget(id).asserted(LIVES) else {
            return false;
        };
        if self.is_still_wanted(&sent) {
            self.launch(now, request, sent, next);
        } else {
            self.concluded(now, None, sent, cseq_of(&request), 487, None);
        }
        true
    }

    /// The request once more, and the peer that it goes to.
    fn next_try(&mut self, id: ClientId) -> Option<(Request, Peer)> {
        let sent = self.transactions.purpose_mut(id)?;
        let by_udp = sent.by_udp.take();
        let next = by_udp.or_else(|| sent.others.pop_front())?;
        let mut request = self.transactions.request(id).cloned().asserted(LIVES)?;
        request.headers.remove_first(&HeaderName::Via);
        Some((request, next))
    }

    /// An answer to an INVITE after its call has gone to another peer: that one has the call, and this one rings for nothing. A
    /// refusal needs no more than the ACK that its transaction sends.
    pub(crate) fn abandoned_answered(
        &mut self,
        now: Time,
        id: ClientId,
        cancelled: bool,
        response: &Response,
    ) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        let sent = self.transactions.purpose(id);
        if sent.is_some_and(|sent| sent.dialog.is_some()) {
            // A re-INVITE, whose session the one that followed it states as well.
            if response.status.is_success() && !self.acknowledge_again(id, tag) {
                self.acknowledge_reinvite(id, tag, response);
            }
            return;
        }
        match response.status.code() {
            100..=199 if !cancelled => {
                if let Some(sent) = self.transactions.purpose_mut(id) {
                    sent.purpose = Purpose::Abandoned { cancelled: true };
                }
                self.cancel_invite(now, id);
            }
            200..=299 => {
                let invite = self.transactions.request(id);
                let cseq = invite.map(cseq_of).unwrap_or_default();
                // RFC 3261 §13.2.2.4: each copy of the 2xx gets its ACK.
                if !self.acknowledge_again(id, tag) {
                    self.drop_fork(now, id, response, tag, cseq);
                }
            }
            _ => {}
        }
    }
}
