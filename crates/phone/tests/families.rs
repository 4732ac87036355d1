//! A phone at an address of each family talks with phones that have only one of them.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, loudest, tone};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_phone_at_both_families_talks_with_one_of_each() {
    let stage = Stage::new();
    let end = |name: &str, hertz: f64| {
        stage.write(&format!("{name}-in.wav"), tone(hertz));
        format!(
            "[audio]\nend = \"file\"\nplay = \"{name}-in.wav\"\nrepeat = true\nrecord = \"{name}-ear.wav\"\n"
        )
    };
    let both = stage.phone_at(
        "both",
        r#"["127.0.0.1:0", "[::1]:0"]"#,
        &end("both", 997.0),
        &[],
    );
    for (name, listen, hertz) in [("v4", "127.0.0.1:0", 433.0), ("v6", "[::1]:0", 620.0)] {
        let agent = "[agent]\nagent = false\nauto_answer = true\n";
        let rest = format!("{}{agent}", end(name, hertz));
        let far = stage.phone_at(name, listen, &rest, &[]);
        both.post("/api/calls", &json!({"to": far.aor()}), 201);
        both.stage("connected");
        far.stage("connected");
        std::thread::sleep(Duration::from_millis(1_500));
        both.act("hold");
        both.stage("held");
        both.act("resume");
        both.stage("connected");
        both.act("end");
        both.stage("none");
        far.stage("none");
        far.signal("TERM");
        assert!(far.end().0.success());
        let heard = loudest(&stage.path(&format!("{name}-ear.wav")), 997.0);
        assert!((-13.0..-11.0).contains(&heard), "{name} hears {heard} dB");
    }
    both.signal("TERM");
    assert!(both.end().0.success());
    for hertz in [433.0, 620.0] {
        let heard = loudest(&stage.path("both-ear.wav"), hertz);
        assert!((-13.0..-11.0).contains(&heard), "{hertz} Hz at {heard} dB");
    }
}
