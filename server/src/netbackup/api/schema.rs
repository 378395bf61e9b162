//! Schemas of the OpenAPI document (JSON Schema 2020-12).

use domain::principal::DomainType;
use serde_json::{Map, Value, json};

pub(in crate::netbackup) fn text() -> Value {
    json!({ "type": "string" })
}

/// Text of at most so many characters.
pub(in crate::netbackup) fn text_to(max: u32) -> Value {
    json!({ "type": "string", "maxLength": max })
}

/// Text of one character at least.
pub(in crate::netbackup) fn name() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// Text of one character at least and at most so many.
pub(in crate::netbackup) fn name_to(max: u32) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max })
}

pub(in crate::netbackup) fn one_of(values: &[&str]) -> Value {
    json!({ "type": "string", "enum": values })
}

pub(in crate::netbackup) fn number(min: i64, max: i64) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

pub(in crate::netbackup) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// An instant: ISO 8601, UTC, milliseconds.
pub(in crate::netbackup) fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

pub(in crate::netbackup) fn list(item: &Value) -> Value {
    json!({ "type": "array", "items": item })
}

pub(in crate::netbackup) fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}

/// An object with these members; the first so many of them are there always.
pub(in crate::netbackup) fn object(required: usize, members: &[(&str, Value)]) -> Value {
    let properties: Map<_, _> = members
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    let required: Vec<_> = members
        .iter()
        .take(required)
        .map(|(name, _)| *name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// An object in a body: the first so many of its members are needed; `null` stands for the others
/// as well as their absence.
pub(in crate::netbackup) fn wanted(required: usize, members: &[(&str, Value)]) -> Value {
    let mut members = members.to_vec();
    for (_, schema) in members.iter_mut().skip(required) {
        *schema = or_null(schema.take());
    }
    object(required, &members)
}

/// An object all of whose members are there always.
pub(in crate::netbackup) fn whole(members: &[(&str, Value)]) -> Value {
    object(members.len(), members)
}

/// A body `{"data":{"type":…,"attributes":{…}}}`.
pub(in crate::netbackup) fn request(kind: &str, attributes: &Value) -> Value {
    let kind = json!({ "type": "string", "const": kind });
    let data = whole(&[("type", kind), ("attributes", attributes.clone())]);
    whole(&[("data", data)])
}

/// The same about a thing that the path names: its id may stand there.
pub(in crate::netbackup) fn request_about(kind: &str, attributes: &Value) -> Value {
    let mut body = request(kind, attributes);
    body["properties"]["data"]["properties"]["id"] =
        json!({ "type": ["string", "null"], "description": "What the path names" });
    body
}

fn link() -> Value {
    whole(&[("href", text())])
}

/// A thing with its type, id and attributes.
pub(in crate::netbackup) fn resource(kind: &str, attributes: Value) -> Value {
    object(
        3,
        &[
            ("type", json!({ "type": "string", "const": kind })),
            ("id", text()),
            ("attributes", attributes),
            ("links", whole(&[("self", link())])),
            ("relationships", json!({ "type": "object" })),
        ],
    )
}

/// A document about one thing.
pub(in crate::netbackup) fn one(resource: &Value) -> Value {
    whole(&[("data", resource.clone())])
}

/// A document about a part of a list.
pub(in crate::netbackup) fn list_document(item: &Value) -> Value {
    whole(&[
        ("data", list(item)),
        ("meta", json!({ "$ref": "#/components/schemas/meta" })),
        ("links", json!({ "$ref": "#/components/schemas/links" })),
    ])
}

pub(in crate::netbackup) fn meta() -> Value {
    let whole_number = || number(0, i64::MAX);
    let pagination = [
        "limit", "count", "pages", "page", "offset", "first", "last", "next", "prev",
    ]
    .map(|name| (name, whole_number()));
    whole(&[("pagination", object(1, &pagination))])
}

pub(in crate::netbackup) fn links() -> Value {
    object(
        3,
        &["self", "first", "last", "next", "prev"].map(|name| (name, link())),
    )
}

pub(in crate::netbackup) fn error() -> Value {
    whole(&[
        ("errorCode", number(0, i64::from(i32::MAX))),
        ("errorMessage", text()),
        (
            "attributeErrors",
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ),
        ("errorDetails", list(&text())),
        ("fileUploadErrors", list(&text())),
    ])
}

/// A key's tag.
pub(in crate::netbackup) fn tag() -> Value {
    json!({ "type": "string", "pattern": "^lky_[A-Za-z0-9_-]{7}=$" })
}

/// A role's, a record's or a job's number in a path.
pub(in crate::netbackup) fn id() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": i32::MAX })
}

pub(in crate::netbackup) fn domain_type() -> Value {
    one_of(&DomainType::ALL.map(DomainType::as_str))
}

/// The same as clients write it: in any case.
pub(in crate::netbackup) fn domain_type_in_any_case() -> Value {
    in_any_case(&DomainType::ALL.map(DomainType::as_str), "")
}

/// The kinds of domains that one can sign in to with a password, in any case; or empty.
pub(in crate::netbackup) fn login_domain_type() -> Value {
    let local = DomainType::ALL.into_iter().filter(|kind| kind.is_local());
    let names: Vec<_> = local.map(DomainType::as_str).collect();
    in_any_case(&names, "?")
}

fn in_any_case(names: &[&str], times: &str) -> Value {
    let letters = |name: &&str| {
        let letters = name.chars();
        let letters = letters.flat_map(|c| ['[', c.to_ascii_uppercase(), c, ']']);
        letters.collect::<String>()
    };
    let names: Vec<_> = names.iter().map(letters).collect();
    let pattern = format!("^({}){times}$", names.join("|"));
    json!({ "type": "string", "pattern": pattern })
}

/// A validity in days.
pub(in crate::netbackup) fn days() -> Value {
    json!({ "type": "string", "pattern": "^P[1-9][0-9]{0,5}D$", "examples": ["P30D"] })
}
