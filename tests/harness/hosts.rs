//! Hosts of a test's own, each a network namespace, and a line with loss, delay and jitter from each to the others: real packets
//! in real time. The kernel's own `tc netem` is not in every kernel, so that the lines run through a router of ours.
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What a line does to each packet, in each direction.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The share of packets that it loses, 0 to 1.
    pub loss: f64,
    /// Shortest and longest delay in milliseconds; drawn evenly, so that packets overtake each other.
    pub delay: (f64, f64),
}

/// Some hosts and the router between them. With this value they end.
pub struct Hosts {
    hosts: Vec<Host>,
    router: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// One host: a network namespace with an address.
#[derive(Clone, Debug)]
pub struct Host {
    namespace: String,
    device: String,
    /// Its address.
    pub address: String,
}

impl Host {
    /// This program, on this host.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.namespace])
            .arg(program);
        command
    }
}

impl Hosts {
    /// So many hosts with perfect lines; the weather's dice are thrown by `seed`. An error where this user may not make network
    /// namespaces (`CAP_SYS_ADMIN`) or TUN devices (`CAP_NET_ADMIN`, `/dev/net/tun`): it says what was refused.
    ///
    /// # Errors
    /// What `ip` or the router said.
    pub fn start(count: u8, seed: u64) -> Result<Self, String> {
        let process = std::process::id();
        let unique = format!("{process:x}{:x}", seed & 0xff);
        let hosts: Vec<Host> = (1..=count)
            .map(|number| Host {
                namespace: format!("trialog-{unique}-{number}"),
                device: format!("tg{unique}n{number}"),
                address: format!("10.77.0.{number}"),
            })
            .collect();
        let mut made = Namespaces(Vec::new());
        for host in &hosts {
            ip(&["netns", "add", &host.namespace])?;
            made.0.push(host.namespace.clone());
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/router.py");
        let mut router = Command::new("python3")
            .arg(script)
            .arg(seed.to_string())
            .args(hosts.iter().flat_map(|host| [&host.device, &host.address]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!(
                    "python3 (package python3) can't be started: {error}; run `cargo xtask setup`"
                )
            })?;
        let orders = router.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(router.stdout.take().expect("it is a pipe"));
        made.0.clear();
        let mut hosts = Self {
            hosts,
            router,
            orders,
            answers,
        };
        hosts.answered("ready")?;
        for host in &hosts.hosts {
            host.plug_in()?;
        }
        Ok(hosts)
    }

    /// One of them, from 0.
    #[must_use]
    pub fn host(&self, number: usize) -> &Host {
        &self.hosts[number]
    }

    /// Changes the weather on a host's line.
    pub fn weather(&mut self, number: usize, weather: Weather) {
        let (least, most) = weather.delay;
        self.order(&format!("weather {number} {} {least} {most}", weather.loss));
    }

    /// Cuts a host off.
    pub fn cut(&mut self, number: usize) {
        self.order(&format!("cut {number}"));
    }

    /// Its line is there again.
    pub fn mend(&mut self, number: usize) {
        self.order(&format!("mend {number}"));
    }

    /// A host gets another address in the place of its own, as by a new lease or another network.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn move_to(&mut self, number: usize, address: &str) -> Result<(), String> {
        self.order(&format!("move {number} {address}"));
        let host = &mut self.hosts[number];
        let (space, device) = (host.namespace.as_str(), host.device.as_str());
        let (old, new) = (format!("{}/24", host.address), format!("{address}/24"));
        ip(&["-n", space, "addr", "del", &old, "dev", device])?;
        ip(&["-n", space, "addr", "add", &new, "dev", device])?;
        host.address = address.to_owned();
        Ok(())
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}")
            .map_err(|error| error.to_string())
            .and_then(|()| self.answered("done"))
            .unwrap_or_else(|error| panic!("the router does not obey {order:?}: {error}"));
    }

    fn answered(&mut self, expected: &str) -> Result<(), String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(_) if line.trim_end() == expected => Ok(()),
            Ok(_) => Err(format!("the router said {line:?} and not {expected:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Host {
    /// Its device moves in, and everything goes through it.
    fn plug_in(&self) -> Result<(), String> {
        let (space, device) = (self.namespace.as_str(), self.device.as_str());
        ip(&["link", "set", device, "netns", space])?;
        let cidr = format!("{}/24", self.address);
        ip(&["-n", space, "link", "set", "lo", "up"])?;
        ip(&["-n", space, "addr", "add", &cidr, "dev", device])?;
        ip(&["-n", space, "link", "set", device, "up"])
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = self.router.kill();
        let _ = self.router.wait();
        Namespaces(
            self.hosts
                .iter()
                .map(|host| host.namespace.clone())
                .collect(),
        );
    }
}

/// Network namespaces that go when this value goes.
struct Namespaces(Vec<String>);

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ = ip(&["netns", "del", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!("ip (package iproute2) can't be started: {error}; run `cargo xtask setup`")
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "ip {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}
