//! The requests: each becomes an order for the loop, and its outcome becomes a response.
use crate::act::{self, Unreadable};
use crate::body::{
    self, ActBody, DialBody, NoBody, PresenceBody, PresenceName, ReasonBody, SayBody,
};
use crate::order::{Command, Order, Outcome};
use crate::server::Shared;
use crate::{socket, words};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::oneshot;
use trialog_call::{AccountId, CallId, Input, Presence, Refusal, Target, WrapUpAct, WrapUpId};

type Desk = State<Arc<Shared>>;
type Body = Result<Bytes, BytesRejection>;

pub(crate) fn all() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/status", get(status))
        .route("/api/events", get(socket::events))
        .route("/api/calls", post(dial))
        .route("/api/calls/{id}/{act}", post(act))
        .route("/api/hook", post(hook))
        .route("/api/presence", post(presence))
        .route("/api/wrap-ups/{id}/{act}", post(wrap_up))
        .route("/api/audio/say", post(say))
        .route("/api/shutdown", post(shutdown))
        .fallback(async || Failure::NoSuchPath)
}

async fn status(State(shared): Desk) -> Result<Response, Failure> {
    ask(&shared, Command::Look).await
}

async fn dial(State(shared): Desk, body: Body) -> Result<Response, Failure> {
    let DialBody { to, account } = body::read(&body?)?;
    let input = Input::Dial {
        account: AccountId(account),
        target: Target(to),
    };
    ask(&shared, Command::Core(input)).await
}

async fn act(
    State(shared): Desk,
    Path((id, name)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Failure> {
    let call = CallId(
        id.parse()
            .map_err(|_| Failure::Refused(Refusal::NoSuchCall))?,
    );
    let body: ActBody = body::read(&body?)?;
    let act = act::read(&name, body).map_err(Failure::Act)?;
    ask(&shared, Command::Core(Input::Act { call, act })).await
}

async fn hook(State(shared): Desk, body: Body) -> Result<Response, Failure> {
    let NoBody {} = body::read(&body?)?;
    ask(&shared, Command::Core(Input::Hook)).await
}

async fn presence(State(shared): Desk, body: Body) -> Result<Response, Failure> {
    let body: PresenceBody = body::read(&body?)?;
    let presence = match body.presence {
        PresenceName::Available => Presence::Available,
        PresenceName::Idle => Presence::Idle,
    };
    ask(&shared, Command::Core(Input::Presence(presence))).await
}

async fn wrap_up(
    State(shared): Desk,
    Path((id, name)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Failure> {
    let id = id
        .parse()
        .map_err(|_| Failure::Refused(Refusal::NoSuchWrapUp))?;
    let reason = |body: Body| -> Result<String, Failure> {
        let ReasonBody { reason } = body::read(&body?)?;
        Ok(reason)
    };
    let act = match name.as_str() {
        "submit" => WrapUpAct::Submit(reason(body)?),
        "draft" => WrapUpAct::Draft(reason(body)?),
        "extend" => {
            let NoBody {} = body::read(&body?)?;
            WrapUpAct::Extend
        }
        _ => return Err(Failure::NoSuchPath),
    };
    let id = WrapUpId(id);
    ask(&shared, Command::Core(Input::WrapUp { id, act })).await
}

async fn say(State(shared): Desk, body: Body) -> Result<Response, Failure> {
    let SayBody { file } = body::read(&body?)?;
    ask(&shared, Command::Say(file)).await
}

async fn shutdown(State(shared): Desk, body: Body) -> Result<Response, Failure> {
    let NoBody {} = body::read(&body?)?;
    ask(&shared, Command::Shutdown).await
}

/// Asks the loop and waits for its answer.
async fn ask(shared: &Shared, command: Command) -> Result<Response, Failure> {
    let (reply, outcome) = oneshot::channel();
    let order = Order { command, reply };
    shared
        .desk
        .orders
        .send(order)
        .await
        .map_err(|_| Failure::Gone)?;
    match outcome.await.map_err(|_| Failure::Gone)? {
        Outcome::Done => Ok(Json(json!({ "done": true })).into_response()),
        Outcome::Began(call) => {
            Ok((StatusCode::CREATED, Json(json!({ "call": call.0 }))).into_response())
        }
        Outcome::Seen { look, .. } => Ok(Json(look.status()).into_response()),
        Outcome::Refused(refusal) => Err(Failure::Refused(refusal)),
        Outcome::Wrong(problem) => Err(Failure::BadBody(problem.to_string())),
    }
}

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The core refused.
    Refused(Refusal),
    /// The path's act is none, or its body does not fit it.
    Act(Unreadable),
    /// The body is wrong.
    BadBody(String),
    /// The body is too long or broke off.
    Body(BytesRejection),
    /// There is nothing at this path.
    NoSuchPath,
    /// The phone is on its way out.
    Gone,
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        Self::Body(rejection)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = |status: StatusCode, error: String| {
            (status, Json(json!({ "error": error }))).into_response()
        };
        match self {
            Self::Refused(refusal) => {
                let words = words::refusal(refusal);
                let body = json!({
                    "refused": words::refusal_code(refusal),
                    "reason": words.en,
                    "reason_de": words.de,
                });
                let status = match refusal {
                    Refusal::NoSuchCall | Refusal::NoSuchWrapUp => StatusCode::NOT_FOUND,
                    _ => StatusCode::CONFLICT,
                };
                (status, Json(body)).into_response()
            }
            Self::Act(Unreadable::NoSuchAct) => {
                error(StatusCode::NOT_FOUND, "there is no such act".to_owned())
            }
            Self::Act(Unreadable::Missing(key)) => error(
                StatusCode::BAD_REQUEST,
                format!("the body needs the key “{key}”"),
            ),
            Self::Act(Unreadable::Superfluous(key)) => error(
                StatusCode::BAD_REQUEST,
                format!("this act takes no “{key}”"),
            ),
            Self::BadBody(why) => error(StatusCode::BAD_REQUEST, why),
            Self::Body(rejection) => error(rejection.status(), rejection.body_text()),
            Self::NoSuchPath => error(
                StatusCode::NOT_FOUND,
                "there is nothing at this path".to_owned(),
            ),
            Self::Gone => error(
                StatusCode::SERVICE_UNAVAILABLE,
                "the phone is being switched off".to_owned(),
            ),
        }
    }
}
