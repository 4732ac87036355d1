//! Bodies of several parts (RFC 2046 §5.1, RFC 5621).
//!
//! One level is cut at a time; a part that is itself `multipart` is cut by asking again.
use crate::{HeaderName, Headers, MediaType};
use std::str;

/// One part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Content-Type and the like.
    pub headers: Headers,
    /// What it holds.
    pub body: &'a [u8],
}

/// More parts than this are passed over.
const PARTS: usize = 32;

/// More headers than this of one part are passed over.
const HEADERS: usize = 32;

/// The parts of a body of this type; none where the type is not `multipart` or has no boundary.
#[must_use]
pub fn parts<'a>(content_type: &MediaType, body: &'a [u8]) -> Vec<Part<'a>> {
    if !content_type.kind.eq_ignore_ascii_case("multipart") {
        return Vec::new();
    }
    let Some(boundary) = content_type.params.unquoted("boundary") else {
        return Vec::new();
    };
    if boundary.is_empty() || boundary.len() > 70 {
        return Vec::new();
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut parts = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    while at <= body.len() && parts.len() < PARTS {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |found| at + found + 1);
        let line = &body[at..end];
        if let Some(rest) = line.strip_prefix(delimiter.as_slice()) {
            let last = rest.starts_with(b"--");
            if last || rest.iter().all(u8::is_ascii_whitespace) {
                if let Some(start) = open {
                    parts.push(part(without_line_end(&body[start..at.max(start)])));
                }
                if last {
                    return parts;
                }
                open = Some(end);
            }
        }
        if end == body.len() {
            break;
        }
        at = end;
    }
    // The last boundary was cut off: what is there of the part is better than nothing.
    if let Some(start) = open
        && parts.len() < PARTS
    {
        parts.push(part(&body[start..]));
    }
    parts
}

/// The first part of this type, in a body of one part or of several: an SDP, say. The parts of parts are looked through
/// to a depth of three.
#[must_use]
pub fn find<'a>(
    content_type: &MediaType,
    body: &'a [u8],
    kind: &str,
    subtype: &str,
) -> Option<&'a [u8]> {
    fn look<'a>(of: &MediaType, body: &'a [u8], want: (&str, &str), depth: u8) -> Option<&'a [u8]> {
        if of.is(want.0, want.1) {
            return Some(body);
        }
        if depth == 0 {
            return None;
        }
        parts(of, body).into_iter().find_map(|part| {
            let of = part.headers.typed(&HeaderName::ContentType)?.ok()?;
            look(&of, part.body, want, depth - 1)
        })
    }
    look(content_type, body, (kind, subtype), 3)
}

fn without_line_end(body: &[u8]) -> &[u8] {
    // RFC 2046 §5.1.1: the line end before a boundary belongs to the boundary.
    body.strip_suffix(b"\r\n")
        .or_else(|| body.strip_suffix(b"\n"))
        .unwrap_or(body)
}

fn part(octets: &[u8]) -> Part<'_> {
    let mut headers = Headers::new();
    let mut rest = octets;
    loop {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |found| found + 1);
        let (line, after) = rest.split_at(end);
        let text = str::from_utf8(line).unwrap_or_default().trim_end();
        if text.is_empty() {
            return Part {
                headers,
                body: if line.is_empty() { rest } else { after },
            };
        }
        rest = after;
        if let Some((name, value)) = text.split_once(':')
            && headers.len() < HEADERS
        {
            headers.push(name.trim(), value.trim());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"preamble\r\n--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
        --7a9cbec02ceef655\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\0\xff\r\n--7a9cbec02ceef655--\r\nafter";

    fn mixed(boundary: &str) -> MediaType {
        MediaType::parse(&format!("multipart/mixed;boundary=\"{boundary}\"")).unwrap()
    }

    #[test]
    fn each_part_has_its_headers_and_its_octets() {
        let parts = parts(&mixed("7a9cbec02ceef655"), BODY);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].body, b"Hello");
        assert_eq!(parts[1].body, b"v=0\r\n\0\xff");
        assert_eq!(
            parts[1].headers.get(&HeaderName::ContentType),
            Some("application/sdp")
        );
    }

    #[test]
    fn a_part_is_found_alone_and_among_others() {
        let sdp = MediaType::parse("application/sdp").unwrap();
        assert_eq!(find(&sdp, b"v=0", "application", "sdp"), Some(&b"v=0"[..]));
        let found = find(&mixed("7a9cbec02ceef655"), BODY, "application", "sdp");
        assert_eq!(found, Some(&b"v=0\r\n\0\xff"[..]));
        assert_eq!(find(&mixed("7a9cbec02ceef655"), BODY, "text", "html"), None);
    }

    #[test]
    fn odd_bodies_give_what_they_have() {
        assert!(parts(&mixed("x"), b"").is_empty());
        assert!(parts(&mixed("x"), b"--y\r\n\r\nz").is_empty());
        assert_eq!(parts(&mixed("x"), b"--x")[0].body, b"");
        assert_eq!(parts(&mixed("x"), b"--x\n\ncut")[0].body, b"cut");
        assert_eq!(parts(&mixed("x"), b"--x\r\n--x--").len(), 1);
        assert!(parts(&MediaType::parse("text/plain").unwrap(), BODY).is_empty());
        assert!(parts(&MediaType::parse("multipart/mixed").unwrap(), BODY).is_empty());
    }
}
