//! Calls 4, 6 and 7: edit, reissue, revoke.

use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    approval::KeyAction,
    error::{Error, Problem},
};
use service::keys::{KeyEdit, Reissue};

use super::{
    TagInPath, answer_kind, answer_of,
    etag::IfMatch,
    once::{IdempotencyKey, once},
    validity,
};
use crate::{
    AppState,
    credentials::Caller,
    failure::Failure,
    netbackup::{
        document::{Body, under_attributes},
        waiting,
    },
};

/// Call 4.
pub(super) async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    TagInPath(tag): TagInPath,
    IfMatch(version): IfMatch,
    body: Body,
) -> Result<Response, Failure> {
    let mut attributes = body.attributes_of("apiKeyUpdateRequest", tag.as_str())?;
    let edit = KeyEdit {
        description: attributes.text("description"),
        validity: validity(&mut attributes),
        extend_from: None,
        version,
    };
    attributes.end()?;
    if edit.description.is_none() && edit.validity.is_none() {
        return Err(Error::field("data.attributes", Problem::Required).into());
    }
    let outcome = state.services.keys.update(&actor, &tag, edit).await;
    let outcome = outcome.map_err(under_attributes)?;
    Ok(waiting::answer(outcome, |_| StatusCode::NO_CONTENT))
}

/// Call 6.
pub(super) async fn reissue(
    State(state): State<AppState>,
    Caller(actor): Caller,
    TagInPath(tag): TagInPath,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    body: Body,
) -> Result<Response, Failure> {
    let mut attributes = body.attributes_of("apiKeyReissueRequest", tag.as_str())?;
    let wanted = Reissue {
        description: attributes.text("description"),
        validity: validity(&mut attributes),
        overlap_hours: attributes.whole_number("overlapHours"),
        version,
    };
    attributes.end()?;
    let known = key.with(&body);
    let outcome = once(&state, &actor, known.as_ref(), async {
        let keys = &state.services.keys;
        let outcome = keys
            .reissue_once(&actor, &tag, wanted, known.as_ref())
            .await;
        outcome.map_err(under_attributes)
    })
    .await?;
    let kind = answer_kind(KeyAction::Reissue);
    Ok(waiting::answer(outcome, |created| {
        answer_of(kind, &created)
    }))
}

/// Call 7. Only service principals' keys can be revoked.
pub(super) async fn revoke(
    State(state): State<AppState>,
    Caller(actor): Caller,
    TagInPath(tag): TagInPath,
    body: Body,
) -> Result<Response, Failure> {
    body.attributes_of("apiKeyRevokeRequest", tag.as_str())?
        .end()?;
    let outcome = state.services.keys.revoke(&actor, &tag).await?;
    Ok(waiting::answer(outcome, |()| StatusCode::NO_CONTENT))
}
