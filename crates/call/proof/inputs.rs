//! Every input that can come in a state. Each enum is walked by a chain of its variants, matched without `_`, so that a
//! new variant does not compile until it is searched too.
use crate::proof::model::{Far, FarLeg, Refer, World};
use crate::{
    AccountId, Act, CallId, CallRequest, Capabilities, EndCause, EndReason, Grade, Incoming, Info,
    Input, LegId, MediaEvent, PartyIdentity, Presence, Redirection, Referral, Role, Target,
    WireEvent, WrapUpAct, WrapUpId,
};
use alloc::sync::Arc;

/// What differs between the worlds that are searched.
#[derive(Clone, Debug)]
pub(crate) struct Alphabet {
    /// The INVITEs that may come.
    pub(crate) incoming: Vec<Incoming>,
    /// The capabilities of parties that answer our INVITE.
    pub(crate) answers: Vec<Capabilities>,
    /// Whose legs may be replaced by a call with `Replaces`.
    pub(crate) replaces: Replaced,
    /// Calls begin only when no wrap-up is left over from an earlier one.
    pub(crate) wrap_ups: usize,
    /// Whose consequences are followed, beside those of the calls themselves.
    pub(crate) follow: &'static [Aside],
}

/// Whose legs may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// None.
    No,
    /// Those that we have placed, also before their answer; so each is replaced once.
    Placed,
    /// The owner's, on its guest's phone.
    OfGuest,
    /// Any.
    Any,
}

/// Things that go on beside the calls. Each doubles the states, some several times; they are given in every state of
/// every world and held against every rule, and each is followed in a world of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// Headset, page, presence.
    Surroundings,
    /// RTP ports run out and are there again.
    RtpPorts,
    /// Our microphone.
    Mute,
    /// Sound stops and comes again.
    Sound,
    /// The network changes.
    Network,
    /// Far sides hold us.
    FarHold,
    /// Reasons are drafted.
    Drafts,
    /// A NOTIFY comes after the transfer was given up or taken back.
    LateNotify,
    /// The phone is switched off.
    Shutdown,
    /// Ringing, early media.
    Progress,
    /// Far sides are stated to be other parties.
    Identities,
    /// Far sides refer us.
    Referrals,
    /// Peers ask for calls outside of any call.
    Requests,
    /// Far sides state why they end.
    Reasons,
    /// Far sides redirect our calls.
    Redirections,
    /// We call.
    Dialling,
}

/// Beside which of them this input goes.
pub(crate) fn aside(input: &Input) -> Option<Aside> {
    match input {
        Input::Device(_) | Input::PageOpen(_) | Input::Presence(_) => Some(Aside::Surroundings),
        Input::RtpPorts(_) => Some(Aside::RtpPorts),
        Input::Act {
            act: Act::Mute | Act::Unmute,
            ..
        } => Some(Aside::Mute),
        Input::Media {
            event: MediaEvent::Silent,
            ..
        } => Some(Aside::Sound),
        Input::NetworkChanged => Some(Aside::Network),
        Input::Wire {
            event: WireEvent::FarHold(true),
            ..
        } => Some(Aside::FarHold),
        Input::Wire {
            event: WireEvent::Identity(_),
            ..
        } => Some(Aside::Identities),
        Input::Wire {
            event: WireEvent::Rings,
            ..
        } => Some(Aside::Progress),
        Input::WrapUp {
            act: WrapUpAct::Draft { .. },
            ..
        } => Some(Aside::Drafts),
        Input::WrapUpKept { .. } => Some(Aside::Drafts),
        Input::Wire {
            event: WireEvent::Referred(_),
            ..
        } => Some(Aside::Referrals),
        Input::Wire {
            event: WireEvent::CallAsked(_),
            ..
        } => Some(Aside::Requests),
        Input::Wire {
            event: WireEvent::Redirected(_),
            ..
        } => Some(Aside::Redirections),
        Input::Wire {
            event: WireEvent::Reason(_),
            ..
        } => Some(Aside::Reasons),
        Input::Dial { .. } => Some(Aside::Dialling),
        Input::Terminate => Some(Aside::Shutdown),
        _ => None,
    }
}

pub(crate) fn target() -> Target {
    Target("sip:b@x".into())
}

fn first<T>(value: T) -> Option<T> {
    Some(value)
}

/// The variant after this one.
fn input_after(input: &Input) -> Option<Input> {
    Some(match input {
        Input::Dial { .. } => Input::Act {
            call: CallId(1),
            act: Act::Answer,
        },
        Input::Act { .. } => Input::Hook,
        Input::Hook => Input::PageOpen(true),
        Input::PageOpen(_) => Input::Presence(Presence::Idle),
        Input::Presence(_) => Input::WrapUp {
            id: WrapUpId(1),
            act: WrapUpAct::Extend,
        },
        Input::WrapUp { .. } => Input::WrapUpKept {
            id: WrapUpId(1),
            kept: true,
        },
        Input::WrapUpKept { .. } => Input::Wire {
            leg: crate::LegId::Placed(1),
            event: WireEvent::Gone,
        },
        Input::Wire { .. } => Input::Media {
            leg: crate::LegId::Placed(1),
            event: MediaEvent::Silent,
        },
        Input::Media { .. } => Input::Device(true),
        Input::Device(_) => Input::RtpPorts(true),
        Input::RtpPorts(_) => Input::NetworkChanged,
        Input::NetworkChanged => Input::Deadline,
        Input::Deadline => Input::Terminate,
        Input::Terminate => return None,
    })
}

fn act_after(act: &Act) -> Option<Act> {
    Some(match act {
        Act::Answer => Act::Reject(None),
        Act::Reject(None) => Act::Reject(Some(crate::Rejection::Everywhere)),
        Act::Reject(Some(_)) => Act::Forward(target()),
        Act::Forward(_) => Act::Cancel,
        Act::Cancel => Act::Hold,
        Act::Hold => Act::Resume,
        Act::Resume => Act::Mute,
        Act::Mute => Act::Unmute,
        Act::Unmute => Act::Consult(target()),
        Act::Consult(_) | Act::ConsultBy { .. } => Act::EndConsult,
        Act::EndConsult => Act::Swap,
        Act::Swap => Act::Conference,
        Act::Conference => Act::Transfer(None),
        Act::Transfer(None) => Act::Transfer(Some(target())),
        Act::Transfer(Some(_)) => Act::Withdraw,
        Act::Withdraw => Act::Accept,
        Act::Accept => Act::Decline,
        Act::Decline => Act::Exit,
        Act::Exit => Act::End,
        Act::End => Act::Stay,
        Act::Stay => Act::Dtmf(b'5'),
        Act::Dtmf(_) => return None,
    })
}

/// Every act, with one argument each.
pub(crate) fn acts() -> impl Iterator<Item = Act> {
    std::iter::successors(first(Act::Answer), act_after)
}

fn cause_after(cause: &EndCause) -> Option<EndCause> {
    Some(match cause {
        EndCause::Bye => EndCause::Cancelled,
        EndCause::Cancelled => EndCause::AnsweredElsewhere,
        EndCause::AnsweredElsewhere => EndCause::Lost,
        EndCause::Lost => EndCause::TimedOut,
        EndCause::TimedOut => EndCause::Silent,
        EndCause::Silent => EndCause::NoMedia,
        EndCause::NoMedia => return None,
    })
}

fn event_after(event: &WireEvent) -> Option<WireEvent> {
    Some(match event {
        WireEvent::Rings => WireEvent::Answered(Capabilities::default()),
        WireEvent::Answered(_) => WireEvent::Confirmed,
        WireEvent::Confirmed => WireEvent::Refused { status: 486 },
        WireEvent::Refused { .. } => WireEvent::Reason(line_down()),
        WireEvent::Reason(_) => WireEvent::Redirected(redirection(true)),
        WireEvent::Redirected(_) => WireEvent::Ended(EndCause::Bye),
        WireEvent::Ended(_) => WireEvent::Gone,
        WireEvent::Gone => WireEvent::Renegotiated(Capabilities::default()),
        WireEvent::Renegotiated(_) => WireEvent::RenegotiationRefused { status: 488 },
        WireEvent::RenegotiationRefused { .. } => WireEvent::FarHold(true),
        WireEvent::FarHold(_) => WireEvent::Focus(true),
        WireEvent::Focus(_) => WireEvent::Identity(stated("sip:4711@x", None)),
        WireEvent::Identity(_) => WireEvent::ReferAccepted,
        WireEvent::ReferAccepted => WireEvent::ReferRefused { status: 405 },
        WireEvent::ReferRefused { .. } => WireEvent::ReferNotified { status: 200 },
        WireEvent::ReferNotified { .. } => WireEvent::Referred(referral(Grade::Colleague)),
        WireEvent::Referred(_) => WireEvent::ReferralWithdrawn,
        WireEvent::ReferralWithdrawn => WireEvent::Informed(Info::PostCall),
        WireEvent::Informed(_) => WireEvent::CallAsked(request(Grade::Colleague)),
        WireEvent::CallAsked(_) => WireEvent::Incoming(incoming()),
        WireEvent::Incoming(_) => return None,
    })
}

fn line_down() -> Arc<EndReason> {
    EndReason {
        protocol: "SIP".into(),
        not_secured: None,
        cause: Some(503),
        text: Some("line down".into()),
    }
    .into()
}

fn redirection(same_domain: bool) -> Redirection {
    let to = target();
    Redirection { to, same_domain }
}

pub(crate) fn referral(grade: Grade) -> Referral {
    Referral {
        to: target(),
        party: Arc::default(),
        elsewhere: false,
        replaces: true,
        grade,
    }
}

fn request(grade: Grade) -> CallRequest {
    CallRequest {
        account: AccountId(0),
        by: Arc::default(),
        referral: Referral {
            replaces: false,
            ..referral(grade)
        },
    }
}

/// The party that a PBX states at the far end of a leg.
pub(crate) fn stated(uri: &str, name: Option<&str>) -> Arc<PartyIdentity> {
    PartyIdentity {
        name: name.map(Into::into),
        asserted: true,
        ..PartyIdentity::called(&Target(uri.into()))
    }
    .into()
}

/// The owner, as a guest's phone knows it.
pub(crate) const OWNER: &str = "sip:201@x";

/// A plain call from outside.
pub(crate) fn incoming() -> Incoming {
    Incoming {
        account: AccountId(0),
        from: PartyIdentity::named("a").into(),
        origin: Arc::default(),
        as_guest: false,
        grade: Grade::Stranger,
        replaces: None,
        by_peer: false,
        answer_after: None,
        capabilities: Capabilities {
            refer: true,
            replaces: true,
            trialog: false,
        },
    }
}

/// Everything that can happen in this world now.
pub(crate) fn inputs(world: &World, alphabet: &Alphabet, into: &mut Vec<Input>) {
    into.clear();
    let start = Input::Dial {
        account: AccountId(0),
        target: target(),
    };
    for input in std::iter::successors(Some(start), input_after) {
        match &input {
            Input::Dial { .. } => {
                if may_begin(world, alphabet) {
                    into.push(input);
                }
            }
            Input::Act { .. } => {
                for call in world.phone.sketch() {
                    into.extend(acts().map(|act| Input::Act { call: call.id, act }));
                }
                into.push(Input::Act {
                    call: CallId(99),
                    act: Act::End,
                });
            }
            Input::WrapUp { .. } => wrap_ups(world, into),
            Input::WrapUpKept { .. } => {
                for id in world.phone.handed_in() {
                    into.extend([true, false].map(|kept| Input::WrapUpKept { id, kept }));
                }
            }
            Input::Wire { .. } => wire(world, alphabet, into),
            Input::Media { .. } => {
                let heard = |leg: &&FarLeg| matches!(leg.far, Far::Up | Far::Unacknowledged);
                let invited = |leg: &&FarLeg| leg.far == Far::Invited;
                if alphabet.follow.contains(&Aside::Progress) {
                    // Sound before the answer.
                    for leg in world.legs.iter().filter(invited).map(|leg| leg.id) {
                        let early = [MediaEvent::Heard, MediaEvent::Stopped];
                        into.extend(early.map(|event| Input::Media { leg, event }));
                    }
                }
                for leg in world.legs.iter().filter(heard) {
                    let late = leg.far == Far::Unacknowledged;
                    for event in World::media_events() {
                        if late && event != MediaEvent::Heard {
                            continue;
                        }
                        into.push(Input::Media { leg: leg.id, event });
                    }
                }
            }
            Input::PageOpen(_) => into.extend([true, false].map(Input::PageOpen)),
            Input::Presence(_) => {
                into.extend([Presence::Available, Presence::Idle].map(Input::Presence));
            }
            Input::Device(_) => into.extend([true, false].map(Input::Device)),
            Input::RtpPorts(_) => into.extend([true, false].map(Input::RtpPorts)),
            Input::Hook | Input::NetworkChanged | Input::Deadline | Input::Terminate => {
                into.push(input);
            }
        }
    }
}

fn may_begin(world: &World, alphabet: &Alphabet) -> bool {
    world.phone.wrap_up_list().len() <= alphabet.wrap_ups
}

fn wrap_ups(world: &World, into: &mut Vec<Input>) {
    let known = world.phone.wrap_up_list().into_iter().map(|(id, _, _)| id);
    for id in known.chain([WrapUpId(99)]) {
        let reason = || "sale".into();
        let mut act = Some(WrapUpAct::Draft {
            reason: Some(reason()),
            note: None,
        });
        while let Some(now) = act {
            act = match &now {
                WrapUpAct::Draft { .. } => Some(WrapUpAct::Submit {
                    reason: reason(),
                    note: None,
                }),
                WrapUpAct::Submit { .. } => Some(WrapUpAct::Extend),
                WrapUpAct::Extend => None,
            };
            into.push(Input::WrapUp { id, act: now });
        }
    }
}

fn wire(world: &World, alphabet: &Alphabet, into: &mut Vec<Input>) {
    for event in std::iter::successors(Some(WireEvent::Rings), event_after) {
        if let WireEvent::Incoming(_) = &event {
            offers(world, alphabet, into);
            continue;
        }
        if let WireEvent::CallAsked(_) = &event {
            if !may_begin(world, alphabet) {
                continue;
            }
            let leg = world.new_leg();
            let asked = |grade| WireEvent::CallAsked(request(grade));
            let grades = [Grade::Stranger, Grade::Registrar, Grade::Colleague];
            into.extend(grades.map(asked).map(|event| Input::Wire { leg, event }));
            continue;
        }
        for leg in &world.legs {
            let push = |event: WireEvent| into.push(Input::Wire { leg: leg.id, event });
            said(leg, &event, alphabet).into_iter().for_each(push);
        }
    }
    // What comes late, for a leg that is forgotten.
    let leg = crate::LegId::Placed(99);
    into.push(Input::Wire {
        leg,
        event: WireEvent::Gone,
    });
}

fn offers(world: &World, alphabet: &Alphabet, into: &mut Vec<Input>) {
    let leg = world.new_leg();
    let mut offer = |incoming: Incoming| {
        into.push(Input::Wire {
            leg,
            event: WireEvent::Incoming(incoming),
        });
    };
    if may_begin(world, alphabet) {
        alphabet.incoming.iter().cloned().for_each(&mut offer);
    }
    let guest = || {
        world
            .phone
            .sketch()
            .iter()
            .any(|call| call.role == Role::Guest)
    };
    let replaces = match alphabet.replaces {
        Replaced::No => false,
        Replaced::Placed | Replaced::Any => true,
        Replaced::OfGuest => guest(),
    };
    if replaces {
        let early = alphabet.replaces == Replaced::Placed;
        let may_be_replaced = |leg: &FarLeg| leg.far == Far::Up || early && leg.far == Far::Invited;
        let placed = |leg: &FarLeg| {
            alphabet.replaces != Replaced::Placed || matches!(leg.id, LegId::Placed(_))
        };
        for far in world
            .legs
            .iter()
            .filter(|leg| may_be_replaced(leg) && placed(leg))
        {
            let replacing = Incoming {
                replaces: Some(far.id),
                by_peer: true,
                ..incoming()
            };
            offer(Incoming {
                by_peer: false,
                ..replacing.clone()
            });
            offer(replacing);
        }
    }
}

/// What this far side may say of this kind.
fn said(leg: &FarLeg, kind: &WireEvent, alphabet: &Alphabet) -> Vec<WireEvent> {
    let far = leg.far;
    let up = far == Far::Up;
    // Its REFER's subscription is there, whether or not the call is.
    let tells = up || far == Far::HungUp;
    let when = |so: bool, event: WireEvent| if so { vec![event] } else { Vec::new() };
    match kind {
        WireEvent::Rings => when(far == Far::Invited, kind.clone()),
        WireEvent::Answered(_) if far == Far::Invited => alphabet
            .answers
            .iter()
            .map(|can| WireEvent::Answered(*can))
            .collect(),
        WireEvent::Answered(can) => when(far == Far::Cancelled, WireEvent::Answered(*can)),
        WireEvent::Confirmed => when(far == Far::Unacknowledged, kind.clone()),
        WireEvent::Refused { .. } => {
            let refuses = matches!(far, Far::Invited | Far::Cancelled | Far::Declined);
            when(refuses, kind.clone())
        }
        WireEvent::Reason(_) => when(
            matches!(far, Far::Invited | Far::Calling | Far::Up),
            kind.clone(),
        ),
        WireEvent::Redirected(_) if matches!(far, Far::Invited | Far::Declined) => [true, false]
            .map(|same| WireEvent::Redirected(redirection(same)))
            .into(),
        WireEvent::Ended(_) => std::iter::successors(Some(EndCause::Bye), cause_after)
            .filter(|cause| match cause {
                EndCause::Bye => matches!(far, Far::Unacknowledged | Far::Up | Far::Byed),
                EndCause::Cancelled | EndCause::AnsweredElsewhere => far == Far::Calling,
                EndCause::Lost | EndCause::Silent => up,
                EndCause::TimedOut => matches!(far, Far::Unacknowledged | Far::Up),
                EndCause::NoMedia => matches!(far, Far::Invited | Far::Unacknowledged),
            })
            .map(WireEvent::Ended)
            .collect(),
        WireEvent::Gone => when(matches!(far, Far::Cancelled | Far::Byed), kind.clone()),
        WireEvent::Renegotiated(_) => when(
            up && leg.reinvite.is_some(),
            WireEvent::Renegotiated(leg.can),
        ),
        WireEvent::RenegotiationRefused { .. } => when(up && leg.reinvite.is_some(), kind.clone()),
        WireEvent::FarHold(_) => when(up, WireEvent::FarHold(!leg.far_held)),
        WireEvent::Focus(_) if up => [true, false].map(WireEvent::Focus).into(),
        WireEvent::Identity(_) if up || matches!(far, Far::Invited | Far::Calling) => {
            let parties = [("sip:4711@x", None), (OWNER, Some("Anna"))];
            let parties = parties.map(|(uri, name)| stated(uri, name));
            parties.map(WireEvent::Identity).into()
        }
        WireEvent::ReferAccepted => when(tells && leg.refer == Refer::Sent, kind.clone()),
        WireEvent::ReferRefused { .. } if tells && leg.refer == Refer::Sent => [405, 603]
            .map(|status| WireEvent::ReferRefused { status })
            .into(),
        WireEvent::ReferNotified { .. } if tells => match leg.refer {
            Refer::None => Vec::new(),
            Refer::Sent | Refer::Accepted => [100, 200, 603, 0]
                .map(|status| WireEvent::ReferNotified { status })
                .into(),
            Refer::TakenBack => [200, 0]
                .map(|status| WireEvent::ReferNotified { status })
                .into(),
        },
        WireEvent::Referred(_) if up && !leg.referral => [Grade::Stranger, Grade::Colleague]
            .map(|grade| WireEvent::Referred(referral(grade)))
            .into(),
        WireEvent::ReferralWithdrawn => {
            when((up || far == Far::Asks) && leg.referral, kind.clone())
        }
        WireEvent::Informed(_) if up => [Info::PostCall, Info::YouAreOwner]
            .map(WireEvent::Informed)
            .into(),
        WireEvent::Redirected(_)
        | WireEvent::Focus(_)
        | WireEvent::Identity(_)
        | WireEvent::ReferRefused { .. }
        | WireEvent::ReferNotified { .. }
        | WireEvent::Referred(_)
        | WireEvent::Informed(_)
        | WireEvent::CallAsked(_)
        | WireEvent::Incoming(_) => Vec::new(),
    }
}

/// Whether this may be counted on when a leg is to be brought to an end: the agent's acts, time, and the answers to
/// what we have asked. That a far side hangs up by itself may not.
pub(crate) fn is_to_be_counted_on(input: &Input) -> bool {
    match input {
        Input::Act { .. } | Input::Deadline => true,
        Input::Wire { event, .. } => match event {
            WireEvent::Refused { .. }
            | WireEvent::Gone
            | WireEvent::Confirmed
            | WireEvent::Renegotiated(_)
            | WireEvent::RenegotiationRefused { .. }
            | WireEvent::ReferRefused { .. } => true,
            WireEvent::Incoming(_)
            | WireEvent::CallAsked(_)
            | WireEvent::Rings
            | WireEvent::Answered(_)
            | WireEvent::Reason(_)
            | WireEvent::Redirected(_)
            | WireEvent::Ended(_)
            | WireEvent::FarHold(_)
            | WireEvent::Focus(_)
            | WireEvent::Identity(_)
            | WireEvent::ReferAccepted
            | WireEvent::ReferNotified { .. }
            | WireEvent::Referred(_)
            | WireEvent::ReferralWithdrawn
            | WireEvent::Informed(_) => false,
        },
        Input::Dial { .. }
        | Input::Hook
        | Input::PageOpen(_)
        | Input::Presence(_)
        | Input::WrapUp { .. }
        | Input::WrapUpKept { .. }
        | Input::Media { .. }
        | Input::Device(_)
        | Input::RtpPorts(_)
        | Input::NetworkChanged
        | Input::Terminate => false,
    }
}
