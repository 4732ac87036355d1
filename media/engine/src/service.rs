//! The control side's own thread: RTCP, legs that are silent or lost, digits, and freeing what the audio thread gave back.
use crate::bridge::LOCAL;
use crate::handover::{AudioEvent, Retired};
use crate::member::{Expected, Member, Watch};
use crate::os::Readiness;
use crate::tick_driver::TickDriver;
use crate::{EngineEvent, LegStats, MAX_LEGS, Options, Srtp};
use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{self, Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often it looks around.
const TURN: Duration = Duration::from_millis(20);

/// And how often while there is no leg to look after.
const REST: Duration = Duration::from_secs(1);

/// What control tells the service.
pub(crate) enum ServiceCommand {
    Open {
        key: u64,
        rtcp: UdpSocket,
        leg: Watch,
    },
    Change {
        key: u64,
        watch: Expected,
        srtp: Option<Srtp>,
    },
    Close {
        key: u64,
    },
    Stop,
}

/// The slots that are taken, by number; slot 0 is the local party's.
pub(crate) type Slots = [AtomicBool; MAX_LEGS + 1];

/// All that the thread needs.
pub(crate) struct Service {
    pub(crate) commands: Receiver<ServiceCommand>,
    pub(crate) events: Sender<EngineEvent>,
    pub(crate) returns: rtrb::Consumer<Retired>,
    pub(crate) audio: rtrb::Consumer<AudioEvent>,
    pub(crate) driver: Arc<TickDriver>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) stats: Arc<Mutex<Vec<LegStats>>>,
    pub(crate) options: Options,
}

impl Service {
    /// Until it is told to stop or control is gone.
    pub(crate) fn run(mut self) {
        let mut members: BTreeMap<u64, Member> = BTreeMap::new();
        // So that the silent sockets, and there may be thousands, cost nothing. Without it all are asked every time.
        let mut readiness = Readiness::new().ok();
        'turns: loop {
            let rests = members.is_empty() && self.has_no_leg();
            let mut command = if rests {
                self.commands.recv_timeout(REST)
            } else {
                // Commands wait for the turn: being woken for each of them would cost more than most take.
                std::thread::sleep(TURN);
                self.next_command()
            };
            let now = self.driver.millis();
            loop {
                match command {
                    Ok(ServiceCommand::Open { key, rtcp, leg }) => {
                        if readiness
                            .as_mut()
                            .is_some_and(|all| all.add(key, &rtcp).is_err())
                        {
                            readiness = None;
                        }
                        members.insert(key, Member::new(rtcp, leg, now));
                    }
                    Ok(ServiceCommand::Change { key, watch, srtp }) => {
                        if let Some(member) = members.get_mut(&key) {
                            member.change(watch, srtp, now);
                        }
                    }
                    Ok(ServiceCommand::Close { key }) => {
                        if let Some(readiness) = &mut readiness {
                            readiness.remove(key);
                        }
                        if let Some(mut member) = members.remove(&key) {
                            member.leave(&self.options.cname);
                        }
                    }
                    Ok(ServiceCommand::Stop) | Err(RecvTimeoutError::Disconnected) => break 'turns,
                    Err(RecvTimeoutError::Timeout) => break,
                }
                command = self.next_command();
            }
            self.collect();
            match &mut readiness {
                Some(readiness) => {
                    readiness.wait(Duration::ZERO, |key| {
                        if let Some(member) = members.get_mut(&key) {
                            member.hear(now);
                        }
                    });
                }
                None => members.values_mut().for_each(|member| member.hear(now)),
            }
            for (key, member) in &mut members {
                member.judge(*key, now, &self.options, &self.events);
                if now >= member.next_report {
                    member.report(now, &self.options.cname);
                }
            }
            if let Ok(mut stats) = self.stats.lock() {
                stats.clear();
                stats.extend(members.iter().map(|(key, member)| member.stats(*key)));
            }
        }
        for mut member in members.into_values() {
            member.leave(&self.options.cname);
        }
        self.collect();
    }

    /// A command that waits; else a time-out of none at all.
    fn next_command(&self) -> Result<ServiceCommand, RecvTimeoutError> {
        self.commands.try_recv().map_err(|error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// The audio thread has no leg, and none to give back.
    fn has_no_leg(&self) -> bool {
        let mut legs = self.slots.iter().skip(LOCAL + 1);
        !legs.any(|slot| slot.load(Relaxed))
    }

    /// Tells what the audio thread noticed, frees what it gave back.
    fn collect(&mut self) {
        while let Ok(noticed) = self.audio.pop() {
            // Without a receiver the engine is being shut down.
            let _ = self.events.send(match noticed {
                AudioEvent::Dtmf(key, digit) => EngineEvent::Dtmf(key, digit),
                AudioEvent::Unheard => EngineEvent::Unheard,
            });
        }
        while let Ok(retired) = self.returns.pop() {
            let slot = if let Retired::Leg { slot, .. } = &retired {
                Some(usize::from(*slot))
            } else {
                None
            };
            drop(retired);
            if let Some(taken) = slot.and_then(|slot| self.slots.get(slot)) {
                taken.store(false, Ordering::Release);
            }
        }
    }
}
