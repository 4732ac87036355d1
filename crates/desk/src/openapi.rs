//! The API's document: OpenAPI 3.1, made from the table of operations and the types of the JSON. It is the reference for people
//! that write scripts, so it has what the types alone do not.
mod example;
mod precise;

use crate::problem::{Kind, MEDIA_TYPE, TYPE};
use crate::routes::METRICS;
use crate::table::{self, Does, Method, Operation, TAGS, operations};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use precise::precise;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use trialog_api::request::{Follow, Past};
use trialog_api::{
    AccessRole, CallTrace, Directory, Done, Event, History, Invitation, Paired, Placed, Problem,
    Status, Ticket, WebhookMessage,
};

const ABOUT: &str = "An agent's SIP phone with the conference bridge inside, as HTTP and JSON. All that a hand can do at the phone a \
script can do here; `trialog ctl` and the demo use nothing else.\n\n\
**Where.** A running phone writes address and token to `$XDG_RUNTIME_DIR/trialog/NAME/api.json` (`/tmp/trialog-UID/NAME/api.json` where \
that variable is not set), which its user alone can read. Both are new after each start. It listens on the loopback interface only.\n\n\
**Access.** Each request shows a token: `Authorization: Bearer TOKEN`; the agent's page shows a cookie instead. A token has a role: a supervisor's \
looks, an agent's acts, an admin's also lets others in and ends the phone; what an operation needs stands in its `security`. The token of \
`api.json` is an admin's, `trialog token create` makes others, and another role's is answered with 403 (`wrong-role`). The header `Host` must name this machine, and an `Origin`, where \
there is one, must be the same, so that no page of a browser reaches the phone from elsewhere.\n\n\
**Bodies** are one JSON object of up to 16 KiB, announced as `application/json` or not at all. Where no member is needed there may be \
no body. A member that is not known is an error, so that a misspelt one does not pass unnoticed.\n\n\
**Answers** that an act was taken do not say what came of it: a consult is taken at once, and the guest answers later. What happens is \
told by the events, which come before the answer where they follow from it.\n\n\
**Errors** are problem documents (RFC 9457). `refused` is the code that a program goes by; `reason` and `hint` say in English why and \
how to put it right, `reason_de` and `hint_de` in German. A path that is asked for by another method than its own is answered with 405 \
and `Allow`; a head of more than 16 KiB or 64 headers with 431 and no document.\n\n\
**Numbers** of calls and wrap-ups are never used again, also not after a start of the phone. Times are Unix milliseconds.\n\n\
New members, events and codes may be added: take no offence at what you do not know.";

const SCHEMAS: &str = "#/components/schemas/";

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(make);
    &DOCUMENT
}

/// The document as an answer.
pub(crate) fn response() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, TEXT.as_str()).into_response()
}

fn make() -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let method = match operation.method {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
        };
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[method] = described(operation);
    }
    let tags: Vec<_> = TAGS
        .iter()
        .map(|(name, text)| json!({"name": name, "description": text}))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Trialog",
            "summary": "A phone's control API",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The phone that this document came from."}],
        "tags": tags,
        "paths": paths,
        "webhooks": {"record": {"post": webhook()}},
        "components": {
            "schemas": schemas(),
            "responses": problems(),
            "headers": headers(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer",
                    "description": "The token of the phone's `api.json`, for the role admin, or one that `trialog token create` has made, for \
                        its own. Each is 64 hexadecimal digits. The roles that an operation lists are the least that it needs: supervisor, \
                        agent, admin."},
                "page": {"type": "apiKey", "in": "cookie", "name": "trialog-PORT",
                    "description": "What `pairPage` sets in a browser; PORT is the API's own."},
                "proof": {"type": "apiKey", "in": "header", "name": "Trialog-Proof",
                    "description": "What `pairPage` answered."},
                "ticket": {"type": "apiKey", "in": "query", "name": "ticket", "description": "What `ticket` answered."},
            },
        },
    })
}

/// What the phone itself asks, of the URLs of its configuration.
fn webhook() -> Value {
    let header = |name: &str, text: &str| {
        json!({
            "name": name, "in": "header", "required": name != "webhook-signature", "description": text,
            "schema": {"type": "string"},
        })
    };
    json!({
        "operationId": "record",
        "summary": "A call or a wrap-up, as it is recorded",
        "description": "For each `[[webhook]]` of the configuration. It is sent again until it is answered with 2xx, one message after \
            the other.",
        "parameters": [
            header("webhook-id", "The message's `id`: what comes twice has the same."),
            header("webhook-timestamp", "When it was sent, in Unix seconds."),
            header("webhook-signature", "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, with dots between."),
        ],
        "requestBody": {
            "required": true,
            "content": {"application/json": {
                "schema": {"$ref": format!("{SCHEMAS}WebhookMessage")}, "example": example::webhook(),
            }},
        },
        "responses": {
            "2XX": {"description": "It was taken."},
            "410": {"description": "No more is wanted, until the phone is started anew."},
            "default": {"description": "It is sent again, after a second to an hour, or when `Retry-After` says."},
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": responses(operation),
    });
    if !operation.text.is_empty() {
        described["description"] = json!(operation.text);
    }
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if let Some(schema) = operation.does.body() {
        described["requestBody"] = body(schema);
    }
    described["security"] = security(operation);
    if let Does::Events = operation.does {
        described["x-websocket-messages"] = json!({"$ref": format!("{SCHEMAS}Event")});
    }
    described
}

/// What a client shows, with the role that it must be of at least (OpenAPI 3.1, Security Requirement Object).
fn security(operation: &Operation) -> Value {
    let Some(role) = operation.needs.map(AccessRole::name) else {
        return json!([]);
    };
    match operation.does {
        Does::Events => {
            json!([{"token": [role]}, {"page": [role], "ticket": [role]}, {"ticket": [role]}])
        }
        // No page is an admin's.
        _ if operation.needs == Some(AccessRole::Admin) => json!([{"token": [role]}]),
        _ => json!([{"token": [role]}, {"page": [role], "proof": [role]}]),
    }
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters = Vec::new();
    for (name, text) in [
        ("call", "The call's number, from the status or an event."),
        (
            "wrap_up",
            "The wrap-up's number, from the status or an event.",
        ),
    ] {
        if operation.path.contains(&format!("{{{name}}}")) {
            parameters.push(json!({
                "name": name, "in": "path", "required": true, "description": text,
                "schema": {"type": "integer", "minimum": 0, "maximum": u32::MAX}, "example": 1,
            }));
        }
    }
    let query = match operation.does {
        Does::Events => Some(table::schema::<Follow>()),
        Does::Past => Some(table::schema::<Past>()),
        _ => None,
    };
    if let Some(mut schema) = query {
        precise(&mut schema);
        let members = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        // The ticket is described as a security scheme.
        let members = members.into_iter().filter(|(name, _)| name != "ticket");
        parameters.extend(members.map(|(name, mut member)| {
            let text = member["description"].take();
            let example = member["examples"][0].take();
            if let Some(member) = member.as_object_mut() {
                member.remove("description");
                member.remove("examples");
            }
            json!({
                "name": name, "in": "query", "required": false, "description": text,
                "schema": member, "example": example,
            })
        }));
    }
    parameters
}

fn body(mut schema: Value) -> Value {
    precise(&mut schema);
    let mut example = Map::new();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        example.insert(name.clone(), member["examples"][0].clone());
    }
    json!({
        "required": schema.get("required").is_some(),
        "content": {"application/json": {"schema": schema, "example": example}},
    })
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    let json_of = |text: &str, schema: &str, example: Value| {
        json!({
            "description": text,
            "headers": common_headers(),
            "content": {"application/json": {
                "schema": {"$ref": format!("{SCHEMAS}{schema}")}, "example": example,
            }},
        })
    };
    let (status, success) = match operation.does {
        Does::Document => (
            "200",
            json!({
                "description": "This document.",
                "headers": common_headers(),
                "content": {"application/json": {"schema": {"type": "object"}}},
            }),
        ),
        Does::Look => (
            "200",
            json_of("The phone.", "Status", json!(example::status())),
        ),
        Does::Metrics => ("200", metrics()),
        Does::Past => (
            "200",
            json_of("The calls.", "History", json!(example::history())),
        ),
        Does::Trace => (
            "200",
            json_of("The messages.", "CallTrace", json!(example::trace())),
        ),
        Does::Directory => (
            "200",
            json_of("The directory.", "Directory", example::directory()),
        ),
        Does::Events => (
            "101",
            json!({"description": "The connection is a WebSocket from now on; each of its messages is an `Event`."}),
        ),
        Does::Dial(_) => (
            "201",
            json_of("The call has begun.", "Placed", json!({"call": 1})),
        ),
        Does::Invite(_) => (
            "200",
            json_of(
                "The code.",
                "Invitation",
                json!({"code": "9f0c0c3d5a1e4b7f", "seconds": 300}),
            ),
        ),
        Does::Ticket => ("200", json_of("The ticket.", "Ticket", example::ticket())),
        Does::Pair(_) => {
            let mut paired = json_of("The browser is paired.", "Paired", example::paired());
            paired["headers"]["Set-Cookie"] = json!({"$ref": "#/components/headers/Set-Cookie"});
            ("200", paired)
        }
        Does::Act(_) | Does::Aim(_) | Does::WrapUp(_) | Does::Tell(_) => (
            "200",
            json_of("It is being done.", "Done", json!({"done": true})),
        ),
    };
    responses.insert(status.to_owned(), success);
    for status in faults(operation) {
        let shared = json!({"$ref": format!("#/components/responses/{}", response_name(status))});
        responses.insert(status.to_string(), shared);
    }
    Value::Object(responses)
}

fn metrics() -> Value {
    json!({
        "description": "The counters.",
        "headers": common_headers(),
        "content": {METRICS: {"schema": {"type": "string"}, "example": "# TYPE trialog_calls gauge\ntrialog_calls 1\n"}},
    })
}

/// The statuses of the problems that an operation can have.
fn faults(operation: &Operation) -> Vec<u16> {
    let mut faults = vec![400, 403];
    if !matches!(operation.does, Does::Document | Does::Pair(_)) {
        faults.push(401);
    }
    match operation.does {
        Does::Document | Does::Directory => {}
        Does::Invite(_) | Does::Ticket | Does::Pair(_) => faults.extend([408, 413, 415]),
        Does::Look | Does::Metrics => faults.push(503),
        Does::Past => faults.extend([500, 503]),
        Does::Trace => faults.extend([404, 503]),
        Does::Events => faults.extend([426, 503]),
        Does::Act(_) | Does::Aim(_) => faults.extend([404, 408, 409, 413, 415, 503]),
        Does::WrapUp(_) => faults.extend([404, 408, 409, 413, 415, 503, 507]),
        Does::Dial(_) => faults.extend([408, 409, 413, 415, 503]),
        Does::Tell(_) => {
            faults.extend([408, 413, 415, 503]);
            // The hook with no call; no such account, or no registrar; a phone whose end is no file; a file that can't be played.
            match operation.id {
                "hook" => faults.extend([404, 409]),
                "register" | "unregister" => faults.push(409),
                "say" => faults.extend([409, 422]),
                "devices" => faults.push(409),
                _ => {}
            }
        }
    }
    faults
}

fn response_name(status: u16) -> String {
    format!("Problem{status}")
}

/// One for each status: its codes with what they mean, and an example.
fn problems() -> Value {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in Kind::every() {
        let (_, status, _) = kind.fixed();
        by_status.entry(status.as_u16()).or_default().push(kind);
    }
    let mut responses = Map::new();
    for (status, kinds) in by_status {
        let list: Vec<_> = kinds.iter().map(|kind| line(*kind)).collect();
        let codes: Vec<_> = kinds.iter().map(|kind| kind.fixed().0).collect();
        let types: Vec<_> = codes.iter().map(|code| format!("{TYPE}{code}")).collect();
        let examples: Map<_, _> = kinds
            .iter()
            .map(|kind| {
                (
                    kind.fixed().0.to_owned(),
                    json!({"value": example::problem(*kind)}),
                )
            })
            .collect();
        let mut headers = common_headers();
        let own = match status {
            401 => Some("WWW-Authenticate"),
            405 => Some("Allow"),
            426 => Some("Upgrade"),
            _ => None,
        };
        if let Some(name) = own {
            headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        let response = json!({
            "description": list.join("\n"),
            "headers": headers,
            "content": {MEDIA_TYPE: {
                "schema": {
                    "allOf": [{"$ref": format!("{SCHEMAS}Problem")}],
                    "properties": {
                        "status": {"const": status},
                        "refused": {"enum": codes},
                        "type": {"enum": types},
                    },
                },
                "examples": examples,
            }},
        });
        responses.insert(response_name(status), response);
    }
    Value::Object(responses)
}

/// A kind as a point of a list.
fn line(kind: Kind) -> String {
    let (code, _, title) = kind.fixed();
    match kind {
        Kind::Refused(refusal) => {
            let why = crate::messages::refusal(refusal).en;
            format!("- `{code}`: {why}")
        }
        _ => format!("- `{code}`: {title}."),
    }
}

fn common_headers() -> Value {
    json!({
        "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
        "X-Content-Type-Options": {"$ref": "#/components/headers/X-Content-Type-Options"},
    })
}

fn headers() -> Value {
    json!({
        "Cache-Control": {"description": "Nothing is to be kept.", "required": true,
            "schema": {"const": "no-store"}},
        "X-Content-Type-Options": {"description": "Browsers take the type as the header Content-Type has it.", "required": true,
            "schema": {"const": "nosniff"}},
        "WWW-Authenticate": {"description": "RFC 6750 §3.", "required": true,
            "schema": {"type": "string", "pattern": "^Bearer realm=\"trialog\""}},
        "Allow": {"description": "The methods that the path has.", "required": true,
            "schema": {"enum": ["GET, HEAD", "POST", "PUT"]}},
        "Set-Cookie": {"description": "What the browser shows from now on.", "required": true,
            "schema": {"type": "string", "pattern": "^trialog-[0-9]+=[0-9a-f]{64}; Path=/; Max-Age=[0-9]+; HttpOnly; SameSite=Strict$"}},
        "Upgrade": {"description": "What the path speaks.", "required": true,
            "schema": {"const": "websocket"}},
    })
}

/// The types of the JSON, with an example each.
fn schemas() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.for_serialize().into_generator();
    name::<Status>(&mut generator);
    name::<History>(&mut generator);
    name::<CallTrace>(&mut generator);
    name::<Event>(&mut generator);
    name::<Done>(&mut generator);
    name::<Invitation>(&mut generator);
    name::<Directory>(&mut generator);
    name::<Paired>(&mut generator);
    name::<Placed>(&mut generator);
    name::<Ticket>(&mut generator);
    name::<Problem>(&mut generator);
    name::<WebhookMessage>(&mut generator);
    let mut schemas = generator.take_definitions(true);
    for schema in schemas.values_mut() {
        precise(schema);
    }
    for (name, examples) in example::all() {
        if let Some(schema) = schemas.get_mut(name) {
            schema["examples"] = examples;
        }
    }
    Value::Object(schemas)
}

fn name<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}
