//! One script by one way: a phone, SIPp, what lies between them, and what is told when it did not go as written.
use crate::agent::Phone;
use crate::router::Router;
use crate::script::{Script, Side, Way};
use crate::sipp::{Part, Sipp, free_port};
use std::path::Path;
use trialog_tests::program::folder;

/// Plays it. `Err`: what went otherwise, with what SIPp and the phone saw.
pub(crate) fn play(script: &Script, way: Way) -> Result<(), String> {
    let folder = folder(&format!("scripts/{}-{way}", script.name.replace('/', "-")));
    let port = free_port();
    let router = match way {
        Way::Udp | Way::Tcp => None,
        Way::Loose | Way::Strict => Some(Router::start(port, way == Way::Strict)),
    };
    let part = Part {
        scenario: &script.file,
        way,
        target: router.as_ref().map_or(port, |router| router.port),
        router: router.as_ref(),
        guest: None,
        files: folder.join("sipp"),
    };
    match script.side {
        // Who is called is there first: it may be the phone's registrar.
        Side::Callee => {
            let mut sipp = Sipp::start(&part)?;
            sipp.listens(way)?;
            let mut phone = Phone::start(script, port, &folder, &part.uri(&sipp))?;
            phone.act(&script.first, "", "")?;
            part.meet(script, &mut phone, &mut sipp, None)
        }
        Side::Caller => {
            let mut phone = Phone::start(script, port, &folder, "")?;
            phone.act(&script.first, "", "")?;
            let guest = match &script.guest {
                Some(scenario) => Some(Guest::start(scenario, way, port, &folder)?),
                None => None,
            };
            let part = Part {
                guest: guest.as_ref().map(|guest| guest.uri.clone()),
                ..part
            };
            let mut sipp = Sipp::start(&part)?;
            part.meet(script, &mut phone, &mut sipp, guest)
        }
    }
}

/// Whom the phone may consult, or be sent to.
struct Guest {
    sipp: Sipp,
    uri: String,
}

impl Guest {
    fn start(scenario: &Path, way: Way, phone: u16, folder: &Path) -> Result<Self, String> {
        let part = Part {
            scenario,
            way,
            target: phone,
            router: None,
            guest: None,
            files: folder.join("guest"),
        };
        let mut sipp = Sipp::start(&part)?;
        sipp.listens(way)?;
        let uri = part.uri(&sipp);
        Ok(Self { sipp, uri })
    }
}

impl Part<'_> {
    /// How the phone calls it.
    fn uri(&self, sipp: &Sipp) -> String {
        let port = self.router.map_or(sipp.port, |router| router.port);
        match self.way {
            Way::Tcp => format!("sip:sipp@127.0.0.1:{port};transport=tcp"),
            _ => format!("sip:sipp@127.0.0.1:{port}"),
        }
    }

    fn meet(
        &self,
        script: &Script,
        phone: &mut Phone,
        sipp: &mut Sipp,
        mut guest: Option<Guest>,
    ) -> Result<(), String> {
        self.run(script, phone, sipp, guest.as_mut()).map_err(|what| {
            let guest = guest.map(|guest| guest.sipp.said()).unwrap_or_default();
            format!(
                "{what}\n-- SIPp:\n{}\n-- the guest:\n{guest}\n-- the phone's SIP:\n{}\n-- the phone:\n{}",
                sipp.said(),
                phone.trace(),
                phone.running.said()
            )
        })
    }

    fn run(
        &self,
        script: &Script,
        phone: &mut Phone,
        sipp: &mut Sipp,
        guest: Option<&mut Guest>,
    ) -> Result<(), String> {
        let guest_uri = guest.as_ref().map_or("", |guest| guest.uri.as_str());
        phone.act(&script.agent, &self.uri(sipp), guest_uri)?;
        sipp.ends_well()?;
        if let Some(guest) = guest {
            let end = guest.sipp.ends_well();
            end.map_err(|what| format!("the guest: {what}"))?;
        }
        // Whatever happened, no call is left behind.
        phone.has_no_call(&script.agent)?;
        let faults = self.router.map(Router::faults).unwrap_or_default();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(format!("requests off the route: {}", faults.join("; ")))
        }
    }
}
