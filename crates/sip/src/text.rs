//! Text that is cheap to clone and to cut: a piece of the message that it came from.
//!
//! A message's head is copied once, and every name, URI part and parameter list that is read of it is a piece of that copy. So
//! typed headers cost no allocation. The other side of it: a piece keeps its whole message's head alive, which is about
//! a kilobyte. What is kept for hours can be [`Text::detached`].
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A shared, unchangeable piece of UTF-8.
#[derive(Clone)]
pub struct Text {
    whole: Arc<str>,
    start: u32,
    end: u32,
}

impl Text {
    /// Nothing; it allocates nothing either.
    #[must_use]
    pub fn new() -> Self {
        Self {
            whole: Arc::default(),
            start: 0,
            end: 0,
        }
    }

    /// The piece itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole[self.start as usize..self.end as usize]
    }

    /// A copy that keeps nothing else alive.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self::from(self.as_str())
    }

    /// A piece of this piece. `range` must lie in it and on character boundaries, as for a `str`.
    #[inline]
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        // Indexing checks the range and the character boundaries.
        let part = &self.as_str()[range.clone()];
        let start = self.start + narrow(range.start);
        Self {
            whole: Arc::clone(&self.whole),
            start,
            end: start + narrow(part.len()),
        }
    }

    /// The piece of this that `part` is; `part` must have been cut out of it.
    #[inline]
    pub(crate) fn share(&self, part: &str) -> Self {
        if part.is_empty() {
            return Self::new();
        }
        let start = (part.as_ptr() as usize).wrapping_sub(self.as_str().as_ptr() as usize);
        self.slice(start..start.wrapping_add(part.len()))
    }
}

/// Messages and values are far below 4 GiB; [`From`] cuts what is not.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Arc<str>> for Text {
    fn from(whole: Arc<str>) -> Self {
        let end = narrow(whole.len());
        if end as usize != whole.len() {
            return Self::new();
        }
        Self {
            whole,
            start: 0,
            end,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            Self::new()
        } else {
            Self::from(Arc::<str>::from(text))
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_piece_is_shared_not_copied() {
        let whole = Text::from("sip:alice@example.com");
        let user = whole.share(&whole[4..9]);
        assert_eq!(user, "alice");
        assert!(Arc::ptr_eq(&whole.whole, &user.whole));
        let part = user.share(&user[1..3]);
        assert_eq!(part, "li");
        assert!(!Arc::ptr_eq(&whole.whole, &part.detached().whole));
    }

    #[test]
    fn an_option_of_text_takes_no_more_room() {
        assert_eq!(size_of::<Text>(), 24);
        assert_eq!(size_of::<Option<Text>>(), 24);
    }
}
