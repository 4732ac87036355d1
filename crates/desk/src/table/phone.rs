//! What is asked of the phone as a whole: its document, its status, its events, and what is no act on a call.
use super::{Does, Method, Operation, Typed};
use crate::command::Command;
use std::path::PathBuf;
use trialog_api::request::{NoMembers, Say, SetPresence};
use trialog_call::{Input, Presence};

/// What is asked.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "document",
        method: Method::Get,
        path: "/api/openapi.json",
        tag: "phone",
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
        summary: "The whole phone",
        text: "Accounts, calls with every act that is allowed or refused, wrap-ups, reasons and audio, as they are now. A client \
            that wants to know when something changes follows the events instead of asking again.",
        does: Does::Look,
    },
    Operation {
        id: "events",
        method: Method::Get,
        path: "/api/events",
        tag: "phone",
        summary: "What happens, as it happens, by WebSocket",
        text: "A WebSocket (RFC 6455). Each message is one JSON object, an `Event`. The first one is a `status` with everything; after \
            it comes an event for every change, numbered by `seq` without gaps, so that no client needs to ask again.\n\n\
            **Coming back.** `?since=SEQ` goes on after the last event that was received: then no status comes first. The last 1,024 \
            events are kept, for a minute after the last client has left; where that is not enough, a `status` with `why: too-old` \
            comes first instead. Numbers are higher after each start of the phone, so an old one is never mistaken.\n\n\
            **Being slow.** A client never keeps the phone or other clients waiting. One that falls more than 1,024 events behind gets a \
            `status` with `why: too-slow` and with how many it `missed`, and goes on from there. One that takes nothing for 20 seconds is \
            cut off.\n\n\
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
        summary: "Be available for calls, or idle",
        text: "An idle phone refuses new calls.",
        does: Does::Tell(&Typed(|set: SetPresence| {
            Command::Core(Input::Presence(match set.presence {
                trialog_api::Presence::Available => Presence::Available,
                trialog_api::Presence::Idle => Presence::Idle,
            }))
        })),
    },
    Operation {
        id: "say",
        method: Method::Post,
        path: "/api/audio/say",
        tag: "audio",
        summary: "Speak a WAV file into the microphone",
        text: "Only where the audio end is `file`. The phone reads the file with the rights of its own user: a regular file in the WAV \
            format of up to 64 MB. Nothing of its content is ever part of an answer. It answers when the file has been read; \
            several that are said at once are heard together.",
        does: Does::Tell(&Typed(|say: Say| Command::Say(PathBuf::from(say.file)))),
    },
    Operation {
        id: "shutdown",
        method: Method::Post,
        path: "/api/shutdown",
        tag: "phone",
        summary: "End the phone",
        text: "As SIGTERM does: calls are ended, but a conference or an anchored call is waited for. A second request ends that, too.",
        does: Does::Tell(&Typed(|NoMembers {}| Command::Shutdown)),
    },
];
