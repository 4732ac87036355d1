//! Secrets struck out of SIP messages before they are written anywhere: what answers a digest challenge, passwords in URIs, keys
//! for SRTP in session descriptions, and digits that go by INFO, which may be anyone's.
//! It works on the text, so that it holds for messages that no parser would take.
use std::borrow::Cow;

const STRUCK: &str = "[struck out]";

/// The message as text without its secrets.
pub(crate) fn redact(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let mut out = String::with_capacity(text.len());
    let mut in_credentials = false;
    let mut in_body = false;
    let mut has_digits = false;
    for line in text.split_inclusive('\n') {
        if !in_body {
            let bare = line.trim_end_matches(['\r', '\n']);
            in_body = bare.is_empty();
            has_digits |= is_digits(bare);
            // RFC 3261 §7.3.1: a line that begins with white space goes on with the header before it.
            if !bare.starts_with([' ', '\t']) {
                in_credentials = bare.split_once(':').is_some_and(|(name, _)| {
                    let name = name.trim();
                    name.eq_ignore_ascii_case("Authorization")
                        || name.eq_ignore_ascii_case("Proxy-Authorization")
                });
            }
        }
        let line = if in_credentials && !in_body {
            without_credentials(line)
        } else {
            Cow::Borrowed(line)
        };
        if in_body && has_digits {
            out.push_str(&without_digits(&line));
        } else {
            out.push_str(&without_keys(&without_passwords(&line)));
        }
    }
    out
}

/// The header says that the body is a digit: `application/dtmf`, which is that alone, or `application/dtmf-relay`.
fn is_digits(header: &str) -> bool {
    header.split_once(':').is_some_and(|(name, value)| {
        let name = name.trim_end();
        let is_type = name.eq_ignore_ascii_case("Content-Type") || name.eq_ignore_ascii_case("c");
        is_type && value.to_ascii_lowercase().contains("application/dtmf")
    })
}

/// `Signal=5` without the 5, and a line that is nothing but digits.
fn without_digits(line: &str) -> Cow<'_, str> {
    let bare = line.trim_end_matches(['\r', '\n']);
    let ending = &line[bare.len()..];
    match bare.split_once('=') {
        Some((name, _)) if name.trim().eq_ignore_ascii_case("Signal") => {
            Cow::Owned(format!("{name}={STRUCK}{ending}"))
        }
        Some(_) => Cow::Borrowed(line),
        None if bare.trim().is_empty() => Cow::Borrowed(line),
        None => Cow::Owned(format!("{STRUCK}{ending}")),
    }
}

/// RFC 4568 §6.1: `inline:` and the key, up to its life time; several are separated by semicolons. Wherever it stands: a description may
/// lie in a body of several parts, or be folded into something else.
fn without_keys(line: &str) -> Cow<'_, str> {
    const BEFORE: &[u8] = b"inline";
    let (mut out, mut done) = (String::new(), 0);
    for (at, _) in line.match_indices(':') {
        let before = &line.as_bytes()[at.saturating_sub(BEFORE.len())..at];
        if !before.eq_ignore_ascii_case(BEFORE) {
            continue;
        }
        let key = at + 1;
        let length = line[key..].find(['|', ';', ' ', '\t', '\r', '\n']);
        let end = length.map_or(line.len(), |length| key + length);
        if at < done || end == key {
            continue;
        }
        out.push_str(&line[done..key]);
        out.push_str(STRUCK);
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[done..]);
    Cow::Owned(out)
}

/// `response` is what the password becomes; with `cnonce` and the rest of the message it can be guessed against. Schemes other
/// than Digest (`Basic`, `Bearer`) are secrets as a whole.
fn without_credentials(line: &str) -> Cow<'_, str> {
    let (head, value) = match line.split_once(':') {
        Some((name, value)) if !line.starts_with([' ', '\t']) => (name.len() + 1, value),
        _ => (0, line),
    };
    let ending = &line[line.trim_end_matches(['\r', '\n']).len()..];
    let begins = head > 0;
    if begins
        && !value
            .trim_start()
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest "))
    {
        return Cow::Owned(format!("{} {STRUCK}{ending}", &line[..head]));
    }
    let lower = line.to_ascii_lowercase();
    let mut out = String::new();
    let mut done = 0;
    let mut from = head;
    while let Some(found) = lower[from..].find("response") {
        let name = from + found;
        from = name + "response".len();
        let before = line[..name].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_') {
            continue;
        }
        let rest = &line[from..];
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        let start = line.len() - value.len();
        let length = match value.strip_prefix('"') {
            Some(quoted) => quoted.find('"').map_or(value.len(), |end| end + 2),
            None => value.find([',', ' ', '\r', '\n']).unwrap_or(value.len()),
        };
        out.push_str(&line[done..start]);
        out.push('"');
        out.push_str(STRUCK);
        out.push('"');
        done = (start + length).min(line.len());
        from = done;
    }
    out.push_str(&line[done..]);
    Cow::Owned(out)
}

/// `sip:user:password@host` keeps all but the password (RFC 3261 §19.1.1).
fn without_passwords(line: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in line.match_indices(':') {
        if at < done || !ends_with_scheme(&line[..at]) {
            continue;
        }
        let user = at + 1;
        let Some(colon) = line[user..].find([':', '@', '>', '<', ' ', '"', '\r', '\n']) else {
            continue;
        };
        let colon = user + colon;
        if !line[colon..].starts_with(':') {
            continue;
        }
        let secret = &line[colon + 1..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()%&=+$,".contains(c);
        let length = secret.find(|c| !allowed(c)).unwrap_or(secret.len());
        if length > 0 && secret[length..].starts_with('@') {
            out.push_str(&line[done..=colon]);
            out.push_str(STRUCK);
            done = colon + 1 + length;
        }
    }
    if done == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[done..]);
    Cow::Owned(out)
}

fn ends_with_scheme(before: &str) -> bool {
    let others = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let scheme = &before[others.len()..];
    scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_challenge_is_struck_out_in_every_spelling() {
        for header in [
            "Authorization: Digest username=\"a\", nonce=\"n\", response=\"0123456789abcdef\", uri=\"sip:b\"",
            "authorization:Digest response = \"0123456789abcdef\",username=\"a\"",
            "PROXY-AUTHORIZATION: Digest username=\"a\",\r\n\tresponse=\"0123456789abcdef\"",
            "Proxy-Authorization: digest RESPONSE=0123456789abcdef, username=\"a\"",
            "Authorization: Basic 0123456789abcdef",
        ] {
            let message = format!("REGISTER sip:b SIP/2.0\r\n{header}\r\nTo: <sip:a@b>\r\n\r\n");
            let written = redact(message.as_bytes());
            assert!(!written.contains("0123456789abcdef"), "{written}");
            assert!(written.contains("To: <sip:a@b>"), "{written}");
            if header.contains("username") {
                assert!(written.contains("username=\"a\""), "{written}");
            }
        }
    }

    #[test]
    fn a_password_in_an_address_is_struck_out() {
        let message = "INVITE sip:bob:geheim@b.example SIP/2.0\r\nTo: <sips:bob:geheim@b.example:5061;x=y>\r\n\r\n";
        let written = redact(message.as_bytes());
        assert!(!written.contains("geheim"), "{written}");
        assert!(
            written.contains("sips:bob:[struck out]@b.example:5061;x=y"),
            "{written}"
        );
    }

    #[test]
    fn keys_of_srtp_are_struck_out_and_the_rest_of_their_lines_stays() {
        let message = "INVITE sip:b SIP/2.0\r\n\r\nv=0\r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0a2V5MQ==|2^20 WSH=64\r\n\
            a=crypto:2 AEAD_AES_128_GCM INLINE:c2VjcmV0a2V5Mg;inline:c2VjcmV0a2V5Mw|1:4\r\na=sendrecv\r\n";
        let written = redact(message.as_bytes());
        assert!(!written.contains("c2VjcmV0"), "{written}");
        for rest in [
            "1 AES_CM_128_HMAC_SHA1_80 inline:[struck out]|2^20 WSH=64\r\n",
            "INLINE:[struck out];inline:[struck out]|1:4\r\na=sendrecv\r\n",
        ] {
            assert!(written.contains(rest), "{written}");
        }
    }

    #[test]
    fn digits_that_go_by_info_are_struck_out() {
        for (header, body, expected) in [
            (
                "Content-Type: application/dtmf-relay",
                "Signal=7\r\nDuration=160\r\n",
                "Signal=[struck out]\r\nDuration=160\r\n",
            ),
            (
                "c:application/DTMF-Relay",
                "signal = 7",
                "signal =[struck out]",
            ),
            (
                "CONTENT-TYPE: application/dtmf",
                "7\r\n",
                "[struck out]\r\n",
            ),
            ("Content-Type: text/plain", "Signal=7", "Signal=7"),
        ] {
            let head = format!("INFO sip:b SIP/2.0\r\n{header}\r\n\r\n");
            let written = redact(format!("{head}{body}").as_bytes());
            assert_eq!(written, format!("{head}{expected}"));
        }
    }

    #[test]
    fn a_message_without_secrets_is_left_as_it_is() {
        let message = "INVITE sip:bob@127.0.0.1:5062;transport=tcp SIP/2.0\r\nFrom: \"A\" <sip:a@127.0.0.1:5060>;tag=1\r\n\
            WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nContact: <sip:127.0.0.1:5060>\r\n\r\n\
            v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\na=response=\"x\"\r\n";
        assert_eq!(redact(message.as_bytes()), message);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm_wherever_they_stand() {
        let message = b"INVITE sip:bob:geheim@b SIP/2.0\r\nTo: <sip:b>\r\nAuthorization: Digest a=\"b\",\r\n response=\"0123\", response=4567\r\n\r\nv=0\r\na=crypto:1 X inline:abc|2^20;inline:d\r\n";
        for bytes in [
            &b"\xff"[..],
            b"\0",
            "é".as_bytes(),
            "\u{130}".as_bytes(),
            b"\"",
            b":",
            b"\n",
            b"\r",
        ] {
            for at in 0..=message.len() {
                let (before, after) = message.split_at(at);
                redact(&[before, bytes, after].concat());
                redact(&[before, bytes].concat());
                redact(&[bytes, after].concat());
            }
        }
    }
}
