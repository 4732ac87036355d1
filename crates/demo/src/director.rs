//! Tells a story: does step after step through the phones' API, and waits for what each step must bring about.
use crate::cast::Party;
use crate::phones::{Phones, api_fault, pause};
use crate::script::Step;
use crate::two_lives::FirstLife;
use crate::voices::Voices;
use crate::{Fault, Options, Story, make_folder};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use trialog_client::Error;
use trialog_client::api::{ActName, Stage, Status};

const POLL: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(8);
/// After an utterance: the way from mouth to ear, and a breath.
const BREATH: Duration = Duration::from_millis(750);

/// Plays the story in this folder; then the recordings, traces and `spoken.json` are there.
pub(crate) fn tell(
    story: &Story,
    options: &Options,
    folder: &Path,
    voices: &Voices,
) -> Result<(), Fault> {
    make_folder(folder)?;
    let mut scene = Scene {
        phones: Phones::start(folder, options, story.policy, voices)?,
        voices,
        folder,
        first_lives: Vec::new(),
        secure: options.secure,
        story: story.name,
        began: Instant::now(),
    };
    let mut starts = Map::new();
    for party in Party::ALL {
        let started = scene.recording_since(party)?;
        starts.insert(party.name().to_owned(), json!({"started_unix_us": started}));
    }
    for step in story.steps() {
        scene.play(step)?;
    }
    pause(Duration::from_millis(1_200))?;
    let lives = std::mem::take(&mut scene.first_lives);
    scene.phones.end()?;
    for (life, again_unix_us) in lives {
        life.join(folder, again_unix_us)?;
    }
    let file = folder.join("spoken.json");
    std::fs::write(&file, format!("{:#}\n", Value::Object(starts)))
        .map_err(|e| Fault::File(file, e.to_string()))
}

struct Scene<'a> {
    phones: Phones,
    voices: &'a Voices,
    folder: &'a Path,
    /// Of the phones that were killed, with the time at which the recordings of the second life began.
    first_lives: Vec<(FirstLife, u64)>,
    secure: bool,
    story: &'static str,
    began: Instant,
}

impl Scene<'_> {
    fn play(&mut self, step: Step) -> Result<(), Fault> {
        match step {
            Step::Dial(from, to) => {
                self.note(&format!("{} calls {}", from.name(), to.name()));
                let to = self.phones.uri(to);
                self.phones.tell(from, "for a call", |phone| {
                    phone.call(&to, None).map(|_| ())
                })
            }
            Step::Do(party, act) => self.act(party, act, None),
            Step::To(party, act, whom) => self.act(party, act, Some(whom)),
            Step::Await(party, stage) => {
                // Before the answer there are no keys, and no padlock.
                let padlock = self.secure && !matches!(stage, Stage::Offered | Stage::Dialling);
                let what = format!("{stage}{}", if padlock { ", secured" } else { "" });
                self.wait(party, &what, |status| {
                    let mut calls = status.calls.iter();
                    calls
                        .any(|call| call.stage == stage && (!padlock || call.secured))
                        .then_some(())
                })
            }
            Step::NobodyThere => {
                for party in Party::ALL {
                    self.wait(party, "no call", |status| {
                        status.calls.is_empty().then_some(())
                    })?;
                }
                Ok(())
            }
            Step::Say(party, text) => {
                self.note(&format!("{}: “{text}”", party.name()));
                self.speak(&[(party, text)])
            }
            Step::All(texts) => {
                self.note("all three at once");
                let lines: Vec<_> = Party::ALL.into_iter().zip(texts).collect();
                self.speak(&lines)
            }
            Step::Pause(ms) => pause(Duration::from_millis(ms)),
            Step::Crash(party) => self.crash(party),
            Step::Presence(party, presence) => {
                self.note(&format!("{} is {presence}", party.name()));
                self.phones.tell(party, "for its presence", |phone| {
                    phone.set_presence(presence)
                })
            }
            Step::WrapUpDraft(party) => self.wait(party, "a wrap-up draft", |status| {
                status
                    .wrap_ups
                    .iter()
                    .any(|wrap_up| !wrap_up.due)
                    .then_some(())
            }),
            Step::WrapUp(party, reason) => self.wrap_up(party, reason),
            Step::NoWrapUp(party) => self.wait(party, "no wrap-up", |status| {
                status.wrap_ups.is_empty().then_some(())
            }),
        }
    }

    /// Does an act on the call that allows it, as soon as one does.
    fn act(&mut self, party: Party, act: ActName, whom: Option<Party>) -> Result<(), Fault> {
        let aim = whom.map_or(String::new(), |w| format!(" → {}", w.name()));
        self.note(&format!("{}: {act}{aim}", party.name()));
        let aim = whom.map(|whom| self.phones.uri(whom));
        let end = Instant::now() + PATIENCE;
        loop {
            let call = self.wait(party, &format!("“{act}” to be allowed"), |status| {
                let mut calls = status.calls.iter();
                let call =
                    calls.find(|call| call.acts.iter().any(|one| one.act == act && one.allowed));
                call.map(|call| call.id)
            })?;
            let phone = self.phones.client(party);
            let answer = match &aim {
                Some(to) => phone.act_to(call, act, to, None),
                None => phone.act(call, act),
            };
            match answer {
                Ok(()) => return Ok(()),
                // Something came in between; the next status has it.
                Err(Error::Problem(problem)) if problem.status == 409 && Instant::now() < end => {
                    pause(POLL)?;
                }
                Err(error) => return Err(api_fault(party, &format!("to {act}"), &error)),
            }
        }
    }

    /// When its recordings began, in µs since 1970.
    fn recording_since(&mut self, party: Party) -> Result<u64, Fault> {
        self.wait(party, "its recording", |status| {
            status.audio.started_unix_us
        })
    }

    fn crash(&mut self, party: Party) -> Result<(), Fault> {
        let started_unix_us = self.recording_since(party)?;
        self.note(&format!("{}'s phone is killed", party.name()));
        let folder = self.folder;
        let mut life = None;
        self.phones.kill_and_start(party, || {
            life = Some(FirstLife::set_aside(folder, party, started_unix_us)?);
            Ok(())
        })?;
        self.note(&format!("{}'s phone is there again", party.name()));
        let again_unix_us = self.recording_since(party)?;
        self.first_lives
            .extend(life.map(|life| (life, again_unix_us)));
        Ok(())
    }

    fn speak(&mut self, lines: &[(Party, &'static str)]) -> Result<(), Fault> {
        let mut longest = Duration::ZERO;
        for (party, text) in lines {
            let utterance = self.voices.of(*party, text);
            longest = longest.max(utterance.length);
            let file = utterance.file.to_string_lossy();
            self.phones
                .tell(*party, "to say something", |phone| phone.say(&file))?;
        }
        pause(longest + BREATH)
    }

    fn wrap_up(&mut self, party: Party, reason: &str) -> Result<(), Fault> {
        let id = self.wait(party, "a wrap-up that is due", |status| {
            let owed = status.wrap_ups.iter().find(|wrap_up| wrap_up.due)?;
            Some(owed.id)
        })?;
        self.note(&format!("{} wraps up: {reason}", party.name()));
        self.phones.tell(party, "to take its wrap-up", |phone| {
            phone.submit_wrap_up(id, reason, None)
        })
    }

    /// Polls the phone until its status shows this.
    fn wait<T>(
        &mut self,
        party: Party,
        what: &str,
        found: impl Fn(&Status) -> Option<T>,
    ) -> Result<T, Fault> {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.phones.status(party)?;
            if let Some(found) = found(&status) {
                return Ok(found);
            }
            if Instant::now() > end {
                return Err(Fault::NeverCame {
                    name: party.name(),
                    what: what.to_owned(),
                    seen: seen(&status),
                });
            }
            pause(POLL)?;
        }
    }

    fn note(&self, what: &str) {
        let at = self.began.elapsed().as_secs_f64();
        println!("  {:<16} {at:5.1} s  {what}", self.story);
    }
}

/// A status in a few words.
fn seen(status: &Status) -> String {
    let calls = status.calls.iter();
    let calls = calls.map(|call| format!("{} {}", call.role, call.stage));
    let wrap_ups = status.wrap_ups.iter();
    let wrap_ups = wrap_ups.map(|wrap_up| if wrap_up.due { "due" } else { "draft" }.to_owned());
    let list = |names: Vec<String>| match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    format!(
        "calls: {}; wrap-ups: {}",
        list(calls.collect()),
        list(wrap_ups.collect())
    )
}
