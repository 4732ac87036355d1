//! What the page finds numbers in: read by its clients, and replaced whole when the phone reads its configuration again.
use std::sync::{Arc, PoisonError, RwLock};
use trialog_api::Contact;

/// The directory. Its clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Contacts(Arc<RwLock<Vec<Contact>>>);

impl Contacts {
    /// Its entries are these from now on.
    pub fn replace(&self, contacts: Vec<Contact>) {
        // A list is whole at any time.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = contacts;
    }

    pub(crate) fn all(&self) -> Vec<Contact> {
        let contacts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        contacts.clone()
    }
}

impl From<Vec<Contact>> for Contacts {
    fn from(contacts: Vec<Contact>) -> Self {
        Self(Arc::new(RwLock::new(contacts)))
    }
}
