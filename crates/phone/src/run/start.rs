//! Everything that a phone opens, in the order in which it can fail: name, ports, files, sound, desk.
use super::desk::{self, OpenDesk};
use super::devices;
use super::listening::{Listening, listen};
use super::records::OnItsWay;
use super::reload;
use super::{Ending, LocalAddresses, Running, Sound, Sources, StartError, Verdict, Wire, say};
use crate::acd::AcdLine;
use crate::action::Actions;
use crate::call_traces::CallTraces;
use crate::clock::Clock;
use crate::config::{Config, Lamp, Tls};
use crate::journal::{self, Journal};
use crate::metrics::Metrics;
use crate::net::{Families, NetworkWatch, Resolver, Security, Streams};
use crate::os::Signals;
use crate::page;
use crate::records::{Opened, Place, Records};
use crate::runtime_dir::RuntimeDir;
use crate::trace::Trace;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::mpsc;
use trialog_api as api;
use trialog_api::request::SetDevices;
use trialog_call::{CallId, ReferralPolicy, Time};
use trialog_desk::{Feed, Identity, IdleFor, UnixTime};
use trialog_engine::{AudioEnd, Engine, EngineEvent, Options, ParallelSound};
use trialog_sip::{Host, Uri};
use trialog_store::{JournalRow, SetAside};
use trialog_ua::{Account, Contacts, Endpoint, Strangers};

pub(super) async fn start(
    config: Config,
    headless: bool,
    filter: crate::RoutingFilter,
) -> Result<(Running, Sources), StartError> {
    let clock = Clock::start();
    let signals = Signals::new().map_err(StartError::Runtime)?;
    let runtime_dir = RuntimeDir::take(&config.name)?;
    let Listening {
        datagrams,
        listeners,
        secured,
        at,
        tls_port,
    } = listen(&config).await?;
    let listening: Families<SocketAddr> = at.iter().map(|at| (*at, *at)).collect();
    let (mut streams, stream_events) = Streams::new(listening.map(SocketAddr::ip), listeners);
    streams.secure(secured, security(&config.tls));
    let (resolver, resolutions) = Resolver::new(listening.map(|_| ()));
    let mut local = LocalAddresses::new(&config, &at, tls_port);
    let (contacts, contact) = (local.common(), local.common().udp);
    let trace = trace(&config)?;
    let (records, opened) = records(&config, clock)?;
    let (engine, sounds, audio_end) = sound(&config, &opened.devices)?;

    let accounts = accounts(&config, contact);
    let agent = agent(&config, contacts, accounts.clone());
    let mut endpoint = Endpoint::new(config.policy.clone(), agent, random()?);
    endpoint.restore(clock.now(), opened.kept);
    for input in local.at_start(&config.accounts) {
        endpoint.handle(clock.now(), input);
    }
    let mut sound = Sound::new(engine, &config, listening.map(SocketAddr::ip), filter);
    bind(&mut sound, &mut endpoint)?;
    let (journal, lost) = take_up(&mut endpoint, &records, &opened.journal, clock);

    let (readings, read) = say::readings();
    let idle = idle(&config, clock, opened.idle);
    let identity = identity(&config, &accounts, audio_end, clock, opened.set_aside);
    let feed = Feed::new(clock.start_us());
    let (commands, received) = mpsc::channel(64);
    let OpenDesk {
        api,
        pairing,
        directory,
        serving,
    } = desk::open(&config, &runtime_dir, commands, feed.clone()).await?;
    let file = runtime_dir.announce(&api, config.file.as_deref())?;
    tracing::info!(name = config.name, sip = %contact, tls_port, api = api.url, file = %file.display(), "the phone is ready");
    if !headless {
        let name = &config.name;
        println!(
            "“{name}” takes calls at sip:{contact}. Tell it what to do by: trialog ctl --phone {name} --help"
        );
        page::welcome(runtime_dir.folder(), &config.name, &api.url, || {
            pairing.invite(api::AccessRole::Agent)
        });
    }
    let (acd, actions) = told_of_calls(&config).map_err(StartError::Runtime)?;
    let running = Running {
        clock,
        endpoint,
        wire: Wire {
            datagrams,
            streams,
            trace,
            calls: (!config.policy.parallel).then(CallTraces::default),
            own: local.own(),
        },
        resolver,
        sound,
        readings,
        records,
        journal,
        stages: Vec::new(),
        lost,
        feed,
        acd,
        metrics: Metrics::default(),
        actions,
        config: Box::new(config),
        directory,
        identity: Arc::new(Identity { idle, ..identity }),
        accounts,
        ending: Ending::default(),
        next: VecDeque::new(),
        verdict: Verdict::default(),
        digits: VecDeque::new(),
        on_its_way: OnItsWay::default(),
        changed: false,
        runtime_dir,
        local,
        desk: serving,
    };
    let sources = Sources {
        streams: stream_events,
        resolutions,
        commands: received,
        sounds,
        readings: read,
        told: opened.told,
        network: NetworkWatch::new(),
        signals,
    };
    Ok((running, sources))
}

/// What is told of the agent's state, and what is done when something happens to a call.
fn told_of_calls(config: &Config) -> std::io::Result<(Option<AcdLine>, Actions)> {
    let acd = config.acd.clone().map(AcdLine::open).transpose()?;
    Ok((acd, Actions::start(&config.actions, &config.name)?))
}

/// Fills the pool of RTP ports; fewer will do.
fn bind(sound: &mut Sound, endpoint: &mut Endpoint) -> Result<(), StartError> {
    match sound.bind(endpoint) {
        Err(error) if endpoint.free_rtp_ports() == 0 => Err(StartError::Rtp(error)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Goes on with the calls that went on when an earlier run of the phone died. Returns them, and those that can't be gone on with.
fn take_up(
    endpoint: &mut Endpoint,
    records: &Records,
    journal: &[JournalRow],
    clock: Clock,
) -> (Journal, Vec<CallId>) {
    let mut calls = Vec::new();
    let mut lost = Vec::new();
    for row in journal {
        match journal::read(row, clock) {
            Ok(saved) => calls.push(saved),
            Err(why) => lost.push((CallId(row.call.0), why)),
        }
    }
    let refused = endpoint.take_up(clock.now(), &calls);
    calls.retain(|saved| !refused.contains(&saved.call.id));
    let why = |id: CallId| (id, "it is no call that can be gone on with".to_owned());
    lost.extend(refused.into_iter().map(why));
    for (call, why) in &lost {
        records.lost(*call, why);
    }
    for saved in &calls {
        tracing::warn!(
            call = saved.call.id.0,
            "the phone has died in this call, and goes on with it"
        );
    }
    let lost = lost.into_iter().map(|(call, _)| call).collect();
    (Journal::with(calls), lost)
}

/// What the user agent is told.
fn agent(config: &Config, contacts: Contacts, accounts: Vec<Account>) -> trialog_ua::Config {
    trialog_ua::Config {
        contacts,
        accounts,
        accept: config.sip.accept,
        any_user: config.accounts.is_empty(),
        trusted: config.sip.trusted.clone(),
        colleagues: config.sip.colleagues.clone(),
        // The endpoint has their share by the policy.
        strangers: Strangers::UNLIMITED,
        codecs: config.media.codecs.clone(),
        pauses: config.media.dtx,
        lock_codec: config.media.lock_codec,
        dtmf: config.media.dtmf,
        srtp: config.media.srtp,
        agent: config.policy.agent,
        referable: config.policy.transfers != ReferralPolicy::Never,
        answer_mode: config.policy.answer_on_request.is_some(),
        lamps: config.lamps.iter().map(|lamp| lamp.of.clone()).collect(),
        reliable: config.sip.reliable,
        remote_control: config.sip.remote_control,
        session_expires: config.sip.session_expires,
        session_least: config.sip.session_least,
        product: concat!("Trialog/", env!("CARGO_PKG_VERSION")).to_owned(),
        register_for: config.sip.register_for,
    }
}

/// By what streams are secured.
fn security(tls: &Tls) -> Security {
    Security::new(tls.identity.clone(), tls.believed.clone(), tls.wildcards)
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
    Trace::open(path).map(Some).map_err(file)
}

fn records(config: &Config, clock: Clock) -> Result<(Records, Opened), StartError> {
    let place = Place {
        path: &config.records.path(&config.name),
        phone: &config.name,
        keep: config.records.keep,
        in_bulk: config.policy.parallel,
        webhooks: &config.webhooks,
    };
    Records::open(&place, clock).map_err(StartError::Records)
}

type Started = (Engine, mpsc::Receiver<EngineEvent>, api::AudioEnd);

/// The engine. A sound device that is not there is looked for until it comes.
fn sound(config: &Config, chosen: &SetDevices) -> Result<Started, StartError> {
    let options = Options {
        music: config.sounds.music.clone(),
        country: config.sounds.tones,
        voice: config.sounds.voice,
        parallel: config.policy.parallel.then_some(config.parallel_sound),
        opus_complexity: config.media.opus_complexity,
        opus_bitrate: config.media.opus_bitrate,
        dtx: config.media.dtx,
        silent_after: config.media.silent_after,
        lost_after: config.media.lost_after,
        ..Options::default()
    };
    let name = match config.audio {
        AudioEnd::None if config.parallel_sound == ParallelSound::Echo => api::AudioEnd::Echo,
        AudioEnd::Device(_) => api::AudioEnd::Device,
        AudioEnd::File { .. } => api::AudioEnd::File,
        AudioEnd::None => api::AudioEnd::None,
    };
    let end = match &config.audio {
        AudioEnd::Device(configured) => AudioEnd::Device(devices::names(chosen, configured)),
        other => other.clone(),
    };
    let (engine, events) = Engine::start(end, options).map_err(StartError::Sound)?;
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
        let mut accounts = config.accounts.clone();
        for account in &mut accounts {
            // What the configuration tells others stands.
            account.nat &= config.sip.advertise.is_none();
        }
        return accounts;
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

/// Why the agent was idle when the phone ended. A reason that is not to be given any more is forgotten.
fn idle(config: &Config, clock: Clock, kept: Option<String>) -> Option<IdleFor> {
    let mut known = config.idle_reasons.iter();
    let reason = kept.filter(|code| known.any(|reason| reason.code == *code))?;
    let since = clock.now();
    Some(IdleFor { reason, since })
}

fn identity(
    config: &Config,
    accounts: &[Account],
    audio_end: api::AudioEnd,
    clock: Clock,
    set_aside: Option<SetAside>,
) -> Identity {
    let account = |(id, account): (usize, &Account)| {
        let state = match account.registrar {
            Some(_) => api::RegistrationState::Unregistered,
            None => api::RegistrationState::Direct,
        };
        let id = u16::try_from(id).unwrap_or(u16::MAX);
        trialog_desk::account(id, account.aor.to_string(), state)
    };
    let lamp = |(id, lamp): (usize, &Lamp)| api::Lamp {
        id: u16::try_from(id).unwrap_or(u16::MAX),
        uri: lamp.of.of.to_string(),
        name: lamp.name.clone(),
        state: api::LampState::Unknown,
    };
    Identity {
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        accounts: accounts.iter().enumerate().map(account).collect(),
        lamps: config.lamps.iter().enumerate().map(lamp).collect(),
        reasons: reload::reasons(config),
        idle_reasons: reload::idle_reasons(config),
        idle: None,
        audio: api::Audio {
            end: audio_end,
            started_unix_us: None,
            ..api::Audio::default()
        },
        records: api::Records {
            failing: None,
            set_aside: set_aside.map(|aside| aside.path.display().to_string()),
        },
        unread: Vec::new(),
        quality: BTreeMap::new(),
        start: UnixTime(clock.unix_us(Time::ZERO) / 1_000),
    }
}

pub(super) fn random() -> Result<[u8; 32], StartError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(StartError::Random)?;
    Ok(bytes)
}
