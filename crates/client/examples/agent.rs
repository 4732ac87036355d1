//! An agent that is a script: answers each call, hangs up after three seconds, and hands the wrap-up in.
//!
//!     cargo run -p trialog-client --example agent [NAME]
//!
//! NAME is a running phone's; without it, the only one that runs.
use std::time::Duration;
use trialog_client::api::{ActName, Stage, What};
use trialog_client::{Address, Client, Error};

fn main() -> Result<(), Error> {
    let name = std::env::args().nth(1);
    serve(&Client::new(Address::of_running(name.as_deref())?))
}

/// Until the phone ends.
pub(crate) fn serve(phone: &Client) -> Result<(), Error> {
    for event in phone.events(None)? {
        match event?.what {
            What::Status { status, .. } => {
                println!("{} is ready", status.name);
                // What rang before it looked.
                let offered = status
                    .calls
                    .iter()
                    .filter(|call| call.stage == Stage::Offered);
                for call in offered {
                    phone.act(call.id, ActName::Answer)?;
                }
            }
            What::CallOffered(began) => {
                println!("{} calls", began.peer.name);
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
                    phone.submit_wrap_up(wrap_up, &reason.code, None)?;
                }
            }
            What::Notice { notice } => println!("! {}", notice.text),
            _ => {}
        }
    }
    Ok(())
}
