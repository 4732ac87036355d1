//! Breadth-first over canonical states; backwards for what can be brought to an end.
use crate::coverage::{action_name, input_name};
use crate::invariants::{Broken, Step, check, check_stray, check_table};
use crate::moves::{Setting, moves, when};
use crate::table::Column;
use crate::world::{Refer, Wire, World};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use trialog_call::{Act, Action, EndCause, Input, LegId, Names, Phone, Role, Stage, WireEvent};

/// What a search saw.
#[derive(Default)]
pub struct Report {
    pub states: usize,
    pub edges: usize,
    pub depth: u32,
    pub inputs: BTreeSet<&'static str>,
    pub actions: BTreeSet<&'static str>,
    pub allowed: BTreeSet<(Role, Stage, Column)>,
    pub stages: BTreeSet<(Role, Stage)>,
    pub broken: Option<(Broken, Vec<Input>)>,
}

/// How far to go.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Steps from the fresh phone.
    pub depth: u32,
    /// States; more is a fault of the search, not a result.
    pub states: usize,
    /// Look backwards, too: from every state, every leg can be brought to an end.
    pub endings: bool,
}

/// What is kept of a state that was seen: how it was come by, to tell the way to a fault.
struct Seen {
    parent: u32,
    chosen: u16,
    ended: bool,
}

struct Search {
    setting: Setting,
    limits: Limits,
    index: HashMap<u128, u32>,
    seen: Vec<Seen>,
    waiting: VecDeque<(u32, u32, Phone, World)>,
    /// Steps that the agent or the answers owed to him make, for the look backwards.
    towards_end: Vec<(u32, u32)>,
    report: Report,
}

/// Searches all that can become of `fresh`.
pub fn search(fresh: &Phone, setting: Setting, limits: Limits) -> Report {
    let mut search = Search {
        setting,
        limits,
        index: HashMap::new(),
        seen: Vec::new(),
        waiting: VecDeque::new(),
        towards_end: Vec::new(),
        report: Report::default(),
    };
    let (start, _) = fresh.canonical();
    search.enter(start, World::default(), 0, 0, 0);
    while let Some((number, depth, phone, world)) = search.waiting.pop_front() {
        if let Err((broken, input)) = search.expand(number, depth, &phone, &world) {
            let mut way = search.way(fresh, number);
            way.extend(input);
            search.report.broken = Some((broken, way));
            break;
        }
    }
    if search.report.broken.is_none() && limits.endings {
        search.every_leg_can_be_brought_to_an_end(fresh);
    }
    search.report.states = search.seen.len();
    search.report
}

impl Search {
    fn enter(&mut self, phone: Phone, world: World, parent: u32, chosen: u16, depth: u32) -> u32 {
        let key = fingerprint(&phone, &world);
        if let Some(&there) = self.index.get(&key) {
            return there;
        }
        let number = u32::try_from(self.seen.len()).expect("fewer than 2^32 states");
        self.index.insert(key, number);
        self.seen.push(Seen {
            parent,
            chosen,
            ended: world.legs.is_empty(),
        });
        self.report.depth = self.report.depth.max(depth);
        if depth < self.limits.depth {
            self.waiting.push_back((number, depth, phone, world));
        }
        number
    }

    fn expand(
        &mut self,
        number: u32,
        depth: u32,
        phone: &Phone,
        world: &World,
    ) -> Result<(), (Broken, Option<Input>)> {
        assert!(
            self.seen.len() <= self.limits.states,
            "more than {} states: the search has no end in sight",
            self.limits.states
        );
        let view = phone.snapshot(trialog_call::Time::ZERO);
        for call in &view.calls {
            self.report.stages.insert((call.role, call.stage));
        }
        let allowed = &mut self.report.allowed;
        check_table(phone, &view, world, |role, stage, column| {
            allowed.insert((role, stage, column));
        })
        .map_err(|broken| (broken, None))?;
        check_stray(phone).map_err(|broken| (broken, None))?;
        same_end_in_both_orders(phone, world).map_err(|broken| (broken, None))?;
        if world.quit {
            return Ok(());
        }
        for (chosen, mv) in moves(self.setting, phone, world, &view)
            .into_iter()
            .enumerate()
        {
            self.report.edges += 1;
            self.report.inputs.insert(input_name(&mv.input));
            let (after, mut after_world, actions, input) =
                apply(phone, world, mv.input).map_err(|(broken, input)| (broken, Some(input)))?;
            self.report.actions.extend(actions.iter().map(action_name));
            let after_view = after.snapshot(trialog_call::Time::ZERO);
            after_world.heed_roles(&after_view);
            let (next, names) = after.canonical();
            check(&Step {
                before: phone,
                view_before: &view,
                input: &input,
                actions: &actions,
                after: &after,
                view: &after_view,
                world: &after_world,
                names: &names,
            })
            .map_err(|broken| (broken, Some(input.clone())))?;
            if !mv.follow || matches!(actions.as_slice(), [Action::Refuse(_)]) {
                continue;
            }
            let next_world = renamed(after_world, &names);
            let chosen = u16::try_from(chosen).expect("fewer than 65,536 moves");
            let next = self.enter(next, next_world, number, chosen, depth + 1);
            if self.limits.endings && brings_to_an_end(&input) {
                self.towards_end.push((next, number));
            }
        }
        Ok(())
    }

    /// The inputs that lead to a state.
    fn way(&self, fresh: &Phone, number: u32) -> Vec<Input> {
        let mut choices = Vec::new();
        let mut at = number;
        while at != 0 {
            let seen = &self.seen[at as usize];
            choices.push(seen.chosen);
            at = seen.parent;
        }
        let (mut phone, _) = fresh.canonical();
        let mut world = World::default();
        let mut way = Vec::new();
        for chosen in choices.into_iter().rev() {
            let view = phone.snapshot(trialog_call::Time::ZERO);
            let Some(mv) = moves(self.setting, &phone, &world, &view)
                .into_iter()
                .nth(chosen.into())
            else {
                break;
            };
            let Ok((after, after_world, _, input)) = apply(&phone, &world, mv.input) else {
                break;
            };
            way.push(input);
            (phone, world) = canonical(&after, after_world);
        }
        way
    }

    fn every_leg_can_be_brought_to_an_end(&mut self, fresh: &Phone) {
        let mut back: HashMap<u32, Vec<u32>> = HashMap::new();
        for (to, from) in self.towards_end.drain(..) {
            back.entry(to).or_default().push(from);
        }
        let mut good: Vec<bool> = self.seen.iter().map(|seen| seen.ended).collect();
        let mut waiting: Vec<u32> = (0..)
            .zip(&good)
            .filter(|(_, good)| **good)
            .map(|(at, _)| at)
            .collect();
        while let Some(at) = waiting.pop() {
            for &from in back.get(&at).into_iter().flatten() {
                if !std::mem::replace(&mut good[from as usize], true) {
                    waiting.push(from);
                }
            }
        }
        if let Some(stuck) = good.iter().position(|good| !good) {
            let number = u32::try_from(stuck).expect("fewer than 2^32 states");
            let way = self.way(fresh, number);
            self.report.broken = Some((
                Broken {
                    rule: "every_leg_can_be_brought_to_an_end_by_allowed_acts".into(),
                    seen: format!("state {stuck} has no way out"),
                },
                way,
            ));
        }
    }
}

/// The agent's acts, time, and the answers that are owed to what we sent; nothing that the far side does of its own will.
fn brings_to_an_end(input: &Input) -> bool {
    match input {
        Input::Act { .. } | Input::Hook | Input::Deadline => true,
        Input::Wire { event, .. } => matches!(
            event,
            WireEvent::Gone
                | WireEvent::Confirmed
                | WireEvent::Renegotiated(_)
                | WireEvent::RenegotiationRefused { .. }
                | WireEvent::ReferAccepted
                | WireEvent::ReferRefused { .. }
                | WireEvent::ReferNotified { .. }
        ),
        _ => false,
    }
}

type Applied = (Phone, World, Vec<Action>, Input);

/// One step of phone and wire together.
pub fn apply(phone: &Phone, world: &World, mut input: Input) -> Result<Applied, (Broken, Input)> {
    let mut phone = phone.clone();
    let mut world = world.clone();
    world.happens(&mut input);
    let now = when(&phone, &input);
    let actions = phone.step(now, input.clone());
    for action in &actions {
        if let Err(seen) = world.obey(action) {
            let rule = "what_is_asked_of_a_leg_fits_the_leg".into();
            return Err((Broken { rule, seen }, input));
        }
    }
    Ok((phone, world, actions, input))
}

/// Phone and world with the names and times of the canonical form. Calls that are over leave the ledger.
pub fn canonical(phone: &Phone, world: World) -> (Phone, World) {
    let (phone, names) = phone.canonical();
    let world = renamed(world, &names);
    (phone, world)
}

fn renamed(mut world: World, names: &Names) -> World {
    world
        .calls
        .retain(|call, _| names.calls.iter().any(|(old, _)| old == call));
    world.renamed(names)
}

fn fingerprint(phone: &Phone, world: &World) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        phone.hash(&mut hasher);
        world.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// While a REFER runs, a BYE on the leg to be replaced and the final NOTIFY give the same end in both orders.
fn same_end_in_both_orders(phone: &Phone, world: &World) -> Result<(), Broken> {
    let view = phone.snapshot(trialog_call::Time::ZERO);
    let running = world
        .legs
        .iter()
        .find(|(_, leg)| leg.refer == Refer::Accepted && leg.wire == Wire::Up);
    let Some((referred, _)) = running else {
        return Ok(());
    };
    let Some(call) = view
        .calls
        .iter()
        .find(|call| call.legs.iter().any(|leg| leg.id == *referred))
    else {
        return Ok(());
    };
    let replaced = call.legs.iter().map(|leg| leg.id).find(|leg| {
        leg != referred
            && world
                .legs
                .get(leg)
                .is_some_and(|there| there.wire == Wire::Up)
    });
    let Some(replaced) = replaced else {
        return Ok(());
    };
    if call.stage != Stage::TransferPending {
        return Ok(());
    }
    let bye = |leg| Input::Wire {
        leg,
        event: WireEvent::Ended(EndCause::Bye),
    };
    let done = Input::Wire {
        leg: *referred,
        event: WireEvent::ReferNotified { status: 200 },
    };
    let end = |inputs: [Input; 2]| -> Result<(Phone, World), Broken> {
        let (mut phone, mut world) = (phone.clone(), world.clone());
        for input in inputs {
            // What was hung up by us meanwhile answers our BYE, and no more.
            if let Input::Wire { leg, .. } = &input
                && world
                    .legs
                    .get(leg)
                    .is_none_or(|there| there.wire != Wire::Up)
            {
                continue;
            }
            (phone, world) = applied(&phone, &world, input)?;
        }
        while let Some(leg) = leaving(&world) {
            let gone = Input::Wire {
                leg,
                event: WireEvent::Gone,
            };
            (phone, world) = applied(&phone, &world, gone)?;
        }
        Ok(canonical(&phone, world))
    };
    let bye_first = end([bye(replaced), done.clone()])?;
    let bye_last = end([done, bye(replaced)])?;
    if bye_first != bye_last {
        return Err(Broken {
            rule: "a_bye_on_the_replaced_leg_and_the_final_notify_give_the_same_end_in_both_orders"
                .into(),
            seen: format!("BYE first: {bye_first:?}\nBYE last: {bye_last:?}"),
        });
    }
    Ok(())
}

fn applied(phone: &Phone, world: &World, input: Input) -> Result<(Phone, World), Broken> {
    match apply(phone, world, input) {
        Ok((phone, world, ..)) => Ok((phone, world)),
        Err((broken, _)) => Err(broken),
    }
}

fn leaving(world: &World) -> Option<LegId> {
    let leaving = |wire| matches!(wire, Wire::Leaving | Wire::Cancelling);
    world
        .legs
        .iter()
        .find(|(_, leg)| leaving(leg.wire))
        .map(|(id, _)| *id)
}

/// An act without a reason to refuse it that no state of the search allowed, of those that the table has as ✔.
pub fn never_allowed(report: &Report) -> Vec<(Role, Stage, Column)> {
    use crate::table::{Cell, cell, column};
    let mut missing = Vec::new();
    for &(role, stage) in &report.stages {
        for act in crate::moves::acts() {
            let column = column(&act);
            let found = report.allowed.contains(&(role, stage, column));
            if cell(role, stage, column) == Cell::Yes && !found && !matches!(act, Act::Unmute) {
                missing.push((role, stage, column));
            }
        }
    }
    missing
}
