//! The SIP that a perfect story leaves: each message in the sender's and in the receiver's trace.
use super::{START_US, Scene};
use trialog_checker::Party::{self, Agent1, Agent2, Customer};
use trialog_checker::wire::{Entry, Message};

/// A dialog of the scene.
pub(crate) struct Talk {
    pub(crate) caller: Party,
    pub(crate) callee: Party,
    call_id: String,
    cseq: u32,
    invite: u32,
}

impl Talk {
    fn tag(&self, party: Party) -> String {
        format!("{}-{}", party.file(), self.call_id)
    }

    /// The Replaces value that names this dialog at this party (RFC 3891 §3).
    pub(crate) fn replaces_at(&self, party: Party) -> String {
        let far = if party == self.caller {
            self.callee
        } else {
            self.caller
        };
        format!(
            "{};to-tag={};from-tag={}",
            self.call_id,
            self.tag(party),
            self.tag(far)
        )
    }
}

fn address(party: Party) -> String {
    format!("127.0.0.1:{}", 5101 + party.index())
}

fn sdp(direction: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na={direction}\r\n"
    )
}

impl Scene {
    fn send(&mut self, from: Party, to: Party, text: &str) {
        let message = Message::read(text).expect("the scene writes SIP");
        let at_us = START_US + (self.now * 1e6) as i64;
        for (party, sent, local, remote) in [
            (from, true, address(from), address(to)),
            (to, false, address(to), address(from)),
        ] {
            self.traces[party.index()].push(Entry {
                at_us: at_us + if sent { 0 } else { 300 },
                sent,
                local,
                remote,
                message: message.clone(),
            });
        }
        self.now += 0.002;
    }

    /// Begins a dialog and gives its number.
    pub(crate) fn begin(&mut self, caller: Party, callee: Party) -> usize {
        self.serial += 1;
        self.talk.push(Talk {
            caller,
            callee,
            call_id: format!("call{}@{}", self.serial, caller.file()),
            cseq: 0,
            invite: 0,
        });
        self.talk.len() - 1
    }

    fn head(&self, d: usize, from: Party, cseq: u32, method: &str, tagged: bool) -> String {
        let talk = &self.talk[d];
        let to = if from == talk.caller {
            talk.callee
        } else {
            talk.caller
        };
        let to_tag = if tagged {
            format!(";tag={}", talk.tag(to))
        } else {
            String::new()
        };
        format!(
            "Via: SIP/2.0/UDP {};branch=z9hG4bK{d}{}{cseq}{method}\r\nFrom: <sip:{f}@h>;tag={}\r\nTo: <sip:{t}@h>{to_tag}\r\n\
             Call-ID: {}\r\nCSeq: {cseq} {method}\r\n",
            address(from),
            from.file(),
            talk.tag(from),
            talk.call_id,
            f = from.file(),
            t = to.file(),
        )
    }

    fn far(&self, d: usize, from: Party) -> Party {
        let talk = &self.talk[d];
        if from == talk.caller {
            talk.callee
        } else {
            talk.caller
        }
    }

    /// A request in the dialog; gives its CSeq.
    pub(crate) fn request(
        &mut self,
        d: usize,
        from: Party,
        method: &str,
        tagged: bool,
        more: &str,
        body: &str,
    ) -> u32 {
        self.talk[d].cseq += 1;
        let cseq = self.talk[d].cseq;
        let to = self.far(d, from);
        let text = format!(
            "{method} sip:{}@{} SIP/2.0\r\n{}{more}\r\n{body}",
            to.file(),
            address(to),
            self.head(d, from, cseq, method, tagged)
        );
        self.send(from, to, &text);
        cseq
    }

    /// A response to a request of `asker`, by its CSeq and method.
    pub(crate) fn respond(
        &mut self,
        d: usize,
        asker: Party,
        (cseq, method): (u32, &str),
        status: &str,
        more: &str,
        body: &str,
    ) {
        let answerer = self.far(d, asker);
        let text = format!(
            "SIP/2.0 {status}\r\n{}{more}\r\n{body}",
            self.head(d, asker, cseq, method, true)
        );
        self.send(answerer, asker, &text);
    }

    /// INVITE and 180.
    pub(crate) fn invite(&mut self, d: usize, more: &str, abilities: &str) {
        let caller = self.talk[d].caller;
        let more = format!(
            "{more}{abilities}Contact: <sip:x@{}>\r\nContent-Type: application/sdp\r\n",
            address(caller)
        );
        self.talk[d].invite =
            self.request(d, caller, "INVITE", false, &more, &sdp("sendrecv", 4000));
    }

    /// 180.
    pub(crate) fn ring(&mut self, d: usize) {
        let (caller, cseq) = (self.talk[d].caller, self.talk[d].invite);
        self.respond(d, caller, (cseq, "INVITE"), "180 Ringing", "", "");
    }

    /// 200 and ACK.
    pub(crate) fn answer(&mut self, d: usize, abilities: &str) {
        let (caller, cseq) = (self.talk[d].caller, self.talk[d].invite);
        let more = format!("{abilities}Contact: <sip:y@h>\r\nContent-Type: application/sdp\r\n");
        self.respond(
            d,
            caller,
            (cseq, "INVITE"),
            "200 OK",
            &more,
            &sdp("sendrecv", 4000),
        );
        self.acknowledge(d, caller, cseq);
    }

    /// A final refusal of the INVITE, and ACK.
    pub(crate) fn refuse(&mut self, d: usize, status: &str) {
        let (caller, cseq) = (self.talk[d].caller, self.talk[d].invite);
        self.respond(d, caller, (cseq, "INVITE"), status, "", "");
        self.acknowledge(d, caller, cseq);
    }

    fn acknowledge(&mut self, d: usize, from: Party, cseq: u32) {
        let to = self.far(d, from);
        let text = format!(
            "ACK sip:{}@h SIP/2.0\r\n{}\r\n",
            to.file(),
            self.head(d, from, cseq, "ACK", true)
        );
        self.send(from, to, &text);
    }

    /// A re-INVITE of agent 1, answered 200.
    pub(crate) fn reinvite(&mut self, d: usize, direction: &str, focus: bool) {
        let focus = if focus { ";isfocus" } else { "" };
        let more = format!("Contact: <sip:agent-1@h>{focus}\r\nContent-Type: application/sdp\r\n");
        let cseq = self.request(d, Agent1, "INVITE", true, &more, &sdp(direction, self.port));
        let back = match direction {
            "sendonly" => "recvonly",
            other => other,
        };
        self.respond(
            d,
            Agent1,
            (cseq, "INVITE"),
            "200 OK",
            "Content-Type: application/sdp\r\n",
            &sdp(back, 4000),
        );
        self.acknowledge(d, Agent1, cseq);
    }

    /// BYE and 200.
    pub(crate) fn bye(&mut self, d: usize, from: Party, reason: &str) {
        let more = if reason.is_empty() {
            String::new()
        } else {
            format!("Reason: SIP;cause=200;text=\"{reason}\"\r\n")
        };
        let cseq = self.request(d, from, "BYE", true, &more, "");
        self.respond(d, from, (cseq, "BYE"), "200 OK", "", "");
    }

    /// REFER of agent 1, answered.
    pub(crate) fn refer(&mut self, d: usize, to: &str, status: &str) {
        let cseq = self.request(
            d,
            Agent1,
            "REFER",
            true,
            &format!("Refer-To: <{to}>\r\n"),
            "",
        );
        self.respond(d, Agent1, (cseq, "REFER"), status, "", "");
    }

    /// NOTIFY to agent 1, answered 200.
    pub(crate) fn notify(&mut self, d: usize, from: Party, status: &str) {
        let more = "Event: refer\r\nContent-Type: message/sipfrag\r\n";
        let cseq = self.request(
            d,
            from,
            "NOTIFY",
            true,
            more,
            &format!("SIP/2.0 {status}\r\n"),
        );
        self.respond(d, from, (cseq, "NOTIFY"), "200 OK", "", "");
    }

    /// INFO of agent 1, answered 200.
    pub(crate) fn info(&mut self, d: usize) {
        let cseq = self.request(d, Agent1, "INFO", true, "", "");
        self.respond(d, Agent1, (cseq, "INFO"), "200 OK", "", "");
    }

    /// The Replaces that names dialog `d` at this party, as a header's value.
    pub(crate) fn replaces(&self, d: usize, at: Party) -> String {
        self.talk[d].replaces_at(at)
    }

    /// The same in a Refer-To.
    pub(crate) fn refer_to(&self, d: usize, at: Party) -> String {
        let escaped = self
            .replaces(d, at)
            .replace('@', "%40")
            .replace(';', "%3B")
            .replace('=', "%3D");
        format!(
            "sip:{}@h?Replaces={escaped}",
            if at == Customer { Customer } else { Agent2 }.file()
        )
    }
}
