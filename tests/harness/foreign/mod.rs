//! Foreign phones as parties: one trait for all of them, and a runner for each kind.
//!
//! A cell of the matrix has three parties ([`Role`]): the customer and agent 2 are of any [`Kind`], agent 1 is a
//! [`Trialog`]. Each is a process on 127.0.0.1 with ports that are free, speaks its steady pilot all the time and records what
//! it hears; all of them are driven through [`Peer`] and end with their value.
//!
//! # How a phone is added
//! 1. A file beside this one with a struct that implements [`Peer`]: it starts the phone's process in [`PhoneSetup::folder`] (by
//!    [`Running`](crate::program::Running), so that it ends by its id), and waits until it can be called; with
//!    [`Way::Through`] also until it is registered.
//! 2. It plays [`pilot::file`] of its [`Role`], again and again, from the start of each call on.
//! 3. It says where its recording stands ([`Peer::position`]): a [`RecordingPosition`] for a file that grows with what is heard
//!    ([`RecordingPosition::grown`]), or for one that began at a known instant and has no holes ([`RecordingPosition::timed`]). One that plays by ALSA has a
//!    [`FifoEar`]; one without sound names the harness's own [`RtpEnd`] in its SDP, which speaks and records in its place.
//! 4. What it can't do it says in its [`Abilities`], each with the reason; the table shows that reason. What depends on the phone's
//!    configuration is a [`Manner`].
//! 5. A variant of [`Kind`] and a line in [`start()`]. The matrix takes it up from [`Kind::ALL`].
pub mod ability;
pub mod asterisk;
pub mod baresip;
pub mod certificates;
pub mod ear;
pub mod fifo_ear;
pub mod kamailio;
pub mod linphone;
pub mod options;
pub mod phone_setup;
pub mod pilot;
pub mod pjsua2;
pub mod rtp_end;
pub mod sipp;
pub mod trialog;

pub use ability::{Abilities, Can, Manner};
pub use asterisk::{Asterisk, Habits};
pub use baresip::Baresip;
pub use certificates::Ca;
pub use ear::{RecordingPosition, Sound};
pub use fifo_ear::FifoEar;
pub use kamailio::Kamailio;
pub use linphone::Linphone;
pub use phone_setup::{PhoneSetup, Registrar, RegistrarKind, Role, Transport, Way};
pub use pjsua2::Pjsua2;
pub use rtp_end::RtpEnd;
pub use sipp::Sipp;
pub use trialog::Trialog;

use std::fmt;
use std::time::{Duration, Instant};
use trialog_client::api;

/// Why a phone could not be told something, or did not do it: who, what, and what there was instead.
#[derive(Clone, Debug)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Fault {
    fn from(words: String) -> Self {
        Self(words)
    }
}

/// What came of telling a phone something.
pub type Done<T = ()> = Result<T, Fault>;

/// Where a call of a phone stands, as that phone sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// Placed, not yet answered.
    Placed,
    /// Offered here, not yet answered.
    Offered,
    /// Answered.
    Up,
}

/// A phone that is a party. None of these waits for what the far side does: the director does, by [`wait_for`].
pub trait Peer: Send {
    /// Its make.
    fn kind(&self) -> Kind;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// How others call it: `sip:user@127.0.0.1:port`, or its address of record at the registrar.
    fn uri(&self) -> String;

    /// From now on it is like this. A phone that must be started anew for it has no call before and another [`Peer::uri`] after.
    ///
    /// # Errors
    /// Its [`Abilities`] exclude it, or it failed.
    fn behave(&mut self, manner: Manner) -> Done;

    /// Its calls, oldest first; none when all are over.
    ///
    /// # Errors
    /// It does not answer, or its process has ended.
    fn calls(&mut self) -> Done<Vec<CallState>>;

    /// The role that it sees itself in, in its oldest call; none where it knows no roles.
    ///
    /// # Errors
    /// It does not answer, or its process has ended.
    fn own_role(&mut self) -> Done<Option<api::Role>> {
        Ok(None)
    }

    /// Places a call.
    ///
    /// # Errors
    /// It could not be told.
    fn call(&mut self, to: &str) -> Done;

    /// Answers the call that is offered.
    ///
    /// # Errors
    /// There is none, or it could not be told.
    fn answer(&mut self) -> Done;

    /// Ends the call that it has; an offered one it declines.
    ///
    /// # Errors
    /// There is none, or it could not be told.
    fn hang_up(&mut self) -> Done;

    /// Puts the far side on hold.
    ///
    /// # Errors
    /// Its [`Abilities`] exclude it, or it could not be told.
    fn hold(&mut self) -> Done;

    /// Takes the far side off hold.
    ///
    /// # Errors
    /// As for [`Peer::hold`].
    fn resume(&mut self) -> Done;

    /// Sends the far side elsewhere by a REFER without `Replaces`.
    ///
    /// # Errors
    /// As for [`Peer::hold`].
    fn transfer(&mut self, to: &str) -> Done;

    /// With two calls: sends the far side of the first to that of the second by a REFER with `Replaces`.
    ///
    /// # Errors
    /// As for [`Peer::hold`].
    fn transfer_attended(&mut self) -> Done;

    /// Answers a transfer that its person is asked for (only where [`Abilities::asks`]); not yet asked is a fault.
    ///
    /// # Errors
    /// As for [`Peer::hold`].
    fn consent(&mut self, yes: bool) -> Done;

    /// Says yes if its person is asked for a transfer now; whether it was.
    ///
    /// # Errors
    /// As for [`Peer::hold`].
    fn consent_if_asked(&mut self) -> Done<bool> {
        Ok(false)
    }

    /// Where its recording stands now: what was heard between two places is [`Sound::between`].
    fn position(&mut self) -> RecordingPosition;
}

/// A kind of phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Ours.
    Trialog,
    /// baresip.
    Baresip,
    /// linphone-daemon.
    Linphone,
    /// pjsua2, by a script beside this file.
    Pjsua2,
    /// SIPp, by scenarios beside this file.
    Sipp,
}

impl Kind {
    /// All that there are.
    pub const ALL: [Self; 5] = [
        Self::Trialog,
        Self::Baresip,
        Self::Linphone,
        Self::Pjsua2,
        Self::Sipp,
    ];

    /// Its name in the table and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trialog => "trialog",
            Self::Baresip => "baresip",
            Self::Linphone => "linphone",
            Self::Pjsua2 => "pjsua2",
            Self::Sipp => "sipp",
        }
    }
}

/// Starts a phone of this kind that is set up so.
///
/// # Errors
/// Its program is not installed (the words say how to have it), or it did not start.
pub fn start(kind: Kind, setup: &PhoneSetup) -> Done<Box<dyn Peer>> {
    Ok(match kind {
        Kind::Trialog => Box::new(Trialog::start(setup)?),
        Kind::Baresip => Box::new(Baresip::start(setup)?),
        Kind::Linphone => Box::new(Linphone::start(setup)?),
        Kind::Pjsua2 => Box::new(Pjsua2::start(setup)?),
        Kind::Sipp => Box::new(Sipp::start(setup)?),
    })
}

/// How often a condition is looked at.
pub const POLL: Duration = Duration::from_millis(20);
/// For how long a condition is waited for, at most.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until this gives something, for [`PATIENCE`] at most.
///
/// # Errors
/// It never came, or looking failed.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Done<Option<T>>) -> Done<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > end {
            return Err(Fault(format!(
                "waited for {} s in vain: {what}",
                PATIENCE.as_secs()
            )));
        }
        std::thread::sleep(POLL);
    }
}
