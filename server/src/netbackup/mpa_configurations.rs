//! `/security/mpa-configurations`: what needs approval, and who is exempt.

mod read;

use axum::{extract::State, http::StatusCode, response::Response, routing::MethodFilter};
use domain::{
    approval::{EXPIRY_HOURS, KeyAction, MAX_REASON_CHARS, PURGE_DAYS, Settings},
    error::Error,
    filter::{Field, Literal},
    ticket::TicketAction,
};
use serde_json::{Value, json};

use super::{
    BASE,
    api::{Api, Operation, schema},
    date,
    document::{Body, Document, under_attributes},
    listing::Listing,
    query::NumberInPath,
    waiting,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/security/mpa-configurations";
/// There is one configuration.
const ID: i64 = 1;
const FIELDS: &[Field<()>] = &[];
/// The families that are switched.
const API_KEYS: &str = TicketAction::Key(KeyAction::Create).family();
const CONFIGURATION: &str = TicketAction::Settings.family();

/// Its address.
pub(super) fn href() -> String {
    format!("{BASE}{PATH}/{ID}")
}

pub(super) fn api() -> Api {
    let item = schema::resource("mpaConfiguration", described(true));
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            Operation::new(
                "listApprovalConfigurations",
                "What needs approval, and who is exempt",
            )
            .lists(FIELDS, &item),
        )
        .at(
            MethodFilter::PUT,
            "/security/mpa-configurations/{id}",
            replace,
            Operation::new("updateApprovalConfiguration", "Change that")
                .says(
                    "All of it is replaced: operations that are not listed are disabled. Enabling \
                     API_KEYS enables MPA_CONFIGURATION: from then on this call makes a ticket, \
                     whoever asks. actions narrows API_KEYS down; without it all are meant.",
                )
                .path("id", &schema::id())
                .takes(schema::request_about(
                    "mpaConfigurationUpdateRequest",
                    &described(false),
                ))
                .answers_nothing(204)
                .may_wait()
                .fails(&[409]),
        )
}

/// The schema of the attributes, as they are answered or as they are sent.
fn described(answered: bool) -> Value {
    let text = schema::text;
    let object = if answered {
        schema::object
    } else {
        schema::wanted
    };
    let count = |all: usize| if answered { all } else { 2 };
    let range = |range: std::ops::RangeInclusive<u32>| {
        schema::number((*range.start()).into(), (*range.end()).into())
    };
    let actions = schema::list(&schema::one_of(&KeyAction::SWITCHED.map(KeyAction::as_str)));
    let until = if answered {
        schema::or_null(schema::date())
    } else {
        schema::date()
    };
    let configuration = object(
        count(5),
        &[
            (read::EXPIRY, range(EXPIRY_HOURS)),
            (read::PURGE, range(PURGE_DAYS)),
            (read::MAIL_TO, text()),
            (read::MAIL, schema::boolean()),
            (read::RUN, schema::boolean()),
        ],
    );
    let operation = object(
        count(4),
        &[
            (read::OPERATION, schema::one_of(&[API_KEYS, CONFIGURATION])),
            (
                read::STATE,
                schema::one_of(&[read::ENABLED, read::DISABLED]),
            ),
            ("name", text()),
            (read::ACTIONS, actions),
        ],
    );
    let exempt = object(
        if answered { 7 } else { 5 },
        &[
            ("userName", text()),
            ("userDomainName", text()),
            ("userDomainType", schema::domain_type()),
            (read::OPERATION, schema::one_of(&[API_KEYS])),
            (read::REASON, schema::name_to(MAX_REASON_CHARS)),
            (
                read::ACTION,
                schema::one_of(&KeyAction::SWITCHED.map(KeyAction::as_str)),
            ),
            (read::UNTIL, until),
        ],
    );
    schema::whole(&[
        (read::CONFIGURATION, configuration),
        (read::OPERATIONS, schema::list(&operation)),
        (read::EXEMPT, schema::list(&exempt)),
    ])
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{PATH}"), FIELDS)?;
    let settings = part.services.tickets.approval(&part.actor).await?;
    let page = part
        .wanted()
        .page_of(vec![settings], |_, ()| Literal::Number(ID));
    Ok(part.document(&page, item))
}

async fn replace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<Response, Failure> {
    if id != ID {
        return Err(Error::NotFound.into());
    }
    let attributes = body.attributes_of("mpaConfigurationUpdateRequest", &id.to_string())?;
    let wanted = read::wanted(attributes)?;
    let outcome = state.services.tickets.set_approval(&actor, wanted).await;
    let outcome = outcome.map_err(under_attributes)?;
    Ok(waiting::answer(outcome, |()| StatusCode::NO_CONTENT))
}

fn item(settings: &Settings) -> Value {
    json!({
        "links": { "self": { "href": href() } },
        "type": "mpaConfiguration",
        "id": ID.to_string(),
        "attributes": attributes(settings),
    })
}

/// Approval settings on the wire.
pub(super) fn attributes(settings: &Settings) -> Value {
    let state = if settings.is_on() {
        read::ENABLED
    } else {
        read::DISABLED
    };
    let actions = settings.actions.iter().map(|action| action.as_str());
    json!({
        read::CONFIGURATION: {
            read::EXPIRY: settings.expiry_hours,
            read::PURGE: settings.purge_days,
            read::MAIL_TO: settings.mail_to.join(","),
            read::MAIL: settings.mail,
            read::RUN: settings.run_on_approval,
        },
        read::OPERATIONS: [
            {
                read::OPERATION: API_KEYS,
                read::STATE: state,
                "name": "API keys",
                read::ACTIONS: actions.collect::<Vec<_>>(),
            },
            {
                read::OPERATION: CONFIGURATION,
                read::STATE: state,
                "name": "Approval settings",
                read::ACTIONS: [],
            },
        ],
        read::EXEMPT: settings.exemptions.iter().map(|exemption| {
            let user = &exemption.user.principal;
            json!({
                "userName": user.name,
                "userDomainName": user.domain,
                "userDomainType": user.domain_type,
                read::OPERATION: API_KEYS,
                read::ACTION: exemption.action.as_str(),
                read::REASON: exemption.reason,
                read::UNTIL: exemption.until.map(date),
            })
        }).collect::<Vec<_>>(),
    })
}
