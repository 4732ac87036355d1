//! One tick of the bridge.
use crate::{
    MAX_PORTS, Port, PortRouting,
    limiter::Limiter,
    sum::{add, cleaned, is_sane, peak, subtract},
};
use trialog_frame::{FRAME_SAMPLES, Frame};

/// How long a change of routing fades: 5 ms, within the tick that it comes with, so no fade is ever under way when the
/// next change comes.
const FADE: usize = FRAME_SAMPLES / 2;

/// The bridge's memory: the routing of the tick before and the listeners' limiters.
pub struct Mixer {
    plan: Plan,
    limiters: [Limiter; MAX_PORTS],
    /// How many frames were added, subtracted or copied since the start: what the work is, free of clocks.
    work: u64,
}

impl Mixer {
    /// With no port routed to another. Some kilobytes large.
    pub fn new() -> Self {
        Self {
            plan: Plan::of(&PortRouting::new()),
            limiters: [Limiter::OPEN; MAX_PORTS],
            work: 0,
        }
    }

    /// One tick. Port *n* brings `sources[n]` and gets `listeners[n]`; ports without a source are silent, ports without
    /// a listener are not made. Each of `listeners` is written whole: silence where the routing gives it nothing. A
    /// routing that differs from the last tick's is faded to over the first 5 ms. What is heard stays below 1.0, and is
    /// untouched to the bit (two speakers) or to rounding (more) as long as it peaks below −0.27 dB.
    pub fn mix(
        &mut self,
        routing: &PortRouting,
        sources: &[Frame],
        tones: &[Frame],
        listeners: &mut [Frame],
    ) {
        let count = listeners.len().min(MAX_PORTS);
        let (listeners, beyond) = listeners.split_at_mut(count);
        beyond.fill(Frame::SILENCE);
        let limiters = &mut self.limiters;
        if self.plan.routing == *routing {
            for (index, listener) in listeners.iter_mut().enumerate() {
                if self.plan.routing.port(index).is_deaf() {
                    *listener = Frame::SILENCE;
                    limiters[index] = Limiter::OPEN;
                }
            }
            self.work += self.plan.play(sources, tones, |index, sound| {
                let Some(listener) = listeners.get_mut(index) else {
                    return;
                };
                let peak = sound.write(listener);
                limiters[index].apply(listener, peak);
            });
            return;
        }
        // Both routings are played, the old one down and the new one up. As every gain in a mix is 0 or 1, that is a ramp
        // of each gain that changes, and none of those that stay.
        listeners.fill(Frame::SILENCE);
        let mut frame = Frame::SILENCE;
        self.work += self.plan.play(sources, tones, |index, sound| {
            let Some(listener) = listeners.get_mut(index) else {
                return;
            };
            sound.write(&mut frame);
            for n in 0..FADE {
                listener[n] += frame[n] * (1.0 - step(n));
            }
        });
        self.plan = Plan::of(routing);
        self.work += self.plan.play(sources, tones, |index, sound| {
            let Some(listener) = listeners.get_mut(index) else {
                return;
            };
            sound.write(&mut frame);
            for n in 0..FADE {
                listener[n] += frame[n] * step(n);
            }
            listener[FADE..].copy_from_slice(&frame[FADE..]);
        });
        for (listener, limiter) in listeners.iter_mut().zip(limiters) {
            limiter.apply(listener, peak(listener));
        }
    }

    /// How many frames were added, subtracted or copied since the start: a measure of cost without a clock.
    pub const fn work(&self) -> u64 {
        self.work
    }
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new()
    }
}

/// The rising gain of a fade at its sample `n`.
fn step(n: usize) -> f32 {
    (n + 1) as f32 / (FADE + 1) as f32
}

impl Port {
    const fn is_deaf(&self) -> bool {
        !self.hears && self.tone.is_none()
    }
}

/// A routing in the order in which it is worked through.
struct Plan {
    routing: PortRouting,
    /// The ports that take part in something, those of a group together.
    order: [u8; MAX_PORTS],
    used: usize,
}

impl Plan {
    fn of(routing: &PortRouting) -> Self {
        let (mut order, mut used) = ([0; MAX_PORTS], 0);
        for (index, port) in routing.ports().iter().enumerate() {
            if port.speaks || !port.is_deaf() {
                order[used] = index as u8;
                used += 1;
            }
        }
        order[..used]
            .sort_unstable_by_key(|index| (routing.port(usize::from(*index)).group, *index));
        Self {
            routing: *routing,
            order,
            used,
        }
    }

    fn port(&self, index: u8) -> Port {
        self.routing.port(usize::from(index))
    }

    /// Says for each port that is not deaf what it hears; returns how many frames were touched.
    fn play(
        &self,
        sources: &[Frame],
        tones: &[Frame],
        mut hear: impl FnMut(usize, Sound<'_>),
    ) -> u64 {
        let mut work = 0;
        let same_group = |a: &u8, b: &u8| self.port(*a).group == self.port(*b).group;
        for group in self.order[..self.used].chunk_by(same_group) {
            let speakers = Speakers::gather(self, group, sources);
            work += speakers.count as u64;
            for index in group {
                let port = self.port(*index);
                if port.is_deaf() {
                    continue;
                }
                work += 1;
                let tone = port.tone.map(|tone| {
                    tones
                        .get(usize::from(tone.source))
                        .unwrap_or(&Frame::SILENCE)
                });
                let tone = tone.map(|tone| {
                    if is_sane(tone, 1) {
                        tone
                    } else {
                        &Frame::SILENCE
                    }
                });
                let instead = port.tone.is_some_and(|tone| !tone.over);
                let others = if port.hears && !instead {
                    speakers.heard_by(*index)
                } else {
                    Others::Silence
                };
                hear(usize::from(*index), Sound { others, tone });
            }
        }
        work
    }
}

/// Those ports of one group that speak and have a source, and the sum of them.
struct Speakers<'a> {
    sources: &'a [Frame],
    plan: &'a Plan,
    count: usize,
    /// The first two, which are all in most calls.
    first: [u8; 2],
    sum: Frame,
    sane: bool,
}

impl<'a> Speakers<'a> {
    fn gather(plan: &'a Plan, group: &[u8], sources: &'a [Frame]) -> Self {
        let mut all = Self {
            sources,
            plan,
            count: 0,
            first: [0; 2],
            sum: Frame::SILENCE,
            sane: true,
        };
        let mut four = [&Frame::SILENCE; 4];
        for index in group {
            if !all.speaks(*index) {
                continue;
            }
            if let Some(first) = all.first.get_mut(all.count) {
                *first = *index;
            }
            four[all.count % 4] = &sources[usize::from(*index)];
            all.count += 1;
            if all.count.is_multiple_of(4) {
                add(&mut all.sum, &four);
            }
        }
        add(&mut all.sum, &four[..all.count % 4]);
        // One broken source may not silence the others: then, and only then, each is looked at by itself.
        if !is_sane(&all.sum, all.count) {
            all.sane = false;
            all.sum = Frame::SILENCE;
            for index in group {
                if all.speaks(*index) {
                    add(&mut all.sum, &[&cleaned(&sources[usize::from(*index)])]);
                }
            }
        }
        all
    }

    fn speaks(&self, index: u8) -> bool {
        self.plan.port(index).speaks && usize::from(index) < self.sources.len()
    }

    /// The sum without one port's own part.
    fn heard_by(&self, index: u8) -> Others<'_> {
        match (self.speaks(index), self.count) {
            (_, 0) | (true, 1) => Others::Silence,
            (false, _) => Others::One(&self.sum),
            // The other one itself is more exact than the sum of both without this one.
            (true, 2) if self.sane => {
                let other = if self.first[0] == index {
                    self.first[1]
                } else {
                    self.first[0]
                };
                Others::One(&self.sources[usize::from(other)])
            }
            (true, _) => Others::Without(&self.sum, &self.sources[usize::from(index)], self.sane),
        }
    }
}

/// What a port hears of the others.
enum Others<'a> {
    Silence,
    One(&'a Frame),
    /// A sum, one's own part in it, and whether that part may be used as it is.
    Without(&'a Frame, &'a Frame, bool),
}

/// What a port hears.
struct Sound<'a> {
    others: Others<'a>,
    tone: Option<&'a Frame>,
}

impl Sound<'_> {
    /// Writes it and returns its largest absolute sample.
    fn write(self, out: &mut Frame) -> f32 {
        let largest = match self.others {
            Others::Silence => {
                *out = Frame::SILENCE;
                0.0
            }
            Others::One(frame) => {
                *out = *frame;
                peak(out)
            }
            Others::Without(sum, own, true) => subtract(sum, own, out),
            Others::Without(sum, own, false) => subtract(sum, &cleaned(own), out),
        };
        match self.tone {
            Some(tone) => {
                add(out, &[tone]);
                peak(out)
            }
            None => largest,
        }
    }
}
