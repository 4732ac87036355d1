//! An agent that is a script: answers each call, hangs up after three seconds, and hands the wrap-up in.
//!
//!     cargo run -p trialog-client --example agent [NAME]
//!
//! NAME is a running phone's; without it, the only one that runs.
use std::time::Duration;
use trialog_client::api::{ActName, What};
use trialog_client::{Address, Client, Error};

fn main() -> Result<(), Error> {
    let name = std::env::args().nth(1);
    let phone = Client::new(Address::of_running(name.as_deref())?);
    for event in phone.events(None)? {
        match event?.what {
            What::Status { status, .. } => println!("{} is ready", status.name),
            What::CallOffered(began) => {
                println!("{} calls", began.peer);
                phone.act(began.call, ActName::Answer)?;
            }
            What::CallAnswered { call } => {
                std::thread::sleep(Duration::from_secs(3));
                match phone.act(call, ActName::End) {
                    // The caller was faster.
                    Err(Error::Problem(problem)) => println!("{}", problem.reason),
                    ended => ended?,
                }
            }
            What::WrapUpDue { wrap_up, .. } => {
                let reasons = phone.status()?.reasons;
                if let Some(reason) = reasons.first() {
                    phone.submit_wrap_up(wrap_up, &reason.code)?;
                }
            }
            What::Notice { notice } => println!("! {}", notice.text),
            _ => {}
        }
    }
    Ok(())
}
