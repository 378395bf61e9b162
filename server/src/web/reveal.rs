//! `POST /profile/key/reveal`: a new key's value without JavaScript.

use app::{
    pages::Shown,
    rpc::{
        Fault,
        context::{Caller, PublicUrl},
        cookies::{Cookies, read},
        reveal::take,
    },
};
use axum::{extract::Request, http::header, response::Response};
use leptos::{IntoView, prelude::provide_context};
use leptos_axum::render_app_async_with_context;
use service::Services;

use super::contexts;
use crate::AppState;

/// Takes the value that waits and shows it in the answer, once. Nothing else in that answer is
/// alive: no script runs beside the value.
#[derive(Clone)]
pub(super) struct Door<C, D> {
    services: Services,
    cookies: Cookies,
    public_url: PublicUrl,
    contexts: C,
    document: D,
}

impl<C, D, V> Door<C, D>
where
    C: Fn() + Clone + Send + Sync + 'static,
    D: Fn() -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    pub(super) fn new(state: &AppState, contexts: C, document: D) -> Self {
        Self {
            services: state.services.clone(),
            cookies: contexts::cookies(state),
            public_url: contexts::public_url(state),
            contexts,
            document,
        }
    }

    pub(super) async fn show(self, request: Request) -> Response {
        let caller = request.extensions().get::<Caller>();
        let actor = caller.and_then(|caller| caller.actor.as_ref());
        let request_id = caller.map_or("", |caller| &caller.origin.request_id);
        let waiting = read(request.headers(), self.cookies.reveal());
        let answer = take(&self.services, actor, waiting, &self.public_url).await;
        let shown = Shown(answer.map_err(|error| Fault::in_request(error, request_id)));
        let contexts = self.contexts;
        let contexts = move || {
            contexts();
            provide_context(shown.clone());
        };
        let mut response = render_app_async_with_context(contexts, self.document)(request).await;
        if let Some(gone) = self.cookies.remove(self.cookies.reveal()) {
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
        response
    }
}
