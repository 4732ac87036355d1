//! The API's document as a judge of real answers: whatever it does not describe is a fault, in status, headers and body.
#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

pub(crate) struct Judge {
    pub(crate) document: Value,
    /// The document with every object closed against members that it does not name.
    strict: Value,
    /// A schema's judge is made once.
    made: RefCell<HashMap<String, Rc<Validator>>>,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let mut headers = self.headers.iter();
        headers
            .find(|(of, _)| *of == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Judge {
    pub(crate) fn new(document: Value) -> Self {
        let mut strict = document.clone();
        let mut mixed = BTreeSet::new();
        mixed_in(&document, &mut mixed);
        close(&mut strict, true);
        for name in mixed {
            if let Some(schema) = strict["components"]["schemas"].get_mut(&name) {
                schema
                    .as_object_mut()
                    .unwrap()
                    .remove("unevaluatedProperties");
            }
        }
        Self {
            document,
            strict,
            made: RefCell::default(),
        }
    }

    /// Each operation: method, path, and what is said of it.
    pub(crate) fn operations(&self) -> Vec<(String, String, &Value)> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push((method.to_uppercase(), path.clone(), operation));
            }
        }
        operations
    }

    /// What the document does not say of this answer to that operation.
    pub(crate) fn faults(&self, method: &str, path: &str, answer: &Answer) -> Vec<String> {
        let operation = &self.document["paths"][path][method.to_lowercase()];
        let Some(response) = operation["responses"].get(answer.status.to_string()) else {
            return vec![format!("status {} is not described", answer.status)];
        };
        self.faults_of(response, answer)
    }

    /// What a shared response, by its name, does not say of this answer.
    pub(crate) fn faults_of_shared(&self, name: &str, answer: &Answer) -> Vec<String> {
        self.faults_of(&self.document["components"]["responses"][name], answer)
    }

    fn faults_of(&self, response: &Value, answer: &Answer) -> Vec<String> {
        let response = self.resolved(response);
        let mut faults = Vec::new();
        for (name, header) in response["headers"].as_object().unwrap_or(&Map::new()) {
            let header = self.resolved(header);
            match answer.header(name) {
                None if header["required"] == true => faults.push(format!("{name} is missing")),
                None => {}
                Some(value) => faults.extend(self.check(&header["schema"], &json!(value))),
            }
        }
        let Some(content) = response["content"].as_object() else {
            if !answer.body.is_empty() {
                faults.push("there is a body".to_owned());
            }
            return faults;
        };
        let kind = answer.header("content-type").unwrap_or("none");
        let Some(of_kind) = content.get(kind) else {
            faults.push(format!("the type {kind} is not described"));
            return faults;
        };
        if kind.starts_with("text/") {
            faults.extend(self.check(&of_kind["schema"], &json!(answer.body)));
            return faults;
        }
        match serde_json::from_str::<Value>(&answer.body) {
            Ok(body) => faults.extend(self.check(&of_kind["schema"], &body)),
            Err(error) => faults.push(format!("the body is no JSON: {error}")),
        }
        faults
    }

    /// What is wrong with a value of this schema, which may be one of the document's by name.
    pub(crate) fn check(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    /// What is wrong with an event.
    pub(crate) fn check_event(&self, event: &Value) -> Vec<String> {
        self.check(&json!({"$ref": "#/components/schemas/Event"}), event)
    }

    fn validator(&self, schema: &Value) -> Rc<Validator> {
        let mut made = self.made.borrow_mut();
        let make = || {
            let mut closed = schema.clone();
            close(&mut closed, true);
            let root = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": {"schemas": self.strict["components"]["schemas"]},
                "allOf": [closed],
            });
            let made = jsonschema::validator_for(&root);
            Rc::new(made.expect("the document's schemas are schemas"))
        };
        Rc::clone(made.entry(schema.to_string()).or_insert_with(make))
    }

    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(to) => self
                .document
                .pointer(to.strip_prefix('#').expect("within the document"))
                .unwrap_or_else(|| panic!("{to} leads nowhere")),
            None => value,
        }
    }
}

/// The names of schemas that others are made of: their members are not all that there may be.
fn mixed_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| mixed_in(value, names)),
        Value::Object(members) => {
            let mut note = |schema: &Value| {
                if let Some(to) = schema["$ref"].as_str() {
                    names.extend(to.rsplit('/').next().map(str::to_owned));
                }
            };
            if members.contains_key("properties") {
                note(value);
            }
            for key in ["allOf", "oneOf"] {
                let parts = members.get(key).and_then(Value::as_array);
                parts.into_iter().flatten().for_each(&mut note);
            }
            members.values().for_each(|value| mixed_in(value, names));
        }
        _ => {}
    }
}

/// Closes every object; `whole`: it is no part of another schema.
fn close(value: &mut Value, whole: bool) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| close(value, whole)),
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                if !matches!(key.as_str(), "example" | "examples" | "enum" | "const") {
                    close(value, !matches!(key.as_str(), "allOf" | "oneOf" | "anyOf"));
                }
            }
            let is_schema = members.get("properties").is_some_and(Value::is_object);
            if whole && is_schema && !members.contains_key("additionalProperties") {
                members.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        _ => {}
    }
}
