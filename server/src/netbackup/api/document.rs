//! The OpenAPI document (version 3.1).

use std::{collections::BTreeSet, sync::LazyLock};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Answer, Described, Operation, schema};
use crate::netbackup::{
    BASE,
    media::{MEDIA_TYPE, Version},
    waiting,
};

/// What a test asked the router and was answered: requests and answers by the operation's name,
/// errors by their status. The test (`server/tests/it/examples.rs`) writes and compares it.
static EXAMPLES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// Every status that says that something failed.
const ERRORS: [u16; 13] = [
    400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 429, 500, 503,
];

/// What every operation can fail with, whoever asks.
const EVERY: [u16; 4] = [413, 429, 500, 503];
/// What every operation can fail with that goes by media types: 400 also where two headers name
/// different versions, or a body stands where none belongs.
const NEGOTIATED: [u16; 2] = [400, 406];

/// The document of these operations below [`BASE`], and of `further` paths beside it.
pub(in crate::netbackup) fn document(
    described: &[Described],
    further: Map<String, Value>,
) -> Value {
    let mut paths = further;
    for Described {
        method,
        path,
        operation,
    } in described
    {
        let at = paths
            .entry(format!("{BASE}{path}"))
            .or_insert_with(|| json!({}));
        at[method.as_str().to_ascii_lowercase()] = written(path, operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Latchkey",
            "version": Version::NEWEST.to_string(),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(described),
        "paths": paths,
        "components": {
            "responses": error_answers(),
            "schemas": {
                "error": schema::error(),
                "meta": schema::meta(),
                "links": schema::links(),
            },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token from /netbackup/login, or an API key" },
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key" },
            },
        },
    })
}

const ABOUT: &str = "Keys for REST APIs: wire-compatible with the API-key part of the NetBackup REST \
    API, versions 1.0 to 14.0.\n\nThe media type is application/vnd.netbackup+json;version=MAJOR.MINOR; \
    application/json and no header at all are accepted as well, and answers carry the version asked \
    for. Credentials stand in Authorization, as they are or after Bearer, or in X-API-Key; two that \
    differ are refused. Errors are documents; errorCode is 8961 for an invalid request, 227 for what \
    was not found, 5930 when authentication failed, 8000 for a missing permission (status 401: that \
    API's habit), and 19000 + the status otherwise. X-Request-ID is echoed, \
    X-NetBackup-Audit-Reason and X-Client-ID go to the audit trail. Requests with a key are answered \
    with X-Latchkey-Key-Expires.";

fn tag_of(path: &str) -> &'static str {
    for (start, tag) in [
        ("/security/api-keys", "API keys"),
        ("/security/service-principal", "Service principals"),
        ("/security/auditlogs", "Audit"),
        ("/security/mpa", "Approval"),
        ("/security/mfa", "Second factor"),
        ("/security", "Server"),
        ("/access-control", "Access control"),
        ("/rbac", "Access control"),
        ("/admin", "Jobs"),
    ] {
        if path.starts_with(start) {
            return tag;
        }
    }
    "Gateway"
}

fn tags(described: &[Described]) -> Vec<Value> {
    let names: BTreeSet<_> = described.iter().map(|one| tag_of(one.path)).collect();
    names
        .into_iter()
        .map(|name| json!({ "name": name }))
        .collect()
}

fn written(path: &str, operation: &Operation) -> Value {
    let example = &EXAMPLES["operations"][operation.id];
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag_of(path)],
        "responses": answers(operation, &example["answers"]),
        "security": if operation.authenticated {
            json!([{ "token": [] }, { "key": [] }])
        } else {
            json!([])
        },
    });
    if !operation.description.is_empty() {
        value["description"] = operation.description.clone().into();
    }
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().cloned().map(|mut parameter| {
            if let Some(name) = parameter["name"].as_str() {
                let value = &example["parameters"][name];
                show(&mut parameter, value);
            }
            parameter
        });
        value["parameters"] = parameters.collect();
    }
    if let Some(body) = &operation.body {
        value["requestBody"] = json!({
            "required": true,
            "content": content(body, &example["request"]),
        });
    }
    value
}

fn content(schema: &Value, example: &Value) -> Value {
    let media_type = format!("{MEDIA_TYPE};version={}", Version::NEWEST);
    let mut described = json!({ "schema": schema });
    show(&mut described, example);
    json!({ media_type: described })
}

/// Adds an example, if there is one.
fn show(described: &mut Value, example: &Value) {
    if !example.is_null() {
        described["example"] = example.clone();
    }
}

/// What errors look like, status by status.
fn error_answers() -> Map<String, Value> {
    let error = json!({ "$ref": "#/components/schemas/error" });
    let answer = |status: u16| {
        let reason = StatusCode::from_u16(status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        let reason = reason.unwrap_or_default();
        let status = status.to_string();
        let content = content(&error, &EXAMPLES["errors"][&status]);
        (status, json!({ "description": reason, "content": content }))
    };
    ERRORS.into_iter().map(answer).collect()
}

fn answers(operation: &Operation, examples: &Value) -> Value {
    let mut all = Map::new();
    for (status, answer) in &operation.answers {
        let mut value = json!({ "description": status.canonical_reason().unwrap_or_default() });
        let example = &examples[status.as_str()];
        match answer {
            Answer::Document(schema) => value["content"] = content(schema, example),
            Answer::Text => {
                let mut described = json!({ "schema": schema::text() });
                show(&mut described, example);
                value["content"] = json!({ "text/plain": described });
            }
            Answer::Empty if *status == StatusCode::ACCEPTED => {
                value["headers"] = waiting::described();
            }
            Answer::Empty => {}
        }
        all.insert(status.as_str().to_owned(), value);
    }
    let mut errors: BTreeSet<u16> = EVERY
        .into_iter()
        .chain(operation.errors.iter().copied())
        .collect();
    let text = |(_, answer): &(_, _)| matches!(answer, Answer::Text);
    if !operation.answers.iter().any(text) {
        errors.extend(NEGOTIATED);
    }
    if operation.authenticated {
        // 403: the first password must be replaced first.
        errors.extend([401, 403]);
    }
    if operation.body.is_some() {
        errors.insert(415);
    }
    for status in errors {
        let reference = format!("#/components/responses/{status}");
        all.insert(status.to_string(), json!({ "$ref": reference }));
    }
    all.into()
}
