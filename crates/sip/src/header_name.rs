//! Names of headers. They are not case-sensitive, some have a compact form (RFC 3261 §7.3.3), and unknown ones are kept.
use crate::Text;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

macro_rules! names {
    ($($variant:ident $long:literal $($compact:literal)? $shape:ident;)*) => {
        /// The name of a header. Written in its long form; compared without regard to case.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(#[doc = concat!("`", $long, "`.")] $variant,)*
            /// Any other token.
            Other(Text),
        }

        /// Which name that we know, if any.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Known {
            $($variant,)*
            Not,
        }

        impl Known {
            pub(crate) fn name(self) -> Option<HeaderName> {
                Some(match self {
                    $(Self::$variant => HeaderName::$variant,)*
                    Self::Not => return None,
                })
            }

            /// The long form.
            pub(crate) fn as_str(self) -> Option<&'static str> {
                Some(match self {
                    $(Self::$variant => $long,)*
                    Self::Not => return None,
                })
            }

            /// As they may be spelt.
            const SPELLINGS: &[(&str, Self)] = &[
                $(($long, Self::$variant), $(($compact, Self::$variant),)?)*
            ];
        }

        impl HeaderName {
            pub(crate) fn known(&self) -> Known {
                match self {
                    $(Self::$variant => Known::$variant,)*
                    Self::Other(_) => Known::Not,
                }
            }

            /// The long form, as we write it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $long,)*
                    Self::Other(name) => name,
                }
            }

            /// Whether a row may hold several values between commas. Only of these headers rows are split: a comma
            /// means nothing in Date, WWW-Authenticate, Subject, or a header that we don't know.
            #[must_use]
            pub fn is_list(&self) -> bool {
                match self {
                    $(Self::$variant => names!(@$shape),)*
                    Self::Other(_) => false,
                }
            }
        }
    };
    (@list) => { true };
    (@one) => { false };
}

names! {
    Via "Via" "v" list;
    From "From" "f" one;
    To "To" "t" one;
    CallId "Call-ID" "i" one;
    CSeq "CSeq" one;
    Contact "Contact" "m" list;
    MaxForwards "Max-Forwards" one;
    Route "Route" list;
    RecordRoute "Record-Route" list;
    ContentType "Content-Type" "c" one;
    ContentLength "Content-Length" "l" one;
    ContentEncoding "Content-Encoding" "e" list;
    ContentDisposition "Content-Disposition" one;
    ContentLanguage "Content-Language" list;
    ContentId "Content-ID" one;
    MimeVersion "MIME-Version" one;
    Allow "Allow" list;
    AllowEvents "Allow-Events" "u" list;
    Supported "Supported" "k" list;
    Require "Require" list;
    ProxyRequire "Proxy-Require" list;
    Unsupported "Unsupported" list;
    Accept "Accept" list;
    AcceptEncoding "Accept-Encoding" list;
    AcceptLanguage "Accept-Language" list;
    AcceptContact "Accept-Contact" "a" list;
    RejectContact "Reject-Contact" "j" list;
    RequestDisposition "Request-Disposition" "d" list;
    Expires "Expires" one;
    MinExpires "Min-Expires" one;
    Event "Event" "o" one;
    SubscriptionState "Subscription-State" one;
    ReferTo "Refer-To" "r" one;
    ReferredBy "Referred-By" "b" one;
    ReferSub "Refer-Sub" one;
    Replaces "Replaces" one;
    TargetDialog "Target-Dialog" one;
    Join "Join" one;
    Reason "Reason" list;
    WwwAuthenticate "WWW-Authenticate" one;
    Authorization "Authorization" one;
    ProxyAuthenticate "Proxy-Authenticate" one;
    ProxyAuthorization "Proxy-Authorization" one;
    AuthenticationInfo "Authentication-Info" one;
    UserAgent "User-Agent" one;
    Server "Server" one;
    RetryAfter "Retry-After" one;
    Warning "Warning" list;
    SessionExpires "Session-Expires" "x" one;
    MinSe "Min-SE" one;
    RSeq "RSeq" one;
    RAck "RAck" one;
    Date "Date" one;
    Timestamp "Timestamp" one;
    Subject "Subject" "s" one;
    Organization "Organization" one;
    Priority "Priority" one;
    ReplyTo "Reply-To" one;
    InReplyTo "In-Reply-To" list;
    AlertInfo "Alert-Info" list;
    CallInfo "Call-Info" list;
    ErrorInfo "Error-Info" list;
    Path "Path" list;
    ServiceRoute "Service-Route" list;
    Privacy "Privacy" one;
    PAssertedIdentity "P-Asserted-Identity" list;
    PPreferredIdentity "P-Preferred-Identity" list;
    RemotePartyId "Remote-Party-ID" list;
    HistoryInfo "History-Info" list;
    Diversion "Diversion" list;
    Identity "Identity" "y" one;
    SipETag "SIP-ETag" one;
    SipIfMatch "SIP-If-Match" one;
}

/// Where the search for a name begins in [`TABLE`]: its length and two of its letters decide, in any case. The factors are
/// those that spread our names best: none is looked for in more than three places.
const fn place(name: &[u8]) -> usize {
    let (length, first, last) = (name.len(), name[0] | 0x20, name[name.len() - 1] | 0x20);
    (length * 2 + first as usize * 21 + last as usize * 34) % SLOTS
}

const SLOTS: usize = 256;

/// For each place the number of a spelling, from 1, or nought; what should stand at a place that is taken stands behind it.
const TABLE: [u8; SLOTS] = {
    let mut table = [0; SLOTS];
    let mut number = 0;
    while number < Known::SPELLINGS.len() {
        let mut slot = place(Known::SPELLINGS[number].0.as_bytes());
        number += 1;
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = number as u8;
    }
    table
};

impl HeaderName {
    /// The name of a header, long or compact, known or not. It is not checked to be a token.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let known = Known::recognise(name);
        known.name().unwrap_or_else(|| Self::Other(name.into()))
    }
}

impl Known {
    /// The name where it is a known one.
    pub(crate) fn recognise(name: &str) -> Self {
        if name.is_empty() {
            return Self::Not;
        }
        let mut slot = place(name.as_bytes());
        while let Some(number) = usize::from(TABLE[slot]).checked_sub(1) {
            let (spelling, known) = Self::SPELLINGS[number];
            // Most spell it as the standard does.
            if spelling == name || spelling.eq_ignore_ascii_case(name) {
                return known;
            }
            slot = (slot + 1) % SLOTS;
        }
        Self::Not
    }
}

impl From<&str> for HeaderName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one.eq_ignore_ascii_case(two),
            _ => discriminant(self) == discriminant(other),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in self.as_str().bytes() {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_recognised_in_any_case() {
        for (spelling, known) in Known::SPELLINGS {
            let name = known.name().expect("it is known");
            assert_eq!(HeaderName::new(spelling), name);
            assert_eq!(HeaderName::new(&spelling.to_ascii_uppercase()), name);
            assert_eq!(HeaderName::new(&spelling.to_ascii_lowercase()), name);
            assert_eq!(
                (name.known(), name.as_str()),
                (*known, known.as_str().unwrap_or_default())
            );
        }
    }

    #[test]
    fn compact_names_are_the_long_ones() {
        // RFC 3261 §7.3.3 and IANA's registry of compact forms.
        for (compact, long) in [
            ("a", "Accept-Contact"),
            ("b", "Referred-By"),
            ("c", "Content-Type"),
            ("d", "Request-Disposition"),
            ("e", "Content-Encoding"),
            ("f", "From"),
            ("i", "Call-ID"),
            ("j", "Reject-Contact"),
            ("k", "Supported"),
            ("l", "Content-Length"),
            ("m", "Contact"),
            ("o", "Event"),
            ("r", "Refer-To"),
            ("s", "Subject"),
            ("t", "To"),
            ("u", "Allow-Events"),
            ("v", "Via"),
            ("x", "Session-Expires"),
            ("y", "Identity"),
        ] {
            assert_eq!(HeaderName::new(compact).as_str(), long);
            assert_eq!(
                HeaderName::new(&compact.to_ascii_uppercase()).as_str(),
                long
            );
        }
    }

    #[test]
    fn an_unknown_name_keeps_its_case_and_is_compared_without() {
        let name = HeaderName::new("X-Trialog-Role");
        assert_eq!(name.as_str(), "X-Trialog-Role");
        assert_eq!(name, HeaderName::new("x-trialog-role"));
        assert_ne!(name, HeaderName::new("x-trialog-roles"));
    }
}
