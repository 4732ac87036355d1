//! A phone whose machine gets another address, or loses its network and has it again, tells its registrar at once.
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trialog_tests::hosts::Hosts;
use trialog_tests::program::{Running, folder, trialog};

const PHONE: usize = 0;
const REGISTRAR: usize = 1;

/// The kernel says at once that an address has changed; where it does not, we look every 5 s. A machine that does other work is
/// given as much again.
const PATIENCE: Duration = Duration::from_secs(10);

fn wait(registrar: &Running, what: &str, is: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let said = registrar.said();
        if let Some(line) = said.lines().rev().find(|line| is(line)) {
            return line.to_owned();
        }
        assert!(Instant::now() < end, "no {what}: {said}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn another_address_is_registered_at_once_and_the_old_one_taken_back() {
    let mut hosts = match Hosts::start(2, 77) {
        Ok(hosts) => hosts,
        Err(why) if why.contains("not permitted") || why.contains("Permission denied") => {
            println!("n/a because this user may not make network namespaces: {why}");
            return;
        }
        Err(why) => panic!("{why}"),
    };
    let folder = folder("moves");
    let (here, there) = (&hosts.host(PHONE).address, &hosts.host(REGISTRAR).address);
    let config = folder.join("alice.toml");
    let text = format!(
        "name = \"alice\"\n[sip]\nlisten = \"0.0.0.0:5060\"\n[records]\nfile = \"records.db\"\n[audio]\nend = \"none\"\n\
         [[account]]\naor = \"sip:alice@{there}\"\nregistrar = \"sip:{there}\"\n"
    );
    std::fs::write(&config, text).expect("the folder can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/registrar.py");
    let log = |name: &str| -> PathBuf { folder.join(name) };
    let mut command = hosts.host(REGISTRAR).command(Path::new("python3"));
    let registrar = Running::start(command.arg(script).arg(there), &log("registrar.log"));
    wait(&registrar, "registrar", |line| line == "ready");
    let mut command = hosts.host(PHONE).command(&trialog());
    command
        .args(["phone", "--headless", "--config"])
        .arg(&config);
    command.env("XDG_RUNTIME_DIR", &folder);
    let _phone = Running::start(&mut command, &log("alice.log"));
    let own = |address: &str| format!("<sip:alice@{address}:5060>");
    let first = own(here);
    wait(&registrar, "REGISTER", |line| line.contains(&first));

    hosts.move_to(PHONE, "10.77.0.9").expect("it may be moved");
    let moved = own("10.77.0.9");
    let line = wait(&registrar, "REGISTER from the new address", |line| {
        line.contains(&moved)
    });
    assert!(line.contains(&format!("{first};expires=0")), "{line}");
}
