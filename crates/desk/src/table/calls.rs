//! What is done with a call, from placing it to its wrap-up.
use super::{Does, Method, Operation, Reads, Typed};
use crate::command::Command;
use trialog_api::request::{self, Aim, Dtmf, NoMembers, Transfer, WrapUp};
use trialog_call::{AccountId, Act, Input, Target, WrapUpAct};

const fn act(
    id: &'static str,
    path: &'static str,
    summary: &'static str,
    text: &'static str,
    act: &'static dyn Reads<Act>,
) -> Operation {
    Operation {
        id,
        method: Method::Post,
        path,
        tag: "calls",
        summary,
        text,
        does: Does::Act(act),
    }
}

/// A digit as the core has it: in upper case.
fn digit(digit: char) -> u8 {
    u8::try_from(digit.to_ascii_uppercase()).expect("it was read as one of RFC 4733")
}

/// What is done.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "call",
        method: Method::Post,
        path: "/api/calls",
        tag: "calls",
        summary: "Place a call",
        text: "The call begins in the state `dialling`. What becomes of it is told by events.",
        does: Does::Dial(&Typed(|dial: request::Dial| {
            Command::Core(Input::Dial {
                account: AccountId(dial.account.unwrap_or(0)),
                target: Target(dial.to),
            })
        })),
    },
    act(
        "answer",
        "/api/calls/{call}/answer",
        "Take an offered call",
        "Where another call is talked in, that one is held first.",
        &Typed(|NoMembers {}| Act::Answer),
    ),
    act(
        "reject",
        "/api/calls/{call}/reject",
        "Refuse an offered call",
        "The caller gets 603 Decline.",
        &Typed(|NoMembers {}| Act::Reject),
    ),
    act(
        "forward",
        "/api/calls/{call}/forward",
        "Send an offered call elsewhere",
        "The caller gets 302 and is to call the other \
        address himself.",
        &Typed(|aim: Aim| Act::Forward(Target(aim.to))),
    ),
    act(
        "cancel",
        "/api/calls/{call}/cancel",
        "Give up dialling",
        "",
        &Typed(|NoMembers {}| Act::Cancel),
    ),
    act(
        "hold",
        "/api/calls/{call}/hold",
        "Put the party on hold",
        "It hears music. A conference has no hold.",
        &Typed(|NoMembers {}| Act::Hold),
    ),
    act(
        "resume",
        "/api/calls/{call}/resume",
        "Take the party off hold",
        "",
        &Typed(|NoMembers {}| Act::Resume),
    ),
    act(
        "mute",
        "/api/calls/{call}/mute",
        "Stop the microphone",
        "",
        &Typed(|NoMembers {}| Act::Mute),
    ),
    act(
        "unmute",
        "/api/calls/{call}/unmute",
        "Start the microphone again",
        "",
        &Typed(|NoMembers {}| Act::Unmute),
    ),
    act(
        "consult",
        "/api/calls/{call}/consult",
        "Hold the customer and call a second agent",
        "The guest is called when the customer is held.",
        &Typed(|aim: Aim| Act::Consult(Target(aim.to))),
    ),
    act(
        "endConsult",
        "/api/calls/{call}/end-consult",
        "End the consult",
        "By the owner or the guest, answered or not. The customer \
        stays on hold until he is resumed.",
        &Typed(|NoMembers {}| Act::EndConsult),
    ),
    act(
        "swap",
        "/api/calls/{call}/swap",
        "Change between customer and guest",
        "The party that the agent talks with is held before the other is taken \
        off hold.",
        &Typed(|NoMembers {}| Act::Swap),
    ),
    act(
        "conference",
        "/api/calls/{call}/conference",
        "Join all three",
        "Out of a consult that was answered.",
        &Typed(|NoMembers {}| Act::Conference),
    ),
    act(
        "transfer",
        "/api/calls/{call}/transfer",
        "Hand the call over",
        "Without `to`: to the guest, who is asked first if the \
        transfer comes out of a conference. With `to`: to that address, unannounced. How it ends is told by a notice.",
        &Typed(|transfer: Transfer| Act::Transfer(transfer.to.map(Target))),
    ),
    act(
        "withdraw",
        "/api/calls/{call}/withdraw",
        "Take a transfer back before it is done",
        "",
        &Typed(|NoMembers {}| Act::Withdraw),
    ),
    act(
        "accept",
        "/api/calls/{call}/accept",
        "Take the transfer, as guest",
        "",
        &Typed(|NoMembers {}| Act::Accept),
    ),
    act(
        "decline",
        "/api/calls/{call}/decline",
        "Decline the transfer, as guest",
        "",
        &Typed(|NoMembers {}| Act::Decline),
    ),
    act(
        "exit",
        "/api/calls/{call}/exit",
        "Leave the conference, as guest",
        "Owner and customer go on.",
        &Typed(|NoMembers {}| Act::Exit),
    ),
    act(
        "end",
        "/api/calls/{call}/end",
        "End the call; a conference for all",
        "",
        &Typed(|NoMembers {}| Act::End),
    ),
    act(
        "stay",
        "/api/calls/{call}/stay",
        "Go on with the conference",
        "The answer no to the notice `ask-end-for-all`; `end` is yes.",
        &Typed(|NoMembers {}| Act::Stay),
    ),
    act(
        "dtmf",
        "/api/calls/{call}/dtmf",
        "Send a digit",
        "By RFC 4733. One digit a request; several are sent one after the other.",
        &Typed(|dtmf: Dtmf| Act::Dtmf(digit(dtmf.digit))),
    ),
    Operation {
        id: "submitWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/submit",
        tag: "wrap-ups",
        summary: "Hand a wrap-up in",
        text: "When it is owed; while the talk goes on, it can only be drafted.",
        does: Does::WrapUp(&Typed(|wrap_up: WrapUp| WrapUpAct::Submit(wrap_up.reason))),
    },
    Operation {
        id: "draftWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/draft",
        tag: "wrap-ups",
        summary: "Choose a reason without handing it in",
        text: "",
        does: Does::WrapUp(&Typed(|wrap_up: WrapUp| WrapUpAct::Draft(wrap_up.reason))),
    },
    Operation {
        id: "extendWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/extend",
        tag: "wrap-ups",
        summary: "Ask for more time",
        text: "Before the timer hands the default reason in.",
        does: Does::WrapUp(&Typed(|NoMembers {}| WrapUpAct::Extend)),
    },
];
