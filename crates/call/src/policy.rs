//! What the administrator decides.
use crate::{Grade, Rejection};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The administrator's switches that the core obeys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// `false`: the customer's phone, without roles; it only talks and hangs up.
    pub agent: bool,
    /// Answer offered calls at once whose caller is of this grade or a higher one; one that comes during another rings until
    /// that one is over. `None`: no call.
    pub auto_answer: Option<Grade>,
    /// Answer offered calls that ask for it ([`crate::Incoming::answer_after`]) and whose caller is of this grade or a higher one,
    /// where no other call is there. `None`: no call; it rings as any.
    pub answer_on_request: Option<Grade>,
    /// Parallel calls: none has our microphone and ear, so that none waits for another or is held for it, and none has an
    /// entry in the routing. For a phone without a local party: the far end of a load, an echo service.
    pub parallel: bool,
    /// With `parallel` and `auto_answer`: let it ring for so long before.
    pub answer_after: Duration,
    /// With `parallel`: hang up so long after a call was connected; `None`: never.
    pub end_after: Option<Duration>,
    /// What a REFER is answered with.
    pub transfers: ReferralPolicy,
    /// For which phones an offered call is refused, where the agent does not say.
    pub rejection: Rejection,
    /// What a redirection of a call of ours is followed by.
    pub redirections: RedirectionPolicy,
    /// A colleague's call is a consult also without `Trialog-Role`, as behind a B2BUA that drops the header: we are its guest.
    pub consult_from_colleagues: bool,
    /// Offer a second call while one is there; else 486, unless the first is a stranger's that but rings, and the second is not.
    pub call_waiting: bool,
    /// Let both agents talk on when the customer has left (R17).
    pub post_call: bool,
    /// What the hook does in a conference.
    pub hangup: Hangup,
    /// How an idle or wrapping-up agent's phone answers new calls; `None` lets them ring.
    pub away_status: Option<u16>,
    /// An agent that owes a wrap-up counts as away.
    pub wrap_up_is_away: bool,
    /// An agent whose microphone or ear is missing ([`crate::Input::Device`]) counts as away.
    pub no_device_is_away: bool,
    /// After so many calls in a row that an agent who was free has let ring, the agent counts as away ([`crate::Presence::NotAnswered`]);
    /// `None`: never. At least 1.
    pub rona_after: Option<u32>,
    /// Most calls at once; 486 beyond.
    pub max_calls: u32,
    /// The wrap-up reasons; none: no wrap-up is asked for.
    pub reasons: Vec<WrapUpReason>,
    /// Code of the reason that the timer submits.
    pub default_reason: Option<String>,
    /// How long until the timer submits the default; `None`: never.
    pub wrap_up_time: Option<Duration>,
    /// How much one extension adds.
    pub wrap_up_extension: Duration,
    /// How long a referred agent is asked before the answer is no.
    pub referral_time: Duration,
    /// How long a REFER may be without its final NOTIFY.
    pub transfer_time: Duration,
}

impl Policy {
    /// The same, with what can't change while a phone runs as it is in `running`.
    #[must_use]
    pub fn with_fixed_of(self, running: &Self) -> Self {
        Self {
            agent: running.agent,
            parallel: running.parallel,
            answer_after: running.answer_after,
            end_after: running.end_after,
            transfers: running.transfers,
            answer_on_request: running.answer_on_request,
            max_calls: running.max_calls,
            ..self
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            agent: true,
            auto_answer: None,
            answer_on_request: Some(Grade::Colleague),
            parallel: false,
            answer_after: Duration::ZERO,
            end_after: None,
            transfers: ReferralPolicy::Ask,
            rejection: Rejection::Here,
            redirections: RedirectionPolicy::Ask,
            consult_from_colleagues: false,
            call_waiting: true,
            post_call: true,
            hangup: Hangup::Strict,
            away_status: Some(480),
            wrap_up_is_away: true,
            no_device_is_away: true,
            rona_after: None,
            max_calls: 32,
            reasons: Vec::new(),
            default_reason: None,
            wrap_up_time: None,
            wrap_up_extension: Duration::from_secs(30),
            referral_time: Duration::from_secs(45),
            transfer_time: Duration::from_secs(60),
        }
    }
}

/// What to do with a REFER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferralPolicy {
    /// Ask the agent.
    Ask,
    /// Accept at once.
    Accept,
    /// Decline at once.
    Decline,
    /// This phone can't be referred at all: `Allow` has no REFER, `Supported` no `replaces`.
    Never,
}

/// What to do when a call of ours is answered with a redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectionPolicy {
    /// Follow it within the domain that was called, and not beyond.
    SameDomain,
    /// Ask the agent. A call that follows a REFER, and one of a phone without an agent, goes no further.
    Ask,
    /// The call is refused.
    Never,
}

/// What the hook does in a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hangup {
    /// Ends it for all at once (R11).
    Strict,
    /// Asks where a page is open, and ends it after 5 s without an answer.
    Ask,
}

/// A wrap-up reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WrapUpReason {
    /// What is recorded.
    pub code: String,
    /// What an English screen shows.
    pub en: String,
    /// What a German screen shows.
    pub de: String,
}
