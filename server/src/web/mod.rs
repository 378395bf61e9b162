//! The door for browsers: pages, server functions, and the files they load.
//!
//! Only here is the session cookie read, so only here requests from other sites must be refused.

mod api_docs;
pub(crate) mod assets;
mod contexts;
pub(crate) mod csrf;
pub(crate) mod events;
mod export;
mod export_keys;
pub(crate) mod failures;
mod gate;
pub(crate) mod headers;
mod reveal;
pub(crate) mod session;

use app::{App, document, part::Page};
use axum::{
    Router,
    extract::Request,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect},
    routing::get,
};
use domain::error::Error;
use leptos::config::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{AppState, failure::Failure, log::Route, router::limit_body};

/// Everything that the server answers to browsers; also what it answers to addresses that nobody
/// knows.
pub fn router(state: &AppState) -> Router {
    let options = options();
    let contexts = contexts::provider(state);
    let shell = {
        let options = options.clone();
        move || document(&options)
    };
    let page = render_app_async_with_context(contexts.clone(), shell.clone());
    let elsewhere = page.clone();
    // Those with parts of any name would stand in the way of the other doors.
    let mut routes = generate_route_list(App);
    routes.retain(|route| !route.path().contains('{'));
    let for_events = state.clone();
    let services = state.services.clone();
    let for_keys = services.clone();
    let reveal = reveal::Door::new(state, contexts.clone(), shell.clone());
    Router::new()
        .leptos_routes_with_context(&options, routes, contexts, shell)
        .route(
            "/profile/key/reveal",
            get(page.clone()).post(move |request| reveal.show(request)),
        )
        // Where that other product has it.
        .route(
            "/webui/security/api-keys",
            get(|| async { Redirect::permanent("/security/api-keys") }),
        )
        .route(
            "/security/api-keys/export",
            get(move |request| export_keys::download(for_keys, request)),
        )
        .route("/security/audit/export", get(move |request| export::download(services, request)))
        .route(events::PATH, get(async move |request: Request| events::answer(for_events, &request)))
        .fallback(async move |request: Request| {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            let page = Page::at(request.uri().path());
            if !reads && page.is_some() {
                return Failure::MethodNotAllowed.into_response();
            }
            let mut answer = elsewhere(request).await.into_response();
            if page.is_some() {
                answer.extensions_mut().insert(Route("page"));
            }
            answer
        })
        // From the inside out.
        .layer(from_fn(gate::lead))
        .layer(from_fn_with_state(state.clone(), session::recognise))
        .layer(from_fn_with_state(csrf::own_origin(&state.settings.public_url()), csrf::guard))
        .with_state(options)
        .merge(assets::routes())
        .merge(api_docs::routes())
        .layer(from_fn(limit_body))
        .layer(CatchPanicLayer::custom(|_| Failure::Domain(Error::Internal).into_response()))
        .layer(from_fn(failures::render))
        .layer(from_fn_with_state(headers::Build::this(), headers::add))
}

/// Where the browser application lies: `/pkg/<build>/latchkey.*`.
fn options() -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("latchkey")
        .site_pkg_dir(assets::package())
        .build()
}
