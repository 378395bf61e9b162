//! Sign-in by SAML, at its addresses: what providers post to, what browsers are led through.
//!
//! Providers' forms come from their sites and bring no cookie of ours, so these addresses have no
//! guard against other sites. They change nothing for the browser that brings them: that happens at
//! `finish`, a page of ours (S25).

mod page;

use app::rpc::{
    context::Caller,
    cookies::{Cookies, read},
    own_path,
};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use domain::error::{Error, Refusal};
use serde::Deserialize;
use service::{
    Origin,
    saml::{Arrival, Dispatch, Incoming, Landing, Logout, SignOut},
    secret::RandomToken,
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{AppState, failure::Failure, web};

/// The largest form that a provider may post, in bytes: an assertion with a thousand groups.
pub const MAX_FORM_BYTES: usize = 512 * 1024;
/// The largest query that is read, in bytes.
const MAX_QUERY_BYTES: usize = 32 * 1024;

const BASE: &str = "/netbackup/sso";

/// The addresses below `/netbackup/sso`.
pub(crate) fn routes(state: &AppState) -> Router {
    // Only for a page of ours, by whoever is signed in or about to be.
    let own = Router::new()
        .route("/finish", get(finish).post(confirm))
        .route("/test", post(test))
        .route("/logout", post(logout))
        .layer(from_fn_with_state(state.clone(), web::session::recognise))
        .layer(from_fn_with_state(
            web::csrf::own_origin(&state.settings.public_url()),
            web::csrf::guard,
        ));
    let open = Router::new()
        .route("/saml2/metadata", get(metadata))
        .route("/login", get(login))
        .route("/saml2/acs", post(consume))
        .route("/saml2/slo", get(slo_query).post(slo_form))
        .route("/go.js", get(page::script));
    let all = own
        .merge(open)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .with_state(state.clone())
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn(limit))
        .layer(CatchPanicLayer::custom(|_| {
            Failure::Domain(Error::Internal).into_response()
        }))
        .layer(from_fn(web::failures::render))
        .layer(from_fn_with_state(
            web::headers::Build::this(),
            web::headers::add,
        ));
    Router::new().nest(BASE, all)
}

/// Refuses what says that it is too large before anything is read (S15).
async fn limit(request: Request, next: Next) -> Response {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    let query = request.uri().query().map_or(0, str::len);
    if announced.is_some_and(|bytes| bytes > MAX_FORM_BYTES) || query > MAX_QUERY_BYTES {
        return Failure::TooLarge.into_response();
    }
    next.run(request).await
}

fn cookies(state: &AppState) -> Cookies {
    Cookies {
        secure: state.settings.secure_cookies(),
    }
}

/// The browser that began, by its cookie.
pub(crate) fn browser(state: &AppState, headers: &HeaderMap) -> Option<String> {
    read(headers, cookies(state).saml()).map(str::to_owned)
}

fn base(state: &AppState) -> String {
    state.settings.public_url().trim_end_matches('/').to_owned()
}

/// `GET /saml2/metadata`: for providers.
async fn metadata(State(state): State<AppState>) -> Result<Response, Failure> {
    let metadata = state.services.saml.metadata(&base(&state)).await?;
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    Ok(([(header::CONTENT_TYPE, kind)], metadata).into_response())
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    provider: Option<String>,
    next: Option<String>,
}

/// `GET /login?provider=…`: begins a sign-in. Without a name, at the only provider there is.
async fn login(
    State(state): State<AppState>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let saml = &state.services.saml;
    let provider = match wanted.provider {
        Some(provider) => provider,
        None => match &*saml.offered().await? {
            [only] => only.clone(),
            _ => return Ok(Redirect::to("/sign-in").into_response()),
        },
    };
    // W11, S21: only pages of ours.
    let next = wanted
        .next
        .as_deref()
        .and_then(own_path)
        .unwrap_or_default();
    let known = browser(&state, &headers);
    let begun = saml
        .begin(&base(&state), &provider, next, known.as_deref())
        .await?;
    let response = sent(begun.dispatch, "Sign in");
    Ok(remembered(&state, response, &begun.browser))
}

/// With the cookie that the browser will be known by.
fn remembered(state: &AppState, mut response: Response, browser: &RandomToken) -> Response {
    let cookies = cookies(state);
    if let Some(cookie) = cookies.keep_briefly(cookies.saml(), &browser.reveal()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn sent(dispatch: Dispatch, what: &str) -> Response {
    match dispatch {
        Dispatch::Redirect(address) => Redirect::to(&address).into_response(),
        Dispatch::Form { action, fields } => page::form(&action, &fields, what),
    }
}

fn form(body: &Bytes) -> Incoming {
    let pairs = form_urlencoded::parse(body);
    Incoming::Form(
        pairs
            .map(|(n, v)| (n.into_owned(), v.into_owned()))
            .collect(),
    )
}

/// `POST /saml2/acs`: the assertion consumer.
async fn consume(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    body: Bytes,
) -> Result<Response, Failure> {
    let saml = &state.services.saml;
    let landing = saml.consume(&base(&state), &form(&body), &origin).await?;
    Ok(match landing {
        Landing::Finish { handle, browser } => {
            let to = format!("{BASE}/finish?handle={}", *handle.reveal());
            match browser {
                Some(browser) => remembered(&state, see_other(&to), &browser),
                None => see_other(&to),
            }
        }
        Landing::Tested(handle) => see_other(&format!(
            "/settings/sign-in/report?handle={}",
            *handle.reveal()
        )),
        Landing::Refused => refused(&origin),
    })
}

fn see_other(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// What the person sees who could not be signed in; the trail has the reason.
fn refused(origin: &Origin) -> Response {
    let page = page::refused(&origin.request_id);
    (StatusCode::FORBIDDEN, page).into_response()
}

#[derive(Debug, Deserialize)]
struct Handle {
    #[serde(default)]
    handle: String,
}

/// `GET /finish?handle=…`: where the browser shows that it is the one that began.
async fn finish(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(Handle { handle }): Query<Handle>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    arrive(&state, &caller, &handle, &headers, false).await
}

/// `POST /finish`: the same, with somebody's consent.
async fn confirm(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let handle = form(&body).value("handle").unwrap_or_default();
    arrive(&state, &caller, &handle, &headers, true).await
}

async fn arrive(
    state: &AppState,
    caller: &Caller,
    handle: &str,
    headers: &HeaderMap,
    confirmed: bool,
) -> Result<Response, Failure> {
    let services = &state.services;
    let browser = browser(state, headers);
    let origin = &caller.origin;
    let arrival = services
        .saml
        .finish(handle, browser.as_deref(), confirmed, origin)
        .await?;
    let finished = match arrival {
        Arrival::Finished(finished) => finished,
        Arrival::Confirm { name, provider } => {
            return Ok(page::confirm(handle, &name, &provider));
        }
        Arrival::Refused => return Ok(refused(origin)),
    };
    if let Some(former) = &caller.actor {
        // Whoever signs in anew means to leave the old session (ASVS 5.0 7.2.4).
        let _ = services.sessions.sign_out(former).await;
    }
    let next = own_path(&finished.next).unwrap_or("/profile/key");
    let mut response = see_other(next);
    let cookies = cookies(state);
    // The one that this browser is known by stays: another of its windows may be at a provider.
    let set = [
        cookies.set(cookies.session(), &finished.token.reveal()),
        cookies.remove(cookies.reveal()),
    ];
    for cookie in set.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /test`: an administrator tries a provider out.
async fn test(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let actor = caller.actor.ok_or(Error::Unauthenticated)?;
    let id = form(&body).value("id").and_then(|id| id.parse().ok());
    let id = id.ok_or(Error::NotFound)?;
    let known = browser(&state, &headers);
    let saml = &state.services.saml;
    let begun = saml
        .begin_test(&actor, &base(&state), id, known.as_deref())
        .await?;
    let (dispatch, browser) = (begun.dispatch, begun.browser);
    let response = onward(dispatch, "Test sign-in");
    Ok(remembered(&state, response, &browser))
}

/// As [`sent`], for the answer to a form of ours: its page may not be led to another site, so the
/// next page is.
fn onward(dispatch: Dispatch, what: &str) -> Response {
    match dispatch {
        Dispatch::Redirect(address) => page::link(&address, what),
        Dispatch::Form { action, fields } => page::form(&action, &fields, what),
    }
}

/// `POST /logout`: signs out here, and then at the provider.
async fn logout(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Failure> {
    let done = match &caller.actor {
        Some(actor) => state.services.saml.sign_out(actor, &base(&state)).await?,
        None => SignOut::Done,
    };
    let mut response = match done {
        SignOut::Done => see_other("/sign-in?notice=signed-out"),
        SignOut::AtProvider { dispatch, provider } => {
            onward(dispatch, &format!("Sign out at {provider}"))
        }
    };
    let cookies = cookies(&state);
    for name in [cookies.session(), cookies.reveal(), cookies.saml()] {
        if let Some(cookie) = cookies.remove(name) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// `GET /saml2/slo`.
async fn slo_query(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    slo(&state, Incoming::Query(query.unwrap_or_default()), &origin).await
}

/// `POST /saml2/slo`.
async fn slo_form(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    body: Bytes,
) -> Result<Response, Failure> {
    slo(&state, form(&body), &origin).await
}

async fn slo(state: &AppState, incoming: Incoming, origin: &Origin) -> Result<Response, Failure> {
    let done = state
        .services
        .saml
        .logout(&base(state), &incoming, origin)
        .await?;
    Ok(match done {
        Logout::Answer(dispatch) => sent(dispatch, "Go on"),
        Logout::Done => see_other("/sign-in?notice=signed-out"),
        Logout::NotThere => see_other("/sign-in?notice=signed-out-here"),
        Logout::Refused => {
            let failure = Failure::Domain(Error::Refused(Refusal::SamlMessage));
            failure.into_response()
        }
    })
}
