//! What is kept of each call for those that look into it: its last messages, secrets struck out, its steps and its sound. All of it is bounded,
//! and by the call: what comes for no call of this phone is not kept here, so that no flood of it pushes a call's messages out.
use crate::trace::{Seen, Way};
use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use trialog_api as api;
use trialog_call::{CallId, LegId};
use trialog_engine::LegStats;
use trialog_ua::Transport;

/// A call's first messages stay: so many, of so many bytes together.
const FIRST: usize = 32;
const FIRST_BYTES: usize = 64 * 1024;

/// Of those after them the last ones stay.
const LAST: usize = 224;
const LAST_BYTES: usize = 192 * 1024;

/// A longer message is cut.
const LONGEST: usize = 16 * 1024;

/// Of a call so many steps are kept, the last ones.
const STEPS: usize = 256;

/// So many Call-IDs of a call are known, the last ones: one for each leg, and one for each request outside of a dialog.
const CALL_IDS: usize = 64;

/// So many calls that are over are kept, of those that were answered and of those that were not: a caller that rings again and again
/// pushes out none of the others.
const ANSWERED: usize = 12;
const NOT_ANSWERED: usize = 4;

/// All that is kept.
#[derive(Debug, Default)]
pub(crate) struct CallTraces {
    /// In the order in which they began.
    calls: VecDeque<Traced>,
    /// The message that came last, where its call is not known yet.
    unknown: Option<(String, Kept)>,
}

/// A call.
#[derive(Debug)]
struct Traced {
    call: CallId,
    answered: bool,
    over: bool,
    legs: Vec<api::TraceLeg>,
    call_ids: VecDeque<(String, LegId)>,
    /// Legs whose far party has rung.
    rang: VecDeque<LegId>,
    first: Vec<Kept>,
    last: VecDeque<Kept>,
    last_bytes: usize,
    left_out: u64,
    steps: VecDeque<api::TraceStep>,
    sound: Vec<api::LegSound>,
}

/// A message.
#[derive(Clone, Debug)]
struct Kept {
    at_us: u64,
    way: Way,
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
    /// Of the leg.
    leg: LegId,
    cut: bool,
    text: String,
}

impl CallTraces {
    /// A message at the socket; `text`: without its secrets. False where its call is not known: [`CallTraces::belongs`] is to say.
    pub(crate) fn see(&mut self, call_id: &str, seen: Seen<'_>, text: &str) -> bool {
        let kept = Kept::new(seen, text);
        match self.of(call_id) {
            Some((traced, leg)) => {
                traced.keep(Kept { leg, ..kept });
                true
            }
            None => {
                self.unknown = Some((call_id.to_owned(), kept));
                false
            }
        }
    }

    /// What has this Call-ID is this leg's, whose far party is called `party`. `live`: the calls that go on.
    pub(crate) fn belongs(
        &mut self,
        call_id: &str,
        (call, leg): (CallId, LegId),
        party: &str,
        live: &[CallId],
    ) {
        let traced = self.call(call, live);
        let name = trialog_desk::names::leg(leg);
        if traced.legs.iter().all(|known| known.leg != name) {
            if traced.legs.len() == CALL_IDS {
                traced.legs.remove(0);
            }
            let party = party.to_owned();
            traced.legs.push(api::TraceLeg { leg: name, party });
        }
        if traced.call_ids.len() == CALL_IDS {
            traced.call_ids.pop_front();
        }
        traced.call_ids.push_back((call_id.to_owned(), leg));
        let waiting = self.unknown.take_if(|(unknown, _)| unknown == call_id);
        if let Some((_, kept)) = waiting {
            self.call(call, live).keep(Kept { leg, ..kept });
        }
    }

    /// Nothing else says whose the last message is: it is no call's.
    pub(crate) fn forget_unknown(&mut self) {
        self.unknown = None;
    }

    /// The Call-ID of the message that waits to be known.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.unknown.as_ref().map(|(call_id, _)| call_id.as_str())
    }

    /// Something happened in a call.
    pub(crate) fn step(&mut self, call: CallId, at_us: u64, text: String, live: &[CallId]) {
        let traced = self.call(call, live);
        if traced.steps.len() == STEPS {
            traced.steps.pop_front();
        }
        traced.steps.push_back(api::TraceStep { at_us, text });
    }

    /// The far party of this Call-ID's leg rings: the call, and the party's name; `None` where that is known, or no call has it.
    pub(crate) fn rings(&mut self, call_id: &str) -> Option<(CallId, String)> {
        let (traced, leg) = self.of(call_id)?;
        if traced.rang.contains(&leg) {
            return None;
        }
        if traced.rang.len() == CALL_IDS {
            traced.rang.pop_front();
        }
        traced.rang.push_back(leg);
        let name = trialog_desk::names::leg(leg);
        let known = traced.legs.iter().find(|known| known.leg == name)?;
        Some((traced.call, known.party.clone()))
    }

    /// How a leg's sound goes now, in a call that is kept.
    pub(crate) fn sound(&mut self, call: CallId, sound: api::LegSound) {
        let Some(traced) = self.calls.iter_mut().find(|traced| traced.call == call) else {
            return;
        };
        let mut known = traced.sound.iter();
        match known.position(|known| known.leg == sound.leg) {
            Some(place) => traced.sound[place] = sound,
            None if traced.sound.len() < CALL_IDS => traced.sound.push(sound),
            None => {}
        }
    }

    /// A leg's sound is over: so much was counted of it. Where it stopped stays as it was found while it went on.
    pub(crate) fn sound_over(&mut self, leg: LegId, counted: &LegStats) {
        let name = trialog_desk::names::leg(leg);
        let all = self.calls.iter_mut().flat_map(|traced| &mut traced.sound);
        for known in all.filter(|known| known.leg == name) {
            let (from, to) = (&mut known.from_party, &mut known.to_party);
            (from.received, from.decoded) = (counted.received, counted.decoded);
            (from.lost, from.late) = (counted.lost, counted.late);
            to.sent = counted.sent;
        }
    }

    /// The call was answered: it is kept longer.
    pub(crate) fn answered(&mut self, call: CallId) {
        if let Some(traced) = self.calls.iter_mut().find(|traced| traced.call == call) {
            traced.answered = true;
        }
    }

    /// All that is kept of a call, without the phone's name and version.
    pub(crate) fn show(&self, call: CallId) -> Option<api::CallTrace> {
        let traced = self.calls.iter().find(|traced| traced.call == call)?;
        Some(traced.show())
    }

    fn of(&mut self, call_id: &str) -> Option<(&mut Traced, LegId)> {
        self.calls.iter_mut().rev().find_map(|traced| {
            let mut known = traced.call_ids.iter().rev();
            let (_, leg) = known.find(|(known, _)| known == call_id)?;
            let leg = *leg;
            Some((traced, leg))
        })
    }

    /// The call; where it is new, older ones make room.
    fn call(&mut self, call: CallId, live: &[CallId]) -> &mut Traced {
        let place = self.calls.iter().position(|traced| traced.call == call);
        let place = place.unwrap_or_else(|| {
            self.make_room(live);
            self.calls.push_back(Traced::new(call));
            self.calls.len() - 1
        });
        &mut self.calls[place]
    }

    fn make_room(&mut self, live: &[CallId]) {
        for traced in &mut self.calls {
            traced.over = !live.contains(&traced.call);
        }
        for (answered, most) in [(true, ANSWERED), (false, NOT_ANSWERED)] {
            let is_of = |traced: &Traced| traced.over && traced.answered == answered;
            let mut spare = self.calls.iter().filter(|traced| is_of(traced)).count();
            self.calls.retain(|traced| {
                let goes = is_of(traced) && spare > most;
                spare -= usize::from(goes);
                !goes
            });
        }
    }
}

impl Traced {
    fn new(call: CallId) -> Self {
        Self {
            call,
            answered: false,
            over: false,
            legs: Vec::new(),
            call_ids: VecDeque::new(),
            rang: VecDeque::new(),
            first: Vec::new(),
            last: VecDeque::new(),
            last_bytes: 0,
            left_out: 0,
            steps: VecDeque::new(),
            sound: Vec::new(),
        }
    }

    fn keep(&mut self, kept: Kept) {
        let bytes: usize = self.first.iter().map(|kept| kept.text.len()).sum();
        let is_first = self.last.is_empty()
            && self.left_out == 0
            && self.first.len() < FIRST
            && bytes + kept.text.len() <= FIRST_BYTES;
        if is_first {
            return self.first.push(kept);
        }
        self.last_bytes += kept.text.len();
        self.last.push_back(kept);
        while self.last.len() > LAST || self.last_bytes > LAST_BYTES {
            let Some(oldest) = self.last.pop_front() else {
                break;
            };
            self.last_bytes -= oldest.text.len();
            self.left_out += 1;
        }
    }

    fn show(&self) -> api::CallTrace {
        let mut before = HashSet::new();
        let messages = self.first.iter().chain(&self.last).map(|kept| {
            let is_new = before.insert((kept.way == Way::In, kept.remote, kept.text.as_str()));
            kept.show(!is_new)
        });
        api::CallTrace {
            call: self.call.0,
            legs: self.legs.clone(),
            messages: messages.collect(),
            left_out: self.left_out,
            before_left_out: u32::try_from(self.first.len()).unwrap_or(u32::MAX),
            steps: self.steps.iter().cloned().collect(),
            sound: self.sound.clone(),
            ..api::CallTrace::default()
        }
    }
}

impl Kept {
    fn new(seen: Seen<'_>, text: &str) -> Self {
        let end = text.floor_char_boundary(LONGEST);
        Self {
            at_us: seen.at_us,
            way: seen.way,
            transport: seen.transport,
            local: seen.local,
            remote: seen.remote,
            // As long as it is not known.
            leg: LegId::Placed(0),
            cut: end < text.len(),
            text: text[..end].to_owned(),
        }
    }

    fn show(&self, again: bool) -> api::TraceMessage {
        api::TraceMessage {
            at_us: self.at_us,
            way: match self.way {
                Way::In => api::Way::In,
                Way::Out => api::Way::Out,
            },
            transport: match self.transport {
                Transport::Udp => api::WireTransport::Udp,
                Transport::Tcp => api::WireTransport::Tcp,
                Transport::Tls => api::WireTransport::Tls,
            },
            local: self.local.to_string(),
            remote: self.remote.to_string(),
            leg: trialog_desk::names::leg(self.leg),
            first_line: self.text.lines().next().unwrap_or_default().to_owned(),
            again,
            cut: self.cut,
            text: self.text.clone(),
        }
    }
}

/// The Call-ID of a message (RFC 3261 §20.8), also where the rest of it is no message.
pub(crate) fn call_id(message: &str) -> Option<&str> {
    let mut lines = message.split('\n').map(|line| line.trim_end_matches('\r'));
    let value = loop {
        let line = lines.next().filter(|line| !line.is_empty())?;
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = name.trim_end();
        if name.eq_ignore_ascii_case("Call-ID") || name.eq_ignore_ascii_case("i") {
            break value;
        }
    };
    let value = match value.trim() {
        // RFC 3261 §7.3.1: the value may begin on the next line.
        "" => lines
            .next()
            .filter(|line| line.starts_with([' ', '\t']))?
            .trim(),
        value => value,
    };
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at_us: u64) -> Seen<'static> {
        Seen {
            at_us,
            way: Way::In,
            transport: Transport::Udp,
            local: SocketAddr::from(([127, 0, 0, 1], 5060)),
            remote: SocketAddr::from(([127, 0, 0, 2], 5060)),
            message: b"",
        }
    }

    fn begin(traces: &mut CallTraces, number: u32, live: &[CallId]) {
        let of = (CallId(number), LegId::Received(number));
        let id = number.to_string();
        traces.see(&id, seen(0), "INVITE");
        traces.belongs(&id, of, "Carla", live);
    }

    #[test]
    fn a_message_is_its_calls_as_soon_as_that_is_known() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[]);
        assert!(traces.see("1", seen(1), "ACK"));
        assert!(!traces.see("2", seen(2), "OPTIONS"));
        let shown = traces.show(CallId(1)).expect("it is kept");
        let lines: Vec<_> = shown
            .messages
            .iter()
            .map(|one| &one.first_line[..])
            .collect();
        assert_eq!(lines, ["INVITE", "ACK"]);
        assert_eq!(shown.messages[0].leg, "r1");
        assert_eq!(shown.legs[0].party, "Carla");
        assert!(traces.show(CallId(2)).is_none());
    }

    #[test]
    fn a_flood_from_strangers_pushes_nothing_of_a_call_out() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[CallId(1)]);
        for number in 0..10_000 {
            assert!(!traces.see(&format!("flood-{number}"), seen(number), "OPTIONS"));
        }
        assert_eq!(
            traces.show(CallId(1)).expect("it is kept").messages.len(),
            1
        );
        assert_eq!(traces.calls.len(), 1);
    }

    #[test]
    fn calls_that_were_not_answered_push_out_none_that_was() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[CallId(1)]);
        traces.answered(CallId(1));
        for number in 2..1_000 {
            begin(&mut traces, number, &[CallId(number)]);
        }
        assert!(traces.show(CallId(1)).is_some());
        assert!(traces.show(CallId(999)).is_some());
        assert!(traces.calls.len() <= ANSWERED + NOT_ANSWERED + 1);
    }

    #[test]
    fn a_call_that_goes_on_is_kept_whatever_comes_after_it() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[CallId(1)]);
        for number in 2..100 {
            begin(&mut traces, number, &[CallId(1), CallId(number)]);
            traces.answered(CallId(number));
        }
        assert!(traces.show(CallId(1)).is_some());
        assert!(traces.show(CallId(2)).is_none());
    }

    #[test]
    fn of_a_long_call_beginning_and_end_are_kept_within_bounds() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[]);
        for number in 1..2_000 {
            traces.see(
                "1",
                seen(number),
                &format!("INFO {number} {}", "x".repeat(20_000)),
            );
        }
        let shown = traces.show(CallId(1)).expect("it is kept");
        let bytes: usize = shown.messages.iter().map(|one| one.text.len()).sum();
        assert!(bytes <= FIRST_BYTES + LAST_BYTES, "{bytes}");
        assert_eq!(shown.messages[0].text, "INVITE");
        let last = shown.messages.last().expect("there are some");
        assert!(last.text.starts_with("INFO 1999 ") && last.cut);
        assert_eq!(shown.messages.len() as u64 + shown.left_out, 2_000);
        for number in 0..10_000 {
            traces.see("1", seen(number), "INFO");
            traces.step(CallId(1), number, "held".to_owned(), &[]);
        }
        let shown = traces.show(CallId(1)).expect("it is kept");
        assert!(shown.messages.len() <= FIRST + LAST);
        assert_eq!(shown.steps.len(), STEPS);
    }

    #[test]
    fn what_comes_twice_is_marked() {
        let mut traces = CallTraces::default();
        begin(&mut traces, 1, &[]);
        traces.see("1", seen(500_000), "INVITE");
        let out = Seen {
            way: Way::Out,
            ..seen(500_001)
        };
        traces.see("1", out, "INVITE");
        let shown = traces.show(CallId(1)).expect("it is kept");
        let again: Vec<_> = shown.messages.iter().map(|one| one.again).collect();
        assert_eq!(again, [false, true, false]);
    }

    #[test]
    fn a_call_id_is_found_in_each_of_its_spellings() {
        for (message, id) in [
            ("INVITE sip:b SIP/2.0\r\nCall-ID: a@b\r\n\r\n", Some("a@b")),
            ("SIP/2.0 200 OK\r\ni:a\r\n\r\n", Some("a")),
            ("SIP/2.0 200 OK\ncall-id \t:\r\n\ta\r\n\r\n", Some("a")),
            ("BYE sip:b SIP/2.0\r\n\r\nCall-ID: a\r\n", None),
            ("BYE sip:b SIP/2.0\r\nCall-ID:\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(call_id(message), id, "{message}");
        }
    }
}
