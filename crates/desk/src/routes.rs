//! The requests: each becomes a command for the loop as the table says, and its outcome becomes a response.
use crate::command::{Command, CommandRequest, Reply, Wrong};
use crate::members;
use crate::messages::Text;
use crate::problem::{Failure, Kind};
use crate::server::Shared;
use crate::table::{Does, Method, Operation, operations};
use crate::{openapi, socket};
use axum::body::Bytes;
use axum::extract::rejection::{QueryRejection, RawPathParamsRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequest, Query, RawPathParams, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use trialog_api::request::{Follow, NoMembers};
use trialog_call::Refusal;

/// No request of the API is longer, in bytes.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;

/// So long a client may take to send its body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// The loop answers within milliseconds; so long it may take on a machine that is out of breath.
const LOOP_PATIENCE: Duration = Duration::from_secs(10);

type Desk = State<Arc<Shared>>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The router, as the table has it.
pub(crate) fn all() -> Router<Arc<Shared>> {
    let mut router = Router::new();
    for operation in operations() {
        let methods = match operation.method {
            // RFC 9110 §9.3.2: HEAD is GET without the content.
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let routed = match operation.does {
            Does::Events => on(
                methods,
                async |State(shared): Desk, uri: Uri, pairs: Pairs, upgrade| {
                    events(shared, pairs, upgrade)
                        .unwrap_or_else(|failure| failure.response(uri.path()))
                },
            ),
            _ => on(
                methods,
                async |State(shared): Desk,
                       uri: Uri,
                       numbers: Result<RawPathParams, RawPathParamsRejection>,
                       pairs: Pairs,
                       request: Request| {
                    let asked = Asked {
                        operation,
                        number: numbers.ok().as_ref().and_then(number),
                        pairs,
                        request,
                    };
                    answer(&shared, asked)
                        .await
                        .unwrap_or_else(|failure| failure.response(uri.path()))
                },
            ),
        };
        let routed =
            routed.fallback(async |uri: Uri| wrong_method(operation.method).response(uri.path()));
        router = router.route(operation.path, routed);
    }
    router.fallback(nothing_here)
}

/// A request to an operation.
struct Asked {
    operation: &'static Operation,
    /// The number in the path; `None` where there is none that could be one.
    number: Option<u32>,
    pairs: Pairs,
    request: Request,
}

/// The number in the path. What is no number is as good as one that nothing has.
fn number(numbers: &RawPathParams) -> Option<u32> {
    let (_, text) = numbers.iter().next()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

async fn answer(shared: &Shared, asked: Asked) -> Result<Response, Failure> {
    let operation = asked.operation;
    let NoMembers {} = query(asked.pairs)?;
    let body = match operation.method {
        // RFC 9110 §9.3.1: content of a GET has no meaning.
        Method::Get => Bytes::new(),
        Method::Post => read(asked.request).await?,
    };
    let number = match operation.does {
        Does::Document => return Ok(openapi::response()),
        Does::Act(_) => asked.number.ok_or(Refusal::NoSuchCall),
        Does::WrapUp(_) => asked.number.ok_or(Refusal::NoSuchWrapUp),
        Does::Look | Does::Events | Does::Dial(_) | Does::Tell(_) => Ok(0),
    };
    let command = operation
        .does
        .command(*number.as_ref().unwrap_or(&0), &body)?;
    number.map_err(|refusal| Failure::refused(refusal, &[]))?;
    match ask(shared, command).await? {
        Reply::Done => Ok(Json(json!({ "done": true })).into_response()),
        Reply::Began(call) => {
            Ok((StatusCode::CREATED, Json(json!({ "call": call.0 }))).into_response())
        }
        Reply::Seen { look, .. } => Ok(Json(look.status()).into_response()),
        Reply::Refused { refusal, allowed } => Err(Failure::refused(refusal, &allowed)),
        Reply::Wrong(what) => Err(wrong(what)),
    }
}

fn query<T: DeserializeOwned>(pairs: Pairs) -> Result<T, Failure> {
    let Query(pairs) = pairs.map_err(|_| no_query())?;
    members::of_query(pairs)
}

pub(crate) fn no_query() -> Failure {
    let reason = Text::new("The query can't be read.", "Die Abfrage ist nicht lesbar.");
    let hint = Text::new(
        "Write it as name=value&name=value, with %XX in UTF-8 for special characters.",
        "Schreiben Sie sie als Name=Wert&Name=Wert, Sonderzeichen als %XX in UTF-8.",
    );
    Failure::new(Kind::BadQuery, reason, hint)
}

/// The body, if it is announced as JSON or not at all, and comes whole and in time.
async fn read(request: Request) -> Result<Bytes, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.map_or(Ok(()), |kind| {
        let is_json = is_json(kind.as_bytes());
        is_json.then_some(()).ok_or_else(not_json)
    });
    let body = match timeout(BODY_PATIENCE, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(why)) if why.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(too_long()),
        Ok(Err(_)) => return Err(broken_off()),
        Err(_) => return Err(too_slow()),
    };
    if !body.trim_ascii().is_empty() {
        kind?;
    }
    Ok(body)
}

/// `application/json`, whatever its parameters: JSON is UTF-8 (RFC 8259 §8.1).
fn is_json(kind: &[u8]) -> bool {
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

pub(crate) fn too_long() -> Failure {
    let reason = Text::new("The body is too long.", "Der Inhalt ist zu lang.");
    let hint = Text::new(
        format!("Send {LONGEST_BODY} bytes at most."),
        format!("Senden Sie höchstens {LONGEST_BODY} Byte."),
    );
    Failure::new(Kind::TooLong, reason, hint)
}

fn broken_off() -> Failure {
    let reason = Text::new("The body broke off.", "Der Inhalt brach ab.");
    let hint = Text::new(
        "Send as many bytes as the header Content-Length says.",
        "Senden Sie so viele Byte, wie die Kopfzeile Content-Length angibt.",
    );
    Failure::new(Kind::BadRequest, reason, hint)
}

pub(crate) fn too_slow() -> Failure {
    let patience = BODY_PATIENCE.as_secs();
    let reason = Text::new(
        format!("The body was not whole within {patience} s."),
        format!("Der Inhalt war nicht innerhalb von {patience} s vollständig."),
    );
    let hint = Text::new(
        "Send header and body at once.",
        "Senden Sie Kopf und Inhalt auf einmal.",
    );
    Failure::new(Kind::TooSlow, reason, hint)
}

pub(crate) fn not_json() -> Failure {
    let reason = Text::new(
        "The body has another Content-Type than application/json.",
        "Der Inhalt hat einen anderen Content-Type als application/json.",
    );
    let hint = Text::new(
        "Send the header “Content-Type: application/json” (curl: --json), or no body where none is needed.",
        "Senden Sie die Kopfzeile „Content-Type: application/json“ (curl: --json), oder keinen Inhalt, wo keiner nötig ist.",
    );
    Failure::new(Kind::NotJson, reason, hint)
}

pub(crate) fn wrong_method(right: Method) -> Failure {
    let (name, methods) = match right {
        Method::Get => ("GET", "GET, HEAD"),
        Method::Post => ("POST", "POST"),
    };
    let reason = Text::new(
        format!("This path is asked for by {name} only."),
        format!("Dieser Pfad wird nur mit {name} angefragt."),
    );
    let hint = Text::new(format!("Use {name}."), format!("Verwenden Sie {name}."));
    let mut failure = Failure::new(Kind::WrongMethod, reason, hint);
    failure.more.methods = Some(methods);
    failure
}

async fn nothing_here(uri: Uri) -> Response {
    nothing_at(uri.path()).response(uri.path())
}

pub(crate) fn nothing_at(path: &str) -> Failure {
    // Where an act's name is wrong, the right ones are named.
    for (folder, kind) in [("/api/calls/", "{call}"), ("/api/wrap-ups/", "{wrap_up}")] {
        let is_act = path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.split('/').count() == 2);
        if is_act {
            return no_such_act(&format!("{folder}{kind}/"));
        }
    }
    let reason = Text::new(
        "There is nothing at this path.",
        "Unter diesem Pfad gibt es nichts.",
    );
    let hint = Text::new(
        "GET /api/openapi.json describes every path.",
        "GET /api/openapi.json beschreibt jeden Pfad.",
    );
    Failure::new(Kind::NoSuchPath, reason, hint)
}

fn no_such_act(folder: &str) -> Failure {
    let acts = operations().filter_map(|operation| operation.path.strip_prefix(folder));
    let acts: Vec<_> = acts.collect();
    let reason = Text::new("There is no such act.", "Das gibt es nicht.");
    let names = acts.join(", ");
    let hint = Text::new(
        format!("Use one of: {names}."),
        format!("Verwenden Sie eines von: {names}."),
    );
    let mut failure = Failure::new(Kind::NoSuchAct, reason, hint);
    failure.more.known = Some(acts);
    failure
}

fn events(
    shared: Arc<Shared>,
    pairs: Pairs,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let follow: Follow = query(pairs)?;
    let upgrade = upgrade.map_err(|_| no_websocket())?;
    socket::open(shared, upgrade, &follow)
}

pub(crate) fn no_websocket() -> Failure {
    let reason = Text::new(
        "The events come by WebSocket only.",
        "Die Ereignisse kommen nur über WebSocket.",
    );
    let hint = Text::new(
        "Open it with a WebSocket client, version 13, by GET.",
        "Öffnen Sie es mit einem WebSocket-Client, Version 13, mit GET.",
    );
    Failure::new(Kind::NoWebSocket, reason, hint)
}

/// Asks the loop and waits for its answer.
async fn ask(shared: &Shared, command: Command) -> Result<Reply, Failure> {
    let (reply, outcome) = oneshot::channel();
    let request = CommandRequest { command, reply };
    let asked = async {
        shared.desk.commands.send(request).await.ok()?;
        outcome.await.ok()
    };
    match timeout(LOOP_PATIENCE, asked).await {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => Err(ended()),
        Err(_) => Err(no_answer()),
    }
}

pub(crate) fn ended() -> Failure {
    let reason = Text::new("The phone has ended.", "Das Telefon ist beendet.");
    let hint = Text::new(
        "Wait until it has been started again; address and token are new then.",
        "Warten Sie, bis es wieder gestartet ist; Adresse und Token sind dann neu.",
    );
    Failure::new(Kind::Ended, reason, hint)
}

pub(crate) fn no_answer() -> Failure {
    let reason = Text::new(
        "The phone did not answer in time; what was asked may still be done.",
        "Das Telefon hat nicht rechtzeitig geantwortet; das Gewünschte kann noch geschehen.",
    );
    let hint = Text::new(
        "Read the status before asking again.",
        "Lesen Sie den Status, bevor Sie erneut anfragen.",
    );
    Failure::new(Kind::NoAnswer, reason, hint)
}

pub(crate) fn wrong(wrong: Wrong) -> Failure {
    match wrong {
        Wrong::BadAddress => {
            let reason = Text::new(
                "This is no address to call.",
                "Das ist keine Adresse, die man anrufen kann.",
            );
            let expected =
                "sip:user@host, user@host, or a number or name where the account has a registrar";
            let hint = Text::new(
                format!("Give as “to”: {expected}."),
                "Geben Sie als „to“ an: sip:user@host, user@host, oder eine Nummer oder einen Namen, wo das Konto einen Registrar hat.",
            );
            let mut failure = Failure::new(Kind::BadAddress, reason, hint);
            failure.more.field = Some("to".to_owned());
            failure.more.expected = Some(expected.to_owned());
            failure
        }
        Wrong::NoFileEnd => {
            let reason = Text::new(
                "The audio end is no file, so nothing can be said into it.",
                "Das Tonende ist keine Datei; dort kann nichts gesagt werden.",
            );
            let hint = Text::new(
                "Set `end = \"file\"` in the section [audio] of the phone's configuration.",
                "Setzen Sie `end = \"file\"` im Abschnitt [audio] der Konfiguration des Telefons.",
            );
            Failure::new(Kind::NoFileEnd, reason, hint)
        }
        Wrong::Unplayable(why) => {
            let reason = Text::new(
                format!("The file can't be played: {why}."),
                format!("Die Datei kann nicht gespielt werden: {why}."),
            );
            let hint = Text::new(
                "Give the absolute path of a WAV file that the phone's user may read.",
                "Geben Sie den absoluten Pfad einer WAV-Datei an, die der Benutzer des Telefons lesen darf.",
            );
            let mut failure = Failure::new(Kind::Unplayable, reason, hint);
            failure.more.field = Some("file".to_owned());
            failure
        }
    }
}
