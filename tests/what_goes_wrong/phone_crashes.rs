//! Owner's phone crashes and is started again: taking the calls up again comes later. What must hold already: the others
//! notice that he is gone, are told so, and are not left with a call that never ends.
use crate::seconds;
use trialog_call::Notice;
use trialog_tests::{CUSTOMER, GUEST, OWNER, World};

#[test]
fn the_others_are_told_of_the_silence_and_are_free_again() {
    let mut trio = World::trio(1).conference();
    trio.let_go();
    let owner = trio.host(OWNER);
    trio.network.plug(owner, false);
    trio.cut_sound(OWNER, true);
    trio.run_for(seconds(10));
    assert!(trio.told(GUEST, |notice| matches!(notice, Notice::NoAudio { .. })));
    trio.run_until("both are free again", |w| {
        w.calls(CUSTOMER).is_empty() && w.calls(GUEST).is_empty()
    });
}
