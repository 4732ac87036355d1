//! The thread that looks after the devices.
use super::cpal_system::CpalSystem;
use super::slot::{Slot, Step, Stream};
use super::{Direction, Listed, Listing, Need, Note, Parts, SoundSystem};
use crate::card::{Bell, Capture, Playback, StreamState};
use crate::microphone::{CAPTURE_RING, Microphone, MicrophoneHandover};
use crate::os;
use crate::tick_driver::TickDriver;
use crate::{DeviceNames, Devices, EngineEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use trialog_dsp::Country;

/// How often what is missing is looked for, and a system is asked that tells nothing.
const AGAIN: Duration = Duration::from_secs(1);

/// How often open streams are looked after.
const LOOK: Duration = Duration::from_millis(50);

/// And those that are just being opened.
const SOON: Duration = Duration::from_millis(5);

/// Nothing is due, for so long at least.
const LATER: Duration = Duration::from_secs(600);

/// So long streams stay open when nothing needs them any more: the next ring may follow at once.
const LINGER: Duration = Duration::from_millis(500);

/// A microphone that is open, and what is handed to the tick when it is ready.
type MicrophoneStream = Option<Box<Microphone>>;

pub(super) struct Keeper {
    names: DeviceNames,
    country: Country,
    driver: Arc<TickDriver>,
    microphones: MicrophoneHandover,
    events: Sender<EngineEvent>,
    notes: Sender<Note>,
    rings_apart: Arc<AtomicBool>,
    need: Need,
    /// When nothing was needed any more.
    unneeded: Option<Instant>,
    system: Option<Box<dyn SoundSystem>>,
    listing: Listing,
    /// The listing is to be asked for anew.
    stale: bool,
    asked: Option<Instant>,
    no_system: String,
    microphone: Slot<MicrophoneStream>,
    /// By the number among those that drive.
    ear: Slot<u64>,
    bell: Slot<()>,
    numbers: u64,
    told: Option<Devices>,
    there: bool,
}

impl Keeper {
    pub(super) fn new(parts: Parts, notes: Sender<Note>, rings_apart: Arc<AtomicBool>) -> Self {
        Self {
            names: parts.names,
            country: parts.country,
            driver: parts.driver,
            microphones: parts.microphones,
            events: parts.events,
            notes,
            rings_apart,
            need: Need::default(),
            unneeded: None,
            system: None,
            listing: Listing::default(),
            stale: true,
            asked: None,
            no_system: String::new(),
            microphone: Slot::default(),
            ear: Slot::default(),
            bell: Slot::default(),
            numbers: 0,
            told: None,
            there: true,
        }
    }

    /// Until it is told to stop. Says by `looked` when it has looked for the first time.
    pub(super) fn run(mut self, inbox: &Receiver<Note>, looked: &Sender<()>) {
        loop {
            self.look(Instant::now());
            let _ = looked.send(());
            let first = inbox.recv_timeout(self.pause());
            let note = match first {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for note in note.into_iter().chain(inbox.try_iter()) {
                if matches!(note, Note::Stop) {
                    return self.close();
                }
                self.take(note);
            }
        }
        self.close();
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Need(need) => {
                self.need = need;
                self.unneeded = (need == Need::default()).then(Instant::now);
            }
            Note::Choose(names) => self.names = names,
            Note::Changed => self.stale = true,
            Note::Lost => {
                self.system = None;
                self.asked = Some(Instant::now());
                self.listing = Listing::default();
                "the sound server is gone".clone_into(&mut self.no_system);
            }
            Note::Stop => {}
        }
    }

    fn close(mut self) {
        self.need = Need::default();
        self.unneeded = None;
        self.serve(Instant::now());
    }

    /// When it is to look again by itself.
    fn pause(&self) -> Duration {
        let unsettled =
            self.microphone.is_unsettled() || self.ear.is_unsettled() || self.bell.is_unsettled();
        if unsettled {
            return SOON;
        }
        let open = self.microphone.is_open() || self.ear.is_open() || self.bell.is_open();
        if open || self.unneeded.is_some() {
            return LOOK;
        }
        let told = self.told.as_ref();
        let whole = told.is_some_and(|told| told.is_whole());
        let tells = self.system.as_ref().is_some_and(|system| system.tells());
        if whole && tells { LATER } else { AGAIN }
    }

    /// Everything is brought to what is needed and what is there, and told.
    fn look(&mut self, now: Instant) {
        self.ask(now);
        self.serve(now);
        self.tell();
    }

    /// What devices are there.
    fn ask(&mut self, now: Instant) {
        let due = |asked: Option<Instant>| {
            asked.is_none_or(|at| now.saturating_duration_since(at) >= AGAIN)
        };
        let tells = self.system.as_ref().is_some_and(|system| system.tells());
        if !tells && due(self.asked) {
            self.asked = Some(now);
            self.stale = true;
            // A sound server is better than none, also when it comes later.
            match reach(&self.notes) {
                Ok(system) if system.tells() || self.system.is_none() => {
                    self.system = Some(system);
                }
                Ok(_) => {}
                Err(why) => self.no_system = why,
            }
        }
        let Some(system) = &mut self.system else {
            return;
        };
        let told = self.told.as_ref();
        // Whole and told of by the system itself: nothing is missed.
        let look_for = !system.tells() || !told.is_some_and(|told| told.is_whole());
        let is_due = look_for && due(self.asked);
        if !self.stale && !is_due {
            return;
        }
        self.asked = Some(now);
        self.stale = false;
        match system.devices() {
            Ok(listing) if system.tells() => self.listing = listing,
            Ok(listing) => self.listing = self.with_open_ones(listing),
            Err(why) => {
                self.system = None;
                self.listing = Listing::default();
                self.no_system = why;
            }
        }
    }

    /// A sound library lists by trying, and what is open may be busy for it: that is there until its stream fails.
    fn with_open_ones(&self, mut listing: Listing) -> Listing {
        let keep = |all: &mut Vec<Listed>,
                    default: &mut Option<String>,
                    before: Option<&str>,
                    open: Option<&Listed>| {
            let Some(open) = open else { return };
            if !all.iter().any(|device| device.id == open.id) {
                all.push(open.clone());
            }
            if default.is_none() && before == Some(&open.id) {
                *default = Some(open.id.clone());
            }
        };
        keep(
            &mut listing.capture,
            &mut listing.default_capture,
            self.listing.default_capture.as_deref(),
            self.microphone.now.as_ref().map(|stream| &stream.device),
        );
        keep(
            &mut listing.playback,
            &mut listing.default_playback,
            self.listing.default_playback.as_deref(),
            self.ear.now.as_ref().map(|stream| &stream.device),
        );
        listing
    }

    /// Opens and closes what is to be.
    fn serve(&mut self, now: Instant) {
        let lingers = self
            .unneeded
            .is_some_and(|since| now.saturating_duration_since(since) < LINGER);
        if !lingers {
            self.unneeded = None;
        }
        let call = self.need.call || lingers;
        let driver = Arc::clone(&self.driver);
        let find = |listing: &Listing, direction, name: Option<&str>| -> Option<Listed> {
            listing.find(direction, name).ok().cloned()
        };

        let wanted = find(
            &self.listing,
            Direction::Capture,
            self.names.microphone.as_deref(),
        );
        let had = self.microphone.now.is_some();
        let step = self
            .microphone
            .clear(wanted.as_ref().filter(|_| call), now, |_| {});
        if had && self.microphone.now.is_none() {
            let _ = self.microphones.give(None);
        }
        if let (Step::Open, Some(wanted)) = (step, wanted) {
            self.open_microphone(wanted, now);
        }
        self.hand_microphone_over();

        let wanted = find(
            &self.listing,
            Direction::Playback,
            self.names.ear.as_deref(),
        );
        let step = self
            .ear
            .clear(wanted.as_ref().filter(|_| call), now, |number| {
                driver.release(*number);
            });
        if let (Step::Open, Some(wanted)) = (step, wanted) {
            self.open_ear(wanted, now);
        }
        if self.ear.next.is_none()
            && let Some(now) = &self.ear.now
        {
            driver.choose(now.own);
        }
        let takes_over = self.ear.next.as_ref().is_some_and(|next| {
            driver.driving() == next.own || (self.ear.now.is_none() && next.runs())
        });
        if takes_over {
            self.ear.promote();
        }

        let bell = self.names.ring.as_deref();
        let wanted = bell.and_then(|name| find(&self.listing, Direction::Playback, Some(name)));
        self.rings_apart.store(
            wanted.is_some() && self.bell.why().is_none(),
            Ordering::Release,
        );
        let step = self
            .bell
            .clear(wanted.as_ref().filter(|_| self.need.ring), now, |()| {});
        if let (Step::Open, Some(wanted)) = (step, wanted) {
            self.open_bell(wanted, now);
        }
        self.bell.promote();
        let open = self.ear.is_open() || self.microphone.is_open();
        self.driver.rest_local(!open && !call);
    }

    fn open_microphone(&mut self, device: Listed, now: Instant) {
        let Some(system) = &mut self.system else {
            return;
        };
        let state = Arc::new(StreamState::default());
        let (filled, captured) = rtrb::RingBuffer::new(CAPTURE_RING);
        let side = Capture::new(filled, Arc::clone(&self.driver), Arc::clone(&state));
        match system.capture(&device, side, Arc::clone(&state)) {
            Ok(opened) => {
                let microphone = Some(Box::new(Microphone::new(captured)));
                self.microphone.next = Some(Stream::new(device, opened, state, microphone));
            }
            Err(why) => self.microphone.fail(now, why),
        }
    }

    /// The tick takes the microphone that has been opened, as soon as there is enough of it to begin without a hole.
    fn hand_microphone_over(&mut self) {
        let Some(next) = &mut self.microphone.next else {
            return;
        };
        if let Some(microphone) = next.own.take_if(|microphone| microphone.is_ready()) {
            match self.microphones.give(Some(microphone)) {
                Ok(()) => self.microphone.promote(),
                Err(back) => next.own = back,
            }
        }
    }

    fn open_ear(&mut self, device: Listed, now: Instant) {
        let Some(system) = &mut self.system else {
            return;
        };
        self.numbers += 1;
        let number = self.numbers;
        let state = Arc::new(StreamState::default());
        let side = Playback::new(Arc::clone(&self.driver), number, Arc::clone(&state));
        match system.play(&device, side, Arc::clone(&state)) {
            Ok(opened) => {
                self.driver.choose(number);
                self.ear.next = Some(Stream::new(device, opened, state, number));
            }
            Err(why) => self.ear.fail(now, why),
        }
    }

    fn open_bell(&mut self, device: Listed, now: Instant) {
        let Some(system) = &mut self.system else {
            return;
        };
        let state = Arc::new(StreamState::default());
        let side = Bell::new(self.country, Arc::clone(&state));
        match system.ring(&device, side, Arc::clone(&state)) {
            Ok(opened) => self.bell.next = Some(Stream::new(device, opened, state, ())),
            Err(why) => self.bell.fail(now, why),
        }
    }

    /// What has changed is told.
    fn tell(&mut self) {
        let now = self.state();
        if self.told.as_ref() == Some(&now) {
            return;
        }
        let there = now.is_there();
        self.told = Some(now.clone());
        let _ = self.events.send(EngineEvent::Devices(Box::new(now)));
        if there != self.there {
            self.there = there;
            let _ = self.events.send(if there {
                EngineEvent::DeviceBack
            } else {
                EngineEvent::DeviceGone
            });
        }
    }

    fn state(&self) -> Devices {
        let place = |direction, name: Option<&str>, why: Option<&str>| {
            if let Some(why) = why {
                return (None, Some(why.to_owned()));
            }
            match self.listing.find(direction, name) {
                Ok(found) => (Some(found.name.clone()), None),
                Err(_) if self.system.is_none() => (None, Some(self.no_system.clone())),
                Err(why) => (None, Some(why)),
            }
        };
        let names = &self.names;
        let (microphone, no_microphone) = place(
            Direction::Capture,
            names.microphone.as_deref(),
            self.microphone.why(),
        );
        let (ear, no_ear) = place(Direction::Playback, names.ear.as_deref(), self.ear.why());
        let (ring, no_ring) = match &names.ring {
            Some(name) => place(Direction::Playback, Some(name), self.bell.why()),
            None => (None, None),
        };
        Devices {
            asked: names.clone(),
            microphone,
            no_microphone,
            ear,
            no_ear,
            ring,
            no_ring,
            open: self.microphone.is_open() || self.ear.is_open(),
            known: self.listing.known(),
        }
    }
}

/// The sound server where one runs that tells what comes and goes, else what the sound library finds.
pub(super) fn reach(notes: &Sender<Note>) -> Result<Box<dyn SoundSystem>, String> {
    os::sound_server(notes).unwrap_or_else(|| Ok(Box::new(CpalSystem::new())))
}
