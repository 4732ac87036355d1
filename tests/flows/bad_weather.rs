//! The stories again where datagrams are lost, doubled and mixed up, by many seeds. A failure names its seed.
use crate::stories::ALL;
use trialog_tests::{Link, Model, World};

/// How many seeds of bad weather each story is played in. `TRIALOG_SEEDS` asks for more.
fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("TRIALOG_SEEDS")
        .ok()
        .and_then(|count| count.parse().ok());
    0..asked.unwrap_or(40)
}

fn every_datagram_twice(seed: u64) -> World {
    let link = Link {
        doubled: 1000,
        ..Link::GOOD
    };
    World::trio_of(
        seed,
        link,
        &Model::customer(),
        &Model::agent(),
        &Model::agent(),
    )
}

fn by_streams(seed: u64) -> World {
    let tcp = |model: Model| Model {
        transport: trialog_ua::Transport::Tcp,
        ..model
    };
    World::trio_of(
        seed,
        Link::GOOD,
        &tcp(Model::customer()),
        &tcp(Model::agent()),
        &tcp(Model::agent()),
    )
}

fn play(name: &str) {
    let (_, story) = ALL
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a story");
    for seed in seeds() {
        story(World::trio_in_bad_weather, seed);
    }
}

macro_rules! stories {
    ($($test:ident: $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                play($name);
            }
        )*
    };
}

stories! {
    conference_holds_in_bad_weather: "conference"
    exit_holds_in_bad_weather: "exit"
    end_holds_in_bad_weather: "end"
    customer_leaves_holds_in_bad_weather: "customer-leaves"
    consult_transfer_holds_in_bad_weather: "consult-transfer"
    blind_holds_in_bad_weather: "blind"
    decline_holds_in_bad_weather: "decline"
    anchored_holds_in_bad_weather: "anchored"
    refused_holds_in_bad_weather: "refused"
    busy_holds_in_bad_weather: "busy"
}

#[test]
fn every_story_holds_when_every_datagram_comes_twice() {
    for (_, story) in ALL {
        story(every_datagram_twice, 1);
    }
}

#[test]
fn every_story_holds_over_streams() {
    for (_, story) in ALL {
        story(by_streams, 1);
    }
}
