//! `application/conference-info+xml` (RFC 4575 §5): the roster of a conference, as its focus tells it. It is written, whole, and never
//! read.
use quick_xml::escape::escape;
use std::fmt::Write;

/// Its type.
pub const CONTENT_TYPE: &str = "application/conference-info+xml";

/// What a user's sound does, from that user's side (RFC 4575 §5.8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConferenceMedia {
    /// It is heard, and hears.
    SendReceive,
    /// It hears, and is muted.
    ReceiveOnly,
    /// Neither: its phone holds.
    Inactive,
}

/// A user of a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceUser {
    /// A URI as text; `None`: it asked not to be shown (RFC 3323).
    pub entity: Option<String>,
    /// For people.
    pub display: Option<String>,
    /// What it is in the conference: `customer`, `owner` or `guest`.
    pub role: &'static str,
    /// Its sound.
    pub media: ConferenceMedia,
}

/// A conference as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceInfo<'a> {
    /// The conference's URI as text.
    pub entity: &'a str,
    /// Counts the documents of a subscription from 1.
    pub version: u32,
    /// All users; none when the conference is over.
    pub users: &'a [ConferenceUser],
}

impl ConferenceInfo<'_> {
    /// The document, with the full state; of a conference that is over, that it is deleted.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        let state = if self.users.is_empty() {
            "deleted"
        } else {
            "full"
        };
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" entity=\"{}\" \
             state=\"{state}\" version=\"{}\">\r\n",
            escaped(self.entity),
            self.version
        );
        if !self.users.is_empty() {
            let _ = write!(
                text,
                "<conference-state><user-count>{}</user-count><active>true</active></conference-state>\r\n<users>\r\n",
                self.users.len()
            );
            for (number, user) in self.users.iter().enumerate() {
                user.write(number, &mut text);
            }
            text.push_str("</users>\r\n");
        }
        text.push_str("</conference-info>\r\n");
        text.into_bytes()
    }
}

impl ConferenceUser {
    /// `number` tells users apart that are not shown: an entity stands once in a document (RFC 4575 §5.6).
    fn write(&self, number: usize, text: &mut String) {
        let hidden = || format!("sip:anonymous{number}@anonymous.invalid");
        let entity = self.entity.clone().unwrap_or_else(hidden);
        let entity = escaped(&entity);
        let _ = write!(text, "<user entity=\"{entity}\" state=\"full\">");
        if let Some(display) = &self.display {
            let _ = write!(text, "<display-text>{}</display-text>", escaped(display));
        }
        let status = match self.media {
            ConferenceMedia::Inactive => "on-hold",
            ConferenceMedia::SendReceive | ConferenceMedia::ReceiveOnly => "connected",
        };
        let media = match self.media {
            ConferenceMedia::SendReceive => "sendrecv",
            ConferenceMedia::ReceiveOnly => "recvonly",
            ConferenceMedia::Inactive => "inactive",
        };
        let _ = write!(
            text,
            "<roles><entry>{}</entry></roles><endpoint entity=\"{entity}\"><status>{status}</status>\
             <media id=\"1\"><type>audio</type><status>{media}</status></media></endpoint></user>\r\n",
            self.role
        );
    }
}

/// As XML 1.0 has it; a character that it has not at all is left out.
fn escaped(text: &str) -> String {
    let shown: String = text.chars().filter(|one| !one.is_control()).collect();
    escape(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    fn user(entity: Option<&str>, media: ConferenceMedia) -> ConferenceUser {
        ConferenceUser {
            entity: entity.map(str::to_owned),
            display: Some("A <b> & \"c\"\u{1}".to_owned()),
            role: "guest",
            media,
        }
    }

    #[test]
    fn a_roster_has_each_user_with_role_and_media_and_is_well_formed() {
        let users = [
            user(
                Some("sip:bob@example.com?a&b"),
                ConferenceMedia::SendReceive,
            ),
            user(None, ConferenceMedia::Inactive),
            user(None, ConferenceMedia::ReceiveOnly),
        ];
        let info = ConferenceInfo {
            entity: "sip:anna@10.0.0.1:5060;transport=tcp",
            version: 7,
            users: &users,
        };
        let text = String::from_utf8(info.to_body()).expect("text");
        for part in [
            "entity=\"sip:anna@10.0.0.1:5060;transport=tcp\" state=\"full\" version=\"7\"",
            "<user-count>3</user-count>",
            "<user entity=\"sip:bob@example.com?a&amp;b\" state=\"full\"><display-text>A &lt;b&gt; &amp; &quot;c&quot;</display-text>",
            "<roles><entry>guest</entry></roles>",
            "<status>connected</status><media id=\"1\"><type>audio</type><status>sendrecv</status></media>",
            "\"sip:anonymous1@anonymous.invalid\"><status>on-hold</status><media id=\"1\"><type>audio</type><status>inactive</status>",
            "\"sip:anonymous2@anonymous.invalid\"><status>connected</status><media id=\"1\"><type>audio</type><status>recvonly</status>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let mut reader = Reader::from_str(&text);
        let mut users = 0;
        loop {
            match reader.read_event().expect("it is well-formed") {
                Event::Start(element) if element.name().as_ref() == "user" => users += 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(users, 3);
    }

    #[test]
    fn a_conference_that_is_over_is_deleted() {
        let info = ConferenceInfo {
            entity: "sip:a@b",
            version: 2,
            users: &[],
        };
        let text = String::from_utf8(info.to_body()).expect("text");
        assert!(text.contains("state=\"deleted\" version=\"2\">\r\n</conference-info>"));
    }
}
