//! The stories, as data: who does and says what, one thing after the other.
//!
//! Times matter to the ear that judges afterwards: after each change there is a moment in which nobody speaks, and nobody
//! speaks while something changes.
use crate::cast::Party::{self, Agent1, Agent2, Customer};
use Step::{
    All, Await, Crash, Dial, Do, NoWrapUp, NobodyThere, Pause, Presence, Say, To, WrapUp,
    WrapUpDraft,
};
use trialog_client::api::{self, ActName, Stage};

/// One thing that is done, said or waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The party calls the other.
    Dial(Party, Party),
    /// The party does this act as soon as its phone allows it.
    Do(Party, ActName),
    /// The same, with another party as its aim.
    To(Party, ActName, Party),
    /// Until a call of this party is in this state.
    Await(Party, Stage),
    /// Until no party has a call any more.
    NobodyThere,
    /// The party says it, and everyone listens.
    Say(Party, &'static str),
    /// All three at once.
    All([&'static str; 3]),
    /// Nobody says anything for so many ms.
    Pause(u64),
    /// The party's phone is killed, and started again at once.
    Crash(Party),
    /// The party is `available` or `idle`.
    Presence(Party, api::OwnPresence),
    /// A wrap-up is drafted for the party, and not due yet.
    WrapUpDraft(Party),
    /// The party owes a wrap-up, and hands it in with this reason.
    WrapUp(Party, &'static str),
    /// The party owes none and has no draft.
    NoWrapUp(Party),
}

/// What the phones' administrator has decided for a story, beside the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Nothing.
    Plain,
    /// Neither the customer's nor agent 2's phone can be referred.
    NobodyReferred,
    /// The customer's phone declines to be referred.
    CustomerDeclines,
    /// Agent 2's phone answers 486 while he is idle.
    GuestBusy,
}

/// A story.
#[derive(Debug)]
pub struct Story {
    /// As on the command line.
    pub name: &'static str,
    /// What happens, in one sentence.
    pub about: &'static str,
    pub(crate) policy: Policy,
    pub(crate) steps: &'static [&'static [Step]],
}

impl Story {
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().copied().flatten().copied()
    }
}

/// All stories.
pub const STORIES: &[Story] = &[
    Story {
        name: "conference",
        about: "hold, consult, swap and back, conference, transfer out of it, agent 2 and the customer go on",
        policy: Policy::Plain,
        steps: &[CALL, HOLD, CONSULT, SWAP, CONFERENCE, TRANSFER],
    },
    Story {
        name: "exit",
        about: "agent 2 leaves the conference; agent 1 and the customer go on",
        policy: Policy::Plain,
        steps: &[CALL, CONSULT, CONFERENCE, EXIT],
    },
    Story {
        name: "end",
        about: "agent 1 ends the conference for all",
        policy: Policy::Plain,
        steps: &[CALL, CONSULT, CONFERENCE, END],
    },
    Story {
        name: "customer-leaves",
        about: "the customer leaves the conference; the agents go on in post-call",
        policy: Policy::Plain,
        steps: &[CALL, CONSULT, CONFERENCE, CUSTOMER_LEAVES],
    },
    Story {
        name: "consult-transfer",
        about: "attended transfer out of the consult",
        policy: Policy::Plain,
        steps: &[CALL, CONSULT, CONSULT_TRANSFER],
    },
    Story {
        name: "blind",
        about: "agent 1 sends the customer to agent 2 unannounced",
        policy: Policy::Plain,
        steps: &[CALL, BLIND],
    },
    Story {
        name: "decline",
        about: "agent 2 declines the transfer; the conference goes on",
        policy: Policy::Plain,
        steps: &[CALL, CONSULT, CONFERENCE, DECLINE],
    },
    Story {
        name: "anchored",
        about: "nobody can be referred: agent 1's phone carries customer and agent 2 on",
        policy: Policy::NobodyReferred,
        steps: &[CALL, CONSULT, CONFERENCE, ANCHORED],
    },
    Story {
        name: "refused",
        about: "a transfer out of the consult fails with 603: the customer is with agent 1",
        policy: Policy::CustomerDeclines,
        steps: &[CALL, CONSULT, REFUSED],
    },
    Story {
        name: "busy",
        about: "agent 2 is busy: agent 1 takes the customer back",
        policy: Policy::GuestBusy,
        steps: &[IDLE, CALL, HOLD, BUSY],
    },
    Story {
        name: "crash",
        about: "agent 1's phone is killed in the conference and started again; the three go on",
        policy: Policy::Plain,
        steps: &[ASSEMBLED, CRASH, END],
    },
];

/// After a change: long enough for a quiet half second to be measured.
const CHANGE: u64 = 1_250;

const CALL: &[Step] = &[
    Dial(Customer, Agent1),
    Await(Agent1, Stage::Offered),
    Pause(700),
    Do(Agent1, ActName::Answer),
    Await(Agent1, Stage::Connected),
    Await(Customer, Stage::Connected),
    Pause(CHANGE),
    Say(Customer, "Hello, where is my parcel?"),
    Say(Agent1, "Let me find out for you."),
];

/// A conference that is come to without a word.
const ASSEMBLED: &[Step] = &[
    Dial(Customer, Agent1),
    Await(Agent1, Stage::Offered),
    Do(Agent1, ActName::Answer),
    Await(Agent1, Stage::Connected),
    To(Agent1, ActName::Consult, Agent2),
    Await(Agent2, Stage::Offered),
    Do(Agent2, ActName::Answer),
    Await(Agent1, Stage::Consulting),
    Do(Agent1, ActName::Conference),
    Await(Agent1, Stage::Conference),
    Await(Agent2, Stage::Conference),
    Pause(2_000),
];

const CRASH: &[Step] = &[
    Crash(Agent1),
    Await(Agent1, Stage::Conference),
    Pause(2_000),
    Say(Agent1, "Now we are all together."),
    Say(Agent2, "Good morning, I have your parcel."),
    Say(Customer, "Oh, that is good to hear!"),
];

const HOLD: &[Step] = &[
    Do(Agent1, ActName::Hold),
    Await(Agent1, Stage::Held),
    Pause(2_000),
];

const CONSULT: &[Step] = &[
    To(Agent1, ActName::Consult, Agent2),
    Await(Agent2, Stage::Offered),
    Pause(700),
    Do(Agent2, ActName::Answer),
    Await(Agent1, Stage::Consulting),
    Pause(CHANGE),
    Say(Agent1, "I have a customer without his parcel."),
    Say(Agent2, "It is here with me, in Berlin."),
];

const SWAP: &[Step] = &[
    Do(Agent1, ActName::Swap),
    Await(Agent1, Stage::Swapped),
    Pause(CHANGE),
    Say(Agent1, "Your parcel is in Berlin."),
    Say(Customer, "May I speak with them?"),
    Do(Agent1, ActName::Swap),
    Await(Agent1, Stage::Consulting),
    Pause(CHANGE),
    Say(Agent2, "Of course, put us through."),
];

const CONFERENCE: &[Step] = &[
    Do(Agent1, ActName::Conference),
    Await(Agent1, Stage::Conference),
    Await(Agent2, Stage::Conference),
    Pause(CHANGE),
    Say(Agent1, "Now we are all together."),
    Say(Agent2, "Good morning, I have your parcel."),
    Say(Customer, "Oh, that is good to hear!"),
    All([
        "Thank you, thank you both so much.",
        "Well, I am glad that we found it.",
        "It will be on its way in an hour.",
    ]),
];

const TRANSFER: &[Step] = &[
    Do(Agent1, ActName::Transfer),
    WrapUpDraft(Agent1),
    Await(Agent2, Stage::TransferPending),
    Pause(700),
    Do(Agent2, ActName::Accept),
    Await(Agent2, Stage::Connected),
    Pause(CHANGE),
    Say(Agent2, "I will send it today."),
    WrapUp(Agent1, "handed-over"),
    Say(Customer, "Thanks a lot, goodbye."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent2, "solved"),
    NoWrapUp(Agent1),
];

const EXIT: &[Step] = &[
    Do(Agent2, ActName::Exit),
    Await(Agent1, Stage::Connected),
    Pause(CHANGE),
    NoWrapUp(Agent2),
    Say(Agent1, "So it will be there tomorrow."),
    Say(Customer, "Thanks a lot, goodbye."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
];

const END: &[Step] = &[
    Do(Agent1, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
    Pause(500),
];

const CUSTOMER_LEAVES: &[Step] = &[
    Do(Customer, ActName::End),
    Await(Agent1, Stage::PostCall),
    WrapUpDraft(Agent1),
    Pause(CHANGE),
    Say(Agent1, "That was a happy customer."),
    Say(Agent2, "Yes. Have a nice day."),
    Do(Agent1, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
];

const CONSULT_TRANSFER: &[Step] = &[
    Do(Agent1, ActName::Transfer),
    Await(Agent2, Stage::Connected),
    WrapUp(Agent1, "handed-over"),
    Pause(CHANGE),
    Say(Agent2, "Hello, I have your parcel."),
    Say(Customer, "Thanks a lot, goodbye."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent2, "solved"),
    NoWrapUp(Agent1),
];

const BLIND: &[Step] = &[
    To(Agent1, ActName::Transfer, Agent2),
    Await(Agent2, Stage::Offered),
    Pause(700),
    Do(Agent2, ActName::Answer),
    Await(Agent2, Stage::Connected),
    WrapUp(Agent1, "handed-over"),
    Pause(CHANGE),
    Say(Agent2, "Hello, how may I help you?"),
    Say(Customer, "I am looking for my parcel."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent2, "solved"),
    NoWrapUp(Agent1),
];

const DECLINE: &[Step] = &[
    Do(Agent1, ActName::Transfer),
    Await(Agent2, Stage::TransferPending),
    Pause(700),
    Do(Agent2, ActName::Decline),
    Await(Agent1, Stage::Conference),
    Pause(CHANGE),
    Say(Agent2, "I am sorry, I am leaving soon."),
    Say(Agent1, "Then I will do it myself."),
    Say(Customer, "I do not mind at all."),
    Do(Agent1, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
    Pause(500),
];

const ANCHORED: &[Step] = &[
    Do(Agent1, ActName::Transfer),
    Await(Agent1, Stage::Anchored),
    WrapUp(Agent1, "handed-over"),
    Pause(CHANGE),
    Say(Agent2, "I will send it today."),
    Say(Customer, "Thanks a lot, goodbye."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent2, "solved"),
    NoWrapUp(Agent1),
];

const REFUSED: &[Step] = &[
    Do(Agent1, ActName::Transfer),
    Await(Agent1, Stage::Swapped),
    Pause(CHANGE),
    Say(Agent1, "I am sorry, that did not work."),
    Say(Customer, "Then please help me yourself."),
    Do(Agent1, ActName::EndConsult),
    Await(Agent1, Stage::Connected),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
];

const IDLE: &[Step] = &[Presence(Agent2, api::OwnPresence::Idle)];

const BUSY: &[Step] = &[
    To(Agent1, ActName::Consult, Agent2),
    Await(Agent1, Stage::Held),
    Pause(CHANGE),
    Do(Agent1, ActName::Resume),
    Await(Agent1, Stage::Connected),
    Pause(CHANGE),
    Say(Agent1, "My colleague is busy. I will call you."),
    Say(Customer, "Thanks a lot, goodbye."),
    Do(Customer, ActName::End),
    NobodyThere,
    WrapUp(Agent1, "solved"),
    NoWrapUp(Agent2),
];
