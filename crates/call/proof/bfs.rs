//! Breadth-first over all states, until no new one appears; what is wrong comes with the shortest way to it.
use crate::proof::inputs::{Alphabet, Aside, aside, inputs, is_to_be_counted_on};
use crate::proof::model::{Broken, World, broken};
use crate::proof::rules::{self, Step};
use crate::{Action, Input, Stage, Time};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// One search.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) name: &'static str,
    pub(crate) start: World,
    pub(crate) alphabet: Alphabet,
    /// Look no further than so many steps; `None`: until no new state appears.
    pub(crate) depth: Option<u32>,
    /// Find out whether every leg can be brought to an end (needs all states).
    pub(crate) endings: bool,
    /// Give up after so many states (searches for faults only).
    pub(crate) most: usize,
}

/// What it found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) edges: usize,
    pub(crate) depth: u32,
    pub(crate) broken: Option<Broken>,
    pub(crate) way: Vec<Input>,
    pub(crate) actions: BTreeSet<&'static str>,
    pub(crate) cells: rules::Cells,
}

/// The fingerprints are well mixed already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u128 is hashed");
    }
    fn write_u128(&mut self, word: u128) {
        self.0 = word as u64;
    }
}

type Seen = HashMap<u128, u32, BuildHasherDefault<AsIs>>;

/// When everything happens: time stands still but for deadlines, which are brought forward one at a time.
pub(crate) const NOW: Time = Time(std::time::Duration::from_secs(1));

impl Search {
    pub(crate) fn run(&self) -> Found {
        self.visit(|_| {})
    }

    /// Look at every state.
    pub(crate) fn each_state(&self, look: impl FnMut(&World)) {
        let found = self.visit(look);
        assert_eq!(found.broken, None);
    }

    fn visit(&self, mut look: impl FnMut(&World)) -> Found {
        let mut found = Found::default();
        let mut seen = Seen::default();
        let mut parents: Vec<(u32, u16)> = vec![(0, 0)];
        let mut ended: Vec<bool> = vec![true];
        let mut edges: Vec<(u32, u32)> = Vec::new();
        let mut start = self.start.clone();
        start.canonical();
        seen.insert(start.fingerprint(), 0);
        let mut queue = VecDeque::from([(0_u32, 0_u32, start)]);
        let mut choices = Vec::new();
        while let Some((place, depth, world)) = queue.pop_front() {
            found.depth = depth;
            look(&world);
            if self.depth.is_some_and(|most| depth >= most) || seen.len() > self.most {
                continue;
            }
            choose(&world, &self.alphabet, &mut choices);
            let before = rules::Look::at(&world);
            for (number, choice) in choices.iter().enumerate() {
                found.edges += 1;
                let step = take(&world, &before, choice, &self.alphabet, &mut found);
                let after = match step {
                    Ok(after) => after,
                    Err(broken) => {
                        found.broken = Some(broken);
                        found.way = self.way(&parents, place, number);
                        found.states = seen.len();
                        return found;
                    }
                };
                let Some(after) = after else { continue };
                if aside(&choice.input).is_some_and(|it| !self.alphabet.follow.contains(&it)) {
                    continue;
                }
                // A caller that is turned away changes nothing else, and would double every state.
                if too_many_leaving(&after) || after.phone.counts_turned_away() {
                    continue;
                }
                let next = seen.len() as u32;
                let at = *seen.entry(after.fingerprint()).or_insert(next);
                if self.endings && is_to_be_counted_on(&choice.input) {
                    edges.push((place, at));
                }
                if at == next {
                    parents.push((place, number as u16));
                    ended.push(after.legs.is_empty());
                    queue.push_back((next, depth + 1, after));
                }
            }
        }
        found.states = seen.len();
        if self.endings
            && seen.len() <= self.most
            && let Some(stuck) = no_way_to_an_end(&ended, &mut edges)
        {
            found.way = self.way(&parents, stuck, usize::MAX);
            found.broken = broken::<()>(
                "every leg can be brought to an end by a sequence of allowed acts",
                "from here it can't",
            )
            .err();
        }
        found
    }

    /// The inputs that lead here, and one more.
    fn way(&self, parents: &[(u32, u16)], mut place: u32, last: usize) -> Vec<Input> {
        let mut numbers = vec![last];
        while place != 0 {
            let (parent, number) = parents[place as usize];
            numbers.push(usize::from(number));
            place = parent;
        }
        let mut world = self.start.clone();
        world.canonical();
        let (mut way, mut choices) = (Vec::new(), Vec::new());
        for number in numbers.into_iter().rev() {
            choose(&world, &self.alphabet, &mut choices);
            let Some(choice) = choices.get(number) else {
                break;
            };
            way.push(choice.input.clone());
            let before = rules::Look::at(&world);
            match take(
                &world,
                &before,
                choice,
                &self.alphabet,
                &mut Found::default(),
            ) {
                Ok(Some(after)) => world = after,
                _ => break,
            }
        }
        way
    }
}

/// Legs that are being ended do nothing but end: more than one beside a call that goes on is not followed.
fn too_many_leaving(world: &World) -> bool {
    let calls = world.phone.sketch();
    let live = calls.iter().any(|call| call.stage != Stage::Ending);
    live && calls.iter().map(|call| call.leaving.len()).sum::<usize>() > 1
}

/// An input, and which deadline it brings forward.
pub(crate) struct Choice {
    pub(crate) input: Input,
    pub(crate) deadline: Option<usize>,
}

fn choose(world: &World, alphabet: &Alphabet, into: &mut Vec<Choice>) {
    let mut all = Vec::new();
    inputs(world, alphabet, &mut all);
    into.clear();
    for input in all {
        if input == Input::Deadline {
            let due = (0..world.phone.deadlines()).map(Some);
            into.extend(due.map(|deadline| Choice {
                input: Input::Deadline,
                deadline,
            }));
        }
        into.push(Choice {
            input,
            deadline: None,
        });
    }
}

/// One step with all rules held against it. `None`: nothing changed.
fn take(
    world: &World,
    before: &rules::Look,
    choice: &Choice,
    alphabet: &Alphabet,
    found: &mut Found,
) -> Result<Option<World>, Broken> {
    let mut after = world.clone();
    if let Some(which) = choice.deadline {
        after.phone.bring_forward(which, NOW);
    }
    after.happens(&choice.input);
    let actions = after.phone.step(NOW, choice.input.clone());
    found.actions.extend(actions.iter().map(name));
    if let [Action::Refuse(refusal)] = actions[..] {
        rules::refused(world, &after, &choice.input, refusal)?;
        if let Input::Act { call, act } = &choice.input {
            found.cells.note(before, *call, act, Err(refusal))?;
        }
        return Ok(None);
    }
    if let Input::Act { call, act } = &choice.input {
        found.cells.note(before, *call, act, Ok(()))?;
    }
    let idle = actions.is_empty() && after == *world;
    after.done(&actions)?;
    let look = rules::Look::at(&after);
    let step = Step {
        before: world,
        was: before,
        input: &choice.input,
        actions: &actions,
        after: &after,
        is: &look,
    };
    rules::all(&step)?;
    after.owed(&actions, &look.calls)?;
    if idle {
        return Ok(None);
    }
    if !alphabet.follow.contains(&Aside::Drafts) {
        // The disk is quick, and takes everything; what comes before its word is seen where drafts are.
        for id in after.phone.handed_in() {
            let kept = true;
            after.phone.step(NOW, Input::WrapUpKept { id, kept });
        }
    }
    let late = alphabet.follow.contains(&Aside::LateNotify);
    after.forget_refers(&look.calls, late);
    after.canonical();
    Ok(Some(after))
}

/// A state whose legs no sequence of allowed acts brings to an end.
fn no_way_to_an_end(ended: &[bool], edges: &mut [(u32, u32)]) -> Option<u32> {
    edges.sort_unstable_by_key(|(_, to)| *to);
    let mut good = ended.to_vec();
    let mut open: Vec<u32> = (0..ended.len() as u32)
        .filter(|at| good[*at as usize])
        .collect();
    while let Some(at) = open.pop() {
        let from = edges.partition_point(|(_, to)| *to < at);
        for (back, to) in &edges[from..] {
            if *to != at {
                break;
            }
            if !good[*back as usize] {
                good[*back as usize] = true;
                open.push(*back);
            }
        }
    }
    good.iter().position(|good| !good).map(|at| at as u32)
}

/// The variant's name; matched without `_`, so that none is forgotten.
pub(crate) fn name(action: &Action) -> &'static str {
    match action {
        Action::Invite { .. } => "Invite",
        Action::Ring(_) => "Ring",
        Action::Answer(_) => "Answer",
        Action::Reject { .. } => "Reject",
        Action::Redirect { .. } => "Redirect",
        Action::FollowRedirection(_) => "FollowRedirection",
        Action::RefuseRedirection(_) => "RefuseRedirection",
        Action::Cancel(_) => "Cancel",
        Action::Bye { .. } => "Bye",
        Action::Reinvite { .. } => "Reinvite",
        Action::Refer { .. } => "Refer",
        Action::WithdrawRefer(_) => "WithdrawRefer",
        Action::AcceptReferral(_) => "AcceptReferral",
        Action::RefuseReferral { .. } => "RefuseReferral",
        Action::ReferralResult { .. } => "ReferralResult",
        Action::Inform { .. } => "Inform",
        Action::StateParty { .. } => "StateParty",
        Action::Dtmf { .. } => "Dtmf",
        Action::Record(_) => "Record",
        Action::Notice(_) => "Notice",
        Action::Refuse(_) => "Refuse",
        Action::Quit => "Quit",
    }
}

/// All of them.
pub(crate) const EVERY_ACTION: usize = 22;
