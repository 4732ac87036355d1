//! The tables of the file, key by key.
use super::reader::Section;
use super::{Config, Media, Sip, Sounds};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;
use trialog_call::{
    Grade, Hangup, Policy, RedirectionPolicy, ReferralPolicy, Rejection, WrapUpReason,
};
use trialog_engine::{AudioEnd, Country, DeviceNames, Noise, ParallelSound, VoiceSettings};
use trialog_sdp::{Codec, Protection};
use trialog_ua::{Accept, Account, Colleague, DtmfMode, Net, Reliable};

pub(super) fn config(root: Section<'_, '_>) -> Config {
    let default = Config::default();
    let name = root.parsed(
        "name",
        "a name of letters, digits, “-”, “_” and “.”, not beginning with “.”",
        |name| trialog_client::is_name(name).then(|| name.to_owned()),
    );
    let accounts: Vec<_> = root
        .tables("account")
        .into_iter()
        .filter_map(super::account::account)
        .collect();
    let lamps = root.tables("lamp").into_iter();
    let lamps = lamps.filter_map(|lamp| super::account::lamp(lamp, &accounts));
    let lamps: Vec<_> = lamps.collect();
    let (sip, redirections) = sip(root.table("sip"), &accounts);
    let tls = super::tls::tls(root.table("tls"));
    let media = media(root.table("media"));
    let (audio, parallel_sound, sounds) = audio(root.table("audio"));
    let mut policy = agent(root.table("agent"), &audio, parallel_sound);
    policy.redirections = redirections;
    if policy.parallel && media.srtp != Protection::Off {
        let expected = "\"off\" beside agent.parallel";
        root.table("media").fault("srtp", expected, "another");
    }
    wrap_up(root.table("wrap_up"), &mut policy);
    let idle_reasons = super::idle::idle(root.table("idle"));
    let api = root.table("api");
    let listen = api.parsed(
        "listen",
        "a loopback address and port such as \"127.0.0.1:0\"",
        |text| {
            let address: SocketAddr = text.parse().ok()?;
            address.ip().is_loopback().then_some(address)
        },
    );
    api.end();
    let records = super::records::records(root.table("records"));
    let directory = root.table("directory");
    let contacts = directory.path("file");
    directory.end();
    let name = name.unwrap_or(default.name);
    let acd = super::acd::acd(root.table("acd"), &name, &accounts);
    let webhooks = super::webhook::webhooks(root.tables("webhook"));
    let actions = super::action::actions(root.tables("action"));
    root.end();
    Config {
        file: None,
        name,
        sip,
        tls,
        media,
        audio,
        parallel_sound,
        sounds,
        policy,
        idle_reasons,
        api: listen.unwrap_or(default.api),
        records,
        directory: contacts,
        acd,
        webhooks,
        actions,
        accounts,
        lamps,
    }
}

fn sip(section: Section<'_, '_>, accounts: &[Account]) -> (Sip, RedirectionPolicy) {
    let default = Sip::default();
    let redirections = [
        ("same-domain", RedirectionPolicy::SameDomain),
        ("ask", RedirectionPolicy::Ask),
        ("never", RedirectionPolicy::Never),
    ];
    let redirections = section.choice("follow_redirects", &redirections);
    let redirections = redirections.unwrap_or(Policy::default().redirections);
    let accept = [
        ("registrar", Accept::Registrar),
        ("trusted", Accept::Trusted),
        ("anyone", Accept::Anyone),
    ];
    let reliable = [
        ("supported", Reliable::Supported),
        ("required", Reliable::Required),
        ("off", Reliable::Off),
    ];
    let trusted = "an address (\"192.0.2.1\") or a net (\"192.0.2.0/24\"); URIs, numbers and domains stand in sip.colleagues";
    let colleague =
        "a SIP URI (\"sip:bob@example.com\"), a number (\"202\") or a domain (\"example.com\")";
    let sip = Sip {
        listen: listen(&section).unwrap_or(default.listen),
        tcp: section.flag("tcp").unwrap_or(default.tcp),
        advertise: section.of_text("advertise", "an address such as \"192.0.2.1\""),
        trace: section.path("trace"),
        accept: section.choice("accept", &accept),
        trusted: section
            .list("trusted", trusted, net)
            .unwrap_or(default.trusted),
        colleagues: section
            .list("colleagues", colleague, Colleague::parse)
            .unwrap_or(default.colleagues),
        register_for: section
            .seconds("register_for", 30..=86_400)
            .unwrap_or(default.register_for),
        reliable: section
            .choice("reliable", &reliable)
            .unwrap_or(default.reliable),
        session_expires: session_expires(&section).unwrap_or(default.session_expires),
        session_least: section
            .seconds("session_least", 90..=86_400)
            .unwrap_or(default.session_least),
        remote_control: section
            .flag("remote_control")
            .unwrap_or(default.remote_control),
    };
    let has_server =
        |account: &Account| account.registrar.is_some() || account.outbound_proxy.is_some();
    if !sip.colleagues.is_empty() && !accounts.iter().any(has_server) {
        let expected = "an account with a registrar or an outbound_proxy, which vouches for its callers (addresses of direct senders \
                        stand in sip.trusted)";
        section.fault("colleagues", expected, "none");
    }
    section.end();
    (sip, redirections)
}

/// RFC 4028 §4: 90 s at least.
fn session_expires(section: &Section<'_, '_>) -> Option<Duration> {
    let asked = section.seconds("session_expires", 0..=86_400)?;
    if (1..90).contains(&asked.as_secs()) {
        section.fault(
            "session_expires",
            "0, or 90 to 86400 seconds",
            "less than 90",
        );
        return None;
    }
    Some(asked)
}

/// One address, or one of each family. The wildcard of IPv6 alone stands for both.
fn listen(section: &Section<'_, '_>) -> Option<Vec<SocketAddr>> {
    let address = "an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\"";
    let read = |text: &str| text.parse::<SocketAddr>().ok();
    let mut listen = section.one_or_more("listen", address, read)?;
    match listen.as_slice() {
        [one] if one.is_ipv6() && one.ip().is_unspecified() => {
            listen.push((Ipv4Addr::UNSPECIFIED, one.port()).into());
        }
        [_] => {}
        [one, other] if one.is_ipv4() != other.is_ipv4() && one.port() == other.port() => {}
        _ => {
            let expected = "one address, or one of IPv4 and one of IPv6 with the same port";
            section.fault("listen", expected, "others");
            return None;
        }
    }
    Some(listen)
}

fn net(text: &str) -> Option<Net> {
    match text.split_once('/') {
        Some((address, bits)) => Net::new(address.parse().ok()?, bits.parse().ok()?),
        None => Some(Net::address(text.parse().ok()?)),
    }
}

fn media(section: Section<'_, '_>) -> Media {
    let default = Media::default();
    let codecs = section.list(
        "codecs",
        "“opus”, “g722”, “pcma” or “pcmu”",
        |name| match name {
            "opus" => Some(Codec::Opus),
            "g722" => Some(Codec::G722),
            "pcma" => Some(Codec::Pcma),
            "pcmu" => Some(Codec::Pcmu),
            _ => None,
        },
    );
    if codecs.as_ref().is_some_and(Vec::is_empty) {
        section.fault("codecs", "at least one codec", "an empty list");
    }
    let dtmf = [
        ("auto", DtmfMode::Auto),
        ("events", DtmfMode::Events),
        ("info", DtmfMode::Info),
        ("in-band", DtmfMode::InBand),
    ];
    let srtp = [
        ("off", Protection::Off),
        ("offer", Protection::Offer),
        ("require", Protection::Require),
    ];
    let media = Media {
        rtp_ports: section
            .parsed(
                "rtp_ports",
                "first and last port such as \"10000-10999\", or \"0\": the system chooses",
                ports,
            )
            .unwrap_or(default.rtp_ports),
        codecs: codecs.unwrap_or(default.codecs),
        lock_codec: section.flag("lock_codec").unwrap_or(default.lock_codec),
        dtmf: section.choice("dtmf", &dtmf).unwrap_or(default.dtmf),
        srtp: section.choice("srtp", &srtp).unwrap_or(default.srtp),
        dtx: section.flag("dtx").unwrap_or(default.dtx),
        opus_complexity: section
            .number("opus_complexity", 0..=10)
            .unwrap_or(default.opus_complexity),
        opus_bitrate: section
            .number("opus_bitrate", 6_000..=128_000)
            .unwrap_or(default.opus_bitrate),
        silent_after: section
            .seconds("silent_after", 1..=3_600)
            .unwrap_or(default.silent_after),
        lost_after: section
            .seconds("lost_after", 1..=86_400)
            .unwrap_or(default.lost_after),
    };
    section.end();
    media
}

/// A leg takes two ports: RTP on the even one, RTCP on the next. At least one leg must fit.
fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    if text == "0" {
        return Some(0..=0);
    }
    let (first, last) = text.split_once('-')?;
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let even = first.checked_next_multiple_of(2)?;
    (first > 0 && even < last).then_some(first..=last)
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Device,
    File,
    None,
    Echo,
}

fn audio(section: Section<'_, '_>) -> (AudioEnd, ParallelSound, Sounds) {
    let end = section
        .choice(
            "end",
            &[
                ("device", End::Device),
                ("file", End::File),
                ("none", End::None),
                ("echo", End::Echo),
            ],
        )
        .unwrap_or(End::Device);
    for (key, needs, name) in [
        ("input", End::Device, "device"),
        ("output", End::Device, "device"),
        ("ring", End::Device, "device"),
        ("play", End::File, "file"),
        ("repeat", End::File, "file"),
        ("record", End::File, "file"),
        ("record_spoken", End::File, "file"),
    ] {
        if needs != end && section.entry(key).is_some() {
            let expected = format!("no such key without end = \"{name}\"");
            section.fault(key, &expected, "one");
        }
    }
    let devices = DeviceNames {
        microphone: section.text("input"),
        ear: section.text("output"),
        ring: section.text("ring"),
    };
    let (play, repeat) = (section.path("play"), section.flag("repeat"));
    let (record, spoken) = (section.path("record"), section.path("record_spoken"));
    let sounds = Sounds {
        music: section.path("music"),
        tones: section.choice("tones", &Country::ALL).unwrap_or_default(),
        voice: voice(&section, end),
    };
    section.end();
    let parallel_sound = if end == End::Echo {
        ParallelSound::Echo
    } else {
        ParallelSound::Silence
    };
    let end = match end {
        End::Device => AudioEnd::Device(devices),
        End::File => AudioEnd::File {
            play,
            repeat: repeat.unwrap_or(false),
            record,
            record_spoken: spoken,
        },
        End::None | End::Echo => AudioEnd::None,
    };
    (end, parallel_sound, sounds)
}

/// What is done with the microphone's sound: all by default with a sound card, nothing with a file.
fn voice(section: &Section<'_, '_>, end: End) -> VoiceSettings {
    const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];
    if !matches!(end, End::Device | End::File) {
        for key in ["echo", "noise", "gain"] {
            if section.entry(key).is_some() {
                let expected = "no such key without end = \"device\" or \"file\"";
                section.fault(key, expected, "one");
            }
        }
    }
    let by_card = end == End::Device;
    let noises = [
        ("off", Noise::Off),
        ("on", Noise::On),
        ("strong", Noise::Strong),
    ];
    let noise = if by_card { Noise::On } else { Noise::Off };
    VoiceSettings {
        echo: section.choice("echo", &SWITCH).unwrap_or(by_card),
        noise: section.choice("noise", &noises).unwrap_or(noise),
        gain: section.choice("gain", &SWITCH).unwrap_or(by_card),
    }
}

fn agent(section: Section<'_, '_>, audio: &AudioEnd, sound: ParallelSound) -> Policy {
    let default = Policy::default();
    let transfers = [
        ("ask", ReferralPolicy::Ask),
        ("accept", ReferralPolicy::Accept),
        ("decline", ReferralPolicy::Decline),
        ("never", ReferralPolicy::Never),
    ];
    let callers = [
        ("colleagues", Some(Grade::Colleague)),
        ("registrar", Some(Grade::Registrar)),
    ];
    let on_request = [callers[0], callers[1], ("nobody", None)];
    let hangup = [("strict", Hangup::Strict), ("ask", Hangup::Ask)];
    let away = section.number("away_status", 0..=699_u16);
    if let Some(status @ 1..400) = away {
        let found = status.to_string();
        section.fault("away_status", "0 or a status from 400 to 699", &found);
    }
    let rejection = section.number("reject_status", 0..=699_u16);
    let rejection = rejection.and_then(|status| {
        let known = [Rejection::Here, Rejection::Everywhere];
        let found = known.into_iter().find(|known| known.status() == status);
        if found.is_none() {
            section.fault("reject_status", "486 or 603", &status.to_string());
        }
        found
    });
    let rona_after = section.number("rona_after", 1..=100).unwrap_or(1);
    let flag = |key, default| section.flag(key).unwrap_or(default);
    let policy = Policy {
        agent: flag("agent", default.agent),
        auto_answer: section
            .choice_or_flag("auto_answer", &callers, |all| {
                all.then_some(Grade::Stranger)
            })
            .unwrap_or(default.auto_answer),
        answer_on_request: section
            .choice("answer_on_request", &on_request)
            .unwrap_or(default.answer_on_request),
        parallel: flag("parallel", default.parallel),
        answer_after: section
            .seconds("answer_after", 0..=3600)
            .unwrap_or(default.answer_after),
        end_after: section
            .seconds("end_after", 0..=86_400)
            .filter(|after| !after.is_zero()),
        transfers: section
            .choice("transfers", &transfers)
            .unwrap_or(default.transfers),
        consult_from_colleagues: flag("consult_from_colleagues", default.consult_from_colleagues),
        rejection: rejection.unwrap_or(default.rejection),
        call_waiting: flag("call_waiting", default.call_waiting),
        post_call: flag("post_call", default.post_call),
        hangup: section.choice("hangup", &hangup).unwrap_or(default.hangup),
        away_status: away.map_or(default.away_status, |status| {
            (status != 0).then_some(status)
        }),
        wrap_up_is_away: flag("wrap_up_is_away", default.wrap_up_is_away),
        no_device_is_away: flag("no_device_is_away", default.no_device_is_away),
        rona_after: flag("rona", default.rona_after.is_some()).then_some(rona_after),
        max_calls: section
            .number("max_calls", 1..=100_000)
            .unwrap_or(default.max_calls),
        referral_time: section
            .seconds("referral_time", 1..=600)
            .unwrap_or(default.referral_time),
        transfer_time: section
            .seconds("transfer_time", 1..=600)
            .unwrap_or(default.transfer_time),
        ..default
    };
    parallel_calls(&section, &policy, audio, sound);
    section.end();
    policy
}

/// What goes together where calls are parallel, and what makes no sense elsewhere.
fn parallel_calls(
    section: &Section<'_, '_>,
    policy: &Policy,
    audio: &AudioEnd,
    sound: ParallelSound,
) {
    if policy.parallel {
        if *audio != AudioEnd::None {
            let expected =
                "audio.end = \"none\" or \"echo\" beside it, as no call has the microphone";
            section.fault("parallel", expected, "another one");
        }
        if policy.agent {
            section.fault("parallel", "agent = false beside it", "an agent's phone");
        }
        return;
    }
    if sound == ParallelSound::Echo {
        let expected = "parallel = true beside audio.end = \"echo\"";
        section.fault("parallel", expected, "parallel = false");
    }
    if !policy.answer_after.is_zero() {
        section.fault("answer_after", "parallel = true beside it", "none");
    }
    if policy.end_after.is_some() {
        section.fault("end_after", "parallel = true beside it", "none");
    }
}

fn wrap_up(section: Section<'_, '_>, policy: &mut Policy) {
    for table in section.tables("reasons") {
        let reason = reason(table, &policy.reasons);
        policy.reasons.push(reason);
    }
    policy.default_reason = section.text("default");
    policy.wrap_up_time = section.seconds("time", 1..=86_400);
    if let Some(extension) = section.seconds("extension", 1..=86_400) {
        policy.wrap_up_extension = extension;
    }
    if let Some(code) = &policy.default_reason
        && !policy.reasons.iter().any(|reason| reason.code == *code)
    {
        section.fault(
            "default",
            "the code of one of wrap_up.reasons",
            &format!("“{code}”"),
        );
    }
    if policy.wrap_up_time.is_some() && policy.default_reason.is_none() {
        section.fault("time", "wrap_up.default beside it", "none");
    }
    section.end();
}

pub(super) fn reason(section: Section<'_, '_>, before: &[WrapUpReason]) -> WrapUpReason {
    let code = required(&section, "code");
    if before.iter().any(|reason| reason.code == code) {
        section.fault(
            "code",
            "a code that no other reason has",
            &format!("“{code}”"),
        );
    }
    let reason = WrapUpReason {
        en: section.text("en").unwrap_or_else(|| code.clone()),
        de: section.text("de").unwrap_or_else(|| code.clone()),
        code,
    };
    section.end();
    reason
}

fn required(section: &Section<'_, '_>, key: &'static str) -> String {
    let text = section.text(key);
    if section.lacks(key) {
        section.fault(key, "text in quotes", "nothing");
    }
    text.unwrap_or_default()
}
