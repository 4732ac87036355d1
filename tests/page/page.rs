use std::path::Path;
use std::process::Command;
use trialog_tests::program::{shared_folder, trialog};

/// Plays a story by its name; it fails with what was claimed in vain.
fn play(story: &str, lang: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let output = Command::new("node")
        .arg(folder.join("run.mjs"))
        .args([story, lang])
        .env("TRIALOG_BIN", trialog())
        .env("TRIALOG_PAGE_OUT", shared_folder("page"))
        .output()
        .expect("Node is there: run `cargo xtask test`");
    assert!(
        output.status.success(),
        "{story} ({lang}): {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

macro_rules! stories {
    ($($story:ident)+) => {$(
        mod $story {
            #[test]
            fn in_english() {
                super::play(stringify!($story), "en");
            }

            #[test]
            fn in_german() {
                super::play(stringify!($story), "de");
            }
        }
    )+};
}

stories! {
    one_call_from_ringing_to_its_wrap_up
    r1_to_r6_a_conference_comes_out_of_an_answered_consult_and_has_no_hold
    r5_r13_to_r15_the_guest_exits_and_can_end_nothing
    r7_to_r10_a_transfer_is_asked_for_taken_back_declined_and_taken
    r11_r12_ending_for_all_asks_once
    r16_to_r18_the_customer_leaves_and_both_talk_on
    a_consult_that_is_refused_is_told_and_the_customer_comes_back
    a_whole_call_by_the_keyboard_alone
    every_look_is_accessible
    quality_and_levels_tell_who_is_heard_and_how_well
    an_agent_is_idle_for_a_reason_that_outlives_page_and_phone
    a_full_disk_is_told_in_words_and_the_wrap_up_stays_due
    messages_that_wait_and_colleagues_phones_are_shown
    a_padlock_stands_for_tls_and_srtp_together
}

#[test]
fn the_timer_sends_the_default_unless_more_time_is_asked_for() {
    play(
        "the_timer_sends_the_default_unless_more_time_is_asked_for",
        "de",
    );
}

#[test]
fn a_colleague_is_found_by_name_and_shown_by_it() {
    play("a_colleague_is_found_by_name_and_shown_by_it", "de");
}

#[test]
fn language_look_and_shortcuts_are_the_agents_choice() {
    play("language_look_and_shortcuts_are_the_agents_choice", "de");
}

#[test]
fn tabs_reloads_and_a_closed_browser_leave_the_calls_alone() {
    play(
        "tabs_reloads_and_a_closed_browser_leave_the_calls_alone",
        "de",
    );
}

#[test]
fn a_lost_phone_is_told_and_mended_by_itself() {
    play("a_lost_phone_is_told_and_mended_by_itself", "de");
}

#[test]
fn a_page_of_another_origin_can_do_nothing() {
    play("a_page_of_another_origin_can_do_nothing", "en");
}

#[test]
fn the_pages_types_and_words_fit_the_phone() {
    play("the_pages_types_and_words_fit_the_phone", "en");
}

#[test]
fn levels_go_to_the_client_that_asks_ten_times_a_second_at_most() {
    play(
        "levels_go_to_the_client_that_asks_ten_times_a_second_at_most",
        "en",
    );
}

#[test]
fn what_went_wrong_waits_for_a_browser_that_was_closed() {
    play("what_went_wrong_waits_for_a_browser_that_was_closed", "de");
}

#[test]
fn fifty_reloads_in_a_conference_leave_no_gap() {
    play("fifty_reloads_in_a_conference_leave_no_gap", "en");
}

#[test]
fn the_readmes_pictures() {
    play("the_readmes_pictures", "en");
}

#[test]
fn the_page_is_painted_within_300_ms() {
    play("the_page_is_painted_within_300_ms", "en");
}

#[test]
fn a_tab_that_is_hidden_notifies_of_a_call() {
    play("a_tab_that_is_hidden_notifies_of_a_call", "de");
}

#[test]
fn a_tab_that_is_hidden_notifies_of_a_call_that_the_agent_is_asked_to_place() {
    play(
        "a_tab_that_is_hidden_notifies_of_a_call_that_the_agent_is_asked_to_place",
        "en",
    );
}

#[test]
fn the_crms_page_of_a_caller_opens_in_the_browser_when_a_call_is_answered() {
    play(
        "the_crms_page_of_a_caller_opens_in_the_browser_when_a_call_is_answered",
        "de",
    );
}

#[test]
fn a_supervisors_page_shows_all_and_does_nothing() {
    play("a_supervisors_page_shows_all_and_does_nothing", "de");
}

#[test]
fn microphone_and_ear_are_named_missed_and_told_when_they_are_others() {
    play(
        "microphone_and_ear_are_named_missed_and_told_when_they_are_others",
        "de",
    );
}
