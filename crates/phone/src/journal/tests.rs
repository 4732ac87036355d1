use super::*;
use std::time::Duration;
use trialog_call::{
    AccountId, CallOrigin, Capabilities, Grade, KeptCall, KeptLeg, KeptTransfer, LegId,
    PartyIdentity, ReferTo, Role, Stage, Time, WrapUpId,
};
use trialog_sdp::{Codec, Direction, KeptSession, Suite};
use trialog_ua::{KeptDialog, KeptInvite, Transport};

fn leg(id: LegId, role: Role) -> KeptLeg {
    KeptLeg {
        id,
        role,
        party: PartyIdentity::named("Carla").into(),
        can: Capabilities {
            refer: true,
            replaces: false,
            trialog: true,
        },
        far_held: true,
        far_focus: false,
        up_since: Some(Time::ZERO),
    }
}

fn dialog(leg: &KeptLeg) -> KeptDialog {
    KeptDialog {
        leg: leg.id,
        account: AccountId(1),
        call_id: "c1".to_owned(),
        local: "\"Anna\" <sip:anna@example.org>".to_owned(),
        local_tag: "a".to_owned(),
        remote: "<sip:carla@example.org>".to_owned(),
        remote_tag: String::new(),
        remote_target: "sip:carla@192.0.2.9:5070;transport=tcp".to_owned(),
        route_set: vec!["<sip:p1;lr>".to_owned()],
        local_cseq: 7,
        remote_cseq: Some(9),
        owns_call_id: false,
        private: true,
        opened_by: Some(Grade::Registrar),
        refers: (1, 2),
        refer: Some((7, false)),
        nameable: Some(PartyIdentity::named("Carla").into()),
        capabilities: leg.can,
        allows_info: true,
        allows_update: false,
        focus: true,
        far_focus: leg.far_focus,
        far_held: leg.far_held,
        session: KeptSession {
            description: "v=0".to_owned(),
            numbers: vec![(96, "opus".to_owned(), 48_000)],
            codec: Codec::Opus,
            suite: Some(Suite::AesGcm128),
            direction: Direction::SendOnly,
        },
    }
}

fn conference(stage: Stage) -> SavedCall {
    let legs = vec![
        leg(LegId::Received(3), Role::Customer),
        leg(LegId::Placed(4), Role::Guest),
    ];
    let dialogs = legs.iter().map(dialog).collect();
    let call = KeptCall {
        id: CallId(5),
        role: Role::Owner,
        account: AccountId(1),
        peer: PartyIdentity::named("Carla").into(),
        origin: CallOrigin {
            called: Some(PartyIdentity::named("Hotline")),
            diverted_from: vec![PartyIdentity::anonymous(true)],
            referred_by: None,
        }
        .into(),
        stage,
        legs,
        transfer: None,
        ringing: None,
        muted: true,
        wrap_up: Some(WrapUpId(2)),
        owed: false,
        since: Time::ZERO,
        answered: Some(Time::ZERO),
    };
    SavedCall {
        call,
        dialogs,
        ringing: None,
    }
}

/// What is written when these calls go on.
fn written(journal: &mut Journal, calls: Vec<SavedCall>) -> Vec<Entry> {
    let mut entries = Vec::new();
    journal.look(calls, Clock::start(), |entry| entries.push(entry));
    entries
}

#[test]
fn a_call_is_read_as_it_was_written_by_the_clock_of_the_next_run() {
    let clock = Clock::start();
    let mut saved = conference(Stage::Conference);
    let (now, minute) = (clock.now(), Duration::from_secs(60));
    saved.call.since = now - minute;
    saved.call.transfer = Some(KeptTransfer {
        referred: LegId::Placed(4),
        to: ReferTo::Leg(LegId::Received(3)),
        then_reversed: true,
    });
    let ringing = LegId::Placed(6);
    saved.call.ringing = Some(KeptLeg {
        can: Capabilities::default(),
        far_held: false,
        ..leg(ringing, Role::Guest)
    });
    saved.ringing = Some(KeptInvite {
        leg: ringing,
        account: AccountId(1),
        transport: Transport::Tls,
        address: ([192, 0, 2, 7], 5061).into(),
        name: Some("pbx.example.org".to_owned()),
        head: "INVITE sip:guest@example.org SIP/2.0".to_owned(),
    });
    let read = read(&row(&saved, clock), Clock::start()).unwrap();
    // The next run's time of that moment: the wall has no better word for it than a few milliseconds.
    let ago = Clock::start().now().since(read.call.since);
    assert!(ago.abs_diff(minute) < Duration::from_millis(500), "{ago:?}");
    let timeless = |mut saved: SavedCall| {
        saved.call.since = Time::ZERO;
        saved.call.answered = None;
        saved
            .call
            .legs
            .iter_mut()
            .chain(&mut saved.call.ringing)
            .for_each(|leg| leg.up_since = None);
        saved
    };
    assert_eq!(timeless(read), timeless(saved));
}

#[test]
fn only_what_has_changed_is_written_and_what_is_over_is_struck_out() {
    let mut journal = Journal::default();
    let call = || vec![conference(Stage::Conference)];
    assert!(matches!(
        written(&mut journal, call())[..],
        [Entry::Journal(_)]
    ));
    assert_eq!(written(&mut journal, call()), []);
    let changed = vec![conference(Stage::Swapped)];
    assert!(matches!(
        written(&mut journal, changed)[..],
        [Entry::Journal(_)]
    ));
    let struck = Entry::StruckOut {
        call: CallNumber(5),
    };
    assert_eq!(written(&mut journal, vec![]), [struck]);
    assert_eq!(written(&mut journal, vec![]), []);
}

#[test]
fn what_was_torn_or_is_of_another_form_is_refused_with_a_reason() {
    let clock = Clock::start();
    let whole = row(&conference(Stage::Conference), clock);
    for end in 0..whole.text.len() {
        let text = whole.text.get(..end).unwrap_or_default().to_owned();
        let torn = JournalRow {
            text,
            ..whole.clone()
        };
        assert!(read(&torn, clock).is_err(), "{end}");
    }
    let spoilt = |version, from: &str, to: &str| {
        let text = whole.text.replace(from, to);
        let spoilt = JournalRow {
            version,
            text,
            ..whole.clone()
        };
        read(&spoilt, clock).err()
    };
    assert_eq!(spoilt(VERSION, "", ""), None);
    assert!(spoilt(VERSION + 1, "", "").is_some());
    assert!(spoilt(VERSION, "\"conference\"", "\"ringing\"").is_some());
    assert!(spoilt(VERSION, "\"opus\",\"suite\"", "\"speex\",\"suite\"").is_some());
    assert!(spoilt(VERSION, "\"c1\"", &format!("\"{}\"", "x".repeat(LONGEST))).is_some());
}
