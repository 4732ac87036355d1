//! Every operation of the API, once: from this table come both the router and the API's document, so neither knows what the
//! other does not.
mod calls;
mod phone;

use crate::command::Command;
use crate::members;
use crate::problem::Failure;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trialog_call::{Act, CallId, Input, WrapUpAct, WrapUpId};

/// Each operation once.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> + Clone {
    phone::OPERATIONS.iter().chain(calls::OPERATIONS)
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
    pub(crate) summary: &'static str,
    pub(crate) text: &'static str,
    pub(crate) does: Does,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Gives the API's document; needs no token.
    Document,
    /// Gives the status.
    Look,
    /// Becomes a WebSocket with the events.
    Events,
    /// Places a call.
    Dial(&'static dyn Reads<Command>),
    /// Acts on the call in the path.
    Act(&'static dyn Reads<Act>),
    /// Does something about the wrap-up in the path.
    WrapUp(&'static dyn Reads<WrapUpAct>),
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
            Self::Document | Self::Look | Self::Events => Command::Look,
            Self::Dial(reads) | Self::Tell(reads) => reads.read(body)?,
            Self::Act(reads) => Command::Core(Input::Act {
                call: CallId(number),
                act: reads.read(body)?,
            }),
            Self::WrapUp(reads) => Command::Core(Input::WrapUp {
                id: WrapUpId(number),
                act: reads.read(body)?,
            }),
        })
    }

    /// The body as JSON Schema; none where there is no body.
    pub(crate) fn body(self) -> Option<Value> {
        match self {
            Self::Document | Self::Look | Self::Events => None,
            Self::Dial(reads) | Self::Tell(reads) => Some(reads.schema()),
            Self::Act(reads) => Some(reads.schema()),
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
            let Does::Act(reads) = operation.does else {
                panic!("{path} is no act");
            };
            let mut body = serde_json::Map::new();
            for (member, schema) in reads.schema()["properties"]
                .as_object()
                .into_iter()
                .flatten()
            {
                body.insert(member.clone(), schema["examples"][0].clone());
            }
            let act = reads
                .read(Value::Object(body).to_string().as_bytes())
                .unwrap();
            assert_eq!(crate::names::act(&act), *name);
        }
        let acts = operations().filter(|of| matches!(of.does, Does::Act(_)));
        assert_eq!(acts.count(), ActName::ALL.len());
    }
}
