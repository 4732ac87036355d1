//! A headset or card goes away: the timer takes over the tick, customer and guest hear no gap over 20 ms. Here: the core
//! moves nobody. That no sound is missing is measured where there is sound, with a sound card.
use crate::seconds;
use trialog_call::{Input, Notice};
use trialog_tests::{CUSTOMER, GUEST, OWNER, World};

#[test]
fn customer_and_guest_go_on_hearing_each_other_and_the_owner_is_told() {
    let mut trio = World::trio(1).conference();
    let sent = trio.network.seen.len();
    trio.say(OWNER, Input::Device(false));
    trio.run_for(seconds(3));
    assert!(trio.told(OWNER, |notice| *notice == Notice::DeviceGone));
    assert!(trio.hears(CUSTOMER, GUEST) && trio.hears(GUEST, CUSTOMER));
    trio.say(OWNER, Input::Device(true));
    trio.run_for(seconds(1));
    assert!(trio.told(OWNER, |notice| *notice == Notice::DeviceBack));
    trio.assert_conference_goes_on();
    assert_eq!(trio.network.seen.len(), sent, "nothing is sent for it");
    let silence = trio.let_go();
    assert!(silence.is_zero(), "{silence:?}");
    trio.close();
}
