//! One SIP message as text, for the checker, the tests' harness and `xtask`. It is read as leniently as can be: a witness reports
//! what was sent and does not judge the grammar. It shares no line with `trialog-sip`, the phone's own parser, so that
//! the two can't agree on a fault. It builds no message.

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A request.
    Request {
        /// In capitals.
        method: String,
        /// As it stood.
        uri: String,
    },
    /// A response.
    Response {
        /// 100–699.
        status: u16,
        /// As it stood.
        reason: String,
    },
}

/// A message: first line, headers in their order with long names in small letters, body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub line: Line,
    /// Name in small letters and in its long form, value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Message {
    /// `None` where the text is no SIP message at all (a keep-alive).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let first = lines.next()?.trim();
        let line = if let Some(rest) = first.strip_prefix("SIP/2.0 ") {
            let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            Line::Response {
                status: status.parse().ok()?,
                reason: reason.to_owned(),
            }
        } else {
            let mut words = first.split_whitespace();
            let (method, uri) = (words.next()?, words.next()?);
            words.next()?.starts_with("SIP/2").then_some(())?;
            Line::Request {
                method: method.to_owned(),
                uri: uri.to_owned(),
            }
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for raw in lines {
            if raw.starts_with([' ', '\t']) {
                // RFC 3261 §7.3.1: a folded line goes on with the value before it.
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(raw.trim());
                }
            } else if let Some((name, value)) = raw.split_once(':') {
                headers.push((long_name(name.trim()), value.trim().to_owned()));
            }
        }
        Some(Self {
            line,
            headers,
            body: body.to_owned(),
        })
    }

    /// The first value of this header; `name`: the long one, in small or capital letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all headers with this name.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// Whether a comma list under this name has this word.
    #[must_use]
    pub fn lists(&self, name: &str, word: &str) -> bool {
        self.all(name)
            .flat_map(|v| v.split(','))
            .any(|v| v.trim().eq_ignore_ascii_case(word))
    }

    /// The Call-ID; empty where there is none.
    #[must_use]
    pub fn call_id(&self) -> &str {
        self.header("call-id").unwrap_or_default()
    }

    /// Number and method of the CSeq.
    #[must_use]
    pub fn cseq(&self) -> (u32, &str) {
        let mut words = self.header("cseq").unwrap_or_default().split_whitespace();
        let number = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        (number, words.next().unwrap_or_default())
    }

    /// The method of a request, or the one that a response answers.
    #[must_use]
    pub fn method(&self) -> &str {
        match &self.line {
            Line::Request { method, .. } => method,
            Line::Response { .. } => self.cseq().1,
        }
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.line {
            Line::Response { status, .. } => Some(status),
            Line::Request { .. } => None,
        }
    }

    /// The tag in From or To.
    #[must_use]
    pub fn tag(&self, header: &str) -> Option<&str> {
        parameter(self.header(header)?, "tag")
    }

    /// The branch of the first Via.
    #[must_use]
    pub fn branch(&self) -> &str {
        self.header("via")
            .and_then(|via| parameter(via.split(',').next().unwrap_or(via), "branch"))
            .unwrap_or_default()
    }

    /// Whether the Contact has the parameter of a focus (RFC 4579 §5.1).
    #[must_use]
    pub fn is_focus(&self) -> bool {
        self.header("contact").is_some_and(|c| {
            c.split(';')
                .skip(1)
                .any(|p| p.trim().eq_ignore_ascii_case("isfocus"))
        })
    }

    /// Whether a session is described.
    #[must_use]
    pub fn has_sdp(&self) -> bool {
        self.header("content-type")
            .is_some_and(|t| t.to_ascii_lowercase().starts_with("application/sdp"))
            && self.body.contains("m=")
    }
}

/// The value of `;name=value` outside of angle brackets.
#[must_use]
pub fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let tail = value.rfind('>').map_or(value, |at| &value[at + 1..]);
    tail.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

// RFC 3261 §7.3.3 and the extensions that register a short form.
fn long_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "i" => "call-id",
        "m" => "contact",
        "e" => "content-encoding",
        "l" => "content-length",
        "c" => "content-type",
        "f" => "from",
        "s" => "subject",
        "k" => "supported",
        "t" => "to",
        "v" => "via",
        "r" => "refer-to",
        "b" => "referred-by",
        "o" => "event",
        "u" => "allow-events",
        long => long,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_folded_lines_and_tags_are_understood() {
        let m = Message::read(
            "INVITE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\ni: x@y\r\nf: <sip:a@h;tag=no>;tag=yes\r\n\
             t: <sip:b@h>\r\nm: <sip:a@h>\r\n ;isfocus\r\nCSeq: 7 INVITE\r\n\r\n",
        )
        .expect("a message");
        assert_eq!(m.call_id(), "x@y");
        assert_eq!(m.tag("from"), Some("yes"));
        assert_eq!(m.tag("to"), None);
        assert_eq!(m.cseq(), (7, "INVITE"));
        assert!(m.is_focus());
        assert_eq!(m.branch(), "z9hG4bK1");
    }

    #[test]
    fn a_keep_alive_is_no_message() {
        assert_eq!(Message::read("\r\n\r\n"), None);
    }
}
