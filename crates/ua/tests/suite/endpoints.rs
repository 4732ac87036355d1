//! Core and user agent together: three endpoints through a conference and a transfer, and the pool of RTP ports.
use crate::support::{addr, config, target};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    Act, CallId, Input, LegId, MediaEvent, Notice, Policy, Refusal, Role, Stage, Target, Time,
};
use trialog_sdp::Negotiated;
use trialog_ua::{Endpoint, EndpointInput, EndpointOutput, Peer, ShortCallOver, Source, Transport};

pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) endpoints: Vec<Endpoint>,
    flying: BTreeMap<(Time, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    media: Vec<HashMap<LegId, Negotiated>>,
    taken: Vec<HashMap<LegId, u16>>,
    notices: Vec<Vec<Notice>>,
    refused: Vec<Vec<Refusal>>,
    short_calls: Vec<ShortCallOver>,
    /// All that was sent.
    pub(crate) seen: Vec<(SocketAddr, SocketAddr, String)>,
    /// A phone that answers nothing: what comes to it is only seen.
    pub(crate) deaf: Option<usize>,
}

impl World {
    pub(crate) fn new() -> Self {
        let endpoints = (0..3)
            .map(|index| {
                let mut config = config(index);
                config.agent = index > 0;
                config.trusted = trialog_ua::Net::new(addr(0).ip(), 24).into_iter().collect();
                let policy = Policy {
                    agent: index > 0,
                    ..Policy::default()
                };
                let mut endpoint = Endpoint::new(policy, config, [index as u8 + 9; 32]);
                for port in 0..8 {
                    endpoint.offer_rtp_port(20_000 + 2 * port);
                }
                endpoint
            })
            .collect();
        Self {
            now: Time(Duration::from_secs(1)),
            endpoints,
            flying: BTreeMap::new(),
            count: 0,
            media: vec![HashMap::new(); 3],
            taken: vec![HashMap::new(); 3],
            notices: vec![Vec::new(); 3],
            refused: vec![Vec::new(); 3],
            short_calls: Vec::new(),
            seen: Vec::new(),
            deaf: None,
        }
    }

    pub(crate) fn feed(&mut self, index: usize, input: EndpointInput<'_>) {
        let now = self.now;
        self.endpoints[index].handle(now, input);
        let mut heard = Vec::new();
        while let Some(output) = self.endpoints[index].poll_output() {
            match output {
                EndpointOutput::Transmit(transmit) => {
                    self.count += 1;
                    let at = now + Duration::from_millis(5);
                    let packet = (addr(index), transmit.peer.address, transmit.bytes);
                    let text = String::from_utf8_lossy(&packet.2).into_owned();
                    self.seen.push((packet.0, packet.1, text));
                    self.flying.insert((at, self.count), packet);
                }
                EndpointOutput::Media { leg, session, .. } => match session {
                    Some(session) => {
                        assert!(self.taken[index].contains_key(&leg));
                        if self.media[index].insert(leg, *session).is_none() {
                            heard.push(leg);
                        }
                    }
                    None => {
                        self.media[index].remove(&leg);
                        self.taken[index].remove(&leg);
                    }
                },
                EndpointOutput::RtpPortTaken { leg, port } => {
                    assert!(self.taken[index].insert(leg, port).is_none());
                }
                EndpointOutput::Notice(notice) => self.notices[index].push(notice),
                EndpointOutput::Refused(refusal) => self.refused[index].push(refusal),
                EndpointOutput::ShortCallOver(over) => self.short_calls.push(over),
                _ => {}
            }
        }
        for leg in heard {
            // Sound comes at once.
            let event = MediaEvent::Heard;
            self.feed(index, EndpointInput::Core(Input::Media { leg, event }));
        }
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let packet = self.flying.keys().next().map(|(at, _)| *at);
            let alarm = (0..3)
                .filter_map(|index| Some((self.endpoints[index].next_deadline()?, index)))
                .min();
            match (packet, alarm) {
                (Some(at), _) if at <= until && alarm.is_none_or(|(alarm, _)| at <= alarm) => {
                    self.now = self.now.max(at);
                    let (_, (from, to, bytes)) = self.flying.pop_first().expect("a packet");
                    let there = (0..3).find(|index| addr(*index) == to);
                    if let Some(index) = there.filter(|index| self.deaf != Some(*index)) {
                        let source = Source {
                            peer: Peer::at(Transport::Udp, from),
                            local: to,
                            connection: None,
                        };
                        let message = &bytes;
                        self.feed(index, EndpointInput::Wire { source, message });
                    }
                }
                (_, Some((at, index))) if at <= until => {
                    self.now = self.now.max(at);
                    self.feed(index, EndpointInput::Timeout);
                }
                _ => break,
            }
        }
        self.now = until;
    }

    pub(crate) fn act(&mut self, index: usize, act: Act) {
        let call = self.call(index).expect("a call").0;
        self.feed(index, EndpointInput::Core(Input::Act { call, act }));
        assert_eq!(self.refused[index], [], "phone {index}");
        self.run(Duration::from_millis(300));
    }

    fn call(&self, index: usize) -> Option<(CallId, Role, Stage)> {
        let snapshot = self.endpoints[index].snapshot(self.now);
        snapshot
            .calls
            .first()
            .map(|call| (call.id, call.role, call.stage))
    }

    pub(crate) fn is(&self, index: usize, role: Role, stage: Stage) {
        let call = self.call(index).map(|(_, role, stage)| (role, stage));
        assert_eq!(
            call,
            Some((role, stage)),
            "phone {index}: {:?}",
            self.notices
        );
    }

    pub(crate) fn conference(&mut self) {
        let target = Target(format!("{}:5060", target(1).0));
        let account = trialog_call::AccountId(0);
        self.feed(0, EndpointInput::Core(Input::Dial { account, target }));
        self.run(Duration::from_millis(300));
        self.act(1, Act::Answer);
        self.act(1, Act::Consult(crate::support::target(2)));
        self.is(1, Role::Owner, Stage::ConsultRequested);
        self.act(2, Act::Answer);
        self.is(1, Role::Owner, Stage::Consulting);
        self.act(1, Act::Swap);
        self.is(1, Role::Owner, Stage::Swapped);
        self.act(1, Act::Conference);
        self.is(1, Role::Owner, Stage::Conference);
        self.is(2, Role::Guest, Stage::Conference);
    }

    pub(crate) fn settle(&mut self) {
        self.run(Duration::from_secs(200));
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            assert!(
                endpoint.agent().is_idle(),
                "{index}: {:?}",
                endpoint.agent().counts()
            );
            assert!(self.media[index].is_empty() && self.taken[index].is_empty());
        }
    }
}

#[test]
fn a_conference_is_handed_over_and_ended_by_the_customer() {
    let mut world = World::new();
    world.conference();
    assert_eq!(world.media[1].len(), 2);
    world.act(1, Act::Transfer(None));
    world.is(1, Role::Owner, Stage::TransferPending);
    world.act(2, Act::Accept);
    world.run(Duration::from_secs(2));
    world.is(2, Role::Owner, Stage::Connected);
    assert!(
        world.notices[1]
            .iter()
            .any(|notice| matches!(notice, Notice::Transferred { .. }))
    );
    assert_eq!(world.media[1].len(), 0, "the first owner is out");
    assert_eq!(world.media[0].len(), 1);
    world.act(0, Act::End);
    world.run(Duration::from_secs(1));
    assert_eq!((world.media[0].len(), world.media[2].len()), (0, 0));
    world.settle();
}

#[test]
fn a_guest_exits_and_the_owner_ends() {
    let mut world = World::new();
    world.conference();
    world.act(2, Act::Exit);
    world.is(1, Role::Owner, Stage::Connected);
    assert_eq!(world.media[2].len(), 0);
    world.act(1, Act::End);
    world.settle();
}

#[test]
fn a_declined_transfer_leaves_the_conference_as_it_was() {
    let mut world = World::new();
    world.conference();
    world.act(1, Act::Transfer(None));
    world.act(2, Act::Decline);
    world.is(1, Role::Owner, Stage::Conference);
    assert!(
        world.notices[1]
            .iter()
            .any(|notice| matches!(notice, Notice::TransferDeclined { .. }))
    );
    world.act(1, Act::End);
    world.settle();
}

#[test]
fn a_withdrawn_transfer_leaves_the_conference_as_it_was() {
    let mut world = World::new();
    world.conference();
    world.act(1, Act::Transfer(None));
    world.act(1, Act::Withdraw);
    world.is(1, Role::Owner, Stage::Conference);
    world.is(2, Role::Guest, Stage::Conference);
    world.act(1, Act::End);
    world.settle();
}

#[test]
fn without_a_free_rtp_port_no_call_rings_and_none_is_placed() {
    let mut world = World::new();
    world.endpoints[1] = Endpoint::new(Policy::default(), config(1), [7; 32]);
    let dial = |to| {
        let account = trialog_call::AccountId(0);
        let target = target(to);
        EndpointInput::Core(Input::Dial { account, target })
    };
    world.feed(0, dial(1));
    world.run(Duration::from_millis(300));
    assert_eq!((world.call(0), world.call(1)), (None, None), "503");
    world.feed(1, dial(0));
    assert_eq!(world.refused[1], [Refusal::NoRtpPort]);
    assert_eq!(world.call(1), None);
    world.endpoints[1].offer_rtp_port(20_000);
    world.feed(1, dial(0));
    world.run(Duration::from_millis(300));
    world.act(0, Act::Answer);
    // The next one would need a second port.
    let call = world.call(1).expect("it is up").0;
    let consult = Act::Consult(target(2));
    let greyed = world.endpoints[1].permits(call, &consult);
    assert_eq!(greyed, Err(Refusal::NoRtpPort));
    world.feed(1, EndpointInput::Core(Input::Act { call, act: consult }));
    assert_eq!(world.refused[1][1..], [Refusal::NoRtpPort]);
    world.is(1, Role::Owner, Stage::Connected);
    world.act(0, Act::End);
    world.settle();
}

#[test]
fn a_phone_that_may_not_be_referred_says_so_and_refuses() {
    use trialog_call::ReferralPolicy;
    let mut world = World::new();
    let policy = Policy {
        transfers: ReferralPolicy::Never,
        ..Policy::default()
    };
    for index in [0, 2] {
        let mut endpoint = Endpoint::new(policy.clone(), config(index), [index as u8 + 3; 32]);
        for port in 0..8 {
            endpoint.offer_rtp_port(20_000 + 2 * port);
        }
        world.endpoints[index] = endpoint;
    }
    let account = trialog_call::AccountId(0);
    let target = target(1);
    world.feed(0, EndpointInput::Core(Input::Dial { account, target }));
    world.run(Duration::from_millis(300));
    world.act(1, Act::Answer);
    world.act(1, Act::Consult(crate::support::target(2)));
    world.act(2, Act::Answer);
    world.act(1, Act::Conference);
    world.act(1, Act::Transfer(None));
    world.is(1, Role::Owner, Stage::Anchored);
    world.act(1, Act::End);
    world.settle();
}

/// The owner talks to the customer, and the third endpoint is the PBX that takes feature codes.
fn talking_beside_a_pbx() -> (World, trialog_call::Snapshot, trialog_call::Routing) {
    let mut world = World::new();
    let account = trialog_call::AccountId(0);
    let target = target(1);
    world.feed(0, EndpointInput::Core(Input::Dial { account, target }));
    world.run(Duration::from_millis(300));
    world.act(1, Act::Answer);
    let owner = &world.endpoints[1];
    let (snapshot, routing) = (owner.snapshot(world.now), owner.routing());
    (world, snapshot, routing)
}

fn short_call(world: &mut World, index: usize) {
    let account = trialog_call::AccountId(0);
    let target = target(2);
    world.feed(index, EndpointInput::ShortCall { account, target });
    world.run(Duration::from_millis(300));
}

#[test]
fn a_feature_code_is_called_beside_the_agents_call_and_without_sound() {
    let (mut world, snapshot, routing) = talking_beside_a_pbx();
    for _ in 0..2 {
        short_call(&mut world, 1);
    }
    world.is(2, Role::Owner, Stage::Offered);
    world.act(2, Act::Answer);
    world.is(2, Role::Owner, Stage::Connected);
    assert_eq!(world.media[1].len(), 1, "the customer's alone");
    let owner = &world.endpoints[1];
    assert_eq!(owner.snapshot(world.now), snapshot);
    assert_eq!(owner.routing(), routing);
    // It is ended when it was listened to, and then the second one is called, which the PBX ends itself.
    world.run(Duration::from_secs(3));
    world.act(2, Act::Answer);
    world.act(2, Act::End);
    world.run(Duration::from_secs(1));
    let done = ShortCallOver {
        target: target(2),
        answered: Ok(()),
    };
    assert_eq!(world.short_calls, [done.clone(), done]);
    world.is(1, Role::Owner, Stage::Connected);
    world.act(1, Act::End);
    world.settle();
}

#[test]
fn a_feature_code_that_is_refused_or_not_answered_is_given_up_and_told() {
    let (mut world, _, _) = talking_beside_a_pbx();
    short_call(&mut world, 1);
    world.act(2, Act::Reject(None));
    short_call(&mut world, 1);
    world.run(Duration::from_secs(11));
    let answered: Vec<_> = world.short_calls.iter().map(|over| over.answered).collect();
    assert_eq!(answered, [Err(486), Err(408)]);
    assert!(world.call(2).is_none());
    world.act(1, Act::End);
    world.settle();
}
