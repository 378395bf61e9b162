//! `/admin/jobs`: the server's own background work.

use axum::{extract::State, routing::MethodFilter};
use domain::{
    error::Error,
    filter::{Field, Kind, Literal},
};
use serde_json::{Value, json};
use service::jobs::{Job, JobKind, JobState};

use super::{
    BASE,
    api::{Api, Operation, schema},
    date,
    document::{Document, NoBody},
    listing::Listing,
    query::NumberInPath,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/admin/jobs";
const KIND: &str = "job";

#[derive(Clone, Copy)]
enum JobField {
    Id,
    Kind,
    State,
}

const FIELDS: &[Field<JobField>] = &[
    Field::new("jobId", JobField::Id, Kind::Number),
    Field::new("jobType", JobField::Kind, Kind::Text),
    Field::new("state", JobField::State, Kind::Text),
];

pub(super) fn api() -> Api {
    let attributes = schema::whole(&[
        ("jobId", schema::id()),
        (
            "jobType",
            schema::one_of(&JobKind::ALL.map(JobKind::as_str)),
        ),
        ("state", schema::one_of(&["QUEUED", "ACTIVE", "DONE"])),
        ("status", schema::number(0, 1)),
        ("startTime", schema::or_null(schema::date())),
        ("endTime", schema::or_null(schema::date())),
        ("percentComplete", schema::number(0, 100)),
    ]);
    let item = schema::resource(KIND, attributes);
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            Operation::new("listJobs", "The server's background work").lists(FIELDS, &item),
        )
        .at(
            MethodFilter::GET,
            "/admin/jobs/{id}",
            details,
            Operation::new("getJob", "One of them")
                .path("id", &schema::id())
                .answers(200, &schema::one(&item)),
        )
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{PATH}"), FIELDS)?;
    let jobs = part.services.jobs(&part.actor)?;
    let page = part.wanted().page_of(jobs, |job, field| match field {
        JobField::Id => Literal::Number(job.number),
        JobField::Kind => Literal::Text(job.kind.as_str().to_owned()),
        JobField::State => Literal::Text(state_of(job).to_owned()),
    });
    Ok(part.document(&page, item))
}

async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(number): NumberInPath,
    _: NoBody,
) -> Result<Document, Failure> {
    let jobs = state.services.jobs(&actor)?;
    let job = jobs.iter().find(|job| job.number == number);
    let job = job.ok_or(Error::NotFound)?;
    Ok(Document(json!({ "data": item(job) })))
}

const fn state_of(job: &Job) -> &'static str {
    match job.state {
        JobState::Queued => "QUEUED",
        JobState::Active { .. } => "ACTIVE",
        JobState::Done { .. } => "DONE",
    }
}

fn item(job: &Job) -> Value {
    let (since, until, well) = match job.state {
        JobState::Queued => (None, None, true),
        JobState::Active { since } => (Some(since), None, true),
        JobState::Done { since, until, well } => (Some(since), Some(until), well),
    };
    json!({
        "links": { "self": { "href": format!("{BASE}{PATH}/{}", job.number) } },
        "type": KIND,
        "id": job.number.to_string(),
        "attributes": {
            "jobId": job.number,
            "jobType": job.kind.as_str(),
            "state": state_of(job),
            "status": u8::from(!well),
            "startTime": since.map(date),
            "endTime": until.map(date),
            "percentComplete": if until.is_some() { 100 } else { 0 },
        },
    })
}
