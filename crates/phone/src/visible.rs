//! Text off the wire on its way to a terminal or a log: characters that would move the cursor, turn lines around or hide what
//! stands there are written out. A caller's name may hold any of them.
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Not to be seen, or changes how other text is seen: controls (C0, DEL, C1), line and paragraph separators, marks and
/// overrides of the direction of writing (Unicode Standard Annex #9 §2), zero-width spaces. Joiners stay: scripts and emoji
/// need them.
fn is_hidden(character: char) -> bool {
    character.is_control() || is_hidden_format(character)
}

fn is_hidden_format(character: char) -> bool {
    matches!(character, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The text with `\u{…}` in place of each such character; one line stays one line.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, |out, character| {
        write!(out, "\\u{{{:x}}}", u32::from(character))
    })
}

/// The same JSON document with `\uXXXX` in place of each such character: only strings can hold them (RFC 8259 §7).
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    replaced(document, is_hidden, |out, character| {
        let mut units = [0; 2];
        character
            .encode_utf16(&mut units)
            .iter()
            .try_for_each(|unit| write!(out, "\\u{unit:04x}"))
    })
}

fn replaced(
    text: &str,
    is_hidden: fn(char) -> bool,
    write: impl Fn(&mut String, char) -> std::fmt::Result,
) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_hidden(character) {
            // Writing to a string can't fail.
            let _ = write(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Standard error as the log's writer. `tracing-subscriber` writes one event at a time and has escaped the controls in its
/// fields already, but for its own colours and line ends; the others are written out here.
#[derive(Debug)]
pub(crate) struct Log(pub(crate) io::Stderr);

impl io::Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(event);
        let line = replaced(&line, is_hidden_format, |out, character| {
            write!(out, "\\u{{{:x}}}", u32::from(character))
        });
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_written_out_and_all_else_stays() {
        let name = "Bob\u{1b}[2J\u{202e}kcab\u{2069}\r\n\u{9b}31m\u{200b}";
        let seen = "Bob\\u{1b}[2J\\u{202e}kcab\\u{2069}\\u{d}\\u{a}\\u{9b}31m\\u{200b}";
        assert_eq!(text(name), seen);
        for fine in ["Jürgen Groß", "山田 太郎", "שלום", "Ana 👩\u{200d}💼 → 2"] {
            assert_eq!(text(fine), fine);
        }
    }

    #[test]
    fn a_json_document_stays_the_same_document() {
        let name = "a\u{202e}b\u{7f}\"c\\\u{1b}\u{9b}";
        let document = serde_json::to_string(&[name]).expect("a string");
        let shown = json(&document);
        assert!(!shown.contains(is_hidden), "{shown}");
        let read: Vec<String> = serde_json::from_str(&shown).expect("still JSON");
        assert_eq!(read, [name]);
    }
}
