//! The stories, each for the hosts that can tell it and the ways between.
use crate::parties::{By, Parties};
use crate::wire;
use trialog_client::api;
use trialog_tests::foreign::{Done, Fault, Kind, Manner, Peer};
use trialog_tests::wire::Text;

/// Who asked whom, and how it came to be.
#[derive(Clone, Copy)]
struct Case {
    test: &'static str,
    host: Kind,
    by: By,
    /// A's agent is asked, and agrees; else A follows without asking.
    asked: bool,
    a_calls: bool,
    b_calls: bool,
}

const CASE: Case = Case {
    test: "",
    host: Kind::Pjsua2,
    by: By::Direct,
    asked: false,
    a_calls: false,
    b_calls: false,
};

impl Case {
    fn start(self) -> Done<Parties> {
        let manner = if self.asked {
            Manner::Plain
        } else {
            Manner::FollowsTransfers
        };
        Parties::start(self.test, self.host, self.by, manner)
    }
}

fn holds(done: Done) {
    if let Err(fault) = done {
        panic!("{fault}");
    }
}

fn expect(what: &str, right: bool, seen: impl std::fmt::Debug) -> Done {
    if right {
        Ok(())
    } else {
        Err(Fault(format!("{what}; there was {seen:?}")))
    }
}

/// A is referred with `Replaces`, and B is replaced.
fn attended(case: Case) -> Done {
    let mut parties = case.start()?;
    parties.host_and_a(case.a_calls)?;
    parties.host_and_b(case.b_calls)?;
    parties.host.transfer_attended()?;
    if case.asked {
        parties.a.consent(true)?;
    }
    parties.a_and_b_alone()?;
    let (a, b) = (
        wire::read(&parties.a.trace()),
        wire::read(&parties.b.trace()),
    );
    let refer =
        wire::request(&a, "REFER", false).ok_or_else(|| Fault("A was not referred".into()))?;
    expect(
        "A is referred with Replaces",
        refer
            .header("Refer-To")
            .is_some_and(|to| to.contains("Replaces=")),
        refer.header("Refer-To"),
    )?;
    expect(
        "A answers 202",
        wire::answers(&a, refer) == [202],
        wire::answers(&a, refer),
    )?;
    let (placed, taken) = (wire::replacing(&a, true), wire::replacing(&b, false));
    let (Some(placed), Some(taken)) = (placed, taken) else {
        return Err(Fault(format!(
            "A calls with Replaces {placed:?}, B is called with it {taken:?}"
        )));
    };
    // RFC 3892 §2.2: it is carried on as it came.
    let (from, on) = (refer.header("Referred-By"), taken.header("Referred-By"));
    expect("Referred-By is carried on", from == on, (from, on))?;
    expect(
        "Replaces is as A sent it",
        placed.header("Replaces") == taken.header("Replaces"),
        taken,
    )?;
    let answered = wire::answers(&b, taken);
    expect(
        "B answers 200 and does not ring: Referred-By names whom it talks to",
        answered.contains(&200) && !answered.contains(&180),
        &answered,
    )?;
    reported(&a, 200)?;
    parties.over()
}

/// The last NOTIFY said this, ended the subscription, and the host took it.
fn reported(a: &[wire::Seen], status: u16) -> Done {
    let reports = wire::reports(a);
    let last = reports.last();
    expect(
        &format!("A's last NOTIFY says {status}, ends the subscription, and is answered 200"),
        last.is_some_and(|(said, ends, answers)| {
            *said == status && *ends && answers.last() == Some(&200)
        }),
        &reports,
    )?;
    let first = reports.first();
    expect(
        "A's first NOTIFY says 100 and goes on",
        first.is_some_and(|(said, ends, _)| *said == 100 && !ends),
        &reports,
    )?;
    let ending = reports.iter().filter(|(_, ends, _)| *ends).count();
    expect("one NOTIFY ends the subscription", ending == 1, &reports)
}

fn last_call(seen: &[wire::Seen]) -> Option<&Text> {
    let placed = |one: &&wire::Seen| {
        one.sent && one.text.method() == Some("INVITE") && !one.text.has_to_tag()
    };
    seen.iter().rev().find(placed).map(|one| &one.text)
}

/// A is sent to B, who answers.
fn blind(case: Case) -> Done {
    let mut parties = case.start()?;
    parties.host_and_a(case.a_calls)?;
    let b = parties.b.uri();
    parties.host.transfer(&b)?;
    if case.asked {
        parties.a.consent(true)?;
    }
    parties.b.comes_to(api::Stage::Offered)?;
    parties.b.answer()?;
    parties.a_and_b_alone()?;
    let a = wire::read(&parties.a.trace());
    let refer =
        wire::request(&a, "REFER", false).ok_or_else(|| Fault("A was not referred".into()))?;
    let placed = last_call(&a).ok_or_else(|| Fault("A called nobody".into()))?;
    let (from, on) = (refer.header("Referred-By"), placed.header("Referred-By"));
    expect("Referred-By is carried on", from == on, (from, on))?;
    reported(&a, 200)?;
    parties.over()
}

/// A is sent to B, who declines: A is with the host as before.
fn blind_in_vain(case: Case) -> Done {
    let mut parties = case.start()?;
    parties.host_and_a(case.a_calls)?;
    let b = parties.b.uri();
    parties.host.transfer(&b)?;
    parties.b.comes_to(api::Stage::Offered)?;
    parties.b.hang_up()?;
    parties.b.has_no_call()?;
    parties.a.comes_to(api::Stage::Connected)?;
    still_together(&mut parties)?;
    let a = wire::read(&parties.a.trace());
    let reports = wire::reports(&a);
    expect(
        "A's last NOTIFY says why not, ends the subscription, and is answered 200",
        reports.last().is_some_and(|(said, ends, answers)| {
            *said >= 300 && *ends && answers.last() == Some(&200)
        }),
        &reports,
    )?;
    parties.over()
}

/// A's agent says no: A is with the host as before, and B never rang.
fn declined(case: Case) -> Done {
    let mut parties = case.start()?;
    parties.host_and_a(case.a_calls)?;
    let b = parties.b.uri();
    parties.host.transfer(&b)?;
    parties.a.consent(false)?;
    still_together(&mut parties)?;
    reported(&wire::read(&parties.a.trace()), 603)?;
    let rang = wire::request(&wire::read(&parties.b.trace()), "INVITE", false).cloned();
    expect("B never rang", rang.is_none(), rang)?;
    parties.over()
}

fn still_together(parties: &mut Parties) -> Done {
    use crate::parties::{A, HOST};
    use trialog_tests::foreign::CallState;
    parties.a.comes_to(api::Stage::Connected)?;
    parties.host_has(&[CallState::Up])?;
    parties.hear(&[(HOST, &[A]), (A, &[HOST])])
}

// linphone leaves the port out of the URI that it refers to, so that B is found there only by a registrar.

#[test]
fn linphone_sends_a_unannounced_directly() {
    holds(blind(Case {
        test: "sends_a_unannounced",
        host: Kind::Linphone,
        a_calls: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_in_vain_directly() {
    holds(blind_in_vain(Case {
        test: "sends_a_in_vain",
        host: Kind::Linphone,
        ..CASE
    }));
}

#[test]
fn linphone_is_refused_by_the_agent_of_a_directly() {
    holds(declined(Case {
        test: "is_refused_by_the_agent_of_a",
        host: Kind::Linphone,
        asked: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_unannounced_who_is_asked_directly() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Linphone,
        asked: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_with_replaces_by_udp() {
    holds(attended(Case {
        test: "sends_a_with_replaces",
        host: Kind::Linphone,
        by: By::Udp,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_with_replaces_who_called_and_is_asked_by_udp() {
    holds(attended(Case {
        test: "sends_a_with_replaces_who_called_and_is_asked",
        host: Kind::Linphone,
        by: By::Udp,
        asked: true,
        a_calls: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_to_b_who_had_called_by_udp() {
    holds(attended(Case {
        test: "sends_a_to_b_who_had_called",
        host: Kind::Linphone,
        by: By::Udp,
        a_calls: true,
        b_calls: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_unannounced_who_is_asked_by_udp() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Linphone,
        by: By::Udp,
        asked: true,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_with_replaces_by_tcp() {
    holds(attended(Case {
        test: "sends_a_with_replaces",
        host: Kind::Linphone,
        by: By::Tcp,
        ..CASE
    }));
}

#[test]
fn linphone_sends_a_unannounced_who_is_asked_by_tcp() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Linphone,
        by: By::Tcp,
        asked: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_with_replaces_directly() {
    holds(attended(Case {
        test: "sends_a_with_replaces",
        host: Kind::Pjsua2,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_with_replaces_who_called_and_is_asked_directly() {
    holds(attended(Case {
        test: "sends_a_with_replaces_who_called_and_is_asked",
        host: Kind::Pjsua2,
        asked: true,
        a_calls: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_to_b_who_had_called_directly() {
    holds(attended(Case {
        test: "sends_a_to_b_who_had_called",
        host: Kind::Pjsua2,
        a_calls: true,
        b_calls: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_unannounced_directly() {
    holds(blind(Case {
        test: "sends_a_unannounced",
        host: Kind::Pjsua2,
        a_calls: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_in_vain_directly() {
    holds(blind_in_vain(Case {
        test: "sends_a_in_vain",
        host: Kind::Pjsua2,
        ..CASE
    }));
}

#[test]
fn pjsua2_is_refused_by_the_agent_of_a_directly() {
    holds(declined(Case {
        test: "is_refused_by_the_agent_of_a",
        host: Kind::Pjsua2,
        asked: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_unannounced_who_is_asked_directly() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Pjsua2,
        asked: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_with_replaces_by_udp() {
    holds(attended(Case {
        test: "sends_a_with_replaces",
        host: Kind::Pjsua2,
        by: By::Udp,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_unannounced_who_is_asked_by_udp() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Pjsua2,
        by: By::Udp,
        asked: true,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_with_replaces_by_tcp() {
    holds(attended(Case {
        test: "sends_a_with_replaces",
        host: Kind::Pjsua2,
        by: By::Tcp,
        ..CASE
    }));
}

#[test]
fn pjsua2_sends_a_unannounced_who_is_asked_by_tcp() {
    holds(blind(Case {
        test: "sends_a_unannounced_who_is_asked",
        host: Kind::Pjsua2,
        by: By::Tcp,
        asked: true,
        ..CASE
    }));
}

#[test]
fn baresip_sends_a_unannounced_without_referred_by() {
    holds(blind(Case {
        test: "sends_a_without_referred_by",
        host: Kind::Baresip,
        a_calls: true,
        ..CASE
    }));
}
