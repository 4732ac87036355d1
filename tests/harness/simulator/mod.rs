//! Courses by chance: a few whole phones, whose users press whatever they like at any moment, in a network whose weather
//! the seed draws; now and then a phone dies, a network is away, a stream breaks. What must always be true is looked at
//! after each step ([`crate::promise`]), and when all is over nothing may be left ([`play`]).
//!
//! The same seed gives the same course. What was done in it is kept as a script, so that it can be played again with less
//! of it ([`shrink`]), and its ladder shown.
pub mod cast;
pub mod coverage;
pub mod deed;
mod improvise;
pub mod play;
pub mod quietly;
pub mod report;
pub mod shrink;
pub mod weather;

use crate::chance::Chance;
use crate::network::Link;
use crate::world::World;
use cast::Part;
use coverage::Coverage;
use deed::Deed;
use play::{Ending, Play};
use quietly::{Broken, quietly};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use trialog_call::Time;
use weather::Weather;

/// All that a course needs to be played again.
#[derive(Clone, Debug)]
pub struct Course {
    /// Where its chance began.
    pub seed: u64,
    /// How the network treats datagrams.
    pub link: Link,
    /// The phones: agents and customers.
    pub cast: Vec<Part>,
    /// What was done, in order.
    pub script: Vec<(Time, Deed)>,
    /// When everybody began to hang up.
    pub until: Time,
    /// How it ended.
    pub ending: Ending,
    /// A promise beside the usual ones, looked at after each act: panics where it does not hold.
    pub also: Option<fn(&World)>,
}

/// What came of a course.
pub struct Played {
    /// The phones and their network as they were in the end.
    pub play: Play,
    /// What did not hold, if something did not.
    pub broken: Option<Broken>,
}

/// Draws a course and plays it.
#[must_use]
pub fn improvise(seed: u64, weather: Weather) -> (Course, Played) {
    improvise_with(seed, weather, None)
}

/// The same with a promise beside the usual ones.
#[must_use]
pub fn improvise_with(seed: u64, weather: Weather, also: Option<fn(&World)>) -> (Course, Played) {
    let mut chance = Chance::new(seed ^ 0x7121_A106);
    let link = weather.link(&mut chance);
    let cast = cast::draw(&mut chance);
    let ending = Ending::draw(&mut chance);
    let mut course = Course {
        seed,
        link,
        cast,
        script: Vec::new(),
        until: Time::ZERO,
        ending,
        also,
    };
    let mut play = Play::new(&course);
    let mut temper = improvise::Temper::draw(&mut chance);
    let script = &mut course.script;
    let until = &mut course.until;
    let broken = quietly(|| {
        temper.play(&mut play, &mut chance, script);
        *until = play.world.now();
        play.end(ending);
    });
    if course.until == Time::ZERO {
        course.until = play.world.now();
    }
    (course, Played { play, broken })
}

/// Plays a course by its script. With a diary the ladder tells what was done as well.
#[must_use]
pub fn replay(course: &Course, diary: bool) -> Played {
    let mut play = Play::new(course);
    play.world.diary = diary.then(Vec::new);
    let broken = quietly(|| {
        for (at, deed) in &course.script {
            play.wait_until(*at);
            play.perform(deed);
        }
        play.wait_until(course.until);
        play.end(course.ending);
    });
    Played { play, broken }
}

/// The same phones work for so many days, each a course of its own in which nobody dies. What broke, or is left of memory.
#[must_use]
pub fn work(seed: u64, days: u32, weather: Weather) -> Option<Broken> {
    let mut chance = Chance::new(seed);
    let mut course = Course {
        seed,
        link: weather.link(&mut chance),
        cast: cast::draw(&mut chance),
        script: Vec::new(),
        until: Time::ZERO,
        ending: Ending::HangUp,
        also: None,
    };
    for part in &mut course.cast {
        part.model.registrar = None;
    }
    let mut play = Play::new(&course);
    let mut temper = improvise::Temper::immortal();
    let broken = quietly(|| {
        for _ in 0..days {
            temper.play(&mut play, &mut chance, &mut Vec::new());
            play.call_it_a_day();
        }
    });
    broken.or_else(|| play.weigh())
}

/// Plays these seeds on all processors: what they came to, and the first few courses that broke.
///
/// # Panics
/// Where a thread was lost.
#[must_use]
pub fn all(seeds: std::ops::Range<u64>, weather: Weather) -> (Coverage, Vec<(Course, Broken)>) {
    let next = AtomicU64::new(seeds.start);
    let sum = Mutex::new((Coverage::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut coverage = Coverage::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || sum.lock().expect("no thread was lost").1.len() >= 8 {
                        break;
                    }
                    let (course, played) = improvise(seed, weather);
                    coverage.count(&course, &played.play);
                    let broken = played.broken.or_else(|| played.play.weigh());
                    if let Some(broken) = broken {
                        let mut sum = sum.lock().expect("no thread was lost");
                        sum.1.push((course, broken));
                    }
                }
                sum.lock().expect("no thread was lost").0.add(&coverage);
            });
        }
    });
    let (coverage, mut broken) = sum.into_inner().expect("no thread was lost");
    broken.sort_by_key(|(course, _)| course.seed);
    (coverage, broken)
}
