//! Every input that is possible in a state, and what it does to the wire before the phone hears of it.
use crate::world::{Leg, Refer, Referral, Wire, World};
use trialog_call::{
    AccountId, Act, CallId, Capabilities, EndCause, Incoming, Info, Input, LegId, MediaEvent,
    Phone, Presence, Role, Snapshot, Stage, Target, Time, WireEvent, WrapUpAct, WrapUpId,
};

/// Where the search starts from and how far the environment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A customer calls or is called; the agent consults a second one.
    Owner,
    /// A trusted peer calls us as guest.
    Guest,
    /// The phone has no roles: `agent = false`.
    Customer,
    /// As `Owner`, and a second call comes in.
    Third,
}

/// An input and what the search does with the state that it leads to.
pub struct Move {
    /// What happens.
    pub input: Input,
    /// Goes on from there; else it looks at the step alone, because the input only sets a flag that another search follows.
    pub follow: bool,
}

const FULL: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: true,
};
const PLAIN: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: false,
};
const DEAF: Capabilities = Capabilities {
    refer: false,
    replaces: false,
    trialog: false,
};

/// Somebody to call.
pub fn target(name: &str) -> Target {
    Target(format!("sip:{name}@h"))
}

/// Each act, once.
pub fn acts() -> Vec<Act> {
    vec![
        Act::Answer,
        Act::Reject,
        Act::Forward(target("f")),
        Act::Cancel,
        Act::Hold,
        Act::Resume,
        Act::Mute,
        Act::Unmute,
        Act::Consult(target("g")),
        Act::EndConsult,
        Act::Swap,
        Act::Conference,
        Act::Transfer(None),
        Act::Transfer(Some(target("b"))),
        Act::Withdraw,
        Act::Accept,
        Act::Decline,
        Act::Exit,
        Act::End,
        Act::Stay,
        Act::Dtmf(b'5'),
    ]
}

fn incoming(
    setting: Setting,
    replaces: Option<LegId>,
    by_peer: bool,
    capabilities: Capabilities,
) -> Input {
    Input::Wire {
        leg: LegId::Received(0),
        event: WireEvent::Incoming(Incoming {
            account: AccountId(0),
            from: "c".into(),
            uri: target("c"),
            as_guest: setting == Setting::Guest && replaces.is_none() && capabilities.trialog,
            trusted: setting == Setting::Guest,
            replaces,
            by_peer,
            capabilities,
        }),
    }
}

/// Every input that can happen here.
pub fn moves(setting: Setting, phone: &Phone, world: &World, view: &Snapshot) -> Vec<Move> {
    let mut list = Vec::new();
    let fresh = view.calls.is_empty() && view.wrap_ups.is_empty() && world.legs.is_empty();
    let mut add = |input: Input, follow: bool| list.push(Move { input, follow });

    // New calls. A phone that already has one gets a second in the search of that name only; elsewhere the step is looked at.
    let second = setting == Setting::Third && view.calls.len() < 2 && world.legs.len() < 4;
    add(
        Input::Dial {
            account: AccountId(0),
            target: target("c"),
        },
        fresh && setting != Setting::Guest,
    );
    for capabilities in [FULL, PLAIN, DEAF] {
        if capabilities == FULL && matches!(setting, Setting::Owner | Setting::Third) {
            continue;
        }
        let again = second && capabilities == PLAIN && view.wrap_ups.is_empty();
        add(incoming(setting, None, false, capabilities), fresh || again);
    }

    // The agent.
    for call in &view.calls {
        for act in acts() {
            add(Input::Act { call: call.id, act }, true);
        }
    }
    add(
        Input::Act {
            call: CallId(9_999),
            act: Act::End,
        },
        false,
    );
    for wrap_up in &view.wrap_ups {
        for act in [
            WrapUpAct::Draft("sale".into()),
            WrapUpAct::Submit("sale".into()),
            WrapUpAct::Submit("nonsense".into()),
            WrapUpAct::Extend,
        ] {
            // A chosen reason is only a flag; the steps after it are looked at where it is handed in.
            let follow = !matches!(act, WrapUpAct::Draft(_));
            add(
                Input::WrapUp {
                    id: wrap_up.id,
                    act,
                },
                follow,
            );
        }
    }
    add(
        Input::WrapUp {
            id: WrapUpId(9_999),
            act: WrapUpAct::Extend,
        },
        false,
    );
    add(Input::Hook, true);
    add(Input::PageOpen(true), false);
    add(Input::PageOpen(false), false);
    add(Input::Presence(Presence::Idle), false);
    add(Input::Presence(Presence::Available), false);
    add(Input::Device(false), false);
    add(Input::Device(true), false);
    add(
        Input::NetworkChanged,
        world.legs.values().all(|leg| leg.reinvite.is_none()),
    );
    add(Input::Terminate, !fresh);
    // A REFER is answered, or given up with 408, in half a minute (RFC 3261 timer F), before any deadline of the transfer.
    let answered = world.legs.values().all(|leg| leg.refer != Refer::Sent);
    if phone.next_deadline().is_some() && answered {
        add(Input::Deadline, true);
    }

    // The wire.
    for (id, leg) in &world.legs {
        let far = far_end(view, *id);
        for (event, follow) in events(setting, world, *id, leg, far, view) {
            add(Input::Wire { leg: *id, event }, follow);
        }
        if leg.wire == Wire::Up {
            add(
                Input::Media {
                    leg: *id,
                    event: if leg.silent {
                        MediaEvent::Heard
                    } else {
                        MediaEvent::Silent
                    },
                },
                // Silence is a flag, too, beside the one re-INVITE that it causes.
                setting == Setting::Customer,
            );
            add(
                Input::Media {
                    leg: *id,
                    event: MediaEvent::Lost,
                },
                true,
            );
            add(
                Input::Media {
                    leg: *id,
                    event: MediaEvent::Dtmf(b'1'),
                },
                false,
            );
        }
    }
    list
}

/// Whose leg it is, as the phone sees it.
fn far_end(view: &Snapshot, leg: LegId) -> Option<(Role, Stage, Role)> {
    view.calls.iter().find_map(|call| {
        let leg = call.legs.iter().find(|l| l.id == leg)?;
        Some((leg.role, call.stage, call.role))
    })
}

fn events(
    setting: Setting,
    world: &World,
    id: LegId,
    leg: &Leg,
    far: Option<(Role, Stage, Role)>,
    view: &Snapshot,
) -> Vec<(WireEvent, bool)> {
    let mut list = Vec::new();
    match leg.wire {
        Wire::Offered => list.push((WireEvent::Ended(EndCause::Cancelled), true)),
        Wire::Calling { ringing } => {
            if !ringing {
                list.push((WireEvent::Progress { early_media: false }, true));
                list.push((WireEvent::Progress { early_media: true }, false));
            }
            let customer = matches!(far, Some((Role::Customer, ..)));
            for capabilities in [FULL, PLAIN, DEAF] {
                if !(customer && capabilities == FULL) {
                    list.push((WireEvent::Answered(capabilities), true));
                }
            }
            list.push((WireEvent::Refused { status: 486 }, true));
            list.push((WireEvent::Ended(EndCause::NoMedia), true));
        }
        Wire::Cancelling | Wire::Leaving => list.push((WireEvent::Gone, true)),
        Wire::Up => {
            list.push((WireEvent::Ended(EndCause::Bye), true));
            list.push((WireEvent::Ended(EndCause::Lost), true));
            list.push((WireEvent::Ended(EndCause::NoMedia), false));
            if leg.unconfirmed {
                list.push((WireEvent::Confirmed, true));
                list.push((WireEvent::Ended(EndCause::TimedOut), true));
            }
            if leg.reinvite.is_some() {
                let capabilities = view_capabilities(far);
                list.push((WireEvent::Renegotiated(capabilities), true));
                list.push((WireEvent::RenegotiationRefused { status: 488 }, true));
            }
            // Far-held is followed where the audio of a conference depends on it.
            let talking = matches!(far, Some((_, Stage::Conference | Stage::Connected, _)));
            list.push((WireEvent::FarHold(!leg.far_hold), talking || leg.far_hold));
            list.push((WireEvent::Focus(!leg.focus), setting == Setting::Guest));
            if leg.referral == Referral::None {
                let follow = matches!(setting, Setting::Guest | Setting::Customer);
                for (replaces, trusted) in [(true, setting == Setting::Guest), (false, false)] {
                    list.push((
                        WireEvent::Referred(trialog_call::Referral {
                            to: target("x"),
                            replaces,
                            trusted,
                        }),
                        follow && world.legs.len() < 2,
                    ));
                }
            } else {
                list.push((WireEvent::ReferralWithdrawn, true));
            }
            let guest = setting == Setting::Guest;
            list.push((WireEvent::Informed(Info::YouAreOwner), guest));
            list.push((WireEvent::Informed(Info::PostCall), guest));
        }
    }
    match leg.refer {
        Refer::None => {}
        Refer::Sent => {
            list.push((WireEvent::ReferAccepted, true));
            for status in [405, 603] {
                list.push((WireEvent::ReferRefused { status }, true));
            }
            // A NOTIFY may overtake the 202.
            list.push((WireEvent::ReferNotified { status: 100 }, true));
            list.push((WireEvent::ReferNotified { status: 200 }, true));
        }
        Refer::Accepted => {
            for status in [0, 100, 200, 603] {
                list.push((WireEvent::ReferNotified { status }, true));
            }
        }
        Refer::Withdrawn => {
            for status in [0, 200] {
                list.push((WireEvent::ReferNotified { status }, true));
            }
        }
    }
    // Somebody takes this leg's place.
    if leg.wire == Wire::Up && world.legs.len() < 2 {
        for by_peer in [true, false] {
            let Input::Wire { event, .. } = incoming(setting, Some(id), by_peer, PLAIN) else {
                continue;
            };
            list.push((event, view.calls.len() == 1));
        }
    }
    list
}

/// What the far end said of itself is said again; here the least that each end may say.
fn view_capabilities(far: Option<(Role, Stage, Role)>) -> Capabilities {
    match far {
        Some((Role::Customer, ..)) => PLAIN,
        _ => FULL,
    }
}

impl World {
    /// What the input does to the wire before the phone hears of it. A new leg gets its name here.
    pub fn happens(&mut self, input: &mut Input) {
        let Input::Wire { leg, event } = input else {
            if let Input::Media { leg, event } = input {
                match event {
                    MediaEvent::Silent => self.change(*leg, |l| l.silent = true),
                    MediaEvent::Heard => self.change(*leg, |l| l.silent = false),
                    MediaEvent::Lost | MediaEvent::Dtmf(_) => {}
                }
            }
            return;
        };
        match event {
            WireEvent::Incoming(_) => *leg = self.offer(),
            WireEvent::Progress { .. } => {
                self.change(*leg, |l| l.wire = Wire::Calling { ringing: true })
            }
            WireEvent::Answered(_) => self.change(*leg, |l| l.wire = Wire::Up),
            WireEvent::Confirmed => self.change(*leg, |l| l.unconfirmed = false),
            WireEvent::Refused { .. } | WireEvent::Ended(_) | WireEvent::Gone => {
                self.legs.remove(leg);
            }
            WireEvent::Renegotiated(_) => self.change(*leg, |l| {
                if let Some(session) = l.reinvite.take() {
                    l.agreed = session;
                }
            }),
            WireEvent::RenegotiationRefused { .. } => self.change(*leg, |l| l.reinvite = None),
            WireEvent::FarHold(held) => self.change(*leg, |l| l.far_hold = *held),
            WireEvent::Focus(focus) => self.change(*leg, |l| l.focus = *focus),
            WireEvent::ReferAccepted => self.change(*leg, |l| l.refer = Refer::Accepted),
            WireEvent::ReferRefused { .. } => self.change(*leg, |l| l.refer = Refer::None),
            WireEvent::ReferNotified { status } => {
                let over = *status == 0 || *status >= 200;
                self.change(*leg, |l| {
                    if over {
                        l.refer = Refer::None;
                    } else if l.refer == Refer::Sent {
                        l.refer = Refer::Accepted;
                    }
                });
            }
            WireEvent::Referred(_) => self.change(*leg, |l| l.referral = Referral::Asked),
            WireEvent::ReferralWithdrawn => self.change(*leg, |l| l.referral = Referral::None),
            WireEvent::Informed(_) => {}
        }
    }
}

/// Time for a step: the deadline where the input is one, else the canonical now.
pub fn when(phone: &Phone, input: &Input) -> Time {
    match input {
        Input::Deadline => phone.next_deadline().unwrap_or(Time::ZERO),
        _ => Time::ZERO,
    }
}
