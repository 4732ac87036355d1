//! What is kept of a call for those that look into it afterwards: its messages at the sockets, its steps and its sound.
use crate::name::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

names! {
    /// Which way a message went.
    Way {
        /// To this phone.
        In = "in",
        /// From it.
        Out = "out",
    }

    /// Whether sound goes one way between this phone and a party, and where it stops.
    SoundVerdict {
        /// It goes as far as this phone can tell.
        Fine = "fine",
        /// This phone holds the party.
        Held = "held",
        /// The party holds this phone.
        FarHeld = "far-held",
        /// No packet comes from the party that is sound.
        NothingArrives = "nothing-arrives",
        /// Packets come, and none becomes sound.
        NotDecoded = "not-decoded",
        /// The call has the party hear nobody now, or nobody hear it.
        NotRouted = "not-routed",
        /// The agent has no ear.
        NoEar = "no-ear",
        /// The agent has stopped the microphone.
        Muted = "muted",
        /// The agent has no microphone.
        NoMicrophone = "no-microphone",
        /// This phone sends no packet.
        NothingSent = "nothing-sent",
        /// The party reports that most of what is sent is lost.
        FarLoses = "far-loses",
    }

    /// How a message travelled.
    WireTransport {
        /// In datagrams.
        Udp = "udp",
        /// In a stream.
        Tcp = "tcp",
        /// In a secured stream.
        Tls = "tls",
    }
}

/// The SIP messages of a call as they were at the sockets, secrets struck out, and the call's steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallTrace {
    /// The call's number.
    pub call: u32,
    /// The name of the phone.
    pub phone: String,
    /// The program's version.
    pub version: String,
    /// The legs that messages were seen of, in the order in which they began.
    pub legs: Vec<TraceLeg>,
    /// The messages, oldest first.
    pub messages: Vec<TraceMessage>,
    /// So many messages were left out, to keep within bounds.
    pub left_out: u64,
    /// So many of `messages` stand before those that were left out.
    pub before_left_out: u32,
    /// What happened in the call, as the log has it, oldest first.
    pub steps: Vec<TraceStep>,
    /// How the sound of each leg that was answered goes both ways; of a leg that is over, how it went when that was counted last.
    pub sound: Vec<LegSound>,
}

/// A leg of a call and its far party, for the head of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceLeg {
    /// Its name, as in the status.
    pub leg: String,
    /// The far party's name, as it was when the leg's first message was seen.
    pub party: String,
}

/// A SIP message at the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceMessage {
    /// When, in Unix microseconds.
    pub at_us: u64,
    /// Which way it went.
    pub way: Way,
    /// How it travelled. What went by TLS is in the clear here.
    pub transport: WireTransport,
    /// This phone's address and port.
    pub local: String,
    /// The far end's address and port.
    pub remote: String,
    /// The name of the leg that it belongs to.
    pub leg: String,
    /// The Request-Line or the Status-Line (RFC 3261 §7.1, §7.2).
    pub first_line: String,
    /// The same message went the same way before: a retransmission.
    pub again: bool,
    /// Its end is missing here: it was longer than is kept.
    pub cut: bool,
    /// The message. What answers a challenge, passwords, keys of SRTP and digits are struck out.
    pub text: String,
}

/// Something that happened in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// When, in Unix microseconds.
    pub at_us: u64,
    /// What, in English.
    pub text: String,
}

/// How a leg's sound goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegSound {
    /// The leg's name, as in the status.
    pub leg: String,
    /// The far party's name.
    pub party: String,
    /// When it was counted, in Unix microseconds.
    pub at_us: u64,
    /// From the party to this phone.
    pub from_party: SoundFrom,
    /// From this phone to the party.
    pub to_party: SoundTo,
}

/// The way of a party's sound to this phone, in packets since the leg's sound began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SoundFrom {
    /// Packets that came.
    pub received: u64,
    /// Of them, so many in the last seconds: three to six.
    pub received_lately: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late to be heard.
    pub late: u64,
    /// Packets that became sound.
    pub decoded: u64,
    /// Of them, so many in the last seconds.
    pub decoded_lately: u64,
    /// The party is let speak to another one of the call.
    pub routed: bool,
    /// The agent hears the party, by an ear that is there.
    pub played: bool,
    /// Where it stops.
    pub verdict: SoundVerdict,
    /// `verdict`, for people, with what to do.
    pub verdict_text: String,
    /// `verdict_text` in German.
    pub verdict_text_de: String,
}

/// The way of the sound from this phone to a party, in packets since the leg's sound began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SoundTo {
    /// Packets that were sent.
    pub sent: u64,
    /// Of them, so many in the last seconds.
    pub sent_lately: u64,
    /// The party is let hear another one of the call.
    pub routed: bool,
    /// The agent's microphone is there, not stopped, and to be heard by the party.
    pub spoken: bool,
    /// Packets that the party has lost, in percent, as it reports by RTCP; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_lost_percent: Option<f32>,
    /// Where it stops.
    pub verdict: SoundVerdict,
    /// `verdict`, for people, with what to do.
    pub verdict_text: String,
    /// `verdict_text` in German.
    pub verdict_text_de: String,
}
