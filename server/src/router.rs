//! The site map of the server, and what happens around every request.

use std::time::Duration;

use axum::{
    RequestExt, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::any,
};
use domain::{error::Error, saml::MAX_METADATA_BYTES};
use service::Origin;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    AppState,
    failure::{self, Failure},
    health, log, netbackup, origin, saml, verify, web,
};

/// The largest body that is read, in bytes (W7). The largest honest one has some 3 kB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The largest form with an identity provider's metadata, in bytes: each of its own may be escaped.
const MAX_METADATA_FORM_BYTES: usize = 3 * MAX_METADATA_BYTES + MAX_BODY_BYTES;
/// How long a request may take until its answer begins.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    router_within(state, TIMEOUT)
}

/// The same with another limit in the place of [`TIMEOUT`].
pub fn router_within(state: AppState, timeout: Duration) -> Router {
    let routes = Router::new()
        .merge(health::routes())
        .merge(verify::routes())
        .nest(netbackup::BASE, netbackup::routes())
        // What `nest` leaves out.
        .route("/netbackup/", any(async || Failure::NoRoute))
        .layer(from_fn(limit_body))
        .with_state(state.clone())
        .merge(saml::routes(&state))
        .merge(web::router(&state));
    around(routes, state, timeout)
}

/// What happens around every request, from the inside out.
fn around(routes: Router, state: AppState, timeout: Duration) -> Router {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(timeout, limit_time))
        .layer(from_fn_with_state(state.clone(), limit_rate))
        .layer(CatchPanicLayer::custom(|_| {
            Failure::Domain(Error::Internal).into_response()
        }))
        .layer(from_fn(no_sniffing))
        .layer(from_fn(failure::render))
        .layer(from_fn(log::line))
        .layer(from_fn_with_state(state, origin::attach))
}

/// Refuses a body that says it is too large, and stops reading one that turns out to be. Each door
/// has it inside of what tells failures there.
pub(crate) async fn limit_body(mut request: Request, next: Next) -> Response {
    let most = match request.uri().path() {
        "/api/save_provider" => MAX_METADATA_FORM_BYTES,
        _ => MAX_BODY_BYTES,
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > most) {
        return Failure::TooLarge.into_response();
    }
    DefaultBodyLimit::max(most).apply(&mut request);
    next.run(request.with_limited_body()).await
}

/// Refuses requests from an address that sends too many. Gateways send everybody's to `/verify`,
/// and whoever watches the server must see it.
async fn limit_rate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let unlimited = path == "/verify" || path.starts_with("/verify/");
    if !unlimited && !matches!(path, "/healthz" | "/readyz" | "/metrics") {
        let origin = request.extensions().get::<Origin>();
        let address = origin.map_or("", |origin| &origin.address);
        if let Err(error) = state.services.admit_address(address) {
            return Failure::Domain(error).into_response();
        }
    }
    next.run(request).await
}

async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| Failure::TimedOut.into_response())
}

/// What says what it is shall not be guessed to be something else.
async fn no_sniffing(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{body::to_bytes, routing::get};
    use serde_json::{Value, json};
    use service::{entropy::FakeEntropy, testing::Harness};
    use tower::ServiceExt;

    use super::*;
    use crate::config::{Flags, Settings};

    async fn answer_of(path: &str) -> (u16, String) {
        let harness = Harness::sqlite().await;
        let state = AppState {
            services: harness.services.clone(),
            settings: Arc::new(Settings::load(&Flags::default(), [], None).unwrap()),
            root_certificate: None,
            entropy: Arc::new(FakeEntropy::default()),
            streams: crate::Streams::default(),
        };
        let routes = Router::new()
            .route("/netbackup/broken", get(broken))
            .route("/broken", get(broken));
        let request = Request::builder().uri(path).header("x-request-id", "r-1");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = around(routes, state, TIMEOUT)
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (
            parts.status.as_u16(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    async fn broken() -> &'static str {
        panic!("hunter2")
    }

    /// K14: a fault in the program shows nothing of the inside.
    #[tokio::test]
    async fn a_panic_ends_as_an_error_that_names_the_request_only() {
        let (status, body) = answer_of("/netbackup/broken").await;
        assert_eq!(status, 500);
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({
                "errorCode": 19_500,
                "errorMessage": "Something went wrong on our side. Nothing was changed.",
                "attributeErrors": {},
                "errorDetails": ["Request: r-1"],
                "fileUploadErrors": [],
            })
        );
        assert_eq!(
            answer_of("/broken").await,
            (
                500,
                "Something went wrong on our side. Nothing was changed.\nRequest: r-1\n".to_owned()
            )
        );
    }
}
