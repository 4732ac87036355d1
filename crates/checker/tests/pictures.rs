//! The pictures show what there was: the words that a reader looks for, and nothing where nothing was.
mod support;

use support::perfect;
use trialog_checker::{Course, Evidence, STORIES, Story, ladder, story, timeline};

fn drawn(story: &Story, evidence: &Evidence) -> [(&'static str, String); 2] {
    let course = Course::of(&evidence.wire);
    [
        ("ladder", ladder(story, evidence, &course)),
        ("timeline", timeline(story, evidence, &course)),
    ]
}

#[test]
fn every_story_is_drawn_with_balanced_tags() {
    for story in STORIES {
        for (name, svg) in drawn(story, &perfect(story.name)) {
            for tag in ["svg", "text", "tspan"] {
                let opened = svg.matches(&format!("<{tag}")).count();
                let closed = svg.matches(&format!("</{tag}>")).count();
                assert_eq!(opened, closed, "{tag} in {name} of {}", story.name);
            }
            assert!(!svg.contains("NaN"), "{name} of {}", story.name);
            if let Some(folder) = std::env::var_os("TRIALOG_PICTURES") {
                let file = std::path::Path::new(&folder).join(format!("{}-{name}.svg", story.name));
                std::fs::write(file, svg).expect("the folder can be written");
            }
        }
    }
}

#[test]
fn the_ladder_names_what_makes_a_conference_and_a_transfer() {
    let story = story("conference").expect("a story of the list");
    let [(_, ladder), _] = drawn(story, &perfect("conference"));
    for words in [
        "sendonly",
        "isfocus",
        "Replaces",
        "REFER",
        "202 Accepted",
        "Conference",
        "Customer",
    ] {
        assert!(ladder.contains(words), "{words}");
    }
}

#[test]
fn the_timeline_has_a_lane_for_oneself_only_where_one_heard_oneself() {
    let story = story("exit").expect("a story of the list");
    let mut evidence = perfect("exit");
    let [_, (_, clean)] = drawn(story, &evidence);
    assert!(!clean.contains("ITSELF"));
    evidence.ears[0] = evidence.spoken[0].clone();
    let [_, (_, leaking)] = drawn(story, &evidence);
    assert!(leaking.contains("ITSELF"));
}
