//! All promises hold in every course, and in the end nothing is left.
use trialog_tests::simulator::report::report;
use trialog_tests::simulator::weather::Weather;
use trialog_tests::simulator::{all, work};

/// How many courses. `TRIALOG_COURSES` asks for more or less.
fn courses() -> u64 {
    let asked = std::env::var("TRIALOG_COURSES").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(10_000)
}

#[test]
fn ten_thousand_courses_of_calls_and_conferences_keep_all_promises_and_leave_nothing() {
    let (coverage, broken) = all(0..courses(), Weather::Any);
    println!("{coverage}");
    for (course, broken) in broken.iter().take(3) {
        println!("{}", report(course, broken, Weather::Any));
    }
    let seeds: Vec<u64> = broken.iter().map(|(course, _)| course.seed).collect();
    assert!(seeds.is_empty(), "seeds {seeds:?} broke a promise");
    // Chance has led to the interesting places.
    for (what, least) in LEAST {
        let (count, least) = (coverage.of(what), least * courses() / 10_000);
        assert!(count >= least, "only {count} {what}, of {least}");
    }
}

/// How often each of these happens at least in ten thousand courses.
const LEAST: [(&str, u64); 18] = [
    ("calls placed", 20_000),
    ("conferences", 4_000),
    ("transferred", 2_000),
    ("anchored", 1_000),
    ("transfer declined", 800),
    ("transfer withdrawn", 200),
    ("guest became owner", 2_000),
    ("REFER of a customer with Replaces (A)", 1_500),
    (
        "REFER of an agent with Replaces (B, or A among agents)",
        3_000,
    ),
    ("REFER, blind", 2_000),
    ("INVITE with Replaces", 2_000),
    ("491", 3_000),
    ("acts that crossed another's", 15_000),
    ("phones that died", 4_000),
    ("lost", 40_000),
    ("sent again", 150_000),
    ("PostCall", 1_000),
    ("NetworkChanged", 8_000),
];

#[test]
fn phones_that_work_for_a_hundred_days_weigh_what_new_ones_weigh() {
    for seed in 0..6 {
        let broken = work(seed, 100, Weather::Any);
        assert_eq!(broken, None, "seed {seed}");
    }
}
