//! What is asked of the phone as a whole: its document, its status, its events, and what is no act on a call.
use super::{Does, Method, Operation, Typed};
use crate::command::Command;
use std::path::PathBuf;
use trialog_api::request::{NoMembers, Read, Registration, Say, SetPresence};
use trialog_api::{AccessRole, OwnPresence};
use trialog_call::{AccountId, Input, Presence};

/// What is asked.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "document",
        method: Method::Get,
        path: "/api/openapi.json",
        tag: "phone",
        needs: None,
        summary: "This document",
        text: "What the API can do, as OpenAPI 3.1. It is the same for every phone of this version and holds nothing of this one, so \
            it needs no token.",
        does: Does::Document,
    },
    Operation {
        id: "status",
        method: Method::Get,
        path: "/api/status",
        tag: "phone",
        needs: Some(AccessRole::Supervisor),
        summary: "The whole phone",
        text: "Accounts, calls with every act that is allowed or refused, wrap-ups, reasons and audio, as they are now. A client \
            that wants to know when something changes follows the events instead of asking again.",
        does: Does::Look,
    },
    Operation {
        id: "metrics",
        method: Method::Get,
        path: "/metrics",
        tag: "phone",
        needs: Some(AccessRole::Supervisor),
        summary: "Counters for Prometheus",
        text: "In the text format 0.0.4: calls by direction and outcome, registrations, RTP loss, late ticks of the sound, records that \
            the disk has refused, messages that wait for webhooks. Counters begin at 0 with each start of the phone. There are no \
            names or numbers of parties in it.",
        does: Does::Metrics,
    },
    Operation {
        id: "history",
        method: Method::Get,
        path: "/api/history",
        tag: "phone",
        needs: Some(AccessRole::Supervisor),
        summary: "Calls that were, page by page",
        text: "The newest first, with their legs, what happened in them, and their wrap-ups; those that were missed, answered elsewhere \
            or turned away as well. They are kept for `records.keep_days` of the configuration.",
        does: Does::Past,
    },
    Operation {
        id: "directory",
        method: Method::Get,
        path: "/api/directory",
        tag: "phone",
        needs: Some(AccessRole::Supervisor),
        summary: "Names with numbers",
        text: "From the file that `directory.file` of the configuration names, as it was when the phone started; empty without one.",
        does: Does::Directory,
    },
    Operation {
        id: "events",
        method: Method::Get,
        path: "/api/events",
        tag: "phone",
        needs: Some(AccessRole::Supervisor),
        summary: "What happens, as it happens, by WebSocket",
        text: "A WebSocket (RFC 6455). Each message is one JSON object, an `Event`. The first one is a `status` with everything; after \
            it comes an event for every change, numbered by `seq` without gaps, so that no client needs to ask again.\n\n\
            **Coming back.** `?since=SEQ` goes on after the last event that was received: then no status comes first. The last 1,024 \
            events are kept, for a minute after the last client has left; where that is not enough, a `status` with `why: too-old` \
            comes first instead. Numbers are higher after each start of the phone, so an old one is never mistaken.\n\n\
            **Being slow.** A client never keeps the phone or other clients waiting. One that falls more than 1,024 events behind gets a \
            `status` with `why: too-slow` and with how many it `missed`, and goes on from there. One that takes nothing for 20 seconds is \
            cut off.\n\n\
            **Levels.** With `?levels=true` events `levels` tell how loud the parties are, for meters: up to eight a second, while they change. \
            They are measured only while a client asks.\n\n\
            **Staying.** The phone pings every 20 seconds; every WebSocket library answers by itself. A client that has shown no sign of \
            life for 40 seconds is cut off. It has nothing to say here: what it sends is not looked at, and a message of more than 1,024 \
            bytes ends the connection.\n\n\
            **Close codes.** 1001: the phone has ended. Everything else is the client's own, or an error of the WebSocket protocol.\n\n\
            At most 128 clients follow at once.",
        does: Does::Events,
    },
    Operation {
        id: "hook",
        method: Method::Post,
        path: "/api/hook",
        tag: "phone",
        needs: Some(AccessRole::Agent),
        summary: "Press the headset's hook",
        text: "What it means depends on the call in focus: answer, cancel, end, end the consult, end the conference for all; a guest \
            exits.",
        does: Does::Tell(&Typed(|NoMembers {}| Command::Core(Input::Hook))),
    },
    Operation {
        id: "presence",
        method: Method::Post,
        path: "/api/presence",
        tag: "phone",
        needs: Some(AccessRole::Agent),
        summary: "Be available for calls, or idle",
        text: "An idle phone refuses new calls; `reason` tells why it is idle, by a code of the status's `idle_reasons`, and goes to the \
            ACD as well. Being available also ends `not-answered`, which a phone becomes by itself where its \
            agent lets calls ring (`agent.rona`).",
        does: Does::Tell(&Typed(|set: SetPresence| {
            let own = |presence| Command::Core(Input::Presence(presence));
            match (set.presence, set.reason) {
                (OwnPresence::Available, _) => own(Presence::Available),
                (OwnPresence::Idle, None) => own(Presence::Idle),
                (OwnPresence::Idle, Some(reason)) => Command::IdleFor(reason),
            }
        })),
    },
    Operation {
        id: "read",
        method: Method::Post,
        path: "/api/notices/read",
        tag: "phone",
        needs: Some(AccessRole::Agent),
        summary: "A notice was read",
        text: "What went wrong is kept in the status's `unread`, so that it is found also by an agent whose browser was closed; this takes \
            it from there, for all clients. One that is not there was read before.",
        does: Does::Tell(&Typed(|read: Read| Command::Read(read.id))),
    },
    Operation {
        id: "register",
        method: Method::Post,
        path: "/api/register",
        tag: "phone",
        needs: Some(AccessRole::Agent),
        summary: "Register an account, or all",
        text: "At once, also where the next try would come later. How it ends is told by the event `registration`.",
        does: Does::Tell(&Typed(|of: Registration| {
            Command::Register(of.account.map(AccountId))
        })),
    },
    Operation {
        id: "unregister",
        method: Method::Post,
        path: "/api/unregister",
        tag: "phone",
        needs: Some(AccessRole::Agent),
        summary: "Take the registration of an account back, or all",
        text: "The registrar is asked to forget this phone, and the account stays so until it is registered by a request, or the phone \
            starts again. Calls that are up go on.",
        does: Does::Tell(&Typed(|of: Registration| {
            Command::Unregister(of.account.map(AccountId))
        })),
    },
    Operation {
        id: "say",
        method: Method::Post,
        path: "/api/audio/say",
        tag: "audio",
        needs: Some(AccessRole::Agent),
        summary: "Speak a WAV file into the microphone",
        text: "Only where the audio end is `file`. The phone reads the file with the rights of its own user: a regular file in the WAV \
            format of up to 64 MB. Nothing of its content is ever part of an answer. It answers when the file has been read; \
            several that are said at once are heard together.",
        does: Does::Tell(&Typed(|say: Say| Command::Say(PathBuf::from(say.file)))),
    },
    Operation {
        id: "devices",
        method: Method::Put,
        path: "/api/audio/devices",
        tag: "audio",
        needs: Some(AccessRole::Agent),
        summary: "Choose microphone, ear and what rings",
        text: "All three at once, by name or id of the status's `audio.known`; also in a running call, which goes on without a gap. A device \
            that is not there is looked for until it comes. The choice is kept over restarts; a member that is left out is the \
            configuration's device again, or the system's default. What becomes of it is told by the event `audio`.",
        does: Does::Tell(&Typed(Command::Devices)),
    },
    Operation {
        id: "shutdown",
        method: Method::Post,
        path: "/api/shutdown",
        tag: "phone",
        needs: Some(AccessRole::Admin),
        summary: "End the phone",
        text: "As SIGTERM does: calls are ended, but a conference or an anchored call is waited for. A second request ends that, too.",
        does: Does::Tell(&Typed(|NoMembers {}| Command::Shutdown)),
    },
];
