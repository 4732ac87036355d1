//! The worlds that are searched: the far sides with what they can do, the policy, and what is followed beside the calls.
use crate::proof::bfs::Search;
use crate::proof::inputs::{Alphabet, Aside, OWNER, Replaced, incoming, stated};
use crate::proof::model::World;
use crate::{
    Capabilities, Grade, Hangup, Incoming, Input, Policy, RedirectionPolicy, ReferralPolicy, Time,
    WrapUpReason,
};
use std::time::Duration;

pub(crate) const TRIALOG: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: true,
};
pub(crate) const PLAIN: Capabilities = Capabilities {
    refer: true,
    replaces: true,
    trialog: false,
};
pub(crate) const OLD: Capabilities = Capabilities {
    refer: false,
    replaces: false,
    trialog: false,
};

pub(crate) fn policy() -> Policy {
    Policy {
        max_calls: 1,
        reasons: vec![WrapUpReason {
            code: "sale".into(),
            en: "Sale".into(),
            de: "Verkauf".into(),
        }],
        default_reason: Some("sale".into()),
        wrap_up_time: Some(Duration::from_secs(30)),
        hangup: Hangup::Ask,
        ..Policy::default()
    }
}

fn plain(capabilities: Capabilities) -> Incoming {
    Incoming {
        capabilities,
        ..incoming()
    }
}

fn guest() -> Incoming {
    Incoming {
        as_guest: true,
        grade: Grade::Colleague,
        from: stated(OWNER, None),
        capabilities: TRIALOG,
        ..incoming()
    }
}

fn search(
    name: &'static str,
    policy: Policy,
    incoming: Vec<Incoming>,
    answers: Vec<Capabilities>,
) -> Search {
    Search {
        name,
        start: World::new(policy),
        alphabet: Alphabet {
            incoming,
            answers,
            replaces: Replaced::No,
            wrap_ups: 0,
            follow: &[Aside::Dialling],
        },
        depth: None,
        endings: true,
        most: 300_000,
    }
}

impl Search {
    pub(crate) fn following(mut self, name: &'static str, follow: &'static [Aside]) -> Self {
        self.name = name;
        self.alphabet.follow = follow;
        self
    }

    fn with_replaces(mut self, replaces: Replaced) -> Self {
        self.alphabet.replaces = replaces;
        self
    }
}

fn owner() -> Search {
    search(
        "owner",
        policy(),
        vec![plain(PLAIN)],
        vec![TRIALOG, PLAIN, OLD],
    )
}

/// An owner whose calls are sent elsewhere.
fn redirected(redirections: RedirectionPolicy) -> Search {
    let policy = Policy {
        redirections,
        ..policy()
    };
    let follow = &[Aside::Dialling, Aside::Redirections];
    let name = "owner, redirected by policy";
    search(name, policy, vec![plain(PLAIN)], vec![TRIALOG]).following(name, follow)
}

/// An owner whose calls are answered without its doing: the registrar's by policy, and a colleague's where it asks for it later.
fn unasked() -> Search {
    let policy = Policy {
        auto_answer: Some(Grade::Registrar),
        answer_on_request: Some(Grade::Stranger),
        ..policy()
    };
    let by = |grade, answer_after: Option<u64>| Incoming {
        grade,
        answer_after: answer_after.map(Duration::from_secs),
        ..plain(PLAIN)
    };
    let incoming = vec![
        by(Grade::Stranger, None),
        by(Grade::Stranger, Some(5)),
        by(Grade::Registrar, None),
    ];
    search("owner, answered unasked", policy, incoming, vec![TRIALOG])
}

fn guests_phone() -> Search {
    search("guest", policy(), vec![guest()], vec![PLAIN]).following("guest", &[Aside::Referrals])
}

fn customers_phone(transfers: ReferralPolicy) -> Search {
    let policy = Policy {
        agent: false,
        transfers,
        reasons: Vec::new(),
        ..policy()
    };
    search("customer", policy, vec![plain(PLAIN)], vec![TRIALOG])
        .following(
            "customer",
            &[
                Aside::Dialling,
                Aside::Referrals,
                Aside::Redirections,
                Aside::FarHold,
                Aside::Mute,
            ],
        )
        .with_replaces(Replaced::Any)
}

/// An owner's customer and guest, in all that they can do and all that goes on beside.
pub(crate) fn owners() -> Vec<Search> {
    use Aside as A;
    let old_customer = || {
        search(
            "owner of an old customer",
            policy(),
            vec![plain(OLD)],
            vec![TRIALOG, PLAIN],
        )
    };
    let no_post_call = Policy {
        post_call: false,
        ..policy()
    };
    let no_reasons = Policy {
        reasons: Vec::new(),
        ..policy()
    };
    let beside = |name, follow| {
        search(name, policy(), vec![plain(PLAIN)], vec![TRIALOG]).following(name, follow)
    };
    vec![
        owner(),
        old_customer(),
        beside("owner, far sides hold us", &[A::Dialling, A::FarHold]),
        beside("owner, sound stops", &[A::Dialling, A::Sound]),
        beside("owner, the network changes", &[A::Dialling, A::Network]),
        beside(
            "owner, microphone and drafts",
            &[A::Dialling, A::Mute, A::Drafts],
        ),
        beside(
            "owner, page, headset, presence",
            &[A::Dialling, A::Surroundings],
        ),
        beside("owner, RTP ports used up", &[A::Dialling, A::RtpPorts]),
        beside("owner, switched off", &[A::Dialling, A::Shutdown]),
        beside(
            "owner, ringing and late NOTIFYs",
            &[A::Dialling, A::Progress, A::LateNotify],
        ),
        beside("owner, redirected", &[A::Dialling, A::Redirections]),
        redirected(RedirectionPolicy::SameDomain),
        beside("owner, referred", &[A::Dialling, A::Referrals]),
        Search {
            depth: None,
            endings: true,
            ..asked()
        },
        beside("owner, other parties", &[A::Dialling, A::Identities]),
        Search {
            depth: Some(10),
            endings: false,
            ..beside("owner, reasons stated", &[A::Dialling, A::Reasons])
        },
        beside("owner, a leg replaced", &[A::Dialling]).with_replaces(Replaced::Placed),
        lets_ring(2),
        unasked(),
        search(
            "owner, no post-call",
            no_post_call,
            vec![plain(PLAIN)],
            vec![TRIALOG],
        ),
        search(
            "owner, no wrap-up",
            no_reasons,
            vec![plain(PLAIN)],
            vec![TRIALOG],
        ),
    ]
}

/// An owner who counts as away after so many calls that were not answered.
fn lets_ring(after: u32) -> Search {
    let policy = Policy {
        rona_after: Some(after),
        wrap_up_is_away: false,
        ..policy()
    };
    let search = search("owner, calls let ring", policy, vec![plain(OLD)], vec![OLD]);
    search.following("owner, calls let ring", &[Aside::Surroundings])
}

/// The guest's own phone, from ringing to owning the call.
pub(crate) fn guests() -> Vec<Search> {
    use Aside as A;
    let policy_of = |transfers| Policy {
        transfers,
        ..policy()
    };
    let by = |name, transfers| {
        search(name, policy_of(transfers), vec![guest()], vec![PLAIN])
            .following(name, &[A::Referrals])
    };
    vec![
        guests_phone(),
        guests_phone()
            .with_replaces(Replaced::OfGuest)
            .following("guest, replaced", &[A::Referrals]),
        guests_phone().following("guest, far holds", &[A::Referrals, A::FarHold]),
        Search {
            depth: Some(10),
            endings: false,
            ..guests_phone().following("guest, other parties", &[A::Referrals, A::Identities])
        },
        guests_phone().following("guest, switched off", &[A::Referrals, A::Shutdown]),
        by("guest that accepts by policy", ReferralPolicy::Accept),
        by("guest that declines by policy", ReferralPolicy::Decline),
    ]
}

/// A phone without roles.
pub(crate) fn customers() -> Vec<Search> {
    [ReferralPolicy::Ask, ReferralPolicy::Decline]
        .into_iter()
        .map(customers_phone)
        .collect()
}

/// A third leg: a second call comes, or is placed.
pub(crate) fn second_calls() -> Vec<Search> {
    let policy = Policy {
        max_calls: 2,
        wrap_up_is_away: false,
        ..policy()
    };
    let mut search = search("two calls", policy, vec![plain(PLAIN)], vec![TRIALOG]);
    search.alphabet.wrap_ups = 1;
    search.depth = Some(12);
    search.endings = false;
    let replaced = search.clone().with_replaces(Replaced::Any);
    let mut replaced = replaced.following(
        "two calls, referred and replaced",
        &[Aside::Dialling, Aside::Referrals],
    );
    replaced.depth = Some(9);
    vec![search, replaced]
}

/// A phone whose calls are parallel: one in all that it can do, and two beside each other.
pub(crate) fn parallel() -> Vec<Search> {
    let policy = |calls, answer_after| Policy {
        agent: false,
        auto_answer: Some(Grade::Stranger),
        parallel: true,
        answer_after,
        end_after: Some(Duration::from_secs(5)),
        away_status: None,
        transfers: ReferralPolicy::Accept,
        reasons: Vec::new(),
        max_calls: calls,
        ..policy()
    };
    let search = |name, calls, seconds| {
        let policy = policy(calls, Duration::from_secs(seconds));
        search(name, policy, vec![plain(PLAIN)], vec![TRIALOG])
    };
    let all = |name, seconds| {
        search(name, 1, seconds)
            .following(
                name,
                &[
                    Aside::Dialling,
                    Aside::Referrals,
                    Aside::Surroundings,
                    Aside::Shutdown,
                ],
            )
            .with_replaces(Replaced::Any)
    };
    let two = search("two parallel calls", 2, 1)
        .following("two parallel calls", &[Aside::Dialling, Aside::Mute])
        .with_replaces(Replaced::Any);
    vec![
        all("parallel call, rings first", 1),
        all("parallel call, answered at once", 0),
        two,
    ]
}

/// Enough to see every action and every ✔.
pub(crate) fn core() -> Vec<Search> {
    let mut owner = search("owner", policy(), vec![plain(PLAIN)], vec![TRIALOG]);
    // So that the hook asks, and "no" can be said.
    owner.start.phone.step(Time::ZERO, Input::PageOpen(true));
    vec![
        owner,
        search(
            "owner of an old customer",
            policy(),
            vec![plain(OLD)],
            vec![TRIALOG],
        ),
        Search {
            depth: Some(8),
            endings: false,
            ..guests_phone().following("guest", &[Aside::Referrals, Aside::FarHold])
        },
        customers_phone(ReferralPolicy::Ask),
        redirected(RedirectionPolicy::Ask),
        Search {
            depth: Some(7),
            endings: false,
            ..search("owner of old phones", policy(), vec![plain(OLD)], vec![OLD])
        },
        asked(),
    ]
}

/// An owner whom peers ask for calls outside of any.
fn asked() -> Search {
    let name = "owner, asked outside of any call";
    let search = search(name, policy(), vec![plain(PLAIN)], vec![TRIALOG]);
    let search = search.following(name, &[Aside::Requests]);
    Search {
        depth: Some(6),
        endings: false,
        ..search
    }
}

/// Small ones that find each fault on purpose.
pub(crate) fn small() -> Vec<Search> {
    let with_page = |mut search: Search| {
        search.start.phone.step(Time::ZERO, Input::PageOpen(true));
        search
    };
    let mut two = second_calls().remove(0);
    two.depth = Some(6);
    let mut parallel = parallel().remove(2);
    parallel.depth = Some(3);
    vec![
        search("owner", policy(), vec![plain(PLAIN)], vec![TRIALOG, OLD]),
        with_page(search("owner", policy(), vec![plain(OLD)], vec![TRIALOG])),
        search("owner", policy(), vec![plain(PLAIN)], vec![TRIALOG])
            .following("owner", &[Aside::Dialling, Aside::FarHold]),
        search("owner", policy(), vec![plain(PLAIN)], vec![TRIALOG])
            .following("owner", &[Aside::Dialling, Aside::Sound]),
        Search {
            depth: Some(7),
            ..search("owner", policy(), vec![plain(PLAIN)], vec![TRIALOG])
                .following("owner", &[Aside::Dialling, Aside::Drafts])
        },
        Search {
            depth: Some(8),
            ..guests_phone().with_replaces(Replaced::OfGuest)
        },
        customers_phone(ReferralPolicy::Ask),
        customers_phone(ReferralPolicy::Decline),
        unasked(),
        redirected(RedirectionPolicy::Ask),
        two,
        parallel,
        lets_ring(1),
    ]
}
