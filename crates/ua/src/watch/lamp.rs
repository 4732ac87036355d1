//! What is known of somebody else's phone by the dialog package (RFC 4235): a lamp, and what names a call that rings there.
use trialog_call::Target;
use trialog_sip::{DialogEntry, DialogInfo, DialogState, Replaces, Scheme, Uri};

/// Dialogs of one phone that are followed.
const DIALOGS: usize = 32;

/// How somebody's phone stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LampState {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It has no call.
    Idle,
    /// It rings.
    Ringing,
    /// It has a call, or places one.
    Busy,
}

/// What a document says for the lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was taken.
    Taken,
    /// It is older than what is known.
    Old,
    /// There was another before it, which was lost (RFC 4235 §4.4): all is to be asked for again.
    Gap,
}

/// The dialogs of one phone.
#[derive(Debug, Default)]
pub(super) struct Lamp {
    version: Option<u32>,
    /// The next document is the first of its subscription.
    awaits_first: bool,
    dialogs: Vec<DialogEntry>,
}

impl Lamp {
    /// There is no subscription, and nothing is known.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// A new subscription begins: its documents are counted anew. What was known holds until the first of them.
    pub(super) fn begin_anew(&mut self) {
        self.awaits_first = true;
    }

    pub(super) fn hear(&mut self, info: DialogInfo) -> Heard {
        match self.version.filter(|_| !self.awaits_first) {
            Some(last) if info.version <= last => return Heard::Old,
            Some(last) if !info.is_full && info.version != last + 1 => return Heard::Gap,
            None if !info.is_full => return Heard::Gap,
            _ => {}
        }
        self.version = Some(info.version);
        self.awaits_first = false;
        if info.is_full {
            self.dialogs.clear();
        }
        for dialog in info.dialogs {
            self.dialogs.retain(|own| own.id != dialog.id);
            if dialog.state != DialogState::Terminated && self.dialogs.len() < DIALOGS {
                self.dialogs.push(dialog);
            }
        }
        Heard::Taken
    }

    pub(super) fn state(&self) -> LampState {
        if self.version.is_none() {
            return LampState::Unknown;
        }
        let up = |dialog: &DialogEntry| dialog.state == DialogState::Confirmed;
        if self.dialogs.iter().any(up) {
            LampState::Busy
        } else if self.dialogs.iter().any(rings) {
            LampState::Ringing
        } else if self.dialogs.is_empty() {
            LampState::Idle
        } else {
            LampState::Busy
        }
    }

    /// Whom to call to take a call that rings there: its caller, with `Replaces` of the caller's early dialog (RFC 5359 §2.15, RFC 3891).
    pub(super) fn pickup(&self) -> Option<Target> {
        self.dialogs
            .iter()
            .filter(|dialog| rings(dialog))
            .find_map(|dialog| {
                let mut uri = Uri::parse(dialog.remote_target.as_deref()?).ok()?;
                let replaces = Replaces {
                    call_id: dialog.call_id.as_deref()?.into(),
                    // The caller, who gets it, knows its own tag as the one of To.
                    to_tag: dialog.remote_tag.as_deref()?.into(),
                    from_tag: dialog.local_tag.as_deref()?.into(),
                    early_only: true,
                };
                uri.headers = vec![("Replaces".to_owned(), replaces.to_string())];
                (uri.scheme == Scheme::Sip).then(|| Target(uri.to_string()))
            })
    }
}

/// A call comes in there; a phone that does not say which way it goes means that it rings.
fn rings(dialog: &DialogEntry) -> bool {
    let early = matches!(
        dialog.state,
        DialogState::Early | DialogState::Proceeding | DialogState::Trying
    );
    early && dialog.is_called != Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(
        lamp: &mut Lamp,
        version: u32,
        is_full: bool,
        dialogs: &[(&str, DialogState)],
    ) -> Heard {
        let dialogs = dialogs.iter().map(|(id, state)| DialogEntry {
            id: (*id).to_owned(),
            state: *state,
            ..DialogEntry::default()
        });
        lamp.hear(DialogInfo {
            version,
            is_full,
            entity: String::new(),
            dialogs: dialogs.collect(),
        })
    }

    #[test]
    fn rfc_4235_partial_states_build_on_the_whole_one_and_a_gap_asks_for_that() {
        use DialogState::{Confirmed, Early, Terminated};
        let mut lamp = Lamp::default();
        assert_eq!(lamp.state(), LampState::Unknown);
        assert_eq!(heard(&mut lamp, 0, false, &[("a", Early)]), Heard::Gap);
        assert_eq!(heard(&mut lamp, 0, true, &[]), Heard::Taken);
        assert_eq!(lamp.state(), LampState::Idle);
        assert_eq!(heard(&mut lamp, 1, false, &[("a", Early)]), Heard::Taken);
        assert_eq!(lamp.state(), LampState::Ringing);
        assert_eq!(heard(&mut lamp, 1, false, &[("a", Terminated)]), Heard::Old);
        assert_eq!(heard(&mut lamp, 3, false, &[("a", Terminated)]), Heard::Gap);
        assert_eq!(lamp.state(), LampState::Ringing);
        assert_eq!(
            heard(&mut lamp, 2, false, &[("b", Confirmed)]),
            Heard::Taken
        );
        assert_eq!(lamp.state(), LampState::Busy);
        let over = [("a", Terminated), ("b", Terminated)];
        assert_eq!(heard(&mut lamp, 3, false, &over), Heard::Taken);
        assert_eq!(lamp.state(), LampState::Idle);
        assert_eq!(heard(&mut lamp, 9, true, &[("c", Early)]), Heard::Taken);
        assert_eq!(lamp.state(), LampState::Ringing);
        assert_eq!(lamp.pickup(), None, "nothing names the call");
    }
}
