//! Digest challenges (RFC 3261 §22): answered once for each nonce, and again where the server says that only the nonce was
//! stale. What a server asked is remembered for its account, so that the next request to it needs no challenge.
use crate::agent::UserAgent;
use crate::dialogs::DialogId;
use crate::outbound::Purpose;
use crate::transaction::ClientId;
use std::net::SocketAddr;
use trialog_call::Time;
use trialog_sip::digest::{self, Challenge};
use trialog_sip::{HeaderName, Method, Request, Response};

/// A request that is challenged more often than this is refused: a proxy and a server each, each with a stale nonce.
const CHALLENGES: u8 = 4;

/// What a server asked for, and how often its nonce was used.
pub(crate) struct KnownChallenge {
    /// Who asked. Nobody else is sent an answer to it unasked.
    from: SocketAddr,
    by: Asker,
    challenge: Challenge,
    uses: u32,
}

/// In which part somebody asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// 407, for whatever goes by way of it.
    Proxy,
    /// 401, for REGISTER.
    Registrar,
    /// 401, for a request to somebody else, who may be behind the registrar's address.
    Server,
}

impl Asker {
    /// Whether a request of this method is for it. RFC 3261 §22.3: a proxy hands on what it did not ask for, so what the
    /// registrar is told in any other request is told to who is called, too.
    fn is_for(self, method: &Method) -> bool {
        match self {
            Self::Proxy => true,
            Self::Registrar => *method == Method::Register,
            Self::Server => *method != Method::Register,
        }
    }
}

impl UserAgent {
    /// Adds credentials for what this destination has asked before.
    pub(crate) fn authorise(
        &mut self,
        request: &mut Request,
        account: usize,
        destination: SocketAddr,
    ) {
        // RFC 3261 §22.1: no CANCEL and no ACK can be challenged.
        if matches!(request.method, Method::Cancel | Method::Ack) {
            return;
        }
        request.headers.remove(&HeaderName::Authorization);
        request.headers.remove(&HeaderName::ProxyAuthorization);
        let own = &self.config.accounts[account];
        let Some(password) = &own.password else {
            return;
        };
        for known in &mut self.challenges[account] {
            if known.from != destination || !known.by.is_for(&request.method) {
                continue;
            }
            known.uses += 1;
            let credentials = digest::answer(
                &known.challenge,
                own.username(),
                password,
                &request.method,
                &request.uri.to_string(),
                &request.body,
                &self.random.cnonce(),
                known.uses,
            );
            let name = match known.by {
                Asker::Proxy => HeaderName::ProxyAuthorization,
                Asker::Registrar | Asker::Server => HeaderName::Authorization,
            };
            if let Some(credentials) = credentials {
                request.headers.push(name, credentials.to_string());
            }
        }
    }

    /// Sends a challenged request again with credentials, where there are some that were not refused.
    pub(crate) fn answer_challenge(
        &mut self,
        now: Time,
        id: ClientId,
        response: &Response,
    ) -> bool {
        let proxy = response.status.code() == 407;
        let name = if proxy {
            HeaderName::ProxyAuthenticate
        } else {
            HeaderName::WwwAuthenticate
        };
        let Some(challenge) = digest::choose(&response.headers, &name) else {
            return false;
        };
        let (Some(sent), Some(flow)) = (self.transactions.purpose(id), self.transactions.flow(id))
        else {
            return false;
        };
        let (purpose, dialog) = (sent.purpose, sent.dialog);
        let (account, challenged) = (sent.account, sent.challenged);
        if challenged >= CHALLENGES || self.config.accounts[account].password.is_none() {
            return false;
        }
        let Some(mut request) = self.transactions.request(id).cloned() else {
            return false;
        };
        // The same question again, after an answer, means that the answer was wrong, unless it was only stale.
        let answer_header = if proxy {
            HeaderName::ProxyAuthorization
        } else {
            HeaderName::Authorization
        };
        let answered_this = request
            .headers
            .rows_of(&answer_header)
            .filter_map(|row| digest::Credentials::parse(row).ok())
            .any(|used| used.realm == challenge.realm);
        if answered_this && !challenge.stale && challenged > 0 {
            return false;
        }
        let by = match (proxy, &request.method) {
            (true, _) => Asker::Proxy,
            (false, Method::Register) => Asker::Registrar,
            (false, _) => Asker::Server,
        };
        let known = &mut self.challenges[account];
        known.retain(|known| {
            known.from != flow.destination
                || known.by != by
                || known.challenge.realm != challenge.realm
        });
        known.push(KnownChallenge {
            from: flow.destination,
            by,
            challenge,
            uses: 0,
        });
        let Some(cseq) = self.next_number(now, purpose, dialog, &request) else {
            return false;
        };
        request
            .headers
            .set(HeaderName::CSeq, format!("{cseq} {}", request.method));
        self.send_again(now, id, request);
        true
    }

    /// The number of the next try of a request that was challenged or overtaken. `None`: it is not wanted any more.
    pub(crate) fn next_number(
        &mut self,
        now: Time,
        purpose: Purpose,
        dialog: Option<DialogId>,
        request: &Request,
    ) -> Option<u32> {
        match purpose {
            Purpose::Register(account) => Some(self.registrations[account].next_number()),
            Purpose::Cancel => None,
            Purpose::Stray => Some(crate::outbound::cseq_of(request) + 1),
            Purpose::Invite(id) => {
                let (leg, dialog) = self.leg_mut(id)?;
                let crate::invite_usage::InviteState::Calling(calling) = &leg.stage else {
                    return None;
                };
                if calling.cancelled {
                    return None;
                }
                dialog.local_cseq += 1;
                Some(dialog.local_cseq)
            }
            Purpose::Reinvite(_)
            | Purpose::Bye(_)
            | Purpose::Info(_)
            | Purpose::Refer(_)
            | Purpose::Notify(_)
            | Purpose::Subscribe(_) => {
                let dialog = self.dialogs.get_mut(dialog?)?;
                dialog.local_cseq += 1;
                dialog.answered(crate::outbound::cseq_of(request));
                dialog.sent(now, request.method.clone());
                if let Purpose::Refer(id) = purpose
                    && let Some(refer) = self.subscriptions.subscribers.get_mut(&id)
                {
                    // RFC 3515 §2.4.6: the subscription is known by the number of the REFER that was accepted.
                    refer.event.number = dialog.local_cseq;
                }
                Some(dialog.local_cseq)
            }
        }
    }
}
