//! `application/dialog-info+xml` (RFC 4235 §4): the dialogs of somebody else's phone.
use crate::ValueError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Octets of a body, depth of its elements, dialogs and octets of a text that are read. More is refused, but for dialogs, which are left
/// out: a phone has few.
const OCTETS: usize = 64 * 1024;
const DEPTH: usize = 16;
const DIALOGS: usize = 32;
const TEXT: usize = 512;

/// How a dialog stands (RFC 4235 §3.7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DialogState {
    /// An INVITE was sent or came.
    #[default]
    Trying,
    /// It has a provisional response without a tag.
    Proceeding,
    /// It has one with a tag: it rings.
    Early,
    /// It has a 2xx.
    Confirmed,
    /// It is over.
    Terminated,
}

/// A dialog as its phone tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DialogEntry {
    /// Names it in this subscription.
    pub id: String,
    /// Its Call-ID, where it is told.
    pub call_id: Option<String>,
    /// The phone's own tag.
    pub local_tag: Option<String>,
    /// The other party's tag.
    pub remote_tag: Option<String>,
    /// The phone was called (`direction="recipient"`); `None`: it is not told.
    pub is_called: Option<bool>,
    /// How it stands.
    pub state: DialogState,
    /// Where the other party's phone can be reached, a URI as text.
    pub remote_target: Option<String>,
}

/// What a NOTIFY of the dialog package tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogInfo {
    /// Counts from 0 in a subscription.
    pub version: u32,
    /// These are all of the phone's dialogs; else those that have changed.
    pub is_full: bool,
    /// Whose they are, a URI as text.
    pub entity: String,
    /// The dialogs, the first 32 of them.
    pub dialogs: Vec<DialogEntry>,
}

impl DialogInfo {
    /// Reads a body.
    ///
    /// # Errors
    /// It is not such a document, or is larger or deeper than one of a phone would be.
    pub fn read(body: &[u8]) -> Result<Self, ValueError> {
        let fault = |why| ValueError::new("dialog-info", why);
        if body.len() > OCTETS {
            return Err(fault("it is too large"));
        }
        let text = std::str::from_utf8(body).map_err(|_| fault("it is not UTF-8"))?;
        let mut reader = Reader::from_str(text);
        let (mut document, mut depth) = (Document::default(), 0);
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    depth += 1;
                    if depth > DEPTH {
                        return Err(fault("it is too deep"));
                    }
                    document.begins(depth, &element)?;
                }
                Ok(Event::Empty(element)) => {
                    document.begins(depth + 1, &element)?;
                    document.ends(depth + 1);
                }
                Ok(Event::End(_)) => {
                    document.ends(depth);
                    depth = depth.saturating_sub(1);
                }
                Ok(Event::Text(text)) => document.says(depth, &text),
                Ok(Event::Eof) if depth == 0 => break,
                Ok(Event::Eof) => return Err(fault("it breaks off")),
                // A definition of entities is never followed.
                Ok(_) => {}
                Err(_) => return Err(fault("it is not well-formed")),
            }
        }
        document.info.ok_or(fault("it has no dialog-info"))
    }
}

/// What was read so far.
#[derive(Default)]
struct Document {
    info: Option<DialogInfo>,
    open: Option<DialogEntry>,
    in_state: bool,
    in_remote: bool,
}

impl Document {
    fn begins(&mut self, depth: usize, element: &BytesStart<'_>) -> Result<(), ValueError> {
        match (depth, element.local_name().as_ref(), &self.info) {
            (1, "dialog-info", None) => {
                let version = attribute(element, "version").and_then(|text| text.parse().ok());
                let state = attribute(element, "state");
                self.info = Some(DialogInfo {
                    version: version.unwrap_or_default(),
                    is_full: state.is_none_or(|state| state.eq_ignore_ascii_case("full")),
                    entity: attribute(element, "entity").unwrap_or_default(),
                    dialogs: Vec::new(),
                });
            }
            (1, _, _) => return Err(ValueError::new("dialog-info", "it is another document")),
            (2, "dialog", _) => {
                let direction = attribute(element, "direction");
                self.open = Some(DialogEntry {
                    id: attribute(element, "id").unwrap_or_default(),
                    call_id: attribute(element, "call-id"),
                    local_tag: attribute(element, "local-tag"),
                    remote_tag: attribute(element, "remote-tag"),
                    is_called: direction.map(|side| side.eq_ignore_ascii_case("recipient")),
                    ..DialogEntry::default()
                });
            }
            (3, "state", _) => self.in_state = true,
            (3, "remote", _) => self.in_remote = true,
            (4, "target", _) if self.in_remote => {
                if let Some(dialog) = &mut self.open {
                    dialog.remote_target = attribute(element, "uri");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn says(&mut self, depth: usize, text: &str) {
        if let (3, true, Some(dialog)) = (depth, self.in_state, &mut self.open) {
            dialog.state = match text.trim().to_ascii_lowercase().as_str() {
                "proceeding" => DialogState::Proceeding,
                "early" => DialogState::Early,
                "confirmed" => DialogState::Confirmed,
                "terminated" => DialogState::Terminated,
                "" => dialog.state,
                _ => DialogState::Trying,
            };
        }
    }

    fn ends(&mut self, depth: usize) {
        match depth {
            3 => (self.in_state, self.in_remote) = (false, false),
            2 => {
                if let (Some(dialog), Some(info)) = (self.open.take(), &mut self.info)
                    && info.dialogs.len() < DIALOGS
                {
                    info.dialogs.push(dialog);
                }
            }
            _ => {}
        }
    }
}

/// An attribute of an element, where it is there and no longer than a text may be.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    (value.len() <= TEXT).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RINGING: &str = r#"<?xml version="1.0"?>
        <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3" state="partial" entity="sip:bob@example.com">
          <dialog id="as7d" call-id="a84b&amp;c76" local-tag="l1" remote-tag="r1" direction="recipient">
            <state event="x">early</state>
            <remote><identity display="Anna">sip:anna@example.com</identity><target uri="sip:a"/></remote>
          </dialog>
          <dialog id="two" direction="initiator"><state> Confirmed </state></dialog>
        </dialog-info>"#;

    #[test]
    fn rfc_4235_dialogs_are_read_with_what_names_them() {
        let info = DialogInfo::read(RINGING.as_bytes()).unwrap();
        assert_eq!((info.version, info.is_full), (3, false));
        assert_eq!(info.entity, "sip:bob@example.com");
        let one = DialogEntry {
            id: "as7d".to_owned(),
            call_id: Some("a84b&c76".to_owned()),
            local_tag: Some("l1".to_owned()),
            remote_tag: Some("r1".to_owned()),
            is_called: Some(true),
            state: DialogState::Early,
            remote_target: Some("sip:a".to_owned()),
        };
        let two = DialogEntry {
            id: "two".to_owned(),
            is_called: Some(false),
            state: DialogState::Confirmed,
            ..DialogEntry::default()
        };
        assert_eq!(info.dialogs, [one, two]);
        let none = r#"<d:dialog-info xmlns:d="x" version="0" state="full" entity="sip:a@b"/>"#;
        let none = DialogInfo::read(none.as_bytes()).unwrap();
        assert!(none.is_full && none.dialogs.is_empty());
    }

    #[test]
    fn what_is_no_such_document_or_too_much_of_it_is_refused() {
        let deep = format!("<dialog-info>{}", "<a>".repeat(40));
        let long = format!("<dialog-info>{}</dialog-info>", " ".repeat(OCTETS));
        let bomb = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxx\">]><dialog-info><dialog>&x;";
        for bad in [
            "",
            "<presence/>",
            "<dialog-info>",
            "<dialog-info></x>",
            "v=0",
            &deep,
            &long,
            bomb,
        ] {
            assert!(DialogInfo::read(bad.as_bytes()).is_err(), "{bad:.40}");
        }
        assert!(DialogInfo::read(b"<dialog-info>\xff</dialog-info>").is_err());
        let many = "<dialog id='1'/>".repeat(1_000);
        let many = format!("<dialog-info>{many}</dialog-info>");
        assert_eq!(
            DialogInfo::read(many.as_bytes()).unwrap().dialogs.len(),
            DIALOGS
        );
    }
}
