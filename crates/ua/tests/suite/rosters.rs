//! The roster of a conference (RFC 4575), told by its focus to a party that subscribes.
use crate::endpoints::World;
use crate::support::{addr, header};
use std::time::Duration;
use trialog_call::Act;
use trialog_ua::{EndpointInput, Peer, Source, Transport};

const CUSTOMER: usize = 0;
const OWNER: usize = 1;

/// The customer's phone, by hand: the rest of its conversation with the owner's.
struct Party {
    world: World,
    call_id: String,
    own_tag: String,
    owner_tag: String,
    number: u32,
}

fn tag(value: &str) -> String {
    value.split("tag=").nth(1).unwrap_or_default().to_owned()
}

impl Party {
    /// In a conference.
    fn new() -> Self {
        let mut world = World::new();
        world.conference();
        let answers = world.seen.iter().filter(|(from, to, text)| {
            (*from, *to) == (addr(OWNER), addr(CUSTOMER)) && text.starts_with("SIP/2.0 200")
        });
        let answer = answers.map(|(_, _, text)| text).next().expect("an answer");
        let (call_id, own_tag) = (
            header(answer, "Call-ID").to_owned(),
            tag(header(answer, "From")),
        );
        let owner_tag = tag(header(answer, "To"));
        // Its phone goes on where this one ends.
        let number_of = |text: &str| -> u32 {
            let number = header(text, "CSeq").split(' ').next();
            number
                .and_then(|number| number.parse().ok())
                .expect("a number")
        };
        let own = world.seen.iter().filter(|(from, to, text)| {
            (*from, *to) == (addr(CUSTOMER), addr(OWNER)) && !text.starts_with("SIP/2.0")
        });
        let number = own.map(|(_, _, text)| number_of(text)).max();
        let number = number.expect("it has called");
        world.deaf = Some(CUSTOMER);
        Self {
            world,
            call_id,
            own_tag,
            owner_tag,
            number,
        }
    }

    /// Sends it to the owner; what comes back by then.
    fn send(&mut self, text: &str) -> Vec<String> {
        let before = self.world.seen.len();
        let source = Source {
            peer: Peer::at(Transport::Udp, addr(CUSTOMER)),
            local: addr(OWNER),
            connection: None,
        };
        let message = text.as_bytes();
        self.world
            .feed(OWNER, EndpointInput::Wire { source, message });
        self.since(before)
    }

    /// What has come to the customer since so much was seen; each NOTIFY is answered.
    fn since(&mut self, before: usize) -> Vec<String> {
        self.world.run(Duration::from_millis(100));
        let to_customer =
            |(_, to, text): &(_, _, String)| (*to == addr(CUSTOMER)).then(|| text.clone());
        let came: Vec<String> = self.world.seen[before..]
            .iter()
            .filter_map(to_customer)
            .collect();
        for notify in came.iter().filter(|text| text.starts_with("NOTIFY")) {
            let of = |name| header(notify, name);
            let answer = format!(
                "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {}\r\nContent-Length: 0\r\n\r\n",
                of("Via"),
                of("From"),
                of("To"),
                of("Call-ID"),
                of("CSeq")
            );
            self.send_only(&answer);
        }
        came
    }

    fn send_only(&mut self, text: &str) {
        let source = Source {
            peer: Peer::at(Transport::Udp, addr(CUSTOMER)),
            local: addr(OWNER),
            connection: None,
        };
        let message = text.as_bytes();
        self.world
            .feed(OWNER, EndpointInput::Wire { source, message });
    }

    /// An act of the owner's, and what it tells the customer.
    fn after(&mut self, act: Act) -> Vec<String> {
        let before = self.world.seen.len();
        self.world.act(OWNER, act);
        self.since(before)
    }

    /// A SUBSCRIBE in the call's dialog.
    fn subscribe(&mut self, event: &str, more: &str) -> Vec<String> {
        self.number += 1;
        let Self {
            call_id,
            own_tag,
            owner_tag,
            number,
            ..
        } = &*self;
        let text = format!(
            "SUBSCRIBE sip:user1@{} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKs{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:user0@{1}>;tag={own_tag}\r\nTo: <sip:user1@{0}>;tag={owner_tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {number} SUBSCRIBE\r\nContact: <sip:user0@{1}>\r\nEvent: {event}\r\n{more}Content-Length: 0\r\n\r\n",
            addr(OWNER),
            addr(CUSTOMER)
        );
        self.send(&text)
    }

    /// One outside the dialog.
    fn subscribe_outside(&mut self, more: &str) -> Vec<String> {
        self.number += 1;
        let number = self.number;
        let text = format!(
            "SUBSCRIBE sip:user1@{} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKo{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:user0@{1}>;tag=out{number}\r\nTo: <sip:user1@{0}>\r\nCall-ID: out{number}\r\nCSeq: 1 SUBSCRIBE\r\n\
             Contact: <sip:user0@{1}>\r\nEvent: conference\r\n{more}Content-Length: 0\r\n\r\n",
            addr(OWNER),
            addr(CUSTOMER)
        );
        self.send(&text)
    }
}

/// The one NOTIFY among these.
fn notify(came: &[String]) -> &str {
    let mut notifies = came.iter().filter(|text| text.starts_with("NOTIFY"));
    let first = notifies
        .next()
        .unwrap_or_else(|| panic!("no NOTIFY: {came:?}"));
    assert_eq!(notifies.next(), None, "more than one");
    first
}

fn status(came: &[String]) -> &str {
    let first = came.first().expect("an answer");
    first.lines().next().unwrap_or_default()
}

#[test]
fn a_party_is_told_the_roster_at_once_and_after_each_change() {
    let mut party = Party::new();
    let came = party.subscribe(
        "conference;id=7",
        "Expires: 60\r\nAccept: application/conference-info+xml\r\n",
    );
    assert_eq!(status(&came), "SIP/2.0 200 OK", "{:?}", party.world.seen);
    assert_eq!(header(&came[0], "Expires"), "60");
    let contact = header(&came[0], "Contact").to_owned();
    assert!(contact.contains(";isfocus"), "{contact}");
    let first = notify(&came).to_owned();
    assert_eq!(header(&first, "Event"), "conference;id=7");
    assert!(header(&first, "Subscription-State").starts_with("active;expires="));
    assert_eq!(
        header(&first, "Content-Type"),
        "application/conference-info+xml"
    );
    let entity = contact.split(['<', '>']).nth(1).expect("a URI");
    for part in [
        &*format!("entity=\"{entity}\" state=\"full\" version=\"1\""),
        "<user-count>3</user-count>",
        "<entry>owner</entry>",
        "<entry>customer</entry>",
        "<entry>guest</entry>",
        "<status>sendrecv</status>",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    let came = party.after(Act::Mute);
    let muted = notify(&came);
    assert!(
        muted.contains("version=\"2\"") && muted.contains("<status>recvonly</status>"),
        "{muted}"
    );
    let came = party.subscribe("conference;id=7", "Expires: 60\r\n");
    assert_eq!(status(&came), "SIP/2.0 200 OK", "refreshed");
    assert!(notify(&came).contains("version=\"3\""));
    let came = party.subscribe("conference;id=7", "Expires: 0\r\n");
    assert_eq!(
        header(notify(&came), "Subscription-State"),
        "terminated;reason=timeout"
    );
    let came = party.after(Act::Unmute);
    assert_eq!(came, [""; 0], "it is told no more");
}

/// RFC 6665 §4.4.1: its end is told, too.
#[test]
fn with_the_conference_its_roster_ends() {
    let mut party = Party::new();
    assert_eq!(status(&party.subscribe("conference", "")), "SIP/2.0 200 OK");
    let before = party.world.seen.len();
    party.world.act(2, Act::Exit);
    let came = party.since(before);
    let last = notify(&came);
    assert_eq!(
        header(last, "Subscription-State"),
        "terminated;reason=noresource"
    );
    assert!(last.contains("state=\"deleted\" version=\"2\""), "{last}");
    let again = party.subscribe("conference", "");
    assert_eq!(status(&again), "SIP/2.0 403 Forbidden");
    assert!(header(&again[0], "Warning").contains("no conference"));
}

#[test]
fn the_roster_is_for_parties_alone_once_each_and_in_a_type_that_they_take() {
    let mut party = Party::new();
    let came = party.subscribe_outside("");
    assert_eq!(status(&came), "SIP/2.0 403 Forbidden");
    let other = "Target-Dialog: nobody;local-tag=a;remote-tag=b\r\n";
    assert_eq!(
        status(&party.subscribe_outside(other)),
        "SIP/2.0 403 Forbidden"
    );
    let came = party.subscribe("conference", "Accept: text/plain\r\n");
    assert_eq!(status(&came), "SIP/2.0 406 Not Acceptable");
    let came = party.subscribe("presence", "");
    assert_eq!(status(&came), "SIP/2.0 489 Bad Event");
    assert_eq!(header(&came[0], "Allow-Events"), "refer, conference");
    // RFC 4538: from the subscriber's side.
    let own = format!(
        "Target-Dialog: {};local-tag={};remote-tag={}\r\n",
        party.call_id, party.own_tag, party.owner_tag
    );
    let came = party.subscribe_outside(&own);
    assert_eq!(status(&came), "SIP/2.0 200 OK");
    assert!(notify(&came).contains("<entry>guest</entry>"));
    let came = party.subscribe("conference", "");
    assert_eq!(status(&came), "SIP/2.0 403 Forbidden", "it is told already");
}
