//! Core and user agent together: three endpoints through a conference and a transfer, and the stock of RTP addresses.
use crate::support::{addr, config, target};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    Act, CallId, Input, LegId, MediaEvent, Notice, Policy, Refusal, Role, Stage, Target, Time,
};
use trialog_sdp::Negotiated;
use trialog_ua::{Endpoint, EndpointInput, EndpointOutput, Source, Transport};

struct World {
    now: Time,
    endpoints: Vec<Endpoint>,
    flying: BTreeMap<(Time, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    media: Vec<HashMap<LegId, Negotiated>>,
    taken: Vec<HashMap<LegId, SocketAddr>>,
    notices: Vec<Vec<Notice>>,
    refused: Vec<Vec<Refusal>>,
}

impl World {
    fn new() -> Self {
        let endpoints = (0..3)
            .map(|index| {
                let mut config = config(index);
                config.agent = index > 0;
                config.trusted = vec![trialog_ua::Trusted::Net(addr(0).ip(), 24)];
                let policy = Policy {
                    agent: index > 0,
                    ..Policy::default()
                };
                let mut endpoint = Endpoint::new(policy, config, [index as u8 + 9; 32]);
                for port in 0..8 {
                    endpoint.offer_media(SocketAddr::new(addr(index).ip(), 20_000 + 2 * port));
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
        }
    }

    fn feed(&mut self, index: usize, input: EndpointInput<'_>) {
        let now = self.now;
        self.endpoints[index].handle(now, input);
        let mut heard = Vec::new();
        while let Some(output) = self.endpoints[index].poll_output() {
            match output {
                EndpointOutput::Transmit(transmit) => {
                    self.count += 1;
                    let at = now + Duration::from_millis(5);
                    let packet = (addr(index), transmit.destination, transmit.bytes);
                    self.flying.insert((at, self.count), packet);
                }
                EndpointOutput::Media { leg, session } => match session {
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
                EndpointOutput::MediaTaken { leg, address } => {
                    assert!(self.taken[index].insert(leg, address).is_none());
                }
                EndpointOutput::Notice(notice) => self.notices[index].push(notice),
                EndpointOutput::Refused(refusal) => self.refused[index].push(refusal),
                _ => {}
            }
        }
        for leg in heard {
            // Sound comes at once.
            let event = MediaEvent::Heard;
            self.feed(index, EndpointInput::Core(Input::Media { leg, event }));
        }
    }

    fn run(&mut self, time: Duration) {
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
                    if let Some(index) = (0..3).find(|index| addr(*index) == to) {
                        let source = Source {
                            transport: Transport::Udp,
                            local: to,
                            remote: from,
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

    fn act(&mut self, index: usize, act: Act) {
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

    fn is(&self, index: usize, role: Role, stage: Stage) {
        let call = self.call(index).map(|(_, role, stage)| (role, stage));
        assert_eq!(
            call,
            Some((role, stage)),
            "phone {index}: {:?}",
            self.notices
        );
    }

    fn conference(&mut self) {
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

    fn settle(&mut self) {
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
fn a_call_without_an_rtp_address_left_fails_cleanly() {
    let mut world = World::new();
    world.endpoints[1] = Endpoint::new(Policy::default(), config(1), [7; 32]);
    let account = trialog_call::AccountId(0);
    let target = target(1);
    world.feed(0, EndpointInput::Core(Input::Dial { account, target }));
    world.run(Duration::from_millis(300));
    world.act(1, Act::Answer);
    assert!(world.call(0).is_none());
    assert!(world.call(1).is_none());
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
            endpoint.offer_media(SocketAddr::new(addr(index).ip(), 20_000 + 2 * port));
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
