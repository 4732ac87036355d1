//! What went wrong, kept until the agent has read it. It is the phone's, and no browser's: a browser that was closed finds it when it is
//! opened again, and what was read in one tab is read in all.
use super::Running;
use std::sync::Arc;
use trialog_api::Unread;
use trialog_call::Notice;
use trialog_desk::{Feed, Reply};

/// So many at most; the oldest go.
const MOST: usize = 6;

impl Running {
    /// Keeps what is grave. The same told again takes the older one's place.
    pub(super) fn keep_unread(&mut self, notice: &Notice) {
        let Some(notice) = Feed::grave(notice) else {
            return;
        };
        let at_us = self.clock.unix_us(self.clock.now());
        let unread = &mut Arc::make_mut(&mut self.identity).unread;
        unread.retain(|kept| kept.notice != notice);
        if unread.len() == MOST {
            unread.remove(0);
        }
        // The time of the phone's clock, which never goes back; two at once differ all the same.
        let after = unread.last().map_or(0, |last| last.id + 1);
        unread.push(Unread {
            id: at_us.max(after),
            at_ms: at_us / 1_000,
            notice,
        });
    }

    /// It was read.
    pub(super) fn read_notice(&mut self, id: u64) -> Reply {
        let unread = &mut Arc::make_mut(&mut self.identity).unread;
        unread.retain(|kept| kept.id != id);
        Reply::Done
    }
}
