//! The way in of a request: what RFC 3261 §8.2 has to be checked, in its order, and then to the dialog it belongs to or to
//! the part that opens one. Refusals that need no decision are made here.
use crate::agent::UserAgent;
use crate::capabilities::ACCEPT;
use crate::dialog::tag_of;
use crate::dialogs::DialogId;
use crate::door::Refusal;
use crate::invariant::Invariant;
use crate::invite_usage::InviteState;
use crate::outbound::cseq_of;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use crate::transaction::{Destination, Sender, ServerId, Taken};
use crate::trust::Origin;
use crate::{Peer, Source, Transport};
use std::net::SocketAddr;
use trialog_call::{LegId, Time};
use trialog_sdp::{DescriptionError, NegotiationError};
use trialog_sip::{
    ErrorKind, HeaderName, Headers, Method, ParseError, Request, Response, Scheme, Via,
};

/// Who warns, and the code for what has none of its own (RFC 3261 §20.43).
const WARN_AGENT: &str = "trialog";
pub(crate) const MISCELLANEOUS: u16 = 399;

impl UserAgent {
    /// A request off the network.
    pub(crate) fn receive_request(&mut self, now: Time, source: Source, mut request: Request) {
        if let Err(fault) = request.check() {
            if let Some(response) = fault.refusal(&request) {
                self.answer_statelessly(source, response);
            }
            return;
        }
        let via = request.headers.via().and_then(Result::ok);
        let Some(mut via) = via.asserted("the check above has read it") else {
            return;
        };
        // RFC 3261 §18.2.1 and RFC 3581 §4: note where it really came from.
        if set_received(&mut via, source.peer.address) {
            request.headers.set_first(HeaderName::Via, via.to_string());
        }
        let origin = self.origin(source, &request.headers);
        if let Err(response) = self.admit(now, &request, &via, &origin) {
            return self.answer_statelessly(origin.source, *response);
        }
        let destination = response_destination(&via, &origin.source);
        // In a flood the far sides of our dialogs are heard on, and a caller may give up.
        let is_ours = self.dialog_of(&request).is_some()
            || self.transactions.cancelled_by(&request, &via).is_some();
        let sender = match origin.stranger() {
            _ if is_ours => Sender::OfOurs,
            Some(address) => Sender::Stranger(address),
            None => Sender::Known,
        };
        let taken = self.transactions.receive_request(
            now,
            &request,
            &via,
            destination,
            sender,
            &mut self.out,
        );
        match taken {
            Taken::Absorbed => {}
            Taken::Ack => {
                if let Some(dialog) = self.dialog_of(&request) {
                    self.acknowledged(now, dialog, &request);
                }
            }
            Taken::Merged(server) => self.refuse(now, server, 482),
            // RFC 3261 §8.2.7: without a state.
            Taken::NoRoom => {
                let mut response = Response::answering(&request, 503);
                // Room for new requests is likely after timers J and L.
                let wait = TRANSACTION_TIMEOUT.as_secs().to_string();
                response.headers.push(HeaderName::RetryAfter, wait);
                self.answer_statelessly(origin.source, response);
            }
            Taken::New(server) if request.method == Method::Cancel => {
                self.take_cancel(now, server, &request, &via);
            }
            Taken::New(server) => self.inspect(now, server, &request, &origin),
        }
    }

    /// RFC 3261 §9.2.
    fn take_cancel(&mut self, now: Time, server: ServerId, request: &Request, via: &Via) {
        match self.transactions.cancelled_by(request, via) {
            Some(invite) => {
                // The tag is that of the answers to the INVITE, so that the caller sees but one dialog.
                let offered = self
                    .calls
                    .offered_by(invite)
                    .map(|leg| (leg.id, leg.dialog));
                if let Some((leg, _)) = offered {
                    self.tell_reason(leg, &request.headers);
                }
                let dialog = offered.map(|(_, dialog)| dialog);
                self.respond_plainly(now, dialog, server, 200);
                self.cancelled(now, invite, crate::reason::of_cancel(&request.headers));
            }
            None => self.refuse(now, server, 481),
        }
    }

    fn takes(&self, method: &Method) -> bool {
        self.settings
            .allow()
            .split(", ")
            .any(|own| own == method.as_str())
    }

    /// What this phone can do with no request, whoever sends it, and whatever it is for (RFC 3261 §8.2.1 to §8.2.2).
    pub(crate) fn fault_of(&self, request: &Request) -> Option<Refusal> {
        if matches!(request.method, Method::Other(_)) {
            // RFC 3261 §21.5.2: nobody here can ever do this, while 405 speaks of what this phone does not.
            return Some(Refusal::new(501).with(HeaderName::Allow, self.settings.allow()));
        }
        if !self.takes(&request.method) {
            return Some(Refusal::new(405).with(HeaderName::Allow, self.settings.allow()));
        }
        if !matches!(request.uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            return Some(Refusal::new(416));
        }
        let supported = self.settings.supported();
        let is_unknown = |option: &&str| {
            let mut supported = supported.split(", ");
            !supported.any(|own| own.eq_ignore_ascii_case(option))
        };
        let required = request.headers.all(&HeaderName::Require);
        let unknown: Vec<&str> = required.filter(is_unknown).collect();
        (!unknown.is_empty())
            .then(|| Refusal::new(420).with(HeaderName::Unsupported, unknown.join(", ")))
    }

    fn inspect(&mut self, now: Time, server: ServerId, request: &Request, origin: &Origin) {
        if let Some(fault) = self.fault_of(request) {
            let headers = fault.headers.iter();
            let headers: Vec<_> = headers
                .map(|(name, value)| (name.clone(), value.as_str()))
                .collect();
            return self.refuse_with(now, server, fault.status, &headers);
        }
        if tag_of(&request.headers, &HeaderName::To).is_some() {
            match self.dialog_of(request) {
                Some(dialog) => self.take_in_dialog(now, dialog, server, request, origin),
                None => self.refuse(now, server, 481),
            }
            return;
        }
        match request.method {
            Method::Invite => self.invited(now, server, request, origin),
            Method::Refer => self.referred_outside(now, server, request, origin),
            Method::Subscribe => self.subscribed_outside(now, server, request, origin),
            Method::Notify => self.notified_outside(now, server, request),
            Method::Message => self.texted(now, None, server, request, origin),
            _ => self.refuse(now, server, 481),
        }
    }

    /// The dialog in which a request came; for one in the early dialog of a fork, what all forks of that INVITE come from.
    pub(crate) fn dialog_of(&self, request: &Request) -> Option<DialogId> {
        let tag = tag_of(&request.headers, &HeaderName::To)?;
        let (id, dialog) = self.dialogs.tagged(tag)?;
        let early = || {
            let leg = self.calls.get(dialog.call?)?;
            leg.early_dialog_of(request)
        };
        (dialog.has(request) || dialog.is_opened_by(request) || early().is_some()).then_some(id)
    }

    fn take_in_dialog(
        &mut self,
        now: Time,
        id: DialogId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let Some(dialog) = self.dialogs.present_mut(id) else {
            return self.refuse(now, server, 481);
        };
        let leg = dialog.call.and_then(|leg| self.calls.get_mut(leg));
        let call = dialog.call;
        let dialog = leg
            .and_then(|leg| leg.early_dialog_mut(request))
            .unwrap_or(dialog);
        if !dialog.takes(cseq_of(request)) {
            // RFC 3261 §12.2.2.
            return self.refuse(now, server, 500);
        }
        if let Some(leg) = call.filter(|_| request.method != Method::Bye) {
            self.far_side_heard(leg);
        }
        match (&request.method, call) {
            (Method::Options, _) => self.answer_options(now, server),
            (Method::Notify, _) => self.notified(now, id, server, request, origin),
            (Method::Subscribe, _) => self.subscribed(now, id, server, request),
            (Method::Message, _) => self.texted(now, Some(id), server, request, origin),
            (Method::Bye, None) => self.respond_plainly(now, Some(id), server, 200),
            (_, None) => self.refuse(now, server, 481),
            (_, Some(leg)) => self.take_in_call(now, leg, server, request, origin),
        }
    }

    /// A request of a dialog's call (RFC 5057 §5.2: the methods of the invite usage).
    fn take_in_call(
        &mut self,
        now: Time,
        id: LegId,
        server: ServerId,
        request: &Request,
        origin: &Origin,
    ) {
        let closing = self
            .calls
            .get(id)
            .is_none_or(|leg| matches!(leg.stage, InviteState::Closing));
        match request.method {
            Method::Bye => self.hung_up(now, id, server, request),
            _ if closing => self.refuse(now, server, 481),
            Method::Invite => self.reinvited(now, id, server, request, origin),
            Method::Update => self.updated(now, id, server, request, origin),
            Method::Info => self.informed(now, id, server, request),
            Method::Refer => self.referred(now, id, server, request, origin),
            Method::Prack => self.acknowledged_provisional(now, id, server, request),
            _ => {
                let allow = self.settings.allow().to_owned();
                self.refuse_with(now, server, 405, &[(HeaderName::Allow, &allow)]);
            }
        }
    }

    /// RFC 3261 §11.2: what we can do, in a dialog.
    fn answer_options(&mut self, now: Time, server: ServerId) {
        let tag = self.random.tag();
        let Some(mut response) = self.transactions.response(server, 200, Some(&tag)) else {
            return;
        };
        self.state_options(&mut response.headers);
        self.finish(now, server, response);
    }

    /// What we can do, for an answer to OPTIONS.
    pub(crate) fn state_options(&self, headers: &mut Headers) {
        self.settings.state_capabilities(headers);
        headers.push(HeaderName::Accept, ACCEPT);
        headers.push(HeaderName::AllowEvents, self.settings.allow_events());
    }

    /// A response with nothing but its status, in a dialog or in none.
    pub(crate) fn respond_plainly(
        &mut self,
        now: Time,
        dialog: Option<DialogId>,
        server: ServerId,
        status: u16,
    ) {
        let tag = dialog
            .and_then(|dialog| self.dialogs.get(dialog))
            .map(|dialog| dialog.local_tag.clone());
        let tag = tag.unwrap_or_else(|| self.random.tag());
        if let Some(response) = self.transactions.response(server, status, Some(&tag)) {
            self.finish(now, server, response);
        }
    }

    /// A final refusal.
    pub(crate) fn refuse(&mut self, now: Time, server: ServerId, status: u16) {
        self.refuse_with(now, server, status, &[]);
    }

    /// A final refusal with these headers.
    pub(crate) fn refuse_with(
        &mut self,
        now: Time,
        server: ServerId,
        status: u16,
        headers: &[(HeaderName, &str)],
    ) {
        let tag = self.random.tag();
        if let Some(mut response) = self.transactions.response(server, status, Some(&tag)) {
            for (name, value) in headers {
                response.headers.push(name.clone(), *value);
            }
            self.finish(now, server, response);
        }
    }

    /// A final refusal that says why, for people (RFC 3261 §20.43).
    pub(crate) fn refuse_because(
        &mut self,
        now: Time,
        server: ServerId,
        status: u16,
        code: u16,
        why: impl std::fmt::Display,
    ) {
        let warning = format!("{code} {WARN_AGENT} \"{why}\"");
        self.refuse_with(now, server, status, &[(HeaderName::Warning, &warning)]);
    }

    /// 400 for a Contact that no dialog can be opened with.
    pub(crate) fn refuse_contact(&mut self, now: Time, server: ServerId, why: &str) {
        let why = format_args!("Contact: {why}");
        self.refuse_because(now, server, 400, MISCELLANEOUS, why);
    }

    /// 400 for a description that can't be read.
    pub(crate) fn refuse_bad_description(
        &mut self,
        now: Time,
        server: ServerId,
        error: &DescriptionError,
    ) {
        self.refuse_because(now, server, 400, MISCELLANEOUS, error);
    }

    /// 488 for an offer that can't be answered (RFC 3261 §20.43's codes).
    pub(crate) fn refuse_offer(&mut self, now: Time, server: ServerId, error: NegotiationError) {
        let code = match error {
            NegotiationError::NoAudio => 304,
            // RFC 3261 §20.43: 305 is for what differs in any parameter of the format.
            NegotiationError::NoCommonCodec | NegotiationError::NoCommonSuite => 305,
            // 302: the transport protocols of the media are not there.
            NegotiationError::Protected | NegotiationError::NotProtected => 302,
            NegotiationError::NoAddress => 301,
            NegotiationError::Rejected | NegotiationError::Mismatch | NegotiationError::NoOffer => {
                MISCELLANEOUS
            }
        };
        self.refuse_because(now, server, 488, code, error);
    }

    /// 415 (RFC 3261 §8.2.3).
    pub(crate) fn refuse_content(&mut self, now: Time, server: ServerId) {
        self.refuse_with(now, server, 415, &[(HeaderName::Accept, ACCEPT)]);
    }

    fn finish(&mut self, now: Time, server: ServerId, mut response: Response) {
        response
            .headers
            .push(HeaderName::Server, self.settings.product.as_str());
        self.transactions
            .respond(now, server, &response, &mut self.out);
    }

    /// A message that could not be read: the sender of a request is told, where he can be found.
    pub(crate) fn refuse_malformed(&mut self, source: Source, error: &ParseError) {
        if error.kind != ErrorKind::KeepAlive
            && let Some(response) = error.refusal()
        {
            self.answer_statelessly(source, response.clone());
        }
    }

    fn answer_statelessly(&mut self, source: Source, mut response: Response) {
        let tag = self.door.tag(&response);
        response.headers.set_to_tag(&tag);
        let destination = match response.headers.via() {
            Some(Ok(mut via)) => {
                set_received(&mut via, source.peer.address);
                let destination = response_destination(&via, &source);
                response.headers.set_first(HeaderName::Via, via.to_string());
                destination
            }
            // Its Via can't be read: back to where it came from.
            _ => Destination {
                peer: source.peer,
                connection: source.connection,
            },
        };
        self.out.push_back(destination.carry(response.to_bytes()));
    }
}

/// Whether it says more now than it did.
fn set_received(via: &mut Via, remote: SocketAddr) -> bool {
    let asked = via.rport().is_some();
    if asked {
        via.params.set("rport", Some(&remote.port().to_string()));
    }
    let elsewhere = asked || via.host.ip() != Some(remote.ip());
    if elsewhere {
        via.params
            .set("received", Some(&remote.ip().to_canonical().to_string()));
    }
    elsewhere
}

/// RFC 3261 §18.2.2 and RFC 3581 §4.
fn response_destination(via: &Via, source: &Source) -> Destination {
    let port = match via.rport() {
        Some(Some(port)) if source.peer.transport == Transport::Udp => port,
        _ => via.port_or_default(),
    };
    Destination {
        peer: Peer {
            address: SocketAddr::new(source.peer.address.ip(), port),
            ..source.peer.clone()
        },
        connection: source.connection,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Input, Net, Output, Peer, Source, Transport, UserAgent};
    use trialog_call::{Action, LegId, Time, WireEvent};

    /// Gives it a request and returns the status lines of what it says.
    fn ask(agent: &mut UserAgent, method: &str, number: u32, to: &str) -> Vec<String> {
        let message = format!(
            "{method} sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK{method}{number}\r\n\
             From: <sip:b@10.0.0.2>;tag=f\r\nTo: <sip:a@10.0.0.1>{to}\r\nCall-ID: c{number}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:b@10.0.0.2>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let source = Source {
            peer: Peer::at(Transport::Udp, "10.0.0.2:5060".parse().expect("address")),
            local: "10.0.0.1:5060".parse().expect("address"),
            connection: None,
        };
        let message = message.as_bytes();
        agent.handle_input(Time::ZERO, Input::Received { source, message });
        let mut said = Vec::new();
        while let Some(output) = agent.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    let text = String::from_utf8(transmit.bytes).expect("text");
                    said.extend(text.lines().next().map(str::to_owned));
                }
                Output::Event {
                    leg,
                    event: WireEvent::Incoming(_),
                } => {
                    let action = Action::Ring(leg);
                    agent.handle_input(
                        Time::ZERO,
                        Input::Action {
                            action,
                            rtp_port: None,
                        },
                    );
                }
                _ => {}
            }
        }
        said
    }

    #[test]
    fn a_flood_is_refused_without_state_while_a_call_goes_on() {
        let address = "10.0.0.1:5060".parse().expect("address");
        let mut config = Config::direct(address);
        config.trusted = vec![Net::address([10, 0, 0, 2].into())];
        let mut agent = UserAgent::new(config, [1; 32]);
        agent.transactions.limit(3);
        assert_eq!(ask(&mut agent, "INVITE", 0, ""), ["SIP/2.0 180 Ringing"]);
        for number in 1..3 {
            let refused = ["SIP/2.0 405 Method Not Allowed"];
            assert_eq!(ask(&mut agent, "PUBLISH", number, ""), refused);
        }
        let before = agent.counts();
        for number in 3..100 {
            for (method, to) in [("INVITE", ""), ("BYE", ";tag=x"), ("CANCEL", "")] {
                let said = ask(&mut agent, method, number, to);
                assert_eq!(said, ["SIP/2.0 503 Service Unavailable"], "{method}");
            }
            assert!(ask(&mut agent, "ACK", number, ";tag=x").is_empty());
        }
        assert_eq!(agent.counts(), before);
        assert_eq!(ask(&mut agent, "INVITE", 0, ""), ["SIP/2.0 180 Ringing"]);
        let dialog = agent.dialog_of_leg(LegId::Received(1)).expect("a dialog");
        let tag = format!(";tag={}", dialog.local_tag);
        assert_eq!(ask(&mut agent, "BYE", 0, &tag).len(), 2, "487 and 200");
        assert_eq!(agent.counts().legs, 0);
    }
}
