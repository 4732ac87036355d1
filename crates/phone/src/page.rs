//! Brings the agent's page into the browser. The page is opened by way of a private file, so that the code which pairs the browser
//! stands in no process's arguments, where other users of the machine could read it.
use crate::cli;
use crate::os;
use crate::visible;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use trialog_client::{Address, Client, Error};

/// How the agent gets to see the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The browser was asked for.
    Opened,
    /// There is no display, or no browser can be asked for.
    NotOpened,
}

/// The address that pairs one browser. A fragment is sent to no server.
pub(crate) fn address(url: &str, code: &str) -> String {
    format!("{url}/#pair={code}")
}

/// Opens the page at this address; `folder`: the phone's own, which only its user can read.
pub(crate) fn open(folder: &Path, address: &str) -> Shown {
    let file = folder.join("open.html");
    let text = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>Trialog</title>\n\
         <a href=\"{address}\">Trialog</a>\n"
    );
    if os::write_private(&file, &text).is_ok() && os::open_in_browser(file.as_os_str()) {
        Shown::Opened
    } else {
        Shown::NotOpened
    }
}

/// Says where the page is when the phone has started, and opens it. `invite` makes a code.
pub(crate) fn welcome(folder: &Path, name: &str, url: &str, invite: impl Fn() -> String) {
    match open(folder, &address(url, &invite())) {
        Shown::Opened => println!("Its page is in the browser: {url}/"),
        Shown::NotOpened if std::io::stdout().is_terminal() => println!(
            "Its page, for one browser on this machine and five minutes: {}",
            address(url, &invite())
        ),
        Shown::NotOpened => println!("Its page: trialog page --phone {name}"),
    }
}

/// `trialog page`.
pub(crate) fn run(options: &cli::Page) -> ExitCode {
    match show(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trialog: {}", visible::text(&error.to_string()));
            match error {
                Error::SeveralPhones(_) => ExitCode::from(2),
                _ => ExitCode::from(3),
            }
        }
    }
}

/// The phone that is meant: this one, or the only one that runs.
pub(crate) fn name_of(given: Option<&str>) -> Result<String, Error> {
    match given {
        Some(name) => Ok(name.to_owned()),
        None => match trialog_client::running().as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Error::NoPhone),
            several => Err(Error::SeveralPhones(several.to_vec())),
        },
    }
}

fn show(options: &cli::Page) -> Result<(), Error> {
    let name = name_of(options.phone.as_deref())?;
    let client = Client::new(Address::of_running(Some(&name))?);
    let url = &client.address().url;
    let address = address(url, &client.invite(options.role.into())?.code);
    let folder = trialog_client::folder().join(name);
    if options.print || open(&folder, &address) == Shown::NotOpened {
        println!("{address}");
    }
    Ok(())
}
