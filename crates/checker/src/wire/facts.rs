//! What a reader of the ladder should see of a message beside its first line, and what a Refer-To says.
use super::dialog::direction;
use super::{Direction, Line, Message};
use trialog_sip_text::parameter;

/// Whether a Refer-To carries `Replaces`, and its value, unescaped.
#[must_use]
pub(crate) fn replaces_in(refer_to: &str) -> Option<String> {
    let at = refer_to.to_ascii_lowercase().find("replaces=")?;
    let rest = &refer_to[at + "replaces=".len()..];
    let end = rest.find(['>', '&']).unwrap_or(rest.len());
    Some(unescape(&rest[..end]))
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = text
            .get(i + 1..i + 3)
            .filter(|_| bytes[i] == b'%')
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a reader should see of the message beside its first line.
#[must_use]
pub(crate) fn key_facts(message: &Message) -> Vec<String> {
    let mut facts = Vec::new();
    let is_request = matches!(message.line, Line::Request { .. });
    if message.has_sdp() {
        let word = match direction(&message.body) {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        };
        facts.push(word.to_owned());
    }
    if message.is_focus() && is_request {
        facts.push("isfocus".to_owned());
    }
    if is_request && message.header("replaces").is_some() {
        facts.push("Replaces".to_owned());
    }
    if let Some(role) = message.header("trialog-role") {
        facts.push(format!("Trialog-Role: {role}"));
    }
    if is_request && let Some(to) = message.header("refer-to") {
        let user = to.split_once("sip:").map_or(to, |(_, rest)| {
            rest.split(['@', '>', ';', '?']).next().unwrap_or(rest)
        });
        let with = if replaces_in(to).is_some() {
            " + Replaces"
        } else {
            ""
        };
        facts.push(format!("to {user}{with}"));
    }
    if message.method() == "NOTIFY"
        && is_request
        && let Some(line) = message.body.lines().find(|l| l.starts_with("SIP/2.0"))
    {
        facts.push(line["SIP/2.0".len()..].trim().to_owned());
    }
    if message.method() == "INFO" && is_request && !message.body.trim().is_empty() {
        facts.push(message.body.lines().next().unwrap_or_default().to_owned());
    }
    if let Some(reason) = message.header("reason").filter(|_| is_request) {
        let text = parameter(reason, "text").unwrap_or(reason);
        facts.push(text.trim_matches('"').to_owned());
    }
    facts
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_replaces_is_read_out_of_a_refer_to() {
        let to = "<sip:b@h?Replaces=a%40h%3Bto-tag%3Dx%3Bfrom-tag%3Dy&X=z>";
        assert_eq!(replaces_in(to).as_deref(), Some("a@h;to-tag=x;from-tag=y"));
    }
}
