//! Who asks: the session cookie.

use app::{
    calls::UNASKED_HEADER,
    rpc::{context::Caller, cookies::read},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::error::Error;
use service::Origin;

use super::{contexts, events};
use crate::{AppState, failure::Failure, log};

/// Puts the [`Caller`] among the request's extensions. A session that has ended is none.
pub(crate) async fn recognise(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let origin = request
        .extensions()
        .get::<Origin>()
        .cloned()
        .unwrap_or_default();
    let token = read(request.headers(), contexts::cookies(&state).session());
    let sessions = &state.services.sessions;
    // No header can be given to what listens for events.
    let by_itself =
        request.headers().contains_key(UNASKED_HEADER) || request.uri().path() == events::PATH;
    let actor = match token {
        Some(token) if by_itself => sessions.by_cookie_unasked(token, origin.clone()).await,
        Some(token) => sessions.by_cookie(token, origin.clone()).await,
        None => Err(Error::Unauthenticated),
    };
    let actor = match actor {
        Ok(actor) => {
            if let Some(line) = request.extensions().get::<log::Caller>() {
                line.note(&actor);
            }
            Some(actor)
        }
        Err(Error::Unauthenticated) => None,
        Err(error) => return Failure::from(error).into_response(),
    };
    request.extensions_mut().insert(Caller { actor, origin });
    next.run(request).await
}
