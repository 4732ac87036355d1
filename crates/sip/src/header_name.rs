//! Names of headers. They are not case-sensitive, some have a compact form (RFC 3261 §7.3.3), and unknown ones are kept.
use crate::Text;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

macro_rules! names {
    ($($variant:ident $long:literal [$($octets:literal)|+] $shape:ident;)*) => {
        /// The name of a header. Written in its long form; compared without regard to case.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(#[doc = concat!("`", $long, "`.")] $variant,)*
            /// Any other token.
            Other(Text),
        }

        impl HeaderName {
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

            pub(crate) fn known(lower: &[u8]) -> Option<Self> {
                Some(match lower {
                    $($($octets)|+ => Self::$variant,)*
                    _ => return None,
                })
            }

            /// All names that we know.
            #[cfg(test)]
            pub(crate) const KNOWN: &[Self] = &[$(Self::$variant,)*];
        }
    };
    (@list) => { true };
    (@one) => { false };
}

names! {
    Via "Via" [b"via" | b"v"] list;
    From "From" [b"from" | b"f"] one;
    To "To" [b"to" | b"t"] one;
    CallId "Call-ID" [b"call-id" | b"i"] one;
    CSeq "CSeq" [b"cseq"] one;
    Contact "Contact" [b"contact" | b"m"] list;
    MaxForwards "Max-Forwards" [b"max-forwards"] one;
    Route "Route" [b"route"] list;
    RecordRoute "Record-Route" [b"record-route"] list;
    ContentType "Content-Type" [b"content-type" | b"c"] one;
    ContentLength "Content-Length" [b"content-length" | b"l"] one;
    ContentEncoding "Content-Encoding" [b"content-encoding" | b"e"] list;
    ContentDisposition "Content-Disposition" [b"content-disposition"] one;
    ContentLanguage "Content-Language" [b"content-language"] list;
    ContentId "Content-ID" [b"content-id"] one;
    MimeVersion "MIME-Version" [b"mime-version"] one;
    Allow "Allow" [b"allow"] list;
    AllowEvents "Allow-Events" [b"allow-events" | b"u"] list;
    Supported "Supported" [b"supported" | b"k"] list;
    Require "Require" [b"require"] list;
    ProxyRequire "Proxy-Require" [b"proxy-require"] list;
    Unsupported "Unsupported" [b"unsupported"] list;
    Accept "Accept" [b"accept"] list;
    AcceptEncoding "Accept-Encoding" [b"accept-encoding"] list;
    AcceptLanguage "Accept-Language" [b"accept-language"] list;
    AcceptContact "Accept-Contact" [b"accept-contact" | b"a"] list;
    RejectContact "Reject-Contact" [b"reject-contact" | b"j"] list;
    RequestDisposition "Request-Disposition" [b"request-disposition" | b"d"] list;
    Expires "Expires" [b"expires"] one;
    MinExpires "Min-Expires" [b"min-expires"] one;
    Event "Event" [b"event" | b"o"] one;
    SubscriptionState "Subscription-State" [b"subscription-state"] one;
    ReferTo "Refer-To" [b"refer-to" | b"r"] one;
    ReferredBy "Referred-By" [b"referred-by" | b"b"] one;
    ReferSub "Refer-Sub" [b"refer-sub"] one;
    Replaces "Replaces" [b"replaces"] one;
    TargetDialog "Target-Dialog" [b"target-dialog"] one;
    Join "Join" [b"join"] one;
    Reason "Reason" [b"reason"] list;
    WwwAuthenticate "WWW-Authenticate" [b"www-authenticate"] one;
    Authorization "Authorization" [b"authorization"] one;
    ProxyAuthenticate "Proxy-Authenticate" [b"proxy-authenticate"] one;
    ProxyAuthorization "Proxy-Authorization" [b"proxy-authorization"] one;
    AuthenticationInfo "Authentication-Info" [b"authentication-info"] one;
    UserAgent "User-Agent" [b"user-agent"] one;
    Server "Server" [b"server"] one;
    RetryAfter "Retry-After" [b"retry-after"] one;
    Warning "Warning" [b"warning"] list;
    SessionExpires "Session-Expires" [b"session-expires" | b"x"] one;
    MinSe "Min-SE" [b"min-se"] one;
    RSeq "RSeq" [b"rseq"] one;
    RAck "RAck" [b"rack"] one;
    Date "Date" [b"date"] one;
    Timestamp "Timestamp" [b"timestamp"] one;
    Subject "Subject" [b"subject" | b"s"] one;
    Organization "Organization" [b"organization"] one;
    Priority "Priority" [b"priority"] one;
    ReplyTo "Reply-To" [b"reply-to"] one;
    InReplyTo "In-Reply-To" [b"in-reply-to"] list;
    AlertInfo "Alert-Info" [b"alert-info"] list;
    CallInfo "Call-Info" [b"call-info"] list;
    ErrorInfo "Error-Info" [b"error-info"] list;
    Path "Path" [b"path"] list;
    ServiceRoute "Service-Route" [b"service-route"] list;
    Privacy "Privacy" [b"privacy"] one;
    PAssertedIdentity "P-Asserted-Identity" [b"p-asserted-identity"] list;
    PPreferredIdentity "P-Preferred-Identity" [b"p-preferred-identity"] list;
    HistoryInfo "History-Info" [b"history-info"] list;
    Diversion "Diversion" [b"diversion"] list;
    Identity "Identity" [b"identity" | b"y"] one;
    SipETag "SIP-ETag" [b"sip-etag"] one;
    SipIfMatch "SIP-If-Match" [b"sip-if-match"] one;
}

/// The longest name that we know.
const LONGEST: usize = 20;

impl HeaderName {
    /// The name of a header, long or compact, known or not. It is not checked to be a token.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::recognise(name).unwrap_or_else(|| Self::Other(name.into()))
    }

    /// The name where it is a known one.
    pub(crate) fn recognise(name: &str) -> Option<Self> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        Self::known(lower)
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
        for name in HeaderName::KNOWN {
            assert!(name.as_str().len() <= LONGEST, "{name}");
            assert_eq!(&HeaderName::new(name.as_str()), name);
            assert_eq!(&HeaderName::new(&name.as_str().to_ascii_uppercase()), name);
            assert_eq!(&HeaderName::new(&name.as_str().to_ascii_lowercase()), name);
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
