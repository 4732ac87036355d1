//! The members that a request may have, in its body or its query: how each is read, and how the API's document describes it.
//! What is wrong is told by the member's name and what was expected; what stood there is never repeated.
use crate::messages::Text;
use crate::problem::{Failure, Kind};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;

/// A member.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// What it means.
    pub(crate) text: &'static str,
    /// As it may stand in JSON.
    pub(crate) example: &'static str,
}

/// What a member may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Whom to call, as people write it.
    Address,
    /// An account's number.
    Account,
    Digit,
    /// The code of a wrap-up reason.
    Reason,
    OneOf(&'static [&'static str]),
    /// A path on the phone's machine.
    File,
    Number,
    Flag,
}

/// No address or path is longer.
const LONGEST_TEXT: usize = 1_000;
/// No code of a reason is longer.
const LONGEST_CODE: usize = 100;

impl Shape {
    /// As JSON Schema.
    pub(crate) fn schema(self) -> Value {
        match self {
            // Whatever is no control character.
            Self::Address => json!({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT,
                "pattern": "^[^\\u0000-\\u001f\\u007f]+$"}),
            Self::Account => json!({"type": "integer", "minimum": 0, "maximum": u16::MAX}),
            Self::Digit => json!({"type": "string", "pattern": "^[0-9A-Da-d*#]$"}),
            Self::Reason => json!({"type": "string", "minLength": 1, "maxLength": LONGEST_CODE}),
            Self::OneOf(values) => json!({"type": "string", "enum": values}),
            // An absolute one on each system that the phone runs on.
            Self::File => json!({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT,
                "pattern": "^(/|[A-Za-z]:\\\\|\\\\\\\\)[^\\u0000-\\u001f\\u007f]*$"}),
            Self::Number => json!({"type": "integer", "minimum": 0, "maximum": i64::MAX}),
            Self::Flag => json!({"type": "boolean"}),
        }
    }

    fn expected(self) -> Text {
        let (en, de) = match self {
            Self::Address => (
                "a string such as \"sip:bob@example.com\", up to 1,000 characters, none of them a control character",
                "eine Zeichenkette wie \"sip:bob@example.com\", bis 1.000 Zeichen, kein Steuerzeichen",
            ),
            Self::Account => (
                "a whole number from 0 to 65535, as in the status",
                "eine ganze Zahl von 0 bis 65535, wie im Status",
            ),
            Self::Digit => (
                "a string of one digit: 0 to 9, *, #, A to D",
                "eine Zeichenkette mit einer Ziffer: 0 bis 9, *, #, A bis D",
            ),
            Self::Reason => (
                "a string: the code of one of the status's reasons",
                "eine Zeichenkette: die Kennung eines der Gründe im Status",
            ),
            Self::OneOf(values) => {
                let values: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
                let values = values.join(", ");
                return Text::new(format!("one of {values}"), format!("eines von {values}"));
            }
            Self::File => (
                "a string: an absolute path on the phone's machine, up to 1,000 characters",
                "eine Zeichenkette: ein absoluter Pfad auf dem Rechner des Telefons, bis 1.000 Zeichen",
            ),
            Self::Number => ("a whole number", "eine ganze Zahl"),
            Self::Flag => ("true or false", "true oder false"),
        };
        Text::new(en, de)
    }

    fn fits(self, value: &Value) -> bool {
        let plain = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_ascii_control());
        let text = value.as_str();
        match self {
            Self::Address => {
                text.is_some_and(|text| plain(text) && text.chars().count() <= LONGEST_TEXT)
            }
            Self::Account => whole(value).is_some_and(|number| number <= u64::from(u16::MAX)),
            Self::Digit => text.is_some_and(|text| {
                text.len() == 1 && text.contains(|c| "0123456789ABCDabcd*#".contains(c))
            }),
            Self::Reason => {
                text.is_some_and(|text| !text.is_empty() && text.chars().count() <= LONGEST_CODE)
            }
            Self::OneOf(values) => text.is_some_and(|text| values.contains(&text)),
            Self::File => text.is_some_and(|text| {
                plain(text) && text.chars().count() <= LONGEST_TEXT && is_absolute(text)
            }),
            Self::Number => whole(value).is_some_and(|number| i64::try_from(number).is_ok()),
            Self::Flag => value.is_boolean(),
        }
    }

    /// A query's text as this would stand in JSON.
    fn of_query(self, text: &str) -> Value {
        match (self, text) {
            (Self::Flag, "true") => Value::Bool(true),
            (Self::Flag, "false") => Value::Bool(false),
            (Self::Number | Self::Account, digits)
                if digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                digits.parse::<u64>().map_or(Value::Null, Value::from)
            }
            (Self::Flag | Self::Number | Self::Account, _) => Value::Null,
            (_, text) => Value::from(text),
        }
    }
}

/// JSON Schema calls 1.0 an integer, too.
fn whole(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
    })
}

/// Also a path of the other systems: whether it is one here, the phone finds when it opens it.
fn is_absolute(path: &str) -> bool {
    let drive = |path: &str| {
        let mut bytes = path.bytes();
        let letter = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        letter && bytes.next() == Some(b':') && bytes.next() == Some(b'\\')
    };
    path.starts_with('/') || path.starts_with(r"\\") || drive(path)
}

/// The members that a request has, each as it must be.
#[derive(Debug, Default)]
pub(crate) struct Given(Vec<(&'static str, Value)>);

impl Given {
    /// A member that is a string; empty where it is not there, which a required one always is.
    pub(crate) fn text(&self, name: &str) -> String {
        self.maybe_text(name).unwrap_or_default()
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(whole)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let member = self.0.iter().find(|(there, _)| *there == name);
        member.map(|(_, value)| value)
    }
}

/// A body's members. An empty body stands for `{}`.
pub(crate) fn of_body(fields: &'static [Field], body: &[u8]) -> Result<Given, Failure> {
    let body = match body.trim_ascii() {
        [] => b"{}",
        body => body,
    };
    let Members(members) = serde_json::from_slice(body).map_err(|error| not_an_object(&error))?;
    read(Kind::BadField, fields, members)
}

/// A query's members.
pub(crate) fn of_query(
    fields: &'static [Field],
    pairs: Vec<(String, String)>,
) -> Result<Given, Failure> {
    let members = pairs.into_iter().map(|(name, text)| {
        let field = fields.iter().find(|field| field.name == name);
        let value = field.map_or(Value::Null, |field| field.shape.of_query(&text));
        (name, value)
    });
    read(Kind::BadQuery, fields, members.collect())
}

fn read(
    kind: Kind,
    fields: &'static [Field],
    members: Vec<(String, Value)>,
) -> Result<Given, Failure> {
    let mut given = Given::default();
    for (name, value) in members {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(unknown(kind, fields, &name));
        };
        if given.get(field.name).is_some() {
            return Err(twice(kind, field));
        }
        if !field.shape.fits(&value) {
            return Err(wrong(kind, field));
        }
        given.0.push((field.name, value));
    }
    let missing = |field: &&Field| field.required && given.get(field.name).is_none();
    match fields.iter().find(missing) {
        Some(field) => Err(lacking(kind, field)),
        None => Ok(given),
    }
}

fn unknown(kind: Kind, fields: &'static [Field], name: &str) -> Failure {
    let name: String = name.chars().take(64).collect();
    let known: Vec<_> = fields.iter().map(|field| field.name).collect();
    let reason = Text::new(
        format!("There is no member “{name}” here."),
        format!("Ein Feld „{name}“ gibt es hier nicht."),
    );
    let hint = if known.is_empty() {
        Text::new("Leave it out.", "Lassen Sie es weg.")
    } else {
        let known = known.join(", ");
        Text::new(
            format!("Leave it out; known here: {known}."),
            format!("Lassen Sie es weg; bekannt sind hier: {known}."),
        )
    };
    let mut failure = Failure::new(kind, reason, hint);
    failure.more.field = Some(name);
    failure.more.known = Some(known);
    failure
}

fn twice(kind: Kind, field: &Field) -> Failure {
    let name = field.name;
    let reason = Text::new(
        format!("The member “{name}” stands twice."),
        format!("Das Feld „{name}“ steht zweimal da."),
    );
    about(kind, field, reason)
}

fn wrong(kind: Kind, field: &Field) -> Failure {
    let name = field.name;
    let reason = Text::new(
        format!("The member “{name}” is not what it must be."),
        format!("Das Feld „{name}“ ist nicht, was es sein muss."),
    );
    about(kind, field, reason)
}

fn lacking(kind: Kind, field: &Field) -> Failure {
    let name = field.name;
    let reason = Text::new(
        format!("The member “{name}” is missing."),
        format!("Das Feld „{name}“ fehlt."),
    );
    about(kind, field, reason)
}

fn about(kind: Kind, field: &Field, reason: Text) -> Failure {
    let expected = field.shape.expected();
    let hint = Text::new(
        format!("Give it once: {}.", expected.en),
        format!("Geben Sie es einmal an: {}.", expected.de),
    );
    let mut failure = Failure::new(kind, reason, hint);
    failure.more.field = Some(field.name.to_owned());
    failure.more.expected = Some(expected.en);
    failure
}

fn not_an_object(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    let reason = Text::new(
        format!("The body is no JSON object: line {line}, column {column}."),
        format!("Der Inhalt ist kein JSON-Objekt: Zeile {line}, Spalte {column}."),
    );
    let hint = Text::new(
        "Send one JSON object such as {\"to\": \"sip:bob@example.com\"} in UTF-8, or nothing where no member is needed.",
        "Senden Sie ein JSON-Objekt wie {\"to\": \"sip:bob@example.com\"} in UTF-8, oder nichts, wo kein Feld nötig ist.",
    );
    let mut failure = Failure::new(Kind::BadJson, reason, hint);
    failure.more.place = Some((line, column));
    failure
}

/// The members of a JSON object in their order, also those that stand twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                /// No request has so many; what comes after them is only read over.
                const MOST: usize = 32;
                let mut members = Vec::new();
                while let Some(name) = map.next_key()? {
                    if members.len() < MOST {
                        members.push((name, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field {
            name: "to",
            shape: Shape::Address,
            required: true,
            text: "",
            example: "",
        },
        Field {
            name: "account",
            shape: Shape::Account,
            required: false,
            text: "",
            example: "",
        },
    ];

    fn fault(body: &str) -> (Kind, Option<String>, Option<(usize, usize)>) {
        let failure = of_body(FIELDS, body.as_bytes()).unwrap_err();
        (failure.kind, failure.more.field, failure.more.place)
    }

    #[test]
    fn a_member_that_is_wrong_is_named_and_what_stood_there_is_not() {
        for (body, name) in [
            (r"{}", "to"),
            ("", "to"),
            (r#"{"to":7}"#, "to"),
            (r#"{"to":""}"#, "to"),
            ("{\"to\":\"a\\u0000\"}", "to"),
            (r#"{"to":"a","to":"b"}"#, "to"),
            (r#"{"to":"a","too":"b"}"#, "too"),
            (r#"{"to":"a","account":-1}"#, "account"),
            (r#"{"to":"a","account":65536}"#, "account"),
            (r#"{"to":"a","account":null}"#, "account"),
        ] {
            assert_eq!(
                fault(body),
                (Kind::BadField, Some(name.to_owned()), None),
                "{body}"
            );
        }
        let failure = of_body(FIELDS, br#"{"to": 4711}"#).unwrap_err();
        assert!(!format!("{failure:?}").contains("4711"));
        let given = of_body(FIELDS, br#"{"to":"a","account":1.0}"#).unwrap();
        assert_eq!(
            (given.text("to").as_str(), given.number("account")),
            ("a", Some(1))
        );
    }

    #[test]
    fn what_is_no_object_is_told_by_its_place() {
        for (body, place) in [
            ("x", (1, 1)),
            ("{\n \"to\" 1}", (2, 7)),
            ("[]", (1, 0)),
            ("{\"to\":\"a\"", (1, 9)),
            ("{} {}", (1, 4)),
        ] {
            assert_eq!(fault(body), (Kind::BadJson, None, Some(place)), "{body}");
        }
    }

    #[test]
    fn a_query_is_read_by_the_same_rules() {
        const QUERY: &[Field] = &[Field {
            name: "since",
            shape: Shape::Number,
            required: false,
            text: "",
            example: "",
        }];
        let of = |name: &str, text: &str| of_query(QUERY, vec![(name.into(), text.into())]);
        assert_eq!(of("since", "17").unwrap().number("since"), Some(17));
        for (name, text) in [
            ("since", ""),
            ("since", "+1"),
            ("since", "99999999999999999999"),
            ("sinse", "1"),
        ] {
            assert_eq!(
                of(name, text).unwrap_err().kind,
                Kind::BadQuery,
                "{name}={text}"
            );
        }
    }
}
