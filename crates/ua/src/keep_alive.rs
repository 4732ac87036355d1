//! The way to each account's registrar is kept open (RFC 5626 §4.4): a translator or a firewall that has seen nothing for half a
//! minute may drop what the registrar sends us. Only where the registrar has our binding, by UDP, and when nothing else was
//! sent; streams are kept open by their owner.
use crate::agent::{Timer, UserAgent};
use crate::config::KeepAlive;
use crate::outbound::{Purpose, RequestContext};
use crate::{Output, Transmit};
use trialog_call::Time;
use trialog_sip::{Frame, HeaderName, Method, NameAddr, Request, Response};

impl UserAgent {
    /// Begins to keep an account's way open, or ends that, as its registration stands now.
    pub(crate) fn keep_open(&mut self, now: Time, account: usize) {
        let timer = Timer::KeepAlive(account);
        if self.flows[account].kept_open().is_none() {
            self.timers.cancel(timer);
        } else if !self.timers.is_set(timer) {
            self.timers.set(timer, now + self.random.keep_alive());
        }
    }

    /// Nothing may have gone to the registrar for so long.
    pub(crate) fn keep_alive_timer(&mut self, now: Time, account: usize) {
        let wait = self.random.keep_alive();
        let flow = &self.flows[account];
        let Some(peer) = flow.kept_open().cloned() else {
            return;
        };
        let timer = Timer::KeepAlive(account);
        let due = flow.sent_at().map(|sent| sent + wait);
        if let Some(due) = due.filter(|due| *due > now) {
            return self.timers.set(timer, due);
        }
        self.timers.set(timer, now + wait);
        if flow.account.keep_alive == KeepAlive::Options {
            let request = self.asking(account);
            let sent = RequestContext::new(Purpose::KeepAlive(account), account);
            return self.launch(now, request, sent, peer);
        }
        self.out.push_back(Output::Transmit(Transmit {
            peer,
            connection: None,
            bytes: Frame::PING.to_vec(),
        }));
    }

    /// An OPTIONS to the account's registrar, without Via (RFC 3261 §11.1).
    fn asking(&mut self, account: usize) -> Request {
        let account = &self.flows[account].account;
        let mut uri = account.registrar.as_ref().unwrap_or(&account.aor).bare();
        uri.user = None;
        let own = NameAddr::new(account.aor.bare());
        let mut request = Request::new(Method::Options, uri);
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        let from = own.clone().with_tag(&self.random.tag());
        headers.push(HeaderName::From, from.to_string());
        headers.push(HeaderName::To, own.to_string());
        headers.push(HeaderName::CallId, self.random.call_id());
        headers.push(HeaderName::CSeq, "1 OPTIONS");
        request
    }

    /// The answer to an OPTIONS, or none. Whatever it is, it shows that the registrar is there.
    pub(crate) fn keep_alive_answered(
        &mut self,
        now: Time,
        account: usize,
        response: Option<&Response>,
    ) {
        match response {
            Some(response) => self.seen_by_server(now, account, response),
            None => {
                let flow = &mut self.flows[account];
                flow.registration.flow_ended(now, &mut self.random);
                self.follow_registration(now, account);
            }
        }
    }

    /// Notes which registrars something goes to: the outputs from this one on are new.
    pub(crate) fn note_what_was_sent(&mut self, now: Time, from: usize) {
        for output in self.out.iter().skip(from) {
            if let Output::Transmit(transmit) = output {
                for flow in self.flows.iter_mut() {
                    flow.sent_to(now, &transmit.peer);
                }
            }
        }
    }
}
