//! Everything that a phone opens, in the order in which it can fail: name, ports, files, sound, desk.
use super::{Ending, Running, Serving, Sound, Sources, StartError, Verdict, Wire, say};
use crate::clock::Clock;
use crate::config::Config;
use crate::net::{Datagrams, Resolver, Streams, outgoing};
use crate::place::{self, Place};
use crate::platform::Signals;
use crate::records::Records;
use crate::trace::Trace;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use trialog_api as api;
use trialog_call::ReferralPolicy;
use trialog_client::Address;
use trialog_desk::{Desk, Feed, Identity, Token, UnixTime};
use trialog_engine::{AudioEnd, Engine, EngineError, EngineEvent, LoneSound, Options};
use trialog_sip::{Host, Uri};
use trialog_ua::{Account, Contacts, Endpoint};

/// How often a free port is tried that UDP and TCP both have.
const TRIES: u32 = 20;

pub(super) async fn start(
    config: Config,
    headless: bool,
    filter: crate::RoutingFilter,
) -> Result<(Running, Sources), StartError> {
    let clock = Clock::start();
    let signals = Signals::new().map_err(StartError::Runtime)?;
    let place = Place::take(&config.name)?;
    let (datagrams, listener) = listen(&config).await?;
    let listening = datagrams.local().map_err(StartError::Runtime)?;
    let (streams, stream_events) = Streams::new(listener);
    let (resolver, resolutions) = Resolver::new(listening.is_ipv6());
    let tell = advertised(&config, listening.ip());
    let contact = SocketAddr::new(tell, listening.port());
    let trace = trace(&config)?;
    let records = records(&config, clock)?;
    let (engine, sounds, audio_end) = sound(&config)?;

    let accounts = accounts(&config, contact);
    let agent = trialog_ua::Config {
        contacts: Contacts {
            udp: contact,
            tcp: config.sip.tcp.then_some(contact),
        },
        accounts: accounts.clone(),
        trusted: config.sip.trusted.clone(),
        codecs: config.media.codecs.clone(),
        agent: config.policy.agent,
        referable: config.policy.transfers != ReferralPolicy::Never,
        product: concat!("Trialog/", env!("CARGO_PKG_VERSION")).to_owned(),
        register_for: config.sip.register_for,
    };
    let mut endpoint = Endpoint::new(config.policy.clone(), agent, random()?);
    let mut sound = Sound::new(engine, config.media.clone(), listening.ip(), tell, filter);
    sound.stock_up(&mut endpoint).map_err(StartError::Rtp)?;

    let (readings, read) = say::readings();

    let identity = identity(&config, &accounts, audio_end, clock);
    let feed = Feed::new(clock.start_us());
    let (commands, received) = mpsc::channel(64);
    let token = Token::new(random()?);
    let desk = Desk {
        token: token.clone(),
        commands,
        feed: feed.clone(),
    };
    let (url, serving) = open_desk(&config, desk).await?;
    let api = Address {
        url,
        token: token.reveal().to_owned(),
        pid: std::process::id(),
    };
    let file = place.announce(&api)?;
    tracing::info!(name = config.name, sip = %contact, api = api.url, file = %file.display(), "the phone is ready");
    if !headless {
        println!(
            "“{}” takes calls at sip:{contact}. Tell it what to do by: trialog ctl --phone {} --help",
            config.name, config.name
        );
    }
    let running = Running {
        clock,
        endpoint,
        wire: Wire {
            datagrams,
            streams,
            trace,
            udp: contact,
            tcp: contact,
        },
        resolver,
        sound,
        readings,
        records,
        feed,
        identity: Arc::new(identity),
        accounts,
        ending: Ending::default(),
        next: VecDeque::new(),
        verdict: Verdict::default(),
        place,
        desk: serving,
    };
    let sources = Sources {
        streams: stream_events,
        resolutions,
        commands: received,
        sounds,
        readings: read,
        signals,
    };
    Ok((running, sources))
}

/// The SIP port, by UDP and, where it is wanted, by TCP too.
async fn listen(config: &Config) -> Result<(Datagrams, Option<TcpListener>), StartError> {
    let error = |transport, address, error| StartError::Listen {
        key: "sip.listen",
        transport,
        address,
        error,
    };
    let wanted = config.sip.listen;
    for attempt in 1.. {
        let datagrams = Datagrams::bind(wanted)
            .await
            .map_err(|why| error("UDP", wanted, why))?;
        if !config.sip.tcp {
            return Ok((datagrams, None));
        }
        let address = datagrams.local().map_err(StartError::Runtime)?;
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok((datagrams, Some(listener))),
            // The system chose a port that is free for UDP only.
            Err(why)
                if wanted.port() == 0
                    && attempt < TRIES
                    && why.kind() == io::ErrorKind::AddrInUse => {}
            Err(why) => return Err(error("TCP", address, why)),
        }
    }
    unreachable!("the last attempt returns")
}

/// The address that others are told.
fn advertised(config: &Config, listening: IpAddr) -> IpAddr {
    if let Some(address) = config.sip.advertise {
        return address;
    }
    if !listening.is_unspecified() {
        return listening;
    }
    let literal = |uri: &Uri| match uri.host {
        Host::V4(address) => Some(SocketAddr::from((address, uri.port_or_default()))),
        Host::V6(address) => Some(SocketAddr::from((address, uri.port_or_default()))),
        Host::Name(_) => None,
    };
    let servers = config.accounts.iter().filter_map(|account| {
        account
            .outbound_proxy
            .as_ref()
            .or(account.registrar.as_ref())
    });
    outgoing(listening, servers.filter_map(literal).next())
}

fn trace(config: &Config) -> Result<Option<Trace>, StartError> {
    let Some(path) = &config.sip.trace else {
        return Ok(None);
    };
    let file = |error| StartError::File {
        key: "sip.trace",
        path: path.clone(),
        error,
    };
    Trace::create(path).map(Some).map_err(file)
}

fn records(config: &Config, clock: Clock) -> Result<Records, StartError> {
    let path = match &config.records {
        Some(path) => path.clone(),
        None => place::state_folder(&config.name).join("records.jsonl"),
    };
    Records::open(&path, clock, config.policy.parallel).map_err(|error| StartError::File {
        key: "records.file",
        path,
        error,
    })
}

type Started = (Engine, mpsc::Receiver<EngineEvent>, api::AudioEnd);

/// The engine; without a sound device where there is none.
fn sound(config: &Config) -> Result<Started, StartError> {
    let options = Options {
        music: config.music.clone(),
        alone: config.policy.parallel.then_some(config.lone),
        opus_complexity: config.media.opus_complexity,
        opus_bitrate: config.media.opus_bitrate,
        silent_after: config.media.silent_after,
        lost_after: config.media.lost_after,
        ..Options::default()
    };
    let name = match config.audio {
        AudioEnd::None if config.lone == LoneSound::Echo => api::AudioEnd::Echo,
        AudioEnd::Device { .. } => api::AudioEnd::Device,
        AudioEnd::File { .. } => api::AudioEnd::File,
        AudioEnd::None => api::AudioEnd::None,
    };
    let (engine, events, name) = match Engine::start(config.audio.clone(), options.clone()) {
        Ok((engine, events)) => (engine, events, name),
        Err(EngineError::NoDevice(why)) => {
            tracing::warn!(
                "no usable sound device ({why}): going on without microphone and ear, as with audio.end = \"none\""
            );
            let (engine, events) =
                Engine::start(AudioEnd::None, options).map_err(StartError::Sound)?;
            (engine, events, api::AudioEnd::None)
        }
        Err(error) => return Err(StartError::Sound(error)),
    };
    let (events_in, events_out) = mpsc::channel(64);
    std::thread::Builder::new()
        .name("sound-events".to_owned())
        .spawn(move || {
            for event in events {
                if events_in.blocking_send(event).is_err() {
                    return;
                }
            }
        })
        .map_err(StartError::Runtime)?;
    Ok((engine, events_out, name))
}

/// The configured accounts; without any, one that is called by its address.
fn accounts(config: &Config, contact: SocketAddr) -> Vec<Account> {
    if !config.accounts.is_empty() {
        return config.accounts.clone();
    }
    let host = match contact.ip() {
        IpAddr::V4(address) => Host::V4(address),
        IpAddr::V6(address) => Host::V6(address),
    };
    vec![Account::direct(Uri::sip(
        &config.name,
        host,
        Some(contact.port()),
    ))]
}

fn identity(
    config: &Config,
    accounts: &[Account],
    audio_end: api::AudioEnd,
    clock: Clock,
) -> Identity {
    let account = |(id, account): (usize, &Account)| {
        let state = match account.registrar {
            Some(_) => api::RegistrationState::Unregistered,
            None => api::RegistrationState::Direct,
        };
        let id = u16::try_from(id).unwrap_or(u16::MAX);
        api::Account::new(id, account.aor.to_string(), state)
    };
    let reasons = config
        .policy
        .reasons
        .iter()
        .map(|reason| api::WrapUpReason {
            code: reason.code.clone(),
            en: reason.en.clone(),
            de: reason.de.clone(),
        });
    Identity {
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        accounts: accounts.iter().enumerate().map(account).collect(),
        reasons: reasons.collect(),
        audio: api::Audio {
            end: audio_end,
            started_unix_us: None,
        },
        start: UnixTime(clock.start_us() / 1_000),
    }
}

/// Opens the API and says where it is.
async fn open_desk(config: &Config, desk: Desk) -> Result<(String, Serving), StartError> {
    let error = |error| StartError::Listen {
        key: "api.listen",
        transport: "TCP",
        address: config.api,
        error,
    };
    let listener = TcpListener::bind(config.api).await.map_err(error)?;
    let address = listener.local_addr().map_err(error)?;
    let (until, ended) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let until = async {
            let _ = ended.await;
        };
        if let Err(error) = trialog_desk::serve(listener, desk, until).await {
            tracing::error!(%error, "the API has ended");
        }
    });
    let serving = Serving {
        task,
        _until: until,
    };
    Ok((format!("http://{address}"), serving))
}

fn random() -> Result<[u8; 32], StartError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(StartError::Random)?;
    Ok(bytes)
}
