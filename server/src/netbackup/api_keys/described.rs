//! The calls 1 to 7 at their addresses, and what is said of them.

use axum::routing::MethodFilter;
use domain::key::{MAX_DESCRIPTION_CHARS, State};
use serde_json::Value;
use service::keys::KEY_FIELDS;

use super::{PATH, change, create, delete, details, list};
use crate::netbackup::api::{Api, Operation, schema};

const IF_MATCH: &str = "The ETag of the key as it was seen: 412 when it was changed since";
const IDEMPOTENCY: &str = "The same key and body within 24 hours are not carried out again: 409 \
    names the tag that they made. Another body: 422";

pub(in crate::netbackup) fn api() -> Api {
    let item = schema::resource("apiKeyDetails", attributes());
    let tag = "/security/api-keys/{tag}";
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            Operation::new("listApiKeys", "The keys that one may view")
                .says("Deleted keys are listed when the filter asks for state eq 'DELETED'.")
                .lists(KEY_FIELDS, &item),
        )
        .at(MethodFilter::POST, PATH, create, creating())
        .at(
            MethodFilter::GET,
            tag,
            details,
            Operation::new("getApiKey", "A key's details")
                .path("tag", &schema::tag())
                .answers(200, &schema::one(&item)),
        )
        .at(MethodFilter::PATCH, tag, change::update, updating())
        .at(
            MethodFilter::DELETE,
            tag,
            delete,
            Operation::new("deleteApiKey", "Delete a key: it stops working at once")
                .path("tag", &schema::tag())
                .header("If-Match", IF_MATCH)
                .answers_nothing(204)
                .may_wait()
                .fails(&[409, 412]),
        )
        .at(
            MethodFilter::POST,
            "/security/api-keys/{tag}/reissue",
            change::reissue,
            reissuing(),
        )
        .at(
            MethodFilter::PATCH,
            "/security/api-keys/{tag}/revoke",
            change::revoke,
            Operation::new("revokeApiKey", "Revoke a service principal's key")
                .says("403 for everybody else's: delete those.")
                .path("tag", &schema::tag())
                .takes(schema::request_about(
                    "apiKeyRevokeRequest",
                    &schema::object(0, &[]),
                ))
                .answers_nothing(204)
                .may_wait()
                .fails(&[409]),
        )
}

fn creating() -> Operation {
    let attributes = schema::wanted(
        0,
        &[
            ("expireAfterDays", schema::days()),
            ("description", description()),
            ("userName", schema::text()),
            ("userDomain", schema::text()),
            ("userDomainType", schema::domain_type_in_any_case()),
        ],
    );
    Operation::new(
        "createApiKey",
        "Make a key for oneself or for somebody else",
    )
    .says(
        "The value stands in the answer, this once. userName, userDomain and userDomainType: \
             all three, or none for oneself. expireAfterDays is required, except from a SAML user \
             for their own key, whose end their sign-in decides.",
    )
    .header("Idempotency-Key", IDEMPOTENCY)
    .takes(schema::request("apiKeyCreationRequest", &attributes))
    .answers(201, &revealed("apiKeyCreationResponse"))
    .may_wait()
    .fails(&[409, 422])
}

fn updating() -> Operation {
    let mut attributes = schema::wanted(
        0,
        &[
            ("expireAfterDays", schema::days()),
            ("description", description()),
        ],
    );
    attributes["minProperties"] = 1.into();
    Operation::new("updateApiKey", "Change a key's validity or description")
        .path("tag", &schema::tag())
        .header("If-Match", IF_MATCH)
        .takes(schema::request_about("apiKeyUpdateRequest", &attributes))
        .answers_nothing(204)
        .may_wait()
        .fails(&[409, 412])
}

fn reissuing() -> Operation {
    let attributes = schema::wanted(
        0,
        &[
            ("expireAfterDays", schema::days()),
            ("description", description()),
            ("overlapHours", schema::number(0, 24)),
        ],
    );
    Operation::new(
        "reissueApiKey",
        "Replace a key by a new one of the same owner",
    )
    .says(
        "The new value stands in the answer, this once. The old key ends at once, or after \
             overlapHours.",
    )
    .path("tag", &schema::tag())
    .header("If-Match", IF_MATCH)
    .header("Idempotency-Key", IDEMPOTENCY)
    .takes(schema::request_about("apiKeyReissueRequest", &attributes))
    .answers(201, &revealed("apiKeyReissueResponse"))
    .may_wait()
    .fails(&[409, 412, 422])
}

fn description() -> Value {
    schema::text_to(MAX_DESCRIPTION_CHARS)
}

fn issuer() -> Value {
    schema::whole(&[
        ("principalName", schema::text()),
        ("principalDomain", schema::text()),
        ("principalDomainType", schema::domain_type()),
    ])
}

fn revealed(kind: &str) -> Value {
    let attributes = schema::whole(&[
        ("apiKey", schema::text()),
        ("expiryDateTime", schema::date()),
        ("userName", schema::text()),
        ("issuer", issuer()),
    ]);
    schema::one(&schema::resource(kind, attributes))
}

fn attributes() -> Value {
    schema::whole(&[
        ("userName", schema::text()),
        ("userDomain", schema::text()),
        ("userDomainType", schema::domain_type()),
        ("createdDateTime", schema::date()),
        ("expiryDateTime", schema::date()),
        ("lastModifiedDateTime", schema::date()),
        ("description", schema::text()),
        ("samlSessionValidated", schema::boolean()),
        ("issuer", issuer()),
        ("state", schema::one_of(&State::ALL.map(State::as_str))),
        ("lastUsedDateTime", schema::or_null(schema::date())),
        ("lastUsedAddress", schema::or_null(schema::text())),
    ])
}
