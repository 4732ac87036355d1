//! The audio side: every 10 ms the legs' sound in, the mix, the legs' sound out.
//!
//! # The latency budget, from mouth to ear
//!
//! | hop | PCMU | why |
//! | --- | --- | --- |
//! | packetisation | 10 ms | a packet of 20 ms leaves at the tick that brings its second half |
//! | 48 → 8 kHz | 1.5 ms | half the filter's length; G.722 1 ms; Opus none, but 6.5 ms of look-ahead in the codec |
//! | network | – | |
//! | jitter buffer and tick | 1–11 ms, 6 on average | a packet is taken at the first tick ≥ 1 ms after it came |
//! | 8 → 48 kHz | 1.5 ms | as above |
//! | drift resampling | ⅓ ms | its interpolator |
//! | bridge | 0 | the same tick |
//!
//! So about 19 ms from file end to file end, twice that over a bridge between, and 14–24 ms from RTP in to RTP out. A pure
//! bridge may choose its ticks' phase and lays it just after its legs' packets ([`crate::phase`]): 15 ms. A sound
//! card adds its buffers on both sides: one period of 10 ms each and the store between the clocks of capture and playback; and what works
//! on its microphone's sound ([`crate::voice`]) 10 ms and its own delay, 15 ms with echo and noise.
//!
//! # Who drives it
//! The sound card's thread where there is one, else the timer's ([`crate::tick_driver`]). On that thread nothing locks,
//! allocates, logs, waits or panics.
use crate::file_end::FileEnd;
use crate::handover::{AudioEvent, Command, Meters, Retired, RoutingCell};
use crate::leg::{Leg, Moment};
use crate::phase::Phase;
use crate::tick_clock::TickClock;
use crate::unheard::Unheard;
use crate::voice::Voice;
use crate::{MAX_LEGS, Tone};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use trialog_dsp::{CallTone, Country, HoldMusic, ToneGenerator};
use trialog_frame::{Frame, SampleTime};
use trialog_mixer::{Mixer, PortRouting};

/// The local party's port; legs have those after it.
pub(crate) const LOCAL: usize = 0;

const PORTS: usize = MAX_LEGS + 1;
const TONES: usize = 8;

/// The last of the mixer's tones is what the local party says.
const VOICE: usize = TONES - 1;

/// So many ticks a closed leg still sounds: the routing without it comes at most one tick after the command, and the mixer then
/// fades it out.
const FADE_TICKS: u8 = 3;

/// A tone's index among the mixer's tones.
pub(crate) const fn tone_index(tone: Tone) -> u8 {
    match tone {
        Tone::Music => 0,
        Tone::RingBack => 1,
        Tone::Busy => 2,
        Tone::Ringing => 3,
        Tone::Waiting => 4,
        Tone::Answered => 5,
        Tone::Congestion => 6,
        Tone::Voice => VOICE as u8,
    }
}

/// The sounds that the engine makes itself. Each is made only while a port hears it.
pub(crate) struct Tones {
    music: HoldMusic,
    calls: [ToneGenerator; VOICE - 1],
    used: [bool; TONES],
    frames: [Frame; TONES],
}

impl Tones {
    pub(crate) fn new(music: HoldMusic, country: Country) -> Self {
        let calls = [
            CallTone::RingBack,
            CallTone::Busy,
            CallTone::Ringing,
            CallTone::Waiting,
            CallTone::Answered,
            CallTone::Congestion,
        ]
        .map(|tone| ToneGenerator::new(tone, country));
        Self {
            music,
            calls,
            used: [false; TONES],
            frames: [Frame::SILENCE; TONES],
        }
    }

    fn fill(&mut self, routing: &PortRouting, voice: &Frame) {
        let mut used = [false; TONES];
        for tone in routing.ports().iter().filter_map(|port| port.tone) {
            if let Some(used) = used.get_mut(usize::from(tone.source)) {
                *used = true;
            }
        }
        let states = used
            .iter()
            .zip(&self.used)
            .zip(&mut self.frames[..VOICE])
            .enumerate();
        for (index, ((now, before), frame)) in states {
            // A tone that no port hears any more is faded out by the mixer: one tick more.
            if !now && !before {
                continue;
            }
            match index.checked_sub(1) {
                None => self.music.fill(frame),
                Some(call) => {
                    if *now && !before {
                        self.calls[call].restart();
                    }
                    self.calls[call].fill(frame);
                }
            }
        }
        if used[VOICE] || self.used[VOICE] {
            self.frames[VOICE] = *voice;
        }
        self.used = used;
    }
}

/// All that the tick needs.
pub(crate) struct Bridge {
    now: SampleTime,
    clock: TickClock,
    commands: rtrb::Consumer<Command>,
    returns: rtrb::Producer<Retired>,
    events: rtrb::Producer<AudioEvent>,
    mailbox: Arc<RoutingCell>,
    meters: Arc<Meters>,
    routing: Box<PortRouting>,
    mixer: Box<Mixer>,
    legs: Vec<Option<Box<Leg>>>,
    /// Slots of legs that were closed, and for how many ticks they still sound: the mixer fades them out.
    closing: Vec<(u16, u8)>,
    /// Ports up to the highest leg that is open.
    used: usize,
    sources: Vec<Frame>,
    listeners: Vec<Frame>,
    tones: Box<Tones>,
    file: Option<Box<FileEnd>>,
    /// What works on the microphone's sound, where that is asked for.
    voice: Option<Voice>,
    unheard: Unheard,
    /// A pure bridge's phase.
    phase: Option<Phase>,
}

/// The ends that control and service keep are the other halves of these.
pub(crate) struct Rings {
    pub(crate) commands: rtrb::Consumer<Command>,
    pub(crate) returns: rtrb::Producer<Retired>,
    pub(crate) events: rtrb::Producer<AudioEvent>,
    pub(crate) mailbox: Arc<RoutingCell>,
    pub(crate) meters: Arc<Meters>,
}

impl Bridge {
    /// Allocates all that it will ever use. `local_less`: there is no local party, so that the tick follows no sound card's or file's clock.
    pub(crate) fn new(
        rings: Rings,
        tones: Tones,
        file: Option<FileEnd>,
        voice: Option<Voice>,
        local_less: bool,
    ) -> Self {
        let mut legs = Vec::with_capacity(PORTS);
        legs.resize_with(PORTS, || None);
        Self {
            now: SampleTime(0),
            clock: TickClock::default(),
            phase: local_less.then(Phase::default),
            commands: rings.commands,
            returns: rings.returns,
            events: rings.events,
            mailbox: rings.mailbox,
            meters: rings.meters,
            routing: Box::new(PortRouting::new()),
            mixer: Box::new(Mixer::new()),
            legs,
            closing: Vec::with_capacity(PORTS),
            used: 1,
            sources: vec![Frame::SILENCE; PORTS],
            listeners: vec![Frame::SILENCE; PORTS],
            tones: Box::new(tones),
            file: file.map(Box::new),
            voice,
            unheard: Unheard::default(),
        }
    }

    /// One tick. `unix_ns`: the wall clock. `monotonic`: since the engine's start. `microphone`: the sound card's, where there
    /// is one. Returns what the local ear hears.
    pub(crate) fn tick(
        &mut self,
        unix_ns: i128,
        monotonic: Duration,
        microphone: Option<&Frame>,
    ) -> &Frame {
        let moment = Moment {
            now: self.now,
            late: self.clock.lateness(self.now, monotonic),
            unix_ns,
            millis: monotonic.as_millis() as u64,
        };
        self.take_commands();
        match (&mut self.file, microphone) {
            (Some(file), _) => file.speak(&mut self.sources[LOCAL], &mut self.returns),
            (None, Some(microphone)) => self.sources[LOCAL] = *microphone,
            (None, None) => self.sources[LOCAL] = Frame::SILENCE,
        }
        // While there is no call nothing is worked on.
        if let Some(voice) = self.voice.as_mut().filter(|_| self.used > LOCAL + 1) {
            voice.tick(&self.listeners[LOCAL], &mut self.sources[LOCAL]);
        }
        let local = self.routing.port(LOCAL);
        let stopped = local.hears && !local.speaks;
        if self.unheard.tick(stopped, &self.sources[LOCAL]) {
            // A full ring: the service has not read it for long.
            let _ = self.events.push(AudioEvent::Unheard);
        }
        let used = self.used;
        for (leg, source) in self.legs[..used].iter_mut().zip(&mut self.sources).skip(1) {
            match leg {
                Some(leg) => {
                    if let Some(digit) = leg.receive(moment, source) {
                        // A full ring: the service has not read it for long; the digit is lost.
                        let _ = self.events.push(AudioEvent::Dtmf(leg.key, digit));
                    }
                }
                None => *source = Frame::SILENCE,
            }
        }
        self.tones.fill(&self.routing, &self.sources[LOCAL]);
        let listeners = &mut self.listeners[..used];
        self.mixer.mix(
            &self.routing,
            &self.sources[..used],
            &self.tones.frames,
            listeners,
        );
        for (leg, listener) in self.legs[..used].iter_mut().zip(&self.listeners).skip(1) {
            if let Some(leg) = leg {
                leg.send(moment, listener);
            }
        }
        if self.meters.on.load(Relaxed) {
            self.meter();
        }
        if let Some(file) = &mut self.file {
            let (ear, spoken) = (&self.listeners[LOCAL], &self.sources[LOCAL]);
            file.record(ear, spoken, unix_ns, monotonic);
        }
        self.now += SampleTime::FRAME;
        &self.listeners[LOCAL]
    }

    /// How loud each party was in this tick, and what the local ear hears.
    fn meter(&self) {
        self.meters.microphone.hear(&self.sources[LOCAL]);
        self.meters.ear.hear(&self.listeners[LOCAL]);
        let legs = self.legs[..self.used].iter().zip(&self.sources);
        for (leg, source) in legs.filter_map(|(leg, source)| Some((leg.as_ref()?, source))) {
            leg.shared.meter.hear(source);
        }
    }

    /// There is no party to speak or hear, so that ticks may cease until there is a command. `local_rests`: nor is there a local one now.
    pub(crate) fn rests(&mut self, local_rests: bool) -> bool {
        let no_local = self.phase.is_some() || local_rests;
        let rests = no_local && self.used == LOCAL + 1 && self.commands.is_empty();
        if rests {
            self.clock.rested();
        }
        rests
    }

    /// How much earlier than planned the next tick is to be, in samples.
    pub(crate) fn advance(&mut self) -> u64 {
        let Some(phase) = &mut self.phase else {
            return 0;
        };
        let step = phase.advance(
            self.legs[..self.used]
                .iter()
                .flatten()
                .filter_map(|leg| leg.receive.spare()),
        );
        if step > 0 {
            self.legs[..self.used]
                .iter_mut()
                .flatten()
                .for_each(|leg| leg.receive.advance(step));
        }
        step
    }

    /// Takes commands and the latest routing. What they replace goes back; without room for that they wait.
    fn take_commands(&mut self) {
        self.retire();
        while self.returns.slots() > 1 {
            let Ok(command) = self.commands.pop() else {
                break;
            };
            if let Some(retired) = self.execute(command) {
                // There is room, as was asked just before; the value can't be lost here, or it would be freed.
                let _ = self.returns.push(retired);
            }
        }
        // Commands first: a routing that names a leg is stated after the leg was opened, and one without it before it
        // is closed, so that a slot is never heard in another's place.
        if self.returns.slots() > 0
            && let Some(routing) = self.mailbox.take()
        {
            let before = std::mem::replace(&mut self.routing, routing);
            let _ = self.returns.push(Retired::Routing(before));
        }
    }

    /// Gives back the legs that have faded out.
    fn retire(&mut self) {
        for (_, ticks) in &mut self.closing {
            *ticks = ticks.saturating_sub(1);
        }
        while self.returns.slots() > 1
            && let Some(index) = self.closing.iter().position(|(_, ticks)| *ticks == 0)
        {
            let (slot, _) = self.closing.swap_remove(index);
            if let Some(leg) = self.legs.get_mut(usize::from(slot)).and_then(Option::take) {
                let _ = self.returns.push(Retired::Leg { slot, leg });
            }
            self.used = 1 + self.legs.iter().rposition(Option::is_some).unwrap_or(LOCAL);
        }
    }

    fn execute(&mut self, command: Command) -> Option<Retired> {
        match command {
            Command::Open { slot, leg } => {
                let before = self.legs.get_mut(usize::from(slot))?.replace(leg);
                self.used = self.used.max(usize::from(slot) + 1);
                if let Some(phase) = &mut self.phase {
                    phase.opened();
                }
                before.map(|leg| Retired::Leg { slot, leg })
            }
            Command::Change { slot, mut change } => {
                if let Some(Some(leg)) = self.legs.get_mut(usize::from(slot)) {
                    leg.change(self.now, &mut change);
                }
                Some(Retired::Change(change))
            }
            Command::Close { slot } => {
                let leg = self.legs.get_mut(usize::from(slot))?.as_mut()?;
                // Each slot is closed once for each time that it was opened, so that the list never grows.
                if !leg.closed && self.closing.len() < self.closing.capacity() {
                    leg.closed = true;
                    self.closing.push((slot, FADE_TICKS));
                }
                None
            }
            Command::Dtmf { slot, event } => {
                if let Some(Some(leg)) = self.legs.get_mut(usize::from(slot)) {
                    leg.send.digit(event);
                }
                None
            }
            Command::Tones { slot, digit } => {
                if let Some(Some(leg)) = self.legs.get_mut(usize::from(slot)) {
                    leg.send.tones(digit);
                }
                None
            }
            Command::Say(utterance) => match &mut self.file {
                Some(file) => file.say(utterance).map(Retired::Say),
                None => Some(Retired::Say(utterance)),
            },
        }
    }
}

#[cfg(test)]
mod one_leg;
#[cfg(test)]
mod replacement;
