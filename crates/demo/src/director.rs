//! Tells a story: does step after step through the phones' API, and waits for what each step must bring about.
use crate::cast::Party;
use crate::phones::{Phones, pause};
use crate::script::Step;
use crate::voices::Voices;
use crate::{Fault, Story, make_folder};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(8);
/// After an utterance: the way from mouth to ear, and a breath.
const BREATH: Duration = Duration::from_millis(750);

/// Plays the story in this folder; then the recordings, traces and `spoken.json` are there.
pub(crate) fn tell(
    story: &Story,
    codec: &str,
    folder: &Path,
    voices: &Voices,
) -> Result<(), Fault> {
    make_folder(folder)?;
    let mut stage = Stage {
        phones: Phones::start(folder, codec, story.policy, voices)?,
        voices,
        story: story.name,
        began: Instant::now(),
    };
    let mut starts = Map::new();
    for party in Party::ALL {
        let started = stage.wait(party, "its recording", |status| {
            status["audio"]["started_unix_us"].as_u64()
        })?;
        starts.insert(party.name().to_owned(), json!({"started_unix_us": started}));
    }
    for step in story.steps() {
        stage.play(step)?;
    }
    pause(Duration::from_millis(1_200))?;
    stage.phones.end()?;
    let file = folder.join("spoken.json");
    std::fs::write(&file, format!("{:#}\n", Value::Object(starts)))
        .map_err(|e| Fault::File(file, e.to_string()))
}

struct Stage<'a> {
    phones: Phones,
    voices: &'a Voices,
    story: &'static str,
    began: Instant,
}

impl Stage<'_> {
    fn play(&mut self, step: Step) -> Result<(), Fault> {
        match step {
            Step::Dial(from, to) => {
                self.note(&format!("{} calls {}", from.name(), to.name()));
                let to = self.phones.uri(to);
                self.phones.tell(from, "/api/calls", &json!({"to": to}))
            }
            Step::Do(party, act) => self.act(party, act, None),
            Step::To(party, act, whom) => self.act(party, act, Some(whom)),
            Step::Await(party, state) => self.wait(party, state, |status| {
                let calls = status["calls"].as_array()?;
                calls.iter().find(|c| c["stage"] == state).map(|_| ())
            }),
            Step::NobodyThere => {
                for party in Party::ALL {
                    self.wait(party, "no call", |status| {
                        status["calls"].as_array()?.is_empty().then_some(())
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
            Step::Presence(party, presence) => {
                self.note(&format!("{} is {presence}", party.name()));
                self.phones
                    .tell(party, "/api/presence", &json!({"presence": presence}))
            }
            Step::WrapUpDraft(party) => self.wait(party, "a wrap-up draft", |status| {
                let list = status["wrap_ups"].as_array()?;
                list.iter().find(|w| w["due"] == false).map(|_| ())
            }),
            Step::WrapUp(party, reason) => self.wrap_up(party, reason),
            Step::NoWrapUp(party) => self.wait(party, "no wrap-up", |status| {
                status["wrap_ups"].as_array()?.is_empty().then_some(())
            }),
        }
    }

    /// Does an act on the call that allows it, as soon as one does.
    fn act(&mut self, party: Party, act: &str, whom: Option<Party>) -> Result<(), Fault> {
        let aim = whom.map_or(String::new(), |w| format!(" → {}", w.name()));
        self.note(&format!("{}: {act}{aim}", party.name()));
        let body = whom.map_or(json!({}), |w| json!({"to": self.phones.uri(w)}));
        let end = Instant::now() + PATIENCE;
        loop {
            let call = self.wait(party, &format!("“{act}” to be allowed"), |status| {
                let calls = status["calls"].as_array()?;
                let allows = |call: &&Value| {
                    let acts = call["acts"].as_array();
                    acts.is_some_and(|a| a.iter().any(|a| a["act"] == act && a["allowed"] == true))
                };
                calls.iter().find(allows)?["id"].as_u64()
            })?;
            let path = format!("/api/calls/{call}/{act}");
            match self.phones.ask(party, "POST", &path, &body)? {
                (200..=299, _) => return Ok(()),
                // Something came in between; the next status says.
                (409, _) if Instant::now() < end => pause(POLL)?,
                (code, answer) => {
                    return Err(Fault::Api {
                        name: party.name(),
                        request: format!("POST {path}"),
                        answer: format!("{code} {answer}"),
                    });
                }
            }
        }
    }

    fn speak(&mut self, lines: &[(Party, &'static str)]) -> Result<(), Fault> {
        let mut longest = Duration::ZERO;
        for (party, text) in lines {
            let utterance = self.voices.of(*party, text);
            longest = longest.max(utterance.length);
            let body = json!({"file": utterance.file});
            self.phones.tell(*party, "/api/audio/say", &body)?;
        }
        pause(longest + BREATH)
    }

    fn wrap_up(&mut self, party: Party, reason: &str) -> Result<(), Fault> {
        let id = self.wait(party, "a wrap-up that is due", |status| {
            let list = status["wrap_ups"].as_array()?;
            list.iter().find(|w| w["due"] == true)?["id"].as_u64()
        })?;
        self.note(&format!("{} wraps up: {reason}", party.name()));
        let path = format!("/api/wrap-ups/{id}/submit");
        self.phones.tell(party, &path, &json!({"reason": reason}))
    }

    /// Polls the phone until its status shows this.
    fn wait<T>(
        &mut self,
        party: Party,
        what: &str,
        found: impl Fn(&Value) -> Option<T>,
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
fn seen(status: &Value) -> String {
    let list = |key: &str| status[key].as_array().cloned().unwrap_or_default();
    let calls: Vec<String> = list("calls")
        .iter()
        .map(|c| {
            format!(
                "{} {}",
                c["role"].as_str().unwrap_or("?"),
                c["stage"].as_str().unwrap_or("?")
            )
        })
        .collect();
    let wrap_ups: Vec<&str> = list("wrap_ups")
        .iter()
        .map(|w| if w["due"] == true { "due" } else { "draft" })
        .collect();
    format!(
        "calls: {}; wrap-ups: {}",
        if calls.is_empty() {
            "none".to_owned()
        } else {
            calls.join(", ")
        },
        if wrap_ups.is_empty() {
            "none".to_owned()
        } else {
            wrap_ups.join(", ")
        }
    )
}
