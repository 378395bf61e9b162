//! `GET /security/cacert`: the certificate that clients should trust, for everyone.

use std::sync::Arc;

use axum::{Extension, Router, routing::get};
use domain::error::Error;
use serde_json::json;

use super::document::{Document, NoBody};
use crate::{AppState, failure::Failure, tls::Tls};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/security/cacert", get(cacert))
}

/// There is none where another program in front of this one does TLS.
async fn cacert(tls: Option<Extension<Option<Arc<Tls>>>>, _: NoBody) -> Result<Document, Failure> {
    let tls = tls.and_then(|Extension(tls)| tls);
    let root = tls.ok_or(Error::NotFound)?.root();
    Ok(Document(
        json!({ "webRootCert": &*root, "cacert": [&*root] }),
    ))
}
