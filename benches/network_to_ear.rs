//! How good is it in the ear what a network has lost, delayed and doubled?
//!
//! Human speech is encoded, and its packets are sent by the kind of weather that the row says, the same ones to a whole phone and, at
//! the same time, to PJSIP where that has the codec. What each ear recorded is scored: PESQ by pieces of 3 s. Beside Opus, which that PJSIP lacks, stands Opus of the same rate whose packets carry no copies (FEC).
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trialog_benches::clicks::Recording;
use trialog_benches::phones::Testbed;
use trialog_benches::pjsua2::Party;
use trialog_benches::print::{measured_beside, note};
use trialog_benches::speech::{Heard, Score, scores, speech, write_wav};
use trialog_benches::weather::Weather;
use trialog_benches::wire_party::{WireParty, payload_type};
use trialog_codec::{Codec, LARGEST_PAYLOAD, Options, encoder};
use trialog_rtp::{HEADER, Header, write};

/// One row: what is sent, and how it fares.
struct Condition {
    name: &'static str,
    codec: Codec,
    /// Of Opus.
    bitrate: u32,
    loss_percent: u8,
    weather: Weather,
}

const LOSS_5: Weather = Weather {
    loss: 5.0,
    ..Weather::CLEAN
};

const CONDITIONS: [Condition; 10] = [
    g711("audio.pcmu.clean", Weather::CLEAN),
    g711("audio.pcmu.loss5", LOSS_5),
    g711("audio.pcmu.stall60", stall(60)),
    g711("audio.pcmu.stall120", stall(120)),
    g711("audio.pcmu.stall200", stall(200)),
    g711(
        "audio.pcmu.jitter60",
        Weather {
            jitter: 60,
            ..LOSS_5
        },
    ),
    g711(
        "audio.pcmu.copies10",
        Weather {
            copies: 10.0,
            ..Weather::CLEAN
        },
    ),
    Condition {
        codec: Codec::G722,
        ..g711("audio.g722.loss5", LOSS_5)
    },
    // What a phone sends by its own defaults.
    opus("audio.opus.loss5", 40_000, 6, LOSS_5),
    opus(
        "audio.opus24.loss10",
        24_000,
        10,
        Weather {
            loss: 10.0,
            ..Weather::CLEAN
        },
    ),
];

const fn g711(name: &'static str, weather: Weather) -> Condition {
    Condition {
        name,
        codec: Codec::Pcmu,
        bitrate: 0,
        loss_percent: 0,
        weather,
    }
}

const fn opus(name: &'static str, bitrate: u32, loss_percent: u8, weather: Weather) -> Condition {
    Condition {
        codec: Codec::Opus,
        bitrate,
        loss_percent,
        ..g711(name, weather)
    }
}

const fn stall(stall: u64) -> Weather {
    Weather {
        stall,
        ..Weather::CLEAN
    }
}

fn main() {
    let folder = trialog_tests::program::folder("network-to-ear");
    let mut streams = Vec::new();
    for condition in &CONDITIONS {
        streams.push(Stream::to(condition, &folder, false));
        streams.push(Stream::to(condition, &folder, true));
    }
    for stream in &mut streams {
        stream.ear.joined();
    }
    let sent = send(&streams);
    // What the longest buffer still has.
    std::thread::sleep(Duration::from_secs(1));
    let mut version = String::new();
    let mut heard = Vec::new();
    for stream in streams {
        heard.push(stream.heard(&folder, sent, &mut version));
    }
    let mut scores = scores(&heard).into_iter();
    let peer = format!("pjsua2 {version}");
    for condition in &CONDITIONS {
        let mut next = || scores.next().expect("one for each stream");
        let (own, its) = (next(), next());
        let peer = match condition.codec {
            Codec::Opus => "no FEC",
            _ => &peer,
        };
        say(condition.name, own, peer, its);
    }
}

fn say(name: &str, own: Score, peer: &str, its: Score) {
    measured_beside(name, own.pesq, "PESQ", peer, its.pesq);
    if name == "audio.pcmu.jitter60" {
        measured_beside(
            "audio.pcmu.jitter60.delay",
            own.delay,
            "ms",
            peer,
            its.delay,
        );
    }
    note(&format!(
        "{name}: delay {:.0} ms; {peer} {:.0} ms",
        own.delay, its.delay
    ));
}

/// Packets on their way to one ear.
struct Stream {
    name: String,
    weather: Weather,
    packets: Vec<Vec<u8>>,
    said: PathBuf,
    mouth: WireParty,
    ear: Ear,
}

enum Ear {
    Ours(Testbed, trialog_tests::program::PhoneProcess),
    Pjsip(Party),
}

impl Ear {
    fn ours(name: &str, codec: &'static str) -> Self {
        let testbed = Testbed::new(&format!("network-to-ear-{name}"), codec);
        let phone = testbed.phone("ear", "record = \"heard.wav\"\n");
        Self::Ours(testbed, phone)
    }

    fn pjsip(folder: &Path, name: &str, codec: &str) -> Self {
        Self::Pjsip(Party::start(folder, name, false, &["--codec", codec]))
    }

    fn uri(&self) -> String {
        match self {
            Self::Ours(_, phone) => phone.uri(),
            Self::Pjsip(party) => party.uri.clone(),
        }
    }

    fn joined(&mut self) {
        match self {
            Self::Ours(_, phone) => phone.wait_for("connected"),
            Self::Pjsip(party) => party.joined(),
        }
    }
}

impl Stream {
    /// Starts the ear and calls it. `beside`: what stands beside ours in the row.
    fn to(condition: &Condition, folder: &Path, beside: bool) -> Self {
        let Condition { name, codec, .. } = *condition;
        let samples = speech(codec);
        let said = folder.join(format!("{name}.said.wav"));
        write_wav(&said, &samples, codec.rate());
        let mouth = WireParty::speaking(codec);
        let name = if beside {
            format!("{name}.beside")
        } else {
            name.to_owned()
        };
        let ear = match (codec, beside) {
            (Codec::Opus, _) => Ear::ours(&name, "opus"),
            (Codec::G722, false) => Ear::ours(&name, "g722"),
            (_, false) => Ear::ours(&name, "pcmu"),
            (Codec::G722, true) => Ear::pjsip(folder, &name, "G722"),
            (_, true) => Ear::pjsip(folder, &name, "PCMU"),
        };
        let uri = ear.uri();
        mouth.call(&uri, port(&uri));
        Self {
            name,
            weather: condition.weather,
            packets: packets(condition, &samples, !beside),
            said,
            mouth,
            ear,
        }
    }

    /// Ends the ear; `sent` is when the first packet was, in ms of Unix time.
    fn heard(self, folder: &Path, sent: f64, version: &mut String) -> Heard {
        let Recording {
            samples,
            rate,
            began,
        } = match self.ear {
            Ear::Ours(testbed, phone) => testbed.recording(&phone, "heard.wav"),
            Ear::Pjsip(party) => {
                version.clone_from(&party.version);
                party.end().1
            }
        };
        let heard = folder.join(format!("{}.heard.wav", self.name));
        write_wav(&heard, &samples, rate as u32);
        Heard {
            said: self.said,
            heard,
            ahead: (sent - began) / 1e3,
        }
    }
}

/// The port of `sip:party@127.0.0.1:5060`.
fn port(uri: &str) -> u16 {
    let port = uri.rsplit(':').next().and_then(|port| port.parse().ok());
    port.unwrap_or_else(|| panic!("{uri} has no port"))
}

/// `copies`: whether Opus may put them in.
fn packets(condition: &Condition, samples: &[f32], copies: bool) -> Vec<Vec<u8>> {
    let codec = condition.codec;
    let mut options = Options::default();
    if codec == Codec::Opus {
        options.opus_bitrate = condition.bitrate;
        options.opus_loss_percent = condition.loss_percent;
        options.opus_fec = copies;
    }
    let mut encoder = encoder(codec, &options).expect("these options are good ones");
    let step = codec.rtp_clock() / 50;
    let mut payload = [0; LARGEST_PAYLOAD];
    samples
        .chunks_exact(codec.samples())
        .zip(0u32..)
        .map(|(pcm, n)| {
            let length = encoder.encode(pcm, &mut payload);
            let header = Header {
                payload_type: payload_type(codec),
                marker: n == 0,
                sequence: n as u16,
                timestamp: n * step,
                ssrc: 0x5EEC_0001,
            };
            let mut packet = vec![0; HEADER + length];
            let written = write(&header, &payload[..length], &mut packet);
            packet.truncate(written);
            packet
        })
        .collect()
}

/// Sends all streams to their ends, each packet when the network lets it through. When the first one was sent, in ms of Unix time.
fn send(streams: &[Stream]) -> f64 {
    let mut due: Vec<(Duration, usize, usize)> = Vec::new();
    for (place, stream) in streams.iter().enumerate() {
        let arrivals = stream.weather.arrivals(stream.packets.len());
        due.extend(arrivals.into_iter().map(|(at, n)| (at, place, n)));
    }
    due.sort_unstable();
    let ears: Vec<_> = streams
        .iter()
        .map(|stream| stream.mouth.far().expect("its call is answered"))
        .collect();
    let (start, unix) = (Instant::now(), SystemTime::now());
    for (at, place, n) in due {
        std::thread::sleep((start + at).saturating_duration_since(Instant::now()));
        let stream = &streams[place];
        // An ear that is gone has no score.
        let _ = stream.mouth.rtp.send_to(&stream.packets[n], ears[place]);
    }
    let unix = unix.duration_since(UNIX_EPOCH).expect("it is after 1970");
    unix.as_secs_f64() * 1e3
}
