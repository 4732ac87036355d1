//! What is kept and found again, also where the disk refuses and the process dies.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use trialog_store::*;

fn make(path: &Path) -> std::io::Result<()> {
    std::fs::File::create(path).map(drop)
}

fn options(phone: &str) -> Options {
    Options {
        phone: phone.to_owned(),
        ..Options::default()
    }
}

fn start(path: &Path, options: Options) -> (Store, Restored) {
    Store::start(open(path, make).unwrap(), options, |_| {}).unwrap()
}

fn now(store: &Store, entry: Entry) -> Result<(), StoreError> {
    let (told, answer) = mpsc::channel();
    store.keep_now(entry, move |outcome| told.send(outcome).unwrap());
    answer.recv().unwrap()
}

fn read(store: &Store, filter: Filter, limit: u32) -> Page {
    let (told, answer) = mpsc::channel();
    store.read(filter, limit, move |page| told.send(page).unwrap());
    answer.recv().unwrap().unwrap()
}

fn party(name: &str, number: &str) -> Party {
    Party {
        name: Some(name.to_owned()),
        number: Some(number.to_owned()),
        ..Party::default()
    }
}

fn began(call: u32, peer: Party) -> Entry {
    Entry::Began(Box::new(Began {
        call: CallNumber(call),
        role: "owner".to_owned(),
        peer,
        origin: Origin::default(),
        incoming: true,
        at_us: i64::from(call) * 1000,
    }))
}

fn finished(call: u32, outcome: &str) -> Entry {
    Entry::Finished {
        call: CallNumber(call),
        outcome: outcome.to_owned(),
        status: None,
        at_us: i64::from(call) * 1000 + 500,
    }
}

fn connected(call: u32) -> Entry {
    Entry::Connected {
        call: CallNumber(call),
        at_us: i64::from(call) * 1000 + 100,
    }
}

fn opened(call: u32, due: bool) -> Entry {
    Entry::WrapUpOpened {
        wrap_up: WrapUpNumber(call),
        call: CallNumber(call),
        due,
        at_us: i64::from(call) * 1000 + 500,
    }
}

fn submitted(wrap_up: u32) -> Entry {
    Entry::WrapUpSubmitted {
        wrap_up: WrapUpNumber(wrap_up),
        reason: "sale".to_owned(),
        note: Some("calls back".to_owned()),
        timed: false,
        at_us: 9_000,
    }
}

fn numbers(page: &Page) -> Vec<Option<u32>> {
    page.calls.iter().map(|call| call.number).collect()
}

#[test]
fn a_call_is_found_with_its_legs_events_and_wrap_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    store.keep(began(1, party("Carla", "+4930")));
    store.keep(connected(1));
    let leg = LegRow {
        call: CallNumber(1),
        leg: "2".to_owned(),
        role: "guest".to_owned(),
        party: party("Gus", "12"),
        began_us: 1200,
        answered_us: None,
        ended_us: None,
    };
    store.keep(Entry::Leg(Box::new(leg.clone())));
    let answered_us = Some(1300);
    store.keep(Entry::Leg(Box::new(LegRow { answered_us, ..leg })));
    store.keep(Entry::Event {
        call: CallNumber(1),
        kind: "guest-left".to_owned(),
        party: Some(party("Gus", "12")),
        detail: None,
        at_us: 1400,
    });
    let to = party("Gus", "12");
    let call = CallNumber(1);
    store.keep(Entry::TransferredTo { call, to });
    store.keep(finished(1, "transferred"));
    store.keep(opened(1, true));
    now(&store, submitted(1)).unwrap();
    let page = read(&store, Filter::default(), 10);
    let [call] = &page.calls[..] else {
        panic!("{page:?}")
    };
    assert_eq!(call.peer, party("Carla", "+4930"));
    assert_eq!((call.connected_us, call.ended_us), (Some(1100), Some(1500)));
    assert_eq!(call.transferred_to, Some(party("Gus", "12")));
    assert_eq!(call.legs.len(), 1);
    assert_eq!(call.legs[0].answered_us, Some(1300));
    assert_eq!(call.events[0].kind, "guest-left");
    assert_eq!(call.wrap_ups[0].reason.as_deref(), Some("sale"));
    assert_eq!(call.wrap_ups[0].note.as_deref(), Some("calls back"));
    assert_eq!(call.wrap_ups[0].submitted_us, Some(9_000));
}

#[test]
fn calls_are_found_by_time_party_and_kind_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    for call in 1..=5 {
        store.keep(began(call, party("Carla", &format!("+4930{call}"))));
        if call % 2 == 0 {
            store.keep(connected(call));
        }
        let outcome = if call % 2 == 0 {
            "ended"
        } else {
            "not-answered"
        };
        store.keep(finished(call, outcome));
    }
    store.keep(Entry::TurnedAway(Box::new(TurnedAway {
        peer: party("100% Otto", "7"),
        status: 480,
        why: "idle".to_owned(),
        calls: 3,
        at_us: 6_000,
    })));
    let ask = |filter: Filter| numbers(&read(&store, filter, 10));
    let of_kind = |kind| {
        ask(Filter {
            kind: Some(kind),
            ..Filter::default()
        })
    };
    assert_eq!(of_kind(Kind::Missed), [Some(5), Some(3), Some(1)]);
    assert_eq!(of_kind(Kind::Answered), [Some(4), Some(2)]);
    assert_eq!(of_kind(Kind::TurnedAway), [None]);
    assert_eq!(of_kind(Kind::Placed), []);
    let of_party = |text: &str| {
        ask(Filter {
            party: Some(text.to_owned()),
            ..Filter::default()
        })
    };
    assert_eq!(of_party("49303"), [Some(3)]);
    assert_eq!(of_party("otto"), [None]);
    assert_eq!(of_party("0% o"), [None], "a letter of a pattern is itself");
    assert_eq!(of_party("_"), []);
    let (since_us, until_us) = (Some(2_000), Some(4_000));
    let between = Filter {
        since_us,
        until_us,
        ..Filter::default()
    };
    assert_eq!(ask(between), [Some(3), Some(2)]);
    let first = read(&store, Filter::default(), 4);
    assert_eq!(numbers(&first), [None, Some(5), Some(4), Some(3)]);
    let before = first.next;
    let second = read(
        &store,
        Filter {
            before,
            ..Filter::default()
        },
        4,
    );
    assert_eq!(
        (numbers(&second), second.next),
        (vec![Some(2), Some(1)], None)
    );
}

#[test]
fn what_is_owed_is_there_after_a_start_with_what_was_drafted_and_the_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, restored) = start(&path, options("anna"));
    assert_eq!(restored, Restored::default());
    for call in 1..=3 {
        store.keep(began(call, party("Carla", "1")));
        store.keep(opened(call, call != 3));
    }
    store.keep(Entry::Presence("idle".to_owned()));
    store.keep(Entry::Devices("a headset".to_owned()));
    let draft = Entry::WrapUpDrafted {
        wrap_up: WrapUpNumber(3),
        reason: Some("sale".to_owned()),
        note: Some("half a".to_owned()),
    };
    now(&store, draft).unwrap();
    now(&store, submitted(1)).unwrap();
    drop(store);
    let (other, of_bob) = start(&path, options("bob"));
    assert_eq!(of_bob, Restored::default(), "what is another phone's");
    drop(other);
    let (store, restored) = start(&path, options("anna"));
    assert_eq!((restored.last_call, restored.last_wrap_up), (3, 3));
    assert_eq!(restored.presence.as_deref(), Some("idle"));
    assert_eq!(restored.devices.as_deref(), Some("a headset"));
    let [owed, drafted] = &restored.wrap_ups[..] else {
        panic!("{restored:?}")
    };
    assert_eq!((owed.wrap_up, owed.due), (WrapUpNumber(2), true));
    assert_eq!(drafted.note.as_deref(), Some("half a"));
    assert_eq!((drafted.call, drafted.due), (CallNumber(3), false));
    assert_eq!(drafted.peer, party("Carla", "1"));
    let page = read(&store, Filter::default(), 10);
    assert!(
        page.calls
            .iter()
            .all(|call| call.outcome.as_deref() == Some("lost"))
    );
}

#[test]
fn an_entry_that_is_no_agent_s_is_on_the_disk_without_being_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    store.keep(began(1, Party::default()));
    let reader = open_to_read(&path).unwrap();
    let begun = std::time::Instant::now();
    while reader.read(&Filter::default(), 1).unwrap().calls.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never written");
        std::thread::yield_now();
    }
    drop(store);
}

#[test]
fn all_that_was_gathered_is_in_the_file_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let gather = Duration::from_millis(100);
    let (store, _) = start(
        &path,
        Options {
            gather,
            ..options("load")
        },
    );
    for call in 1..=2_000 {
        store.keep(began(call, Party::default()));
        store.keep(finished(call, "ended"));
    }
    drop(store);
    let (mut filter, mut calls) = (Filter::default(), 0);
    let reader = open_to_read(&path).unwrap();
    loop {
        let page = reader.read(&filter, 500).unwrap();
        calls += page.calls.len();
        filter.before = page.next;
        if filter.before.is_none() {
            break;
        }
    }
    assert_eq!(calls, 2_000);
}

#[test]
fn what_is_too_old_is_forgotten_but_not_what_is_still_owed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    for call in 1..=3 {
        store.keep(began(call, Party::default()));
        store.keep(finished(call, "ended"));
        store.keep(opened(call, true));
    }
    now(&store, submitted(1)).unwrap();
    now(&store, submitted(3)).unwrap();
    drop(store);
    let keep = Some(Duration::from_secs(60));
    let (store, _) = start(
        &path,
        Options {
            keep,
            ..options("anna")
        },
    );
    let begun = std::time::Instant::now();
    while numbers(&read(&store, Filter::default(), 10)) != [Some(2)] {
        assert!(begun.elapsed() < Duration::from_secs(20), "never forgotten");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_imported_is_known_and_is_not_imported_by_halves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let mut file = open(&path, make).unwrap();
    assert!(!file.has_imported("old").unwrap());
    let twice = [began(1, Party::default()), began(1, Party::default())];
    file.import("old", 1, "anna", twice).unwrap_err();
    assert!(!file.has_imported("old").unwrap());
    file.import("old", 1, "anna", [began(1, Party::default())])
        .unwrap();
    assert!(file.has_imported("old").unwrap());
    let (_store, restored) = Store::start(file, options("anna"), |_| {}).unwrap();
    assert_eq!(restored.last_call, 1);
}

#[test]
fn a_disk_that_refuses_keeps_nothing_that_was_answered_and_loses_nothing_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (reported, reports) = mpsc::channel();
    let file = open(&path, make).unwrap();
    let report = move |report| drop(reported.send(report));
    let (store, _) = Store::start(file, options("anna"), report).unwrap();
    now(&store, began(1, Party::default())).unwrap();
    now(&store, opened(1, true)).unwrap();
    // Another program that has the file stands for a disk that refuses: no one writes before it lets go.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.keep(began(2, Party::default()));
    let error = now(&store, submitted(1)).unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    assert_eq!(reports.recv().unwrap(), Report::Failing(error));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        reports.recv_timeout(Duration::from_secs(20)).unwrap(),
        Report::Well
    );
    let page = read(&store, Filter::default(), 10);
    assert_eq!(numbers(&page), [Some(2), Some(1)]);
    assert_eq!(page.calls[1].wrap_ups[0].submitted_us, None);
    now(&store, submitted(1)).unwrap();
}

fn told(webhook: &str, occasions: &[Occasion]) -> Subscription {
    Subscription {
        webhook: webhook.to_owned(),
        occasions: occasions.to_vec(),
    }
}

fn telling(phone: &str, subscriptions: Vec<Subscription>) -> Options {
    let body = |id: &str, on: Occasion, at: i64, call: HistoryCall, wrap_up: Option<u32>| {
        assert!(id.starts_with("msg_") && id.len() == 36, "{id}");
        let (outcome, legs) = (call.outcome, call.legs.len());
        format!(
            "{on:?} {at} {:?} {outcome:?} {legs} {wrap_up:?}",
            call.number
        )
    };
    Options {
        outgoing: Some(Outgoing {
            subscriptions,
            body,
        }),
        ..options(phone)
    }
}

/// All that waits, crossed out.
fn emptied(path: &Path, phone: &str, webhook: &str) -> Vec<String> {
    let outbox = Outbox::open(path, phone, webhook).unwrap();
    std::iter::from_fn(|| {
        let parcel = outbox.next().unwrap()?;
        outbox.cross_out(parcel.row).unwrap();
        Some(parcel.body)
    })
    .collect()
}

#[test]
fn what_others_are_told_is_there_with_the_record_and_after_each_end_in_its_order() {
    use Occasion::*;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let crm = || told("crm", &[Ended, WrapUp, TurnedAway]);
    let wall = || told("wall", &[Began, Connected]);
    let (store, _) = start(&path, telling("anna", vec![crm(), wall()]));
    store.keep(began(1, party("Carla", "+4930")));
    store.keep(connected(1));
    store.keep(opened(1, true));
    store.keep(finished(1, "ended"));
    now(&store, submitted(1)).unwrap();
    store.keep(began(2, party("Carl", "+4931")));
    // The phone dies in this call, as far as the file knows.
    drop(store);
    let (store, _) = start(&path, telling("anna", vec![crm(), wall()]));
    drop(store);
    let crm_got = emptied(&path, "anna", "crm");
    assert_eq!(
        crm_got[..2],
        [
            "Ended 1500 Some(1) Some(\"ended\") 0 None",
            "WrapUp 9000 Some(1) Some(\"ended\") 0 Some(1)"
        ]
    );
    let lost = &crm_got[2];
    assert!(lost.ends_with("Some(2) Some(\"lost\") 0 None"), "{lost}");
    assert_eq!(crm_got.len(), 3);
    let (other, gone) = ("bert", emptied(&path, "bert", "wall"));
    assert!(gone.is_empty(), "{other} has a phone of its own: {gone:?}");
    // A webhook that is no longer wanted.
    let (store, _) = start(&path, telling("anna", vec![crm()]));
    drop(store);
    assert_eq!(emptied(&path, "anna", "wall"), [""; 0]);
}

#[test]
fn what_can_not_be_told_is_put_off_and_bounded_by_age_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let options = telling("anna", vec![told("crm", &[Occasion::Began])]);
    let (woken, wakes) = mpsc::channel();
    let file = open(&path, make).unwrap();
    let (store, _) =
        Store::start(file, options, move |report| woken.send(report).unwrap()).unwrap();
    for call in 1..=9 {
        store.keep(began(call, party("Carla", "+4930")));
    }
    drop(store);
    assert_eq!(wakes.iter().next(), Some(Report::Outgoing));
    let outbox = Outbox::open(&path, "anna", "crm").unwrap();
    let first = outbox.next().unwrap().unwrap();
    assert_eq!((first.attempts, first.next_us), (0, None));
    outbox.put_off(first.row, 77).unwrap();
    let again = outbox.next().unwrap().unwrap();
    assert_eq!(
        again,
        Parcel {
            attempts: 1,
            next_us: Some(77),
            ..first
        }
    );
    assert_eq!(outbox.trim(0, 9).unwrap(), 0);
    assert_eq!(outbox.trim(3_000, 9).unwrap(), 2, "those before 3 ms");
    assert_eq!(outbox.trim(0, 4).unwrap(), 3);
    assert_eq!(outbox.depth().unwrap(), 4);
    assert_eq!(outbox.next().unwrap().unwrap().made_us, 6_000);
}

fn journal(call: u32, text: &str) -> Entry {
    Entry::Journal(Box::new(row(call, text)))
}

fn row(call: u32, text: &str) -> JournalRow {
    JournalRow {
        call: CallNumber(call),
        version: 1,
        text: text.to_owned(),
    }
}

fn outcomes(store: &Store) -> Vec<Option<String>> {
    let calls = read(store, Filter::default(), 10).calls.into_iter();
    calls.map(|call| call.outcome).rev().collect()
}

#[test]
fn a_call_that_goes_on_is_found_in_the_journal_and_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, restored) = start(&path, options("anna"));
    assert_eq!(restored.journal, []);
    for call in 1..=4 {
        store.keep(began(call, party("Carla", "1")));
    }
    store.keep(journal(1, "first"));
    store.keep(journal(2, "before"));
    store.keep(journal(2, "after"));
    store.keep(journal(3, "it has ended since"));
    store.keep(finished(3, "ended"));
    store.keep(Entry::StruckOut {
        call: CallNumber(3),
    });
    drop(store);
    let (bert, restored) = start(&path, options("bert"));
    assert_eq!(restored.journal, [], "another phone's");
    drop(bert);
    let (store, restored) = start(&path, options("anna"));
    assert_eq!(restored.journal, [row(1, "first"), row(2, "after")]);
    let is = |words: [Option<&str>; 4]| words.map(|word| word.map(str::to_owned));
    assert_eq!(
        outcomes(&store),
        is([None, None, Some("ended"), Some("lost")])
    );
    // One can't be gone on with: it is lost, and set aside.
    let lost = Entry::Lost {
        call: CallNumber(1),
        why: "it is torn".to_owned(),
        at_us: 9_000,
    };
    now(&store, lost).unwrap();
    assert_eq!(outcomes(&store)[0].as_deref(), Some("lost"));
    drop(store);
    let (store, restored) = start(&path, options("anna"));
    assert_eq!(restored.journal, [row(2, "after")]);
    assert_eq!(restored.last_call, 4);
    drop(store);
}

#[test]
fn a_leg_of_a_call_that_is_gone_on_with_has_begun_when_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    store.keep(began(1, party("Carla", "1")));
    let leg = |began_us, ended_us| {
        Entry::Leg(Box::new(LegRow {
            call: CallNumber(1),
            leg: "1".to_owned(),
            role: "customer".to_owned(),
            party: party("Carla", "1"),
            began_us,
            answered_us: Some(began_us + 1),
            ended_us,
        }))
    };
    store.keep(leg(1_000, None));
    store.keep(leg(5_000, Some(6_000)));
    let leg = read(&store, Filter::default(), 1).calls[0].legs[0].clone();
    let times = (leg.began_us, leg.answered_us, leg.ended_us);
    assert_eq!(times, (1_000, Some(1_001), Some(6_000)));
}

/// The process has died at any octet of what it was writing, and what is behind that was torn off.
#[test]
fn a_journal_that_was_cut_off_at_any_place_opens_with_what_was_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    store.keep(began(1, party("Carla", "1")));
    for stage in 0..6 {
        now(&store, journal(1, &format!("stage {stage}"))).unwrap();
    }
    let beside = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        std::path::PathBuf::from(name)
    };
    let (whole, log) = (
        std::fs::read(&path).unwrap(),
        std::fs::read(beside(&path)).unwrap(),
    );
    let mut seen = std::collections::BTreeSet::new();
    let cuts = (0..log.len()).step_by(1021).chain([log.len()]);
    for (place, cut) in cuts.enumerate() {
        let torn = folder.path().join(format!("torn-{place}.db"));
        std::fs::write(&torn, &whole).unwrap();
        let mut octets = log[..cut].to_vec();
        // The last block is there, and is not what was written.
        octets
            .iter_mut()
            .rev()
            .take(97)
            .for_each(|octet| *octet ^= 0x5a);
        let is_torn = cut < log.len();
        std::fs::write(beside(&torn), if is_torn { &octets } else { &log }).unwrap();
        let (store, restored) = start(&torn, options("anna"));
        seen.extend(restored.journal.iter().map(|row| row.text.clone()));
        now(&store, began(9, party("Carla", "1"))).unwrap();
    }
    let stages: Vec<String> = (0..6).map(|stage| format!("stage {stage}")).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), stages);
    drop(store);
}

#[test]
fn a_call_of_which_each_start_dies_is_not_taken_up_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    let (store, _) = start(&path, options("anna"));
    store.keep(began(1, party("Carla", "1")));
    store.keep(journal(1, "poison"));
    drop(store);
    let starts = (0..9).map(|_| start(&path, options("anna")).1.journal.len());
    assert_eq!(starts.collect::<Vec<_>>(), [1, 1, 1, 1, 1, 0, 0, 0, 0]);
    let (store, _) = start(&path, options("anna"));
    assert_eq!(outcomes(&store)[0].as_deref(), Some("lost"));
}
