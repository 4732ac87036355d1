//! What can be seen of the world: calls, who hears whom, and the ladder of what was sent.
use super::{DOMAIN, World};
use crate::network::Seen;
use crate::phone::Phone;
use crate::sound::{Audible, PhoneId};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use trialog_call::{CallView, LegId, Notice, Role, Stage, Target, Time, Tone, WrapUpView};

impl World {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// A phone, to look at.
    #[must_use]
    pub fn at(&self, phone: PhoneId) -> &Phone {
        &self.phones[phone.0]
    }

    /// All phones, in the order in which they were set up.
    pub fn everybody(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len()).map(PhoneId)
    }

    /// What the tests call it.
    #[must_use]
    pub fn name(&self, phone: PhoneId) -> &'static str {
        self.phones[phone.0].name
    }

    /// Its address without the port.
    #[must_use]
    pub fn host(&self, phone: PhoneId) -> IpAddr {
        self.phones[phone.0].address.ip()
    }

    /// How to call it.
    #[must_use]
    pub fn target(&self, phone: PhoneId) -> Target {
        let phone = &self.phones[phone.0];
        Target(format!("sip:{}@{}", phone.name, phone.address))
    }

    /// How to call it by name, which has to be looked up first.
    #[must_use]
    pub fn named_target(&self, phone: PhoneId) -> Target {
        let name = self.phones[phone.0].name;
        Target(format!("sip:{name}@{name}.{DOMAIN}"))
    }

    /// All its calls, oldest first.
    #[must_use]
    pub fn calls(&self, phone: PhoneId) -> Vec<CallView> {
        self.phones[phone.0].endpoint.snapshot(self.now).calls
    }

    /// Its newest call that is not on its way out.
    #[must_use]
    pub fn call(&self, phone: PhoneId) -> Option<CallView> {
        self.calls(phone)
            .into_iter()
            .rfind(|call| call.stage != Stage::Ending)
    }

    /// The row of the table that its newest call is in.
    #[must_use]
    pub fn stage(&self, phone: PhoneId) -> Option<Stage> {
        self.call(phone).map(|call| call.stage)
    }

    /// Its part in its newest call.
    #[must_use]
    pub fn role(&self, phone: PhoneId) -> Option<Role> {
        self.call(phone).map(|call| call.role)
    }

    /// The leg of its newest call to whoever has this role there.
    #[must_use]
    pub fn leg(&self, phone: PhoneId, role: Role) -> Option<LegId> {
        self.call(phone)?
            .legs
            .into_iter()
            .find(|leg| leg.role == role)
            .map(|leg| leg.id)
    }

    /// Its wrap-ups.
    #[must_use]
    pub fn wrap_ups(&self, phone: PhoneId) -> Vec<WrapUpView> {
        self.phones[phone.0].endpoint.snapshot(self.now).wrap_ups
    }

    /// For each ear, the voices and tones that reach it.
    #[must_use]
    pub fn audible(&self) -> &Audible {
        &self.audible
    }

    /// `ear` hears `voice`.
    #[must_use]
    pub fn hears(&self, ear: PhoneId, voice: PhoneId) -> bool {
        self.audible.voices(ear).contains(&voice)
    }

    /// All who are connected to this phone by sound, directly or by others, at one end of each stream at least; and itself.
    #[must_use]
    pub fn connected_to(&self, phone: PhoneId) -> BTreeSet<PhoneId> {
        let mut found = BTreeSet::from([phone]);
        let mut next = vec![phone];
        while let Some(one) = next.pop() {
            for other in self.everybody().filter(|other| *other != one) {
                let there = self.streams_to(one, other) || self.streams_to(other, one);
                if there && found.insert(other) {
                    next.push(other);
                }
            }
        }
        found
    }

    pub(crate) fn streams_to(&self, from: PhoneId, to: PhoneId) -> bool {
        let (host, streams) = (self.host(to), &self.at(from).bridge.streams);
        streams.values().any(|stream| stream.remote.ip() == host)
    }

    /// It hears hold music and nobody.
    #[must_use]
    pub fn on_hold(&self, phone: PhoneId) -> bool {
        self.audible.has_tone(phone, Tone::Music) && self.audible.voices(phone).is_empty()
    }

    /// The agent was told something like this.
    #[must_use]
    pub fn told(&self, phone: PhoneId, like: impl Fn(&Notice) -> bool) -> bool {
        self.phones[phone.0]
            .notices
            .iter()
            .any(|(_, notice)| like(notice))
    }

    /// The ladder of all that was sent, with what was done between where somebody kept a diary.
    #[must_use]
    pub fn ladder(&self) -> String {
        let mut ladder = self.rungs().join("\n");
        for phone in &self.phones {
            let (name, stages) = (phone.name, phone.stages(self.now));
            ladder += &format!("\n{name}: {stages:?}, told {:?}", phone.notices);
        }
        ladder
    }

    /// The ladder's lines.
    #[must_use]
    pub fn rungs(&self) -> Vec<String> {
        let nothing = Vec::new();
        let mut diary = self.diary.as_ref().unwrap_or(&nothing).iter().peekable();
        let mut rungs = Vec::new();
        for (place, seen) in self.network.seen.iter().enumerate() {
            while let Some((at, _, line)) = diary.next_if(|(_, sent, _)| *sent <= place) {
                rungs.push(format!("{:9.3}  {line}", at.0.as_secs_f64()));
            }
            rungs.push(self.rung(seen));
        }
        rungs.extend(diary.map(|(at, _, line)| format!("{:9.3}  {line}", at.0.as_secs_f64())));
        rungs
    }

    fn rung(&self, seen: &Seen) -> String {
        let name = |address: SocketAddr| {
            let phone = self.whose(address).map(|phone| self.name(phone).to_owned());
            phone.unwrap_or_else(|| address.to_string())
        };
        let under_way = seen.arrives.map(|arrival| arrival.since(seen.at));
        let late = under_way.is_some_and(|time| time >= Duration::from_millis(500));
        let fate = match (seen.fate, under_way) {
            ("", Some(time)) if late => format!("  [{:.3} s late]", time.as_secs_f64()),
            ("", _) => String::new(),
            (fate, _) => format!("  [{fate}]"),
        };
        format!(
            "{:9.3}  {:>12} → {:<12}  {}{fate}",
            seen.at.0.as_secs_f64(),
            name(seen.from),
            name(seen.to),
            seen.text.summary()
        )
    }
}
