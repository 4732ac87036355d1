//! The network: datagrams in, the same ones out after a while, or never, or twice, or in another order, as the seed says.
//! Streams keep their order and lose nothing until they break. A test can meddle with single messages by [`Meddling`].
mod link;
mod meddling;

pub use link::Link;
pub use meddling::{Meddling, Wanted};

use crate::chance::Chance;
use crate::wire::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use trialog_call::Time;
use trialog_ua::Transport;

/// A stream whose far end does not answer is given up after this long.
const STREAM_PATIENCE: Duration = Duration::from_secs(10);

/// One message under way.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// The sender.
    pub from: SocketAddr,
    /// The receiver, as addressed.
    pub to: SocketAddr,
    /// By datagram or by stream.
    pub transport: Transport,
    /// The message as it is on the wire.
    pub bytes: Vec<u8>,
}

struct Rule {
    wanted: Wanted,
    meddling: Meddling,
    left: usize,
    met: usize,
    branches: BTreeSet<String>,
}

/// A rule of meddling, to be asked how often it was met.
#[derive(Clone, Copy, Debug)]
pub struct RuleId(usize);

/// One line of the ladder.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it was sent.
    pub at: Time,
    /// The sender.
    pub from: SocketAddr,
    /// The receiver, as addressed.
    pub to: SocketAddr,
    /// The message.
    pub text: Text,
    /// What became of it, where that is not "it arrived".
    pub fate: &'static str,
    /// When it arrives first, unless somebody's network is away by then.
    pub arrives: Option<Time>,
}

/// What waits in a stream that carries nothing for now.
struct Stalled {
    since: Time,
    waiting: Vec<Datagram>,
}

/// All that is under way.
pub struct Network {
    link: Link,
    chance: Chance,
    under_way: BTreeMap<(Time, u64), Datagram>,
    sent: u64,
    streams: BTreeMap<(SocketAddr, SocketAddr), Time>,
    stalled: BTreeMap<(SocketAddr, SocketAddr), Stalled>,
    broken: u64,
    last: Time,
    rules: Vec<Rule>,
    unplugged: BTreeSet<IpAddr>,
    /// All that was sent.
    pub seen: Vec<Seen>,
}

impl Network {
    /// A network with this kind of link between any two.
    #[must_use]
    pub fn new(link: Link, seed: u64) -> Self {
        Self {
            link,
            chance: Chance::new(seed),
            under_way: BTreeMap::new(),
            sent: 0,
            streams: BTreeMap::new(),
            stalled: BTreeMap::new(),
            broken: 0,
            last: Time::ZERO,
            rules: Vec::new(),
            unplugged: BTreeSet::new(),
            seen: Vec::new(),
        }
    }

    /// From now on the network treats datagrams like this.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// It loses datagrams.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.link.lost > 0
    }

    /// From now on nothing comes from or to this host, or everything again.
    pub fn plug(&mut self, host: IpAddr, plugged: bool) {
        if plugged {
            self.unplugged.remove(&host);
            self.go_on();
        } else {
            self.unplugged.insert(host);
        }
    }

    /// This host's network is away.
    #[must_use]
    pub fn is_unplugged(&self, host: IpAddr) -> bool {
        self.unplugged.contains(&host)
    }

    /// What waited in streams goes on where both ends are there again.
    fn go_on(&mut self) {
        let unplugged = &self.unplugged;
        let going_on: Vec<_> = self
            .stalled
            .keys()
            .filter(|(from, to)| !unplugged.contains(&from.ip()) && !unplugged.contains(&to.ip()))
            .copied()
            .collect();
        for pair in going_on {
            for datagram in self
                .stalled
                .remove(&pair)
                .map_or_else(Vec::new, |s| s.waiting)
            {
                self.carry(self.last, datagram);
            }
        }
    }

    fn stall(&mut self, now: Time, datagram: Datagram) {
        let pair = (datagram.from, datagram.to);
        let stalled = self.stalled.entry(pair).or_insert_with(|| Stalled {
            since: now,
            waiting: Vec::new(),
        });
        stalled.waiting.push(datagram);
    }

    /// When the next stalled stream is given up.
    #[must_use]
    pub fn next_given_up(&self) -> Option<Time> {
        self.stalled
            .values()
            .map(|stalled| stalled.since + STREAM_PATIENCE)
            .min()
    }

    /// A stream that was stalled too long and is no more: who sent by it, and to whom.
    pub fn given_up(&mut self, now: Time) -> Option<(SocketAddr, SocketAddr)> {
        let (&pair, _) = self
            .stalled
            .iter()
            .find(|(_, stalled)| stalled.since + STREAM_PATIENCE <= now)?;
        self.stalled.remove(&pair);
        self.broken += 1;
        Some(pair)
    }

    /// The streams between two hosts break, and what was under way in them is lost.
    pub fn break_streams(&mut self, one: IpAddr, other: IpAddr) {
        let between = |from: &SocketAddr, to: &SocketAddr| {
            (from.ip() == one && to.ip() == other) || (from.ip() == other && to.ip() == one)
        };
        self.under_way.retain(|_, datagram| {
            datagram.transport != Transport::Tcp || !between(&datagram.from, &datagram.to)
        });
        self.stalled.retain(|(from, to), _| !between(from, to));
        self.streams.retain(|(from, to), _| !between(from, to));
        self.broken += 1;
    }

    /// How many streams have broken: those that came before have other numbers.
    #[must_use]
    pub fn broken(&self) -> u64 {
        self.broken
    }

    /// Meddles with the next `times` messages that are wanted.
    pub fn meddle(&mut self, wanted: Wanted, meddling: Meddling, times: usize) -> RuleId {
        self.rules.push(Rule {
            wanted,
            meddling,
            left: times,
            met: 0,
            branches: BTreeSet::new(),
        });
        RuleId(self.rules.len() - 1)
    }

    /// How many messages a rule was applied to; one that was sent again counts once.
    #[must_use]
    pub fn met(&self, rule: RuleId) -> usize {
        self.rules[rule.0].met
    }

    /// A rule is over.
    pub fn stop(&mut self, rule: RuleId) {
        self.rules[rule.0].left = 0;
        self.rules[rule.0].branches.clear();
    }

    /// All rules are over.
    pub fn stop_meddling(&mut self) {
        for rule in 0..self.rules.len() {
            self.stop(RuleId(rule));
        }
    }

    /// When something arrives next.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.under_way.keys().next().map(|(at, _)| *at)
    }

    /// What has arrived by now.
    pub fn arrived(&mut self, now: Time) -> Option<Datagram> {
        let (key, _) = self
            .under_way
            .first_key_value()
            .filter(|((at, _), _)| *at <= now)?;
        let key = *key;
        let datagram = self.under_way.remove(&key)?;
        self.last = now;
        if !self.is_unplugged(datagram.to.ip()) {
            return Some(datagram);
        }
        if datagram.transport == Transport::Tcp {
            self.stall(now, datagram);
        }
        None
    }

    /// Takes a message on its way.
    pub fn send(&mut self, now: Time, datagram: Datagram) {
        self.last = now;
        let text = Text::new(&datagram.bytes);
        let (from, to) = (datagram.from, datagram.to);
        let (fate, arrives) = self.treat(now, datagram, &text);
        self.seen.push(Seen {
            at: now,
            from,
            to,
            text,
            fate,
            arrives,
        });
    }

    fn treat(&mut self, now: Time, datagram: Datagram, text: &Text) -> Fate {
        if self.is_unplugged(datagram.from.ip()) || self.is_unplugged(datagram.to.ip()) {
            if datagram.transport == Transport::Tcp {
                self.stall(now, datagram);
            }
            return ("unplugged", None);
        }
        match self.rule_for(&datagram, text) {
            Some(Meddling::Lose) => return ("lost on purpose", None),
            Some(Meddling::Delay(delay)) => {
                let at = now + self.link.delay + delay;
                self.put(at, datagram);
                return ("delayed on purpose", Some(at));
            }
            Some(Meddling::Refuse(status)) => {
                if text.method() != Some("ACK") {
                    let bytes = text.answered(status, "Refused By The Test");
                    let answer = Datagram {
                        from: datagram.to,
                        to: datagram.from,
                        transport: datagram.transport,
                        bytes,
                    };
                    let text = Text::new(&answer.bytes);
                    let (from, to) = (answer.from, answer.to);
                    let (_, arrives) = self.carry(now, answer);
                    self.seen.push(Seen {
                        at: now,
                        from,
                        to,
                        text,
                        fate: "by the test",
                        arrives,
                    });
                }
                return ("refused on purpose", None);
            }
            Some(Meddling::Without(header, word)) => {
                let bytes = text.without(header, word);
                return self.carry(now, Datagram { bytes, ..datagram });
            }
            Some(Meddling::Fork(from)) => {
                let fate = self.carry(now, datagram.clone());
                let fork = Datagram {
                    from,
                    bytes: text.forked(datagram.from, from),
                    ..datagram
                };
                let (to, text) = (fork.to, Text::new(&fork.bytes));
                let (_, arrives) = self.carry(now, fork);
                self.seen.push(Seen {
                    at: now,
                    from,
                    to,
                    text,
                    fate: "by the test",
                    arrives,
                });
                return fate;
            }
            None => {}
        }
        self.carry(now, datagram)
    }

    /// What the rules want done. A message that is sent again meets the rule that it met first.
    fn rule_for(&mut self, datagram: &Datagram, text: &Text) -> Option<Meddling> {
        if self.rules.is_empty() {
            return None;
        }
        let branch = branch(text);
        let (from, to) = (datagram.from.ip(), datagram.to.ip());
        for rule in &mut self.rules {
            let again = rule.branches.contains(&branch)
                && (rule.wanted.is(from, to, text) || text.method() == Some("ACK"))
                && matches!(rule.meddling, Meddling::Refuse(_));
            if again {
                return Some(rule.meddling.clone());
            }
            if rule.left > 0 && rule.wanted.is(from, to, text) {
                rule.left -= 1;
                rule.met += usize::from(rule.branches.insert(branch));
                return Some(rule.meddling.clone());
            }
        }
        None
    }

    /// Lets chance have its way with it.
    fn carry(&mut self, now: Time, datagram: Datagram) -> Fate {
        let arrival = now + self.link.delay + self.jitter();
        if datagram.transport == Transport::Tcp {
            let last = self
                .streams
                .entry((datagram.from, datagram.to))
                .or_default();
            *last = arrival.max(*last);
            let at = *last;
            self.put(at, datagram);
            return ("", Some(at));
        }
        if self.chance.happens(self.link.lost) {
            return ("lost", None);
        }
        let mut fate = "";
        let mut first = arrival;
        if self.chance.happens(self.link.doubled) {
            let second = now + self.link.delay + self.jitter();
            self.put(second, datagram.clone());
            first = first.min(second);
            fate = "twice";
        }
        self.put(arrival, datagram);
        (fate, Some(first))
    }

    fn jitter(&mut self) -> Duration {
        let most = u64::try_from(self.link.jitter.as_micros()).unwrap_or(u64::MAX);
        let mut jitter = self.chance.below(most);
        if self.link.late > 0 && self.chance.happens(self.link.late) {
            let latest = u64::try_from(self.link.latest.as_micros()).unwrap_or(u64::MAX);
            jitter += self.chance.below(latest);
        }
        Duration::from_micros(jitter)
    }

    fn put(&mut self, at: Time, datagram: Datagram) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), datagram);
    }
}

/// What became of a message, and when it arrives first.
type Fate = (&'static str, Option<Time>);

/// The transaction that a message belongs to.
pub(crate) fn branch(text: &Text) -> String {
    let via = text.header("Via").unwrap_or_default();
    via.split("branch=")
        .nth(1)
        .and_then(|rest| rest.split([';', ',']).next())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests;
