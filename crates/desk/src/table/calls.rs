//! What is done with a call, from placing it to its wrap-up.
use super::{Does, Method, Operation, Reads, Typed};
use crate::command::Command;
use trialog_api::AccessRole;
use trialog_api::request::{
    self, Aim, Dtmf, NoMembers, Pickup, Reject, Transfer, WrapUp, WrapUpDraft,
};
use trialog_call::{AccountId, Act, Input, Rejection, Target, WrapUpAct};

const fn act(
    id: &'static str,
    path: &'static str,
    summary: &'static str,
    text: &'static str,
    act: &'static dyn Reads<Act>,
) -> Operation {
    on_call(id, path, summary, text, Does::Act(act))
}

const fn aim(
    id: &'static str,
    path: &'static str,
    summary: &'static str,
    text: &'static str,
    aim: &'static dyn Reads<(Act, Option<u16>)>,
) -> Operation {
    on_call(id, path, summary, text, Does::Aim(aim))
}

const fn on_call(
    id: &'static str,
    path: &'static str,
    summary: &'static str,
    text: &'static str,
    does: Does,
) -> Operation {
    Operation {
        id,
        method: Method::Post,
        path,
        tag: "calls",
        needs: Some(AccessRole::Agent),
        summary,
        text,
        does,
    }
}

/// A digit as the core has it: in upper case.
fn digit(digit: char) -> u8 {
    u8::try_from(digit.to_ascii_uppercase()).expect("it was read as one of RFC 4733")
}

/// For which phones it refuses, where it says.
fn rejection(reject: Reject) -> Option<Rejection> {
    reject.everywhere.map(|everywhere| match everywhere {
        true => Rejection::Everywhere,
        false => Rejection::Here,
    })
}

/// What is done.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "call",
        method: Method::Post,
        path: "/api/calls",
        tag: "calls",
        needs: Some(AccessRole::Agent),
        summary: "Place a call",
        text: "The call begins in the state `dialling`. What becomes of it is told by events.",
        does: Does::Dial(&Typed(|dial: request::Dial| {
            Command::Core(Input::Dial {
                account: AccountId(dial.account.unwrap_or(0)),
                target: Target(dial.to),
            })
        })),
    },
    Operation {
        id: "pickup",
        method: Method::Post,
        path: "/api/pickup",
        tag: "calls",
        needs: Some(AccessRole::Agent),
        summary: "Take a call that rings at somebody else's phone",
        text: "A call begins in the state `dialling`, to the caller of the one that rings; it takes that one's place (RFC 3891), unless \
            it has been answered meanwhile.",
        does: Does::Dial(&Typed(|pickup: Pickup| Command::Pickup(pickup.lamp))),
    },
    Operation {
        id: "trace",
        method: Method::Get,
        path: "/api/calls/{call}/trace",
        tag: "calls",
        needs: Some(AccessRole::Agent),
        summary: "The SIP messages of a call, its steps and its sound",
        text: "As they were at the sockets, what went by TLS in the clear; what answers a challenge, passwords, keys of SRTP and digits are struck \
            out. Kept are the first and the last messages of each call that goes on, and of the last twelve that were answered and the last \
            four that were not, until the phone ends. `sound` says of each leg and way how many packets were sent, received and decoded, whether \
            they are routed and played, and where the sound stops.",
        does: Does::Trace,
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
        "For this phone (486), so that other phones of a group go on ringing, or for all (603).",
        &Typed(|reject: Reject| Act::Reject(rejection(reject))),
    ),
    aim(
        "forward",
        "/api/calls/{call}/forward",
        "Send an offered call elsewhere",
        "The caller gets 302 and is to call the other \
        address himself.",
        &Typed(|aim: Aim| (Act::Forward(Target(aim.to)), aim.account)),
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
    aim(
        "consult",
        "/api/calls/{call}/consult",
        "Hold the customer and call a second agent",
        "The guest is called when the customer is held.",
        &Typed(|aim: Aim| (Act::Consult(Target(aim.to)), aim.account)),
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
    aim(
        "transfer",
        "/api/calls/{call}/transfer",
        "Hand the call over",
        "Without `to`: to the guest, whose agent is asked first if the \
        transfer comes out of a conference. With `to`: to that address, unannounced. How it ends is told by a notice.",
        &Typed(|transfer: Transfer| (Act::Transfer(transfer.to.map(Target)), transfer.account)),
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
        "One digit a request; several are sent one after the other. The answer comes when it is known how the digit went: as \
telephone-event, by INFO or as tones, as `media.dtmf` of the configuration allows and the far side takes it. What could not be sent, or \
was refused, is a problem.",
        &Typed(|dtmf: Dtmf| Act::Dtmf(digit(dtmf.digit))),
    ),
    Operation {
        id: "submitWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/submit",
        tag: "wrap-ups",
        needs: Some(AccessRole::Agent),
        summary: "Hand a wrap-up in",
        text: "When it is owed; while the talk goes on, it can only be drafted. The answer comes when it is on the disk; where the disk \
refuses, that is a problem, and the wrap-up is owed as before.",
        does: Does::WrapUp(&Typed(|wrap_up: WrapUp| WrapUpAct::Submit {
            reason: wrap_up.reason,
            note: wrap_up.note,
        })),
    },
    Operation {
        id: "draftWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/draft",
        tag: "wrap-ups",
        needs: Some(AccessRole::Agent),
        summary: "Keep what was entered so far, without handing it in",
        text: "Reason and note, each where it is given. It is on the disk when the answer comes, so that it is there again after a reload \
of the page and after any end of the phone.",
        does: Does::WrapUp(&Typed(|draft: WrapUpDraft| WrapUpAct::Draft {
            reason: draft.reason,
            note: draft.note,
        })),
    },
    Operation {
        id: "extendWrapUp",
        method: Method::Post,
        path: "/api/wrap-ups/{wrap_up}/extend",
        tag: "wrap-ups",
        needs: Some(AccessRole::Agent),
        summary: "Ask for more time",
        text: "Before the timer hands the default reason in.",
        does: Does::WrapUp(&Typed(|NoMembers {}| WrapUpAct::Extend)),
    },
];
