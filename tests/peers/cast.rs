//! The three phones of a cell, and the steps that stories share.
use crate::listening::{Change, Heard, Listening};
use crate::wire;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use trialog_client::api::{self, ActName, Stage};
use trialog_tests::foreign::{
    self, Abilities, CallState, Done, Fault, Kind, Manner, Peer, PhoneSetup, RecordingPosition,
    Role, Trialog, Way, wait_for,
};
use trialog_tests::standstill;

/// From a change until it is heard everywhere: the way from mouth to ear, jitter buffers that fill, ramps.
const SETTLE: Duration = Duration::from_millis(400);
/// A listening: long enough to tell a pilot at −60 dB from the two others.
const LISTEN: Duration = Duration::from_millis(600);
/// After the machine stood still: jitter buffers play what waited meanwhile. Trialog's is back at its delay 3 s later, and there are
/// two in the way from one leg to the other; some phones' take longer.
const RECOVER: Duration = Duration::from_secs(6);
/// What is listened to does not change by itself, so where the machine stood still the phones are listened to again, so often.
const LISTENED: usize = 5;

/// The three phones of a cell.
pub(crate) struct Cast {
    pub(crate) customer: Box<dyn Peer>,
    pub(crate) owner: Trialog,
    pub(crate) guest: Box<dyn Peer>,
    folder: PathBuf,
    way: Way,
    user: [String; 3],
    heard: Vec<Heard>,
}

impl Cast {
    /// Starts them in a folder of their own.
    pub(crate) fn start(pair: (Kind, Kind), way: &Way, tag: &str, folder: &Path) -> Done<Self> {
        // Beside a phone that has no SRTP, the others must do without it.
        let requires_srtp = way.ca().is_some() && pair.0 != Kind::Sipp && pair.1 != Kind::Sipp;
        let setup = |role: Role| -> Done<PhoneSetup> {
            let folder = folder.join(role.name());
            std::fs::create_dir_all(&folder)
                .map_err(|error| Fault(format!("{}: {error}", folder.display())))?;
            Ok(PhoneSetup {
                role,
                user: format!("{}{tag}", role.name()),
                folder,
                way: way.clone(),
                requires_srtp,
                manner: Manner::Plain,
            })
        };
        let setups = Role::ALL.map(setup);
        let [customer, owner, guest] = setups;
        let (customer, owner, guest) = (customer?, owner?, guest?);
        Ok(Self {
            user: [&customer, &owner, &guest].map(|setup| setup.user.clone()),
            customer: foreign::start(pair.0, &customer)?,
            owner: Trialog::start(&owner)?,
            guest: foreign::start(pair.1, &guest)?,
            folder: folder.to_owned(),
            way: way.clone(),
            heard: Vec::new(),
        })
    }

    /// Where their recordings, logs and traces lie.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What customer and agent 2 can do on the way that is between them.
    pub(crate) fn abilities(&self, role: Role) -> Abilities {
        let own = match role {
            Role::Customer => self.customer.abilities(),
            Role::Agent1 => self.owner.abilities(),
            Role::Agent2 => self.guest.abilities(),
        };
        if self.way.has_b2bua() {
            own.behind_a_b2bua()
        } else {
            own
        }
    }

    /// The user name of a party.
    pub(crate) fn user(&self, role: Role) -> &str {
        &self.user[role as usize]
    }

    /// What was listened to since this was asked last.
    pub(crate) fn take_heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    fn positions(&mut self) -> [RecordingPosition; 3] {
        [
            self.customer.position(),
            self.owner.position(),
            self.guest.position(),
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
        for time in 1.. {
            recover();
            let began = Instant::now();
            let from = self.positions();
            sleep(LISTEN);
            let to = self.positions();
            if standstill::since(began).is_none() || time == LISTENED {
                self.heard.push(Heard {
                    listening,
                    from,
                    to,
                    stood_still: Duration::ZERO,
                });
                return;
            }
        }
    }

    /// Listens to a change while it is made: the customer's ear must have no gap in it.
    pub(crate) fn without_gap(
        &mut self,
        when: &'static str,
        stream: Change,
        change: impl FnOnce(&mut Self) -> Done,
    ) -> Done {
        recover();
        // What is in the ear before the change must be seen in the recording.
        sleep(Duration::from_millis(150));
        let began = Instant::now();
        let from = self.positions();
        change(self)?;
        sleep(SETTLE);
        let to = self.positions();
        self.heard.push(Heard {
            listening: Listening::gap(when, stream),
            from,
            to,
            // No phone plays on a machine that does not run.
            stood_still: standstill::since(began).map_or(Duration::ZERO, |(_, longest)| longest),
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
        )?;
        self.is_secured(Role::Customer)
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
        is(&mut self.guest, "agent 2's call is up", &[CallState::Up])?;
        self.is_secured(Role::Agent2)?;
        self.guest_is(api::Role::Guest)
    }

    /// Agent 2's phone, where it knows roles, comes to see itself in this one.
    pub(crate) fn guest_is(&mut self, role: api::Role) -> Done {
        let mut seen = None;
        wait_for(&format!("agent 2 is {role:?}"), || {
            seen = self.guest.own_role()?;
            Ok(seen.is_none_or(|seen| seen == role).then_some(()))
        })
        .map_err(|fault| Fault(format!("{fault}; it is {seen:?}")))
    }

    /// Where all speak TLS, agent 1's leg to this party is by TLS, and by SRTP exactly where that party can (RFC 4568).
    fn is_secured(&mut self, role: Role) -> Done {
        if self.way.ca().is_none() {
            return Ok(());
        }
        let leg = usize::from(role == Role::Agent2);
        let wanted = (true, self.abilities(role).secures.is_ok());
        let mut seen = None;
        wait_for("agent 1's leg is secured as it can be", || {
            let status = self.owner.status()?;
            let leg = status.calls.first().and_then(|call| call.legs.get(leg));
            seen = leg.map(|leg| (leg.secured.signalling, leg.secured.media));
            Ok((seen == Some(wanted)).then_some(()))
        })
        .map_err(|fault| {
            let (role, kind) = (role.name(), self.kind(role).name());
            Fault(format!(
                "{fault}: {role} ({kind}), signalling and sound: {seen:?}, expected {wanted:?}"
            ))
        })
    }

    fn kind(&self, role: Role) -> Kind {
        match role {
            Role::Customer => self.customer.kind(),
            Role::Agent1 => self.owner.kind(),
            Role::Agent2 => self.guest.kind(),
        }
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

/// Waits until what a standstill of the machine has left in the phones' buffers is played.
fn recover() {
    while let Some((last, _)) = standstill::since(Instant::now() - RECOVER) {
        sleep((last + RECOVER).saturating_duration_since(Instant::now()));
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
