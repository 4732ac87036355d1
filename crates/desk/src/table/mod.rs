//! Every operation of the API, once: from this table come both the router and the API's document, so neither knows what the
//! other does not.
mod calls;
mod page;
mod phone;

use crate::command::Command;
use crate::members;
use crate::problem::Failure;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trialog_api::request::{NoMembers, Past};
use trialog_api::{AccessRole, Problem};
use trialog_call::{AccountId, Act, CallId, Input, WrapUpAct, WrapUpId};

/// Each operation once.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> + Clone {
    phone::OPERATIONS
        .iter()
        .chain(calls::OPERATIONS)
        .chain(page::OPERATIONS)
}

/// What a POST or PUT asks of the phone: the command that its body and the number in its path become, without HTTP. `path` is one of the
/// document, with `{call}` or `{wrap_up}` in the number's stead. `None`: the document has none there.
///
/// # Errors
/// The problem that the client gets, where the body is not what the document asks for.
pub fn request(path: &str, number: u32, body: &[u8]) -> Option<Result<Command, Box<Problem>>> {
    let mut writes = operations().filter(|operation| operation.method != Method::Get);
    let operation = writes.find(|operation| operation.path == path)?;
    let read = operation.does.command(number, body);
    Some(read.map_err(|failure| Box::new(failure.document(path))))
}

/// One operation.
pub(crate) struct Operation {
    /// Its name in programs that are made from the document.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// `{call}` and `{wrap_up}` stand for their numbers.
    pub(crate) path: &'static str,
    /// The group that it is in.
    pub(crate) tag: &'static str,
    /// What a client has to be at least; `None`: anyone on this machine.
    pub(crate) needs: Option<AccessRole>,
    pub(crate) summary: &'static str,
    pub(crate) text: &'static str,
    pub(crate) does: Does,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Gives the API's document; needs no token.
    Document,
    /// Gives the status.
    Look,
    /// Gives the counters.
    Metrics,
    /// Gives the messages of the call in the path.
    Trace,
    /// Gives calls that were kept.
    Past,
    /// Gives the directory.
    Directory,
    /// Becomes a WebSocket with the events.
    Events,
    /// Places a call.
    Dial(&'static dyn Reads<Command>),
    /// Acts on the call in the path.
    Act(&'static dyn Reads<Act>),
    /// The same with a target, which is written as for the account where one is named.
    Aim(&'static dyn Reads<(Act, Option<u16>)>),
    /// Does something about the wrap-up in the path.
    WrapUp(&'static dyn Reads<WrapUpAct>),
    /// Gives a code that pairs a browser for this role.
    Invite(&'static dyn Reads<AccessRole>),
    /// Pairs a browser that has such a code; needs no token.
    Pair(&'static dyn Reads<String>),
    /// Gives a ticket that opens one WebSocket.
    Ticket,
    /// Tells the phone something else.
    Tell(&'static dyn Reads<Command>),
}

/// Reads a request's body into what it asks for.
pub(crate) trait Reads<Asked>: Sync {
    fn read(&self, body: &[u8]) -> Result<Asked, Failure>;
    /// The body as JSON Schema.
    fn schema(&self) -> Value;
}

/// A body of the type `Body`, and what it asks for.
struct Typed<Body, Asked>(fn(Body) -> Asked);

impl<Body: DeserializeOwned + JsonSchema, Asked> Reads<Asked> for Typed<Body, Asked> {
    fn read(&self, body: &[u8]) -> Result<Asked, Failure> {
        members::of_body(body).map(self.0)
    }

    fn schema(&self) -> Value {
        schema::<Body>()
    }
}

/// The type as JSON Schema, whole, without references.
pub(crate) fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

impl Does {
    /// The command that a request becomes; `number`: the one in the path, where it has one.
    pub(crate) fn command(self, number: u32, body: &[u8]) -> Result<Command, Failure> {
        Ok(match self {
            Self::Document
            | Self::Look
            | Self::Directory
            | Self::Events
            | Self::Invite(_)
            | Self::Ticket
            | Self::Pair(_) => Command::Look,
            Self::Metrics => Command::Metrics,
            Self::Trace => Command::Trace(CallId(number)),
            Self::Past => Command::Past(Past::default()),
            Self::Dial(reads) | Self::Tell(reads) => reads.read(body)?,
            Self::Act(reads) => Command::Core(Input::Act {
                call: CallId(number),
                act: reads.read(body)?,
            }),
            Self::Aim(reads) => {
                let (act, account) = reads.read(body)?;
                let call = CallId(number);
                let input = Input::Act { call, act };
                match account.map(AccountId) {
                    Some(account) => Command::CoreBy { account, input },
                    None => Command::Core(input),
                }
            }
            Self::WrapUp(reads) => Command::Core(Input::WrapUp {
                id: WrapUpId(number),
                act: reads.read(body)?,
            }),
        })
    }

    /// The body as JSON Schema; none where there is no body.
    pub(crate) fn body(self) -> Option<Value> {
        match self {
            Self::Document
            | Self::Look
            | Self::Metrics
            | Self::Trace
            | Self::Past
            | Self::Directory
            | Self::Events => None,
            Self::Ticket => Some(schema::<NoMembers>()),
            Self::Invite(reads) => Some(reads.schema()),
            Self::Pair(reads) => Some(reads.schema()),
            Self::Dial(reads) | Self::Tell(reads) => Some(reads.schema()),
            Self::Act(reads) => Some(reads.schema()),
            Self::Aim(reads) => Some(reads.schema()),
            Self::WrapUp(reads) => Some(reads.schema()),
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
    (
        "page",
        "The agent's page, which the phone serves at `/`, and its way in.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use trialog_api::ActName;

    #[test]
    fn an_act_is_asked_for_by_the_name_that_the_status_gives_it() {
        for name in ActName::ALL {
            let path = format!("/api/calls/{{call}}/{name}");
            let operation = operations().find(|of| of.path == path).unwrap();
            let schema = operation.does.body().unwrap();
            let mut body = serde_json::Map::new();
            for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
                body.insert(member.clone(), schema["examples"][0].clone());
            }
            let body = Value::Object(body).to_string();
            let input = match operation.does.command(1, body.as_bytes()).unwrap() {
                Command::Core(input) | Command::CoreBy { input, .. } => input,
                other => panic!("{path} is no act but {other:?}"),
            };
            let Input::Act { act, .. } = input else {
                panic!("{path} is no act but {input:?}");
            };
            assert_eq!(crate::names::act(&act), *name);
        }
        let acts = operations().filter(|of| matches!(of.does, Does::Act(_) | Does::Aim(_)));
        assert_eq!(acts.count(), ActName::ALL.len());
    }
}
