//! A course that breaks a promise is made smaller as long as the same promise breaks: fewer acts, milder weather.
use super::quietly::Broken;
use super::weather::milder;
use super::{Course, replay};

/// How often a course is played again at most.
const TRIES: usize = 600;

/// The smallest course found that still breaks the same promise.
#[must_use]
pub fn shrink(course: &Course, broken: &Broken) -> (Course, Broken) {
    let mut best = (course.clone(), broken.clone());
    let mut tries = 0;
    loop {
        let before = tries;
        let smaller = candidates(&best.0).into_iter().find_map(|candidate| {
            tries += 1;
            if tries > TRIES {
                return None;
            }
            let again = fails(&candidate)?;
            again.is_like(broken).then_some((candidate, again))
        });
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
        if tries > TRIES || tries == before {
            return best;
        }
    }
}

/// What breaks when it is played by its script.
pub(super) fn fails(course: &Course) -> Option<Broken> {
    let played = replay(course, false);
    played.broken.or_else(|| played.play.weigh())
}

/// The same course with less of it, the boldest cut first.
fn candidates(course: &Course) -> Vec<Course> {
    let mut smaller = Vec::new();
    for link in milder(course.link) {
        smaller.push(Course {
            link,
            ..course.clone()
        });
    }
    let length = course.script.len();
    let mut size = length / 2;
    while size > 0 {
        for start in (0..length).step_by(size) {
            let mut less = course.clone();
            less.script.drain(start..(start + size).min(length));
            smaller.push(less);
        }
        size /= 2;
    }
    smaller
}
