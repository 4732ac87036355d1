//! The requests: each becomes a command for the loop by the table, and its outcome becomes a response.
use crate::command::{Command, CommandRequest, Reply};
use crate::guard::Shown;
use crate::members;
use crate::messages::Text;
use crate::pairing::CODE_LIFE;
use crate::problem::{Failure, Kind};
use crate::server::Shared;
use crate::table::{Does, Method, Operation, operations};
use crate::{openapi, page, socket, wrong};
use axum::body::Bytes;
use axum::extract::rejection::{QueryRejection, RawPathParamsRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequest, Query, RawPathParams, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use axum::{Extension, Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use trialog_api::request::{Follow, NoMembers, Past};
use trialog_api::{AccessRole, DigitWay, Directory, Done, Invitation, Paired, Ticket};
use trialog_call::Refusal;

/// No request of the API is longer, in bytes.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;

/// So long a client may take to send its body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// The loop answers within milliseconds; so long it may take on a machine that is out of breath.
const LOOP_PATIENCE: Duration = Duration::from_secs(10);

/// The media type of Prometheus's text format.
pub(crate) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

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
            Method::Put => MethodFilter::PUT,
        };
        let routed = match operation.does {
            Does::Events => on(
                methods,
                async |State(shared): Desk,
                       uri: Uri,
                       pairs: Pairs,
                       shown: Option<Extension<Shown>>,
                       upgrade| {
                    events(shared, pairs, shown.map(|Extension(shown)| shown), upgrade)
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
                    let shown = request.extensions().get::<Shown>();
                    let asked = Asked {
                        operation,
                        role: shown.map_or(AccessRole::Supervisor, |shown| shown.role),
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
    for path in page::paths() {
        let file = on(MethodFilter::GET, async |uri: Uri| page::file(uri.path()));
        let file = file.fallback(async |uri: Uri| wrong_method(Method::Get).response(uri.path()));
        router = router.route(&path, file);
    }
    router.fallback(nothing_here)
}

/// A request to an operation.
struct Asked {
    operation: &'static Operation,
    /// The client's.
    role: AccessRole,
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
    if let Does::Past = operation.does {
        return past(shared, query(asked.pairs)?).await;
    }
    let NoMembers {} = query(asked.pairs)?;
    let body = match operation.method {
        // RFC 9110 §9.3.1: content of a GET has no meaning.
        Method::Get => Bytes::new(),
        Method::Post | Method::Put => read(asked.request).await?,
    };
    let number = match operation.does {
        Does::Document => return Ok(openapi::response()),
        Does::Directory => {
            let contacts = shared.desk.directory.all();
            return Ok(Json(Directory { contacts }).into_response());
        }
        Does::Act(_) | Does::Aim(_) | Does::Trace => asked.number.ok_or(Refusal::NoSuchCall),
        Does::WrapUp(_) => asked.number.ok_or(Refusal::NoSuchWrapUp),
        Does::Invite(reads) => return Ok(invitation(shared, reads.read(&body)?)),
        Does::Ticket => {
            let NoMembers {} = members::of_body(&body)?;
            let role = asked.role;
            let ticket = shared.desk.pairing.ticket(role);
            return Ok(Json(Ticket { ticket, role }).into_response());
        }
        Does::Pair(reads) => return pair(shared, &reads.read(&body)?),
        Does::Look | Does::Metrics | Does::Past | Does::Events | Does::Dial(_) | Does::Tell(_) => {
            Ok(0)
        }
    };
    let command = operation
        .does
        .command(*number.as_ref().unwrap_or(&0), &body)?;
    number.map_err(|refusal| Failure::refused(refusal, &[]))?;
    reply(ask(shared, command).await?)
}

async fn past(shared: &Shared, past: Past) -> Result<Response, Failure> {
    reply(ask(shared, Command::Past(past)).await?)
}

fn reply(reply: Reply) -> Result<Response, Failure> {
    match reply {
        Reply::Done => Ok(done(None)),
        Reply::Sent(way) => Ok(done(Some(way))),
        Reply::Began(call) => {
            Ok((StatusCode::CREATED, Json(json!({ "call": call.0 }))).into_response())
        }
        Reply::Seen { look, .. } => Ok(Json(look.status()).into_response()),
        Reply::Refused { refusal, allowed } => Err(Failure::refused(refusal, &allowed)),
        Reply::Wrong(what) => Err(wrong::failure(what)),
        Reply::NotKept(why) => Err(not_kept(&why)),
        Reply::Metrics(text) => Ok(([(header::CONTENT_TYPE, METRICS)], text).into_response()),
        Reply::Trace(trace) => Ok(Json(trace).into_response()),
        Reply::Past(history) => Ok(Json(history).into_response()),
        Reply::NotRead(why) => Err(not_read(&why)),
    }
}

fn invitation(shared: &Shared, role: AccessRole) -> Response {
    let invitation = Invitation {
        code: shared.desk.pairing.invite(role),
        seconds: CODE_LIFE.as_secs(),
    };
    Json(invitation).into_response()
}

fn pair(shared: &Shared, code: &str) -> Result<Response, Failure> {
    let pairing = &shared.desk.pairing;
    let role = pairing.take_code(code).ok_or_else(wrong_code)?;
    let cookie = [(header::SET_COOKIE, pairing.cookie(role, shared.port))];
    let proof = pairing.proof(role).reveal().to_owned();
    Ok((cookie, Json(Paired { proof })).into_response())
}

pub(crate) fn wrong_code() -> Failure {
    let reason = Text::new(
        "The code is not known, was used already, or is older than five minutes.",
        "Der Code ist nicht bekannt, schon benutzt oder älter als fünf Minuten.",
    );
    let hint = Text::new(
        "Open the page anew by `trialog page`.",
        "Öffnen Sie die Seite neu mit `trialog page`.",
    );
    Failure::new(Kind::WrongCode, reason, hint)
}

fn done(digit: Option<DigitWay>) -> Response {
    Json(Done { done: true, digit }).into_response()
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
        "Send as many bytes as the header Content-Length has.",
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
        Method::Put => ("PUT", "PUT"),
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
    let acts = operations().filter(|operation| operation.method != Method::Get);
    let acts = acts.filter_map(|operation| operation.path.strip_prefix(folder));
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
    shown: Option<Shown>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let follow: Follow = query(pairs)?;
    let upgrade = upgrade.map_err(|_| no_websocket())?;
    socket::open(shared, upgrade, &follow, shown)
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

pub(crate) fn not_kept(why: &str) -> Failure {
    let reason = Text::new(
        format!("The disk does not take it: {why}."),
        format!("Die Festplatte nimmt es nicht an: {why}."),
    );
    let hint = Text::new(
        "Make room on the disk, or give the phone the right to write there, and ask again; until then nothing has changed.",
        "Schaffen Sie Platz auf der Festplatte oder geben Sie dem Telefon das Recht, dort zu schreiben, und fragen Sie erneut an; bis \
dahin ist alles wie zuvor.",
    );
    Failure::new(Kind::NotKept, reason, hint)
}

pub(crate) fn not_read(why: &str) -> Failure {
    let reason = Text::new(
        format!("The records can't be read: {why}."),
        format!("Die Aufzeichnungen sind nicht lesbar: {why}."),
    );
    let hint = Text::new(
        "Look at the phone's log; a start of the phone sets a broken file aside.",
        "Sehen Sie in das Protokoll des Telefons; beim Start legt es eine beschädigte Datei beiseite.",
    );
    Failure::new(Kind::NotRead, reason, hint)
}
