//! Failures, as browsers see them: a page for people, an error for the application.

use app::rpc::{Fault, Packing};
use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use domain::error::Error;
use leptos::server_fn::{ContentType, error::FromServerFnError};
use service::Origin;

use super::assets;
use crate::failure::Failure;

/// Writes the body of a [`Failure`]: a [`Fault`] for a server function that the application called,
/// a page otherwise.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let called = request.uri().path().starts_with("/api/") && !wants_page(request.headers());
    let origin = request.extensions().get::<Origin>();
    let request_id = origin
        .map(|origin| origin.request_id.clone())
        .unwrap_or_default();
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = if called {
        let error = match failure {
            Failure::Domain(error) => error,
            // The fields say themselves which of them it is.
            Failure::TooLarge => Error::Invalid(Vec::new()),
            _ => Error::Internal,
        };
        let fault = Fault::in_request(error, &request_id).ser();
        ([(header::CONTENT_TYPE, Packing::CONTENT_TYPE)], fault).into_response()
    } else {
        Html(page(&failure.message(), &request_id)).into_response()
    };
    (parts, body).into_response()
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|types| types.to_str().ok());
    accept.is_some_and(|types| types.contains("text/html"))
}

/// A page without the application, which may be what failed. Both texts are our own: the id is of
/// letters, digits and a few marks.
fn page(message: &str, request_id: &str) -> String {
    let style = assets::package();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>This did not work · Latchkey</title>\
         <link rel=\"stylesheet\" href=\"/{style}/latchkey.css\">\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\"></head>\
         <body><main class=\"main\"><h1 class=\"title\">This did not work</h1>\
         <p class=\"lead\">{message}</p><p>Request id: <code>{request_id}</code></p>\
         <p><a class=\"button\" href=\"/\">Go to Latchkey</a></p></main></body></html>"
    )
}
