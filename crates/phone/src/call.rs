//! `trialog call`: asks the phone that runs for a call; and `trialog desktop`, by which links in pages and mails do so.
//!
//! Anyone can write a link, so a link alone calls nothing: the agent is asked, in the terminal where there is one, else in the page,
//! whose dial field has the number then. Where links are to call at once, a code of the PBX is asked about still.
use crate::cli::{self, DesktopVerb};
use crate::link::{self, Link};
use crate::os::links;
use crate::page::{self, Shown};
use crate::visible;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use trialog_client::api::PageRole;
use trialog_client::{Address, Client, Error, percent_encoded};

/// `trialog call`.
pub(crate) fn run(options: &cli::Call) -> ExitCode {
    let link = match link::read(&options.to) {
        Ok(link) => link,
        Err(error) => {
            eprintln!("trialog: {error}");
            return ExitCode::from(2);
        }
    };
    match call(options, &link) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("trialog: {}", visible::text(&error.to_string()));
            ExitCode::from(match error {
                Error::SeveralPhones(_) => 2,
                Error::Problem(problem) if problem.status < 500 => 1,
                _ => 3,
            })
        }
    }
}

fn call(options: &cli::Call, link: &Link) -> Result<ExitCode, Error> {
    let name = page::name_of(options.phone.as_deref())?;
    let client = Client::new(Address::of_running(Some(&name))?);
    if let Some(extension) = &link.extension {
        eprintln!(
            "the extension {extension} is not dialled: send it as digits when the call is up"
        );
    }
    let unasked = !options.link || (options.at_once && !link.is_code());
    if !unasked && !agrees(link) {
        return in_page(&client, &name, link);
    }
    let call = client.call(&link.to, options.account)?;
    println!("call {call} begins");
    Ok(ExitCode::SUCCESS)
}

/// Asks in the terminal, where there is one.
fn agrees(link: &Link) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    eprint!(
        "A link asks to call {}. Call? [y/N] ",
        visible::text(&link.to)
    );
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && ["y", "yes", "j", "ja"].contains(&answer.trim().to_ascii_lowercase().as_str())
}

/// Opens the page with the number in its dial field: the agent presses the button, or does not.
fn in_page(client: &Client, name: &str, link: &Link) -> Result<ExitCode, Error> {
    let code = client.invite(PageRole::Agent)?.code;
    let address = page::address(&client.address().url, &code);
    let address = format!("{address}&call={}", percent_encoded(&link.to));
    if page::open(&trialog_client::folder().join(name), &address) == Shown::Opened {
        return Ok(ExitCode::SUCCESS);
    }
    let to = visible::text(&link.to);
    eprintln!(
        "trialog: a link asks to call {to}, and there is no screen to ask on: `trialog call {to}` calls"
    );
    Ok(ExitCode::FAILURE)
}

/// `trialog desktop`.
pub(crate) fn desktop(verb: &DesktopVerb) -> ExitCode {
    let done = match verb {
        DesktopVerb::Install { phone, at_once } => {
            let mut arguments = Vec::new();
            if let Some(phone) = phone {
                if !trialog_client::is_name(phone) {
                    eprintln!(
                        "trialog: --phone: expected letters, digits, “-”, “_” and “.”, found “{phone}”"
                    );
                    return ExitCode::from(2);
                }
                arguments.extend(["--phone", phone]);
            }
            if *at_once {
                arguments.push("--at-once");
            }
            links::install(&arguments)
        }
        DesktopVerb::Remove => links::remove(),
    };
    match done {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("trialog: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_link_is_special_in_the_page_s_address() {
        assert_eq!(percent_encoded("+4930-1"), "%2B4930-1");
        assert_eq!(
            percent_encoded("sip:b&c=\"<x>#é"),
            "sip%3Ab%26c%3D%22%3Cx%3E%23%C3%A9"
        );
    }
}
