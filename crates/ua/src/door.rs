//! The door: whether a request outside of our dialogs is let in. What is not, OPTIONS, and all of a stranger's that opens no dialog are
//! answered without a transaction (RFC 3261 §8.2.7): that rings nowhere, takes the place of no other call, and leaves nothing behind.
use crate::Output;
use crate::agent::UserAgent;
use crate::config::Strangers;
use crate::dialog::tag_of;
use crate::invite_usage::InviteUsage;
use crate::replaces::Replacement;
use crate::trust::{Accept, Origin};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::Duration;
use trialog_call::{Grade, Time};
use trialog_sip::{HeaderName, Method, Request, Response, Uri, Via};

/// Turned away callers are told of once in so long, whatever their number.
const NOTICE_EVERY: Duration = Duration::from_secs(60);

/// What is kept of those who were not let in.
pub(crate) struct Door {
    /// Of the tags in answers without a transaction.
    secret: String,
    /// Calls that were turned away since the last notice.
    turned_away: u32,
    /// When the next notice may be.
    next_notice: Time,
}

impl Door {
    pub(crate) fn new(secret: String) -> Self {
        Self {
            secret,
            turned_away: 0,
            next_notice: Time::ZERO,
        }
    }

    /// The tag of an answer without a transaction: the same each time (RFC 3261 §8.2.7).
    pub(crate) fn tag(&self, response: &Response) -> String {
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            response.headers.get(&name).hash(&mut hasher);
        }
        let via = response.headers.via().and_then(Result::ok);
        via.as_ref().and_then(Via::branch).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// A final answer that needs no more than the request.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16) -> Self {
        let headers = Vec::new();
        Self { status, headers }
    }

    /// For a SUBSCRIBE outside of a dialog: we offer no package there (RFC 6665 §8.3.2).
    pub(crate) fn unknown_event(known: &str) -> Self {
        Self::new(489).with(HeaderName::AllowEvents, known)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl UserAgent {
    /// Whether a request comes in; else the answer to it, which needs no transaction.
    pub(crate) fn admit(
        &mut self,
        now: Time,
        request: &Request,
        via: &Via,
        origin: &Origin,
    ) -> Result<(), Box<Response>> {
        let is_ours = || {
            self.transactions.knows(request, via)
                || self.transactions.cancelled_by(request, via).is_some()
                || self.dialog_of(request).is_some()
        };
        if request.method == Method::Ack || is_ours() {
            return Ok(());
        }
        let is_stranger = origin.grade == Grade::Stranger;
        let is_call = request.method == Method::Invite && !has_to_tag(request);
        if is_call && !(is_stranger && self.fault_of(request).is_some()) {
            return match self.admit_call(request, origin) {
                Ok(()) => Ok(()),
                Err(refusal) => {
                    self.turned_away(now, origin.source.peer.address.ip());
                    Err(self.refusal(request, refusal))
                }
            };
        }
        let opens_nothing = is_stranger || request.method == Method::Options;
        if !opens_nothing || self.names_dialog_of_ours(request) {
            return Ok(());
        }
        let fault = match request.method {
            Method::Cancel => Some(Refusal::new(481)),
            _ => self.fault_of(request),
        };
        if let Some(fault) = fault {
            return Err(self.refusal(request, fault));
        }
        let refusal = match request.method {
            Method::Options => {
                let mut response = self.without_state(request, 200);
                self.state_options(&mut response.headers);
                return Err(Box::new(response));
            }
            Method::Refer | Method::Message if !has_to_tag(request) => Refusal::new(403),
            Method::Subscribe if !has_to_tag(request) => {
                Refusal::unknown_event(self.settings.allow_events())
            }
            _ => Refusal::new(481),
        };
        Err(self.refusal(request, refusal))
    }

    /// An INVITE outside of our dialogs. One that names a dialog of ours by both tags (RFC 3891) is of somebody in the know.
    fn admit_call(&self, request: &Request, origin: &Origin) -> Result<(), Refusal> {
        if matches!(self.replacement(request), Replacement::Of(_)) {
            return Ok(());
        }
        let is_welcome = match self.settings.accept {
            Accept::Registrar => origin.by_server,
            Accept::Trusted => origin.grade.is_trusted(),
            Accept::Anyone => true,
        };
        if !is_welcome {
            return Err(Refusal::new(403));
        }
        // An account's server, or a listed address, knows whom it wants here: a trunk has the dialled number in the URI.
        if origin.grade == Grade::Stranger && !self.is_called(&request.uri) {
            return Err(Refusal::new(404));
        }
        if origin
            .stranger()
            .is_some_and(|sender| self.has_its_share(sender))
        {
            return Err(Refusal::new(486));
        }
        Ok(())
    }

    /// Whether strangers, or this one, have all the calls that they may have.
    fn has_its_share(&self, sender: IpAddr) -> bool {
        let Strangers { all, each } = self.settings.strangers;
        let calls = || self.calls.iter().filter_map(InviteUsage::stranger);
        let of = |sender: IpAddr| calls().filter(|own| *own == sender).count();
        all != usize::MAX && (calls().count() >= all || of(sender) >= each)
    }

    /// Whether a Request-URI is that of one of our accounts, or has no user part.
    fn is_called(&self, uri: &Uri) -> bool {
        let own = |own: &Uri| own.user_unescaped() == uri.user_unescaped();
        self.settings.any_user
            || uri.user.is_none()
            || self.flows.iter().any(|flow| own(&flow.account.aor))
    }

    fn names_dialog_of_ours(&self, request: &Request) -> bool {
        request.method == Method::Refer && matches!(self.target_dialog(request), Ok(Some(_)))
    }

    fn turned_away(&mut self, now: Time, from: IpAddr) {
        let door = &mut self.door;
        door.turned_away = door.turned_away.saturating_add(1);
        if now >= door.next_notice {
            door.next_notice = now + NOTICE_EVERY;
            let count = std::mem::take(&mut door.turned_away);
            let from = from.to_canonical();
            self.out.push_back(Output::TurnedAway { from, count });
        }
    }

    fn refusal(&self, request: &Request, refusal: Refusal) -> Box<Response> {
        let mut response = self.without_state(request, refusal.status);
        for (name, value) in refusal.headers {
            response.headers.push(name, value);
        }
        Box::new(response)
    }

    fn without_state(&self, request: &Request, status: u16) -> Response {
        let mut response = Response::answering(request, status);
        let product = self.settings.product.as_str();
        response.headers.push(HeaderName::Server, product);
        response
    }
}

fn has_to_tag(request: &Request) -> bool {
    tag_of(&request.headers, &HeaderName::To).is_some()
}
