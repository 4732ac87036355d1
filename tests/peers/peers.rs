//! The matrix, one test a way. `TRIALOG_PEERS` narrows it while one works on it: words such as `baresip-pjsua2` (customer and
//! agent 2) or `exit` (a story); what no word names is left out.
use crate::{cell, table};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use trialog_tests::foreign::{Kamailio, Kind, Transport, Way};
use trialog_tests::program::folder;

/// So many cells at once for each processor core: three phones take 5 to 10 % of one. On two cores all 25 are played in two turns.
const A_CORE: usize = 7;

/// One way at a time: each fills the machine.
static WAY: Mutex<()> = Mutex::new(());

fn every_story_holds(name: &str, way: impl Fn() -> Way + Sync) {
    // Another way's failure is no reason to leave this one out.
    let _one_at_a_time = WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = std::env::var("TRIALOG_PEERS").unwrap_or_default();
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let pairs: Vec<(Kind, Kind)> = Kind::ALL
        .into_iter()
        .flat_map(|customer| Kind::ALL.map(|guest| (customer, guest)))
        .collect();
    let named = |(customer, guest): (Kind, Kind)| format!("{}-{}", customer.name(), guest.name());
    let some_pair = pairs.iter().any(|pair| words.contains(&&*named(*pair)));
    let pairs: Vec<(Kind, Kind)> = pairs
        .into_iter()
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
                    let tag = format!("-{}", named(*pair));
                    let place = folder.join(named(*pair));
                    let cell = cell::play(*pair, &way(), &tag, &place, |story| {
                        !some_story || words.contains(&story.name)
                    });
                    if cell.holds() && cell.before.is_empty() && words.is_empty() {
                        // Recordings of a quarter of an hour take room; those of a story that was played again are worth it.
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

#[test]
fn directly() {
    every_story_holds("direct", || Way::Direct);
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

/// All parties are registered at one Kamailio, with digest; the cells' users differ.
fn through_kamailio(transport: Transport) {
    let name = format!("kamailio-{}", transport.name());
    let kamailio = Kamailio::start(&folder(&format!("peers-{name}-pbx")));
    let kamailio = kamailio.unwrap_or_else(|fault| panic!("{fault}"));
    every_story_holds(&name, || Way::Through(kamailio.registrar(transport)));
}

#[test]
fn through_kamailio_by_udp() {
    through_kamailio(Transport::Udp);
}

#[test]
fn through_kamailio_by_tcp() {
    through_kamailio(Transport::Tcp);
}
