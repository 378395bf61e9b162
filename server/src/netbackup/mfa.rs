//! `/security/mfa-status` and `/security/mfa/totp/configurations`: the second factor.

use axum::{extract::State, http::StatusCode, response::IntoResponse, routing::MethodFilter};
use secrecy::ExposeSecret;
use serde_json::json;
use service::{Actor, second_factor::FactorStatus};

use super::{
    api::{Api, Operation, schema},
    document::{Body, Document, NoBody, under_attributes},
};
use crate::{AppState, credentials::Caller, failure::Failure};

const STATUS: &str = "mfaStatus";
const PATH: &str = "/security/mfa/totp/configurations";
const KIND: &str = "mfaTotpConfiguration";

pub(super) fn api() -> Api {
    let status = schema::whole(&[
        ("mfaConfigured", schema::boolean()),
        ("mfaEnforced", schema::boolean()),
    ]);
    let shown = schema::object(
        3,
        &[
            ("configured", schema::boolean()),
            ("required", schema::boolean()),
            ("recoveryCodesLeft", schema::number(0, i64::from(i32::MAX))),
            ("secret", schema::text()),
            ("otpauthUri", schema::text()),
            ("recoveryCodes", schema::list(&schema::text())),
        ],
    );
    let code = ("code", schema::name_to(64));
    let item = schema::one(&schema::resource(KIND, shown));
    Api::new()
        .at(
            MethodFilter::GET,
            "/security/mfa-status",
            status_of,
            Operation::new(
                "getMfaStatus",
                "Whether one has a second factor, and needs one",
            )
            .answers(200, &schema::one(&schema::resource(STATUS, status))),
        )
        .at(
            MethodFilter::GET,
            PATH,
            details,
            Operation::new("getTotpConfiguration", "One's second factor").answers(200, &item),
        )
        .at(
            MethodFilter::POST,
            PATH,
            set_up,
            Operation::new("setUpTotp", "Set a second factor up, in two steps")
                .says(
                    "Without a code: 201 with a new secret and recovery codes. With a code of that \
                     secret: 200, and from then on codes are asked for at sign-in. Not with a key.",
                )
                .takes(schema::request(
                    KIND,
                    &schema::wanted(0, std::slice::from_ref(&code)),
                ))
                .answers(201, &item)
                .answers(200, &item)
                .fails(&[404, 409]),
        )
        .at(
            MethodFilter::DELETE,
            PATH,
            remove,
            Operation::new("removeTotp", "Remove it, by a code or a recovery code")
                .takes(schema::request(KIND, &schema::whole(&[code])))
                .answers_nothing(204)
                .fails(&[404]),
        )
}

async fn status_of(
    State(state): State<AppState>,
    Caller(actor): Caller,
    _: NoBody,
) -> Result<Document, Failure> {
    let status = state.services.second_factors.status(&actor).await?;
    Ok(Document(json!({ "data": {
        "type": STATUS,
        "id": actor.identity().id.to_string(),
        "attributes": {
            "mfaConfigured": status.set_up,
            "mfaEnforced": status.possible && status.required,
        },
    }})))
}

async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    _: NoBody,
) -> Result<Document, Failure> {
    let status = state.services.second_factors.status(&actor).await?;
    Ok(shown(&actor, status))
}

async fn set_up(
    State(state): State<AppState>,
    Caller(actor): Caller,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let mut attributes = body.attributes(KIND)?;
    let code = attributes.text("code");
    attributes.end()?;
    let factors = &state.services.second_factors;
    if let Some(code) = code {
        let confirmed = factors.confirm(&actor, &code).await;
        confirmed.map_err(under_attributes)?;
        let status = factors.status(&actor).await?;
        return Ok((StatusCode::OK, shown(&actor, status)));
    }
    let begun = factors.begin(&actor).await?;
    let codes = begun.recovery_codes.iter().map(ExposeSecret::expose_secret);
    let mut document = shown(&actor, factors.status(&actor).await?);
    let attributes = &mut document.0["data"]["attributes"];
    attributes["secret"] = json!(begun.secret.expose_secret());
    attributes["otpauthUri"] = json!(begun.uri.expose_secret());
    attributes["recoveryCodes"] = json!(codes.collect::<Vec<_>>());
    Ok((StatusCode::CREATED, document))
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    body: Body,
) -> Result<StatusCode, Failure> {
    let mut attributes = body.attributes(KIND)?;
    let code = attributes.required_text("code");
    attributes.end()?;
    let removed = state.services.second_factors.remove(&actor, &code).await;
    removed.map_err(under_attributes)?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(actor: &Actor, status: FactorStatus) -> Document {
    Document(json!({ "data": {
        "type": KIND,
        "id": actor.identity().id.to_string(),
        "attributes": {
            "configured": status.set_up,
            "required": status.possible && status.required,
            "recoveryCodesLeft": status.recovery_codes,
        },
    }}))
}
