//! A session description as a value.
use crate::{Address, DescriptionError, Direction, Media, Origin, parse};
use std::fmt;

/// A whole description. What we don't use is kept, so that what is written means the same as what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// `o=`.
    pub origin: Origin,
    /// `s=`.
    pub name: String,
    /// `c=` of the session, for media lines without their own.
    pub connection: Option<Address>,
    /// `i= u= e= p= b= t= r= z= k=`.
    pub lines: Vec<Line>,
    /// `a=` of the session.
    pub attributes: Vec<Attribute>,
    /// `m=` and what belongs to each.
    pub media: Vec<Media>,
}

/// A line that means nothing to us: its letter and what follows the equals sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line(pub char, pub String);

/// `a=name` or `a=name:value`. Names are case-sensitive (RFC 8866 §5.13).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// Before the colon.
    pub name: String,
    /// After the colon, where there is one.
    pub value: Option<String>,
}

impl fmt::Debug for Attribute {
    /// Keys (RFC 4568) are shown nowhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(_) if self.name == "crypto" => write!(f, "a={}:…", self.name),
            Some(value) => write!(f, "a={}:{value:?}", self.name),
            None => write!(f, "a={}", self.name),
        }
    }
}

impl Attribute {
    /// An attribute with a value.
    #[must_use]
    pub fn new(name: &str, value: impl fmt::Display) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.to_string()),
        }
    }

    /// An attribute without a value.
    #[must_use]
    pub fn flag(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}:{value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Description {
    /// The Content-Type of a description.
    pub const CONTENT_TYPE: &'static str = "application/sdp";

    /// Reads a body: at most 64 KiB, 2,000 lines and 64 media lines. Lines may end with LF alone; `s=` and `t=` may be
    /// missing; unknown letters are passed over; what is not UTF-8 is read as Latin-1.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub fn parse(body: &[u8]) -> Result<Self, DescriptionError> {
        parse::description(body)
    }

    /// An empty description of ours.
    #[must_use]
    pub fn new(origin: Origin, connection: Address) -> Self {
        Self {
            origin,
            name: "-".to_owned(),
            connection: Some(connection),
            lines: vec![Line('t', "0 0".to_owned())],
            attributes: Vec::new(),
            media: Vec::new(),
        }
    }

    /// Where the media line's sender wants to receive: its own `c=`, else the session's.
    #[must_use]
    pub fn address_of<'a>(&'a self, media: &'a Media) -> Option<&'a Address> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// What its sender states about a media line: its own attribute, else the session's, else `sendrecv`
    /// (RFC 8866 §6.7); less receiving, where the address means hold ([`Address::is_hold`]).
    #[must_use]
    pub fn direction_of(&self, media: &Media) -> Direction {
        let stated = direction(&media.attributes)
            .or_else(|| direction(&self.attributes))
            .unwrap_or_default();
        let held = self.address_of(media).is_some_and(Address::is_hold);
        if held {
            stated.and(Direction::SendOnly)
        } else {
            stated
        }
    }
}

fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .find_map(|attribute| Direction::parse(&attribute.name))
}

/// In the order of RFC 8866 §5.
impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no={}\r\ns={}\r\n", self.origin, self.name)?;
        write_lines(f, &self.lines, "iuep")?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        write_lines(f, &self.lines, "b")?;
        write_lines(f, &self.lines, "trz")?;
        write_lines(f, &self.lines, "k")?;
        write_attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

pub(crate) fn write_lines(
    f: &mut fmt::Formatter<'_>,
    lines: &[Line],
    letters: &str,
) -> fmt::Result {
    lines
        .iter()
        .filter(|line| letters.contains(line.0))
        .try_for_each(|Line(letter, text)| write!(f, "{letter}={text}\r\n"))
}

pub(crate) fn write_attributes(
    f: &mut fmt::Formatter<'_>,
    attributes: &[Attribute],
) -> fmt::Result {
    attributes
        .iter()
        .try_for_each(|attribute| write!(f, "a={attribute}\r\n"))
}
