//! The dialogs among the three: how each began, which offers were answered in it, what was referred, how it ended.
use super::{Line, Seen};
use crate::Party;
use trialog_sip_text::parameter;

/// Which way sound may flow, as the sender of an offer says it (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The receiver of the offer is held.
    SendOnly,
    /// The sender only listens.
    RecvOnly,
    /// Neither; also the old hold, `c=0.0.0.0`.
    Inactive,
}

/// An offer by INVITE or re-INVITE.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The instant at which it was sent first, in µs since 1970.
    pub at_us: i64,
    /// The offerer.
    pub by: Party,
    /// Its CSeq.
    pub cseq: u32,
    /// The first of the dialog.
    pub first: bool,
    /// The direction of the offer, as the offerer sees it (RFC 3264 §5.1).
    pub direction: Direction,
    /// The port at which the offerer takes sound (RFC 4566 §5.14).
    pub port: Option<u16>,
    /// The offerer's Contact carried `isfocus`.
    pub focus: bool,
    /// The final answer: when, and its status.
    pub answer: Option<(i64, u16)>,
}

impl Offer {
    /// The instant of its 2xx, in µs since 1970.
    #[must_use]
    pub fn accepted(&self) -> Option<i64> {
        self.answer
            .and_then(|(t, s)| (200..300).contains(&s).then_some(t))
    }
}

/// A REFER and what became of it.
#[derive(Clone, Debug)]
pub struct Refer {
    /// The instant at which it was sent first, in µs since 1970.
    pub at_us: i64,
    /// The sender of the REFER.
    pub by: Party,
    /// Its receiver.
    pub to: Party,
    /// The Refer-To, as it stood.
    pub refer_to: String,
    /// The final answer: when, and its status.
    pub answer: Option<(i64, u16)>,
    /// Each NOTIFY: when, and the status in its sipfrag.
    pub notified: Vec<(i64, u16)>,
}

impl Refer {
    /// When and how the NOTIFY said that it ended.
    #[must_use]
    pub fn ended(&self) -> Option<(i64, u16)> {
        self.notified.iter().copied().find(|(_, s)| *s >= 200)
    }
}

/// A BYE.
#[derive(Clone, Debug)]
pub struct Bye {
    /// The instant at which it was sent first, in µs since 1970.
    pub at_us: i64,
    /// The sender of the BYE.
    pub by: Party,
    /// Its Reason (RFC 3326).
    pub reason: Option<String>,
    /// The instant of its answer, in µs since 1970.
    pub answered: Option<i64>,
}

/// All that was said under one Call-ID.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// Its Call-ID.
    pub call_id: String,
    /// The sender of the INVITE.
    pub caller: Party,
    /// Its receiver.
    pub callee: Party,
    /// The instant of the INVITE, in µs since 1970.
    pub invited_us: i64,
    /// The instant of the 180, in µs since 1970.
    pub rang_us: Vec<i64>,
    /// The instant of the 2xx, in µs since 1970.
    pub up_us: Option<i64>,
    /// The final refusal: when, and its status.
    pub refused: Option<(i64, u16)>,
    /// The instant of the CANCEL, in µs since 1970.
    pub cancelled_us: Option<i64>,
    /// The Replaces of the INVITE (RFC 3891).
    pub replaces: Option<String>,
    /// The Referred-By of the INVITE (RFC 3892).
    pub referred_by: Option<String>,
    /// The caller's tag.
    pub caller_tag: String,
    /// The callee's tag.
    pub callee_tag: String,
    /// What each side allows and supports, as it said last: `(party, REFER, replaces)`.
    pub abilities: Vec<(Party, bool, bool)>,
    /// Offers, in their order.
    pub offers: Vec<Offer>,
    /// REFERs, in their order.
    pub refers: Vec<Refer>,
    /// INFOs: when, by whom.
    pub infos: Vec<(i64, Party)>,
    /// The first BYE.
    pub bye: Option<Bye>,
}

impl Dialog {
    /// Whether these two share it.
    #[must_use]
    pub fn joins(&self, a: Party, b: Party) -> bool {
        (self.caller == a && self.callee == b) || (self.caller == b && self.callee == a)
    }

    /// Whether the Replaces value names this dialog, as seen by the one at whom it is replaced (RFC 3891 §3).
    #[must_use]
    pub fn is_named_by(&self, replaces: &str, at: Party) -> bool {
        let call_id = replaces.split(';').next().unwrap_or_default().trim();
        let (own, far) = if at == self.caller {
            (&self.caller_tag, &self.callee_tag)
        } else {
            (&self.callee_tag, &self.caller_tag)
        };
        call_id == self.call_id
            && parameter(replaces, "to-tag") == Some(own.as_str())
            && parameter(replaces, "from-tag") == Some(far.as_str())
    }
}

/// The SIP among the three: each message, and the dialogs that they make up.
#[derive(Clone, Debug)]
pub struct Wire {
    /// In the order in which they were sent.
    pub messages: Vec<Seen>,
    /// In the order in which they began.
    pub dialogs: Vec<Dialog>,
}

/// Puts the messages together into dialogs.
#[must_use]
pub fn dialogs(messages: Vec<Seen>) -> Wire {
    let mut dialogs: Vec<Dialog> = Vec::new();
    for seen in &messages {
        let m = &seen.message;
        let place = dialogs.iter().position(|d| d.call_id == m.call_id());
        match (&m.line, place) {
            (Line::Request { method, .. }, None) if method == "INVITE" => {
                dialogs.push(begin(seen));
            }
            (Line::Request { method, .. }, Some(at)) => request(&mut dialogs[at], method, seen),
            (Line::Response { status, .. }, Some(at)) => response(&mut dialogs[at], *status, seen),
            (_, None) => {}
        }
        let place = dialogs.iter().position(|d| d.call_id == m.call_id());
        if let (Some(at), Some(_)) = (place, m.header("allow")) {
            let able = (
                seen.from,
                m.lists("allow", "REFER"),
                m.lists("supported", "replaces"),
            );
            dialogs[at].abilities.retain(|(p, ..)| *p != seen.from);
            dialogs[at].abilities.push(able);
        }
    }
    Wire { messages, dialogs }
}

fn begin(seen: &Seen) -> Dialog {
    let m = &seen.message;
    Dialog {
        call_id: m.call_id().to_owned(),
        caller: seen.from,
        callee: seen.to,
        invited_us: seen.at_us,
        rang_us: Vec::new(),
        up_us: None,
        refused: None,
        cancelled_us: None,
        replaces: m.header("replaces").map(str::to_owned),
        referred_by: m.header("referred-by").map(str::to_owned),
        caller_tag: m.tag("from").unwrap_or_default().to_owned(),
        callee_tag: String::new(),
        abilities: Vec::new(),
        offers: vec![offer(seen, true)],
        refers: Vec::new(),
        infos: Vec::new(),
        bye: None,
    }
}

fn offer(seen: &Seen, first: bool) -> Offer {
    Offer {
        at_us: seen.at_us,
        by: seen.from,
        cseq: seen.message.cseq().0,
        first,
        direction: direction(&seen.message.body),
        port: port(&seen.message.body),
        focus: seen.message.is_focus(),
        answer: None,
    }
}

fn request(dialog: &mut Dialog, method: &str, seen: &Seen) {
    let m = &seen.message;
    match method {
        "INVITE" => {
            let first = m.tag("to").is_none();
            let again = dialog
                .offers
                .iter()
                .any(|o| o.by == seen.from && o.cseq == m.cseq().0);
            if !again {
                dialog.offers.push(offer(seen, first));
            }
        }
        "CANCEL" => dialog.cancelled_us = Some(seen.at_us),
        "BYE" if dialog.bye.is_none() => {
            dialog.bye = Some(Bye {
                at_us: seen.at_us,
                by: seen.from,
                reason: m.header("reason").map(str::to_owned),
                answered: None,
            });
        }
        "REFER" => dialog.refers.push(Refer {
            at_us: seen.at_us,
            by: seen.from,
            to: seen.to,
            refer_to: m.header("refer-to").unwrap_or_default().to_owned(),
            answer: None,
            notified: Vec::new(),
        }),
        "NOTIFY" => {
            let refer = dialog.refers.iter_mut().rev().find(|r| r.to == seen.from);
            if let (Some(refer), Some(status)) = (refer, fragment_status(&m.body)) {
                refer.notified.push((seen.at_us, status));
            }
        }
        "INFO" => dialog.infos.push((seen.at_us, seen.from)),
        _ => {}
    }
}

fn response(dialog: &mut Dialog, status: u16, seen: &Seen) {
    let m = &seen.message;
    let (number, method) = m.cseq();
    match method {
        "INVITE" if status == 180 => dialog.rang_us.push(seen.at_us),
        "INVITE" if status >= 200 => {
            let offer = dialog
                .offers
                .iter_mut()
                .find(|o| o.by == seen.to && o.cseq == number && o.answer.is_none());
            if let Some(offer) = offer {
                offer.answer = Some((seen.at_us, status));
                if offer.first && status < 300 {
                    dialog.up_us = Some(seen.at_us);
                    dialog.callee_tag = m.tag("to").unwrap_or_default().to_owned();
                } else if offer.first {
                    dialog.refused = Some((seen.at_us, status));
                }
            }
        }
        "BYE" if status >= 200 => {
            if let Some(bye) = &mut dialog.bye {
                bye.answered.get_or_insert(seen.at_us);
            }
        }
        "REFER" if status >= 200 => {
            let refer = dialog
                .refers
                .iter_mut()
                .find(|r| r.by == seen.to && r.answer.is_none());
            if let Some(refer) = refer {
                refer.answer = Some((seen.at_us, status));
            }
        }
        _ => {}
    }
}

/// The direction of the first audio stream of a session description.
pub(super) fn direction(sdp: &str) -> Direction {
    let mut session = Direction::SendRecv;
    let mut media = None;
    let mut in_audio = false;
    let mut address_is_zero = false;
    for line in sdp.lines().map(str::trim) {
        if line.starts_with("m=") {
            if in_audio {
                break;
            }
            in_audio = line.starts_with("m=audio");
        }
        address_is_zero |= line == "c=IN IP4 0.0.0.0";
        let said = match line {
            "a=sendrecv" => Direction::SendRecv,
            "a=sendonly" => Direction::SendOnly,
            "a=recvonly" => Direction::RecvOnly,
            "a=inactive" => Direction::Inactive,
            _ => continue,
        };
        if in_audio {
            media = Some(said);
        } else {
            session = said;
        }
    }
    if address_is_zero {
        Direction::Inactive
    } else {
        media.unwrap_or(session)
    }
}

fn port(sdp: &str) -> Option<u16> {
    let mut lines = sdp.lines().map(str::trim);
    let audio = lines.find_map(|line| line.strip_prefix("m=audio "))?;
    audio.split([' ', '/']).next()?.parse().ok()
}

// RFC 3420: a NOTIFY's body begins with the status line.
fn fragment_status(body: &str) -> Option<u16> {
    body.lines()
        .find_map(|l| l.trim().strip_prefix("SIP/2.0 "))
        .and_then(|l| l.get(..3))
        .and_then(|s| s.parse().ok())
}

impl Wire {
    /// The dialog of these two that replaces none and follows from no REFER.
    #[must_use]
    pub fn dialog(&self, a: Party, b: Party) -> Option<&Dialog> {
        self.dialogs
            .iter()
            .find(|d| d.joins(a, b) && d.replaces.is_none() && d.referred_by.is_none())
    }

    /// The dialog by which the customer came to agent 1.
    #[must_use]
    pub fn customers(&self) -> Option<&Dialog> {
        self.dialog(Party::Customer, Party::Agent1)
    }

    /// The dialog by which agent 1 consulted agent 2.
    #[must_use]
    pub fn guests(&self) -> Option<&Dialog> {
        self.dialog(Party::Agent1, Party::Agent2)
    }

    /// The dialog of customer and agent 2 that a transfer made and that came up.
    #[must_use]
    pub fn transferred(&self) -> Option<&Dialog> {
        self.dialogs
            .iter()
            .find(|d| d.joins(Party::Customer, Party::Agent2) && d.up_us.is_some())
    }

    /// When the last message was seen.
    #[must_use]
    pub fn end_us(&self) -> i64 {
        self.messages.last().map_or(0, |s| s.at_us)
    }

    /// All messages of this method from this party, requests only.
    pub fn requests<'a>(&'a self, method: &'a str, from: Party) -> impl Iterator<Item = &'a Seen> {
        self.messages.iter().filter(move |s| {
            s.from == from
                && matches!(&s.message.line, Line::Request { method: m, .. } if m == method)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_is_seen_in_all_three_ways() {
        let sdp = |c: &str, a: &str| format!("v=0\r\nc=IN IP4 {c}\r\nm=audio 4 RTP/AVP 0\r\n{a}");
        assert_eq!(direction(&sdp("1.2.3.4", "")), Direction::SendRecv);
        assert_eq!(
            direction(&sdp("1.2.3.4", "a=sendonly\r\n")),
            Direction::SendOnly
        );
        assert_eq!(
            direction(&sdp("1.2.3.4", "a=inactive\r\n")),
            Direction::Inactive
        );
        assert_eq!(
            direction(&sdp("0.0.0.0", "a=sendrecv\r\n")),
            Direction::Inactive
        );
    }
}
