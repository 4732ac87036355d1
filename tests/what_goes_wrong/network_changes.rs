//! Owner's network changes or breaks for a moment: each leg is re-INVITEd, and from the new address where there is one. Noticing
//! the change and moving the sockets comes later.
use crate::seconds;
use std::net::SocketAddr;
use trialog_call::Input;
use trialog_tests::{CUSTOMER, GUEST, OWNER, Wanted, World};

#[test]
fn each_leg_is_reinvited_and_the_conference_goes_on() {
    let mut trio = World::trio(1).conference();
    let before = trio.network.seen.len();
    trio.say(OWNER, Input::NetworkChanged);
    trio.run_for(seconds(5));
    let owner = trio.host(OWNER);
    for party in [CUSTOMER, GUEST] {
        let reinvite = Wanted::reinvite().from(owner).to(trio.host(party));
        let reinvites = trio.network.seen[before..]
            .iter()
            .filter(|seen| reinvite.is(seen.from.ip(), seen.to.ip(), &seen.text))
            .count();
        assert_eq!(reinvites, 1, "{}", trio.name(party));
    }
    trio.assert_conference_goes_on();
    trio.close();
}

#[test]
fn the_owner_gets_another_address_and_the_conference_goes_on_there() {
    let mut trio = World::trio(3).conference();
    let before = trio.network.seen.len();
    let there: SocketAddr = "10.0.9.9:5060".parse().expect("an address");
    trio.move_to(OWNER, there);
    trio.run_for(seconds(5));
    for party in [CUSTOMER, GUEST] {
        let reinvite = Wanted::reinvite().from(there.ip()).to(trio.host(party));
        let reinvites = trio.network.seen[before..]
            .iter()
            .filter(|seen| reinvite.is(seen.from.ip(), seen.to.ip(), &seen.text))
            .count();
        assert_eq!(reinvites, 1, "{}", trio.name(party));
        let mut streams = trio.at(party).bridge.streams.values();
        assert!(streams.any(|stream| stream.remote.ip() == there.ip()));
    }
    trio.assert_conference_goes_on();
    trio.close();
}

#[test]
fn a_break_of_three_seconds_ends_nothing() {
    let mut trio = World::trio(2).conference();
    let owner = trio.host(OWNER);
    trio.guard(CUSTOMER, seconds(10));
    trio.network.plug(owner, false);
    trio.cut_sound(OWNER, true);
    trio.run_for(seconds(3));
    trio.network.plug(owner, true);
    trio.cut_sound(OWNER, false);
    trio.say(OWNER, Input::NetworkChanged);
    trio.run_for(seconds(5));
    trio.assert_conference_goes_on();
    trio.close();
}
