//! One turn of the loop: one thing happens, everything that follows from it is done, in order, and the desk is told.
use super::say::Reading;
use super::wire::Wire;
use super::{Running, Sources, sound};
use crate::net::{Connection, Look, Resolution, StreamEvent};
use crate::os::Wish;
use crate::records::Told;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use trialog_call::{Act, ActView, Input, LegId, MediaEvent, Notice, Time};
use trialog_desk::{CommandRequest, UnixTime};
use trialog_engine::{EngineError, EngineEvent};
use trialog_ua::{EndpointInput, EndpointOutput};

/// So many datagrams that wait are taken one after the other before anything else has its turn.
const BATCH: usize = 32;

/// Deadlines are kept this much late at most: those of thousands of calls come together then.
const COARSE: Duration = Duration::from_millis(5);

/// One thing that happens.
enum Happening {
    Datagram(usize, SocketAddr),
    Connection(Connection),
    Network(Look),
    Stream(StreamEvent),
    Resolved(Resolution),
    Command(CommandRequest),
    Sound(EngineEvent),
    /// A file that is to be said.
    Read(Reading),
    /// The store has something to say.
    Told(Told),
    Wish(Wish),
    /// A time that something waits for has come.
    Due,
}

impl Running {
    /// Turns until the end.
    pub(super) async fn go(&mut self, mut sources: Sources) {
        self.handle(EndpointInput::Register(None));
        for call in std::mem::take(&mut self.lost) {
            self.tell(&Notice::CallLost { call });
        }
        self.publish();
        loop {
            let happening = self.happening(&mut sources).await;
            self.turn(happening);
            let over = self.is_over();
            self.publish();
            if over {
                return;
            }
        }
    }

    async fn happening(&mut self, sources: &mut Sources) -> Happening {
        let due = self.due();
        tokio::select! {
            (length, remote) = self.wire.datagrams.next() => Happening::Datagram(length, remote),
            connection = self.wire.streams.accepted() => Happening::Connection(connection),
            Some(event) = sources.streams.recv() => Happening::Stream(event),
            Some(resolution) = sources.resolutions.recv() => Happening::Resolved(resolution),
            Some(request) = sources.commands.recv() => Happening::Command(request),
            Some(event) = sources.sounds.recv() => Happening::Sound(event),
            Some(reading) = sources.readings.recv() => Happening::Read(reading),
            Some(told) = sources.told.recv() => Happening::Told(told),
            look = sources.network.next() => Happening::Network(look),
            wish = sources.signals.next() => Happening::Wish(wish),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Happening::Due,
        }
    }

    /// When something is due that does not come by itself.
    fn due(&self) -> Option<Instant> {
        let digit = self.digit_due();
        let times: [Option<Time>; 4] = [
            self.endpoint.next_deadline(),
            self.ending.limit,
            digit,
            self.measure_due(),
        ];
        let time = times.into_iter().flatten().min();
        let coarse = |time: Time| {
            let steps = time.0.as_micros().div_ceil(COARSE.as_micros());
            COARSE.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
        };
        let due = time.map(|time| Instant::from_std(self.clock.instant(Time(coarse(time)))));
        // The desk says when the recordings began; the audio thread knows a moment after the start.
        let waiting = self.sound.is_recording() && self.identity.audio.started_unix_us.is_none();
        let soon = waiting.then(|| Instant::now() + Duration::from_millis(20));
        [due, soon].into_iter().flatten().min()
    }

    fn turn(&mut self, happening: Happening) {
        if self.endpoint.free_rtp_ports() == 0 {
            // Those of calls that are over may be free by now.
            self.fill_up();
        }
        match happening {
            Happening::Datagram(length, remote) => self.datagrams(length, remote),
            Happening::Connection(connection) => {
                let endpoint = &self.endpoint;
                let is_known = |ip| endpoint.knows(ip);
                self.wire.streams.take(connection, is_known);
            }
            Happening::Stream(event) => self.stream(event),
            Happening::Resolved(Resolution { id, peers }) => {
                let peers = &peers;
                self.step(EndpointInput::Resolved { id, peers });
            }
            Happening::Command(request) => self.handle_command(request),
            Happening::Read(reading) => self.say(reading),
            Happening::Told(told) => self.told(told),
            Happening::Sound(event) => self.heard(event),
            Happening::Network(look) => self.look_at_network(look),
            Happening::Wish(Wish::End) => self.terminate(),
            Happening::Wish(Wish::Reload) => self.reload(),
            Happening::Due => {
                let now = self.clock.now();
                if self.endpoint.next_deadline().is_some_and(|due| due <= now) {
                    self.handle(EndpointInput::Timeout);
                }
                self.digits_without_answer();
            }
        }
        self.fill_up();
        self.measure();
        self.tell_acd();
    }

    /// Binds RTP ports where there is room for more. Where the last one is gone, or the first one is there again, the core shows at
    /// once what can't be done, or can.
    fn fill_up(&mut self) {
        let had = self.endpoint.free_rtp_ports() > 0;
        let now = self.clock.now();
        self.sound.fill_up(now, &mut self.endpoint);
        if had != (self.endpoint.free_rtp_ports() > 0) {
            self.handle(EndpointInput::Timeout);
        }
    }

    /// One datagram, and those that wait behind it: asking for each of them anew would cost more than some take. Each is a
    /// turn of its own.
    fn datagrams(&mut self, length: usize, remote: SocketAddr) {
        self.datagram(length, remote);
        for _ in 1..BATCH {
            let Some((length, remote)) = self.wire.datagrams.next_waiting() else {
                return;
            };
            self.fill_up();
            self.publish();
            self.datagram(length, remote);
        }
    }

    fn datagram(&mut self, length: usize, remote: SocketAddr) {
        let source = self.wire.datagram(remote);
        // The datagram is copied because sending its answer needs the socket that it lies in.
        let message = self.wire.datagrams.read(length).to_vec();
        let at_us = self.clock.unix_us(self.clock.now());
        self.wire.received(&source, &message, at_us);
        let message = &message;
        self.step(EndpointInput::Wire { source, message });
        self.has_come(message);
    }

    fn stream(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Message {
                id,
                local,
                peer,
                bytes,
            } => {
                self.wire.streams.spoke(id);
                let source = Wire::stream(id, local, peer);
                let at_us = self.clock.unix_us(self.clock.now());
                self.wire.received(&source, &bytes, at_us);
                let message = &bytes;
                self.step(EndpointInput::Wire { source, message });
                self.has_come(message);
            }
            StreamEvent::Unreadable {
                id,
                local,
                peer,
                error,
            } => {
                let source = Wire::stream(id, local, peer);
                let error = &error;
                self.step(EndpointInput::Unreadable { source, error });
                self.wire.streams.over(id);
            }
            StreamEvent::Failed { id, peer, fault } => {
                self.wire.streams.over(id);
                self.handle(match fault {
                    Some(fault) => EndpointInput::NotSecured(peer, fault),
                    None => EndpointInput::TransportError(peer),
                });
            }
            StreamEvent::Closed { id } => {
                if let Some(peer) = self.wire.streams.over(id) {
                    self.handle(EndpointInput::StreamEnded(peer));
                }
            }
        }
    }

    /// The network may have changed, or the machine has slept: registrars and far sides are told where we are now, at once.
    fn look_at_network(&mut self, look: Look) {
        let seen = self.local.look();
        self.wire.own = self.local.own();
        let moved = !seen.moved.is_empty();
        for input in seen.moved {
            tracing::info!(?input, "this machine is reached by another address");
            self.handle(input);
        }
        // Who has moved has told everybody so.
        if look.slept || (seen.back && !moved) {
            tracing::info!("this machine is back in its network");
            self.handle(EndpointInput::RegisterAnew);
            if !moved {
                self.handle(EndpointInput::Core(Input::NetworkChanged));
            }
        }
    }

    /// The engine noticed something.
    fn heard(&mut self, event: EngineEvent) {
        let of = |key, event| Input::Media {
            leg: sound::leg(key),
            event,
        };
        let input = match event {
            EngineEvent::Silent(key) => of(key, MediaEvent::Silent),
            EngineEvent::Stopped(key) => of(key, MediaEvent::Stopped),
            EngineEvent::Heard(key) => of(key, MediaEvent::Heard),
            EngineEvent::Lost(key) => of(key, MediaEvent::Lost),
            EngineEvent::Dtmf(key, digit) => of(key, MediaEvent::Dtmf(digit)),
            EngineEvent::Unheard => return self.speaks_muted(),
            EngineEvent::Devices(devices) => return self.has_devices(*devices),
            EngineEvent::DeviceGone => Input::Device(false),
            EngineEvent::DeviceBack => Input::Device(true),
            EngineEvent::Error(error) => {
                tracing::error!(%error, "sound");
                return;
            }
        };
        self.handle(EndpointInput::Core(input));
    }

    /// The agent speaks and is not heard: told where the microphone is stopped by the agent, who may have forgotten it.
    fn speaks_muted(&mut self) {
        let calls = self.endpoint.snapshot(self.clock.now()).calls;
        let can_be_undone = |act: &ActView| act.act == Act::Unmute && act.refusal.is_none();
        let muted = calls
            .iter()
            .find(|call| call.muted && call.acts.iter().any(can_be_undone));
        if let Some(call) = muted {
            self.feed.notice(&Notice::SpeaksMuted { call: call.id });
        }
    }

    /// Hands something to core and user agent, and does all that follows from it.
    pub(super) fn handle(&mut self, input: EndpointInput<'static>) {
        self.step(input);
    }

    fn step(&mut self, input: EndpointInput<'_>) {
        let now = self.clock.now();
        self.changed |= matches!(input, EndpointInput::Core(Input::Presence(_)));
        self.endpoint.handle(now, input);
        self.carry_out(now);
        while let Some(input) = self.next.pop_front() {
            self.endpoint.handle(now, input);
            self.carry_out(now);
        }
        self.look_for_records(now);
        self.look_for_journal();
        self.tell_steps();
    }

    /// Does what was decided, in the order in which it was decided.
    fn carry_out(&mut self, now: Time) {
        while let Some(output) = self.endpoint.poll_output() {
            self.perform(now, output);
        }
    }

    fn perform(&mut self, now: Time, output: EndpointOutput) {
        match output {
            EndpointOutput::Transmit(transmit) => {
                let at_us = self.clock.unix_us(self.clock.now());
                self.know_call_of_unknown(now);
                let failed = self.wire.send(transmit, at_us);
                self.know_call_of_unknown(now);
                self.next.extend(failed);
            }
            EndpointOutput::AbandonStream(peer) => self.wire.streams.abandon(&peer),
            EndpointOutput::Resolve(question) => self.resolver.ask(question),
            EndpointOutput::RtpPortTaken { leg, port } => {
                self.changed = true;
                self.sound.taken(leg, port);
            }
            EndpointOutput::Offered { leg, payloads, to } => {
                let listening = self.sound.listen(leg, &payloads, to);
                self.with_sound(leg, listening);
            }
            EndpointOutput::Media {
                leg,
                session,
                early,
            } => {
                self.changed = true;
                if session.is_none() {
                    self.sound_over(leg);
                    self.digits_over(leg);
                }
                let agreed = self.sound.agreed(leg, session.as_deref(), early);
                self.with_sound(leg, agreed);
            }
            EndpointOutput::Routing(routing) => self.sound.route(&routing),
            EndpointOutput::Record(record) => self.record(record),
            EndpointOutput::Notice(notice) => self.tell(&notice),
            EndpointOutput::Refused(refusal) => self.verdict.refused = Some(refusal),
            EndpointOutput::Digit { leg, digit, step } => self.digit(leg, digit, step),
            EndpointOutput::Registration { account, state } => {
                self.ending.registration(account, &state);
                self.follow_address(account);
                self.registered(account, state);
            }
            EndpointOutput::Learnt(learnt) => self.learnt(learnt),
            EndpointOutput::ShortCallOver(over) => self.short_call_over(&over),
            EndpointOutput::Quit => self.ending.quit = true,
        }
        debug_assert!(now <= self.clock.now());
    }

    /// Tells the agent.
    fn tell(&mut self, notice: &Notice) {
        self.tell_notice(notice);
        self.changed = true;
        self.records.notice(notice);
        self.feed.notice(notice);
        self.keep_unread(notice);
    }

    /// A leg whose sound can't be set up is as good as lost: the core ends it.
    fn with_sound(&mut self, leg: LegId, set_up: Result<(), EngineError>) {
        let Err(error) = set_up else {
            return;
        };
        tracing::error!(%error, leg = trialog_desk::names::leg(leg), "no sound for this leg");
        self.next.push_back(EndpointInput::Core(Input::Media {
            leg,
            event: MediaEvent::Lost,
        }));
    }

    /// States the phone to the desk as it is now, where a client follows it.
    pub(super) fn publish(&mut self) {
        if self.identity.audio.started_unix_us.is_none()
            && let Some(started) = self.sound.recording_started()
        {
            Arc::make_mut(&mut self.identity).audio.started_unix_us = Some(started);
        }
        if self.feed.is_watched() {
            let now = self.clock.now();
            let at = UnixTime(self.clock.unix_us(now) / 1_000);
            self.feed
                .publish(at, self.endpoint.snapshot(now), &self.identity);
        }
    }
}
