//! The matrix, one test a way. `TRIALOG_PEERS` narrows it while one works on it: words such as `baresip-pjsua2` (customer and
//! agent 2) or `exit` (a story); what no word names is left out.
use crate::{cell, table};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use trialog_tests::foreign::{
    Asterisk, Ca, Habits, Kamailio, Kind, Linphone, Manner, PhoneSetup, Role, Transport, Way,
};
use trialog_tests::program::folder;

/// So many cells at once for each processor core: three phones take 5 to 10 % of one. With 7, and a core more than half in use, a foreign
/// phone's own sound had a hole of 40 ms once in some thousand stories. On two cores all 25 are played in three turns.
const A_CORE: usize = 5;

/// One way at a time: each fills the machine.
static WAY: Mutex<()> = Mutex::new(());

/// Every kind of phone as customer and as agent 2.
fn all_pairs() -> Vec<(Kind, Kind)> {
    Kind::ALL
        .into_iter()
        .flat_map(|customer| Kind::ALL.map(|guest| (customer, guest)))
        .collect()
}

/// What a pair is called in file names and in `TRIALOG_PEERS`.
fn named((customer, guest): (Kind, Kind)) -> String {
    format!("{}-{}", customer.name(), guest.name())
}

fn every_story_holds(name: &str, pairs: &[(Kind, Kind)], way: impl Fn() -> Way + Sync) {
    // Another way's failure is no reason to leave this one out.
    let _one_at_a_time = WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = std::env::var("TRIALOG_PEERS").unwrap_or_default();
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let some_pair = (all_pairs().into_iter()).any(|pair| words.contains(&&*named(pair)));
    let pairs: Vec<(Kind, Kind)> = pairs
        .iter()
        .copied()
        .filter(|pair| !some_pair || words.contains(&&*named(*pair)))
        .collect();
    let some_story = crate::story::STORIES
        .iter()
        .any(|story| words.contains(&story.name));
    let own = std::env::var("TRIALOG_PEERS_FOLDER");
    let folder = folder(&own.unwrap_or_else(|_| format!("peers-{name}")));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, cells) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..(A_CORE * cores).min(pairs.len()) {
            scope.spawn(|| {
                while let Some(pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tag = tag(*pair);
                    let place = folder.join(named(*pair));
                    let cell = cell::play(*pair, &way(), &tag, &place, |story| {
                        !some_story || words.contains(&story.name)
                    });
                    if cell.holds() && words.is_empty() {
                        // Recordings of a quarter of an hour take room; those of a story that is wrong are worth it.
                        let _ = std::fs::remove_dir_all(&place);
                    }
                    cells.lock().expect("no cell panics with it").push(cell);
                }
            });
        }
    });
    let mut cells = cells.into_inner().expect("no cell panicked");
    cells.sort_by_key(|cell| (cell.customer, cell.guest));
    let table = table::table(name, &cells);
    println!("{table}");
    let file = folder.with_extension("txt");
    std::fs::write(&file, table).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let faults = table::faults(name, &cells);
    assert!(faults.is_empty(), "\n{faults}");
}

/// What the users of a pair have behind their party's name.
fn tag(pair: (Kind, Kind)) -> String {
    format!("-{}", named(pair))
}

#[test]
fn directly() {
    every_story_holds("direct", &all_pairs(), || Way::Direct);
}

#[test]
fn a_phone_whose_routing_is_broken_on_purpose_makes_the_table_wrong() {
    let _one_at_a_time = WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let own = std::env::current_exe().expect("a test has a program");
    let output = Command::new(own)
        .args(["--exact", "peers::directly", "--nocapture"])
        .env("TRIALOG_PEERS", "trialog-trialog conference")
        .env("TRIALOG_BIN", env!("CARGO_BIN_EXE_trialog-misrouted"))
        .env("TRIALOG_PEERS_FOLDER", "peers-misrouted")
        .stdin(Stdio::null())
        .output()
        .expect("it can be started again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    // Who is held hears the one that he is kept from.
    let found = said.contains("in the consult: customer hears agent-2 at -30");
    assert!(found, "{said}");
}

/// What the disk does is no matter of a phone that is measured.
#[test]
fn linphone_daemon_keeps_no_database_whose_fsync_would_stop_it() {
    let folder = folder("peers-no-database");
    let setup = PhoneSetup {
        role: Role::Customer,
        user: "customer".to_owned(),
        folder: folder.clone(),
        way: Way::Direct,
        requires_srtp: false,
        manner: Manner::Plain,
    };
    let phone = Linphone::start(&setup).unwrap_or_else(|fault| panic!("{fault}"));
    let databases = files(&folder);
    let databases = databases.iter().filter(|file| file.ends_with(".db"));
    assert_eq!(databases.collect::<Vec<_>>(), [] as [&String; 0]);
    drop(phone);
}

/// All files below this folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path.display().to_string()],
    };
    entries.flat_map(|entry| below(entry.path())).collect()
}

/// All parties are registered at one Kamailio, with digest; the cells' users differ.
fn through_kamailio(transport: Transport) {
    let name = format!("kamailio-{}", transport.name());
    let kamailio = Kamailio::start(&folder(&format!("peers-{name}-pbx")));
    let kamailio = kamailio.unwrap_or_else(|fault| panic!("{fault}"));
    every_story_holds(&name, &all_pairs(), || {
        Way::Through(kamailio.registrar(transport))
    });
}

#[test]
fn through_kamailio_by_udp() {
    through_kamailio(Transport::Udp);
}

#[test]
fn through_kamailio_by_tcp() {
    through_kamailio(Transport::Tcp);
}

/// TLS to a Kamailio whose issuer only these phones believe, and SRTP with keys in SDP (RFC 4568): required by all three, or offered
/// beside plain RTP where SIPp is one of them, which has none. Each phone is there as customer and as agent 2.
#[test]
fn through_kamailio_by_tls_with_srtp() {
    let folder = folder("peers-kamailio-tls-pbx");
    let ca = Ca::new(&folder).unwrap_or_else(|fault| panic!("{fault}"));
    let kamailio = Kamailio::start_secured(&folder, &ca);
    let kamailio = kamailio.unwrap_or_else(|fault| panic!("{fault}"));
    let pairs = [
        (Kind::Trialog, Kind::Linphone),
        (Kind::Baresip, Kind::Trialog),
        (Kind::Linphone, Kind::Baresip),
        (Kind::Pjsua2, Kind::Sipp),
        (Kind::Sipp, Kind::Pjsua2),
    ];
    every_story_holds("kamailio-tls", &pairs, || {
        Way::Through(kamailio.registrar(Transport::Tls))
    });
}

/// All parties are registered at one Asterisk, with digest, and each has a dialog with it alone.
fn through_asterisk(name: &str, pairs: &[(Kind, Kind)], habits: Habits) {
    let users: Vec<String> = pairs
        .iter()
        .flat_map(|pair| Role::ALL.map(|role| format!("{}{}", role.name(), tag(*pair))))
        .collect();
    let asterisk = Asterisk::start(&folder(&format!("peers-{name}-pbx")), &users, habits);
    let asterisk = asterisk.unwrap_or_else(|fault| panic!("{fault}"));
    every_story_holds(name, pairs, || {
        Way::Through(asterisk.registrar(Transport::Udp))
    });
}

#[test]
fn through_a_b2bua() {
    // Each phone hears of the B2BUA alone: what matters is that each is there as customer and as agent 2. What two other phones hear of
    // each other after a transfer is between them and the PBX; one such pair shows that it can be.
    let with_ours = |kind| [(Kind::Trialog, kind), (kind, Kind::Trialog)];
    let mut pairs: Vec<_> = Kind::ALL.into_iter().flat_map(with_ours).collect();
    pairs.push((Kind::Pjsua2, Kind::Sipp));
    pairs.dedup();
    let habits = Habits {
        transfers: true,
        passes_role: false,
    };
    through_asterisk("asterisk", &pairs, habits);
}

#[test]
fn through_a_b2bua_that_forbids_transfers() {
    let habits = Habits {
        transfers: false,
        passes_role: false,
    };
    through_asterisk(
        "asterisk-forbids",
        &[(Kind::Trialog, Kind::Trialog)],
        habits,
    );
}

#[test]
fn through_a_b2bua_that_passes_the_role() {
    let habits = Habits {
        transfers: true,
        passes_role: true,
    };
    through_asterisk("asterisk-role", &[(Kind::Trialog, Kind::Trialog)], habits);
}
