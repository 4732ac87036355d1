//! The owner's phone, a real process, killed at a moment of chance and started again: what the customer's line shows of it. The
//! customer is no phone of ours (a socket of its own), so that each packet's arrival is seen.
mod customer;

use crate::chance::Chance;
use crate::program::PhoneProcess;
use crate::tone;
use customer::Customer;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// So late after the last act of a situation the phone is killed at the latest: some acts are under way then, most are done.
const LATEST: u64 = 1_500;

/// A customer that hears nothing for so long has been lost.
const LONGEST: Duration = Duration::from_secs(10);

/// In which situation of a call the phone is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// All three.
    Conference,
    /// The customer hears music.
    Hold,
    /// The customer hears music, the agents talk or the guest's phone rings.
    Consult,
    /// All three, and the guest is asked whether he takes the customer over.
    TransferPending,
    /// Nobody can be referred: the phone carries customer and guest.
    Anchored,
}

impl Situation {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Conference,
        Self::Hold,
        Self::Consult,
        Self::TransferPending,
        Self::Anchored,
    ];

    /// The stages of the owner's call in the second life: an act that was under way is done, or as before it began.
    fn stages(self) -> &'static [&'static str] {
        match self {
            Self::Conference => &["consulting", "conference"],
            Self::Hold => &["connected", "held"],
            Self::Consult => &["connected", "held", "consulting"],
            Self::TransferPending => &["conference", "transfer-pending"],
            Self::Anchored => &["conference", "anchored"],
        }
    }

    /// The guest is in the call before the last act begins.
    fn has_guest(self) -> bool {
        !matches!(self, Self::Hold | Self::Consult)
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Conference => "conference",
            Self::Hold => "hold",
            Self::Consult => "consult",
            Self::TransferPending => "transfer pending",
            Self::Anchored => "anchored",
        })
    }
}

/// A kill that was survived.
#[derive(Clone, Copy, Debug)]
pub struct Survived {
    /// When, after the situation's last act was asked for.
    pub after: Duration,
    /// The customer's gap: from the last packet of RTP to the next.
    pub gap: Duration,
}

/// The situation and the moment of a seed.
#[must_use]
pub fn of_seed(seed: u64) -> (Situation, Duration) {
    let kinds = Situation::ALL.len() as u64;
    let place = usize::try_from(seed % kinds).unwrap_or(0);
    let after = Chance::new(seed).below(LATEST);
    (Situation::ALL[place], Duration::from_millis(after))
}

/// Kills the owner's phone once, in this folder.
///
/// # Errors
/// The customer, or a guest that was there, was lost: how.
///
/// # Panics
/// A phone does not start, or the situation is not come to.
pub fn kill_once(seed: u64, folder: &Path) -> Result<Survived, String> {
    let (situation, after) = of_seed(seed);
    let runtime = folder.join("run");
    std::fs::create_dir_all(&runtime).expect("the folder can be made");
    let anchored = situation == Situation::Anchored;
    let mut owner = phone("owner", folder, &runtime, "");
    let guest = match situation {
        Situation::Hold => None,
        _ => Some(phone(
            "guest",
            folder,
            &runtime,
            if anchored {
                "transfers = \"never\"\n"
            } else {
                ""
            },
        )),
    };
    let mut customer = Customer::calling(owner.port, !anchored);
    come_to(situation, &owner, guest.as_ref(), &mut customer);
    std::thread::sleep(after);

    let killed = Instant::now();
    owner.crash_and_start_again();
    let gap = customer.gap_since(killed, LONGEST)?;
    settled(&owner, situation)?;
    // What was taken up stays: the guest is in it still, and sound flows.
    if situation.has_guest()
        && let Some(guest) = &guest
        && guest.stage().is_empty()
    {
        return Err("the guest's call is over".to_owned());
    }
    customer.still_hears()?;
    Ok(Survived { after, gap })
}

fn phone(name: &str, folder: &Path, runtime: &Path, agent: &str) -> PhoneProcess {
    let play = folder.join(format!("{name}-speaks.wav"));
    tone::write(&play, 997.0, -20.0, 2);
    let settings = format!(
        "[media]\nrtp_ports = \"0\"\ncodecs = [\"pcmu\"]\n\n[agent]\n{agent}\n[audio]\nend = \"file\"\nplay = {play:?}\nrepeat = true\n"
    );
    PhoneProcess::start(name, folder, runtime, &settings, &[])
}

/// All acts of the situation; the last one is asked for, and not waited for.
fn come_to(
    situation: Situation,
    owner: &PhoneProcess,
    guest: Option<&PhoneProcess>,
    customer: &mut Customer,
) {
    owner.wait_for("offered");
    owner.ctl(&["answer"]);
    owner.wait_for("connected");
    customer.wait_for_sound();
    let Some(guest) = guest else {
        owner.ctl_when_free(&["hold"]);
        return;
    };
    owner.ctl_when_free(&["consult", &guest.uri()]);
    guest.wait_for("offered");
    guest.ctl(&["answer"]);
    if situation == Situation::Consult {
        return;
    }
    owner.wait_for("consulting");
    owner.ctl_when_free(&["conference"]);
    if situation == Situation::Conference {
        return;
    }
    owner.wait_for("conference");
    owner.ctl_when_free(&["transfer"]);
}

/// The owner's call goes on, in a stage that is right.
fn settled(owner: &PhoneProcess, situation: Situation) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let stage = owner.stage();
        if situation.stages().contains(&&*stage) {
            return Ok(());
        }
        if started.elapsed() > LONGEST {
            return Err(format!("the owner's call is {stage:?}"));
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}
