//! Every operation of the API, once: from this table come both the router and the API's document, so neither knows what the
//! other does not.
use crate::command::Command;
use crate::field::{Field, Given, Shape};
use std::path::PathBuf;
use trialog_call::{AccountId, Act, CallId, Input, Presence, Target, WrapUpAct, WrapUpId};

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its name in programs that are made from the document.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// `{call}` and `{wrap_up}` stand for their numbers.
    pub(crate) path: &'static str,
    /// The group that it stands in.
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) text: &'static str,
    pub(crate) query: &'static [Field],
    pub(crate) body: &'static [Field],
    pub(crate) does: Does,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// What an operation does.
#[derive(Debug)]
pub(crate) enum Does {
    /// Gives the API's document; needs no token.
    Document,
    /// Gives the status.
    Look,
    /// Becomes a WebSocket with the events.
    Events,
    /// Places a call.
    Dial,
    /// Acts on the call in the path.
    Act(fn(&Given) -> Act),
    /// Does something about the wrap-up in the path.
    WrapUp(fn(&Given) -> WrapUpAct),
    /// Tells the phone something else.
    Tell(fn(&Given) -> Command),
}

impl Operation {
    /// The command that a request becomes; `number`: the one in the path, where it has one.
    pub(crate) fn command(&self, number: u32, given: &Given) -> Command {
        match self.does {
            Does::Document | Does::Look | Does::Events => Command::Look,
            Does::Dial => Command::Core(Input::Dial {
                account: AccountId(
                    u16::try_from(given.number("account").unwrap_or(0)).unwrap_or(u16::MAX),
                ),
                target: Target(given.text("to")),
            }),
            Does::Act(act) => Command::Core(Input::Act {
                call: CallId(number),
                act: act(given),
            }),
            Does::WrapUp(act) => Command::Core(Input::WrapUp {
                id: WrapUpId(number),
                act: act(given),
            }),
            Does::Tell(command) => command(given),
        }
    }
}

/// The groups with what they are.
pub(crate) const TAGS: &[(&str, &str)] = &[
    ("phone", "The phone as a whole."),
    (
        "calls",
        "What is done with a call. Which acts there are in which state, and which of them are refused and why, stands in each \
        call of the status as `acts`; asking for a refused one changes nothing and sends nothing.",
    ),
    (
        "wrap-ups",
        "What an agent owes after each call that was his.",
    ),
    ("audio", "Microphone and ear."),
];

const TO: Field = Field {
    name: "to",
    shape: Shape::Address,
    required: true,
    text: "Whom: a SIP address, `user@host`, or a number or name at the account's registrar.",
    example: "\"sip:bob@example.com\"",
};

const REASON: Field = Field {
    name: "reason",
    shape: Shape::Reason,
    required: true,
    text: "The code of one of the status's `reasons`.",
    example: "\"sale\"",
};

/// A field that may be left out.
const fn optional(field: Field) -> Field {
    Field {
        required: false,
        ..field
    }
}

const fn act(
    name: &'static str,
    path: &'static str,
    summary: &'static str,
    text: &'static str,
    body: &'static [Field],
    act: fn(&Given) -> Act,
) -> Operation {
    Operation {
        id: name,
        method: Method::Post,
        path,
        tag: "calls",
        summary,
        text,
        query: &[],
        body,
        does: Does::Act(act),
    }
}

fn target(given: &Given) -> Target {
    Target(given.text("to"))
}

/// A digit as the core has it; the field's shape has seen that it is one.
fn digit(given: &Given) -> u8 {
    let digit = given.text("digit");
    digit.bytes().next().unwrap_or(0).to_ascii_uppercase()
}

/// All of them.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "document",
        method: Method::Get,
        path: "/api/openapi.json",
        tag: "phone",
        summary: "This document",
        text: "What the API can do, as OpenAPI 3.1. It is the same for every phone of this version and holds nothing of this one, so \
            it needs no token.",
        query: &[],
        body: &[],
        does: Does::Document,
    },
    Operation {
        id: "status",
        method: Method::Get,
        path: "/api/status",
        tag: "phone",
        summary: "The whole phone",
        text: "Accounts, calls with every act that is allowed or refused, wrap-ups, reasons and audio, as they are now. Whoever wants \
            to know when something changes follows the events instead of asking again.",
        query: &[],
        body: &[],
        does: Does::Look,
    },
    Operation {
        id: "events",
        method: Method::Get,
        path: "/api/events",
        tag: "phone",
        summary: "What happens, as it happens, by WebSocket",
        text: "A WebSocket (RFC 6455). Each message is one JSON object, an `Event`. The first one is a `status` with everything; after \
            it comes an event for every change, numbered by `seq` without gaps, so that nobody needs to ask again.\n\n\
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
        query: &[
            Field {
                name: "since",
                shape: Shape::Number,
                required: false,
                text: "The `seq` of the last event that was received; what follows it is sent.",
                example: "1795340718123457",
            },
            Field {
                name: "status",
                shape: Shape::Flag,
                required: false,
                text: "`true`: the whole status follows each change, or several that came together, for clients that only show it.",
                example: "true",
            },
            Field {
                name: "page",
                shape: Shape::Flag,
                required: false,
                text: "`true`: somebody looks at this client and can answer the notice `ask-end-for-all`. Without such a client the \
                    headset's hook ends a conference at once.",
                example: "false",
            },
            Field {
                name: "token",
                shape: Shape::Reason,
                required: false,
                text: "The token, for browsers, whose WebSockets can't have headers. Only here; elsewhere it is not looked at.",
                example: "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
            },
        ],
        body: &[],
        does: Does::Events,
    },
    Operation {
        id: "call",
        method: Method::Post,
        path: "/api/calls",
        tag: "calls",
        summary: "Call somebody",
        text: "The call begins in the state `dialling`. What becomes of it is told by events.",
        query: &[],
        body: &[
            TO,
            Field {
                name: "account",
                shape: Shape::Account,
                required: false,
                text: "From which account, by its number; the first where it is left out.",
                example: "0",
            },
        ],
        does: Does::Dial,
    },
    act(
        "answer",
        "/api/calls/{call}/answer",
        "Take an offered call",
        "Where another call is talked in, that one is held first.",
        &[],
        |_| Act::Answer,
    ),
    act(
        "reject",
        "/api/calls/{call}/reject",
        "Refuse an offered call",
        "The caller gets 486 Busy Here.",
        &[],
        |_| Act::Reject,
    ),
    act(
        "forward",
        "/api/calls/{call}/forward",
        "Send an offered call elsewhere",
        "The caller gets 302 and is to call the other \
        address himself.",
        &[TO],
        |given| Act::Forward(target(given)),
    ),
    act(
        "cancel",
        "/api/calls/{call}/cancel",
        "Give up dialling",
        "",
        &[],
        |_| Act::Cancel,
    ),
    act(
        "hold",
        "/api/calls/{call}/hold",
        "Put the party on hold",
        "It hears music. In a conference nobody is held.",
        &[],
        |_| Act::Hold,
    ),
    act(
        "resume",
        "/api/calls/{call}/resume",
        "Take the party off hold",
        "",
        &[],
        |_| Act::Resume,
    ),
    act(
        "mute",
        "/api/calls/{call}/mute",
        "Stop the microphone",
        "",
        &[],
        |_| Act::Mute,
    ),
    act(
        "unmute",
        "/api/calls/{call}/unmute",
        "Start the microphone again",
        "",
        &[],
        |_| Act::Unmute,
    ),
    act(
        "consult",
        "/api/calls/{call}/consult",
        "Hold the customer and call a second agent",
        "The guest is called when the customer is held.",
        &[TO],
        |given| Act::Consult(target(given)),
    ),
    act(
        "endConsult",
        "/api/calls/{call}/end-consult",
        "End the consult",
        "By the owner or the guest, answered or not. The customer \
        stays on hold until he is resumed.",
        &[],
        |_| Act::EndConsult,
    ),
    act(
        "swap",
        "/api/calls/{call}/swap",
        "Change between customer and guest",
        "Whom one talks with is held before the other is taken \
        off hold.",
        &[],
        |_| Act::Swap,
    ),
    act(
        "conference",
        "/api/calls/{call}/conference",
        "Join all three",
        "Out of a consult that was answered.",
        &[],
        |_| Act::Conference,
    ),
    act(
        "transfer",
        "/api/calls/{call}/transfer",
        "Hand the call over",
        "Without `to`: to the guest, who is asked first if the \
        transfer comes out of a conference. With `to`: to that address, unannounced. How it ends is told by a notice.",
        &[optional(TO)],
        |given| Act::Transfer(given.maybe_text("to").map(Target)),
    ),
    act(
        "withdraw",
        "/api/calls/{call}/withdraw",
        "Take a transfer back before it is done",
        "",
        &[],
        |_| Act::Withdraw,
    ),
    act(
        "accept",
        "/api/calls/{call}/accept",
        "Take the transfer, as guest",
        "",
        &[],
        |_| Act::Accept,
    ),
    act(
        "decline",
        "/api/calls/{call}/decline",
        "Decline the transfer, as guest",
        "",
        &[],
        |_| Act::Decline,
    ),
    act(
        "exit",
        "/api/calls/{call}/exit",
        "Leave the conference, as guest",
        "Owner and customer go on.",
        &[],
        |_| Act::Exit,
    ),
    act(
        "end",
        "/api/calls/{call}/end",
        "End the call; a conference for all",
        "",
        &[],
        |_| Act::End,
    ),
    act(
        "stay",
        "/api/calls/{call}/stay",
        "Go on with the conference",
        "The answer no to the notice `ask-end-for-all`; `end` is yes.",
        &[],
        |_| Act::Stay,
    ),
    act(
        "dtmf",
        "/api/calls/{call}/dtmf",
        "Send a digit",
        "By RFC 4733. One digit a request; several are sent one after the other.",
        &[Field {
            name: "digit",
            shape: Shape::Digit,
            required: true,
            text: "`0` to `9`, `*`, `#`, `A` to `D`.",
            example: "\"5\"",
        }],
        |given| Act::Dtmf(digit(given)),
    ),
    Operation {
        id: "submitWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/submit",
        tag: "wrap-ups",
        summary: "Hand a wrap-up in",
        text: "When it is owed; while the talk goes on, it can only be drafted.",
        query: &[],
        body: &[REASON],
        does: Does::WrapUp(|given| WrapUpAct::Submit(given.text("reason"))),
    },
    Operation {
        id: "draftWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/draft",
        tag: "wrap-ups",
        summary: "Choose a reason without handing it in",
        text: "",
        query: &[],
        body: &[REASON],
        does: Does::WrapUp(|given| WrapUpAct::Draft(given.text("reason"))),
    },
    Operation {
        id: "extendWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/extend",
        tag: "wrap-ups",
        summary: "Ask for more time",
        text: "Before the timer hands the default reason in.",
        query: &[],
        body: &[],
        does: Does::WrapUp(|_| WrapUpAct::Extend),
    },
    Operation {
        id: "hook",
        method: Method::Post,
        path: "/api/hook",
        tag: "phone",
        summary: "Press the headset's hook",
        text: "What it means depends on the call in focus: answer, cancel, end, end the consult, end the conference for all; a guest \
            exits.",
        query: &[],
        body: &[],
        does: Does::Tell(|_| Command::Core(Input::Hook)),
    },
    Operation {
        id: "presence",
        method: Method::Post,
        path: "/api/presence",
        tag: "phone",
        summary: "Be available for calls, or idle",
        text: "An idle phone refuses new calls.",
        query: &[],
        body: &[Field {
            name: "presence",
            shape: Shape::OneOf(&["available", "idle"]),
            required: true,
            text: "Which.",
            example: "\"idle\"",
        }],
        does: Does::Tell(|given| {
            Command::Core(Input::Presence(match given.text("presence").as_str() {
                "idle" => Presence::Idle,
                _ => Presence::Available,
            }))
        }),
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
        query: &[],
        body: &[Field {
            name: "file",
            shape: Shape::File,
            required: true,
            text: "Its absolute path on the phone's machine.",
            example: "\"/srv/prompts/welcome.wav\"",
        }],
        does: Does::Tell(|given| Command::Say(PathBuf::from(given.text("file")))),
    },
    Operation {
        id: "shutdown",
        method: Method::Post,
        path: "/api/shutdown",
        tag: "phone",
        summary: "End the phone",
        text: "As SIGTERM does: calls are ended, but a conference or an anchored call is waited for. A second request ends that, too.",
        query: &[],
        body: &[],
        does: Does::Tell(|_| Command::Shutdown),
    },
];
