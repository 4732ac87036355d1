//! One pair, one way: plays the stories one after another and judges them.
use crate::cast::Cast;
use crate::listening::{Alone, Heard, Worst};
use crate::story::{STORIES, Story};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_tests::foreign::{Abilities, Kind, Role, Way};

/// What came of a story.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It holds; a note on how.
    Holds(String),
    /// It can't be played by these, because …
    NotApplicable(&'static str),
    /// What was expected, and what there was.
    Wrong(Vec<String>),
}

/// A cell of the matrix: its pair, and what came of each story.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) customer: Kind,
    pub(crate) guest: Kind,
    pub(crate) outcomes: Vec<(&'static str, Outcome)>,
    pub(crate) worst: Worst,
    pub(crate) took: Duration,
}

/// Plays all stories that are `wanted`, each once: what is wrong is wrong. `tag` sets the users of this cell apart from those of
/// others at the same registrar.
pub(crate) fn play(
    (customer, guest): (Kind, Kind),
    way: &Way,
    tag: &str,
    folder: &Path,
    wanted: impl Fn(&Story) -> bool,
) -> Cell {
    let began = Instant::now();
    let stories: Vec<&Story> = STORIES.iter().filter(|story| wanted(story)).collect();
    let (outcomes, worst) = pass((customer, guest), way, tag, folder, &stories);
    Cell {
        customer,
        guest,
        outcomes,
        worst,
        took: began.elapsed(),
    }
}

/// What was heard in a story, and what the phones of that story can do.
struct Recorded {
    /// The index of the story's outcome.
    outcome: usize,
    heard: Vec<Heard>,
    abilities: [Abilities; 3],
}

/// Plays these stories one after another.
fn pass(
    pair: (Kind, Kind),
    way: &Way,
    tag: &str,
    folder: &Path,
    stories: &[&Story],
) -> (Vec<(&'static str, Outcome)>, Worst) {
    let mut outcomes = Vec::new();
    let mut running: Option<(Cast, [Abilities; 3])> = None;
    let mut recorded = Vec::new();
    let mut number = 0;
    for story in stories {
        let (mut cast, abilities) = match running.take() {
            Some(running) => running,
            None => {
                number += 1;
                let folder = folder.join(number.to_string());
                match Cast::start(pair, way, tag, &folder) {
                    Ok(cast) => {
                        let abilities = Role::ALL.map(|role| cast.abilities(role));
                        (cast, abilities)
                    }
                    Err(fault) => {
                        let at = folder.display();
                        let words = format!("{fault} (logs: {at})");
                        outcomes.push((story.name, Outcome::Wrong(vec![words])));
                        // What does not start now does not start for the next story either.
                        break;
                    }
                }
            }
        };
        if let Err(why) = (story.can)(&abilities[0], &abilities[2]) {
            outcomes.push((story.name, Outcome::NotApplicable(why)));
            running = Some((cast, abilities));
            continue;
        }
        let played = (story.play)(&mut cast);
        recorded.push(Recorded {
            outcome: outcomes.len(),
            heard: cast.take_heard(),
            abilities,
        });
        match played {
            Ok(note) => {
                outcomes.push((story.name, Outcome::Holds(note)));
                running = Some((cast, abilities));
            }
            Err(fault) => {
                let at = cast.folder().display();
                let words = format!("{fault} (traces, logs and recordings: {at})");
                outcomes.push((story.name, Outcome::Wrong(vec![words])));
                // Whatever state its phones are in, the next story begins with new ones.
            }
        }
    }
    for story in &stories[outcomes.len()..] {
        let words = "not played, since the phones did not start".to_owned();
        outcomes.push((story.name, Outcome::Wrong(vec![words])));
    }
    if running.is_some() {
        // The last pieces of what was heard are in the files a second later.
        std::thread::sleep(Duration::from_secs(1));
    }
    drop(running);
    let worst = judge(&recorded, folder, &mut outcomes);
    (outcomes, worst)
}

/// Listens to the recordings and makes those stories wrong in which a party heard what it must not, or did not hear what it must.
fn judge(recorded: &[Recorded], folder: &Path, outcomes: &mut [(&'static str, Outcome)]) -> Worst {
    let (mut alone, mut worst) = (Alone::new(), Worst::default());
    for story in recorded {
        let mut wrong = Vec::new();
        for heard in &story.heard {
            let files: Vec<String> = heard
                .to
                .iter()
                .flat_map(|place| place.files().last())
                .map(|file| file.strip_prefix(folder).unwrap_or(file))
                .map(|file| file.display().to_string())
                .collect();
            let (at, files) = (folder.display(), files.join(", "));
            let faults = heard.faults(&story.abilities, &mut alone, &mut worst);
            wrong.extend(faults.into_iter().map(|fault| {
                format!("{fault} (traces and logs: {at}; recordings there: {files})")
            }));
        }
        if !wrong.is_empty() {
            match &mut outcomes[story.outcome].1 {
                Outcome::Wrong(all) => all.extend(wrong),
                outcome => *outcome = Outcome::Wrong(wrong),
            }
        }
    }
    worst
}

impl Cell {
    /// Nothing in it is wrong.
    pub(crate) fn holds(&self) -> bool {
        let wrong = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Wrong(_));
        !self.outcomes.iter().any(wrong)
    }
}
