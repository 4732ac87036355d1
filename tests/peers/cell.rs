//! One pair, one way: plays the stories one after another and judges them.
use crate::cast::Cast;
use crate::listening::{Alone, Heard, Worst};
use crate::story::{STORIES, Story};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_tests::foreign::{Abilities, Kind, Peer, Way};

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
    /// What was wrong at earlier tries.
    pub(crate) before: Vec<String>,
    pub(crate) worst: Worst,
    pub(crate) took: Duration,
}

/// So often a story is played at most. In real time, on a machine that does other things, too, a phone may be starved for half a
/// second; what is wrong three times is wrong.
const TRIES: usize = 3;

/// Plays all stories that are `wanted`, and those that went wrong again. `tag` sets the users of this cell apart from those of others
/// at the same registrar.
pub(crate) fn play(
    (customer, guest): (Kind, Kind),
    way: &Way,
    tag: &str,
    folder: &Path,
    wanted: impl Fn(&Story) -> bool,
) -> Cell {
    let began = Instant::now();
    let mut cell = Cell {
        customer,
        guest,
        outcomes: STORIES
            .iter()
            .filter(|story| wanted(story))
            .map(|story| (story.name, Outcome::Wrong(vec!["it was not played".into()])))
            .collect(),
        before: Vec::new(),
        worst: Worst::default(),
        took: Duration::ZERO,
    };
    for number in 1..=TRIES {
        let left: Vec<&Story> = STORIES
            .iter()
            .filter(|story| cell.is_wrong(story.name))
            .collect();
        if left.is_empty() {
            break;
        }
        let folder = folder.join(format!("try-{number}"));
        let (outcomes, worst) = pass((customer, guest), way, tag, &folder, &left);
        cell.take(number, outcomes, worst);
    }
    cell.took = began.elapsed();
    cell
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
    let (mut alone, mut worst) = (Alone::new(), Worst::default());
    let mut stage: Option<(Cast, [Abilities; 3])> = None;
    let mut pending: Vec<(usize, Vec<Heard>, [Abilities; 3])> = Vec::new();
    let mut number = 0;
    for story in stories {
        let (mut cast, abilities) = match stage.take() {
            Some(stage) => stage,
            None => {
                number += 1;
                let folder = folder.join(number.to_string());
                match Cast::start(pair, way, tag, &folder) {
                    Ok(cast) => {
                        let abilities = [
                            cast.customer.abilities(),
                            cast.owner.abilities(),
                            cast.guest.abilities(),
                        ];
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
            stage = Some((cast, abilities));
            continue;
        }
        let played = (story.play)(&mut cast);
        pending.push((outcomes.len(), cast.take_heard(), abilities));
        match played {
            Ok(note) => {
                outcomes.push((story.name, Outcome::Holds(note)));
                stage = Some((cast, abilities));
            }
            Err(fault) => {
                let at = cast.folder().display();
                let words = format!("{fault} (traces, logs and recordings: {at})");
                outcomes.push((story.name, Outcome::Wrong(vec![words])));
                // Whatever state its phones are in, the next story begins with new ones.
            }
        }
    }
    if stage.is_some() {
        // The last pieces of what was heard are in the files a second later.
        std::thread::sleep(Duration::from_secs(1));
    }
    drop(stage);
    for (place, heard, abilities) in pending {
        let faults: Vec<String> = heard
            .iter()
            .flat_map(|heard| {
                let files: Vec<String> = heard
                    .to
                    .iter()
                    .flat_map(|place| place.files().last())
                    .map(|file| file.strip_prefix(folder).unwrap_or(file))
                    .map(|file| file.display().to_string())
                    .collect();
                let (faults, files) = (
                    heard.faults(&abilities, &mut alone, &mut worst),
                    files.join(", "),
                );
                faults.into_iter().map(move |fault| {
                    let at = folder.display();
                    format!("{fault} (traces and logs: {at}; recordings there: {files})")
                })
            })
            .collect();
        if !faults.is_empty() {
            match &mut outcomes[place].1 {
                Outcome::Wrong(all) => all.extend(faults),
                outcome => *outcome = Outcome::Wrong(faults),
            }
        }
    }
    (outcomes, worst)
}

impl Cell {
    /// Nothing in it is wrong.
    pub(crate) fn holds(&self) -> bool {
        let wrong = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Wrong(_));
        !self.outcomes.iter().any(wrong)
    }

    fn is_wrong(&self, story: &str) -> bool {
        self.outcomes
            .iter()
            .any(|(name, outcome)| *name == story && matches!(outcome, Outcome::Wrong(_)))
    }

    /// Takes in what came of a try; the figures of one in which something was wrong are not those of what holds.
    fn take(&mut self, number: usize, outcomes: Vec<(&'static str, Outcome)>, worst: Worst) {
        let mut all_well = true;
        for (story, outcome) in outcomes {
            if let Outcome::Wrong(faults) = &outcome {
                all_well = false;
                if number < TRIES {
                    let words = format!("{story}, try {number}: {}", faults.join("; "));
                    self.before.push(words);
                }
            }
            let known = self.outcomes.iter_mut().find(|(name, _)| *name == story);
            if let Some((_, known)) = known {
                *known = outcome;
            }
        }
        if all_well {
            self.worst = self.worst.and(worst);
        }
    }
}
