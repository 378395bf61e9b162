//! `/security/service-principal-configs`: accounts of programs, each with its role and its key.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::MethodFilter,
};
use domain::{
    error::{Error, FieldError},
    expiry::Validity,
    filter::Field,
    permission::Grants,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use service::principals::{MAX_CHARS, NewPrincipal, ServicePrincipal};

use super::{
    BASE,
    access_control::{access_definition, definitions_of, plain, wanted_definition},
    api::{Api, Operation, schema},
    date,
    document::{Body, Document, Members, NoBody},
    listing::Listing,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/security/service-principal-configs";
const KIND: &str = "servicePrincipalConfiguration";
const ID: &str = "servicePrincipalId";
const TYPE: &str = "servicePrincipalType";
const DAYS: &str = "servicePrincipalApiKeyExpireAfterDays";

/// The list is read in the order of the principals' numbers, whole.
const FIELDS: &[Field<()>] = &[];

pub(super) fn api() -> Api {
    let definitions = schema::list(&access_definition());
    let mut wanted = schema::list(&wanted_definition());
    wanted["minItems"] = 1.into();
    let wanted = schema::wanted(
        2,
        &[
            (ID, schema::name_to(MAX_CHARS)),
            (DAYS, schema::days()),
            (TYPE, schema::text_to(MAX_CHARS)),
            ("accessDefinitions", wanted),
            ("isSecurityAdmin", schema::boolean()),
        ],
    );
    let shown = schema::object(
        7,
        &[
            (ID, schema::text()),
            (TYPE, schema::text()),
            ("accessDefinitions", definitions),
            ("isSecurityAdmin", schema::boolean()),
            ("createdDateTime", schema::date()),
            ("apiKeyTag", schema::or_null(schema::text())),
            ("expiryDateTime", schema::or_null(schema::date())),
            ("apiKey", schema::text()),
        ],
    );
    let item = schema::resource(KIND, shown);
    let one = schema::one(&item);
    Api::new()
        .at(
            MethodFilter::POST,
            PATH,
            create,
            Operation::new(
                "createServicePrincipal",
                "Make a service principal with its role and its key",
            )
            .says("The key's value stands in the answer, this once.")
            .takes(schema::request(KIND, &wanted))
            .answers(201, &one)
            .fails(&[409]),
        )
        .at(
            MethodFilter::GET,
            PATH,
            list,
            Operation::new("listServicePrincipals", "The service principals").lists(FIELDS, &item),
        )
        .at(
            MethodFilter::GET,
            "/security/service-principal-configs/{id}",
            details,
            Operation::new("getServicePrincipal", "One of them")
                .path("id", &schema::name_to(MAX_CHARS))
                .answers(200, &one),
        )
        .at(
            MethodFilter::DELETE,
            "/security/service-principal-configs/{id}",
            delete,
            Operation::new(
                "deleteServicePrincipal",
                "Remove it with its role and its key",
            )
            .says("409 while the deletion of its key needs approval: that key is deleted first.")
            .path("id", &schema::name_to(MAX_CHARS))
            .answers_nothing(204)
            .fails(&[409]),
        )
}

async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let wanted = wanted(body.attributes(KIND)?)?;
    let made = state.services.principals.add(&actor, wanted).await;
    let (principal, created) = made.map_err(named_here)?;
    let mut data = item(&principal);
    data["attributes"]["apiKey"] = json!(*created.value.reveal());
    let location = [(header::LOCATION, href(&principal))];
    Ok((
        StatusCode::CREATED,
        location,
        Document(json!({ "data": data })),
    ))
}

fn wanted(mut attributes: Members) -> Result<NewPrincipal, Failure> {
    let days = attributes.required_text(DAYS);
    let validity = Validity::parse(&days);
    if let (Err(error), false) = (&validity, days.is_empty()) {
        attributes.wrong(DAYS, error.problem.clone());
    }
    let wanted = NewPrincipal {
        name: attributes.required_text(ID),
        kind: attributes.text(TYPE).unwrap_or_default(),
        validity: validity.ok(),
        grants: definitions_of(&mut attributes).unwrap_or(Grants::NONE),
        security_administrator: attributes.flag("isSecurityAdmin").unwrap_or_default(),
    };
    attributes.end()?;
    Ok(wanted)
}

/// A use case's error under the names that the fields have here.
fn named_here(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let fields = fields.into_iter().map(|field| {
                let name = match &*field.field {
                    "name" => ID,
                    "kind" => TYPE,
                    "expireAfterDays" => DAYS,
                    other => other,
                };
                FieldError::new(format!("data.attributes.{name}"), field.problem.clone())
            });
            Error::Invalid(fields.collect())
        }
        other => other,
    }
    .into()
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{PATH}"), FIELDS)?;
    let principals = &part.services.principals;
    let page = principals.list(&part.actor, part.wanted()).await?;
    Ok(part.document(&page, item))
}

async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NameInPath(name): NameInPath,
    _: NoBody,
) -> Result<Document, Failure> {
    let principal = state.services.principals.get(&actor, &name).await?;
    Ok(Document(json!({ "data": item(&principal) })))
}

async fn delete(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NameInPath(name): NameInPath,
    _: NoBody,
) -> Result<StatusCode, Failure> {
    state.services.principals.delete(&actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

struct NameInPath(String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for NameInPath {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        match path {
            // One of the databases cannot look for NUL.
            Ok(Path(name)) if !name.contains('\0') => Ok(Self(name)),
            _ => Err(Error::NotFound.into()),
        }
    }
}

fn href(principal: &ServicePrincipal) -> String {
    let name = &principal.identity.principal.name;
    format!(
        "{BASE}{PATH}/{}",
        utf8_percent_encode(name, NON_ALPHANUMERIC)
    )
}

fn item(principal: &ServicePrincipal) -> Value {
    let key = principal.key.as_ref();
    json!({
        "links": { "self": { "href": href(principal) } },
        "type": KIND,
        "id": principal.identity.principal.name,
        "attributes": {
            ID: principal.identity.principal.name,
            TYPE: principal.kind,
            "accessDefinitions": plain(principal.grants),
            "isSecurityAdmin": principal.security_administrator,
            "createdDateTime": date(principal.created_at),
            "apiKeyTag": key.map(|key| &key.tag),
            "expiryDateTime": key.map(|key| date(key.expires_at)),
        },
    })
}
