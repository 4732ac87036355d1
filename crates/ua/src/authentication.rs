//! Digest challenges (RFC 3261 §22): answered once for each nonce, and again where the server says that only the nonce was
//! stale. What a server asked is remembered for its account, so that the next request to it needs no challenge.
use crate::agent::UserAgent;
use crate::answered::LIVES;
use crate::config::Account;
use crate::dialog::Dialog;
use crate::dialogs::DialogId;
use crate::invariant::Invariant;
use crate::outbound::Purpose;
use crate::random::Random;
use crate::transaction::ClientId;
use std::net::SocketAddr;
use trialog_call::Time;
use trialog_sip::digest::{self, Challenge};
use trialog_sip::{HeaderName, Method, Request, Response, Uri};

/// A request that is challenged more often than this is refused: a proxy and a server each, each with a stale nonce.
pub(crate) const CHALLENGES: u8 = 4;

/// A proxy and a registrar each, and as many again for a server that changes its own.
const MOST_REALMS: usize = 4;

/// What the servers of an account have asked for.
pub(crate) struct Challenges {
    known: Vec<KnownChallenge>,
    /// Realms that have asked for a REGISTER.
    realms: Vec<String>,
    /// What is taken for the realm while none has.
    domain: String,
}

/// What a server asked for, and how often its nonce was used.
struct KnownChallenge {
    /// The server. No other is sent an answer to it unasked.
    from: SocketAddr,
    by: Asker,
    challenge: Challenge,
    uses: u32,
}

impl Challenges {
    /// None yet, for an account with this address of record.
    pub(crate) fn new(aor: &Uri) -> Self {
        Self {
            known: Vec::new(),
            realms: Vec::new(),
            domain: aor.host.to_string(),
        }
    }

    /// Whether this is a realm of the registrar's: one that it has asked for, or, if it has not asked, the account's domain.
    pub(crate) fn is_registrars(&self, realm: &str) -> bool {
        if self.realms.is_empty() {
            self.domain.eq_ignore_ascii_case(realm)
        } else {
            self.realms.iter().any(|own| own == realm)
        }
    }

    /// A REGISTER was challenged for this realm.
    fn pin(&mut self, realm: &str) {
        if !self.realms.iter().any(|own| own == realm) && self.realms.len() < MOST_REALMS {
            self.realms.push(realm.to_owned());
        }
    }

    /// Keeps a challenge in the place of an older one of the same realm.
    fn remember(&mut self, from: SocketAddr, by: Asker, challenge: Challenge) {
        self.known.retain(|known| {
            known.from != from || known.by != by || known.challenge.realm != challenge.realm
        });
        self.known.push(KnownChallenge {
            from,
            by,
            challenge,
            uses: 0,
        });
    }

    /// Adds credentials for what this destination has asked before, and removes those for others.
    pub(crate) fn authorise(
        &mut self,
        request: &mut Request,
        account: &Account,
        destination: SocketAddr,
        random: &mut Random,
    ) {
        // RFC 3261 §22.1: no CANCEL and no ACK can be challenged.
        if matches!(request.method, Method::Cancel | Method::Ack) {
            return;
        }
        request.headers.remove(&HeaderName::Authorization);
        request.headers.remove(&HeaderName::ProxyAuthorization);
        let Some(password) = &account.password else {
            return;
        };
        for known in &mut self.known {
            if known.from != destination || !known.by.is_for(&request.method) {
                continue;
            }
            known.uses += 1;
            let credentials = digest::answer(
                &known.challenge,
                account.username(),
                password,
                &request.method,
                &request.uri.to_string(),
                &request.body,
                &random.cnonce(),
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
        let (Some(sent), Some(destination), Some(request)) = (
            self.transactions.purpose(id).asserted(LIVES),
            self.transactions.destination(id).asserted(LIVES),
            self.transactions.request(id).asserted(LIVES),
        ) else {
            return false;
        };
        let peer = &destination.peer;
        let from = peer.address;
        let (purpose, dialog) = (sent.purpose, sent.dialog);
        let (account, challenged) = (sent.account, sent.challenged);
        let own = self.account(account);
        let Some(challenge) = digest::choose(&response.headers, &name, own.md5) else {
            return false;
        };
        if challenged >= CHALLENGES || own.password.is_none() {
            return false;
        }
        let mut request = request.clone();
        let in_dialog = dialog.and_then(|dialog| self.dialogs.get(dialog));
        if in_dialog.is_some_and(Dialog::is_by_stranger)
            || !self.flows[account].is_ours(&challenge, peer, &request.method)
        {
            return false;
        }
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
        // One that says no more than that its nonce is too old knows us still.
        let is_hint = request.method != Method::Register && !challenge.stale;
        let by = match (proxy, &request.method) {
            (true, _) => Asker::Proxy,
            (false, Method::Register) => Asker::Registrar,
            (false, _) => Asker::Server,
        };
        let challenges = &mut self.flows[account].challenges;
        if request.method == Method::Register {
            challenges.pin(&challenge.realm);
        }
        challenges.remember(from, by, challenge);
        let Some(cseq) = self.next_number(now, purpose, dialog, &request) else {
            return false;
        };
        request
            .headers
            .set(HeaderName::CSeq, format!("{cseq} {}", request.method));
        self.send_again(now, id, request);
        if is_hint {
            self.registration_hint(now, account);
        }
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
            Purpose::Register(account) => Some(self.flows[account].registration.next_number()),
            Purpose::Cancel
            | Purpose::Abandoned { .. }
            | Purpose::KeepAlive(_)
            | Purpose::GivenUp => None,
            Purpose::Prack(id) => self.next_prack_number(id, request),
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
            | Purpose::Update(_)
            | Purpose::Offer(_)
            | Purpose::Watch(_)
            | Purpose::Digit(..)
            | Purpose::Refer(_)
            | Purpose::Notify(_)
            | Purpose::Subscribe(_) => {
                let dialog = dialog.asserted("it was sent in a dialog")?;
                let dialog = self.dialogs.present_mut(dialog)?;
                dialog.local_cseq += 1;
                dialog.answered(crate::outbound::cseq_of(request));
                dialog.sent(now, request.method.clone());
                if let Purpose::Refer(id) = purpose
                    && let Some(refer) = self.subscriptions.subscriber_mut(id)
                {
                    // RFC 3515 §2.4.6: the subscription is known by the number of the REFER that was accepted.
                    refer.event.number = dialog.local_cseq;
                }
                Some(dialog.local_cseq)
            }
        }
    }
}
