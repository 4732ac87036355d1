//! How long from a mouth to an ear, with two phones and over a third one that bridges?
//!
//! Whole phones: processes with file ends, without a sound card, called and conferred as an agent does it. Many starts, each
//! with new processes, so that their clocks stand to each other by chance; prints the median of the starts in ms. PJSIP is
//! measured in turns with us, by the same clicks, the same counting and the same number of starts at once.
use std::time::Duration;
use trialog_benches::chance::long;
use trialog_benches::clicks::{delays, write_wav};
use trialog_benches::phones::{Testbed, confer};
use trialog_benches::pjsua2::Party;
use trialog_benches::print::{measured, measured_beside, note};
use trialog_benches::starts::at_once;
use trialog_benches::statistics::median;

/// From the first sound on.
const TALK: Duration = Duration::from_millis(2200);

fn main() {
    let batches = if long() { 12 } else { 4 };
    for (name, parties, codec) in [
        ("mouth_to_ear.2.pcmu", 2, "pcmu"),
        ("mouth_to_ear.3.pcmu", 3, "pcmu"),
        ("mouth_to_ear.3.opus", 3, "opus"),
    ] {
        let beside = codec == "pcmu";
        let (mut own, mut peer, mut version) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..batches {
            own.extend(at_once(|place| ours(place, parties, codec)));
            if beside {
                for (start, its) in at_once(|place| pjsua2(place, parties)) {
                    peer.push(start);
                    version = its;
                }
            }
        }
        let middle = median(&mut own);
        let mut text = format!("{name}: {} starts, {}", own.len(), range(&own));
        if beside {
            let its = median(&mut peer);
            measured_beside(name, middle, "ms", &format!("pjsua2 {version}"), its);
            text += &format!("; pjsua2 {}", range(&peer));
        } else {
            measured(name, middle, "ms");
        }
        note(&text);
    }
}

/// Of sorted values.
fn range(values: &[f64]) -> String {
    format!("{:.1}–{:.1} ms", values[0], values[values.len() - 1])
}

/// The middle of the clicks of one start of ours.
fn ours(place: usize, parties: usize, codec: &'static str) -> Option<f64> {
    let testbed = Testbed::new(&format!("mouth-to-ear-{place}"), codec);
    write_wav(&testbed.folder().join("clicks.wav"));
    let mouth = testbed.phone(
        "mouth",
        "play = \"clicks.wav\"\nrepeat = true\nrecord_spoken = \"said.wav\"\n",
    );
    let ear = testbed.phone("ear", "record = \"heard.wav\"\n");
    let owner;
    if parties == 3 {
        owner = testbed.phone("owner", "");
        confer(&mouth, &owner, &ear);
    } else {
        mouth.ctl(&["call", &ear.uri()]);
        mouth.wait_for("connected");
    }
    std::thread::sleep(TALK);
    let heard = testbed.recording(&ear, "heard.wav");
    let said = testbed.recording(&mouth, "said.wav");
    middle(delays(&said, &heard))
}

/// Where something was heard.
fn middle(mut delays: Vec<f64>) -> Option<f64> {
    (!delays.is_empty()).then(|| median(&mut delays))
}

/// The same by PJSIP, and its version.
fn pjsua2(place: usize, parties: usize) -> Option<(f64, String)> {
    let folder = trialog_tests::program::folder(&format!("mouth-to-ear-pjsua2-{place}"));
    let mut ear = Party::start(&folder, "ear", false, &[]);
    let owner;
    let called = if parties == 3 {
        owner = Party::start(&folder, "owner", false, &["--onward", &ear.uri]);
        &owner.uri
    } else {
        &ear.uri
    };
    let mut mouth = Party::start(&folder, "mouth", true, &["--call", called]);
    mouth.joined();
    ear.joined();
    std::thread::sleep(TALK);
    let version = ear.version.clone();
    let (_, heard) = ear.end();
    let (said, _) = mouth.end();
    Some((middle(delays(&said, &heard))?, version))
}
