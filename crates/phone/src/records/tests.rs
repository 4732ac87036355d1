use super::*;
use std::sync::Arc;
use trialog_call::{CallOrigin, EndReason, LegId, LegView, Time};
use trialog_store::{Filter, HistoryCall};

fn place<'a>(path: &'a Path, phone: &'a str) -> Place<'a> {
    Place {
        path,
        phone,
        // The calls of these tests are of 1970.
        keep: Duration::from_secs(100 * 365 * 24 * 3600),
        in_bulk: false,
        webhooks: &[],
    }
}

fn calls(path: &Path) -> Vec<HistoryCall> {
    let file = trialog_store::open_to_read(path).unwrap();
    file.read(&Filter::default(), 100).unwrap().calls
}

fn began(call: u32, at: Time) -> CallRecord {
    let peer = PartyIdentity {
        name: Some("VIP \u{202e}M".to_owned()),
        number: Some("+49301".to_owned()),
        asserted: true,
        ..PartyIdentity::default()
    };
    let origin = CallOrigin {
        called: Some(PartyIdentity::named("Hotline")),
        diverted_from: vec![PartyIdentity::anonymous(true)],
        referred_by: None,
    };
    CallRecord::Began {
        call: CallId(call),
        role: Role::Owner,
        peer: peer.into(),
        origin: origin.into(),
        incoming: true,
        at,
    }
}

#[test]
fn a_call_is_kept_with_its_parties_and_its_time_on_the_wall() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/records.db");
    // A clock that was set since the start: of what is written down, the wall's time counts.
    let clock = Clock::at(5_000_000);
    let (mut records, _) = Records::open(&place(&path, "anna"), clock).unwrap();
    records.keep(&began(1, clock.now()));
    let call = CallId(1);
    let reason = EndReason {
        protocol: "SIP".to_owned(),
        not_secured: None,
        cause: Some(600),
        text: Some("Busy \u{202e}here".to_owned()),
    };
    records.keep(&CallRecord::Finished {
        call,
        outcome: Outcome::Refused(486),
        reason: Some(reason.into()),
        at: clock.now(),
    });
    drop(records);
    let call = calls(&path).remove(0);
    assert_eq!(call.peer.name.as_deref(), Some("VIP \u{202e}M"));
    assert_eq!(call.peer.number.as_deref(), Some("+49301"));
    assert_eq!(call.called.unwrap().name.as_deref(), Some("Hotline"));
    assert!(call.diverted_from[0].anonymous);
    assert_eq!(
        (call.outcome.as_deref(), call.status),
        (Some("refused"), Some(486))
    );
    let [reason] = &call.events[..] else {
        panic!("{:?}", call.events)
    };
    let detail = Some("SIP 600 Busy \u{202e}here");
    assert_eq!(
        (reason.kind.as_str(), reason.detail.as_deref()),
        ("end-reason", detail)
    );
    let now = clock.wall_us(clock.now());
    assert!(
        (now - 60_000_000..=now).contains(&call.began_us),
        "{call:?}",
        call = call.began_us
    );
}

#[test]
fn a_bye_with_words_is_one_event_and_another_leg_s_words_are_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let clock = Clock::at(5_000_000);
    let (mut records, _) = Records::open(&place(&path, "anna"), clock).unwrap();
    records.keep(&began(1, clock.now()));
    let call = CallId(1);
    let said = |name: &str, words: &str| Notice::Reason {
        call,
        party: Arc::new(PartyIdentity::named(name)),
        reason: Arc::new(EndReason {
            protocol: "Q.850".to_owned(),
            not_secured: None,
            cause: Some(21),
            text: Some(words.to_owned()),
        }),
    };
    records.notice(&said("Gus", "Lunch"));
    records.notice(&said("Carla", "Closing time"));
    let reason = EndReason {
        protocol: "Q.850".to_owned(),
        not_secured: None,
        cause: Some(21),
        text: Some("Closing time".to_owned()),
    };
    records.keep(&CallRecord::Finished {
        call,
        outcome: Outcome::FarEnded,
        reason: Some(reason.into()),
        at: clock.now(),
    });
    drop(records);
    let events = calls(&path).remove(0).events;
    let mut told: Vec<_> = events
        .iter()
        .map(|event| {
            let party = event.party.as_ref().and_then(|party| party.name.as_deref());
            (event.kind.as_str(), party, event.detail.as_deref())
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("end-reason", Some("Carla"), Some("Q.850 21 Closing time")),
            ("reason", Some("Gus"), Some("Lunch"))
        ]
    );
}

fn snapshot(legs: &[(LegId, bool)]) -> Snapshot {
    let leg = |(id, up): &(LegId, bool)| LegView {
        id: *id,
        role: Role::Guest,
        party: Arc::new(PartyIdentity::named("Gus")),
        up: *up,
        up_since: None,
        held_since: None,
        held: false,
        far_held: false,
        silent: false,
        secured: trialog_call::Secured::default(),
        redirected_to: None,
    };
    let call = trialog_call::CallView {
        id: CallId(1),
        account: trialog_call::AccountId(0),
        role: Role::Owner,
        stage: trialog_call::Stage::Consulting,
        muted: false,
        origin: Arc::default(),
        legs: legs.iter().map(leg).collect(),
        referral: None,
        acts: Vec::new(),
        since: Time::ZERO,
        answered: None,
    };
    Snapshot {
        presence: Presence::Idle,
        presence_since: Time::ZERO,
        turns_away: None,
        calls: vec![call],
        wrap_ups: Vec::new(),
        terminating: false,
    }
}

#[test]
fn legs_presence_and_the_party_that_a_call_is_handed_to_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let clock = Clock::start();
    let (mut records, _) = Records::open(&place(&path, "anna"), clock).unwrap();
    records.keep(&began(1, clock.now()));
    let guest = LegId::Placed(1);
    records.look(&snapshot(&[(guest, false)]), None);
    records.look(&snapshot(&[(guest, true)]), None);
    let call = CallId(1);
    let act = Act::Transfer(None);
    records.act(&Input::Act { call, act });
    let act = Act::Dtmf(b'7');
    records.act(&Input::Act { call, act });
    records.look(&snapshot(&[]), Some("lunch"));
    let outcome = Outcome::Transferred;
    let at = clock.now();
    records.keep(&CallRecord::Finished {
        call,
        outcome,
        reason: None,
        at,
    });
    drop(records);
    let kept = calls(&path).remove(0);
    assert_eq!(kept.transferred_to.unwrap().name.as_deref(), Some("Gus"));
    let [leg] = &kept.legs[..] else {
        panic!("{:?}", kept.legs)
    };
    assert_eq!((leg.leg.as_str(), leg.role.as_str()), ("p1", "guest"));
    assert!(leg.answered_us.is_some() && leg.ended_us.is_some());
    let kinds: Vec<_> = kept
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds, ["transfer"], "no digit is kept");
    let (_, opened) = Records::open(&place(&path, "anna"), clock).unwrap();
    assert_eq!(opened.kept.presence, Some(Presence::Idle));
    assert_eq!(opened.idle.as_deref(), Some("lunch"));
}

const OLD: &str = r#"{"run":1,"at_us":10,"record":"began","call":1,"role":"owner","peer":"Carla","incoming":true}
{"run":1,"at_us":20,"record":"connected","call":1}
{"run":1,"at_us":30,"record":"finished","call":1,"outcome":"ended"}
{"run":1,"at_us":30,"record":"wrap-up-opened","wrap_up":1,"call":1,"due":true}
{"run":1,"at_us":40,"record":"wrap-up-submitted","wrap_up":1,"call":1,"reason":"sale","timed":false}
{"run":1,"at_us":50,"record":"turned-away","peer":{"name":"Otto","asserted":false,"anonymous":false},"outcome":"turned-away","status":480,"why":"idle","calls":2}
{"run":1,"at_us":55,"record":"began","call":2,"role":"owner","peer":{"name":"Eve","asserted":false,"anonymous":false},"incoming":true}
{"run":1,"at_us":56,"record":"wrap-up-opened","wrap_up":2,"call":2,"due":true}
{"run":2,"at_us":60,"record":"began","call":1,"role":"owner","peer":{"name":"Dora","number":"7","asserted":true,"anonymous":false},"incoming":false}
{"run":2,"at_us":70,"record":"wrap-up-opened","wrap_up":1,"call":1,"due":true}
{"run":2,"at_us":80,"record":"wrap-up-drafted","wrap_up":1,"reason":"sale"}
{"run":2,"at_us":90,"reco"#;

#[test]
fn the_file_of_an_earlier_version_is_taken_over_once() {
    for name in ["records.jsonl", "records.db", "anna.records"] {
        let folder = tempfile::tempdir().unwrap();
        let configured = folder.path().join(name);
        std::fs::write(
            match name {
                // The default's name was another.
                "records.db" => configured.with_extension("jsonl"),
                _ => configured.clone(),
            },
            OLD,
        )
        .unwrap();
        for _ in 0..2 {
            let (records, opened) =
                Records::open(&place(&configured, "anna"), Clock::start()).unwrap();
            assert_eq!((opened.set_aside, opened.kept.last_call), (None, 3));
            let [owed] = &opened.kept.wrap_ups[..] else {
                panic!("{:?}", opened.kept.wrap_ups)
            };
            assert_eq!(
                (owed.call, owed.reason.as_deref()),
                (CallId(3), Some("sale"))
            );
            assert_eq!(owed.peer.name.as_deref(), Some("Dora"));
            drop(records);
        }
        let (path, old) = paths(&configured).unwrap();
        assert_eq!(std::fs::read_to_string(old).unwrap(), OLD, "it stays");
        let calls = calls(&path);
        let names: Vec<_> = calls
            .iter()
            .map(|call| call.peer.name.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["Dora", "Eve", "Otto", "Carla"]);
        assert_eq!(calls[3].wrap_ups[0].reason.as_deref(), Some("sale"));
        assert_eq!((calls[2].calls, calls[2].number), (2, None));
    }
}

#[test]
fn a_phone_for_load_has_all_its_entries_in_the_file_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let clock = Clock::start();
    let load = Place {
        in_bulk: true,
        ..place(&path, "load")
    };
    let (mut records, _) = Records::open(&load, clock).unwrap();
    for call in 1..=300 {
        records.keep(&began(call, clock.now()));
    }
    drop(records);
    let file = trialog_store::open_to_read(&path).unwrap();
    assert_eq!(file.read(&Filter::default(), 500).unwrap().calls.len(), 300);
}
