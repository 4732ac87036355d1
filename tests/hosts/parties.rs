//! The three phones: the host is foreign, A is who is referred, B is where A is sent.
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;
use trialog_client::api;
use trialog_tests::foreign::pilot::LEVEL;
use trialog_tests::foreign::{
    self, CallState, Done, Fault, Kamailio, Kind, Manner, Peer, PhoneSetup, RecordingPosition,
    Role, Sound, Transport, Trialog, Way, wait_for,
};
use trialog_tests::program::folder;

/// From a change until it is heard everywhere.
const SETTLE: Duration = Duration::from_millis(500);
const LISTEN: Duration = Duration::from_millis(600);
/// What a recording may lag behind.
const WRITTEN: Duration = Duration::from_millis(500);

/// How the three reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Direct,
    Udp,
    Tcp,
}

/// The host's party, which gives its pilot.
pub(crate) const HOST: Role = Role::Customer;
/// The party that is referred.
pub(crate) const A: Role = Role::Agent1;
/// The party that A is sent to.
pub(crate) const B: Role = Role::Agent2;

pub(crate) struct Parties {
    pub(crate) host: Box<dyn Peer>,
    pub(crate) a: Trialog,
    pub(crate) b: Trialog,
    folder: PathBuf,
    _pbx: Option<Kamailio>,
}

impl Parties {
    /// Starts them; `manner` is A's.
    pub(crate) fn start(test: &str, kind: Kind, by: By, manner: Manner) -> Done<Self> {
        let folder = folder(&format!("hosts-{test}-{}-{by:?}", kind.name()));
        let pbx = match by {
            By::Direct => None,
            By::Udp | By::Tcp => Some(Kamailio::start(&folder.join("pbx"))?),
        };
        let way = match (&pbx, by) {
            (Some(pbx), By::Tcp) => Way::Through(pbx.registrar(Transport::Tcp)),
            (Some(pbx), _) => Way::Through(pbx.registrar(Transport::Udp)),
            (None, _) => Way::Direct,
        };
        let setup = |role: Role, name: &str, manner: Manner| -> Done<PhoneSetup> {
            let folder = folder.join(name);
            std::fs::create_dir_all(&folder)
                .map_err(|error| Fault(format!("{}: {error}", folder.display())))?;
            Ok(PhoneSetup {
                role,
                user: name.to_owned(),
                folder,
                way: way.clone(),
                requires_srtp: false,
                manner,
            })
        };
        Ok(Self {
            host: foreign::start(kind, &setup(HOST, "host", Manner::Plain)?)?,
            a: Trialog::start(&setup(A, "a", manner)?)?,
            b: Trialog::start(&setup(B, "b", Manner::Plain)?)?,
            folder,
            _pbx: pbx,
        })
    }

    /// The host and A talk; `a_calls` says who called.
    pub(crate) fn host_and_a(&mut self, a_calls: bool) -> Done {
        if a_calls {
            self.a.call(&self.host.uri())?;
            self.host_has(&[CallState::Offered])?;
            self.host.answer()?;
        } else {
            self.host.call(&self.a.uri())?;
            self.a.comes_to(api::Stage::Offered)?;
            self.a.answer()?;
        }
        self.a.comes_to(api::Stage::Connected)?;
        self.host_has(&[CallState::Up])?;
        self.hear(&[(HOST, &[A]), (A, &[HOST])])
    }

    /// The host holds A and talks to B; `b_calls` says who called.
    pub(crate) fn host_and_b(&mut self, b_calls: bool) -> Done {
        self.host.hold()?;
        wait_for("A is on hold", || {
            let status = self.a.status()?;
            let leg = status.calls.first().and_then(|call| call.legs.first());
            let held = leg.is_some_and(|leg| leg.far_held);
            Ok(held.then_some(()))
        })?;
        if b_calls {
            self.b.call(&self.host.uri())?;
            self.host_has(&[CallState::Up, CallState::Offered])?;
            self.host.answer()?;
        } else {
            self.host.call(&self.b.uri())?;
            self.b.comes_to(api::Stage::Offered)?;
            self.b.answer()?;
        }
        self.b.comes_to(api::Stage::Connected)?;
        self.host_has(&[CallState::Up, CallState::Up])?;
        self.hear(&[(HOST, &[B]), (B, &[HOST]), (A, &[])])
    }

    /// Waits until the host's calls stand like this.
    pub(crate) fn host_has(&mut self, wanted: &[CallState]) -> Done {
        let mut seen = Vec::new();
        wait_for(&format!("the host's calls are {wanted:?}"), || {
            seen = self.host.calls()?;
            Ok((seen == wanted).then_some(()))
        })
        .map_err(|fault| Fault(format!("{fault}; they are {seen:?}")))
    }

    /// A and B have one call each, with each other, and hear each other alone; the host has none.
    pub(crate) fn a_and_b_alone(&mut self) -> Done {
        self.host_has(&[])?;
        for phone in [&mut self.a, &mut self.b] {
            let calls = |phone: &mut Trialog| -> Done<usize> { Ok(phone.status()?.calls.len()) };
            wait_for("there is one call, connected", || {
                Ok(
                    (calls(phone)? == 1 && phone.stage()? == Some(api::Stage::Connected))
                        .then_some(()),
                )
            })?;
        }
        self.hear(&[(A, &[B]), (B, &[A]), (HOST, &[])])
    }

    /// A hangs up, and nobody has a call any more.
    pub(crate) fn over(&mut self) -> Done {
        self.a.hang_up()?;
        self.a.has_no_call()?;
        self.b.has_no_call()?;
        self.host_has(&[])
    }

    /// Each of these ears hears exactly these voices: at the level that was spoken, and the others not at all.
    pub(crate) fn hear(&mut self, ears: &[(Role, &[Role])]) -> Done {
        sleep(SETTLE);
        let from = self.positions();
        sleep(LISTEN);
        let to = self.positions();
        sleep(WRITTEN);
        for (ear, voices) in ears {
            let sound = Sound::between(&from[*ear as usize], &to[*ear as usize]);
            // Only linphone's own tone at a call's end would be found by asking the host for himself.
            for voice in Role::ALL.into_iter().filter(|voice| voice != ear) {
                let level = sound.level(voice.pilot());
                let right = if voices.contains(&voice) {
                    (level - LEVEL).abs() <= 2.0
                } else {
                    level <= -60.0
                };
                if !right {
                    let name = |role| match role {
                        HOST => "the host",
                        A => "A",
                        B => "B",
                    };
                    return Err(Fault(format!(
                        "{} hears {} at {level:.1} dB, and should hear {:?}; recordings: {}",
                        name(*ear),
                        name(voice),
                        voices.iter().map(|voice| name(*voice)).collect::<Vec<_>>(),
                        self.folder.display()
                    )));
                }
            }
        }
        Ok(())
    }

    fn positions(&mut self) -> [RecordingPosition; 3] {
        [self.host.position(), self.a.position(), self.b.position()]
    }
}
