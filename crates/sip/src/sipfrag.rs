//! `message/sipfrag` (RFC 3420) as REFER's notifications use it: a status line and no more.
use crate::StatusCode;

/// The Content-Type of such a body.
pub const CONTENT_TYPE: &str = "message/sipfrag;version=2.0";

/// The body that reports this status (RFC 3515 §2.4.5).
#[must_use]
pub fn build(status: impl Into<StatusCode>) -> Vec<u8> {
    let status = status.into();
    format!("SIP/2.0 {status} {}\r\n", status.phrase()).into_bytes()
}

/// The status that a body reports.
#[must_use]
pub fn status(body: &[u8]) -> Option<StatusCode> {
    let line = body
        .split(|c| matches!(c, b'\r' | b'\n'))
        .find(|line| !line.is_empty())?;
    let rest = line
        .get(..8)
        .filter(|version| version.eq_ignore_ascii_case(b"SIP/2.0 "))?;
    let code = &line[rest.len()..];
    if code.len() > 3 && code[3] != b' ' {
        return None;
    }
    let digits = std::str::from_utf8(code.get(..3)?).ok()?;
    StatusCode::new(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_read() {
        assert_eq!(build(100), b"SIP/2.0 100 Trying\r\n");
        for code in [100, 200, 486, 603] {
            assert_eq!(status(&build(code)), StatusCode::new(code));
        }
    }

    #[test]
    fn only_a_status_line_is_a_status() {
        assert_eq!(status(b"SIP/2.0 200"), StatusCode::new(200));
        assert_eq!(
            status(b"\r\nSIP/2.0 503 x\r\nTo: y\r\n"),
            StatusCode::new(503)
        );
        for bad in [
            &b""[..],
            b"\r\n",
            b"SIP/2.0 ",
            b"SIP/2.0 20",
            b"SIP/2.0 2000 OK",
            b"SIP/2.0 099 x",
            b"INVITE a SIP/2.0",
            b"To: x",
        ] {
            assert_eq!(status(bad), None, "{bad:?}");
        }
    }
}
