//! Each story of the demo. The functions are played again in bad weather.
use crate::seconds;
use trialog_call::{Act, Notice, Refusal, Role, Stage};
use trialog_tests::{CUSTOMER, GUEST, Meddling, OWNER, Wanted, World};

/// Makes the trio that a story starts with.
pub(crate) type Start = fn(u64) -> World;

pub(crate) fn conference(start: Start, seed: u64) {
    let mut trio = start(seed).connected();
    trio.act_soon(OWNER, Act::Hold);
    trio.run_until("the customer is held", |w| {
        w.stage(OWNER) == Some(Stage::Held) && w.on_hold(CUSTOMER)
    });
    trio.act_soon(OWNER, Act::Resume);
    trio.run_until("they talk again", |w| {
        w.stage(OWNER) == Some(Stage::Connected) && w.hears(CUSTOMER, OWNER)
    });
    let target = trio.target(GUEST);
    trio.act_soon(OWNER, Act::Consult(target));
    trio.run_until("it rings at the guest's", |w| {
        w.stage(GUEST) == Some(Stage::Offered)
    });
    trio.act_soon(GUEST, Act::Answer);
    trio.until_consulting();
    assert_eq!(trio.role(GUEST), Some(Role::Guest));
    trio.act_soon(OWNER, Act::Swap);
    trio.run_until("the guest is held", |w| {
        w.stage(OWNER) == Some(Stage::Swapped) && w.on_hold(GUEST) && w.hears(OWNER, CUSTOMER)
    });
    trio.act_soon(OWNER, Act::Swap);
    trio.until_consulting();
    trio.act_soon(OWNER, Act::Conference);
    trio.until_conference();
    trio.act_soon(OWNER, Act::Transfer(None));
    trio.run_until("the guest is asked", |w| {
        w.stage(GUEST) == Some(Stage::TransferPending)
    });
    trio.act_soon(GUEST, Act::Accept);
    trio.until_transferred();
    trio.submit(OWNER, "sale");
    assert!(trio.wrap_ups(OWNER).is_empty());
    trio.run_for(seconds(5));
    trio.let_go();
    trio.act_soon(CUSTOMER, Act::End);
    trio.run_until("the guest's call is over", |w| w.calls(GUEST).is_empty());
    assert_eq!(
        trio.wrap_ups(GUEST).len(),
        1,
        "the new owner owes his own wrap-up"
    );
    assert!(trio.wrap_ups(GUEST)[0].due);
    // Not about who consulted him: the wrap-up is the customer's.
    let peer = &trio.wrap_ups(GUEST)[0].peer;
    assert_eq!(peer.uri.as_ref(), Some(&trio.target(CUSTOMER).0), "r10");
    trio.close();
}

pub(crate) fn exit(start: Start, seed: u64) {
    let mut trio = start(seed).conference();
    assert_eq!(
        trio.try_act(GUEST, Act::End),
        Err(Refusal::GuestCannotEnd),
        "r13"
    );
    trio.act_soon(GUEST, Act::Exit);
    trio.run_until("owner and customer are alone", |w| {
        w.stage(OWNER) == Some(Stage::Connected) && w.calls(GUEST).is_empty()
    });
    trio.assert_owner_with_customer();
    assert!(trio.wrap_ups(GUEST).is_empty(), "r15");
    assert!(trio.told(OWNER, |notice| matches!(notice, Notice::GuestLeft { .. })));
    trio.run_for(seconds(5));
    assert!(trio.hears(CUSTOMER, OWNER));
    trio.close();
}

pub(crate) fn end(start: Start, seed: u64) {
    let mut trio = start(seed).conference();
    trio.let_go();
    trio.act_soon(OWNER, Act::End);
    trio.run_until("both are released", |w| {
        [CUSTOMER, OWNER, GUEST]
            .iter()
            .all(|phone| w.calls(*phone).is_empty())
    });
    assert!(trio.wrap_ups(OWNER)[0].due, "r12");
    assert!(trio.wrap_ups(GUEST).is_empty(), "r15");
    trio.close();
}

pub(crate) fn customer_leaves(start: Start, seed: u64) {
    let mut trio = start(seed).conference();
    trio.let_go();
    trio.act_soon(CUSTOMER, Act::End);
    trio.run_until("the agents are alone", |w| {
        w.stage(OWNER) == Some(Stage::PostCall) && w.stage(GUEST) == Some(Stage::PostCall)
    });
    assert!(trio.hears(OWNER, GUEST) && trio.hears(GUEST, OWNER), "r17");
    assert!(!trio.wrap_ups(OWNER)[0].due, "a draft until the talk ends");
    assert_eq!(
        trio.try_act(OWNER, Act::Hold),
        Err(Refusal::NotInPostCall),
        "r18"
    );
    assert_eq!(
        trio.try_act(OWNER, Act::Consult(trio.target(GUEST))),
        Err(Refusal::NotInPostCall),
        "r18"
    );
    trio.act_soon(OWNER, Act::End);
    trio.run_until("the talk is over", |w| {
        w.calls(OWNER).is_empty() && w.calls(GUEST).is_empty()
    });
    assert!(trio.wrap_ups(OWNER)[0].due, "r16");
    assert!(trio.wrap_ups(GUEST).is_empty(), "r15");
    trio.close();
}

pub(crate) fn consult_transfer(start: Start, seed: u64) {
    let mut trio = start(seed).consulting();
    trio.act_soon(OWNER, Act::Transfer(None));
    trio.until_transferred();
    trio.close();
}

pub(crate) fn blind(start: Start, seed: u64) {
    let mut trio = start(seed).connected();
    let target = trio.target(GUEST);
    trio.act_soon(OWNER, Act::Transfer(Some(target)));
    trio.run_until("it rings at the guest's", |w| {
        w.stage(GUEST) == Some(Stage::Offered)
    });
    trio.act_soon(GUEST, Act::Answer);
    trio.run_until("guest and customer talk", |w| {
        w.hears(GUEST, CUSTOMER) && w.hears(CUSTOMER, GUEST)
    });
    trio.run_until("the owner is out", |w| w.calls(OWNER).is_empty());
    assert_eq!(trio.role(GUEST), Some(Role::Owner));
    assert!(trio.wrap_ups(OWNER)[0].due);
    trio.close();
}

pub(crate) fn decline(start: Start, seed: u64) {
    let mut trio = start(seed).transfer_pending();
    trio.act_soon(GUEST, Act::Decline);
    trio.run_until("the conference goes on", |w| {
        w.stage(OWNER) == Some(Stage::Conference) && w.stage(GUEST) == Some(Stage::Conference)
    });
    trio.assert_conference_goes_on();
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::TransferDeclined { .. } | Notice::TransferFailed { .. }
    )));
    trio.close();
}

pub(crate) fn anchored(start: Start, seed: u64) {
    let mut trio = start(seed).conference();
    trio.network
        .meddle(Wanted::request("REFER"), Meddling::Refuse(501), usize::MAX);
    trio.act_soon(OWNER, Act::Transfer(None));
    trio.run_until("the call is anchored", |w| {
        w.stage(OWNER) == Some(Stage::Anchored)
    });
    trio.run_until("the guest owns it", |w| w.role(GUEST) == Some(Role::Owner));
    trio.run_for(seconds(5));
    assert_eq!(trio.audible().voices(CUSTOMER), [GUEST].into());
    assert_eq!(trio.audible().voices(GUEST), [CUSTOMER].into());
    assert!(trio.audible().voices(OWNER).is_empty());
    assert!(trio.wrap_ups(OWNER)[0].due);
    trio.let_go();
    trio.act_soon(CUSTOMER, Act::End);
    trio.run_until("all is over", |w| {
        [CUSTOMER, OWNER, GUEST]
            .iter()
            .all(|phone| w.calls(*phone).is_empty())
    });
    trio.close();
}

pub(crate) fn refused(start: Start, seed: u64) {
    let mut trio = start(seed).consulting();
    trio.network
        .meddle(Wanted::request("REFER"), Meddling::Refuse(403), usize::MAX);
    trio.act_soon(OWNER, Act::Transfer(None));
    trio.run_until("the customer is with the owner", |w| {
        w.stage(OWNER) == Some(Stage::Swapped)
    });
    trio.run_for(seconds(60));
    trio.assert_owner_with_customer();
    assert!(trio.told(OWNER, |notice| matches!(
        notice,
        Notice::TransferFailed { status: 403, .. } | Notice::TransferDeclined { .. }
    )));
    trio.close();
}

pub(crate) fn busy(start: Start, seed: u64) {
    let mut trio = start(seed).connected();
    let calls = Wanted::first_invite().to(trio.host(GUEST));
    trio.network
        .meddle(calls, Meddling::Refuse(486), usize::MAX);
    let target = trio.target(GUEST);
    trio.act_soon(OWNER, Act::Consult(target));
    trio.run_until("the owner is told", |w| {
        w.told(OWNER, |notice| {
            matches!(notice, Notice::GuestRefused { status: 486, .. })
        })
    });
    trio.assert_customer_on_hold();
    trio.act_soon(OWNER, Act::Resume);
    trio.run_until("they talk again", |w| {
        w.stage(OWNER) == Some(Stage::Connected)
    });
    trio.run_until("and hear each other", |w| {
        w.hears(OWNER, CUSTOMER) && w.hears(CUSTOMER, OWNER)
    });
    trio.close();
}

/// How a story is played.
pub(crate) type Story = fn(Start, u64);

/// The name of each, and how it is played.
pub(crate) const ALL: [(&str, Story); 10] = [
    ("conference", conference),
    ("exit", exit),
    ("end", end),
    ("customer-leaves", customer_leaves),
    ("consult-transfer", consult_transfer),
    ("blind", blind),
    ("decline", decline),
    ("anchored", anchored),
    ("refused", refused),
    ("busy", busy),
];

macro_rules! in_good_weather {
    ($($story:ident)*) => {
        mod in_good_weather {
            $(
                #[test]
                fn $story() {
                    super::$story(trialog_tests::World::trio, 1);
                }
            )*
        }
    };
}

in_good_weather! { conference exit end customer_leaves consult_transfer blind decline anchored refused busy }
