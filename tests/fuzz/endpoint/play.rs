//! One play: an endpoint, its clock and three peers.
use super::ears::Ears;
use std::net::SocketAddr;
use std::time::Duration;
use trialog_call::{
    AccountId, Act, CallId, Input, LegId, MediaEvent, Policy, Presence, Target, Time, WrapUpAct,
    WrapUpReason,
};
use trialog_sip::digest::Secret;
use trialog_sip::{Frame, HeaderName, Limits, Message, Uri};
use trialog_ua::{
    Accept, Account, Config, ConnectionId, Endpoint, EndpointInput, EndpointOutput, Net, Peer,
    Source, Transport,
};

/// RTP ports that the endpoint has.
const STOCK: usize = 6;

/// No input makes the endpoint say more at once: a few legs, each with a request, a response and a record.
const MOST_AT_ONCE: usize = 64;

/// A single record waits no longer, and all together no longer than ten of it.
const LONGEST_PAUSE: u64 = 200_000;

/// When all is over: every timer has run out by then but those of registrations, which go on for ever.
const UNTIL_QUIET: Duration = Duration::from_secs(3_600);

/// The peers: customer, colleague, registrar.
const PEERS: [[u8; 4]; 3] = [[10, 0, 0, 9], [10, 0, 0, 8], [10, 0, 0, 7]];

pub(super) struct Play {
    now: Time,
    endpoint: Endpoint,
    ears: [Ears; 3],
    /// Legs that have sound.
    sounding: Vec<LegId>,
    /// Inputs so far that may have made something.
    inputs: usize,
}

fn address(host: [u8; 4]) -> SocketAddr {
    SocketAddr::from((host, 5060))
}

fn endpoint() -> Endpoint {
    let mut config = Config::direct(address([10, 0, 0, 1]));
    let uri = |text: &str| Uri::parse(text).expect("a URI");
    config.accounts = vec![
        Account::direct(uri("sip:anna@10.0.0.1")),
        Account {
            registrar: Some(uri("sip:10.0.0.7")),
            password: Some(Secret::new("zanzibar")),
            ..Account::direct(uri("sip:anna@10.0.0.7"))
        },
    ];
    config.accept = Some(Accept::Anyone);
    config.trusted = vec![Net::address(address(PEERS[1]).ip())];
    let policy = Policy {
        reasons: vec![WrapUpReason {
            code: "sale".into(),
            en: "Sale".into(),
            de: "Verkauf".into(),
        }],
        ..Policy::default()
    };
    let mut endpoint = Endpoint::new(policy, config, [7; 32]);
    for number in 0..STOCK {
        let port = 20_000 + 2 * u16::try_from(number).expect("a few");
        endpoint.offer_rtp_port(port);
    }
    endpoint
}

impl Play {
    pub(super) fn new() -> Self {
        let mut play = Self {
            now: Time(Duration::from_secs(1)),
            endpoint: endpoint(),
            ears: Default::default(),
            sounding: Vec::new(),
            inputs: 0,
        };
        play.feed(EndpointInput::Register(None));
        play
    }

    pub(super) fn record(&mut self, kind: u8, rest: &[u8]) {
        match kind {
            b'u' => self.deliver(0, Transport::Udp, rest),
            b'g' => self.deliver(1, Transport::Udp, rest),
            b'p' => self.deliver(2, Transport::Udp, rest),
            b't' => self.deliver(0, Transport::Tcp, rest),
            b'w' => self.wait(Duration::from_millis(number(rest).min(LONGEST_PAUSE))),
            b'a' => self.act(rest),
            b'm' => self.machine(rest),
            _ => {}
        }
    }

    fn deliver(&mut self, peer: usize, transport: Transport, template: &[u8]) {
        let message = self.ears[peer].fill(template);
        let source = Source {
            peer: Peer::at(transport, address(PEERS[peer])),
            local: address([10, 0, 0, 1]),
            connection: (transport == Transport::Tcp).then_some(ConnectionId(1)),
        };
        let read = Message::parse_datagram(&message, &Limits::default());
        let said = self.feed(EndpointInput::Wire {
            source,
            message: &message,
        });
        if let Ok(Message::Response(response)) = read {
            // RFC 3261 §18.1.2, §17.1.1.3: nothing but ACK answers a response.
            let branch = branch(&response.headers);
            let answers = said.iter().filter(|own| {
                own.as_response()
                    .is_some_and(|own| branch.is_some() && self::branch(&own.headers) == branch)
            });
            assert_eq!(answers.count(), 0, "a response was answered");
        }
    }

    /// Time goes by, and every deadline in it is met in its turn.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.endpoint.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.feed(EndpointInput::Timeout);
            let next = self.endpoint.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a deadline stays");
        }
        self.now = until;
    }

    fn act(&mut self, rest: &[u8]) {
        let [letter, rest @ ..] = rest else { return };
        let to = |host: &str| Target(format!("sip:bob@{host}"));
        let snapshot = self.endpoint.snapshot(self.now);
        // The newest call, or one further back.
        let back = usize::try_from(number(rest)).unwrap_or(0);
        let call = snapshot.calls.iter().rev().nth(back);
        let call = call.map_or(CallId(1), |call| call.id);
        let act = match letter {
            b'0' | b'1' => {
                let account = AccountId(u16::from(letter - b'0'));
                let target = to(["10.0.0.9", "10.0.0.7"][usize::from(letter - b'0')]);
                return self.core(Input::Dial { account, target });
            }
            b'n' => {
                let (account, target) = (AccountId(0), to("name.invalid"));
                return self.core(Input::Dial { account, target });
            }
            b'u' => {
                let act = WrapUpAct::Submit {
                    reason: "sale".into(),
                    note: None,
                };
                let wrap_up = snapshot.wrap_ups.first();
                return wrap_up.map_or((), |of| self.core(Input::WrapUp { id: of.id, act }));
            }
            b'i' => return self.core(Input::Presence(Presence::Idle)),
            b'v' => return self.core(Input::Presence(Presence::Available)),
            letter => match act(*letter, to) {
                Some(act) => act,
                None => return,
            },
        };
        let permitted = self.endpoint.permits(call, &act).is_ok();
        let before = self.endpoint.live_counts(self.now);
        let said = self.feed(EndpointInput::Core(Input::Act { call, act }));
        if !permitted {
            assert!(said.is_empty(), "a refused act sends nothing");
            assert_eq!(self.endpoint.live_counts(self.now), before);
        }
    }

    fn core(&mut self, input: Input) {
        self.feed(EndpointInput::Core(input));
    }

    /// What the engine, the transport and the headset report.
    fn machine(&mut self, rest: &[u8]) {
        let [letter, rest @ ..] = rest else { return };
        let which = usize::try_from(number(rest)).unwrap_or(0);
        let leg = self.sounding.get(which).copied();
        let media = |event| leg.map(|leg| Input::Media { leg, event });
        let input = match letter {
            b'h' => media(MediaEvent::Heard),
            b's' => media(MediaEvent::Silent),
            b'l' => media(MediaEvent::Lost),
            b'd' => media(MediaEvent::Dtmf(b'5')),
            b'k' => Some(Input::Hook),
            b'o' => Some(Input::Device(false)),
            b'c' => Some(Input::NetworkChanged),
            b'e' => {
                let peer = Peer::at(Transport::Udp, address(PEERS[which % PEERS.len()]));
                self.feed(EndpointInput::TransportError(peer));
                None
            }
            b'y' => {
                self.feed(EndpointInput::Unregister(None));
                None
            }
            _ => None,
        };
        if let Some(input) = input {
            self.core(input);
        }
    }

    /// Gives the endpoint an input, and listens. What it sent comes back.
    fn feed(&mut self, input: EndpointInput<'_>) -> Vec<Message> {
        self.inputs += 1;
        self.endpoint.handle(self.now, input);
        let mut said = Vec::new();
        let mut outputs = 0;
        while let Some(output) = self.endpoint.poll_output() {
            outputs += 1;
            assert!(outputs <= MOST_AT_ONCE, "it does not stop: {output:?}");
            match output {
                // What keeps the way to a registrar open is no message.
                EndpointOutput::Transmit(transmit) if transmit.bytes == Frame::PING => {}
                EndpointOutput::Transmit(transmit) => {
                    let to = PEERS
                        .iter()
                        .position(|peer| address(*peer).ip() == transmit.peer.address.ip());
                    let mut stranger = Ears::default();
                    let ears = to.map_or(&mut stranger, |to| &mut self.ears[to]);
                    said.push(ears.hear(&transmit.bytes));
                }
                EndpointOutput::Resolve(question) => {
                    let found = [Peer::named(
                        &question.host,
                        Transport::Udp,
                        address(PEERS[0]),
                    )];
                    let peers: &[_] = if question.host == "name.invalid" {
                        &[]
                    } else {
                        &found
                    };
                    let id = question.id;
                    self.endpoint
                        .handle(self.now, EndpointInput::Resolved { id, peers });
                }
                EndpointOutput::Media { leg, session, .. } => {
                    self.sounding.retain(|own| *own != leg);
                    if session.is_some() {
                        self.sounding.push(leg);
                    }
                }
                _ => {}
            }
        }
        self.bounded();
        said
    }

    /// What is alive is no more than what came in can have made.
    fn bounded(&self) {
        let live = self.endpoint.live_counts(self.now);
        let most = 8 * (self.inputs + 1);
        assert_eq!(live.unheard, 0);
        assert!(live.rtp_ports + self.endpoint.free_rtp_ports() <= STOCK);
        for count in [
            live.calls,
            live.agent.legs,
            live.agent.dialogs,
            live.agent.subscriptions,
            live.agent.transactions,
            live.agent.timers,
            live.agent.remembered,
        ] {
            assert!(count <= most, "{} inputs, {live:?}", self.inputs);
        }
    }

    /// The phone is ended, and nobody answers: then nothing may be left.
    pub(super) fn end(mut self) {
        self.core(Input::Terminate);
        self.core(Input::Terminate);
        self.feed(EndpointInput::Unregister(None));
        self.wait(UNTIL_QUIET);
        let live = self.endpoint.live_counts(self.now);
        assert_eq!(live.calls, 0, "{live:?}");
        assert_eq!(live.rtp_ports, 0, "{live:?}");
        assert!(self.endpoint.agent().is_idle(), "{live:?}");
        assert!(self.sounding.is_empty(), "{:?}", self.sounding);
    }
}

/// The act of a letter.
fn act(letter: u8, to: impl Fn(&str) -> Target) -> Option<Act> {
    Some(match letter {
        b'A' => Act::Answer,
        b'R' => Act::Reject(None),
        b'F' => Act::Forward(to("10.0.0.8")),
        b'N' => Act::Cancel,
        b'H' => Act::Hold,
        b'P' => Act::Resume,
        b'M' => Act::Mute,
        b'C' => Act::Consult(to("10.0.0.8")),
        b'K' => Act::EndConsult,
        b'S' => Act::Swap,
        b'J' => Act::Conference,
        b'T' => Act::Transfer(None),
        b'B' => Act::Transfer(Some(to("10.0.0.8"))),
        b'W' => Act::Withdraw,
        b'Y' => Act::Accept,
        b'D' => Act::Decline,
        b'X' => Act::Exit,
        b'E' => Act::End,
        b'5' => Act::Dtmf(b'5'),
        _ => return None,
    })
}

/// The number that a text begins with.
fn number(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit());
    digits
        .take(9)
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

fn branch(headers: &trialog_sip::Headers) -> Option<String> {
    let via = headers.all(&HeaderName::Via).next()?;
    let (_, branch) = via.split_once("branch=")?;
    Some(branch.split([';', ',']).next()?.trim().to_owned())
}
