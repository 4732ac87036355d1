//! What can be wrong with a description, and with an offer or an answer.
use std::fmt;

/// Text that is no session description. Reject an offer with 400; an answer like this ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DescriptionError {
    /// The line, from 1; 0 for the whole.
    pub line: usize,
    /// The reason, for people.
    pub why: &'static str,
}

impl fmt::Display for DescriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "session description: {}", self.why),
            line => write!(f, "session description, line {line}: {}", self.why),
        }
    }
}

impl std::error::Error for DescriptionError {}

/// Why no sound could be agreed. Reject an offer with 488; after such an answer the call can't stay as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NegotiationError {
    /// No audio over RTP is offered (RFC 3264 §6).
    NoAudio,
    /// Only SRTP is offered, and we take none.
    Protected,
    /// There are no keys for SRTP, and we take nothing else.
    NotProtected,
    /// Keys for SRTP are there, and none of a kind that we have (RFC 4568 §6.2).
    NoCommonSuite,
    /// The offer, or the answer, has no codec of ours (RFC 3264 §6).
    NoCommonCodec,
    /// The far side's address is missing, is a name and not an IP address, or is IPv6 where we have IPv4, or the reverse.
    NoAddress,
    /// The answer refuses our stream: port 0 (RFC 3264 §6).
    Rejected,
    /// The answer has not the offer's media lines (RFC 3264 §6).
    Mismatch,
    /// There is an answer, but no offer of ours that waits for one.
    NoOffer,
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAudio => "no audio over RTP is offered",
            Self::Protected => "only SRTP is offered, which is switched off here",
            Self::NotProtected => "SRTP is required here, and there are no keys for it",
            Self::NoCommonSuite => "there is no crypto suite that both sides have",
            Self::NoCommonCodec => "there is no codec that both sides have",
            Self::NoAddress => "there is no IP address that we could send to",
            Self::Rejected => "the far side refuses the audio stream",
            Self::Mismatch => "the answer's media lines are not those of the offer",
            Self::NoOffer => "no offer of ours waits for an answer",
        })
    }
}

impl std::error::Error for NegotiationError {}
