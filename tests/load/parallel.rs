//! Many calls at once: each answered, each with its own sound, one too many refused, and nothing left of them.
use crate::caller::{Call, Caller};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use trialog_tests::program::{PhoneProcess, folder};

/// A phone for load with this audio end and so many calls at most.
fn phone(test: &str, end: &str, max_calls: u32) -> PhoneProcess {
    let folder = folder(&format!("load-{test}"));
    let runtime = folder.join("run");
    std::fs::create_dir_all(&runtime).expect("the folder can be made");
    let settings = format!(
        "[media]\nrtp_ports = \"0\"\n\n[audio]\nend = \"{end}\"\n\n\
         [agent]\nagent = false\nparallel = true\nauto_answer = true\nmax_calls = {max_calls}\n"
    );
    PhoneProcess::start("phone", &folder, &runtime, &settings, &[])
}

fn calls(caller: &mut Caller, names: std::ops::Range<u32>) -> Vec<Call> {
    let called = names.map(|number| caller.call(&format!("call-{number}")));
    let calls: Result<Vec<_>, _> = called.collect();
    calls.expect("each is answered")
}

fn shown(phone: &PhoneProcess) -> usize {
    let status = phone.status();
    status["calls"].as_array().map_or(0, Vec::len)
}

/// Waits until it is so; it has to be at last.
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(15), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Each call hears what it says, under the phone's own name, and nothing of another's.
fn echoes(call: &Call, sample: u8) {
    // The leg is listened to a moment after the answer; what came before that waits in its socket.
    for number in 1..=3 {
        call.say(number, sample);
    }
    let heard: Vec<_> = (0..3)
        .map(|_| call.hear().expect("it hears itself"))
        .collect();
    for (before, after) in heard.iter().zip(&heard[1..]) {
        assert_eq!(after.1, before.1.wrapping_add(1), "one after the other");
    }
    for (ssrc, _, sound) in heard {
        assert_ne!(ssrc, 77, "by the phone's name");
        assert_eq!(sound, [sample; 160]);
    }
}

#[test]
fn twenty_calls_are_answered_in_parallel_and_the_twenty_first_is_busy() {
    let phone = phone("echo", "echo", 20);
    let mut caller = Caller::of(phone.port);
    let before = descriptors(&phone);
    let all = calls(&mut caller, 0..20);
    assert_eq!(shown(&phone), 20);
    assert_eq!(caller.call("too-many").map(|_| ()), Err(486));
    for (place, call) in all.iter().enumerate() {
        echoes(call, place as u8);
    }
    caller.end(&all[3]);
    until("19 calls", || shown(&phone) == 19);
    let again = caller.call("again").expect("there is room again");
    echoes(&again, 200);
    for call in all.iter().enumerate().filter(|(place, _)| *place != 3) {
        caller.end(call.1);
    }
    caller.end(&again);
    until("no call", || shown(&phone) == 0);
    until("all sockets closed", || descriptors(&phone) <= before);
}

#[test]
fn whoever_calls_a_phone_without_sound_hears_silence() {
    let phone = phone("silence", "none", 20);
    let mut caller = Caller::of(phone.port);
    let all = calls(&mut caller, 0..20);
    for call in &all {
        let first = call.hear().expect("it hears something");
        let second = call.hear().expect("and goes on to");
        // µ-law's two zeros.
        assert!(
            first.2.iter().all(|sample| sample & 0x7f == 0x7f),
            "{first:?}"
        );
        assert_eq!((second.0, second.1), (first.0, first.1.wrapping_add(1)));
    }
    for call in &all {
        caller.end(call);
    }
    until("no call", || shown(&phone) == 0);
}

#[test]
fn more_calls_than_the_bridge_has_ports_are_answered() {
    let phone = phone("many", "echo", 400);
    let mut caller = Caller::of(phone.port);
    let all = calls(&mut caller, 0..400);
    assert_eq!(caller.call("too-many").map(|_| ()), Err(486));
    echoes(&all[0], 1);
    echoes(&all[399], 2);
    for call in &all {
        caller.end(call);
    }
    until("no call", || shown(&phone) == 0);
}

/// How many descriptors its process has open.
fn descriptors(phone: &PhoneProcess) -> usize {
    let folder = PathBuf::from(format!("/proc/{}/fd", phone.running.id()));
    std::fs::read_dir(folder).expect("it runs").count()
}
