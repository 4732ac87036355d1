//! The SIP user agent, without input or output of its own (RFC 3261 and what a transfer needs beyond it).
//!
//! It speaks and decides nothing: the call-state core's actions become transactions, and the wire becomes events. Bytes,
//! time, addresses and the seed of all randomness are arguments; bytes to send, events and agreed sessions are polled. The
//! way of a request in: [`UserAgent::handle_input`] → transaction → dialog → event; of an action out: the reverse.
//!
//! [`Endpoint`] is core and user agent in one, which the program `trialog` and the simulated network both run. Two of them, and
//! a network that carries each datagram at once:
//!
//! ```
//! use std::net::SocketAddr;
//! use trialog_call::{AccountId, Act, Input, Policy, Stage, Target, Time};
//! use trialog_ua::{Config, Endpoint, EndpointInput, EndpointOutput, Peer, Source, Transport};
//!
//! fn address(host: u8, port: u16) -> SocketAddr {
//!     ([10, 0, 0, host], port).into()
//! }
//!
//! let mut phones = [1, 2].map(|host| {
//!     let config = Config::direct(address(host, 5060));
//!     let mut phone = Endpoint::new(Policy::default(), config, [host; 32]);
//!     phone.offer_rtp_port(20_000);
//!     phone
//! });
//! let now = Time::ZERO;
//! let mut give = |phone: usize, input: Input| {
//!     phones[phone].handle(now, EndpointInput::Core(input));
//!     let mut sender = phone;
//!     while let Some((from, output)) = [sender, 1 - sender]
//!         .into_iter()
//!         .find_map(|from| Some((from, phones[from].poll_output()?)))
//!     {
//!         sender = from;
//!         if let EndpointOutput::Transmit(datagram) = output {
//!             let source = Source {
//!                 peer: Peer::at(Transport::Udp, address(from as u8 + 1, 5060)),
//!                 local: datagram.peer.address,
//!                 connection: None,
//!             };
//!             let message = &datagram.bytes;
//!             phones[1 - from].handle(now, EndpointInput::Wire { source, message });
//!         }
//!     }
//!     phones[phone].snapshot(now)
//! };
//!
//! let target = Target("sip:bob@10.0.0.2".to_owned());
//! let dialling = give(0, Input::Dial { account: AccountId(0), target });
//! assert_eq!(dialling.calls[0].stage, Stage::Dialling);
//! let call = dialling.calls[0].id;
//! let talking = give(1, Input::Act { call, act: Act::Answer });
//! assert_eq!(talking.calls[0].stage, Stage::Connected);
//! ```
//!
//! The parts of the user agent, each of which alone changes what it owns:
//!
//! | part | owns | file |
//! |---|---|---|
//! | accounts | for each account its flow: registration, peers, challenges, our own addresses | `flow`, `registration`, `not_secured`, `authentication` |
//! | dialogs | tags, targets, routes, numbers, requests that wait for their turn | `dialogs`, `dialog` |
//! | calls | each leg, and its session, early dialogs and re-INVITEs | `calls`, `invite_usage`, `media`, `renegotiation`, `session_timer` |
//! | subscriptions | notifiers and subscribers of REFER | `subscription` |
//! | watchers | subscriptions of an account: its mailbox, others' phones | `watch` |
//! | resolving | requests whose host name has no address yet | `resolving` |
//! | translated | what a network address translator makes of our addresses on a flow | `translated` |
//! | standing | which peer of a name answered last, and which did not answer | `standing` |
//! | transactions | what may have to be sent again, and RFC 3261's timers | `transaction` |
//! | door | who was turned away, until that is told | `door` |
//! | timers | all other timers | `timers` |
//!
//! What needs more than one part is a method of the user agent, in the file of the act: `invite/` (calls), `refer/`, `info`, `message` (RFC 3428), `digits`,
//! `reason` (RFC 3326),
//! `replaces`, `moving` (our address changes), `trust` (the grade of a sender) with `identity`,
//! `presented` (who a sender is, to be shown) with `party` and `diversion`; `inbound` and `outbound` (requests), `answered` and `acknowledge` (responses),
//! `kept` with `saved` (calls that outlive a crash), `fail_over` (the next peer of a name), `keep_alive` (the way to a registrar), `queue` (requests in a dialog). The endpoint has two parts more,
//! the RTP port pool (`rtp_ports`) and calls of the phone's own (`short_call`).
//!
//! What is ours on the wire, and what a peer that knows nothing of it sees:
//! - `Trialog-Role: guest` in the INVITE of a consult. Others ignore it.
//! - `Recv-Info: trialog` (RFC 6086) tells an agent's phone from others; only such a one is sent INFO of that package.
//!
//! Departures from the standards: an INVITE with `Replaces` of a ringing call of ours gets 481; OPTIONS gets 200
//! whether or not a call would be taken now, since a PBX asks whether we are there. A call that is redirected (3xx) goes on
//! where the core follows, five times at most, and never back; 305 and 380 are refusals.
mod acknowledge;
mod agent;
mod answer_mode;
mod answered;
mod authentication;
mod body;
mod calls;
mod capabilities;
mod config;
mod dialog;
mod dialogs;
mod digits;
mod diversion;
mod door;
mod endpoint;
mod fail_over;
mod flow;
mod id_map;
mod identity;
mod inbound;
mod info;
mod invariant;
mod invite;
mod invite_usage;
mod io;
mod keep_alive;
mod kept;
mod kept_invite;
mod media;
mod message;
mod moving;
mod not_secured;
mod outbound;
mod party;
mod peer;
mod presented;
mod queue;
mod random;
mod reason;
mod refer;
mod registration;
mod renegotiation;
mod replaces;
mod resolving;
mod rtp_ports;
mod saved;
mod secured;
mod session_timer;
mod short_call;
mod standing;
mod stating;
mod subscription;
mod timers;
mod transaction;
mod translated;
mod trust;
mod watch;

pub use agent::{Counts, UserAgent};
pub use config::{Account, Config, Contacts, DtmfMode, KeepAlive, LampOf, Reliable, Strangers};
pub use endpoint::{Endpoint, EndpointInput, EndpointOutput, LiveCounts};
pub use io::{
    ConnectionId, DigitStep, Input, Learnt, Output, Question, RegistrationFault, RegistrationState,
    ResolveId, Source, TlsFault, Transmit, Transport, UnsupportedTransport,
};
pub use kept::KeptDialog;
pub use kept_invite::KeptInvite;
pub use peer::Peer;
pub use saved::SavedCall;
pub use short_call::ShortCallOver;
pub use subscription::{RemoteControl, Roster, RosterParty};
pub use trust::{Accept, Colleague, Net};
pub use watch::LampState;
