//! `application/simple-message-summary` (RFC 3842 §5): how many messages wait in a mailbox.

/// Octets and lines of a body that are looked at; what comes behind is of messages by themselves, which nobody asks for.
const OCTETS: usize = 8 * 1024;
const LINES: usize = 64;

/// Voice messages in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageSummary {
    /// Something new waits (`Messages-Waiting`), of whatever kind; a body without that line says so by its counts.
    pub waiting: bool,
    /// Voice messages that were not heard yet, urgent ones included.
    pub new: u32,
    /// Voice messages that were heard.
    pub old: u32,
    /// New ones that are urgent.
    pub urgent: u32,
}

impl MessageSummary {
    /// Reads a body. `None`: neither line stands in it.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let body = String::from_utf8_lossy(&body[..body.len().min(OCTETS)]);
        let (mut waiting, mut counts) = (None, None);
        for line in body.lines().take(LINES) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("Messages-Waiting") {
                waiting = waiting.or(Some(value.eq_ignore_ascii_case("yes")));
            } else if name.eq_ignore_ascii_case("Voice-Message") {
                counts = counts.or_else(|| counted(value));
            }
        }
        if waiting.is_none() && counts.is_none() {
            return None;
        }
        let [new, old, urgent] = counts.unwrap_or_default();
        Some(Self {
            waiting: waiting.unwrap_or(new > 0),
            new,
            old,
            urgent,
        })
    }
}

/// `new/old`, and in brackets the same of those that are urgent.
fn counted(value: &str) -> Option<[u32; 3]> {
    let (all, urgent) = value.split_once('(').unwrap_or((value, ""));
    let (new, old) = all.split_once('/')?;
    let urgent = urgent.split_once('/').map_or("", |(new, _)| new);
    let number = |text: &str| text.trim().parse::<u32>();
    Some([
        number(new).ok()?,
        number(old).ok()?,
        number(urgent).unwrap_or_default(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<(bool, u32, u32, u32)> {
        let read = MessageSummary::read(body.as_bytes())?;
        Some((read.waiting, read.new, read.old, read.urgent))
    }

    #[test]
    fn rfc_3842_the_counts_are_read_in_each_spelling() {
        for (body, wanted) in [
            (
                "Messages-Waiting: yes\r\nMessage-Account: sip:a@b\r\nVoice-Message: 4/8 (1/2)\r\n",
                (true, 4, 8, 1),
            ),
            (
                "messages-waiting:NO\nvoice-message: 0 / 3\n",
                (false, 0, 3, 0),
            ),
            ("Voice-Message: 2/0 (0/0)", (true, 2, 0, 0)),
            (
                "Messages-Waiting: yes\r\n\r\nTo: <sip:a@b>\r\n",
                (true, 0, 0, 0),
            ),
            ("Messages-Waiting: yes\nFax-Message: 1/0\n", (true, 0, 0, 0)),
            (
                "Messages-Waiting: no\nVoice-Message: -1/x\n",
                (false, 0, 0, 0),
            ),
        ] {
            assert_eq!(read(body), Some(wanted), "{body}");
        }
        for bad in [
            "",
            "\r\n",
            "Voice-Message: 99999999999/1",
            "yes",
            "Voice-Message: 1",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let long = "x: y\r\n".repeat(100) + "Messages-Waiting: yes";
        assert_eq!(read(&long), None, "it has an end");
    }
}
