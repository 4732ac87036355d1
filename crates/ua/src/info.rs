//! INFO: what one Trialog tells another (an INFO package, RFC 6086, named `trialog`), and digits that come in the old way
//! (`application/dtmf-relay`, which other phones send without asking). Those that we send are in `digits`.
use crate::Output;
use crate::agent::UserAgent;
use crate::invite_usage::InviteState;
use crate::outbound::Purpose;
use crate::transaction::ServerId;
use trialog_call::{Info, LegId, Time, WireEvent};
use trialog_sip::{HeaderName, MediaType, Method, Request};

/// RFC 6086 §5.2.3: says which INFO packages one takes. That `trialog` is among them is how a Trialog agent's phone is known.
pub(crate) const RECV_INFO: &str = "Recv-Info";
/// RFC 6086 §8.
const INFO_PACKAGE: &str = "Info-Package";
/// Our package: its body is one word.
pub(crate) const PACKAGE: &str = "trialog";
const TYPE: &str = "text/plain";
const YOU_ARE_OWNER: &str = "you-are-owner";
const POST_CALL: &str = "post-call";

impl UserAgent {
    /// Tells the far side something. Whether it understands does not matter.
    pub(crate) fn inform(&mut self, now: Time, id: LegId, info: Info) {
        let up = self
            .calls
            .get(id)
            .filter(|leg| matches!(leg.stage, InviteState::Up));
        let Some(dialog) = up.map(|leg| leg.dialog) else {
            // The core may not know yet that the call is over.
            return;
        };
        let word = match info {
            Info::YouAreOwner => YOU_ARE_OWNER,
            Info::PostCall => POST_CALL,
        };
        let headers = vec![
            (HeaderName::new(INFO_PACKAGE), PACKAGE.to_owned()),
            (HeaderName::ContentDisposition, "Info-Package".to_owned()),
            (HeaderName::ContentType, TYPE.to_owned()),
        ];
        let body = word.as_bytes().to_vec();
        self.enqueue(now, dialog, Method::Info, headers, body, Purpose::Info(id));
    }

    /// An INFO in a leg's dialog.
    pub(crate) fn informed(&mut self, now: Time, id: LegId, server: ServerId, request: &Request) {
        let dialog = self.calls.get(id).map(|leg| leg.dialog);
        let body = String::from_utf8_lossy(&request.body);
        match request.headers.get(&HeaderName::new(INFO_PACKAGE)) {
            Some(package) if package.trim().eq_ignore_ascii_case(PACKAGE) => {
                self.respond_plainly(now, dialog, server, 200);
                match body.trim() {
                    YOU_ARE_OWNER => self.event(id, WireEvent::Informed(Info::YouAreOwner)),
                    POST_CALL => self.event(id, WireEvent::Informed(Info::PostCall)),
                    // A later version's word.
                    _ => {}
                }
            }
            // RFC 6086 §4.2.2: 469 names the packages that we take.
            Some(_) => {
                let own: &[(HeaderName, &str)] = if self.settings.agent {
                    &[(HeaderName::new(RECV_INFO), PACKAGE)]
                } else {
                    &[]
                };
                self.refuse_with(now, server, 469, own);
            }
            None => {
                let kind = request.headers.typed::<MediaType>(&HeaderName::ContentType);
                let relay = kind
                    .and_then(Result::ok)
                    .is_some_and(|kind| kind.is("application", "dtmf-relay"));
                if !relay && !request.body.is_empty() {
                    return self.refuse_content(now, server);
                }
                self.respond_plainly(now, dialog, server, 200);
                if let Some(digit) = relayed_digit(&body).filter(|_| relay) {
                    self.out.push_back(Output::Dtmf { leg: id, digit });
                }
            }
        }
    }
}

/// `Signal=5`, spaces allowed.
fn relayed_digit(body: &str) -> Option<u8> {
    let value = body.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then_some(value)
    })?;
    let digit = value.trim().bytes().next()?.to_ascii_uppercase();
    matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D').then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relayed_digit_is_read_in_any_spelling() {
        assert_eq!(relayed_digit("Signal=5\r\nDuration=160\r\n"), Some(b'5'));
        assert_eq!(relayed_digit("Signal= #\r\nDuration= 250"), Some(b'#'));
        assert_eq!(relayed_digit("signal=a"), Some(b'A'));
        assert_eq!(relayed_digit("Signal=x"), None);
        assert_eq!(relayed_digit(""), None);
    }
}
