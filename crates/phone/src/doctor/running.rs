//! The phone of this name: where it would be found, and what one that runs says of itself.
use super::Subject;
use super::finding::{Check, Finding};
use crate::os::private_folder;
use trialog_api::{Account, RegistrationState, Status};
use trialog_client::{Address, Client, Error};
use trialog_desk::messages::Text;
use trialog_desk::words::doctor as words;

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let name = subject.config.name.as_str();
    match &subject.running {
        Some(address) => of_running(name, address),
        None => {
            let finding = Finding::good(Check::Phone, words::NOT_RUNNING, &[("name", name)]);
            vec![unfit(name).unwrap_or(finding)]
        }
    }
}

/// What there is of the folder in which clients find it, where that is not this user's alone.
fn unfit(name: &str) -> Option<Finding> {
    let base = trialog_client::folder();
    let folders = [base.join(name), base];
    let there = folders.iter().filter(|folder| folder.exists());
    let mut faults = there.filter_map(|folder| Some((folder, private_folder(folder).err()?)));
    let (folder, error) = faults.next()?;
    let (folder, why) = (folder.display().to_string(), error.to_string());
    let values = [("folder", &*folder), ("why", &why)];
    let finding = Finding::wrong(Check::Phone, words::FOLDER, &values);
    Some(finding.hint(words::FOLDER_HINT, &[]))
}

fn of_running(name: &str, address: &Address) -> Vec<Finding> {
    let pid = address.pid.to_string();
    match Client::new(address.clone()).status() {
        Ok(status) => {
            let mut findings = vec![runs(name, &pid, &address.url, &status)];
            findings.extend(status.accounts.iter().filter_map(registered));
            findings
        }
        Err(error) => vec![silent(name, &pid, &error)],
    }
}

fn runs(name: &str, pid: &str, url: &str, status: &Status) -> Finding {
    let ours = env!("CARGO_PKG_VERSION");
    let values = [
        ("name", name),
        ("pid", pid),
        ("url", url),
        ("version", &status.version),
        ("theirs", &status.version),
        ("ours", ours),
    ];
    if status.version == ours {
        return Finding::good(Check::Phone, words::RUNNING, &values);
    }
    let finding = Finding::watch(Check::Phone, words::OTHER_VERSION, &values);
    finding.hint(words::OTHER_VERSION_HINT, &[])
}

fn silent(name: &str, pid: &str, error: &Error) -> Finding {
    let why = error.to_string();
    let values = [("name", name), ("why", &why)];
    let finding = Finding::wrong(Check::Phone, words::SILENT, &values);
    finding.hint(words::SILENT_HINT, &[("pid", pid)])
}

/// How an account stands, where it has a registrar.
fn registered(account: &Account) -> Option<Finding> {
    let both = |en: &Option<String>, de: &Option<String>| {
        let en = en.clone()?;
        let de = de.clone().unwrap_or_else(|| en.clone());
        Some(Text { en, de })
    };
    let state = Text {
        en: account.state_text.clone(),
        de: account.state_text_de.clone(),
    };
    let why = both(&account.detail, &account.detail_de);
    let hint = both(&account.hint, &account.hint_de);
    let word = match why {
        Some(_) => words::STANDS_WHY,
        None => words::STANDS,
    };
    let check = Check::Registration;
    let finding = match account.state {
        RegistrationState::Direct => return None,
        RegistrationState::Registered => Finding::good(check, word, &[]),
        RegistrationState::Registering => Finding::watch(check, word, &[]),
        RegistrationState::Unregistered => {
            Finding::watch(check, word, &[]).hint(words::UNREGISTERED_HINT, &[])
        }
        RegistrationState::Failed => Finding::wrong(check, word, &[]),
    };
    let finding = match hint {
        Some(hint) => finding.hinted(hint),
        None => finding,
    };
    let finding = finding.fill("state", &state);
    let finding = why
        .iter()
        .fold(finding, |finding, why| finding.fill("why", why));
    Some(finding.of_account(&account.aor))
}
