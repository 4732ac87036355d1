//! Strangers' share of the server transactions: of each address, and of all together.
use std::collections::HashMap;
use std::net::IpAddr;

/// How many there are, and may be.
pub(super) struct Share {
    most: usize,
    most_of_one: usize,
    open: usize,
    by_sender: HashMap<IpAddr, usize>,
}

impl Share {
    /// Without a limit.
    pub(super) fn new() -> Self {
        Self {
            most: usize::MAX,
            most_of_one: usize::MAX,
            open: 0,
            by_sender: HashMap::new(),
        }
    }

    pub(super) fn limit(&mut self, most: usize, most_of_one: usize) {
        (self.most, self.most_of_one) = (most, most_of_one);
    }

    /// Whether one more of this sender may be.
    pub(super) fn has_room(&self, sender: IpAddr) -> bool {
        let own = self.by_sender.get(&sender).copied().unwrap_or_default();
        self.open < self.most && own < self.most_of_one
    }

    pub(super) fn take(&mut self, sender: IpAddr) {
        self.open += 1;
        *self.by_sender.entry(sender).or_default() += 1;
    }

    pub(super) fn give_back(&mut self, sender: IpAddr) {
        self.open -= 1;
        if let Some(own) = self.by_sender.get_mut(&sender) {
            *own -= 1;
            if *own == 0 {
                self.by_sender.remove(&sender);
            }
        }
    }

    pub(super) fn give_back_room(&mut self) {
        self.by_sender.shrink_to_fit();
    }
}
