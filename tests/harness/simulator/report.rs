//! What is said of a course that broke a promise: the promise, how to play it again, and the ladder of what led there.
use super::quietly::Broken;
use super::shrink::shrink;
use super::weather::{Weather, describe};
use super::{Course, replay};
use std::fmt::Write;

/// So many lines of the ladder are shown, the last ones.
const RUNGS: usize = 120;

/// The whole report, the course made small first.
#[must_use]
pub fn report(course: &Course, broken: &Broken, weather: Weather) -> String {
    let (small, broken) = shrink(course, broken);
    let mut report = format!(
        "seed {}: {}\n  held by {}\n  again: cargo xtask simulate --seed {} --calls 1{}\n",
        course.seed,
        broken.promise,
        broken.place,
        course.seed,
        match weather {
            Weather::Any => String::new(),
            weather => format!(" --weather {weather}"),
        }
    );
    let _ = writeln!(
        report,
        "  {} of its {} acts are enough, at {}",
        small.script.len(),
        course.script.len(),
        describe(&small.link),
    );
    report += &cast(&small);
    let played = replay(&small, true);
    let rungs = played.play.world.rungs();
    let shown = rungs.len().saturating_sub(RUNGS);
    if shown > 0 {
        let _ = writeln!(report, "  … {shown} lines before");
    }
    for rung in &rungs[shown..] {
        let _ = writeln!(report, "{rung}");
    }
    report
}

/// The ladder of a course, whole.
#[must_use]
pub fn ladder(course: &Course) -> String {
    let rungs = replay(course, true).play.world.rungs();
    format!(
        "  {}\n{}{}\n",
        describe(&course.link),
        cast(course),
        rungs.join("\n")
    )
}

/// The phones, one a line.
fn cast(course: &Course) -> String {
    let lines = course
        .cast
        .iter()
        .map(|part| format!("  {}: {}\n", part.name, odd(part)));
    lines.collect()
}

/// In what a phone differs from others.
fn odd(part: &super::cast::Part) -> String {
    let (model, policy) = (&part.model, &part.model.policy);
    let usual = trialog_call::Policy {
        agent: policy.agent,
        ..trialog_call::Policy::default()
    };
    let mut odd = vec![if policy.agent { "agent" } else { "customer" }.to_owned()];
    let mut say = |differs: bool, what: String| {
        if differs {
            odd.push(what);
        }
    };
    say(policy.agent && !model.trialog, "foreign to others".into());
    say(
        policy.transfers != usual.transfers,
        format!("transfers {:?}", policy.transfers),
    );
    say(
        policy.max_calls != usual.max_calls,
        format!("max_calls {}", policy.max_calls),
    );
    say(!policy.call_waiting, "no call waiting".into());
    say(!policy.post_call, "no post-call".into());
    say(policy.auto_answer.is_some(), "answers by itself".into());
    say(policy.hangup != usual.hangup, "hangup ask".into());
    say(policy.away_status.is_none(), "rings when away".into());
    say(!policy.wrap_up_is_away, "takes calls in wrap-up".into());
    say(
        policy.agent && policy.reasons.is_empty(),
        "no wrap-up".into(),
    );
    say(
        policy.wrap_up_time.is_some(),
        format!(
            "wrap-up timer {:?}",
            policy.wrap_up_time.unwrap_or_default()
        ),
    );
    say(
        policy.referral_time != usual.referral_time,
        format!("asked for {:?}", policy.referral_time),
    );
    say(model.transport == trialog_ua::Transport::Tcp, "TCP".into());
    say(model.accounts > 1, format!("{} accounts", model.accounts));
    say(model.registrar.is_some(), "registered".into());
    odd.join(", ")
}
