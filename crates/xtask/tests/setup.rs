//! `xtask setup` on machines that are made of a `PATH` alone.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where a step of its own fails"
)]
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// All programs that stand for a package.
const PROGRAMS: [&str; 13] = [
    "cmake",
    "make",
    "pkg-config",
    "espeak-ng",
    "pulseaudio",
    "pacat",
    "sipp",
    "baresip",
    "tcpdump",
    "python3",
    "linphone-daemon",
    "kamailio",
    "tc",
];

/// Where the set-up puts the interpreter that has PJSIP, under the target folder.
const VENV: &str = "peers/venv/bin";

/// A folder that is the whole `PATH`, and a log of what was called.
struct Machine {
    folder: PathBuf,
}

impl Machine {
    /// A machine with root or without, where these packages' programs are there.
    fn new(name: &str, user: u32, programs: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let machine = Self { folder };
        machine.put("id", &format!("echo {user}"));
        for program in programs {
            machine.put(program, "exit 0");
        }
        fs::create_dir_all(machine.folder.join(VENV)).unwrap();
        machine.put(&format!("{VENV}/python3"), "exit 0");
        machine
    }

    /// The same without PJSIP: what makes the environment is written down, and its pip does this.
    fn without_pjsip(self, pip: &str) -> Self {
        fs::remove_dir_all(self.folder.join("peers")).unwrap();
        let here = self.folder.display();
        // Stands in the environment for its interpreter: `-c` looks for PJSIP, `-m` is pip.
        let interpreter = format!(
            "#!/bin/sh\nif [ \"$1\" = -c ]; then [ -e {here}/pjsip ]; exit; fi\necho \"pip $*\" >> {here}/log\n{pip}\n"
        );
        fs::write(self.folder.join("interpreter"), interpreter).unwrap();
        self.put(
            "python3",
            &format!(
                "[ \"$1\" = -c ] && exit 0\necho \"python3 $*\" >> {here}/log\n\
                 /bin/mkdir -p {here}/{VENV}\n/bin/cp {here}/interpreter {here}/{VENV}/python3\n\
                 /bin/chmod +x {here}/{VENV}/python3"
            ),
        );
        self
    }

    /// Puts a script on the `PATH`.
    fn put(&self, program: &str, script: &str) {
        let path = self.folder.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An apt that writes down its arguments and brings the programs.
    fn with_apt(self, brings: &[&str]) -> Self {
        let here = self.folder.display();
        let mut script =
            format!("echo \"apt-get $*\" >> {here}/log\n[ \"$1\" = install ] || exit 0\n");
        for program in brings {
            script += &format!(
                "printf '#!/bin/sh\\n' > {here}/{program}; /bin/chmod +x {here}/{program}\n"
            );
        }
        self.put("apt-get", &script);
        self
    }

    fn setup(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("setup")
            .args(arguments)
            .env("PATH", &self.folder)
            .env("CARGO_TARGET_DIR", &self.folder)
            .env_remove("TRIALOG_PYTHON")
            .output()
            .unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn without(missing: &str) -> Vec<&'static str> {
    PROGRAMS
        .into_iter()
        .filter(|program| *program != missing)
        .collect()
}

#[test]
fn set_up_is_silent_when_all_is_there() {
    let machine = Machine::new("all-there", 1000, &PROGRAMS);
    let done = machine.setup(&[]);
    assert!(done.status.success());
    assert_eq!(text(&done.stdout) + &text(&done.stderr), "");
}

#[test]
fn root_installs_what_is_missing_and_says_why() {
    let machine = Machine::new("root", 0, &without("espeak-ng")).with_apt(&["espeak-ng"]);
    let done = machine.setup(&[]);
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}{}", text(&done.stderr));
    assert!(
        said.contains("espeak-ng") && said.contains("three voices"),
        "{said}"
    );
    assert_eq!(
        machine.log(),
        "apt-get update\napt-get install -y --no-install-recommends espeak-ng\n"
    );
}

#[test]
fn a_user_installs_by_sudo() {
    let machine = Machine::new("sudo", 1000, &without("sipp")).with_apt(&["sipp"]);
    machine.put(
        "sudo",
        &format!("echo sudo >> {}/log\nexec \"$@\"", machine.folder.display()),
    );
    let done = machine.setup(&[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(
        machine.log(),
        "sudo\napt-get update\nsudo\napt-get install -y --no-install-recommends sip-tester\n"
    );
}

#[test]
fn with_neither_root_nor_sudo_the_exact_command_is_printed_and_the_status_is_1() {
    let machine = Machine::new("neither", 1000, &without("cmake")).with_apt(&["cmake"]);
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = text(&done.stderr);
    assert!(
        said.contains("apt-get update && apt-get install -y --no-install-recommends cmake\n"),
        "{said}"
    );
    assert_eq!(machine.log(), "", "nothing was called");
}

#[test]
fn check_names_what_is_missing_and_installs_nothing() {
    let machine = Machine::new("check", 0, &without("pacat")).with_apt(&["pacat"]);
    let done = machine.setup(&["--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stdout).contains("pulseaudio-utils"));
    assert_eq!(machine.log(), "", "nothing was called");
}

#[test]
fn a_library_that_pkg_config_does_not_know_is_missing() {
    let machine = Machine::new("library", 1000, &PROGRAMS).with_apt(&[]);
    machine.put("pkg-config", "[ \"$2\" != alsa ]");
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("--no-install-recommends libasound2-dev\n"));
}

#[test]
fn a_failing_apt_stops_the_set_up() {
    let machine = Machine::new("apt-fails", 0, &without("make"));
    machine.put("apt-get", "exit 100");
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("`apt-get update` failed"));
}

#[test]
fn a_package_that_brings_nothing_is_named() {
    let machine = Machine::new("brings-nothing", 0, &without("make")).with_apt(&[]);
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("installed `make`"));
}

#[test]
fn pjsip_comes_into_the_target_folder() {
    let machine = Machine::new("pjsip", 1000, &PROGRAMS);
    let here = machine.folder.display().to_string();
    let machine = machine.without_pjsip(&format!(": > {here}/pjsip"));
    let done = machine.setup(&[]);
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}{}", text(&done.stderr));
    assert!(said.contains("PJSIP, a foreign phone"), "{said}");
    assert_eq!(
        machine.log(),
        format!(
            "python3 -m venv --clear {here}/peers/venv\n\
             pip -m pip install --quiet --disable-pip-version-check pjsua2-python==2.15.1\n"
        )
    );
    assert_eq!(text(&machine.setup(&[]).stdout), "", "now it is there");
}

#[test]
fn where_pip_fails_the_package_is_named() {
    let machine = Machine::new("pip-fails", 1000, &PROGRAMS).without_pjsip("exit 1");
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = text(&done.stderr);
    assert!(
        said.contains("pip could not bring `pjsua2-python==2.15.1`"),
        "{said}"
    );
}

#[test]
fn check_installs_no_pjsip() {
    let machine = Machine::new("check-pjsip", 0, &PROGRAMS).without_pjsip("exit 0");
    let done = machine.setup(&["--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stdout).contains("pjsua2-python==2.15.1"));
    assert_eq!(machine.log(), "", "nothing was called");
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("tset")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("no command `tset`"));
}
