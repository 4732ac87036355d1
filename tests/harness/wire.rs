//! SIP as seen on the wire, and what a network or a foreign phone makes of it: answers, and messages with a word less. It is read
//! by `trialog-sip-text`, apart from the phone's own parser.

use std::net::SocketAddr;
use std::sync::OnceLock;
use trialog_sip_text::Message;

/// A message as it went over the network. Its headers are read when the first one is asked for.
#[derive(Clone, Debug)]
pub struct Text(String, OnceLock<Option<Message>>);

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Text {}

impl Text {
    /// Whatever was sent; what is no UTF-8 is replaced.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned(), OnceLock::new())
    }

    /// As it is read; `None` where it is no SIP message (a keep-alive).
    fn message(&self) -> Option<&Message> {
        self.1.get_or_init(|| Message::read(&self.0)).as_ref()
    }

    /// The whole message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Request line or status line.
    #[must_use]
    pub fn first_line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The request's method; `None` for a response.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        let first = self.first_line();
        (!first.starts_with("SIP/")).then(|| first.split(' ').next().unwrap_or_default())
    }

    /// The response's status; `None` for a request.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.message()?.status()
    }

    /// The value of the first header with this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.message()?.header(name)
    }

    /// The values of all headers with this name.
    #[must_use]
    pub fn all<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let message = self.message();
        message.map_or_else(Vec::new, |message| message.all(name).collect())
    }

    /// The method that a request has or that a response answers.
    #[must_use]
    pub fn about(&self) -> &str {
        self.message().map_or("", Message::method)
    }

    /// It belongs to a dialog: To has a tag.
    #[must_use]
    pub fn has_to_tag(&self) -> bool {
        self.message()
            .is_some_and(|message| message.tag("To").is_some())
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// What a ladder shows of it.
    #[must_use]
    pub fn summary(&self) -> String {
        let direction = ["sendrecv", "sendonly", "recvonly", "inactive"]
            .into_iter()
            .find(|direction| self.body().contains(&format!("a={direction}")))
            .unwrap_or_default();
        let focus = self
            .header("Contact")
            .is_some_and(|contact| contact.contains("isfocus"));
        let fragment = self
            .body()
            .strip_prefix("SIP/2.0 ")
            .and_then(|rest| rest.lines().next());
        let mut summary = match self.status() {
            Some(_) => format!(
                "{} ({})",
                self.first_line().trim_start_matches("SIP/2.0 "),
                self.header("CSeq").unwrap_or_default()
            ),
            None => format!(
                "{} ({})",
                self.first_line().trim_end_matches(" SIP/2.0"),
                self.header("CSeq").unwrap_or_default()
            ),
        };
        for part in [
            direction,
            if focus { "isfocus" } else { "" },
            fragment.unwrap_or_default(),
        ] {
            if !part.is_empty() {
                summary += " ";
                summary += part;
            }
        }
        for name in [
            "Replaces",
            "Refer-To",
            "Subscription-State",
            "Trialog-Role",
            "Reason",
        ] {
            if let Some(value) = self.header(name) {
                summary += &format!(" {name}: {value}");
            }
        }
        summary
    }

    /// What somebody who refuses this request would answer.
    #[must_use]
    pub fn answered(&self, status: u16, reason: &str) -> Vec<u8> {
        self.answer(status, reason, "refusal", "", "")
    }

    /// An answer to this request, its To with this tag where it has none yet.
    #[must_use]
    pub fn answer(
        &self,
        status: u16,
        reason: &str,
        tag: &str,
        headers: &str,
        body: &str,
    ) -> Vec<u8> {
        let mut answer = format!("SIP/2.0 {status} {reason}\r\n");
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for value in self.all(name) {
                let own_tag = if name == "To" && !value.contains(";tag=") {
                    format!(";tag={tag}")
                } else {
                    String::new()
                };
                answer += &format!("{name}: {value}{own_tag}\r\n");
            }
        }
        answer += headers;
        answer += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        answer.into_bytes()
    }

    /// The same message without the word in the header's list (`Allow: …, REFER, …`).
    #[must_use]
    pub fn without(&self, header: &str, word: &str) -> Vec<u8> {
        let (head, body) = self.0.split_once("\r\n\r\n").unwrap_or((&self.0, ""));
        let lines: Vec<String> = head
            .lines()
            .map(|line| match line.split_once(':') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case(header) => {
                    let kept: Vec<&str> = value
                        .split(',')
                        .map(str::trim)
                        .filter(|found| *found != word)
                        .collect();
                    format!("{name}: {}", kept.join(", "))
                }
                _ => line.to_owned(),
            })
            .collect();
        format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
    }

    /// The same answer as another phone would have given it: with its own tag and its own address.
    #[must_use]
    pub fn forked(&self, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
        let (head, body) = self.0.split_once("\r\n\r\n").unwrap_or((&self.0, ""));
        let lines: Vec<String> = head
            .lines()
            .map(|line| match line.split_once(":") {
                Some(("To", value)) => format!(
                    "To:{};tag=fork",
                    value.split(";tag=").next().unwrap_or_default()
                ),
                Some(("Contact", value)) => format!(
                    "Contact:{}",
                    value.replace(&from.to_string(), &to.to_string())
                ),
                _ => line.to_owned(),
            })
            .collect();
        format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@10.0.0.1>;tag=1\r\n\
        To: <sip:b@10.0.0.2>\r\nCall-ID: x\r\nCSeq: 7 INVITE\r\nAllow: INVITE, REFER, BYE\r\nContent-Length: 12\r\n\r\na=sendonly\r\n";

    #[test]
    fn a_request_is_read() {
        let text = Text::new(INVITE.as_bytes());
        assert_eq!(text.method(), Some("INVITE"));
        assert_eq!(text.status(), None);
        assert!(!text.has_to_tag());
        assert_eq!(text.summary(), "INVITE sip:b@10.0.0.2 (7 INVITE) sendonly");
    }

    #[test]
    fn a_refusal_answers_its_request() {
        let refusal = Text::new(&Text::new(INVITE.as_bytes()).answered(486, "Busy Here"));
        assert_eq!(refusal.status(), Some(486));
        assert_eq!(refusal.about(), "INVITE");
        assert_eq!(refusal.header("To"), Some("<sip:b@10.0.0.2>;tag=refusal"));
        assert_eq!(
            refusal.header("Via"),
            Some("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1")
        );
    }

    #[test]
    fn a_word_is_taken_out_of_a_list_and_nothing_else_changes() {
        let less = Text::new(&Text::new(INVITE.as_bytes()).without("Allow", "REFER"));
        assert_eq!(less.header("Allow"), Some("INVITE, BYE"));
        assert_eq!(less.body(), "a=sendonly\r\n");
    }
}
