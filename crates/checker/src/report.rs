//! What the witness says: claim by claim, as a table for people and as JSON.
use serde_json::{Value, json};
use std::fmt::Write;

/// One claim, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The rule's id.
    pub rule: String,
    /// The claim in words.
    pub claim: String,
    /// The measured value with its unit, in words.
    pub measured: String,
    /// Whether it holds.
    pub holds: bool,
}

/// All claims of one story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its name.
    pub story: String,
    /// In the order of the story's list.
    pub claims: Vec<Claim>,
}

impl Report {
    /// Whether all hold; a report without claims does not.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.claims.is_empty() && self.claims.iter().all(|c| c.holds)
    }

    /// The file `report.json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let claims: Vec<Value> = self
            .claims
            .iter()
            .map(|c| json!({"rule": c.rule, "claim": c.claim, "measured": c.measured, "holds": c.holds}))
            .collect();
        json!({"story": self.story, "claims": claims, "holds": self.holds()})
    }

    /// The table of claims.
    #[must_use]
    pub fn table(&self) -> String {
        let wide = |s: &str| s.chars().count();
        let width = self
            .claims
            .iter()
            .map(|c| wide(&c.claim))
            .max()
            .unwrap_or(0)
            .min(76);
        let rule = self.claims.iter().map(|c| wide(&c.rule)).max().unwrap_or(4);
        let mut text = String::new();
        for c in &self.claims {
            let mut lines = wrap(&c.claim, width).into_iter();
            let first = lines.next().unwrap_or_default();
            let pad = " ".repeat(width.saturating_sub(wide(&first)));
            let sign = if c.holds { "✔" } else { "✖" };
            let _ = writeln!(
                text,
                "{sign} {:<rule$}  {first}{pad}  {}",
                c.rule, c.measured
            );
            for line in lines {
                let _ = writeln!(text, "  {:<rule$}  {line}", "");
            }
        }
        let held = self.claims.iter().filter(|c| c.holds).count();
        let verdict = if self.holds() {
            "all hold"
        } else {
            "NOT all hold"
        };
        let _ = writeln!(
            text,
            "{}: {held} of {} claims hold: {verdict}",
            self.story,
            self.claims.len()
        );
        text
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
