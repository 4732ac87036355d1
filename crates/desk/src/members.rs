//! Reads the members of a request, in its body or its query, into their type. A fault has the member's name and what was
//! expected as its value; the value itself is never repeated.
use crate::messages::{self, Text};
use crate::problem::{Failure, Kind};
use serde::de::value::MapDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use std::fmt;

/// A body's members. An empty body stands for `{}`.
pub(crate) fn of_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let body = match body.trim_ascii() {
        [] => b"{}",
        body => body,
    };
    let Members(members) = serde_json::from_slice(body).map_err(|error| not_an_object(&error))?;
    read(Kind::BadField, members)
}

/// A query's members.
pub(crate) fn of_query<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Failure> {
    let members = pairs.into_iter().map(|(name, text)| {
        let value = match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            // A number that begins with a nought is a text to the one that needs it so: a phone number.
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) && !is_padded(digits) => {
                digits
                    .parse::<u64>()
                    .map_or_else(|_| Value::from(digits), Value::from)
            }
            text => Value::from(text),
        };
        (name, Member(value))
    });
    read(Kind::BadQuery, members.collect())
}

fn is_padded(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

fn read<T: DeserializeOwned>(kind: Kind, members: Vec<(String, Member)>) -> Result<T, Failure> {
    let members = MapDeserializer::new(members.into_iter());
    serde_path_to_error::deserialize(members).map_err(|error| {
        let path = error.path().to_string();
        failure(kind, error.into_inner(), path)
    })
}

/// What is wrong with a request's members.
#[derive(Debug)]
enum Fault {
    Unknown(String, &'static [&'static str]),
    Missing(&'static str),
    Twice(&'static str),
    /// The member that is being read has no value that can be meant.
    Value,
}

impl Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Value
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::Unknown(name.chars().take(64).collect(), known)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Twice(name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Fault {}

/// The value of a member.
struct Member(Value);

impl Member {
    /// JSON Schema calls 1.0 an integer, too.
    fn of_json(value: Value) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = value.as_f64().filter(|number| {
            value.is_f64() && number.fract() == 0.0 && (0.0..=EXACT).contains(number)
        });
        Self(whole.map_or(value, |number| Value::from(number as u64)))
    }
}

impl IntoDeserializer<'_, Fault> for Member {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Member {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = self.0.deserialize_any(visitor);
        read.map_err(|_| Fault::Value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        values: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = self.0.deserialize_enum(name, values, visitor);
        read.map_err(|_| Fault::Value)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// `path`: the name of the member that was being read.
fn failure(kind: Kind, fault: Fault, path: String) -> Failure {
    let about = |name: String, en: &str, de: &str| {
        let reason = Text::new(
            format!("The member “{name}” {en}."),
            format!("Das Feld „{name}“ {de}."),
        );
        let expected = messages::expected(&name);
        let hint = Text::new(
            format!("Give it once: {}.", expected.en),
            format!("Geben Sie es einmal an: {}.", expected.de),
        );
        let mut failure = Failure::new(kind, reason, hint);
        failure.more.field = Some(name);
        failure.more.expected = Some(expected.en);
        failure
    };
    match fault {
        Fault::Unknown(name, known) => unknown(kind, name, known),
        Fault::Missing(name) => about(name.to_owned(), "is missing", "fehlt"),
        Fault::Twice(name) => about(name.to_owned(), "stands twice", "steht zweimal da"),
        Fault::Value => about(
            path,
            "is not what it must be",
            "ist nicht, was es sein muss",
        ),
    }
}

fn unknown(kind: Kind, name: String, known: &'static [&'static str]) -> Failure {
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
    failure.more.known = Some(known.to_vec());
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
struct Members(Vec<(String, Member)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    members.push((name, Member::of_json(value)));
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
    use trialog_api::request::{Dial, Follow, NoMembers, Say};

    fn fault(body: &str) -> (Kind, Option<String>, Option<(usize, usize)>) {
        let failure = of_body::<Dial>(body.as_bytes()).unwrap_err();
        (failure.kind, failure.more.field, failure.more.place)
    }

    #[test]
    fn a_member_that_is_wrong_is_named_and_its_value_is_not() {
        for (body, name) in [
            (r"{}", "to"),
            ("", "to"),
            (r#"{"to":7}"#, "to"),
            (r#"{"to":""}"#, "to"),
            (r#"{"to":null}"#, "to"),
            ("{\"to\":\"a\\u0000\"}", "to"),
            (r#"{"to":"a","to":"b"}"#, "to"),
            (r#"{"to":"a","too":"b"}"#, "too"),
            (r#"{"to":"a","account":-1}"#, "account"),
            (r#"{"to":"a","account":1.5}"#, "account"),
            (r#"{"to":"a","account":65536}"#, "account"),
            (r#"{"to":"a","account":null}"#, "account"),
        ] {
            assert_eq!(
                fault(body),
                (Kind::BadField, Some(name.to_owned()), None),
                "{body}"
            );
        }
        let failure = of_body::<Dial>(br#"{"to": 4711}"#).unwrap_err();
        assert!(!format!("{failure:?}").contains("4711"));
        let given = of_body::<Dial>(br#"{"to":"a","account":1.0}"#).unwrap();
        assert_eq!((given.to.as_str(), given.account), ("a", Some(1)));
        let none = of_body::<NoMembers>(br#"{"to":"a"}"#).unwrap_err();
        assert_eq!(none.more.field.as_deref(), Some("to"));
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
    fn a_path_is_absolute_on_some_system() {
        for (file, fits) in [
            ("/a.wav", true),
            (r"C:\\a.wav", true),
            (r"\\\\host\\a.wav", true),
            ("a.wav", false),
            ("./a.wav", false),
        ] {
            let body = format!(r#"{{"file":"{file}"}}"#);
            assert_eq!(of_body::<Say>(body.as_bytes()).is_ok(), fits, "{file}");
        }
    }

    #[test]
    fn a_query_is_read_by_the_same_rules() {
        let of = |name: &str, text: &str| of_query::<Follow>(vec![(name.into(), text.into())]);
        assert_eq!(of("since", "17").unwrap().since, Some(17));
        assert!(of("page", "true").unwrap().page);
        for (name, text) in [
            ("since", ""),
            ("since", "+1"),
            ("since", "99999999999999999999"),
            ("page", "1"),
            ("sinse", "1"),
        ] {
            let failure = of(name, text).unwrap_err();
            assert_eq!(failure.kind, Kind::BadQuery, "{name}={text}");
            assert_eq!(failure.more.field.as_deref(), Some(name));
        }
    }
}
