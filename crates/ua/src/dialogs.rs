//! All dialogs that we have, and for a while the names of those that we had. A dialog is found by Call-ID and both tags, and is
//! over when its last usage is (RFC 5057 §3). The early dialogs of an INVITE's forks belong to that INVITE, not here.
use crate::dialog::Dialog;
use crate::id_map::IdMap;
use crate::invariant::Invariant;
use crate::transaction::timing::TRANSACTION_TIMEOUT;
use std::collections::{HashMap, VecDeque};
use trialog_call::Time;

/// Ended dialogs are remembered up to this number.
const REMEMBERED: usize = 256;

/// Names a dialog of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DialogId(u64);

#[derive(Default)]
pub(crate) struct Dialogs {
    all: IdMap<DialogId, Dialog>,
    /// Our tag leads to the dialog; that of an INVITE of ours to what its forks' dialogs come from.
    by_tag: HashMap<String, DialogId>,
    opened: u64,
    /// Dialogs that ended of late, for an INVITE that would replace one of them.
    ended: VecDeque<Ended>,
}

/// What is remembered of a dialog that ended.
struct Ended {
    at: Time,
    call_id: String,
    local_tag: String,
    remote_tag: String,
}

impl Dialogs {
    pub(crate) fn open(&mut self, dialog: Dialog) -> DialogId {
        self.opened += 1;
        let id = DialogId(self.opened);
        self.by_tag.insert(dialog.local_tag.clone(), id);
        self.all.insert(id, dialog);
        id
    }

    pub(crate) fn get(&self, id: DialogId) -> Option<&Dialog> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: DialogId) -> Option<&mut Dialog> {
        self.all.get_mut(&id)
    }

    /// The dialog, of which a usage or a request of ours is left.
    #[track_caller]
    pub(crate) fn present(&self, id: DialogId) -> Option<&Dialog> {
        self.all.get(&id).asserted("the dialog is not over")
    }

    /// As [`Dialogs::present`], to be changed.
    #[track_caller]
    pub(crate) fn present_mut(&mut self, id: DialogId) -> Option<&mut Dialog> {
        self.all.get_mut(&id).asserted("the dialog is not over")
    }

    /// The dialog, or the INVITE, that has this tag of ours.
    pub(crate) fn tagged(&self, local_tag: &str) -> Option<(DialogId, &Dialog)> {
        let id = *self.by_tag.get(local_tag)?;
        Some((id, self.all.get(&id)?))
    }

    /// The dialog that a header names by its Call-ID and both tags (RFC 3891 §3, RFC 4538 §4).
    pub(crate) fn named(
        &self,
        call_id: &str,
        local_tag: &str,
        remote_tag: &str,
    ) -> Option<(DialogId, &Dialog)> {
        self.tagged(local_tag).filter(|(_, dialog)| {
            dialog.call_id == call_id && dialog.remote_tag.as_deref() == Some(remote_tag)
        })
    }

    /// Drops the dialog where no usage and no request of ours is left in it.
    pub(crate) fn settle(&mut self, id: DialogId) {
        if self.all.get(&id).is_some_and(Dialog::is_over)
            && let Some(dialog) = self.all.remove(&id)
        {
            self.by_tag.remove(&dialog.local_tag);
        }
    }

    /// Keeps the name of a dialog whose call has ended, until [`Dialogs::forget`] finds it old. Returns when that is next.
    pub(crate) fn remember(&mut self, now: Time, id: DialogId) -> Option<Time> {
        if let Some(dialog) = self.all.get(&id)
            && let Some(remote_tag) = dialog.remote_tag.clone()
        {
            if self.ended.len() == REMEMBERED {
                self.ended.pop_front();
            }
            self.ended.push_back(Ended {
                at: now,
                call_id: dialog.call_id.clone(),
                local_tag: dialog.local_tag.clone(),
                remote_tag,
            });
        }
        self.next_to_forget()
    }

    /// Whether a dialog of this name ended in the last 64·T1.
    pub(crate) fn had(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        self.ended.iter().any(|ended| {
            ended.call_id == call_id
                && ended.local_tag == local_tag
                && ended.remote_tag == remote_tag
        })
    }

    /// Forgets the names of dialogs that ended 64·T1 ago or earlier. Returns when the next one is due.
    pub(crate) fn forget(&mut self, now: Time) -> Option<Time> {
        while (self.ended.front()).is_some_and(|oldest| now.since(oldest.at) >= TRANSACTION_TIMEOUT)
        {
            self.ended.pop_front();
        }
        self.next_to_forget()
    }

    fn next_to_forget(&self) -> Option<Time> {
        self.ended
            .front()
            .map(|oldest| oldest.at + TRANSACTION_TIMEOUT)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn remembered(&self) -> usize {
        self.ended.len()
    }

    /// Tables that grew in busy times are as small as they can be.
    pub(crate) fn give_back_room(&mut self) {
        self.all.shrink_to_fit();
        self.by_tag.shrink_to_fit();
        self.ended.shrink_to_fit();
    }
}
