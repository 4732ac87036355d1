//! Which inputs and actions a search met, by name. The matches are exhaustive: a new variant does not compile here until
//! it is named, and the lists make the search fail until it is met.
use trialog_call::{Act, Action, Input, MediaEvent, WireEvent, WrapUpAct};

/// The name of an input.
pub fn input_name(input: &Input) -> &'static str {
    match input {
        Input::Dial { .. } => "Dial",
        Input::Act { act, .. } => act_name(act),
        Input::Hook => "Hook",
        Input::PageOpen(..) => "PageOpen",
        Input::Presence(..) => "Presence",
        Input::WrapUp { act, .. } => wrap_up_name(act),
        Input::Wire { event, .. } => wire_name(event),
        Input::Media { event, .. } => media_name(event),
        Input::Device(..) => "Device",
        Input::NetworkChanged => "NetworkChanged",
        Input::Deadline => "Deadline",
        Input::Terminate => "Terminate",
    }
}

fn act_name(of: &Act) -> &'static str {
    match of {
        Act::Answer => "Act Answer",
        Act::Reject => "Act Reject",
        Act::Forward(..) => "Act Forward",
        Act::Cancel => "Act Cancel",
        Act::Hold => "Act Hold",
        Act::Resume => "Act Resume",
        Act::Mute => "Act Mute",
        Act::Unmute => "Act Unmute",
        Act::Consult(..) => "Act Consult",
        Act::EndConsult => "Act EndConsult",
        Act::Swap => "Act Swap",
        Act::Conference => "Act Conference",
        Act::Transfer(..) => "Act Transfer",
        Act::Withdraw => "Act Withdraw",
        Act::Accept => "Act Accept",
        Act::Decline => "Act Decline",
        Act::Exit => "Act Exit",
        Act::End => "Act End",
        Act::Stay => "Act Stay",
        Act::Dtmf(..) => "Act Dtmf",
    }
}

fn wrap_up_name(of: &WrapUpAct) -> &'static str {
    match of {
        WrapUpAct::Draft(..) => "WrapUp Draft",
        WrapUpAct::Submit(..) => "WrapUp Submit",
        WrapUpAct::Extend => "WrapUp Extend",
    }
}

fn wire_name(of: &WireEvent) -> &'static str {
    match of {
        WireEvent::Incoming(..) => "Wire Incoming",
        WireEvent::Progress { .. } => "Wire Progress",
        WireEvent::Answered(..) => "Wire Answered",
        WireEvent::Confirmed => "Wire Confirmed",
        WireEvent::Refused { .. } => "Wire Refused",
        WireEvent::Ended(..) => "Wire Ended",
        WireEvent::Gone => "Wire Gone",
        WireEvent::Renegotiated(..) => "Wire Renegotiated",
        WireEvent::RenegotiationRefused { .. } => "Wire RenegotiationRefused",
        WireEvent::FarHold(..) => "Wire FarHold",
        WireEvent::Focus(..) => "Wire Focus",
        WireEvent::ReferAccepted => "Wire ReferAccepted",
        WireEvent::ReferRefused { .. } => "Wire ReferRefused",
        WireEvent::ReferNotified { .. } => "Wire ReferNotified",
        WireEvent::Referred(..) => "Wire Referred",
        WireEvent::ReferralWithdrawn => "Wire ReferralWithdrawn",
        WireEvent::Informed(..) => "Wire Informed",
    }
}

fn media_name(of: &MediaEvent) -> &'static str {
    match of {
        MediaEvent::Silent => "Media Silent",
        MediaEvent::Heard => "Media Heard",
        MediaEvent::Lost => "Media Lost",
        MediaEvent::Dtmf(..) => "Media Dtmf",
    }
}

/// The name of an action.
pub fn action_name(action: &Action) -> &'static str {
    match action {
        Action::Invite { .. } => "Invite",
        Action::Ring(..) => "Ring",
        Action::Answer(..) => "Answer",
        Action::Reject { .. } => "Reject",
        Action::Redirect { .. } => "Redirect",
        Action::Cancel(..) => "Cancel",
        Action::Bye { .. } => "Bye",
        Action::Reinvite { .. } => "Reinvite",
        Action::Refer { .. } => "Refer",
        Action::WithdrawRefer(..) => "WithdrawRefer",
        Action::AcceptReferral(..) => "AcceptReferral",
        Action::RefuseReferral { .. } => "RefuseReferral",
        Action::ReferralResult { .. } => "ReferralResult",
        Action::Inform { .. } => "Inform",
        Action::Dtmf { .. } => "Dtmf",
        Action::Record(..) => "Record",
        Action::Notice(..) => "Notice",
        Action::Refuse(..) => "Refuse",
        Action::Quit => "Quit",
    }
}

/// Every input, to be tried.
pub const INPUTS: &[&str] = &[
    "Dial",
    "Hook",
    "PageOpen",
    "Presence",
    "Device",
    "NetworkChanged",
    "Deadline",
    "Terminate",
    "Act Answer",
    "Act Reject",
    "Act Forward",
    "Act Cancel",
    "Act Hold",
    "Act Resume",
    "Act Mute",
    "Act Unmute",
    "Act Consult",
    "Act EndConsult",
    "Act Swap",
    "Act Conference",
    "Act Transfer",
    "Act Withdraw",
    "Act Accept",
    "Act Decline",
    "Act Exit",
    "Act End",
    "Act Stay",
    "Act Dtmf",
    "WrapUp Draft",
    "WrapUp Submit",
    "WrapUp Extend",
    "Wire Incoming",
    "Wire Progress",
    "Wire Answered",
    "Wire Confirmed",
    "Wire Refused",
    "Wire Ended",
    "Wire Gone",
    "Wire Renegotiated",
    "Wire RenegotiationRefused",
    "Wire FarHold",
    "Wire Focus",
    "Wire ReferAccepted",
    "Wire ReferRefused",
    "Wire ReferNotified",
    "Wire Referred",
    "Wire ReferralWithdrawn",
    "Wire Informed",
    "Media Silent",
    "Media Heard",
    "Media Lost",
    "Media Dtmf",
];

/// Every action, to be seen.
pub const ACTIONS: &[&str] = &[
    "Invite",
    "Ring",
    "Answer",
    "Reject",
    "Redirect",
    "Cancel",
    "Bye",
    "Reinvite",
    "Refer",
    "WithdrawRefer",
    "AcceptReferral",
    "RefuseReferral",
    "ReferralResult",
    "Inform",
    "Dtmf",
    "Record",
    "Notice",
    "Refuse",
    "Quit",
];
