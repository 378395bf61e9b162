//! What the server provides to pages and server functions, and how an answer leaves them.

use std::sync::Arc;

use domain::{error::Error, key::Tag};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use leptos::{
    prelude::use_context,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use leptos_axum::ResponseOptions;
use service::{Actor, Origin, Outcome, Services, Waiting, reveal::RevealKey};

use super::{Fault, cookies::Cookies};
use crate::place::{Place, TICKETS};

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whoever is signed in. `None`: nobody is.
    pub actor: Option<Actor>,
    /// Where the request comes from.
    pub origin: Origin,
}

/// The address under which people and scripts reach this server, without a slash at the end.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub Arc<str>);

/// All of the above.
pub(super) struct Scope {
    pub(super) services: Services,
    pub(super) caller: Caller,
    pub(super) cookies: Cookies,
}

impl Scope {
    /// What was provided for this request.
    pub(super) fn here() -> Result<Self, Error> {
        Option::zip(use_context(), Option::zip(use_context(), use_context()))
            .map(|(services, (caller, cookies))| Self {
                services,
                caller,
                cookies,
            })
            .ok_or(Error::Internal)
    }
}

impl Scope {
    /// Whoever is signed in, for a reason that they gave.
    pub(super) fn actor_for(&self, reason: &str) -> Result<Actor, Error> {
        self.actor()?.clone().with_reason(reason)
    }

    /// Whoever is signed in.
    pub(super) fn actor(&self) -> Result<&Actor, Error> {
        self.caller.actor.as_ref().ok_or(Error::Unauthenticated)
    }
}

/// The key that a form names. What is no tag names nothing.
pub(super) fn named(tag: &str) -> Result<Tag, Error> {
    Tag::parse(tag).map_err(|_| Error::NotFound)
}

/// Leads the browser to the page that shows a new key's value, with the cookie that opens it; or,
/// when that waits for approval, to its ticket.
pub(super) fn show_once(scope: &Scope, outcome: Outcome<RevealKey>, place: Place) {
    match outcome {
        Outcome::Done(value) => {
            let cookies = scope.cookies;
            set_cookie(cookies.set(cookies.reveal(), &value.reveal()));
            leptos_axum::redirect(place.reveal());
        }
        Outcome::Waits(waiting) => tell_request(waiting),
    }
}

/// Leads the browser to the ticket that was made instead.
pub(super) fn tell_request(waiting: Waiting) {
    let ticket = waiting.ticket;
    leptos_axum::redirect(&format!("{TICKETS}/{ticket}?notice=requested"));
}

/// Does `work` and turns its error into this request's answer.
pub(super) async fn answer<T, W>(work: impl FnOnce(Scope) -> W) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Error>>,
{
    match Scope::here() {
        Err(error) => Err(refuse(error, "")),
        Ok(scope) => {
            let request_id = scope.caller.origin.request_id.clone();
            let result = work(scope).await;
            result.map_err(|error| refuse(error, &request_id))
        }
    }
}

/// As [`answer`], for somebody who is signed in.
pub(super) async fn as_actor<T, W>(work: impl FnOnce(Services, Actor) -> W) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Error>>,
{
    answer(async |scope: Scope| match scope.caller.actor {
        Some(actor) => work(scope.services, actor).await,
        None => Err(Error::Unauthenticated),
    })
    .await
}

/// The public address, for the commands that pages show.
pub(super) fn public_url() -> PublicUrl {
    use_context().unwrap_or_else(|| PublicUrl("".into()))
}

/// Adds a cookie to the answer.
pub(super) fn set_cookie(cookie: Option<HeaderValue>) {
    if let (Some(cookie), Some(response)) = (cookie, use_context::<ResponseOptions>()) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

/// The most characters of an entry that come back. A server refuses longer addresses.
const MAX_KEPT_CHARS: usize = 1000;

/// Sends a form that was posted without JavaScript back to its page with the error and with what
/// was entered. Only what may stand in an address: never a password, never a key.
pub(super) fn keep_entries<F: ServerFn>(fault: &Fault, page: &str, entries: &[(&str, &str)]) {
    let kept = entries.iter().map(|(name, text)| {
        let end = text.char_indices().nth(MAX_KEPT_CHARS);
        (name, &text[..end.map_or(text.len(), |(at, _)| at)])
    });
    let address = ServerFnUrlError::new(F::PATH, fault.clone())
        .to_url(&format!("http://localhost{page}"))
        .ok()
        .and_then(|mut url| {
            url.query_pairs_mut().extend_pairs(kept);
            HeaderValue::try_from(format!("{}?{}", url.path(), url.query()?)).ok()
        });
    if let (true, Some(response), Some(address)) =
        (is_plain_form(), use_context::<ResponseOptions>(), address)
    {
        response.insert_header(header::LOCATION, address);
    }
}

/// Sets the answer's status. A plain form's answer stays a redirect.
fn refuse(error: Error, request_id: &str) -> Fault {
    if let (false, Some(response)) = (is_plain_form(), use_context::<ResponseOptions>()) {
        response.set_status(status(&error));
        if let Error::TooMany {
            retry_after_seconds,
        } = error
        {
            response.insert_header(header::RETRY_AFTER, retry_after_seconds.into());
        }
    }
    Fault::in_request(error, request_id)
}

/// Whether the browser posted a form by itself, without the application.
fn is_plain_form() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        let accept = parts.headers.get(header::ACCEPT);
        parts.method == Method::POST
            && accept.is_some_and(|types| types.as_bytes().windows(9).any(|at| at == b"text/html"))
    })
}

/// The HTTP status that tells of an error.
pub const fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::NotPermitted | Error::Refused(_) => StatusCode::FORBIDDEN,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
