//! The three phones of a cell, and the steps that stories share.
use crate::listening::{Change, Heard, Listening};
use crate::wire;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;
use trialog_client::api::{ActName, Stage};
use trialog_tests::foreign::{
    self, CallState, Done, Fault, Kind, Manner, Peer, Place, Role, Seat, Trialog, Way, wait_for,
};

/// From a change until it is heard everywhere: the way from mouth to ear, jitter buffers that fill, ramps.
const SETTLE: Duration = Duration::from_millis(400);
/// A listening: long enough to tell a pilot at −60 dB from the two others.
const LISTEN: Duration = Duration::from_millis(600);

/// The three phones of a cell.
pub(crate) struct Cast {
    pub(crate) customer: Box<dyn Peer>,
    pub(crate) owner: Trialog,
    pub(crate) guest: Box<dyn Peer>,
    folder: PathBuf,
    user: [String; 3],
    heard: Vec<Heard>,
}

impl Cast {
    /// Starts them in a folder of their own.
    pub(crate) fn start(pair: (Kind, Kind), way: &Way, tag: &str, folder: &Path) -> Done<Self> {
        let seat = |role: Role| -> Done<Seat> {
            let folder = folder.join(role.name());
            std::fs::create_dir_all(&folder)
                .map_err(|error| Fault(format!("{}: {error}", folder.display())))?;
            Ok(Seat {
                role,
                user: format!("{}{tag}", role.name()),
                folder,
                way: way.clone(),
                manner: Manner::Plain,
            })
        };
        let seats = Role::ALL.map(seat);
        let [customer, owner, guest] = seats;
        let (customer, owner, guest) = (customer?, owner?, guest?);
        Ok(Self {
            user: [&customer, &owner, &guest].map(|seat| seat.user.clone()),
            customer: foreign::seat(pair.0, &customer)?,
            owner: Trialog::start(&owner)?,
            guest: foreign::seat(pair.1, &guest)?,
            folder: folder.to_owned(),
            heard: Vec::new(),
        })
    }

    /// Where their recordings, logs and traces lie.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The user name of a party.
    pub(crate) fn user(&self, role: Role) -> &str {
        &self.user[role as usize]
    }

    /// What was listened to since this was asked last.
    pub(crate) fn take_heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    fn places(&mut self) -> [Place; 3] {
        [
            self.customer.place(),
            self.owner.place(),
            self.guest.place(),
        ]
    }

    /// All ears listen for a while; what they must hear is judged when the recordings are whole.
    pub(crate) fn listen(&mut self, listening: Listening) {
        sleep(SETTLE);
        self.listen_now(listening);
    }

    /// The same when customer and agent 2 have a stream that is new to them.
    pub(crate) fn listen_anew(&mut self, listening: Listening) {
        let late = [self.customer.abilities(), self.guest.abilities()].map(|can| can.starts_late);
        sleep(SETTLE + late[0].max(late[1]));
        self.listen_now(listening);
    }

    fn listen_now(&mut self, listening: Listening) {
        let from = self.places();
        sleep(LISTEN);
        let to = self.places();
        self.heard.push(Heard {
            listening,
            from,
            to,
        });
    }

    /// Listens to a change while it is made: the customer's ear must have no gap in it.
    pub(crate) fn without_gap(
        &mut self,
        when: &'static str,
        stream: Change,
        change: impl FnOnce(&mut Self) -> Done,
    ) -> Done {
        // What is in the ear before the change must be seen in the recording.
        sleep(Duration::from_millis(150));
        let from = self.places();
        change(self)?;
        sleep(SETTLE);
        let to = self.places();
        self.heard.push(Heard {
            listening: Listening::gap(when, stream),
            from,
            to,
        });
        Ok(())
    }

    /// The customer calls agent 1, who answers.
    pub(crate) fn call(&mut self) -> Done {
        let to = self.owner.uri();
        self.customer.call(&to)?;
        self.owner.comes_to(Stage::Offered)?;
        self.owner.answer()?;
        self.owner.comes_to(Stage::Connected)?;
        is(
            &mut self.customer,
            "the customer's call is up",
            &[CallState::Up],
        )
    }

    /// Agent 1 asks for agent 2, who rings.
    pub(crate) fn ask(&mut self) -> Done {
        let to = self.guest.uri();
        self.owner.act(ActName::Consult, Some(&to))?;
        is(&mut self.guest, "agent 2 rings", &[CallState::Offered])
    }

    /// Agent 1 consults agent 2.
    pub(crate) fn consult(&mut self) -> Done {
        self.ask()?;
        self.guest.answer()?;
        self.owner.comes_to(Stage::Consulting)?;
        is(&mut self.guest, "agent 2's call is up", &[CallState::Up])
    }

    /// Agent 1 joins all three.
    pub(crate) fn conference(&mut self) -> Done {
        self.owner.act(ActName::Conference, None)?;
        self.owner.comes_to(Stage::Conference)
    }

    /// Call, consult, conference.
    pub(crate) fn meet(&mut self) -> Done {
        self.call()?;
        self.consult()?;
        self.conference()
    }

    /// The same, and every offer of agent 1 is answered: what a person does then crosses nothing on the wire.
    pub(crate) fn meet_at_rest(&mut self) -> Done {
        self.meet()?;
        let trace = self.owner.trace();
        wait_for("agent 1's offers are answered", || {
            Ok((!wire::offers(&trace)).then_some(()))
        })
    }

    /// Nobody has a call any more.
    pub(crate) fn over(&mut self) -> Done {
        self.owner.has_no_call()?;
        is(&mut self.customer, "the customer has no call any more", &[])?;
        is(&mut self.guest, "agent 2 has no call any more", &[])
    }
}

/// Waits until the phone's calls stand so.
pub(crate) fn is(phone: &mut Box<dyn Peer>, what: &str, wanted: &[CallState]) -> Done {
    let mut seen = Vec::new();
    let name = phone.kind().name();
    wait_for(&format!("{what} ({name})"), || {
        seen = phone.calls()?;
        Ok((seen == wanted).then_some(()))
    })
    .map_err(|fault| Fault(format!("{fault}; its calls: {seen:?}")))
}
