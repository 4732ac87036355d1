//! The directory: names with numbers, from a file that the agent's other programs write too. CSV (RFC 4180) with a heading that has `name`
//! and `number`, or vCards (RFC 6350) with `FN` and `TEL` or `IMPP`. It is read once, at start.
use calcard::vcard::{VCard, VCardProperty, VCardValue};
use calcard::{Entry, Parser};
use encoding_rs::WINDOWS_1252;
use std::io;
use std::path::Path;
use trialog_api::Contact;

/// Entries beyond this are left out: a page gets them all at once.
const MOST: usize = 10_000;

/// Reads the file; what of it is no entry is passed over. Text is UTF-8, UTF-16 with its byte order mark, or Windows-1252, in which
/// spreadsheets save CSV in western Europe.
///
/// # Errors
/// When it can't be read.
pub(crate) fn read(file: &Path) -> io::Result<Vec<Contact>> {
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| WINDOWS_1252.decode(error.as_bytes()).0.into_owned());
    let text = text.trim_start_matches('\u{feff}');
    let is_vcard = text
        .lines()
        .any(|line| line.trim().eq_ignore_ascii_case("BEGIN:VCARD"));
    let mut contacts = if is_vcard { vcards(text) } else { rows(text) };
    contacts.retain(|contact| !contact.name.is_empty() && !contact.number.is_empty());
    contacts.sort_by_cached_key(|contact| contact.name.to_lowercase());
    contacts.truncate(MOST);
    Ok(contacts)
}

fn rows(text: &str) -> Vec<Contact> {
    let first = text.lines().next().unwrap_or_default();
    let often = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(often);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let Ok(heading) = reader.headers().cloned() else {
        return Vec::new();
    };
    let column = |names: &[&str]| {
        let is = |cell: &str| names.contains(&cell.to_lowercase().as_str());
        heading.iter().position(is)
    };
    let name = column(&["name"]);
    let number = column(&["number", "nummer", "telefon", "phone", "address", "uri"]);
    let (Some(name), Some(number)) = (name, number) else {
        return Vec::new();
    };
    let cell = |row: &csv::StringRecord, at| row.get(at).unwrap_or_default().to_owned();
    let rows = reader.records().filter_map(Result::ok);
    rows.map(|row| Contact {
        name: cell(&row, name),
        number: cell(&row, number),
    })
    .collect()
}

fn vcards(text: &str) -> Vec<Contact> {
    let mut parser = Parser::new(text);
    let mut contacts = Vec::new();
    loop {
        match parser.entry() {
            Entry::VCard(card) => contacts.extend(entries(&card)),
            Entry::Eof => return contacts,
            _ => {}
        }
    }
}

/// One person, with an entry for each number.
fn entries(card: &VCard) -> Vec<Contact> {
    let texts = |property| {
        let values = card.properties(property).flat_map(|entry| &entry.values);
        values.filter_map(VCardValue::as_text).map(str::trim)
    };
    let name = texts(&VCardProperty::Fn).next().unwrap_or_default();
    let numbers = texts(&VCardProperty::Tel).chain(texts(&VCardProperty::Impp));
    let contact = |number: &str| Contact {
        name: name.to_owned(),
        number: number.strip_prefix("tel:").unwrap_or(number).to_owned(),
    };
    numbers.map(contact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Vec<(String, String)> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(text: &[u8]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("directory");
        std::fs::write(&file, text).unwrap();
        let contacts = read(&file).unwrap();
        let both = |contact: Contact| (contact.name, contact.number);
        contacts.into_iter().map(both).collect()
    }

    fn entry(name: &str, number: &str) -> (String, String) {
        (name.to_owned(), number.to_owned())
    }

    #[test]
    fn csv_is_read_by_its_heading() {
        let text = "\u{feff}Name;Abteilung;Nummer\r\n\"Stein; Bob\";Lager;sip:bob@example.com\r\n\"Anna \"\"Ann\"\" Weiss\";;201\r\n;;5\r\nOhne;;\r\n";
        let expected = [
            entry("Anna \"Ann\" Weiss", "201"),
            entry("Stein; Bob", "sip:bob@example.com"),
        ];
        assert_eq!(read_text(text), expected);
        assert_eq!(read_text("name,number\n\"a\"\"b\",1"), [entry("a\"b", "1")]);
        assert_eq!(read_text("first,second\na,1\n"), []);
        assert_eq!(read_text(""), []);
    }

    #[test]
    fn a_vcard_has_an_entry_for_each_number() {
        let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bob\\, St\r\n ein\r\nitem1.TEL;TYPE=work:tel:+49301234\r\nIMPP:sip:bob@example.com\r\nEND:VCARD\r\n\
            BEGIN:VCARD\nFN:Nobody\nEND:VCARD\n";
        let expected = [
            entry("Bob, Stein", "+49301234"),
            entry("Bob, Stein", "sip:bob@example.com"),
        ];
        assert_eq!(read_text(text), expected);
    }

    #[test]
    fn a_spreadsheet_saves_in_its_own_encoding() {
        let expected = [entry("Jürgen Groß", "201")];
        assert_eq!(
            read_bytes(b"Name;Telefon\r\nJ\xfcrgen Gro\xdf;201\r\n"),
            expected
        );
        let utf16 = "\u{feff}Name\tTelefon\r\nJürgen Groß\t201\r\n".encode_utf16();
        let bytes: Vec<u8> = utf16.flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_bytes(&bytes), expected);
    }

    #[test]
    fn a_vcard_of_version_2_1_and_its_photo_are_read() {
        let text = "begin:vcard\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =\r\nGro=C3=9F\r\n\
            PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\n SkZJRgAB\r\n\r\nTEL;WORK;VOICE:+49 30 1234\r\nEND:VCARD\r\n";
        assert_eq!(read_text(text), [entry("Jürgen Groß", "+49 30 1234")]);
    }

    #[test]
    fn what_is_no_directory_has_no_entry() {
        for text in [
            "BEGIN:VCARD\nFN:A",
            "BEGIN:VCARD\nEND:VCARD",
            "\0\u{1}",
            "BEGIN:VCALENDAR\nBEGIN:VCARD\nTEL:1\nEND:VCARD",
        ] {
            assert_eq!(read_text(text), []);
        }
    }
}
