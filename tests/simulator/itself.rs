//! The simulator can be trusted: it repeats itself, and what breaks is found, made small and told.
use trialog_call::Stage;
use trialog_tests::World;
use trialog_tests::simulator::report::report;
use trialog_tests::simulator::weather::Weather;
use trialog_tests::simulator::{improvise, improvise_with, replay};

#[test]
fn the_same_seed_gives_the_same_course_and_so_does_its_script() {
    for seed in 0..20 {
        let (course, played) = improvise(seed, Weather::Any);
        let (_, again) = improvise(seed, Weather::Any);
        let by_script = replay(&course, false);
        let ladder = played.play.world.ladder();
        assert!(ladder == again.play.world.ladder(), "seed {seed}");
        assert!(ladder == by_script.play.world.ladder(), "seed {seed}");
    }
}

/// Not so, of course.
fn nobody_confers(world: &World) {
    for phone in world.everybody() {
        let conference = world.at(phone).stages(world.now());
        assert!(
            !conference.contains(&Stage::Conference),
            "{} is in a conference",
            world.name(phone)
        );
    }
}

#[test]
fn what_breaks_is_made_small_and_told_with_seed_command_and_ladder() {
    let found = (0..50).find_map(|seed| {
        let (course, played) = improvise_with(seed, Weather::Storm, Some(nobody_confers));
        Some((course, played.broken?))
    });
    let (course, broken) = found.expect("some seed leads to a conference");
    assert!(broken.promise.ends_with("is in a conference"), "{broken:?}");
    let report = report(&course, &broken, Weather::Storm);
    let command = format!(
        "cargo xtask simulate --seed {} --calls 1 --weather storm",
        course.seed
    );
    assert!(report.contains(&command), "{report}");
    for line in ["** ", "→", "INVITE", "is Conference (Owner)"] {
        assert!(report.contains(line), "{line} is missing:\n{report}");
    }
    // Dial, answer, consult, answer, conference, and what shows it.
    let acts = report.lines().filter(|line| line.contains("** ")).count();
    assert!(acts <= 8, "{acts} acts are left:\n{report}");
}
