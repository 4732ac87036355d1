//! `[[action]]`: what is opened, asked for or started when something happens to a call.
use super::reader::Section;
use crate::action::{Action, Does, Occasion, Template};

const ON: &str = "“call-offered”, “call-placed”, “call-connected” or “call-ended”";

pub(super) fn actions(sections: Vec<Section<'_, '_>>) -> Vec<Action> {
    let mut actions = Vec::new();
    for (place, section) in sections.into_iter().enumerate() {
        let name = section
            .text("name")
            .unwrap_or_else(|| format!("{}", place + 1));
        let on = section.list("on", ON, occasion);
        if on.as_ref().is_none_or(Vec::is_empty) && section.lacks("on") {
            section.fault("on", "a list of events", "nothing");
        }
        let does = does(&section);
        section.end();
        if let (Some(on), Some(does)) = (on, does) {
            actions.push(Action { name, on, does });
        }
    }
    actions
}

fn occasion(name: &str) -> Option<Occasion> {
    use Occasion as O;
    let all = [O::Offered, O::Placed, O::Connected, O::Ended];
    all.into_iter().find(|on| on.name() == name)
}

/// One of three.
fn does(section: &Section<'_, '_>) -> Option<Does> {
    let open = url(section, "open").map(Does::Open);
    let get = url(section, "get").map(Does::Get);
    let run = run(section).map(Does::Run);
    let given = ["open", "get", "run"]
        .into_iter()
        .filter(|key| !section.lacks(key));
    match given.count() {
        1 => open.or(get).or(run),
        count => {
            section.fault(
                "open",
                "one of open, get and run",
                &format!("{count} of them"),
            );
            None
        }
    }
}

fn url(section: &Section<'_, '_>, key: &'static str) -> Option<Template> {
    let text = section.text(key)?;
    match Template::url(&text) {
        Ok(template) => Some(template),
        Err(error) => {
            // A URL may have secrets in it.
            section.fault(key, error.expected(), "another one");
            None
        }
    }
}

fn run(section: &Section<'_, '_>) -> Option<Vec<Template>> {
    let expected = "a program with its whole path, and its arguments, each a text of its own";
    let words = section.list("run", expected, |word| Some(word.to_owned()))?;
    let is_whole = |program: &String| {
        std::path::Path::new(program).is_absolute() && !program.contains(['{', '}'])
    };
    if !words.first().is_some_and(is_whole) {
        section.fault("run", expected, "another one");
        return None;
    }
    let words: Result<Vec<_>, _> = words.iter().map(|word| Template::read(word)).collect();
    match words {
        Ok(words) => Some(words),
        Err(error) => {
            section.fault("run", error.expected(), "another one");
            None
        }
    }
}
