//! Header values as types. Each is read from a piece of the message on demand, and written by `Display`.
mod cseq;
mod dialog_reference;
mod event;
mod media_type;
mod name_addr;
mod number;
mod reason;
mod session_expires;
mod via;

pub use cseq::{CSeq, RAck};
pub use dialog_reference::{Replaces, TargetDialog};
pub use event::{Event, SubscriptionState};
pub use media_type::MediaType;
pub use name_addr::NameAddr;
pub use number::Seconds;
pub use reason::Reason;
pub use session_expires::{Refresher, SessionExpires};
pub use via::{Transport, Via};

use crate::{Text, ValueError};

/// A type that can be read from a header's value.
pub trait Value: Sized {
    /// Reads `part`, which was cut out of `whole`. What it keeps are pieces of `whole`, so reading copies nothing.
    ///
    /// # Errors
    /// What was read, and what is wrong with it.
    fn read_part(whole: &Text, part: &str) -> Result<Self, ValueError>;

    /// Reads all of it.
    ///
    /// # Errors
    /// What was read, and what is wrong with it.
    fn read(text: &Text) -> Result<Self, ValueError> {
        Self::read_part(text, text)
    }
}

/// Gives a value `parse(&str)` of its own and `FromStr`, so that no user must import the trait.
macro_rules! parse_from_str {
    ($($type:ty)*) => {$(
        impl $type {
            /// Reads it from text of any origin.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                <Self as Value>::read(&Text::from(text))
            }
        }

        impl std::str::FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::parse(text)
            }
        }
    )*};
}

parse_from_str! {
    CSeq RAck Replaces TargetDialog Event SubscriptionState MediaType NameAddr Seconds Reason SessionExpires Via
}

impl Value for crate::Uri {
    fn read_part(whole: &Text, part: &str) -> Result<Self, ValueError> {
        Self::read(whole, part)
    }
}

impl std::str::FromStr for crate::Uri {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::parse(text)
    }
}

/// Cuts `text` before its first semicolon: the value, and its parameters with the semicolon.
fn before_params(text: &str) -> (&str, &str) {
    let (value, params) = crate::grammar::cut_before(text, b';');
    (crate::grammar::trim(value), params)
}
