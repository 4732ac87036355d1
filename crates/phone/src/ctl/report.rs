//! `trialog report`: a folder with all that is known of a call, to be handed on: ladder, messages, capture, sound, log lines, the call's
//! record, and the configuration. Secrets are struck out; the files are this user's alone.
use super::evidence::{failed, sound};
use super::failure::Failure;
use super::{ladder, pcapng};
use crate::cli::{Ctl, ReportTo};
use crate::redact::redact;
use crate::{os, runtime_dir, visible};
use serde_json::json;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use trialog_client::Client;
use trialog_client::api::CallTrace;
use trialog_client::api::request::Past;

const STRUCK: &str = "[struck out]";

/// Where a call's record is looked for: among so many of the last ones.
const RECORDS: u32 = 500;

/// Writes the folder, and gives its path.
pub(super) fn write(
    client: &Client,
    ctl: &Ctl,
    call: u32,
    to: &ReportTo,
) -> Result<PathBuf, Failure> {
    let trace = client.trace(call)?;
    let named = || PathBuf::from(format!("trialog-report-{}-{call}", trace.phone));
    let folder = to.to.clone().unwrap_or_else(named);
    os::private_folder(&folder).map_err(|error| failed(&folder, &error))?;
    let status = client.status()?;
    let past = client.history(&Past {
        limit: Some(RECORDS),
        ..Past::default()
    });
    let record = past.ok().and_then(|past| {
        let mut calls = past.calls.into_iter();
        calls.find(|known| known.call == Some(call))
    });
    let goes_on = status.calls.iter().find(|known| known.id == call);
    let document = |value: &serde_json::Value| {
        let text = serde_json::to_string_pretty(value).expect("its keys are strings");
        visible::json(&text).into_owned()
    };
    let configuration = runtime_dir::configuration(&trace.phone);
    let files = [
        ("about.txt", about(&trace, configuration.as_deref())),
        ("ladder.txt", ladder::text(&trace, ctl.lang)),
        ("messages.txt", ladder::messages(&trace, ctl.lang)),
        ("trace.json", document(&json!(trace))),
        ("sound.txt", sound(&trace, ctl.lang)),
        ("log.txt", log(&trace)),
        (
            "call.json",
            document(&json!({"now": goes_on, "record": record})),
        ),
        (
            "phone.json",
            document(&json!({"accounts": status.accounts, "audio": status.audio})),
        ),
        (
            "configuration.toml",
            configuration
                .as_deref()
                .map_or_else(String::new, struck_out),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        os::write_private(&path, text).map_err(|error| failed(&path, &error))?;
    }
    let path = folder.join("call.pcapng");
    os::write_private(&path, pcapng::file(&trace)).map_err(|error| failed(&path, &error))?;
    Ok(folder)
}

fn about(trace: &CallTrace, configuration: Option<&Path>) -> String {
    let configuration = configuration.map_or_else(
        || "none: a phone that is called by its address".to_owned(),
        |path| path.display().to_string(),
    );
    let text = format!(
        "Trialog {}, phone {}, call {}\nsystem: {} {}\nconfiguration: {configuration}\nmade: {}\n",
        trace.version,
        trace.phone,
        trace.call,
        std::env::consts::OS,
        std::env::consts::ARCH,
        jiff::Timestamp::now(),
    );
    let lines = text.lines().map(visible::text);
    lines.map(|line| format!("{line}\n")).collect()
}

/// The steps with their times.
fn log(trace: &CallTrace) -> String {
    let lines = trace.steps.iter().map(|step| {
        let at = i64::try_from(step.at_us).map(jiff::Timestamp::from_microsecond);
        let at = at.map(|at| at.map_or_else(|_| step.at_us.to_string(), |at| at.to_string()));
        let at = at.unwrap_or_else(|_| step.at_us.to_string());
        format!("{at} call={} {}\n", trace.call, visible::text(&step.text))
    });
    lines.collect()
}

/// The configuration of this file as TOML without its secrets, and without its comments, which may have some. What is no TOML is not
/// repeated.
fn struck_out(path: &Path) -> String {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return format!("# {}\n", visible::text(&error.to_string())),
    };
    match text.parse::<Table>() {
        Ok(mut table) => {
            table.iter_mut().for_each(|(key, value)| strike(key, value));
            // What can be read can be written.
            toml::to_string(&table).unwrap_or_default()
        }
        Err(_) => "# the file is no TOML\n".to_owned(),
    }
}

/// A password, token or secret goes whole, of a URL all behind its host, of a command all behind the program, of a SIP URI the password.
fn strike(key: &str, value: &mut Value) {
    let is_secret = ["password", "secret", "token"]
        .into_iter()
        .any(|word| key.contains(word));
    match value {
        Value::Table(table) => table.iter_mut().for_each(|(key, value)| strike(key, value)),
        Value::Array(values) => {
            for (place, value) in values.iter_mut().enumerate() {
                if key == "run" && place > 0 {
                    *value = Value::String(STRUCK.to_owned());
                } else {
                    strike(key, value);
                }
            }
        }
        // The name of a file is none.
        Value::String(text) if is_secret && !key.ends_with("_file") => STRUCK.clone_into(text),
        Value::String(text) => {
            *text = match text.split_once("://") {
                Some((scheme, rest)) => {
                    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                    let host = authority.rsplit('@').next().unwrap_or_default();
                    format!("{scheme}://{host}/{STRUCK}")
                }
                None => redact(text.as_bytes()),
            };
        }
        _ if is_secret && !value.is_bool() => *value = Value::String(STRUCK.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_repeated_without_its_secrets_and_comments() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("phone.toml");
        let text = "name = \"anna\" # Zauberwort-1\n[[account]]\naor = \"sip:anna:Zauberwort-2@b.example\"\npassword = \"Zauberwort-3\"\n\
            password_file = \"anna.password\"\n[[webhook]]\nurl = \"https://u:Zauberwort-4@hook.example/Zauberwort-5?Zauberwort-6\"\n\
            [[action]]\nrun = [\"/bin/true\", \"Zauberwort-7\"]\n[acd]\ntoken = 4711\n";
        std::fs::write(&file, text).expect("it can be written");
        let shown = struck_out(&file);
        assert!(
            !shown.contains("Zauberwort") && !shown.contains("4711"),
            "{shown}"
        );
        for rest in [
            "anna.password",
            "https://hook.example/[struck out]",
            "/bin/true",
            "b.example",
        ] {
            assert!(shown.contains(rest), "{rest}: {shown}");
        }
    }

    #[test]
    fn what_is_no_toml_is_not_repeated() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("phone.toml");
        std::fs::write(&file, "password = Zauberwort").expect("it can be written");
        assert!(!struck_out(&file).contains("Zauberwort"));
    }
}
