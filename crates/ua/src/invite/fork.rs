//! Forks that answer too late: each 2xx but the one that we took is acknowledged and ended (RFC 3261 §13.2.2.4).
use crate::agent::UserAgent;
use crate::dialog::Dialog;
use crate::invariant::Invariant;
use crate::outbound::{Purpose, RequestContext, cseq_of};
use crate::transaction::ClientId;
use trialog_call::Time;
use trialog_sip::{HeaderName, Method, NameAddr, Response};

impl UserAgent {
    /// A 2xx of another fork, or of a call that is over: ACK, then BYE (RFC 3261 §13.2.2.4).
    pub(crate) fn drop_fork(
        &mut self,
        now: Time,
        client: ClientId,
        response: &Response,
        tag: &str,
        cseq: u32,
    ) {
        let template = self.template_of(client);
        let Some((mut dialog, account)) = template.asserted("our INVITE has all headers") else {
            return;
        };
        dialog.answer(response);
        let next_hop = dialog.next_hop().clone();
        let ack = dialog.numbered(Method::Ack, cseq);
        self.acknowledge(client, tag, ack, &next_hop, account);
        let bye = dialog.request(Method::Bye);
        self.send(
            now,
            bye,
            &next_hop,
            RequestContext::new(Purpose::Stray, account),
        );
    }

    /// The dialog as it was when this INVITE was sent.
    fn template_of(&self, client: ClientId) -> Option<(Dialog, usize)> {
        let invite = self.transactions.request(client)?;
        let account = self.transactions.purpose(client)?.account;
        let mut local: NameAddr = invite.headers.typed(&HeaderName::From)?.ok()?;
        let remote: NameAddr = invite.headers.typed(&HeaderName::To)?.ok()?;
        let local_tag = local.tag()?.to_owned();
        local.params.remove("tag");
        let call_id = invite.headers.get(&HeaderName::CallId)?.to_owned();
        let target = invite.uri.clone();
        let mut dialog = Dialog::invited(call_id, local, local_tag, remote, target, account);
        dialog.local_cseq = cseq_of(invite);
        Some((dialog, account))
    }
}
