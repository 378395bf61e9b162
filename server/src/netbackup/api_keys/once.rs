//! `Idempotency-Key` on calls 1 and 6: a request that is sent again is not carried out again. The
//! value that it made cannot be shown a second time, so the answer says so and names the tag.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, request::Parts},
};
use domain::error::{Error, Problem};
use service::{
    Actor,
    keys::{Known, Once},
};

use crate::{AppState, failure::Failure, netbackup::document::Body};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_BYTES: usize = 255;

/// The header's text, and what else the request is beside its body.
pub(super) struct IdempotencyKey(Option<(Vec<u8>, String)>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let name: &[u8] = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(value), None) => value.as_bytes(),
            _ => b"",
        };
        if !(1..=MAX_BYTES).contains(&name.len()) {
            let problem = Problem::malformed("there once, with 1 to 255 characters");
            return Err(Error::field("Idempotency-Key", problem).into());
        }
        let request = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self(Some((name.to_vec(), request))))
    }
}

impl IdempotencyKey {
    /// The request as the service knows it. `None`: it may be carried out again and again.
    pub(super) fn with(self, body: &Body) -> Option<Once> {
        let (name, request) = self.0?;
        Some(Once::new(&name, &[request.as_bytes(), body.bytes()]))
    }
}

/// Carries a request out, unless it was.
pub(super) async fn once<T>(
    state: &AppState,
    actor: &Actor,
    once: Option<&Once>,
    make: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(once) = once else {
        return make.await;
    };
    refuse_known(state, actor, once).await?;
    match make.await {
        Ok(done) => Ok(done),
        // Perhaps only because the same request was faster.
        Err(failure) => {
            refuse_known(state, actor, once).await?;
            Err(failure)
        }
    }
}

async fn refuse_known(state: &AppState, actor: &Actor, once: &Once) -> Result<(), Failure> {
    match state.services.keys.known(actor, once).await? {
        Known::Nothing => Ok(()),
        Known::Done(tag) => Err(Failure::Repeated(tag)),
        Known::Another => Err(Failure::AnotherRequest),
    }
}
