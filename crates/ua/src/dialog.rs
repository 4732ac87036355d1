//! A dialog (RFC 3261 §12): its two ends, the way between them, the numbers of their requests, and what it is used for. A dialog
//! builds the head of each request in it, and judges the number of each that comes. It sends nothing.
use crate::outbound::Purpose;
use crate::subscription::SubscriptionId;
use crate::watch::WatchId;
use std::collections::VecDeque;
use std::time::Duration;
use trialog_call::{Grade, LegId, Time};
use trialog_sip::{CSeq, HeaderName, Headers, Method, NameAddr, Request, Response, Scheme, Uri};

/// One dialog, or what will become one when the far side answers.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    /// The far side is not to know who we are (RFC 3325 §9.3).
    pub(crate) private: bool,
    /// Ours, without tag.
    pub(crate) local: NameAddr,
    pub(crate) local_tag: String,
    /// Theirs, without tag.
    pub(crate) remote: NameAddr,
    /// `None` until the far side has answered.
    pub(crate) remote_tag: Option<String>,
    /// Where the far side wants its requests: its last Contact.
    pub(crate) remote_target: Uri,
    /// The way there, nearest first.
    pub(crate) route_set: Vec<NameAddr>,
    /// Number of our last request.
    pub(crate) local_cseq: u32,
    /// Number of their last request.
    pub(crate) remote_cseq: Option<u32>,
    /// We sent the first request, so the Call-ID is ours.
    pub(crate) owns_call_id: bool,
    /// Index of its account in the configuration.
    pub(crate) account: usize,
    /// How far the peer was believed that opened it; `None`: we did.
    pub(crate) opened_by: Option<Grade>,
    /// The usage that its INVITE made, until its BYE: the leg that it is. A dialog has usages (RFC 5057 §3) and is over when the
    /// last of them is.
    pub(crate) call: Option<LegId>,
    /// Its other usages: subscriptions of both sides.
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// The usage that a watch of ours is, in a dialog of its own.
    pub(crate) watch: Option<WatchId>,
    /// Requests of ours that wait for their turn.
    pub(crate) queue: VecDeque<Queued>,
    /// Requests of ours that have had no answer at all yet, oldest first.
    pub(crate) unanswered: Vec<Unanswered>,
    /// Requests of ours that have no final answer yet.
    pub(crate) open: u16,
    /// REFERs that we sent in it so far.
    pub(crate) refers_sent: u32,
    /// REFERs that came in it so far.
    pub(crate) refers_taken: u32,
}

/// A request that waits for its turn. It gets its number when it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) method: Method,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) purpose: Purpose,
}

/// A request of ours whose arrival is not known.
#[derive(Clone, Debug)]
pub(crate) struct Unanswered {
    number: u32,
    method: Method,
    /// Until then later requests wait for its answer.
    until: Time,
    /// A later request was sent meanwhile. Where that arrives first, this one gets 500 (RFC 3261 §12.2.2).
    overtaken: bool,
}

/// When a request may be sent in a dialog.
pub(crate) enum Turn {
    Now,
    At(Time),
    /// When what is ahead of it has been answered.
    AfterAnswer,
}

/// How long a request waits for the answer to the one ahead of it: a lost datagram has been sent again by then.
pub(crate) const PATIENCE: Duration = Duration::from_millis(750);

/// A request of the one method must not pass one of the other: their order means something. Nothing passes an INVITE: a
/// session must not be lost to order.
fn keeps_order(ahead: &Method, next: &Method) -> bool {
    *ahead == Method::Invite
        || ahead == next
        || (*ahead == Method::Refer && *next == Method::Subscribe)
}

impl Dialog {
    /// A stranger has opened it: no challenge in it is answered.
    pub(crate) fn is_by_stranger(&self) -> bool {
        self.opened_by == Some(Grade::Stranger)
    }

    /// Of the addresses in it: sips where the far side's is, since it asks for TLS on each hop (RFC 3261 §12.1.1).
    pub(crate) fn scheme(&self) -> &Scheme {
        &self.remote_target.scheme
    }

    /// How far a request in it is believed whose sender alone would be believed so far: what was vouched for at its beginning
    /// holds for what comes by the same server, and for no stranger that knows its tags.
    pub(crate) fn grade(&self, sender: Grade) -> Grade {
        let opened_by = self.opened_by.filter(|_| sender.is_trusted());
        opened_by.unwrap_or_default().max(sender)
    }

    /// When a request of this method may be sent.
    pub(crate) fn turn_of(&self, now: Time, next: &Method) -> Turn {
        if self
            .unanswered
            .iter()
            .any(|one| keeps_order(&one.method, next))
        {
            return Turn::AfterAnswer;
        }
        match self.unanswered.iter().map(|one| one.until).max() {
            Some(until) if until > now => Turn::At(until),
            _ => Turn::Now,
        }
    }

    /// The last request is sent.
    pub(crate) fn sent(&mut self, now: Time, method: Method) {
        for ahead in &mut self.unanswered {
            ahead.overtaken = true;
        }
        self.unanswered.push(Unanswered {
            number: self.local_cseq,
            method,
            until: now + PATIENCE,
            overtaken: false,
        });
    }

    /// The request of this number was answered. Whether a later one was sent before.
    pub(crate) fn answered(&mut self, number: u32) -> bool {
        let index = self.unanswered.iter().position(|one| one.number == number);
        index.is_some_and(|index| self.unanswered.remove(index).overtaken)
    }

    /// The dialog that a request opens which we answer with this tag (RFC 3261 §12.1.1).
    ///
    /// # Errors
    /// What its Contact lacks that a dialog needs, for people.
    pub(crate) fn opened_by(
        request: &Request,
        local_tag: String,
        account: usize,
    ) -> Result<Self, &'static str> {
        let target = target_in(&request.headers)?;
        Self::opened_to(target, request, local_tag, account).ok_or("it opens no dialog")
    }

    /// `None`: [`Request::check`] was not asked.
    fn opened_to(
        target: Uri,
        request: &Request,
        local_tag: String,
        account: usize,
    ) -> Option<Self> {
        let headers = &request.headers;
        let mut remote: NameAddr = headers.typed(&HeaderName::From)?.ok()?;
        let mut local: NameAddr = headers.typed(&HeaderName::To)?.ok()?;
        let cseq: CSeq = headers.typed(&HeaderName::CSeq)?.ok()?;
        let remote_tag = remote.tag().map(str::to_owned);
        remote.params.remove("tag");
        local.params.remove("tag");
        Some(Self {
            // RFC 2543 knew requests without a tag: it counts as empty.
            remote_tag: Some(remote_tag.unwrap_or_default()),
            route_set: routes(headers, false),
            remote_cseq: Some(cseq.number),
            owns_call_id: false,
            ..Self::invited(
                headers.get(&HeaderName::CallId)?.to_owned(),
                local,
                local_tag,
                remote,
                target,
                account,
            )
        })
    }

    /// What an INVITE of ours to this target makes a dialog of when it is answered.
    pub(crate) fn invited(
        call_id: String,
        local: NameAddr,
        local_tag: String,
        remote: NameAddr,
        remote_target: Uri,
        account: usize,
    ) -> Self {
        Self {
            call_id,
            private: false,
            local,
            local_tag,
            remote,
            remote_tag: None,
            remote_target,
            route_set: Vec::new(),
            local_cseq: 0,
            remote_cseq: None,
            owns_call_id: true,
            account,
            opened_by: None,
            call: None,
            subscriptions: Vec::new(),
            watch: None,
            queue: VecDeque::new(),
            unanswered: Vec::new(),
            open: 0,
            refers_sent: 0,
            refers_taken: 0,
        }
    }

    /// Becomes the dialog that this response to our request makes of it (RFC 3261 §12.1.2). The 2xx of a fork that was an
    /// early dialog states the route set anew (§13.2.2.4).
    pub(crate) fn answer(&mut self, response: &Response) {
        let tag = tag_of(&response.headers, &HeaderName::To).unwrap_or_default();
        self.remote_tag = Some(tag.to_owned());
        self.route_set = routes(&response.headers, true);
        self.refresh_target(&response.headers);
    }

    /// RFC 3261 §12.2: the target follows the far side's Contact in target refresh requests and their 2xx. Without one that
    /// can be sent to it stays, so that a BYE finds its way.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Ok(target) = target_in(headers) {
            self.remote_target = target;
        }
    }

    /// The way to who has opened it by a request.
    pub(crate) fn follow_route(&mut self, headers: &Headers) {
        self.route_set = routes(headers, false);
    }

    /// The next request in this dialog.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        let mut request = self.numbered(method, self.local_cseq);
        if self.private {
            request.headers.push(HeaderName::Privacy, "id");
        }
        request
    }

    /// A request with this number: the ACK of a 2xx has its INVITE's.
    pub(crate) fn numbered(&self, method: Method, number: u32) -> Request {
        let strict = self
            .route_set
            .first()
            .filter(|first| !first.uri.params.has("lr"));
        // RFC 3261 §12.2.1.1: a strict router wants itself in the Request-URI, and the target last in the Route.
        let (uri, routes, last) = match strict {
            Some(first) => (first.uri.clone(), &self.route_set[1..], true),
            None => (self.remote_target.clone(), &self.route_set[..], false),
        };
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        for route in routes {
            headers.push(HeaderName::Route, route.to_string());
        }
        if last {
            headers.push(HeaderName::Route, format!("<{}>", self.remote_target));
        }
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, tagged(&self.local, Some(&self.local_tag)));
        headers.push(
            HeaderName::To,
            tagged(&self.remote, self.remote_tag.as_deref()),
        );
        headers.push(HeaderName::CallId, self.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{number} {method}"));
        request
    }

    /// No usage is left, nor a request of ours without its final answer.
    pub(crate) fn is_over(&self) -> bool {
        self.call.is_none()
            && self.watch.is_none()
            && self.subscriptions.is_empty()
            && self.open == 0
            && self.queue.is_empty()
    }

    /// A request for this still waits for its turn.
    pub(crate) fn is_queued(&self, purpose: Purpose) -> bool {
        self.queue.iter().any(|queued| queued.purpose == purpose)
    }

    /// Requests for this that wait are not sent any more.
    pub(crate) fn unqueue(&mut self, purpose: Purpose) {
        self.queue.retain(|queued| queued.purpose != purpose);
    }

    /// Where its requests are sent: the first route, or the target itself.
    pub(crate) fn next_hop(&self) -> &Uri {
        self.route_set
            .first()
            .map_or(&self.remote_target, |first| &first.uri)
    }

    /// Whether a request is of this dialog: the same Call-ID and both tags (RFC 3261 §12.2.2).
    pub(crate) fn has(&self, request: &Request) -> bool {
        let tag = |name| tag_of(&request.headers, &name).unwrap_or_default();
        self.local_tag == tag(HeaderName::To)
            && self.remote_tag.as_deref() == Some(tag(HeaderName::From))
            && request.headers.get(&HeaderName::CallId) == Some(self.call_id.as_str())
    }

    /// RFC 3261 §12.2.2: a request whose number is below the last is out of order.
    pub(crate) fn takes(&mut self, number: u32) -> bool {
        if self.remote_cseq.is_some_and(|last| number < last) {
            return false;
        }
        self.remote_cseq = Some(number);
        true
    }
}

fn routes(headers: &Headers, reversed: bool) -> Vec<NameAddr> {
    let mut routes: Vec<NameAddr> = headers
        .all_typed::<NameAddr>(&HeaderName::RecordRoute)
        .filter_map(Result::ok)
        .collect();
    if reversed {
        routes.reverse();
    }
    routes
}

/// The tag of From or To.
pub(crate) fn tag_of<'h>(headers: &'h Headers, name: &HeaderName) -> Option<&'h str> {
    NameAddr::tag_in(headers.get(name)?)
}

/// A From or To value.
pub(crate) fn tagged(address: &NameAddr, tag: Option<&str>) -> String {
    match tag {
        Some(tag) if !tag.is_empty() => format!("{address};tag={tag}"),
        _ => address.to_string(),
    }
}

/// Where a message's sender wants the requests of a dialog (RFC 3261 §8.1.1.8: exactly one): the first Contact that we can send
/// to. `tel` and `mailto` name no host.
///
/// # Errors
/// Why there is none, for people.
fn target_in(headers: &Headers) -> Result<Uri, &'static str> {
    let contacts = headers.all_typed::<NameAddr>(&HeaderName::Contact);
    let mut why = "it is missing, and without it no request in the dialog can reach you";
    for contact in contacts {
        match contact {
            Ok(contact) if matches!(contact.uri.scheme, Scheme::Sip | Scheme::Sips) => {
                return Ok(contact.uri);
            }
            Ok(_) => why = "none of its addresses is a SIP URI",
            Err(error) => why = error.why,
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Request {
        let text = b"INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\
            Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n\
            Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n\
            From: Alice <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>\r\n\
            Call-ID: c1\r\nCSeq: 7 INVITE\r\nContact: <sip:alice@10.0.0.1:5070>\r\n\r\n";
        match trialog_sip::Message::parse_datagram(text, &trialog_sip::Limits::default()) {
            Ok(trialog_sip::Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_called_side_keeps_the_route_in_order_and_answers_to_the_contact() {
        let mut dialog = Dialog::opened_by(&invite(), "b".to_owned(), 0).expect("a dialog");
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:alice@10.0.0.1:5070");
        let route: Vec<&str> = bye.headers.all(&HeaderName::Route).collect();
        assert_eq!(route, ["<sip:p1;lr>", "<sip:p2;lr>"]);
        assert_eq!(
            bye.headers.get(&HeaderName::To),
            Some("Alice <sip:alice@a.example>;tag=a")
        );
        assert_eq!(
            bye.headers.get(&HeaderName::From),
            Some("<sip:bob@b.example>;tag=b")
        );
        assert_eq!(bye.headers.get(&HeaderName::CSeq), Some("1 BYE"));
    }

    #[test]
    fn a_strict_router_gets_the_request_uri_and_the_target_goes_last() {
        let mut dialog = Dialog::opened_by(&invite(), "b".to_owned(), 0).expect("a dialog");
        dialog.route_set = vec![
            NameAddr::parse("<sip:strict.example>").expect("route"),
            NameAddr::parse("<sip:p2;lr>").expect("route"),
        ];
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:strict.example");
        let route: Vec<&str> = bye.headers.all(&HeaderName::Route).collect();
        assert_eq!(route, ["<sip:p2;lr>", "<sip:alice@10.0.0.1:5070>"]);
    }

    #[test]
    fn an_older_number_is_out_of_order() {
        let mut dialog = Dialog::opened_by(&invite(), "b".to_owned(), 0).expect("a dialog");
        assert!(dialog.takes(9));
        assert!(!dialog.takes(8));
        assert!(dialog.takes(10));
    }

    #[test]
    fn a_request_of_another_dialog_is_not_of_this_one() {
        let dialog = Dialog::opened_by(&invite(), "b".to_owned(), 0).expect("a dialog");
        let mut own = invite();
        assert!(!dialog.has(&own), "it has no tag of ours");
        own.headers.set(HeaderName::To, "<sip:bob@b.example>;tag=b");
        assert!(dialog.has(&own));
        for (name, value) in [
            (HeaderName::From, "<sip:alice@a.example>;tag=z"),
            (HeaderName::To, "<sip:bob@b.example>;tag=z"),
            (HeaderName::CallId, "c2"),
        ] {
            let mut other = own.clone();
            other.headers.set(name, value);
            assert!(!dialog.has(&other), "{value}");
        }
    }
}
