//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), and any others unread.
//!
//! Parts are kept as they stood, with their escapes, so that what was received is what is sent. [`Uri::user_unescaped`]
//! gives a user part's meaning; URI headers are the exception and are kept unescaped.
use crate::escape::{HEADER, USER, escape, unescape};
use crate::grammar::{cut, cut_before, find, is_token, octets};
use crate::{Host, Params, Text, ValueError};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// What kind of URI it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`.
    Sip,
    /// `sips:`.
    Sips,
    /// `tel:`; the number is the user part.
    Tel,
    /// Any other; all that follows the colon is the user part, unread.
    Other(Text),
}

impl Scheme {
    /// As written, without the colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        }
    }
}

/// A URI. Compare for identity with [`Uri::equivalent`]; `==` compares the spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// sip, sips, tel, or other.
    pub scheme: Scheme,
    /// Escaped as on the wire. It may have its own parameters (`+49-30-1;phone-context=…`).
    pub user: Option<Text>,
    /// Escaped as on the wire. RFC 3261 advises against it.
    pub password: Option<Text>,
    /// Empty for schemes that have none.
    pub host: Host,
    /// Where it is given.
    pub port: Option<u16>,
    /// `;transport=tcp;lr`.
    pub params: Params,
    /// `?Replaces=…`: names and values, not escaped.
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// `sip:user@host:port`, the user part escaped where it must be; no user part where it is empty.
    #[must_use]
    pub fn sip(user: &str, host: Host, port: Option<u16>) -> Self {
        let mut escaped = String::new();
        escape(user, USER, &mut escaped);
        Self {
            scheme: Scheme::Sip,
            user: (!user.is_empty()).then(|| escaped.into()),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    /// Reads a URI, without the angle brackets and display name of a header.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let whole = Text::from(text);
        Self::read(&whole, &whole)
    }

    #[inline]
    pub(crate) fn read(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let Some(colon) = find(text, b':') else {
            return Err(ValueError::new("URI", "it has no scheme"));
        };
        let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
        let marks = Marks::of(rest).ok_or(ValueError::new(
            "URI",
            "it has a space, quote or bracket in it",
        ))?;
        match scheme {
            _ if scheme.eq_ignore_ascii_case("sip") => marks.read(Scheme::Sip, whole, rest),
            _ if scheme.eq_ignore_ascii_case("sips") => marks.read(Scheme::Sips, whole, rest),
            _ if scheme.eq_ignore_ascii_case("tel") => Self::read_tel(whole, rest),
            _ if is_scheme(scheme) => Ok(Self::opaque(
                Scheme::Other(whole.share(scheme)),
                whole.share(rest),
            )),
            _ => Err(ValueError::new("URI", "its scheme is not a name")),
        }
    }

    fn opaque(scheme: Scheme, user: Text) -> Self {
        Self {
            scheme,
            user: Some(user),
            password: None,
            host: Host::Name(Text::new()),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    fn read_tel(whole: &Text, rest: &str) -> Result<Self, ValueError> {
        let number = cut_before(rest, b';').0;
        let digit = |c: u8| {
            c.is_ascii_hexdigit()
                || matches!(c, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')' | b'%')
        };
        if number.is_empty() || !number.bytes().all(digit) {
            return Err(ValueError::new("tel URI", "not a telephone number"));
        }
        let mut uri = Self::opaque(Scheme::Tel, whole.share(number));
        uri.params = Params::read(whole, &rest[number.len()..], "URI parameters")?;
        Ok(uri)
    }

    /// The user part with its escapes resolved (RFC 3261 §19.1.2).
    #[must_use]
    pub fn user_unescaped(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(unescape)
    }

    /// The value of a URI header, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Without parameters, headers and password: `sip:alice@example.com:5070`, an address to show and to compare.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            password: None,
            params: match self.scheme {
                Scheme::Tel => self.params.clone(),
                _ => Params::new(),
            },
            headers: Vec::new(),
            ..self.clone()
        }
    }

    /// The port to send to: the one given, else the scheme's and transport's default (RFC 3261 §19.1.2).
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        let tls = || {
            self.params
                .get("transport")
                .is_some_and(|t| t.eq_ignore_ascii_case("tls"))
        };
        match self.port {
            Some(port) => port,
            None if self.scheme == Scheme::Sips || tls() => 5061,
            None => 5060,
        }
    }

    pub(crate) fn length_hint(&self) -> usize {
        let length = |text: &Option<Text>| text.as_ref().map_or(0, |text| text.len() + 1);
        let host = match &self.host {
            Host::Name(name) => name.len(),
            Host::V4(_) => 15,
            Host::V6(_) => 41,
        };
        let headers = self.headers.iter();
        self.scheme.as_str().len()
            + length(&self.user)
            + length(&self.password)
            + host
            + self.params.text().len()
            + headers
                .map(|(n, v)| 3 * (n.len() + v.len()) + 2)
                .sum::<usize>()
            + 8
    }
}

/// Where the parts of a SIP URI, less its scheme, end. All are found in one walk.
struct Marks {
    /// The colon before the password.
    colon: Option<usize>,
    /// The end of the user part. No other part may have an @ unescaped.
    at: Option<usize>,
    /// Where parameters begin, or what follows them.
    semicolon: usize,
    /// Where headers begin, or the end.
    question: usize,
}

impl Marks {
    /// `None`: it has in it what no URI has, white space, controls, brackets or quotes.
    fn of(rest: &str) -> Option<Self> {
        const MARKED: [bool; 256] = octets!(c => c <= b' ' || matches!(c, 0x7f | b'<' | b'>' | b'"' | b':' | b'@' | b';' | b'?'));
        let end = rest.len();
        let (mut colon, mut at, mut semicolon, mut question) = (None, None, end, end);
        for (place, octet) in rest.bytes().enumerate() {
            if !MARKED[octet as usize] {
                continue;
            }
            match octet {
                b':' if at.is_none() && colon.is_none() => colon = Some(place),
                b'@' if at.is_none() => (at, semicolon, question) = (Some(place), end, end),
                b';' if semicolon == end && question == end => semicolon = place,
                b'?' if question == end => question = place,
                b':' | b'@' | b';' | b'?' => {}
                _ => return None,
            }
        }
        Some(Self {
            colon: colon.filter(|_| at.is_some()),
            at,
            semicolon: semicolon.min(question),
            question,
        })
    }

    #[inline]
    fn read(self, scheme: Scheme, whole: &Text, rest: &str) -> Result<Uri, ValueError> {
        let user = self.at.map(|at| &rest[..self.colon.unwrap_or(at)]);
        if user == Some("") {
            return Err(ValueError::new("URI", "its user part is empty"));
        }
        let password = self
            .at
            .zip(self.colon)
            .map(|(at, colon)| &rest[colon + 1..at]);
        let headers = match rest.get(self.question + 1..) {
            Some(headers) => read_headers(headers)?,
            None => Vec::new(),
        };
        let host = self.at.map_or(0, |at| at + 1);
        let (host, port) = Host::read_with_port(whole, &rest[host..self.semicolon])?;
        let params = &rest[self.semicolon..self.question];
        Ok(Uri {
            scheme,
            user: user.map(|user| whole.share(user)),
            password: password.map(|password| whole.share(password)),
            host,
            port,
            params: Params::read(whole, params, "URI parameters")?,
            headers,
        })
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    is_token(text)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
}

fn read_headers(text: &str) -> Result<Vec<(String, String)>, ValueError> {
    text.split('&')
        .map(|header| match cut(header, b'=') {
            Some((name, value)) if !name.is_empty() => {
                Ok((unescape(name).into_owned(), unescape(value).into_owned()))
            }
            _ => Err(ValueError::new("URI headers", "expected name=value")),
        })
        .collect()
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.as_str())?;
        f.write_str(":")?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
        }
        if matches!(self.scheme, Scheme::Sip | Scheme::Sips) {
            if let Some(password) = &self.password {
                f.write_str(":")?;
                f.write_str(password)?;
            }
            if self.user.is_some() {
                f.write_str("@")?;
            }
            self.host.fmt(f)?;
            if let Some(port) = self.port {
                write!(f, ":{port}")?;
            }
        }
        self.params.fmt(f)?;
        let mut separator = '?';
        for (name, value) in &self.headers {
            f.write_char(separator)?;
            let mut escaped = String::with_capacity(name.len() + value.len() + 16);
            escape(name, HEADER, &mut escaped);
            escaped.push('=');
            escape(value, HEADER, &mut escaped);
            f.write_str(&escaped)?;
            separator = '&';
        }
        Ok(())
    }
}
