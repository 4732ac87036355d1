//! Text to description.
use crate::{Address, Attribute, Description, DescriptionError, Line, Media, Origin};
use std::borrow::Cow;

const OCTETS: usize = 64 * 1024;
const LINES: usize = 2_000;
const MEDIA: usize = 64;
const FORMATS: usize = 256;

pub(crate) fn description(body: &[u8]) -> Result<Description, DescriptionError> {
    let whole = |why| DescriptionError { line: 0, why };
    if body.len() > OCTETS {
        return Err(whole("it is longer than 64 KiB"));
    }
    let text = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(body.iter().map(|octet| char::from(*octet)).collect()),
    };
    let mut reader = Reader::default();
    for (at, line) in text.split('\n').enumerate() {
        let number = at + 1;
        let wrong = |why| DescriptionError { line: number, why };
        if at >= LINES {
            return Err(wrong("there are more than 2000 lines"));
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if line.contains(['\r', '\0']) {
            return Err(wrong("it has a control character"));
        }
        let mut characters = line.chars();
        let (Some(letter), Some('=')) = (characters.next(), characters.next()) else {
            return Err(wrong("expected a letter and an equals sign"));
        };
        reader.line(letter, characters.as_str()).map_err(wrong)?;
    }
    if !reader.version {
        return Err(whole("it is empty"));
    }
    let origin = reader.origin.ok_or(whole("it has no o= line"))?;
    Ok(Description {
        origin,
        name: reader.name,
        connection: reader.connection,
        lines: reader.lines,
        attributes: reader.attributes,
        media: reader.media,
    })
}

#[derive(Default)]
struct Reader {
    version: bool,
    origin: Option<Origin>,
    name: String,
    connection: Option<Address>,
    lines: Vec<Line>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Reader {
    fn line(&mut self, letter: char, value: &str) -> Result<(), &'static str> {
        if !self.version {
            // RFC 8866 §5.1.
            if letter != 'v' || value.trim() != "0" {
                return Err("expected v=0 first");
            }
            self.version = true;
            return Ok(());
        }
        match (letter, self.media.last_mut()) {
            ('m', _) => {
                if self.media.len() == MEDIA {
                    return Err("there are more than 64 media lines");
                }
                self.media.push(media(value)?);
            }
            ('a', None) => self.attributes.push(attribute(value)),
            ('a', Some(media)) => media.attributes.push(attribute(value)),
            ('c', None) => self.connection = Some(Address::parse(value)?),
            // Of several (multicast) the first.
            ('c', Some(media)) if media.connection.is_none() => {
                media.connection = Some(Address::parse(value)?);
            }
            ('o', None) if self.origin.is_none() => self.origin = Some(Origin::parse(value)?),
            ('s', None) => value.clone_into(&mut self.name),
            ('i' | 'u' | 'e' | 'p' | 'b' | 't' | 'r' | 'z' | 'k', None) => {
                self.lines.push(Line(letter, value.to_owned()));
            }
            ('i' | 'b' | 'k', Some(media)) => media.lines.push(Line(letter, value.to_owned())),
            ('v', _) => return Err("a second description begins"),
            ('o', _) => return Err("a second o= line"),
            _ => {}
        }
        Ok(())
    }
}

fn attribute(value: &str) -> Attribute {
    match value.split_once(':') {
        Some((name, value)) => Attribute::new(name, value),
        None => Attribute::flag(value.trim_end()),
    }
}

fn media(value: &str) -> Result<Media, &'static str> {
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
    else {
        return Err("expected media, port, protocol and formats");
    };
    let (port, count) = match port.split_once('/') {
        Some((port, count)) => (port, Some(count)),
        None => (port, None),
    };
    let number = |text: &str| {
        text.parse()
            .map_err(|_| "its port is not a number up to 65535")
    };
    let formats: Vec<_> = words.map(str::to_owned).collect();
    if formats.len() > FORMATS {
        return Err("it has more than 256 formats");
    }
    Ok(Media {
        kind: kind.to_owned(),
        port: number(port)?,
        port_count: count.map(number).transpose()?,
        protocol: protocol.to_owned(),
        formats,
        connection: None,
        lines: Vec::new(),
        attributes: Vec::new(),
    })
}
