//! All scripts by all ways, as a table.
//!
//! `TRIALOG_SCRIPTS=hold cargo test -p trialog-tests --test scripts matrix` plays those whose name has “hold”.
use crate::play::play;
use crate::script::{Script, Way};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many are played at once: they wait much more than they work.
const AT_ONCE: usize = 16;

#[test]
fn every_script_goes_as_written_by_every_way() {
    let wanted = std::env::var("TRIALOG_SCRIPTS").unwrap_or_default();
    let mut scripts = Script::all();
    assert!(scripts.len() >= 25, "only {} scripts", scripts.len());
    scripts.retain(|script| script.name.contains(&wanted));
    let cells: Vec<(usize, Way)> = (0..scripts.len())
        .flat_map(|script| Way::ALL.map(|way| (script, way)))
        .filter(|(script, way)| scripts[*script].skipped(*way).is_none())
        .collect();
    let started = Instant::now();
    let failed = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(script, way)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = play(&scripts[script], way) {
                        failed
                            .lock()
                            .expect("nobody panics with it")
                            .push((script, way, why));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nobody panics with it");
    print(&scripts, &failed);
    println!(
        "{} scripts, {} played, {} failed, {:.0} s",
        scripts.len(),
        cells.len(),
        failed.len(),
        started.elapsed().as_secs_f64()
    );
    for (script, way, why) in &failed {
        println!("\n==== {} by {way}: {why}", scripts[*script].name);
    }
    assert!(failed.is_empty(), "{} did not go as written", failed.len());
}

/// A row for each script; `–` with a number stands for a reason below.
fn print(scripts: &[Script], failed: &[(usize, Way, String)]) {
    let mut reasons: Vec<&str> = Vec::new();
    println!(
        "{:<38} {:<7}{:<7}{:<7}{:<7} what it probes",
        "script", "udp", "tcp", "loose", "strict"
    );
    for (index, script) in scripts.iter().enumerate() {
        let mut row = format!("{:<38} ", script.name);
        for way in Way::ALL {
            let cell = match script.skipped(way) {
                Some(why) => {
                    let known = reasons.iter().position(|reason| *reason == why);
                    let number = known.unwrap_or_else(|| {
                        reasons.push(why);
                        reasons.len() - 1
                    });
                    format!("n/a {}", number + 1)
                }
                None if failed.iter().any(|(at, by, _)| (*at, *by) == (index, way)) => {
                    "FAILED".to_owned()
                }
                None => "ok".to_owned(),
            };
            row += &format!("{cell:<7}");
        }
        println!("{row} {}", script.probe);
    }
    for (number, reason) in reasons.iter().enumerate() {
        println!("n/a {}: {reason}", number + 1);
    }
    println!("loose, strict: by UDP through a proxy that record-routes with and without ;lr");
}
