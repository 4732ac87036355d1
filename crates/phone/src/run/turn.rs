//! One turn of the loop: one thing happens, everything that follows from it is done, in order, and the desk is told.
use super::say::Reading;
use super::wire::Wire;
use super::{Running, Sources, sound};
use crate::net::{Question, Resolution, StreamEvent};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use trialog_call::{Input, LegId, MediaEvent, Time};
use trialog_desk::{CommandRequest, UnixTime};
use trialog_engine::EngineEvent;
use trialog_ua::{EndpointInput, EndpointOutput};

/// So many datagrams that wait are taken one after the other before anything else has its turn.
const BATCH: usize = 32;

/// Deadlines are kept this much late at most: those of thousands of calls come together then.
const COARSE: Duration = Duration::from_millis(5);

/// One thing that happens.
enum Happening {
    Datagram(usize, SocketAddr),
    Connection(TcpStream, SocketAddr),
    Stream(StreamEvent),
    Resolved(Resolution),
    Command(CommandRequest),
    Sound(EngineEvent),
    /// A file that is to be said.
    Read(Reading),
    Signal,
    /// A time that something waits for has come.
    Due,
}

impl Running {
    /// Turns until the end.
    pub(super) async fn go(&mut self, mut sources: Sources) {
        self.handle(EndpointInput::Register);
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
            (stream, remote) = self.wire.streams.accepted() => Happening::Connection(stream, remote),
            Some(event) = sources.streams.recv() => Happening::Stream(event),
            Some(resolution) = sources.resolutions.recv() => Happening::Resolved(resolution),
            Some(request) = sources.commands.recv() => Happening::Command(request),
            Some(event) = sources.sounds.recv() => Happening::Sound(event),
            Some(reading) = sources.readings.recv() => Happening::Read(reading),
            () = sources.signals.next() => Happening::Signal,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Happening::Due,
        }
    }

    /// When something is due that does not come by itself.
    fn due(&self) -> Option<Instant> {
        let times: [Option<Time>; 2] = [self.endpoint.next_deadline(), self.ending.limit];
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
        match happening {
            Happening::Datagram(length, remote) => self.datagrams(length, remote),
            Happening::Connection(stream, remote) => self.wire.streams.take(stream, remote),
            Happening::Stream(event) => self.stream(event),
            Happening::Resolved(Resolution { id, addresses }) => {
                let addresses = &addresses;
                self.step(EndpointInput::Resolved { id, addresses });
            }
            Happening::Command(request) => self.handle_command(request),
            Happening::Read(reading) => self.say(reading),
            Happening::Sound(event) => self.heard(event),
            Happening::Signal => self.terminate(),
            Happening::Due => {
                let now = self.clock.now();
                if self.endpoint.next_deadline().is_some_and(|due| due <= now) {
                    self.handle(EndpointInput::Timeout);
                }
            }
        }
        self.stock_up();
    }

    fn stock_up(&mut self) {
        if let Err(error) = self.sound.stock_up(&mut self.endpoint) {
            tracing::error!(%error, "no ports for RTP are left; see the key media.rtp_ports");
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
            self.stock_up();
            self.publish();
            self.datagram(length, remote);
        }
    }

    fn datagram(&mut self, length: usize, remote: SocketAddr) {
        let source = self.wire.datagram(remote);
        // The datagram is copied because sending its answer needs the socket that it lies in.
        let message = self.wire.datagrams.read(length).to_vec();
        let at_us = self.clock.unix_us(self.clock.now());
        self.wire.received(source, &message, at_us);
        let message = &message;
        self.step(EndpointInput::Wire { source, message });
    }

    fn stream(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Message {
                id,
                local,
                remote,
                bytes,
            } => {
                let source = Wire::stream(id, local, remote);
                let at_us = self.clock.unix_us(self.clock.now());
                self.wire.received(source, &bytes, at_us);
                let message = &bytes;
                self.step(EndpointInput::Wire { source, message });
            }
            StreamEvent::Failed { id, remote } => {
                self.wire.streams.over(id);
                self.handle(EndpointInput::TransportError {
                    transport: trialog_ua::Transport::Tcp,
                    destination: remote,
                });
            }
            StreamEvent::Closed { id } => self.wire.streams.over(id),
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
            EngineEvent::Heard(key) => of(key, MediaEvent::Heard),
            EngineEvent::Lost(key) => of(key, MediaEvent::Lost),
            EngineEvent::Dtmf(key, digit) => of(key, MediaEvent::Dtmf(digit)),
            EngineEvent::DeviceGone => Input::Device(false),
            EngineEvent::DeviceBack => Input::Device(true),
            EngineEvent::Error(error) => {
                tracing::error!(%error, "sound");
                return;
            }
        };
        self.handle(EndpointInput::Core(input));
    }

    /// Hands something to core and user agent, and does all that follows from it.
    pub(super) fn handle(&mut self, input: EndpointInput<'static>) {
        self.step(input);
    }

    fn step(&mut self, input: EndpointInput<'_>) {
        let now = self.clock.now();
        self.endpoint.handle(now, input);
        self.carry_out(now);
        while let Some(input) = self.next.pop_front() {
            self.endpoint.handle(now, input);
            self.carry_out(now);
        }
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
                let failed = self.wire.send(transmit, at_us);
                self.next.extend(failed);
            }
            EndpointOutput::Resolve {
                id,
                host,
                port,
                transport,
            } => self.resolver.ask(Question {
                id,
                host,
                port,
                transport,
            }),
            EndpointOutput::MediaTaken { leg, address } => self.sound.taken(leg, address),
            EndpointOutput::Media { leg, session } => {
                if let Err(error) = self.sound.agreed(leg, session.as_deref()) {
                    self.without_sound(leg, &error);
                }
            }
            EndpointOutput::Routing(routing) => self.sound.route(&routing),
            EndpointOutput::Record(record) => {
                self.feed.record(&record);
                // What is recorded is kept before anything that follows from it leaves the machine.
                if let trialog_call::CallRecord::Began { call, .. } = &record {
                    self.verdict.began = Some(*call);
                }
                if let Err(error) = self.records.append(&record) {
                    let path = self.records.path().display();
                    tracing::error!(%path, %error, ?record, "a record could not be kept");
                }
            }
            EndpointOutput::Notice(notice) => {
                let text = trialog_desk::messages::notice(&notice).en;
                tracing::info!("{text}");
                self.feed.notice(&notice);
            }
            EndpointOutput::Refused(refusal) => self.verdict.refused = Some(refusal),
            EndpointOutput::Dtmf { leg, digit } => {
                if let Err(error) = self.sound.dtmf(leg, digit) {
                    tracing::warn!(%error, "the digit was not sent");
                }
            }
            EndpointOutput::Registration { account, state } => {
                self.ending.registration(account, &state);
                self.registered(account, state);
            }
            EndpointOutput::Quit => self.ending.quit = true,
        }
        debug_assert!(now <= self.clock.now());
    }

    /// A leg whose sound can't be set up is as good as lost: the core ends it.
    fn without_sound(&mut self, leg: LegId, error: &trialog_engine::EngineError) {
        tracing::error!(%error, leg = trialog_desk::names::leg(leg), "no sound for this leg");
        self.next.push_back(EndpointInput::Core(Input::Media {
            leg,
            event: MediaEvent::Lost,
        }));
    }

    /// States the phone to the desk as it is now, where somebody follows it.
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
