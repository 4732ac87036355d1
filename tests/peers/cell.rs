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
    pub(crate) worst: Worst,
    pub(crate) took: Duration,
}

/// Plays all stories whose name `wanted` has. `tag` sets the users of this cell apart from those of others at the same registrar.
pub(crate) fn play(
    (customer, guest): (Kind, Kind),
    way: &Way,
    tag: &str,
    folder: &Path,
    wanted: impl Fn(&Story) -> bool,
) -> Cell {
    let began = Instant::now();
    let mut outcomes = Vec::new();
    let (mut alone, mut worst) = (Alone::new(), Worst::default());
    let mut stage: Option<(Cast, [Abilities; 3])> = None;
    let mut pending: Vec<(usize, Vec<Heard>, [Abilities; 3])> = Vec::new();
    let mut number = 0;
    for story in STORIES.iter().filter(|story| wanted(story)) {
        let (mut cast, abilities) = match stage.take() {
            Some(stage) => stage,
            None => {
                number += 1;
                let folder = folder.join(number.to_string());
                match Cast::start((customer, guest), way, tag, &folder) {
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
    Cell {
        customer,
        guest,
        outcomes,
        worst,
        took: began.elapsed(),
    }
}

impl Cell {
    /// Nothing in it is wrong.
    pub(crate) fn holds(&self) -> bool {
        let wrong = |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Wrong(_));
        !self.outcomes.iter().any(wrong)
    }
}
