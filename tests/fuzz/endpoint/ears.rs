//! What a peer remembers of what the endpoint sent it, to answer in the same dialog.
use trialog_sip::{HeaderName, Headers, Limits, Message, Method};

/// One peer's memory.
#[derive(Debug, Default)]
pub(super) struct Ears {
    /// Of the last request but ACK: Via, From, To, Call-ID, CSeq.
    asked: [String; 5],
    /// Of the last response with a tag in To: the tag and the Contact.
    told: [String; 2],
}

const OF_REQUEST: [(&str, HeaderName); 5] = [
    ("{via}", HeaderName::Via),
    ("{from}", HeaderName::From),
    ("{to}", HeaderName::To),
    ("{id}", HeaderName::CallId),
    ("{cseq}", HeaderName::CSeq),
];

impl Ears {
    /// A message came. It must be one that can be read, and a request must be as RFC 3261 §8.1.1 asks.
    pub(super) fn hear(&mut self, octets: &[u8]) -> Message {
        let limits = Limits {
            message: usize::MAX,
            ..Limits::default()
        };
        let read = Message::parse_datagram(octets, &limits);
        let message =
            read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(octets)));
        match &message {
            Message::Request(request) => {
                let fault = message.check();
                assert!(
                    fault.is_ok(),
                    "{fault:?}: {}",
                    String::from_utf8_lossy(octets)
                );
                if request.method != Method::Ack {
                    self.asked = OF_REQUEST.map(|(_, name)| first(&request.headers, &name));
                }
            }
            Message::Response(response) => {
                if let Some(Ok(to)) = response.headers.to()
                    && let Some(tag) = to.tag()
                {
                    self.told = [
                        tag.to_owned(),
                        first(&response.headers, &HeaderName::Contact),
                    ];
                }
            }
        }
        message
    }

    /// The text of a message with the names in it replaced, and its line ends made CRLF.
    pub(super) fn fill(&self, template: &[u8]) -> Vec<u8> {
        let mut text = String::from_utf8_lossy(template)
            .replace("\r\n", "\n")
            .replace('\n', "\r\n");
        let names = OF_REQUEST.iter().map(|(name, _)| *name);
        for (name, value) in names
            .zip(&self.asked)
            .chain(["{tag}", "{contact}"].into_iter().zip(&self.told))
        {
            text = text.replace(name, value);
        }
        text.into_bytes()
    }
}

fn first(headers: &Headers, name: &HeaderName) -> String {
    headers.all(name).next().unwrap_or_default().to_owned()
}
